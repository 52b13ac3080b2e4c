"""The panel's own identity provider: a member comes in, everybody else is told so plainly, and staff's is another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from crm.db import Database
from crm.panel import queries, seats
from crm.panel.models import PanelIdentity
from crm.settings import Settings
from tests.conftest import NOW, TODAY
from tests.fingerprint import fingerprint
from tests.own_provider import CLIENT, SECRET, OwnProvider, served
from tests.town import Town
from tests.web.conftest import Clock, SignIn, Visitor, main
from tests.web.provider.ways import BAD
from web.app import create_app

GO = "/panel/log-ind/udbyder"


@pytest.fixture
def provider(clock_on_the_wall: Clock) -> Iterator[OwnProvider]:
    with served(OwnProvider(clock_on_the_wall)) as made:
        made.person = {"email": "lone@bageri.test", "email_verified": True}
        yield made


@pytest.fixture
def app(database: Database, provider: OwnProvider, clock_on_the_wall: Clock, tmp_path: Path) -> FastAPI:
    settings = Settings(
        data_dir=tmp_path, panel_oidc_issuer=provider.issuer, panel_oidc_client_id=CLIENT,
        panel_oidc_client_secret=SECRET,
    )  # fmt: skip
    made = create_app(settings, database)
    made.state.house.clock = clock_on_the_wall
    return made


def enter(visitor: Visitor, provider: OwnProvider, *, status: int = 303) -> Any:
    away = str(visitor.get(GO, status=303).headers["location"])
    return visitor.get(f"{GO}/svar?{urlencode(provider.way(away))}", status=status)


def test_a_member_comes_in_and_is_linked_once_by_the_verified_email(
    sign_in: SignIn, provider: OwnProvider, database: Database, town: Town
) -> None:
    visitor = sign_in()
    assert "Log ind med MitID Erhverv" in main(visitor.get("/panel/log-ind"))
    for _ in range(2):
        visitor = sign_in()
        assert enter(visitor, provider).headers["location"] == "/panel/"
        assert "Blovstrød Bageri ApS" in main(visitor.get("/panel/"))
    with database.read() as db:
        assert db.scalars(select(PanelIdentity.seat_id)).all() == [town.seat]
    # From now on the e-mail decides nothing, and it lets nobody into the staff's house.
    provider.person = {"email": "sven@planteskole.test", "email_verified": True}
    visitor = sign_in()
    enter(visitor, provider)
    assert "Blovstrød Bageri ApS" in main(visitor.get("/panel/"))
    assert visitor.get("/", status=303).headers["location"].startswith("/log-ind")


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"email": "fremmed@x.test", "email_verified": True}, "ingen plads"),
        ({"email": "lone@bageri.test", "email_verified": False}, "ikke, at din e-mail er bekræftet"),
        ({"email": "lone@bageri.test"}, "ikke, at din e-mail er bekræftet"),
        ({"email": ..., "email_verified": ...}, "ikke, at din e-mail er bekræftet"),
    ],
)
def test_whoever_has_no_seat_is_told_so_and_nothing_changes(
    sign_in: SignIn, provider: OwnProvider, database: Database, told: dict[str, Any], says: str
) -> None:
    provider.person = told
    if "email_verified" not in told:
        provider.person = told | {"email_verified": ...}
    before = fingerprint(database, without=frozenset({"spent", "throttle"}))
    visitor = sign_in()
    assert says in main(enter(visitor, provider, status=403))
    assert "panel" not in visitor.client.cookies
    assert fingerprint(database, without=frozenset({"spent", "throttle"})) == before


def test_another_person_with_the_same_email_is_not_the_member(
    sign_in: SignIn, provider: OwnProvider, database: Database
) -> None:
    enter(sign_in(), provider)
    provider.person = provider.person | {"sub": "en-anden"}
    assert "en anden persons" in main(enter(sign_in(), provider, status=403))


def test_a_seat_that_ended_opens_nothing_and_a_new_one_is_the_same_persons(
    sign_in: SignIn, provider: OwnProvider, database: Database, town: Town
) -> None:
    visitor = sign_in()
    enter(visitor, provider)
    with database.write() as db:
        seat = queries.seat(db, town.seat)
        company = seat.company
        seats.end(db, seat=seat, now=NOW, today=TODAY)
    assert visitor.get("/panel/", status=303).headers["location"] == "/panel/log-ind"
    assert "ingen plads" in main(enter(sign_in(), provider, status=403))
    with database.write() as db:
        from crm.companies.queries import by_ids

        again = seats.add(
            db, company=by_ids(db, [company.id])[company.id], email="lone@bageri.test", home="https://x.test", now=NOW,
            today=TODAY,
        )  # fmt: skip
    enter(sign_in(), provider)
    with database.read() as db:
        assert db.scalars(select(PanelIdentity.seat_id)).all() == [again.id]


@pytest.mark.parametrize("case", BAD)
def test_a_bad_token_lets_nobody_in_and_changes_nothing(
    sign_in: SignIn, provider: OwnProvider, database: Database, case: str
) -> None:
    provider.id_token = lambda nonce: BAD[case](provider, nonce)
    visitor, before = sign_in(), fingerprint(database)
    assert "Det lykkedes ikke" in main(enter(visitor, provider, status=403))
    assert "panel" not in visitor.client.cookies
    assert fingerprint(database) == before


def test_the_same_answer_twice_is_refused(sign_in: SignIn, provider: OwnProvider) -> None:
    visitor = sign_in()
    away = str(visitor.get(GO, status=303).headers["location"])
    answer = f"{GO}/svar?{urlencode(provider.way(away))}"
    visitor.get(answer, status=303)
    visitor.get(answer, status=403)


def test_without_a_provider_the_door_leads_back(app: FastAPI, sign_in: SignIn) -> None:
    app.state.house.__dict__["panel_provider"] = None
    for path in (GO, f"{GO}/svar"):
        assert sign_in().get(path, status=303).headers["location"] == "/panel/log-ind"
