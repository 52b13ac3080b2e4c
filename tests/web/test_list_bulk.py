"""Many rows at once: what was seen is done once, and taken back."""

from __future__ import annotations

import re

import pytest
from httpx2 import Response
from sqlalchemy import select

from crm.access.models import User
from crm.companies import groups
from crm.companies.models import Company
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.interactions.models import FollowUp
from tests.conftest import NOW
from tests.town import ANNA, BO, MONA, Town
from tests.web.conftest import SignIn, main


def _hidden(page: Response, name: str) -> str:
    found = re.findall(rf'name="{name}" value="([^"]*)"', page.text)
    return str(found[0])


def test_what_was_seen_is_done_once_and_taken_back(sign_in: SignIn, many: None, database: Database) -> None:
    anna = sign_in(ANNA)
    page = anna.get("/lister/virksomheder/valgte?alt=1&udvalg=navn%3Dfirma")
    assert "54 virksomheder valgt" in main(page)
    form = {
        "ids": _hidden(page, "ids"),
        "udvalg": "navn=firma",
        "act": "follow_up",
        "text": "Ring",
        "due": "30-11-2026",
    }
    seen = anna.post("/lister/virksomheder/valgte", form | {"op": "vis"}, status=200)
    assert "54 virksomheder får opfølgningen »Ring«" in main(seen)
    sent = form | {"op": "gem", "seen": _hidden(seen, "seen"), "submission": _hidden(seen, "submission")}
    first, second = (anna.post("/lister/virksomheder/valgte", sent) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    with database.read() as db:
        assert len(db.scalars(select(FollowUp).where(FollowUp.text == "Ring")).all()) == 54
    receipt = anna.get(first.headers["location"])
    assert "54 virksomheder har fået opfølgningen »Ring«" in main(receipt)
    anna.post(f"{first.headers['location']}/fortryd")
    with database.read() as db:
        assert db.scalars(select(FollowUp).where(FollowUp.text == "Ring")).all() == []


def test_what_changed_meanwhile_is_shown_anew_and_not_done(
    sign_in: SignIn, many: None, database: Database
) -> None:
    anna = sign_in(ANNA)
    with database.read() as db:
        ids = list(db.scalars(select(Company.id).where(Company.name.like("%Firma 0%")).order_by(Company.id)))
    form = {"ids": ",".join(map(str, ids)), "act": "join_group", "name": "Ny gruppe"}
    anna.get("/virksomheder")
    seen = anna.post("/lister/virksomheder/valgte", form | {"op": "vis"}, status=200)
    with database.write() as db:
        groups.join(db, company=db.get_one(Company, ids[1]), name="En anden", now=NOW)
    again = anna.post(
        "/lister/virksomheder/valgte", form | {"op": "gem", "seen": _hidden(seen, "seen")}, status=409
    )
    assert "ændret, siden du så listen" in main(again)
    assert "hører til En anden" in main(again)
    assert _hidden(again, "seen") != _hidden(seen, "seen")


def test_nothing_ticked_and_too_many_are_said_plainly(
    sign_in: SignIn, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = sign_in(ANNA)
    assert "Sæt kryds ved mindst én" in main(anna.get("/lister/virksomheder/valgte"))
    monkeypatch.setattr("web.routes.bulk.MOST", 5)
    assert "flere end" in main(anna.get("/lister/virksomheder/valgte?alt=1"))
    anna.get("/lister/aftaler/valgte", status=404)


def test_ticked_companies_can_be_handed_over(sign_in: SignIn, town: Town, database: Database) -> None:
    with database.read() as db:
        garden = by_cvr(db, town.garden)
        user: User = garden.responsible
    page = sign_in(MONA).get(f"/videregiv?valgte={town.bakery_id},{garden.id}&til={town.users[MONA]}")
    assert "2 virksomheder" in main(page)
    assert "Blovstrød Bageri" in main(page)
    one = sign_in(MONA).get(f"/videregiv?valgte={town.bakery_id},{garden.id}&fra={user.id}")
    assert "Blovstrød Bageri" not in main(one)


def test_requests_get_a_new_owner_from_the_list(
    sign_in: SignIn, many: None, town: Town, database: Database
) -> None:
    anna = sign_in(ANNA)
    page = anna.get("/lister/henvendelser/valgte?alt=1&udvalg=hvem%3Dmig")
    form = {"ids": _hidden(page, "ids"), "act": "request_owner", "user_id": str(town.users[BO])}
    seen = anna.post("/lister/henvendelser/valgte", form | {"op": "vis"}, status=200)
    done = anna.post("/lister/henvendelser/valgte", form | {"op": "gem", "seen": _hidden(seen, "seen")})
    assert "har skiftet ejer" in main(anna.follow(done))
    assert "Ingen henvendelser her" in main(anna.get("/henvendelser?hvem=mig"))
