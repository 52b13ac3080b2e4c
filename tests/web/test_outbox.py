"""The administrator sees the outbox, tries again and cancels; nobody else comes near it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI

from crm.db import Database
from crm.outbox import actions
from crm.outbox.models import Mail, MailState
from crm.settings import Settings
from scripts.mail import send_due
from tests.conftest import NOW
from tests.fingerprint import fingerprint
from tests.post_office import PostOffice, opened
from tests.statements import counted
from tests.town import ADAM, ANNA, MONA
from tests.web.conftest import SignIn, main

HOME = "/opsaetning/post"
FORMS = (f"{HOME}/{{}}/proev", f"{HOME}/{{}}/annuller", f"{HOME}/proev-alle")


@pytest.fixture
def office(app: FastAPI) -> Iterator[PostOffice]:
    """A mail server, which the house knows."""
    with opened() as office:
        house = app.state.house
        house.settings = house.settings.model_copy(
            update={"smtp_url": Settings(smtp_url=office.url).smtp_url}
        )
        yield office


def put(database: Database, number: int = 1, state: MailState = MailState.QUEUED, **values: object) -> int:
    with database.write() as db:
        mail = actions.put(
            db,
            act=f"handover:{number}",
            to=f"bo{number}@kommune.test",
            subject=f"Ny virksomhed nr. {number}",
            body="En fortrolig tekst",
            now=NOW,
        )
        mail.state = state
        mail.sent_at = NOW if state == MailState.SENT else None
        for name, value in values.items():
            setattr(mail, name, value)
        return mail.id


def state(database: Database, id: int) -> str:
    with database.read() as db:
        return db.get_one(Mail, id).state


def test_an_empty_outbox_says_so_and_that_there_is_no_server(sign_in: SignIn) -> None:
    page = main(sign_in(ADAM).get(HOME))
    assert "Ingen mails venter" in page
    assert "ingen mailserver" in page
    assert "Kunne ikke sendes" not in page


def test_what_waits_what_failed_and_what_was_sent_is_there_without_the_words(
    sign_in: SignIn, database: Database, office: PostOffice
) -> None:
    put(database, 1)
    put(database, 2, MailState.FAILED, attempts=6, last_error="Modtageren blev afvist: 550 Ukendt <her>")
    put(database, 3, MailState.SENT)
    put(database, 4, MailState.CANCELLED)
    put(database, 5, MailState.SENDING, leased_until=NOW + timedelta(minutes=15), attempts=1)
    put(database, 6, next_try_at=NOW + timedelta(minutes=30), attempts=2, last_error="Svarer ikke.")
    answer = sign_in(ADAM).get(HOME)
    page = main(answer)
    for number in range(1, 7):
        assert f"Ny virksomhed nr. {number} bo{number}@kommune.test" in page
    for said in ("550 Ukendt &lt;her&gt;", "Svarer ikke.", "Sendt i dag 10.00", "Annulleret", "Sendes nu",
                 "i dag 10.30", "ved næste lejlighed"):  # fmt: skip
        assert said in page
    assert "mailserver" not in page
    assert "fortrolig" not in answer.text


def test_a_failed_mail_is_tried_again_and_arrives(
    sign_in: SignIn, database: Database, office: PostOffice
) -> None:
    id = put(database, state=MailState.FAILED, attempts=6, last_error="Svarer ikke.")
    visitor = sign_in(ADAM)
    visitor.get(HOME)
    answer = visitor.follow(visitor.post(f"{HOME}/{id}/proev"))
    assert "Mailen sendes ved næste lejlighed." in main(answer)
    assert send_due(database, Settings(smtp_url=office.url), NOW) == 1
    assert len(office.letters) == 1
    assert "Sendt i dag" in main(visitor.get(HOME))


def test_a_mail_that_pauses_can_be_sent_now(sign_in: SignIn, database: Database, office: PostOffice) -> None:
    id = put(database, next_try_at=NOW + timedelta(hours=8), attempts=5)
    assert send_due(database, Settings(smtp_url=office.url), NOW) == 0
    visitor = sign_in(ADAM)
    visitor.post(f"{HOME}/{id}/proev")
    assert send_due(database, Settings(smtp_url=office.url), NOW) == 1


def test_a_cancelled_mail_is_not_sent_unless_asked_for_again(
    sign_in: SignIn, database: Database, office: PostOffice
) -> None:
    id = put(database)
    visitor = sign_in(ADAM)
    assert "Mailen bliver ikke sendt." in main(visitor.follow(visitor.post(f"{HOME}/{id}/annuller")))
    assert send_due(database, Settings(smtp_url=office.url), NOW + timedelta(days=1)) == 0
    visitor.post(f"{HOME}/{id}/proev")
    assert send_due(database, Settings(smtp_url=office.url), NOW) == 1


def test_all_failed_mails_are_tried_again_at_once(
    sign_in: SignIn, database: Database, office: PostOffice
) -> None:
    for number in range(3):
        put(database, number, MailState.FAILED)
    visitor = sign_in(ADAM)
    answer = visitor.follow(visitor.post(f"{HOME}/proev-alle"))
    assert "3 mails prøves igen nu." in main(answer)
    assert send_due(database, Settings(smtp_url=office.url), NOW) == 3


@pytest.mark.parametrize("action", ["proev", "annuller"])
def test_what_is_sent_or_under_way_stays_as_it_is(
    sign_in: SignIn, database: Database, office: PostOffice, action: str
) -> None:
    sent = put(database, 1, MailState.SENT)
    under_way = put(database, 2, MailState.SENDING, leased_until=NOW + timedelta(minutes=15))
    visitor = sign_in(ADAM)
    assert "sendt" in main(visitor.post(f"{HOME}/{sent}/{action}", status=409))
    assert "ved at blive sendt" in main(visitor.post(f"{HOME}/{under_way}/{action}", status=409))
    assert (state(database, sent), state(database, under_way)) == ("sent", "sending")


def test_mails_that_nobody_sends_are_noticed(sign_in: SignIn, database: Database, office: PostOffice) -> None:
    put(database, 1, next_try_at=NOW - timedelta(minutes=9))
    assert "enindgang work" not in main(sign_in(ADAM).get(HOME))
    put(database, 2, next_try_at=NOW - timedelta(minutes=11))
    assert "enindgang work" in main(sign_in(ADAM).get(HOME))


@pytest.mark.parametrize("who", [ANNA, MONA])
def test_only_administrators_see_the_outbox_and_a_refusal_changes_nothing(
    sign_in: SignIn, database: Database, who: str
) -> None:
    id = put(database, state=MailState.FAILED)
    visitor = sign_in(who)
    before = fingerprint(database)
    visitor.get(HOME, status=403)
    for form in FORMS:
        visitor.post(form.format(id), status=403)
    assert fingerprint(database) == before
    if who == MONA:
        assert HOME not in visitor.get("/opsaetning").text


def test_a_form_from_elsewhere_or_of_nobody_changes_nothing(sign_in: SignIn, database: Database) -> None:
    id = put(database, state=MailState.FAILED)
    admin, stranger = sign_in(ADAM), sign_in()
    before = fingerprint(database)
    for form in FORMS:
        admin.csrf = "0" * 64  # A visitor takes the token of every page it is shown, also of a refusal.
        admin.post(form.format(id), status=403)
        assert stranger.post(form.format(id)).headers["location"].startswith("/log-ind")
    assert fingerprint(database) == before


@pytest.mark.parametrize("id", ["4711", "99999999999999999999"])
def test_a_mail_that_is_not_there_is_not_found(sign_in: SignIn, id: str) -> None:
    for form in FORMS[:2]:
        sign_in(ADAM).post(form.format(id), status=404)


def test_the_administrator_finds_it_under_setup(sign_in: SignIn) -> None:
    assert f'href="{HOME}"' in sign_in(ADAM).get("/opsaetning").text


def test_the_page_asks_a_fixed_number_and_says_how_many_it_leaves_out(
    sign_in: SignIn, database: Database, office: PostOffice
) -> None:
    visitor = sign_in(ADAM)
    visitor.get(HOME)  # The first page of all also asks whether this is a demo.

    def asked() -> int:
        with counted(database) as seen:
            visitor.get(HOME)
        return len(seen)

    few = asked()
    for number in range(60):
        put(database, number)
        put(database, 100 + number, MailState.FAILED)
        put(database, 200 + number, MailState.SENT)
    assert asked() == few <= 12
    assert main(visitor.get(HOME)).count("Og 10 til.") == 2
