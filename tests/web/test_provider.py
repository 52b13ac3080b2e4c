"""Signing in by the municipality's provider: what is let in, what never is, and what a refusal leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from crm.access.models import User, UserSession
from crm.access.proofs import Identity
from crm.access.queries import by_email
from crm.db import Database
from crm.outbox.models import Mail
from crm.settings import Settings
from tests.fingerprint import fingerprint
from tests.own_provider import CLIENT, CURVE_KEY, KEY, OTHER_KEY, SECRET, SUBJECT, OwnProvider, served
from tests.town import ADAM, ANNA, CLOSED, MONA, Town
from tests.web.conftest import Clock, SignIn, Visitor, main
from web import oidc_calls
from web.app import create_app
from web.routes import provider as door

GO = "/log-ind/kommune"
ENDED = "/log-ind/kommune/log-ud"


@pytest.fixture
def provider(clock_on_the_wall: Clock) -> Iterator[OwnProvider]:
    with served(OwnProvider(clock_on_the_wall)) as made:
        yield made


@pytest.fixture
def settings(provider: OwnProvider, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path, oidc_issuer=provider.issuer, oidc_client_id=CLIENT, oidc_client_secret=SECRET,
        oidc_consultant_groups="crm-konsulenter", oidc_manager_groups="crm-ledere,crm-chefer",
        oidc_admin_groups="crm-admin",
    )  # fmt: skip


@pytest.fixture
def app(database: Database, settings: Settings, clock_on_the_wall: Clock) -> FastAPI:
    made = create_app(settings, database)
    made.state.house.clock = clock_on_the_wall
    return made


def away(visitor: Visitor, onward: str = "/maal") -> str:
    """Pressed the button: where the browser is sent."""
    return str(visitor.get(f"{GO}?videre={onward}", status=303).headers["location"])


def back(visitor: Visitor, answer: dict[str, str], *, status: int = 303) -> Any:
    return visitor.get(f"{GO}/svar?{urlencode(answer)}", status=status)


def enter(visitor: Visitor, provider: OwnProvider, *, status: int = 303) -> Any:
    return back(visitor, provider.way(away(visitor)), status=status)


def identities(database: Database) -> int:
    with database.read() as db:
        return len(db.scalars(select(Identity)).all())


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


# --- Bad tokens -------------------------------------------------------------------------------------


def _with_claims_of(provider: OwnProvider, nonce: str) -> str:
    head, _, signature = provider.sign(provider.claims(nonce)).split(".")
    forged = provider.sign(provider.claims(nonce, groups=["crm-admin"]), key=OTHER_KEY).split(".")[1]
    return f"{head}.{forged}.{signature}"


Bad = Callable[[OwnProvider, str], Any]
BAD: dict[str, Bad] = {
    "alg none": lambda p, n: p.sign(p.claims(n), key=None, alg="none"),
    "alg None in another case": lambda p, n: p.sign(p.claims(n), key=None, alg="nOnE"),
    "no signature on RS256": lambda p, n: p.sign(p.claims(n), key=None),
    "HS256 with the public key": lambda p, n: p.sign(p.claims(n), key=p.public_key_as_secret(), alg="HS256"),
    "HS256 with our secret": lambda p, n: p.sign(
        p.claims(n), key=SECRET.encode(), alg="HS256"
    ),
    "another's key under the right name": lambda p, n: p.sign(p.claims(n), key=OTHER_KEY, kid="one"),
    "a key nobody knows": lambda p, n: p.sign(p.claims(n), key=OTHER_KEY),
    "a key of another kind": lambda p, n: p.sign(p.claims(n), key=CURVE_KEY, alg="ES256", kid="one"),
    "a key it brings itself": lambda p, n: p.sign(
        p.claims(n), key=OTHER_KEY, kid=..., jwk=OTHER_KEY.as_dict(private=False)
    ),
    "a changed signature": lambda p, n: p.sign(p.claims(n))[:-6] + "AAAAAA",
    "changed claims": _with_claims_of,
    "something critical we do not know": lambda p, n: p.sign(p.claims(n), crit=["forbehold"], forbehold=True),
    "another issuer": lambda p, n: p.sign(p.claims(n, iss="https://ond.test")),
    "the issuer with a slash": lambda p, n: p.sign(p.claims(n, iss=p.issuer + "/")),
    "no issuer": lambda p, n: p.sign(p.claims(n, iss=...)),
    "another audience": lambda p, n: p.sign(p.claims(n, aud="en-anden")),
    "other audiences": lambda p, n: p.sign(p.claims(n, aud=["en-anden", "en-tredje"])),
    "no audience": lambda p, n: p.sign(p.claims(n, aud=...)),
    "made for another party": lambda p, n: p.sign(p.claims(n, aud=[CLIENT, "en-anden"], azp="en-anden")),
    "for us and others, by nobody": lambda p, n: p.sign(p.claims(n, aud=[CLIENT, "en-anden"])),
    "another nonce": lambda p, n: p.sign(p.claims("en-anden")),
    "no nonce": lambda p, n: p.sign(p.claims(n, nonce=...)),
    "expired": lambda p, n: p.sign(p.claims(n, exp=int(p.clock().timestamp()) - 60)),
    "expires never": lambda p, n: p.sign(p.claims(n, exp=...)),
    "expires in words": lambda p, n: p.sign(p.claims(n, exp="2099")),
    "not yet valid": lambda p, n: p.sign(p.claims(n, nbf=int(p.clock().timestamp()) + 120)),
    "issued in the future": lambda p, n: p.sign(p.claims(n, iat=int(p.clock().timestamp()) + 600)),
    "no subject": lambda p, n: p.sign(p.claims(n, sub=...)),
    "an empty subject": lambda p, n: p.sign(p.claims(n, sub="")),
    "a subject that is no text": lambda p, n: p.sign(p.claims(n, sub=7)),
    "a subject too long": lambda p, n: p.sign(p.claims(n, sub="x" * 300)),
    "another access token's": lambda p, n: p.sign(p.claims(n, at_hash="AAAAAAAAAAAAAAAAAAAAAA")),
    "a word of log-out": lambda p, n: p.sign(p.logout_claims(nonce=n, exp=int(p.clock().timestamp()) + 9)),
    "no token": lambda p, n: None,
    "no text": lambda p, n: {"a": 1},
    "half a token": lambda p, n: p.sign(p.claims(n)).rpartition(".")[0],
    "nonsense": lambda p, n: "a.b.c",
}  # fmt: skip


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
