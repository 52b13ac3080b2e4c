"""Passkeys: the right one lets in alone, and whatever is not quite right lets nobody in."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from crm.access import actions as access
from crm.access.models import User
from crm.access.proofs import Passkey
from crm.access.queries import by_email
from crm.db import Database
from crm.settings import Settings
from tests.authenticator import PRESENT, Device, plain
from tests.authenticator import text as written
from tests.conftest import NOW, PASSWORD
from tests.fingerprint import COUNTERS, fingerprint
from tests.town import ADAM, ANNA, BO, Town
from tests.web.conftest import Clock, SignIn, Visitor, main
from web.app import create_app

BASE = "http://localhost:8000"
HOME, IN = "/konto/sikkerhed", "/log-ind/noegle"
# A challenge is used up by trying, as a count of tries is.
USED = COUNTERS | {"spent"}


@pytest.fixture
def app(database: Database, tmp_path: Path, clock_on_the_wall: Clock) -> FastAPI:
    made = create_app(Settings(data_dir=tmp_path, base_url=BASE), database)
    made.state.house.clock = clock_on_the_wall
    return made


def options_in(page: str) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]+)"', page)
    assert found
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options


def sealed_in(page: str) -> str:
    found = re.search(r'name="sealed" value="([^"]+)"', page)
    assert found
    return found[1]


def asked_to_add(visitor: Visitor, name: str = "Min bærbare") -> tuple[dict[str, Any], str]:
    visitor.get(HOME)
    page = visitor.post(f"{HOME}/noegler", {"passkey_name": name, "passkey_password": PASSWORD}, status=200)
    return options_in(page.text), sealed_in(page.text)


def add(visitor: Visitor, device: Device, name: str = "Min bærbare", status: int = 200) -> str:
    options, sealed = asked_to_add(visitor, name)
    return main(
        visitor.post(
            f"{HOME}/noegler/gem", {"sealed": sealed, "credential": device.made(options)}, status=status
        )
    )


def asked(visitor: Visitor) -> tuple[dict[str, Any], str]:
    answer = visitor.get(f"{IN}/spoerg", whole=False).json()
    return answer["options"], answer["sealed"]


def enter(visitor: Visitor, device: Device, status: int = 303, **other: Any) -> Any:
    visitor.get("/log-ind")
    options, sealed = asked(visitor)
    sent = {"sealed": sealed, "credential": device.signed(options, **other), "videre": "/maal"}
    return visitor.post(IN, sent, status=status)


@pytest.fixture
def device(sign_in: SignIn) -> Device:
    """Anna's, added to her account."""
    made = Device()
    assert "Koder på papir" in add(sign_in(ANNA), made)
    return made


def test_a_passkey_alone_lets_in_and_counts_as_two_factors(
    sign_in: SignIn, device: Device, app: FastAPI, database: Database
) -> None:
    house = app.state.house
    house.settings = house.settings.model_copy(update={"second_factor": ["consultant"]})
    visitor = sign_in()
    assert enter(visitor, device).headers["location"] == "/maal"
    visitor.get("/maal")
    said = main(visitor.post(f"{HOME}/noegler/fjern", _removal(database), status=422))
    assert "Du skal have en kode-app eller en adgangsnøgle" in said


def _removal(database: Database, who: str = ANNA) -> dict[str, object]:
    with database.read() as db:
        key = db.scalars(select(Passkey.id).where(Passkey.user_id == by_email(db, who).id)).first()
    return {"passkey": key, "passkey_remove_password": PASSWORD}


def test_a_role_that_must_have_a_second_factor_has_it_in_a_passkey_after_the_password_too(
    sign_in: SignIn, device: Device, app: FastAPI
) -> None:
    house = app.state.house
    house.settings = house.settings.model_copy(update={"second_factor": ["consultant"]})
    visitor = sign_in()
    visitor.get("/log-ind")
    answer = visitor.post("/log-ind", {"email": ANNA, "password": PASSWORD})
    assert answer.headers["location"].startswith("/log-ind/kode?"), "and not to set up an app"
    assert "Brug din adgangsnøgle" in main(visitor.follow(answer))
    visitor.get("/maal", status=303)


def test_codes_on_paper_help_who_has_passkeys_only_and_work_once(sign_in: SignIn) -> None:
    codes = re.findall(r"[0-9a-f]{5}-[0-9a-f]{5}", add(sign_in(ANNA), Device()))
    assert len(codes) == 10
    for status in (303, 422):
        visitor = sign_in()
        visitor.get("/log-ind")
        visitor.post("/log-ind", {"email": ANNA, "password": PASSWORD})
        visitor.get("/log-ind/kode")
        visitor.post("/log-ind/kode", {"code": codes[0]}, status=status)


def test_several_passkeys_have_names_of_their_own_and_are_removed_one_by_one(
    sign_in: SignIn, device: Device, database: Database
) -> None:
    anna, second = sign_in(ANNA), Device()
    add(anna, second, status=303)
    assert "Min bærbare 2" in main(anna.get(HOME))
    wrong = _removal(database) | {"passkey_remove_password": "forkert"}
    assert "Adgangskoden er ikke rigtig." in main(anna.post(f"{HOME}/noegler/fjern", wrong, status=422))
    anna.post(f"{HOME}/noegler/fjern", _removal(database))
    enter(sign_in(), device, status=422)
    enter(sign_in(), second)


def test_nobody_removes_a_colleagues(sign_in: SignIn, device: Device, database: Database) -> None:
    bo, before = sign_in(BO), fingerprint(database)
    bo.get(HOME)
    bo.post(f"{HOME}/noegler/fjern", _removal(database), status=422)
    assert fingerprint(database) == before


def test_an_administrator_helps_whoever_lost_the_device(
    sign_in: SignIn, device: Device, town: Town, database: Database
) -> None:
    adam = sign_in(ADAM)
    adam.get(f"/opsaetning/brugere/{town.users[ANNA]}")
    adam.post(f"/opsaetning/brugere/{town.users[ANNA]}/kode-app/fjern")
    enter(sign_in(), device, status=422)
    visitor = sign_in()
    visitor.get("/log-ind")
    assert visitor.post("/log-ind", {"email": ANNA, "password": PASSWORD}).headers["location"] == "/"


# --- What lets nobody in ------------------------------------------------------------------------


def _changed(**values: Any) -> Callable[[Device], Device]:
    def change(device: Device) -> Device:
        for name, value in values.items():
            setattr(device, name, value)
        return device

    return change


WRONG: dict[str, Callable[[Device], Device]] = {
    "another origin": _changed(origin="https://ond.test"),
    "another port": _changed(origin="http://localhost:8001"),
    "another name": _changed(rp_id="ond.test"),
    "a user who was not seen": _changed(flags=PRESENT),
    "a user who was not there": _changed(flags=0),
    "a count that stands still": _changed(counts=1),
    "a count that went back": _changed(counts=0),
    "another key": lambda device: Device(id=device.id, handle=device.handle, counts=9),
    "a passkey nobody has": lambda device: Device(handle=device.handle),
    "another user's handle": _changed(handle=b"en anden"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_quite_right_lets_nobody_in(
    sign_in: SignIn, device: Device, database: Database, case: str
) -> None:
    visitor, before = sign_in(), fingerprint(database, without=USED)
    said = main(enter(visitor, WRONG[case](device), status=422))
    assert "Adgangsnøglen blev ikke godkendt" in said
    assert "session" not in visitor.client.cookies
    assert fingerprint(database, without=USED) == before


@pytest.mark.parametrize("credential", [
    "x", "{}", "[]", "null", '{"id": 7}', '{"id": "a", "response": {}}', '{"id": "a", "rawId": "a", "response": 1}',
    '{"id": "\\u0000", "response": {}}', "9" * 20_000, '{"id":' * 5_000,
])  # fmt: skip
def test_nonsense_lets_nobody_in(
    sign_in: SignIn, device: Device, database: Database, credential: str
) -> None:
    visitor, before = sign_in(), fingerprint(database, without=USED)
    visitor.get("/log-ind")
    _options, sealed = asked(visitor)
    visitor.post(IN, {"sealed": sealed, "credential": credential}, status=422)
    assert fingerprint(database, without=USED) == before


def test_a_form_that_no_script_filled_is_answered_with_what_to_do(
    sign_in: SignIn, database: Database
) -> None:
    visitor, before = sign_in(), fingerprint(database, without=USED)
    visitor.get("/log-ind")
    said = main(visitor.post(IN, {"sealed": "", "credential": ""}, status=422))
    assert "kræver, at JavaScript er slået til i browseren" in said
    assert fingerprint(database, without=USED) == before


def test_a_challenge_is_ours_young_used_once_and_for_one_thing(
    sign_in: SignIn, device: Device, clock_on_the_wall: Clock, database: Database
) -> None:
    visitor = sign_in()
    visitor.get("/log-ind")
    options, sealed = asked(visitor)
    sent = {"sealed": sealed, "credential": device.signed(options)}
    visitor.post(IN, sent)
    anna = sign_in(ANNA)
    before = fingerprint(database, without=USED)
    again = sign_in()
    again.get("/log-ind")
    assert "brugt før" in main(again.post(IN, sent, status=422))
    fresh, other = asked(again)
    assert "ikke godkendt" in main(
        again.post(IN, {"sealed": other, "credential": device.signed(options)}, status=422)
    )
    for forged in ("", "x", other[:-4] + "AAAA"):
        again.post(IN, {"sealed": forged, "credential": device.signed(fresh)}, status=422)
    _options, to_add = asked_to_add(anna)
    again.post(IN, {"sealed": to_add, "credential": device.signed(_options)}, status=422)
    fresh, late = asked(again)
    clock_on_the_wall.now += access.WINDOW * 6
    assert "for længe" in main(
        again.post(IN, {"sealed": late, "credential": device.signed(fresh)}, status=422)
    )
    assert fingerprint(database, without=USED) == before


def test_a_challenge_to_add_is_for_who_was_asked(sign_in: SignIn, device: Device, database: Database) -> None:
    options, sealed = asked_to_add(sign_in(ANNA))
    bo, theirs = sign_in(BO), Device()
    bo.get(HOME)
    before = fingerprint(database, without=USED)
    bo.post(f"{HOME}/noegler/gem", {"sealed": sealed, "credential": theirs.made(options)}, status=422)
    assert fingerprint(database, without=USED) == before


def test_a_passkey_of_a_colleague_is_not_added_twice(sign_in: SignIn, device: Device) -> None:
    assert "allerede tilføjet" in add(sign_in(BO), device, status=409)


def test_without_the_password_none_is_added(sign_in: SignIn, database: Database) -> None:
    anna, before = sign_in(ANNA), fingerprint(database)
    anna.get(HOME)
    sent = {"passkey_name": "Min bærbare", "passkey_password": "forkert"}
    assert "Adgangskoden er ikke rigtig." in main(anna.post(f"{HOME}/noegler", sent, status=422))
    assert fingerprint(database) == before


def test_a_closed_user_is_not_let_in(sign_in: SignIn, device: Device, database: Database, town: Town) -> None:
    boss = sign_in(ADAM)
    keys = Device()
    add(boss, keys)
    with database.write() as db:
        access.close_user(db, user=db.get_one(User, town.users[ADAM]), now=NOW)
    enter(sign_in(), keys, status=422)


def test_guessing_is_slowed_and_one_address_keeps_nobody_else_out(
    sign_in: SignIn, device: Device, app: FastAPI
) -> None:
    visitor = sign_in()
    visitor.get("/log-ind")
    stranger = Device(id=device.id, handle=device.handle, counts=50)
    tried = []
    for _ in range(30):
        options, sealed = asked(visitor)
        sent = {"csrf": visitor.csrf, "sealed": sealed, "credential": stranger.signed(options)}
        tried.append(visitor.client.post(IN, data=sent).status_code)
    assert (tried.count(422), set(tried[10:])) == (10, {429})
    elsewhere = Visitor(TestClient(app, base_url=BASE, client=("192.0.2.9", 5000)))
    enter(elsewhere, device)


def test_the_question_tells_nobody_who_has_a_passkey(sign_in: SignIn, device: Device) -> None:
    options, _sealed = asked(sign_in())
    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"
    assert len(plain(options["challenge"])) >= 32
    assert written(device.id) not in json.dumps(options)


def test_the_database_keeps_a_passkey_as_it_is(device: Device, database: Database) -> None:
    for wrong in (
        "sign_count = -1",
        "sign_count = 0",
        "public_key = 'x'",
        "credential_id = 'x'",
        "user_id = 2",
    ):
        with pytest.raises(DBAPIError), database.write() as db:
            db.execute(text(f"UPDATE passkey SET {wrong}"))
