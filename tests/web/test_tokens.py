"""Keys for programs on the pages and in the API: shown once, read-only ones read, ended ones end at once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import anyio
import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from crm.access import queries as users
from crm.access import tokens
from crm.access.models import ApiToken
from crm.db import Database
from tests.conftest import NOW
from tests.fingerprint import fingerprint
from tests.town import ADAM, ANNA, BO, Town
from tests.web.conftest import BASE, Clock, SignIn, main
from web.afterwards import Afterwards
from web.house import House

WRITE = {"kind": "note", "summary": "Fra telefonen"}


@pytest.fixture
def client(app: FastAPI, town: Town) -> TestClient:
    """A program without a key."""
    return TestClient(app, base_url=BASE)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _made(database: Database, email: str = ANNA, scope: str = "read", days: int = 30) -> str:
    with database.write(email) as db:
        return tokens.add(db, user=users.by_email(db, email), name="Telefon", scope=scope, days=days, now=NOW)


def _shown(answer: Response) -> str:
    found = re.search(r'value="(ei_[^"]+)"', answer.text)
    assert found
    return found[1]


def test_a_key_is_made_on_ones_own_page_shown_once_and_works(
    sign_in: SignIn, client: TestClient, town: Town
) -> None:
    anna = sign_in(ANNA)
    anna.get("/konto/noegler")
    made = {"name": "Regneark", "scope": "read", "days": "30"}
    token = _shown(anna.post("/konto/noegler", made, status=200))
    assert client.get(f"/api/v1/companies/{town.bakery}", headers=_bearer(token)).status_code == 200
    again = anna.get("/konto/noegler")
    assert token not in again.text
    assert "Regneark" in main(again)


def test_a_form_sent_twice_makes_one_key(sign_in: SignIn, database: Database) -> None:
    anna = sign_in(ANNA)
    form = {"name": "Regneark", "scope": "read", "days": "30", "submission": "den-samme"}
    anna.post("/konto/noegler", form, status=200)
    assert anna.post("/konto/noegler", form).headers["location"] == "/konto/noegler"
    with database.read() as db:
        assert [row.name for row in db.scalars(select(ApiToken))].count("Regneark") == 1


def test_what_is_missing_is_said_beside_its_field(sign_in: SignIn) -> None:
    answer = sign_in(ANNA).post("/konto/noegler", {"name": "", "scope": "", "days": "x"}, status=422)
    assert 'aria-invalid="true"' in answer.text


def test_a_reading_key_reads_and_is_refused_every_write(
    client: TestClient, database: Database, town: Town
) -> None:
    token = _made(database)
    before = fingerprint(database)
    for method, path, body in (
        ("POST", f"companies/{town.bakery}/interactions", WRITE),
        ("PATCH", f"companies/{town.bakery}", {"name": "X"}),
        ("PUT", f"companies/{town.bakery}/responsible", {"email": BO, "reason": "x"}),
        ("POST", f"companies/{town.garden}/requests", {}),
    ):
        answer = client.request(method, f"/api/v1/{path}", json=body, headers=_bearer(token))
        assert answer.status_code == 403, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
        assert "kun læse" in answer.json()["detail"]
    assert fingerprint(database) == before
    assert client.get("/api/v1/companies", headers=_bearer(token)).status_code == 200


def test_a_writing_key_writes(client: TestClient, database: Database, town: Town) -> None:
    token = _made(database, scope="write")
    path = f"/api/v1/companies/{town.bakery}/interactions"
    assert client.post(path, json=WRITE, headers=_bearer(token)).status_code == 201


def test_an_expired_and_an_ended_key_are_unknown(
    sign_in: SignIn, client: TestClient, database: Database, clock_on_the_wall: Clock
) -> None:
    token = _made(database, days=1)
    clock_on_the_wall.now = NOW + timedelta(days=1)
    assert client.get("/api/v1/companies", headers=_bearer(token)).status_code == 401
    clock_on_the_wall.now = NOW
    assert client.get("/api/v1/companies", headers=_bearer(token)).status_code == 200
    with database.read() as db:
        id = tokens.of_user(db, users.by_email(db, ANNA))[0].id
    sign_in(BO).post(f"/konto/noegler/{id}/slut", status=404)
    sign_in(ADAM).post(f"/opsaetning/noegler/{id}/slut")
    assert client.get("/api/v1/companies", headers=_bearer(token)).status_code == 401


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "key", "authorization"])
def test_a_key_in_an_address_is_none(client: TestClient, database: Database, name: str) -> None:
    token = _made(database)
    assert client.get("/api/v1/companies", params={name: token}).status_code == 401
    client.cookies.set("session", token)
    assert client.get("/", follow_redirects=False).status_code == 303


def test_last_use_is_seen_on_the_page_and_a_reading_call_wrote_nothing_else(
    sign_in: SignIn, client: TestClient, database: Database, clock_on_the_wall: Clock
) -> None:
    token = _made(database, scope="read")
    before = fingerprint(database)
    clock_on_the_wall.now = NOW + timedelta(minutes=5)
    for _ in range(3):
        assert client.get("/api/v1/companies", headers=_bearer(token)).status_code == 200
    assert fingerprint(database) == before
    with database.read() as db:
        assert tokens.of_user(db, users.by_email(db, ANNA))[0].last_used_at == NOW + timedelta(minutes=5)
    assert "Telefon" in main(sign_in(ADAM).get("/opsaetning/noegler"))


def test_no_call_waits_for_its_last_use_to_be_written(app: FastAPI, database: Database, town: Town) -> None:
    house = House(app.state.house.settings, database, lambda: NOW + timedelta(hours=2))
    with database.read() as db:
        key = tokens.of_user(db, users.by_email(db, ANNA))[0]

    async def answered(_scope: object, _receive: object, _send: object) -> None:
        """The call is answered already."""

    async def call(busy: bool) -> None:
        held = house.writing_turns.value if busy else 0
        for _ in range(held):
            house.writing_turns.acquire_nowait()
        with anyio.fail_after(5):
            state = {"key": (key.id, key.last_used_at)}
            await Afterwards(answered, house)({"type": "http", "state": state}, None, None)  # type: ignore[arg-type]
        for _ in range(held):
            house.writing_turns.release()

    for busy, written in ((True, None), (False, NOW + timedelta(hours=2))):
        # On a thread of its own: on this one a browser of other tests may have its loop.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(anyio.run, call, busy).result()
        with database.read() as db:
            assert tokens.of_user(db, users.by_email(db, ANNA))[0].last_used_at == written


def test_an_administrator_makes_a_key_for_a_colleague(
    sign_in: SignIn, client: TestClient, town: Town
) -> None:
    adam = sign_in(ADAM)
    adam.post("/opsaetning/noegler", {"name": "X", "scope": "read", "days": "30"}, status=422)
    made = {"name": "Hjemmesiden", "scope": "write", "days": "30", "user_id": town.users[BO]}
    token = _shown(adam.post("/opsaetning/noegler", made, status=200))
    path = f"/api/v1/companies/{town.garden}/interactions"
    assert client.post(path, json=WRITE, headers=_bearer(token)).json()["by"]["email"] == BO
