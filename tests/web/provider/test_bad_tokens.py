"""What proves nothing lets nobody in: tokens of every wrong kind, keys that change, a provider that is down or odd."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI

from crm.db import Database
from crm.settings import Settings
from tests.fingerprint import fingerprint
from tests.own_provider import CURVE_KEY, KEY, OTHER_KEY, OwnProvider
from tests.town import ADAM, ANNA
from tests.web.conftest import Clock, SignIn, Visitor, main
from tests.web.provider.ways import BAD, ENDED, GO, away, back, enter
from web import oidc_calls
from web.app import create_app


@pytest.mark.parametrize("case", BAD)
def test_a_bad_token_lets_nobody_in_and_changes_nothing(
    sign_in: SignIn, provider: OwnProvider, database: Database, case: str
) -> None:
    provider.id_token = lambda nonce: BAD[case](provider, nonce)
    visitor, before = sign_in(), fingerprint(database)
    said = main(enter(visitor, provider, status=403))
    assert "Det lykkedes ikke at logge ind med kommunens konto" in said
    assert "session" not in visitor.client.cookies
    assert fingerprint(database) == before


def test_a_new_key_of_the_provider_is_found(
    sign_in: SignIn, provider: OwnProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(sign_in(), provider)
    provider.keys = [OTHER_KEY, CURVE_KEY]
    monkeypatch.setattr(oidc_calls, "ANEW", 0.0)
    for key, alg in ((OTHER_KEY, "RS256"), (CURVE_KEY, "ES256")):
        provider.id_token = lambda nonce, key=key, alg=alg: provider.sign(
            provider.claims(nonce), key=key, alg=alg
        )
        enter(sign_in(), provider)
    assert provider.asked.count("/keys") == 2
    provider.id_token = lambda nonce: provider.sign(provider.claims(nonce), key=KEY)
    enter(sign_in(), provider, status=403)


def test_unknown_keys_are_no_way_to_make_us_call_over_and_over(
    sign_in: SignIn, provider: OwnProvider
) -> None:
    visitor = sign_in()
    for _ in range(20):
        token = provider.sign(provider.logout_claims(), key=OTHER_KEY)
        assert visitor.client.post(ENDED, data={"logout_token": token}).status_code == 400
    assert provider.asked.count("/keys") == 1


# --- The provider is down or odd ----------------------------------------------------------------------


@pytest.mark.parametrize("about", [
    {"issuer": "https://ond.test"}, {"token_endpoint": "http://ond.test/token"}, {"jwks_uri": None},
    {"authorization_endpoint": "javascript:alert(1)"}, {"code_challenge_methods_supported": ["plain"]},
])  # fmt: skip
def test_a_provider_that_describes_itself_oddly_is_not_used(
    sign_in: SignIn, provider: OwnProvider, about: dict[str, Any]
) -> None:
    provider.about = about
    assert "svarer ikke lige nu" in main(sign_in().get(GO, status=503))


def test_a_provider_that_is_down_is_said_kindly_and_the_local_door_stays_open(
    sign_in: SignIn, settings: Settings, database: Database, clock_on_the_wall: Clock
) -> None:
    from starlette.testclient import TestClient

    app = create_app(settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"}), database)
    app.state.house.clock = clock_on_the_wall
    visitor, before = Visitor(TestClient(app, base_url="http://127.0.0.1:8000")), fingerprint(database)
    page = visitor.get(f"{GO}?videre=/maal", status=503)
    assert "svarer ikke lige nu" in main(page)
    assert "<details" in page.text
    assert fingerprint(database) == before
    sent = {"email": ANNA, "password": "en god lang sætning", "videre": "/maal"}
    assert visitor.post("/log-ind", sent).headers["location"] == "/maal"


def test_a_provider_that_falls_silent_on_the_way_is_said_kindly(
    sign_in: SignIn, provider: OwnProvider, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_calls, "TIMEOUT", 0.3)
    visitor, before = sign_in(), fingerprint(database)
    answer = provider.way(away(visitor))
    provider.slow = 1.5
    assert "svarer ikke lige nu" in main(back(visitor, answer, status=503))
    assert fingerprint(database) == before


def test_a_role_may_be_kept_from_the_local_door(sign_in: SignIn, app: FastAPI) -> None:
    house = app.state.house
    house.settings = house.settings.model_copy(update={"oidc_local_roles": ["admin"]})
    sent = {"password": "en god lang sætning"}
    visitor = sign_in()
    visitor.get("/log-ind")
    assert "kommunens konto" in main(visitor.post("/log-ind", sent | {"email": ANNA}, status=403))
    assert visitor.post("/log-ind", sent | {"email": ADAM}).headers["location"] == "/"
