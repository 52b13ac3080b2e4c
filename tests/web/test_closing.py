"""Whoever is closed is out at once, by every way in they had."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from crm.access import actions as access
from crm.access import links, second_factor
from crm.access import queries as users
from crm.access.models import (
    ApiToken,
    Draft,
    LinkPurpose,
    RecoveryCode,
    SecondFactor,
    SignInLink,
    UserSession,
)
from crm.audit import AuditEvent
from crm.board import walls
from crm.board.models import WallLink
from crm.day import actions as day
from crm.day.models import DayChoice
from crm.db import Database
from tests.conftest import NOW, PASSWORD
from tests.town import ADAM, BO, MONA, Town
from tests.web.conftest import BASE, SignIn


@pytest.fixture
def ways(app: FastAPI, database: Database, town: Town) -> dict[str, str]:
    """Mona's session aside: a key, a link, a calendar, a screen, a draft and a code app."""
    house = app.state.house
    with database.write(MONA) as db:
        mona = users.by_email(db, MONA)
        key = access.add_token(db, user=mona, now=NOW)
        links.send(db, user=mona, purpose=LinkPurpose.RESET, home=BASE, now=NOW)
        calendar = day.open_calendar(db, user=mona, now=NOW)
        _, screen = walls.make(db, name="Kantinen", by=mona, now=NOW)
        access.save_draft(db, user=mona, key="log:1", values={"summary": "Halvt"}, now=NOW)
        second_factor.begin(db, user=mona, key=house.key, now=NOW)
        db.add(RecoveryCode(code_hash="x", user_id=mona.id))
    return {"key": key, "calendar": f"/kalender/{calendar}.ics", "screen": f"/tavle/skaerm/{screen}"}


def test_every_way_in_ends_when_a_user_is_closed(
    ways: dict[str, str], app: FastAPI, sign_in: SignIn, database: Database, town: Town
) -> None:
    mona, program = sign_in(MONA), TestClient(app, base_url=BASE)
    head = {"Authorization": f"Bearer {ways['key']}"}
    # The last of her links was made for her alone, so nobody but a mail has its secret.
    assert mona.get("/konto").status_code == 200
    for address in (ways["calendar"], ways["screen"]):
        assert program.get(address).status_code == 200
    assert program.get("/api/v1/companies", headers=head).status_code == 200

    sign_in(ADAM).post(f"/opsaetning/brugere/{town.users[MONA]}/luk", {"hand_over_to": town.users[BO]})

    assert mona.get("/konto", status=303).headers["location"].startswith("/log-ind")
    for address in (ways["calendar"], ways["screen"]):
        assert program.get(address).status_code == 404
    assert program.get("/api/v1/companies", headers=head).status_code == 401
    with database.read() as db:
        id = town.users[MONA]
        for model in (UserSession, ApiToken, SecondFactor, RecoveryCode, Draft, DayChoice):
            assert db.scalars(select(model).where(model.user_id == id)).all() == [], model
        unused = select(SignInLink).where(SignInLink.user_id == id, SignInLink.used_at.is_(None))
        assert db.scalars(unused).all() == []
        (screen,) = db.scalars(select(WallLink).where(WallLink.name == "Kantinen"))
        assert screen.closed_at == NOW
        told = {
            row.object_kind
            for row in db.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(12))
        }
        assert {"api_token", "second_factor", "board_wall_link", "day_choice", "user_account"} <= told


def test_a_password_that_was_right_opens_nothing_any_more(
    sign_in: SignIn, database: Database, town: Town
) -> None:
    with database.write(ADAM) as db:
        access.close_user(db, user=users.by_email(db, MONA), now=NOW)
    visitor = sign_in()
    visitor.get("/log-ind")
    visitor.post("/log-ind", {"email": MONA, "password": PASSWORD}, status=422)
    with database.read() as db:
        assert users.by_email(db, MONA).password_hash is None
