"""The pages that tell an administrator who may do what, and whether everything runs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from crm.access.models import Role
from crm.access.rights import TABLE
from crm.db import Database
from crm.jobs import queries as jobs
from tests.statements import counted
from tests.town import ADAM, ANNA, Town
from tests.web.conftest import Clock, SignIn, main
from web.right_words import RIGHTS


def test_every_right_has_its_words_and_no_words_stand_alone() -> None:
    assert set(RIGHTS) == set(TABLE)
    assert all(about and sentence.endswith(".") for about, sentence in RIGHTS.values())


def test_the_page_is_drawn_from_the_very_table(
    sign_in: SignIn, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    adam = sign_in(ADAM)
    before = main(adam.get("/opsaetning/rettigheder"))
    for _about, sentence in RIGHTS.values():
        assert sentence[:20] in before
    yes = sum(len(roles) for roles in TABLE.values())
    assert before.split().count("Ja") == yes
    monkeypatch.setitem(TABLE, "goals.write", frozenset({*TABLE["goals.write"], Role.CONSULTANT}))
    assert main(adam.get("/opsaetning/rettigheder")).split().count("Ja") == yes + 1


def test_the_page_of_the_house_says_what_needs_a_hand(
    sign_in: SignIn, app: FastAPI, database: Database, town: Town, clock_on_the_wall: Clock, tmp_path: Path
) -> None:
    adam = sign_in(ADAM)
    said = main(adam.get("/opsaetning/drift"))
    for words in ("Skema", "Version", "Ingen har meldt sig", "ingen mailserver", "ledig af", "Ingen kendes"):
        assert words in said
    (tmp_path / "last-backup").touch()
    now = clock_on_the_wall.now
    with database.write() as db:
        for job in jobs.jobs(db).values():
            job.ended_at, job.due_at = now, now + timedelta(minutes=1)
    said = main(adam.get("/opsaetning/drift"))
    assert "De bliver gjort" in said
    assert "Ingen kendes" not in said
    assert "Hel, da den sidst blev efterset" in said


@pytest.mark.parametrize(
    "address",
    ["/opsaetning/rettigheder", "/opsaetning/drift", "/opsaetning/teams", "/opsaetning/noegler",
     "/opsaetning/indstillinger", "/opsaetning/brugere", "/konto/noegler"],
)  # fmt: skip
def test_they_take_a_handful_of_statements(
    sign_in: SignIn, database: Database, town: Town, address: str
) -> None:
    adam = sign_in(ADAM)
    adam.get(address)
    with counted(database) as statements:
        adam.get(address)
    assert len(statements) <= 12, statements


def test_only_an_administrator_sees_them(sign_in: SignIn, town: Town) -> None:
    for address in ("/opsaetning/rettigheder", "/opsaetning/drift"):
        sign_in(ANNA).get(address, status=403)


def test_users_are_found_and_a_new_one_is_invited_by_mail(sign_in: SignIn, town: Town) -> None:
    adam = sign_in(ADAM)
    seen = main(adam.get("/opsaetning/brugere?q=kildeskov"))
    assert "Anna Kildeskov" in seen
    assert "Bo Birketoft" not in seen
    assert "Ingen passer" in main(adam.get("/opsaetning/brugere?q=%25"))
    made = {
        "name": "Ny Kollega",
        "email": "ny@kommune.test",
        "role": "consultant",
        "team_id": "1",
        "invite": "1",
    }
    assert "får et link med mail" in main(adam.follow(adam.post("/opsaetning/brugere", made)))
    adam.post("/opsaetning/brugere", made | {"email": "to@kommune.test", "team_id": "99"}, status=422)
