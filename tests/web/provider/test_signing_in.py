"""Signing in by the municipality's provider: what is let in, what never is, and what a refusal leaves behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from crm.access.models import User
from crm.access.proofs import Identity
from crm.access.queries import by_email
from crm.db import Database
from crm.outbox.models import Mail
from crm.settings import Settings
from tests.fingerprint import fingerprint
from tests.own_provider import CLIENT, SUBJECT, OwnProvider, served
from tests.town import ADAM, ANNA, CLOSED, MONA, Town
from tests.web.conftest import Clock, SignIn, Visitor, main
from tests.web.provider.ways import GO, away, back, enter, identities
from web.app import create_app

# --- In -----------------------------------------------------------------------------------------


def test_a_colleague_comes_in_where_they_were_going_and_is_linked_once_by_the_verified_email(
    sign_in: SignIn, provider: OwnProvider, database: Database, town: Town
) -> None:
    assert "Log ind med kommunens konto" in main(sign_in().get("/log-ind"))
    for _ in range(2):
        visitor = sign_in()
        assert enter(visitor, provider).headers["location"] == "/maal"
        visitor.get("/maal")
    with database.read() as db:
        (identity,) = db.scalars(select(Identity)).all()
        assert identity.user_id == town.users[ANNA]
        told = [mail.subject for mail in db.scalars(select(Mail).where(Mail.recipient == ANNA))]
    assert len([each for each in told if "forbundet med kommunens konto" in each]) == 1
    assert "Forbundet" in main(visitor.get("/konto/sikkerhed"))


def test_somebody_new_is_created_in_the_role_of_their_groups(
    sign_in: SignIn, provider: OwnProvider, database: Database
) -> None:
    provider.person = {"sub": "ny", "email": "Ny@Kommune.test", "name": "Ny Kollega",
                       "groups": ["andet", "crm-konsulenter", "crm-chefer"]}  # fmt: skip
    enter(sign_in(), provider)
    with database.read() as db:
        made = by_email(db, "ny@kommune.test")
        assert (made.name, made.role, made.password_hash) == ("Ny Kollega", "manager", None)


def test_whoever_came_by_the_provider_has_no_password_to_forget(
    sign_in: SignIn, provider: OwnProvider, database: Database
) -> None:
    provider.person = {"sub": "ny", "email": "ny@kommune.test", "name": "Ny Kollega"}
    enter(sign_in(), provider)
    for email, mails in (("ny@kommune.test", 0), (MONA, 1)):
        visitor = sign_in()
        visitor.get("/glemt")
        visitor.post("/glemt", {"email": email}, status=200)
        with database.read() as db:
            sent = db.scalars(select(Mail).where(Mail.recipient == email, Mail.subject.like("Vælg%"))).all()
        assert len(sent) == mails, email


def test_the_role_follows_the_groups_at_every_log_in(
    sign_in: SignIn, provider: OwnProvider, database: Database, town: Town
) -> None:
    for group, role in (("crm-admin", "admin"), ("crm-ledere", "manager"), ("crm-konsulenter", "consultant")):
        provider.person = {"groups": [group]}
        enter(sign_in(), provider)
        with database.read() as db:
            assert db.get_one(User, town.users[ANNA]).role == role


def test_groups_may_come_as_roles_as_one_text_or_from_the_providers_other_address(
    sign_in: SignIn, provider: OwnProvider, database: Database, town: Town
) -> None:
    provider.person = {"groups": "crm-ledere"}
    enter(sign_in(), provider)
    provider.person = {"groups": ..., "email": ...}
    provider.userinfo = {"sub": SUBJECT, "groups": ["crm-admin"], "email": ANNA}
    enter(sign_in(), provider)
    with database.read() as db:
        assert db.get_one(User, town.users[ANNA]).role == "admin"


def test_the_key_is_issuer_and_subject_so_a_new_email_changes_nothing(
    sign_in: SignIn, provider: OwnProvider, database: Database, town: Town
) -> None:
    enter(sign_in(), provider)
    provider.person = {"email": MONA, "email_verified": False}
    visitor = sign_in()
    enter(visitor, provider)
    assert "Anna Kildeskov" in visitor.get("/").text
    assert identities(database) == 1


def test_entra_ids_own_ways_are_understood(
    sign_in: SignIn, provider: OwnProvider, database: Database, app: FastAPI, town: Town
) -> None:
    """App roles instead of groups, another word for a verified e-mail, and keys that name no algorithm."""
    app.state.house.settings = app.state.house.settings.model_copy(update={"oidc_groups_claim": "roles"})
    provider.untold = frozenset({"alg"})
    provider.person = {
        "groups": ...,
        "email_verified": ...,
        "xms_edov": True,
        "roles": ["crm-ledere"],
        "tid": "x",
    }
    enter(sign_in(), provider)
    with database.read() as db:
        assert db.get_one(User, town.users[ANNA]).role == "manager"


def test_a_directory_that_is_trusted_with_its_emails_need_not_say_that_they_are_verified(
    sign_in: SignIn, provider: OwnProvider, database: Database, app: FastAPI
) -> None:
    app.state.house.settings = app.state.house.settings.model_copy(update={"oidc_trust_email": True})
    provider.person = {"email_verified": ...}
    enter(sign_in(), provider)
    assert identities(database) == 1


# --- No way in, with a sentence, and nothing changed ------------------------------------------------


NO_WAY: dict[str, tuple[dict[str, Any], str]] = {
    "no group of ours": ({"groups": ["andet"]}, "ikke med i en gruppe"),
    "no groups at all": ({"groups": ...}, "ikke med i en gruppe"),
    "groups that are no texts": ({"groups": [1, {"crm-admin": 1}, None]}, "ikke med i en gruppe"),
    "a group in another case": ({"groups": ["CRM-ADMIN"]}, "ikke med i en gruppe"),
    "too many groups to send": ({"groups": ..., "_claim_names": {"groups": "src1"}}, "med i for mange"),
    "an unverified email": ({"email_verified": False}, "ikke, at din e-mail er bekræftet"),
    "an email nobody says is verified": ({"email_verified": ...}, "ikke, at din e-mail er bekræftet"),
    "an email verified in words": ({"email_verified": "true"}, "ikke, at din e-mail er bekræftet"),
    "no email": ({"email": ...}, "ikke, at din e-mail er bekræftet"),
    "the email of a closed user": ({"email": CLOSED}, "er lukket"),
}


@pytest.mark.parametrize("case", NO_WAY)
def test_no_way_in_is_said_plainly_and_changes_nothing(
    sign_in: SignIn, provider: OwnProvider, database: Database, case: str
) -> None:
    provider.person, sentence = NO_WAY[case]
    visitor, before = sign_in(), fingerprint(database)
    assert sentence in main(enter(visitor, provider, status=403))
    assert "session" not in visitor.client.cookies
    assert fingerprint(database) == before
    visitor.get("/", status=303)


def test_the_same_email_from_another_person_or_provider_is_not_the_same_user(
    sign_in: SignIn, provider: OwnProvider, database: Database, app: FastAPI, clock_on_the_wall: Clock,
    settings: Settings,
) -> None:  # fmt: skip
    enter(sign_in(), provider)
    provider.person = {"sub": "en anden".replace(" ", "-")}
    before = fingerprint(database)
    assert "en anden konto" in main(enter(sign_in(), provider, status=403))
    with served(OwnProvider(clock_on_the_wall)) as other:
        moved = settings.model_copy(update={"oidc_issuer": other.issuer})
        house = create_app(moved, database)
        house.state.house.clock = clock_on_the_wall
        from starlette.testclient import TestClient

        stranger = Visitor(TestClient(house, base_url="http://127.0.0.1:8000"))
        assert "en anden konto" in main(enter(stranger, other, status=403))
    assert fingerprint(database) == before


def test_the_last_administrator_keeps_the_role_and_is_told_why(
    sign_in: SignIn, provider: OwnProvider, database: Database, town: Town
) -> None:
    provider.person = {"sub": "adam", "email": ADAM, "groups": ["crm-admin"]}
    enter(sign_in(), provider)
    provider.person |= {"groups": ["crm-konsulenter"]}
    before = fingerprint(database)
    assert "du er den sidste" in main(enter(sign_in(), provider, status=409))
    assert fingerprint(database) == before
    with database.write() as db:
        db.get_one(User, town.users[MONA]).role = "admin"
    enter(sign_in(), provider)
    with database.read() as db:
        assert db.get_one(User, town.users[ADAM]).role == "consultant"


def test_who_lost_the_group_is_out_everywhere_at_once(
    sign_in: SignIn, provider: OwnProvider, database: Database
) -> None:
    visitor, local = sign_in(), sign_in(ANNA)
    enter(visitor, provider)
    provider.person = {"groups": []}
    enter(sign_in(), provider, status=403)
    visitor.get("/", status=303)
    local.get("/")


# --- The way there and back -------------------------------------------------------------------------


def test_the_request_to_log_in_says_what_it_must(sign_in: SignIn, provider: OwnProvider) -> None:
    address = away(sign_in())
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{provider.issuer}/authorization?")
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/log-ind/kommune/svar"
    assert asked["scope"] == "openid profile email"
    assert (asked["client_id"], asked["code_challenge_method"]) == (CLIENT, "S256")
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43


def test_a_callback_works_once_in_the_browser_that_went_and_in_no_other(
    sign_in: SignIn, provider: OwnProvider, database: Database, clock_on_the_wall: Clock
) -> None:
    visitor = sign_in()
    answer = provider.way(away(visitor))
    kept = visitor.client.cookies["kommune"]
    before = fingerprint(database)
    back(sign_in(), answer, status=403)
    stranger = sign_in()
    away(stranger)
    back(stranger, answer, status=403)
    for forged in ("", "x", kept[:-4] + "AAAA"):
        stranger.client.cookies.set("kommune", forged)
        back(stranger, answer, status=403)
    assert fingerprint(database) == before
    assert provider.codes, "none of them came so far as to use the code"
    back(visitor, answer)
    after = fingerprint(database)
    back(visitor, answer, status=403)
    # Even with the browser's own mark, and a provider that takes a code twice.
    visitor.client.cookies.set("kommune", kept)
    provider.codes[answer["code"]] = {name: values[0] for name, values in
                                      parse_qs(urlsplit(away(sign_in())).query).items()}  # fmt: skip
    back(visitor, answer, status=403)
    assert fingerprint(database) == after


def test_the_same_answer_twice_is_refused_also_when_the_provider_takes_the_code_twice(
    sign_in: SignIn, provider: OwnProvider, database: Database
) -> None:
    visitor = sign_in()
    answer = provider.way(away(visitor))
    kept, asked = visitor.client.cookies["kommune"], provider.codes[answer["code"]]
    back(visitor, answer)
    after = fingerprint(database)
    visitor.client.cookies.set("kommune", kept)
    provider.codes[answer["code"]] = asked
    assert "én gang til med det samme svar" in main(back(visitor, answer, status=409))
    assert fingerprint(database) == after


@pytest.mark.parametrize("change", [
    {"state": "gaettet"}, {"state": ""}, {"code": "gaettet"}, {"code": ""}, {"iss": "https://ond.test"},
    {"error": "access_denied"}, {"error": "<script>alert(1)</script>"},
])  # fmt: skip
def test_an_answer_that_is_not_the_providers_lets_nobody_in(
    sign_in: SignIn, provider: OwnProvider, database: Database, change: dict[str, str]
) -> None:
    visitor, before = sign_in(), fingerprint(database)
    answer = provider.way(away(visitor)) | change
    assert "<script>" not in back(visitor, answer, status=403).text
    assert fingerprint(database) == before


def test_another_providers_answer_is_not_carried_to_this_one(
    sign_in: SignIn, provider: OwnProvider, database: Database
) -> None:
    provider.about = {"authorization_response_iss_parameter_supported": True}
    visitor, before = sign_in(), fingerprint(database)
    back(visitor, provider.way(away(visitor)), status=403)
    back(visitor, provider.way(away(visitor)) | {"iss": "https://ond.test"}, status=403)
    assert fingerprint(database) == before
    back(visitor, provider.way(away(visitor)) | {"iss": provider.issuer})


def test_ten_minutes_later_one_begins_again(
    sign_in: SignIn, provider: OwnProvider, clock_on_the_wall: Clock
) -> None:
    visitor = sign_in()
    answer = provider.way(away(visitor))
    clock_on_the_wall.now += timedelta(minutes=11)
    assert "Begynd forfra" in main(back(visitor, answer, status=403))


@pytest.mark.parametrize("elsewhere", [
    "https://ond.test", "//ond.test", "/\\ond.test", "/%0d%0aSet-Cookie:x", "javascript:alert(1)", "ond.test",
    "/" + "x" * 5000,
])  # fmt: skip
def test_nobody_is_led_elsewhere(sign_in: SignIn, provider: OwnProvider, elsewhere: str) -> None:
    visitor = sign_in()
    visitor.get(f"{GO}?{urlencode({'videre': elsewhere})}", status=303)
    landed = back(visitor, provider.way(away(visitor, elsewhere))).headers["location"]
    assert urlsplit(landed).netloc == ""
    assert landed.startswith("/")
    assert not landed.startswith(("//", "/\\"))


def test_a_planted_session_is_not_the_one_that_is_signed_in(sign_in: SignIn, provider: OwnProvider) -> None:
    visitor = sign_in()
    visitor.client.cookies.set("session", "plantet")
    enter(visitor, provider)
    thief = sign_in()
    thief.client.cookies.set("session", "plantet")
    thief.get("/", status=303)
