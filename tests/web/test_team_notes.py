"""A note for one team is read by that team and by nobody else, whichever way they go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from crm.access import actions as access
from crm.access import queries as users
from crm.access import teams
from crm.db import Database
from crm.interactions.models import SEALED, Interaction, TeamNote
from crm.tables import metadata
from tests.conftest import NOW
from tests.town import ADAM, ANNA, BO, MONA, Town
from tests.web.conftest import BASE, SignIn, Visitor, main
from tests.web.matrix import address_of
from web.routing import table

CANARY = "kanariefugl-7731"
TEXT = f"Direktøren er alvorligt syg, {CANARY}."


@dataclass
class Sealed:
    """Anna's note for her team, written about the bakery; Bo is in the other team."""

    visitor: Visitor
    id: int


@pytest.fixture
def two_teams(database: Database, town: Town) -> None:
    """Anna in the first, Bo, Mona and Adam in the second."""
    with database.write() as db:
        first, second = users.teams(db)
        for email, team in ((ANNA, first), (BO, second), (MONA, second), (ADAM, second)):
            teams.move(db, user=users.by_email(db, email), to=team)


@pytest.fixture
def sealed(sign_in: SignIn, database: Database, two_teams: None, town: Town) -> Sealed:
    """Written in the note box as a colleague does it."""
    anna = sign_in(ANNA)
    page = anna.get(f"/virksomheder/{town.bakery}")
    assert "Kun for mit team" in main(page)
    form = {"summary": TEXT, "kind": "call", "direction": "in", "only_team": "1"}
    anna.post(f"/virksomheder/{town.bakery}/samtaler", form)
    with database.read() as db:
        id = db.scalars(select(TeamNote.interaction_id)).one()
    return Sealed(anna, id)


def test_the_team_reads_it_and_others_see_that_it_is_there(
    sealed: Sealed, sign_in: SignIn, database: Database, town: Town
) -> None:
    page = f"/virksomheder/{town.bakery}"
    assert CANARY in sealed.visitor.get(page).text
    seen = main(sign_in(BO).get(page))
    assert CANARY not in seen
    assert "Opkald ind Kun for Job &amp; Virksomhedsservice Anna Kildeskov" in seen
    with database.write() as db:
        teams.move(
            db,
            user=users.by_email(db, BO),
            to=users.teams(db)[0],
        )
    assert CANARY in sign_in(BO).get(page).text


def _addresses(town: Town, database: Database, id: int) -> Iterator[str]:
    for row in table():
        if row["method"] == "GET":
            address = address_of(row["path"], town)
            if address:
                yield address
    for cvr in (town.bakery, town.garden):
        yield from (f"/virksomheder/{cvr}", f"/api/v1/companies/{cvr}/interactions")
    yield f"/api/v1/companies/{town.bakery}/interactions/{id}"
    for word in ("kanariefugl", "alvorligt+syg", "Direkt%C3%B8ren"):
        yield from (f"/soeg?q={word}", f"/soeg/hits?q={word}", f"/api/v1/search?q={word}")
    yield f"/opsaetning/log?cvr={town.bakery}"
    yield "/opsaetning/log?slags=team_note"
    yield "/opsaetning/log?slags=interaction"


@pytest.mark.parametrize("who", [BO, MONA, ADAM])
def test_nobody_else_meets_it_on_any_page_feed_or_call(
    sealed: Sealed, app: FastAPI, sign_in: SignIn, database: Database, town: Town, who: str
) -> None:
    visitor, found, read = sign_in(who, strict=False), [], 0
    with database.write(who) as db:
        token = access.add_token(db, user=users.by_email(db, who), now=NOW)
    program = TestClient(app, base_url=BASE)
    for address in _addresses(town, database, sealed.id):
        by_program = address.startswith(("/api/", "/metrics"))
        answer = (
            program.get(address, headers={"Authorization": f"Bearer {token}"}, follow_redirects=False)
            if by_program
            else visitor.client.get(address, follow_redirects=False)
        )
        read += answer.status_code == 200
        if CANARY in answer.content.decode("utf-8", "ignore"):
            found.append(address)
    assert found == []
    assert read > 50


@pytest.mark.parametrize("who", [BO, ADAM])
def test_nor_in_a_file_that_leaves_the_house(sealed: Sealed, sign_in: SignIn, town: Town, who: str) -> None:
    visitor = sign_in(who)
    for row in table():
        if row["method"] == "POST" and row["path"].endswith("/hent"):
            path = row["path"].replace("{liste}", "virksomheder")
            address = address_of(path, town)
            answer = visitor.client.post(
                address or "", data={"csrf": visitor.csrf, "format": "csv"}, follow_redirects=False
            )
            assert CANARY not in answer.content.decode("utf-8", "ignore"), address


def _holding(database: Database) -> set[str]:
    """The tables the canary sits in."""
    with database.read() as db:
        return {
            table.name
            for table in metadata.sorted_tables
            for row in db.execute(select(table))
            if CANARY in repr(tuple(row))
        }


def test_its_text_lies_in_one_table_and_not_in_the_log(sealed: Sealed, database: Database) -> None:
    assert _holding(database) == {"team_note"}


def test_only_the_writer_takes_it_back_and_then_it_is_gone(
    sealed: Sealed, sign_in: SignIn, database: Database, town: Town
) -> None:
    sign_in(BO).post(f"/samtaler/{sealed.id}/fortryd", status=409)
    sealed.visitor.post(f"/samtaler/{sealed.id}/fortryd")
    with database.read() as db:
        assert db.scalar(select(TeamNote.interaction_id)) is None
    page = sealed.visitor.get(f"/virksomheder/{town.bakery}").text
    assert CANARY in page
    assert 'id="f-only_team" name="only_team" value="1" checked' in page


def test_the_api_writes_and_reads_it_for_the_team(
    app: FastAPI, two_teams: None, database: Database, town: Town
) -> None:
    with database.write() as db:
        keys = {who: access.add_token(db, user=users.by_email(db, who), now=NOW) for who in (ANNA, BO)}
    program, path = TestClient(app, base_url=BASE), f"/api/v1/companies/{town.bakery}/interactions"
    head = {who: {"Authorization": f"Bearer {key}"} for who, key in keys.items()}
    body = {"kind": "note", "summary": TEXT, "only_team": True}
    once = head[ANNA] | {"Idempotency-Key": "note-1"}
    made = program.post(path, json=body, headers=once).json()
    assert (made["summary"], made["only_team"]) == (TEXT, "Job & Virksomhedsservice")
    # Sent again it is one note, and its text lies in no second place for that.
    assert program.post(path, json=body, headers=once).json()["id"] == made["id"]
    assert _holding(database) == {"team_note"}
    for who, summary in ((ANNA, TEXT), (BO, SEALED)):
        one = program.get(f"{path}/{made['id']}", headers=head[who]).json()
        assert (one["summary"], one["only_team"]) == (summary, "Job & Virksomhedsservice")


def test_whoever_is_in_no_team_cannot_write_one(sign_in: SignIn, town: Town) -> None:
    anna = sign_in(ANNA)
    assert "Kun for mit team" not in main(anna.get(f"/virksomheder/{town.bakery}"))
    form = {"summary": TEXT, "kind": "note", "only_team": "1"}
    anna.post(f"/virksomheder/{town.bakery}/samtaler", form, status=422)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE interaction SET only_team_id = NULL WHERE id = :id",
        "UPDATE interaction SET summary = 'ud med det' WHERE id = :id",
        "UPDATE team_note SET text = 'andet' WHERE interaction_id = :id",
        "INSERT INTO team_note (interaction_id, text) SELECT min(id), 'x' FROM interaction",
        "DELETE FROM team WHERE id = (SELECT only_team_id FROM interaction WHERE id = :id)",
    ],
)
def test_the_database_itself_keeps_it_sealed(sealed: Sealed, database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError), database.write() as db:
        db.execute(text(statement), {"id": sealed.id})
    with database.read() as db:
        assert db.get_one(Interaction, sealed.id).summary == SEALED


def test_teams_are_made_renamed_and_filled_on_their_page(
    sign_in: SignIn, database: Database, town: Town
) -> None:
    adam = sign_in(ADAM)
    adam.post("/opsaetning/teams", {"name": " Unge  & Service "})
    adam.post("/opsaetning/teams", {"name": "unge & service"}, status=422)
    adam.post("/opsaetning/teams", {"name": ""}, status=422)
    with database.read() as db:
        team = next(each for each in users.teams(db) if each.name == "Unge & Service")
    adam.post("/opsaetning/teams/flyt", {"user_id": town.users[ANNA], "team_id": team.id})
    adam.post("/opsaetning/teams/flyt", {"user_id": "", "team_id": team.id}, status=422)
    adam.post(f"/opsaetning/teams/{team.id}", {"name": "Unge"})
    adam.post(f"/opsaetning/teams/{team.id}", {"name": ""}, status=422)
    seen = main(adam.get("/opsaetning/teams"))
    assert "Unge Anna Kildeskov" in seen
    assert "Ikke i et team" in seen
