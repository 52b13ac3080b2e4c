"""Logging out here and there, and hearing of it from the provider."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from crm.access.models import UserSession
from crm.db import Database
from crm.settings import Settings
from tests.fingerprint import fingerprint
from tests.own_provider import OTHER_KEY, SUBJECT, OwnProvider
from tests.town import ANNA, MONA, Town
from tests.web.conftest import SignIn, Visitor, main
from tests.web.provider.ways import ENDED, GO, enter
from web.app import create_app
from web.routes import provider as door

# --- Log-out ------------------------------------------------------------------------------------------


def test_logging_out_here_leads_on_to_log_out_there(sign_in: SignIn, provider: OwnProvider) -> None:
    visitor = sign_in()
    enter(visitor, provider)
    visitor.get("/maal")
    page = visitor.post("/log-ud", status=200)
    found = urlsplit(page.text.partition('content="0;url=')[2].partition('"')[0].replace("&amp;", "&"))
    asked = {name: values[0] for name, values in parse_qs(found.query).items()}
    assert f"{found.scheme}://{found.netloc}{found.path}" == f"{provider.issuer}/end_session"
    assert asked["post_logout_redirect_uri"] == "http://127.0.0.1:8000/log-ind"
    assert json.loads(oidc_payload(asked["id_token_hint"]))["sub"] == SUBJECT
    visitor.get("/", status=303)
    local = sign_in(ANNA)
    local.get("/")
    assert local.post("/log-ud").headers["location"] == "/log-ind"


def oidc_payload(token: str) -> bytes:
    import base64

    middle = token.split(".")[1]
    return base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))


@pytest.mark.parametrize("named", [{}, {"sid": ...}, {"sub": ...}])
def test_a_word_of_log_out_ends_the_sessions_it_means_at_once(
    sign_in: SignIn, provider: OwnProvider, named: dict[str, Any], database: Database
) -> None:
    here, there, local = sign_in(), sign_in(), sign_in(ANNA)
    enter(here, provider)
    provider.person = {"sid": "log-in-2"}
    enter(there, provider)
    provider.person = {"sub": "mona", "email": MONA, "groups": ["crm-ledere"], "sid": "log-in-3"}
    colleague = sign_in()
    enter(colleague, provider)
    token = provider.sign(provider.logout_claims(**named), typ="logout+jwt")
    answer = sign_in().client.post(ENDED, data={"logout_token": token})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    here.get("/", status=303)
    there.get("/", status=303 if named == {"sid": ...} else 200)
    local.get("/")
    colleague.get("/")


BAD_WORDS: dict[str, Callable[[OwnProvider], str]] = {
    "alg none": lambda p: p.sign(p.logout_claims(), key=None, alg="none"),
    "HS256 with the public key": lambda p: p.sign(p.logout_claims(), key=p.public_key_as_secret(), alg="HS256"),
    "another's key": lambda p: p.sign(p.logout_claims(), key=OTHER_KEY, kid="one"),
    "another issuer": lambda p: p.sign(p.logout_claims(iss="https://ond.test")),
    "another audience": lambda p: p.sign(p.logout_claims(aud="en-anden")),
    "no audience": lambda p: p.sign(p.logout_claims(aud=...)),
    "no time": lambda p: p.sign(p.logout_claims(iat=...)),
    "old": lambda p: p.sign(p.logout_claims(iat=int(p.clock().timestamp()) - 3600, exp=...)),
    "expired": lambda p: p.sign(p.logout_claims(exp=int(p.clock().timestamp()) - 60)),
    "in the future": lambda p: p.sign(p.logout_claims(iat=int(p.clock().timestamp()) + 600)),
    "no number of its own": lambda p: p.sign(p.logout_claims(jti=...)),
    "no event": lambda p: p.sign(p.logout_claims(events=...)),
    "another event": lambda p: p.sign(p.logout_claims(events={"http://ond.test": {}})),
    "an event that is a list": lambda p: p.sign(p.logout_claims(events=["backchannel-logout"])),
    "of nobody": lambda p: p.sign(p.logout_claims(sub=..., sid=...)),
    "of a number": lambda p: p.sign(p.logout_claims(sub=7)),
    "with a nonce": lambda p: p.sign(p.logout_claims(nonce="n")),
    "an id token": lambda p: p.sign(p.claims("n", jti="x")),
    "a list of algorithms": lambda p: p.sign(p.logout_claims(), key=None, alg=["RS256"]),  # type: ignore[arg-type]
    "no algorithm": lambda p: p.sign(p.logout_claims(), key=None, alg=...),  # type: ignore[arg-type]
    "a key named by a list": lambda p: p.sign(p.logout_claims(), key=None, kid=["one"]),
    "something critical that is no list": lambda p: p.sign(p.logout_claims(), crit=7),
    "nothing": lambda p: "",
    "nonsense": lambda p: "a.b.c",
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_WORDS)
def test_a_bad_word_of_log_out_ends_nothing(
    sign_in: SignIn, provider: OwnProvider, database: Database, case: str
) -> None:
    visitor = sign_in()
    enter(visitor, provider)
    before = fingerprint(database)
    answer = sign_in().client.post(ENDED, data={"logout_token": BAD_WORDS[case](provider)})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert fingerprint(database) == before
    visitor.get("/maal")


def test_a_word_of_log_out_is_heard_once(sign_in: SignIn, provider: OwnProvider, database: Database) -> None:
    token = provider.sign(provider.logout_claims(sid=...))
    assert sign_in().client.post(ENDED, data={"logout_token": token}).status_code == 200
    visitor = sign_in()
    enter(visitor, provider)
    before = fingerprint(database)
    assert sign_in().client.post(ENDED, data={"logout_token": token}).status_code == 400
    assert fingerprint(database) == before
    visitor.get("/maal")


def test_with_another_key_than_before_one_still_logs_out_here(
    sign_in: SignIn, provider: OwnProvider, app: FastAPI
) -> None:
    visitor = sign_in()
    enter(visitor, provider)
    app.state.house.__dict__["key"] = b"another key, as after a restore"
    visitor.get("/konto")
    assert visitor.post("/log-ud").headers["location"] == "/log-ind"
    visitor.get("/konto", status=303)


def test_the_database_alone_shows_no_token(
    sign_in: SignIn, provider: OwnProvider, database: Database
) -> None:
    enter(sign_in(), provider)
    with database.read() as db:
        from crm.tables import metadata

        held = "".join(str(db.execute(select(table)).all()) for table in metadata.sorted_tables)
        assert SUBJECT not in held
        assert "eyJ" not in held
        assert db.scalars(select(UserSession)).all()


def test_without_a_provider_there_is_no_such_door(database: Database, tmp_path: Path, town: Town) -> None:
    from starlette.testclient import TestClient

    visitor = Visitor(
        TestClient(create_app(Settings(data_dir=tmp_path), database), base_url="http://127.0.0.1:8000")
    )
    assert "kommunens konto" not in main(visitor.get("/log-ind"))
    assert visitor.get(GO, status=303).headers["location"] == "/log-ind"
    assert f"{GO}/svar" == door.BACK
