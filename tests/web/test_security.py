"""Signing in with a code, choosing a password by a link, and where one is signed in."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from crm.access import actions, second_factor
from crm.access.models import SignInLink, UserSession
from crm.access.queries import by_email
from crm.db import Database
from crm.outbox.models import Mail
from tests.conftest import NOW, PASSWORD
from tests.town import ADAM, ANNA, BO, CLOSED
from tests.web.conftest import Clock, SignIn, Visitor, main
from web.house import House

NEW = "en helt ny sætning"
HOME = "/konto/sikkerhed"


def house(app: FastAPI) -> House:
    found: House = app.state.house
    return found


@pytest.fixture
def totp(app: FastAPI, database: Database, sign_in: SignIn) -> pyotp.TOTP:
    """Anna's code app, in use."""
    with database.write() as db:
        anna = by_email(db, ANNA)
        made = pyotp.TOTP(second_factor.begin(db, user=anna, key=house(app).key, now=NOW))
        second_factor.confirm(db, user=anna, code=made.at(NOW), key=house(app).key, now=NOW)
        return made


def password(visitor: Visitor, email: str = ANNA, said: str = PASSWORD, status: int = 303) -> str:
    visitor.get("/log-ind")
    answer = visitor.post("/log-ind", {"email": email, "password": said, "videre": "/maal"}, status=status)
    return answer.headers.get("location", "")


def letters(database: Database, email: str) -> list[Mail]:
    with database.read() as db:
        return list(db.scalars(select(Mail).where(Mail.recipient == email).order_by(Mail.id)))


def link_in(mail: Mail) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/ny-adgangskode/\S+)", mail.body)
    assert found
    return found[1]


# --- The code -----------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing(sign_in: SignIn, totp: pyotp.TOTP) -> None:
    visitor = sign_in()
    assert password(visitor) == "/log-ind/kode?videre=/maal"
    visitor.get("/maal", status=303)
    assert "session" not in visitor.client.cookies


def test_password_and_code_lead_where_one_was_going(
    sign_in: SignIn, totp: pyotp.TOTP, clock_on_the_wall: Clock
) -> None:
    clock_on_the_wall.now += timedelta(minutes=2)
    visitor = sign_in()
    visitor.get(password(visitor))
    wrong = visitor.post("/log-ind/kode", {"code": "000000", "videre": "/maal"}, status=422)
    assert second_factor.WRONG in main(wrong)
    code = {"code": totp.at(clock_on_the_wall.now), "videre": "/maal"}
    assert visitor.post("/log-ind/kode", code).headers["location"] == "/maal"
    visitor.get("/maal")
    assert "between" not in visitor.client.cookies


def test_a_code_without_a_password_is_sent_back(sign_in: SignIn, totp: pyotp.TOTP) -> None:
    visitor = sign_in()
    visitor.get("/log-ind")
    assert visitor.post("/log-ind/kode", {"code": totp.at(NOW)}).headers["location"] == "/log-ind"
    for forged in ("1", "1.9999999999.", f"1.9999999999.{'a' * 64}", "x.y.z", "9" * 30 + ".9999999999.aa"):
        visitor.client.cookies.set("between", forged)
        assert visitor.post("/log-ind/kode", {"code": totp.at(NOW)}).headers["location"] == "/log-ind"
        assert visitor.get("/log-ind/kode", status=303).headers["location"] == "/log-ind"


def test_ten_minutes_later_or_after_a_new_password_one_begins_again(
    sign_in: SignIn, totp: pyotp.TOTP, clock_on_the_wall: Clock, database: Database
) -> None:
    visitor = sign_in()
    visitor.get(password(visitor))
    clock_on_the_wall.now += timedelta(minutes=11)
    assert visitor.get("/log-ind/kode", status=303).headers["location"] == "/log-ind"
    visitor.get(password(visitor))
    with database.write() as db:
        actions.set_password(db, user=by_email(db, ANNA), password=NEW)
    assert visitor.get("/log-ind/kode", status=303).headers["location"] == "/log-ind"


def test_guessing_codes_is_slowed(sign_in: SignIn, totp: pyotp.TOTP, clock_on_the_wall: Clock) -> None:
    visitor = sign_in()
    visitor.get(password(visitor))
    tried = [visitor.client.post("/log-ind/kode", data={"csrf": visitor.csrf, "code": f"{n:06}"}).status_code
             for n in range(30)]  # fmt: skip
    assert tried.count(422) == 10
    assert set(tried[10:]) == {429}
    clock_on_the_wall.now += timedelta(minutes=2)
    code = {"code": totp.at(clock_on_the_wall.now)}
    assert visitor.post("/log-ind/kode", code).headers["location"] == "/"


def test_a_role_that_must_have_one_sets_it_up_before_it_comes_in(app: FastAPI, sign_in: SignIn) -> None:
    settings = house(app).settings.model_copy(update={"second_factor": ["admin"]})
    house(app).settings = settings
    visitor = sign_in()
    assert password(visitor, ANNA) == "/maal", "her role need not"
    visitor = sign_in()
    page = visitor.get(password(visitor, ADAM))
    assert "data:image/svg+xml" in page.text
    visitor.get("/", status=303)
    found = re.search(r'<strong class="typed">([A-Z2-7 ]+)</strong>', page.text)
    assert found
    assert "ikke rigtig" in main(visitor.post("/log-ind/kode-app", {"code": "1"}, status=422))
    totp = pyotp.TOTP(found[1].replace(" ", ""))
    done = visitor.post("/log-ind/kode-app", {"code": totp.at(NOW), "videre": "/maal"}, status=200)
    assert len(re.findall(r"[0-9a-f]{5}-[0-9a-f]{5}", done.text)) == second_factor.CODES
    visitor.get("/maal")
    said = main(visitor.post(f"{HOME}/kode-app/fjern", {"remove_password": PASSWORD}, status=422))
    assert "Du skal have en kode-app." in said


def test_one_sets_it_up_and_takes_it_away_oneself(sign_in: SignIn, database: Database) -> None:
    anna = sign_in(ANNA)
    anna.get(HOME)
    page = anna.follow(anna.post(f"{HOME}/kode-app"))
    found = re.search(r'<strong class="typed">([A-Z2-7 ]+)</strong>', page.text)
    assert found
    totp = pyotp.TOTP(found[1].replace(" ", ""))
    shown = anna.post(f"{HOME}/kode-app/bekraeft", {"code": totp.at(NOW)}, status=200)
    assert len(re.findall(r"[0-9a-f]{5}-[0-9a-f]{5}", shown.text)) == second_factor.CODES
    assert "Du har 10 koder på papir tilbage." in main(anna.get(HOME))
    for path, field in (("koder", "codes_password"), ("kode-app/fjern", "remove_password")):
        assert "Adgangskoden er ikke rigtig." in main(anna.post(f"{HOME}/{path}", {field: "x"}, status=422))
    anna.post(f"{HOME}/koder", {"codes_password": PASSWORD}, status=200)
    anna.post(f"{HOME}/kode-app/fjern", {"remove_password": PASSWORD})
    with database.read() as db:
        assert second_factor.factor_of(db, by_email(db, ANNA)) is None


def test_an_administrator_helps_whoever_lost_the_telephone(
    sign_in: SignIn, totp: pyotp.TOTP, database: Database, town: object
) -> None:
    adam = sign_in(ADAM)
    with database.read() as db:
        key = by_email(db, ANNA).id
    adam.get(f"/opsaetning/brugere/{key}")
    adam.post(f"/opsaetning/brugere/{key}/kode-app/fjern")
    assert password(sign_in()) == "/maal"
    assert letters(database, ANNA)[-1].subject.startswith("Kode-appen er fjernet")


# --- The link -----------------------------------------------------------------------------------


def ask(visitor: Visitor, email: str) -> str:
    visitor.get("/glemt")
    return main(visitor.post("/glemt", {"email": email}, status=200))


def test_a_forgotten_password_is_chosen_anew_by_a_link_that_works_once(
    sign_in: SignIn, database: Database
) -> None:
    anna, visitor = sign_in(ANNA), sign_in()
    ask(visitor, ANNA)
    address = link_in(letters(database, ANNA)[-1])
    for _ in range(5):
        visitor.client.head(address)
        answer = visitor.get(address)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "ikke ens" in main(visitor.post(address, {"new": NEW, "again": "noget andet"}, status=422))
    assert "mindst 12 tegn" in main(visitor.post(address, {"new": "kort", "again": "kort"}, status=422))
    assert visitor.post(address, {"new": NEW, "again": NEW}).headers["location"] == "/log-ind"
    anna.get("/", status=303)
    visitor.get(address, status=404)
    visitor.post(address, {"new": NEW + "!", "again": NEW + "!"}, status=404)
    assert password(sign_in(), said=NEW) == "/maal"
    assert letters(database, ANNA)[-1].subject.startswith("Adgangskoden er ændret")


def test_nobody_is_told_who_is_a_user(sign_in: SignIn, database: Database) -> None:
    before = len(letters(database, CLOSED))
    said = {ask(sign_in(), email) for email in (ANNA, CLOSED, "ingen@kommune.test", "x@" + "y" * 4000)}
    assert len(said) == 1
    assert len(letters(database, CLOSED)) == before
    assert not letters(database, "ingen@kommune.test")


def test_a_link_ends_with_the_hour_with_the_next_link_and_with_the_user(
    sign_in: SignIn, database: Database, clock_on_the_wall: Clock
) -> None:
    visitor = sign_in()
    ask(visitor, BO)
    first = link_in(letters(database, BO)[-1])
    ask(visitor, BO)
    second = link_in(letters(database, BO)[-1])
    visitor.get(first, status=404)
    visitor.get(second)
    clock_on_the_wall.now += timedelta(minutes=61)
    visitor.get(second, status=404)
    ask(visitor, ADAM)
    with database.write() as db:
        actions.close_user(db, user=by_email(db, ADAM), now=NOW)
    visitor.get(link_in(letters(database, ADAM)[-1]), status=404)
    visitor.get("/ny-adgangskode/" + "a" * 43, status=404)


def test_the_database_keeps_only_a_hash_of_the_link(sign_in: SignIn, database: Database) -> None:
    ask(sign_in(), ANNA)
    token = link_in(letters(database, ANNA)[-1]).rpartition("/")[2]
    assert len(token) >= 43
    with database.read() as db:
        assert token not in str(db.execute(select(SignInLink.__table__)).all())


def test_asking_again_and_again_is_slowed(sign_in: SignIn, database: Database) -> None:
    visitor = sign_in()
    visitor.get("/glemt")
    asked = [visitor.client.post("/glemt", data={"csrf": visitor.csrf, "email": ANNA}).status_code
             for _ in range(30)]  # fmt: skip
    assert (asked.count(200), asked.count(429)) == (10, 20)


def test_a_new_user_is_invited_to_choose_and_the_administrator_never_sees_it(
    sign_in: SignIn, database: Database
) -> None:
    adam = sign_in(ADAM)
    adam.get("/opsaetning/brugere")
    adam.post("/opsaetning/brugere", {"email": "ny@kommune.test", "name": "Ny Kollega", "role": "consultant"})
    with database.read() as db:
        key = by_email(db, "ny@kommune.test").id
    adam.post(f"/opsaetning/brugere/{key}/link")
    (mail,) = letters(database, "ny@kommune.test")
    assert mail.subject == "Velkommen til Én indgang"
    visitor = sign_in()
    visitor.get(link_in(mail))
    visitor.post(link_in(mail), {"new": NEW, "again": NEW})
    assert password(sign_in(), "ny@kommune.test", NEW) == "/maal"


# --- Where one is signed in ---------------------------------------------------------------------


def test_one_sees_where_one_is_signed_in_and_ends_it(sign_in: SignIn, database: Database) -> None:
    here = sign_in()
    here.client.headers["user-agent"] = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"
    password(here)
    there, third = sign_in(ANNA), sign_in(ANNA)
    said = main(here.get(HOME))
    assert "Firefox på Windows" in said
    assert said.count("Denne browser") == 1
    with database.read() as db:
        keys = list(db.scalars(select(UserSession.id).order_by(UserSession.id)))
        other = keys[1]
    here.post(f"{HOME}/steder/{other}/slut")
    there.get("/", status=303)
    third.get("/")
    here.post(f"{HOME}/steder/andre")
    third.get("/", status=303)
    here.get("/")


def test_nobody_ends_a_colleagues_session(sign_in: SignIn, database: Database) -> None:
    anna, bo = sign_in(ANNA), sign_in(BO)
    with database.read() as db:
        hers = db.scalars(select(UserSession.id).where(UserSession.user_id == by_email(db, ANNA).id)).one()
    bo.get(HOME)
    bo.post(f"{HOME}/steder/{hers}/slut", status=404)
    anna.get("/")
