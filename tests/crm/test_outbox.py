"""A mail is there if its act was committed, once for each person, and goes its way in steps."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from crm import audit
from crm.audit import AuditEvent
from crm.db import Database, Session
from crm.errors import Conflict, NotFound, Refused
from crm.outbox import actions, queries
from crm.outbox.actions import INTERRUPTED, LEASE, PAUSES
from crm.outbox.models import Mail, MailState
from tests.conftest import NOW, add_company, add_user

MINUTE = timedelta(minutes=1)


def put(db: Session, number: int = 1, to: str = "bo@kommune.test", now: datetime = NOW) -> Mail:
    """A mail about the number-th act."""
    return actions.put(db, act=f"handover:{number}", to=to, subject="Ny virksomhed", body="Hej Bo", now=now)


def leased(database: Database, now: datetime) -> Mail | None:
    with database.write("worker") as db:
        return actions.lease(db, now=now)


def trouble(database: Database, mail: Mail, now: datetime, *, final: bool = False) -> None:
    with database.write("worker") as db:
        actions.record_trouble(db, mail=mail, error="Svarer ikke.", final=final, now=now)


def stored(database: Database, id: int) -> Mail:
    with database.read() as db:
        return db.get_one(Mail, id)


# --- Put down with the act ----------------------------------------------------------------------


def test_a_mail_is_there_when_its_act_is_committed(database: Database) -> None:
    with database.write("anna@kommune.test") as db:
        anna = add_user(db)
        db.info["user_id"] = anna.id
        add_company(db, responsible=anna)
        mail = put(db)
    found = stored(database, mail.id)
    assert (found.state, found.attempts, found.next_try_at, found.by_id) == ("queued", 0, NOW, anna.id)


def test_an_act_that_is_rolled_back_leaves_no_mail(database: Database) -> None:
    def act() -> None:
        with database.write() as db:
            put(db)
            raise Conflict("Det gik ikke.")

    with pytest.raises(Conflict):
        act()
    with database.read() as db:
        assert db.scalars(select(Mail)).all() == []


def test_the_same_person_is_told_of_the_same_act_once(database: Database) -> None:
    with database.write() as db:
        first = put(db)
        assert put(db, to=" Bo@Kommune.TEST ") is first
    with database.write() as db:
        assert put(db).id == first.id
        assert put(db, to="mona@kommune.test").id != first.id
        assert put(db, number=2).id != first.id


def test_what_was_sent_failed_or_cancelled_is_not_put_again(database: Database) -> None:
    for number, state in enumerate((MailState.SENT, MailState.FAILED, MailState.CANCELLED)):
        with database.write() as db:
            mail = put(db, number)
            mail.state, mail.sent_at = state, NOW if state == MailState.SENT else None
        with database.write() as db:
            again = put(db, number)
            assert (again.id, again.state) == (mail.id, state)


@pytest.mark.parametrize("first_is_kept", [True, False])
def test_two_who_tell_of_the_same_act_at_once_make_one_mail(database: Database, first_is_kept: bool) -> None:
    begun, ids = threading.Event(), []

    def first() -> None:
        with suppress(Conflict), database.write() as db:
            mine = put(db).id
            begun.set()
            time.sleep(0.3)
            if not first_is_kept:
                raise Conflict("Fortrudt.")
            ids.append(mine)

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(10)
    with database.write() as db:
        ids.append(put(db).id)
    thread.join()
    with database.read() as db:
        assert db.scalars(select(Mail.id)).all() == sorted(set(ids))
    assert len(set(ids)) == 1


def test_the_database_refuses_a_second_mail_to_the_same_person_about_the_same_act(database: Database) -> None:
    with database.write() as db:
        mail = put(db)
    twin = (
        "INSERT INTO mail (act, recipient, subject, body, state, attempts, next_try_at, created_at) "
        "SELECT act, recipient, subject, body, state, attempts, next_try_at, created_at FROM mail"
    )
    with pytest.raises(IntegrityError), database.write() as db:
        db.execute(text(twin))
    assert stored(database, mail.id).state == MailState.QUEUED


BREAKS = {
    "a sent mail queued again": "UPDATE mail SET state = 'queued', sent_at = NULL WHERE state = 'sent'",
    "a state nobody knows": "UPDATE mail SET state = 'lost' WHERE state = 'queued'",
    "being sent by nobody": "UPDATE mail SET state = 'sending' WHERE state = 'queued'",
    "waiting, yet leased": "UPDATE mail SET leased_until = created_at WHERE state = 'queued'",
    "sent at no time": "UPDATE mail SET state = 'sent' WHERE state = 'queued'",
    "fewer than no attempts": "UPDATE mail SET attempts = -1",
}


@pytest.mark.parametrize("statement", BREAKS.values(), ids=BREAKS.keys())
def test_the_database_refuses(database: Database, statement: str) -> None:
    with database.write() as db:
        put(db, 1)
        sent = put(db, 2)
        sent.state, sent.sent_at = MailState.SENT, NOW
    with pytest.raises(DBAPIError), database.write() as db:
        db.execute(text(statement))


@pytest.mark.parametrize(
    "to",
    [
        "",
        "bo",
        "bo@kommune",
        "bo@@kommune.test",
        "@kommune.test",
        "bo@kommune.test\r\nBcc: alle@kommune.test",
        "bo@kommune.test\n",
        "bo\r@kommune.test",
        "bo@kommune.test, mona@kommune.test",
        "Bo <bo@kommune.test>",
        "bo@kommune..test",
        f"{'b' * 65}@kommune.test",
        f"bo@{'k' * 64}.test",
        f"bo@{'k.' * 130}test",
        "bo\u2028@kommune.test",
        "bo\x00@kommune.test",
    ],
)
def test_an_address_that_is_none_or_more_is_refused(db: Session, to: str) -> None:
    with pytest.raises(Refused) as refusal:
        put(db, to=to)
    assert refusal.value.field == "to"


@pytest.mark.parametrize("to", ["bo.æble@kommune.test", "bo@ærø.test", "b+o@post.kommune.test"])
def test_danish_letters_and_plus_are_fine(db: Session, to: str) -> None:
    assert put(db, to=to).recipient == to


def test_a_subject_is_one_line(db: Session) -> None:
    mail = actions.put(
        db, act="a:1", to="bo@kommune.test", subject=" Ny\r\nBcc: alle@kommune.test ", body="Hej", now=NOW
    )
    assert mail.subject == "Ny Bcc: alle@kommune.test"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("body", "070761-4285"),
        ("subject", "070761-4285"),
        ("body", " "),
        ("subject", "\n"),
        ("body", "x" * 20_001),
    ],
)
def test_a_mail_with_a_cpr_number_or_without_words_is_refused(db: Session, field: str, words: str) -> None:
    texts = {"subject": "Emne", "body": "Tekst"} | {field: words}
    with pytest.raises(Refused) as refusal:
        actions.put(db, act="a:1", to="bo@kommune.test", now=NOW, **texts)
    assert refusal.value.field == field


# --- Leased, sent, tried again ------------------------------------------------------------------


def test_a_mail_is_leased_by_one_worker_until_the_lease_runs_out(database: Database) -> None:
    with database.write() as db:
        put(db)
    first = leased(database, NOW)
    assert first
    assert (first.state, first.attempts, first.leased_until) == ("sending", 1, NOW + LEASE)
    assert leased(database, NOW + LEASE - MINUTE) is None
    again = leased(database, NOW + LEASE)
    assert again
    assert (again.id, again.attempts) == (first.id, 2)


def test_what_is_not_due_is_left_alone_and_the_oldest_comes_first(database: Database) -> None:
    with database.write() as db:
        put(db, 1, now=NOW + MINUTE)
        older = put(db, 2, now=NOW - MINUTE)
        put(db, 3, now=NOW)
    first = leased(database, NOW)
    assert first
    assert first.id == older.id
    assert leased(database, NOW)
    assert leased(database, NOW) is None


def test_workers_that_lease_at_once_get_different_mails(database: Database) -> None:
    with database.write() as db:
        for number in range(8):
            put(db, number)
    got: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        for _ in range(2):
            with database.write() as db:
                mail = actions.lease(db, now=NOW)
                time.sleep(0.02)
            assert mail
            got.append(mail.id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(set(got))
    assert len(got) == 8


def test_the_pauses_grow_and_then_it_has_failed(database: Database) -> None:
    with database.write() as db:
        put(db)
    now, pauses = NOW, []
    while mail := leased(database, now):
        trouble(database, mail, now)
        found = stored(database, mail.id)
        pauses.append(found.next_try_at - now)
        if found.state == MailState.FAILED:
            break
        assert leased(database, found.next_try_at - timedelta(seconds=1)) is None
        now = found.next_try_at
    assert pauses[:-1] == list(PAUSES)
    assert [pause / MINUTE for pause in PAUSES] == [1, 5, 30, 120, 480]
    assert (found.state, found.attempts, found.last_error) == ("failed", 6, "Svarer ikke.")
    assert leased(database, now + timedelta(days=365)) is None


def test_what_was_refused_for_good_has_failed_at_once(database: Database) -> None:
    with database.write() as db:
        put(db)
    mail = leased(database, NOW)
    assert mail
    trouble(database, mail, NOW, final=True)
    assert (stored(database, mail.id).state, stored(database, mail.id).attempts) == ("failed", 1)


def test_a_worker_that_lost_its_lease_does_not_disturb_the_next_one(database: Database) -> None:
    with database.write() as db:
        put(db)
    late = leased(database, NOW)
    now = leased(database, NOW + LEASE)
    assert late
    assert now
    trouble(database, late, NOW + LEASE, final=True)
    assert stored(database, now.id).state == MailState.SENDING
    with database.write() as db:
        actions.record_sent(db, mail=late, now=NOW + LEASE)
    trouble(database, now, NOW + LEASE)
    found = stored(database, now.id)
    assert (found.state, found.sent_at, found.last_error) == ("sent", NOW + LEASE, None)


def test_a_mail_that_stops_every_worker_is_given_up(database: Database) -> None:
    with database.write() as db:
        poison, other = put(db, 1), put(db, 2, now=NOW + timedelta(days=1))
    now = NOW
    for _ in range(len(PAUSES) + 1):
        mail = leased(database, now)
        assert mail
        assert mail.id == poison.id
        now += LEASE
    assert leased(database, now) is None
    found = stored(database, poison.id)
    assert (found.state, found.last_error) == ("failed", INTERRUPTED)
    following = leased(database, NOW + timedelta(days=1))
    assert following
    assert following.id == other.id


def test_an_error_is_kept_in_a_form_that_can_be_kept(database: Database) -> None:
    with database.write() as db:
        put(db)
    mail = leased(database, NOW)
    assert mail
    with database.write() as db:
        said = "550 \x1b[31m 070761-4285 " + "x" * 900
        actions.record_trouble(db, mail=mail, error=said, final=True, now=NOW)
    kept = stored(database, mail.id).last_error or ""
    assert "070761" not in kept
    assert "\x1b" not in kept
    assert len(kept) <= 500


# --- What an administrator does -----------------------------------------------------------------


@pytest.mark.parametrize("state", [MailState.QUEUED, MailState.FAILED, MailState.CANCELLED])
def test_what_was_not_sent_can_be_tried_again(database: Database, state: MailState) -> None:
    with database.write() as db:
        mail = put(db, now=NOW + timedelta(days=1))
        mail.state, mail.attempts = state, 4
    with database.write("adam@kommune.test") as db:
        actions.retry(db, mail=queries.get(db, mail.id), now=NOW)
    again = leased(database, NOW)
    assert again
    assert (again.id, again.attempts) == (mail.id, 1)


@pytest.mark.parametrize("state", [MailState.QUEUED, MailState.FAILED])
def test_what_was_not_sent_can_be_cancelled(database: Database, state: MailState) -> None:
    with database.write() as db:
        mail = put(db)
        mail.state = state
    with database.write("adam@kommune.test") as db:
        actions.cancel(db, mail=queries.get(db, mail.id), now=NOW)
    assert leased(database, NOW + timedelta(days=1)) is None


def test_what_is_sent_or_under_way_is_out_of_reach(database: Database) -> None:
    with database.write() as db:
        sent, under_way = put(db, 1), put(db, 2)
        sent.state, sent.sent_at = MailState.SENT, NOW
        under_way.state, under_way.leased_until = MailState.SENDING, NOW + MINUTE
    for step in (actions.retry, actions.cancel):
        for mail in (sent, under_way):
            with pytest.raises(Conflict), database.write() as db:
                step(db, mail=queries.get(db, mail.id), now=NOW)
    with database.write() as db:
        # Nobody came back from it, so it may be stopped.
        actions.cancel(db, mail=queries.get(db, under_way.id), now=NOW + MINUTE)


def test_all_that_failed_can_be_tried_again_in_one_act(database: Database) -> None:
    with database.write() as db:
        for number in range(3):
            put(db, number).state = MailState.FAILED
        put(db, 3).state = MailState.CANCELLED
    with database.write() as db:
        assert actions.retry_failed(db, now=NOW) == 3
        assert queries.numbers(db) == (3, 0)


def test_a_mail_that_is_not_there_is_not_found(db: Session) -> None:
    with pytest.raises(NotFound):
        queries.get(db, 4711)


def test_the_log_knows_who_was_written_to_and_who_stopped_it_but_not_the_words(database: Database) -> None:
    with database.write("anna@kommune.test") as db:
        mail = put(db)
    assert leased(database, NOW)
    with database.write("worker") as db:
        actions.record_trouble(db, mail=mail, error="Nej.", final=True, now=NOW)
    with database.write("adam@kommune.test") as db:
        actions.cancel(db, mail=queries.get(db, mail.id), now=NOW + LEASE)
    with database.read() as db:
        events = db.scalars(select(AuditEvent).where(AuditEvent.object_kind == "mail")).all()
        assert [(each.actor, each.action) for each in events] == [
            ("anna@kommune.test", "create"),
            ("adam@kommune.test", "change"),
        ]
        assert events[0].payload["recipient"] == "bo@kommune.test"
        assert "body" not in events[0].payload
        assert list(audit.broken_links(db)) == []
