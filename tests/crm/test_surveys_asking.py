"""Who is asked, when, and never too often: one question after a closed recruitment request, one reminder."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from crm.companies import actions as companies
from crm.db import Database, Session
from crm.outbox.models import Mail
from crm.requests import actions as requests
from crm.requests.models import Request
from crm.surveys.models import SurveyInvitation, SurveyLink, SurveyReply
from crm.surveys.queries import opened
from crm.tables import metadata
from tests.conftest import NOW, TODAY
from tests.crm.surveying import DAY, HOUR, asked, closed, consultant, firm, open_by, replied, tokens


def _count(database: Database, table: type[SurveyInvitation | SurveyLink | SurveyReply | Mail]) -> int:
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


def _invitations(db: Session) -> list[SurveyInvitation]:
    return list(db.scalars(select(SurveyInvitation).order_by(SurveyInvitation.id)))


# --- After a request ----------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["resolved", "unresolved"])
def test_the_contact_of_a_closed_recruitment_request_is_asked_once(database: Database, state: str) -> None:
    with database.write() as db:
        request = closed(db, *firm(db), state=state)
    assert [asked(database), asked(database), asked(database, NOW + 3 * HOUR)] == [1, 0, 0]
    with database.read() as db:
        [mail] = db.scalars(select(Mail))
        [invitation] = _invitations(db)
        assert (mail.act, mail.recipient) == (f"survey:{invitation.id}", "lone0@firma.test")
        assert "Hej Lone\n" in mail.body
        assert "»Det var nemt at samarbejde med kommunen om rekruttering«" in mail.body
        assert mail.body.count("http") == 1
        assert "til og med 23. december 2026" in mail.body
        assert "ikke anonymt" in mail.body
        assert (invitation.request_id, invitation.asked_on) == (request.id, TODAY)
        assert (invitation.expires_on, invitation.quiet_until) == (date(2026, 12, 23), date(2027, 5, 23))


@pytest.mark.parametrize(
    "what",
    [
        "withdrawn",
        "another kind",
        "nobody",
        "no mail",
        "no address",
        "ended",
        "reopened",
        "too new",
        "too old",
        "off",
    ],
)
def test_nobody_is_asked_about(database: Database, what: str) -> None:
    at = {"too new": NOW + 90 * 60 * DAY / 86400, "too old": NOW - 15 * DAY}.get(what, NOW)
    with database.write() as db:
        email = {"no mail": None, "no address": "lone ved firma@"}.get(what, "lone@firma.test")
        company, contact = firm(db, email=email)
        request = closed(
            db, company, None if what == "nobody" else contact, at=at,
            state="withdrawn" if what == "withdrawn" else "resolved",
            kind="guidance" if what == "another kind" else "recruitment",
        )  # fmt: skip
        if what == "ended":
            companies.end_contact(db, contact=contact, on=TODAY)
        if what == "reopened":
            requests.move(db, request=request, to="in_progress", by=consultant(db), now=NOW + HOUR / 2)
    assert asked(database, survey_after_requests=what != "off") == 0
    assert _count(database, SurveyInvitation) == _count(database, Mail) == 0


def test_a_request_closed_by_mistake_asks_only_when_it_is_closed_for_good(database: Database) -> None:
    with database.write() as db:
        request = closed(db, *firm(db))
    assert asked(database, NOW + HOUR / 2) == 0
    with database.write() as db:
        request = db.get_one(Request, request.id)
        requests.move(db, request=request, to="in_progress", by=consultant(db), now=NOW + HOUR / 2)
    assert asked(database, NOW + 5 * HOUR) == 0
    with database.write() as db:
        requests.move(
            db, request=db.get_one(Request, request.id), to="resolved", by=consultant(db), now=NOW + 6 * HOUR
        )
    assert [asked(database, NOW + hours * HOUR) for hours in (6, 7, 8)] == [0, 1, 0]


def test_a_request_that_is_closed_again_is_not_asked_about_again(database: Database) -> None:
    with database.write() as db:
        request = closed(db, *firm(db))
    assert asked(database, survey_months=1) == 1
    with database.write() as db:
        request = db.get_one(Request, request.id)
        requests.move(db, request=request, to="in_progress", by=consultant(db), now=NOW + 60 * DAY)
        requests.move(db, request=request, to="resolved", by=consultant(db), now=NOW + 61 * DAY)
    assert asked(database, NOW + 62 * DAY, survey_months=1) == 0


# --- Not too often ------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "expected"), [(0, 0), (90, 0), (180, 0), (181, 1), (300, 1)])
def test_a_company_is_asked_once_in_so_many_months(database: Database, days: int, expected: int) -> None:
    with database.write() as db:
        company, contact = firm(db)
        closed(db, company, contact)
        closed(db, company, contact, at=NOW + days * DAY + HOUR)
    assert asked(database) == 1
    assert asked(database, NOW + days * DAY + 3 * HOUR, survey_reminder_days=0) == expected


def _at_once(url: str, workers: int, now: datetime) -> list[int]:
    begin, found, trouble = threading.Barrier(workers), list[int](), list[str]()

    def work() -> None:
        mine = Database(url)
        begin.wait()
        try:
            found.append(asked(mine, now))
        except Exception as error:
            trouble.append(repr(error))
        mine.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert trouble == []
    return found


def test_workers_at_once_ask_a_company_once_and_send_one_mail(database: Database) -> None:
    with database.write() as db:
        for number in range(12):
            company, contact = firm(db, number)
            for _ in range(3):
                closed(db, company, contact)
    assert sum(_at_once(database.url, 4, NOW + 2 * HOUR)) == 12
    with database.read() as db:
        assert len({each.company_id for each in _invitations(db)}) == len(_invitations(db)) == 12
    assert _count(database, SurveyLink) == _count(database, Mail) == 12


def test_workers_at_once_remind_once(database: Database) -> None:
    with database.write() as db:
        for number in range(12):
            closed(db, *firm(db, number))
    assert asked(database) == 12
    assert sum(_at_once(database.url, 4, NOW + 8 * DAY)) == 12
    assert _count(database, SurveyLink) == _count(database, Mail) == 24


# --- One reminder -------------------------------------------------------------------------------


def test_a_reminder_comes_once_and_its_link_and_the_first_open_the_same(database: Database) -> None:
    with database.write() as db:
        closed(db, *firm(db))
    days = range(29)
    assert [asked(database, NOW + 2 * HOUR + day * DAY) for day in days] == [
        int(day in {0, 7}) for day in days
    ]
    with database.read() as db:
        links = tokens(db)
        assert len(links) == 2
        first, second = (open_by(db, token).invitation.id for token in links.values())
        assert first == second
    replied(database, links[f"survey:{first}"])
    with database.read() as db:
        assert open_by(db, links[f"survey-reminder:{first}"]).reply


def test_nobody_who_answered_is_reminded_and_none_where_the_house_sends_none(database: Database) -> None:
    with database.write() as db:
        for number in range(2):
            closed(db, *firm(db, number))
    assert asked(database) == 2
    with database.read() as db:
        first, _ = tokens(db).values()
    replied(database, first)
    assert asked(database, NOW + 20 * DAY, survey_reminder_days=0) == 0
    assert asked(database, NOW + 20 * DAY) == 1


def test_a_request_that_was_taken_up_again_is_not_reminded_of(database: Database) -> None:
    with database.write() as db:
        request = closed(db, *firm(db))
    assert asked(database) == 1
    with database.write() as db:
        requests.move(
            db,
            request=db.get_one(Request, request.id),
            to="in_progress",
            by=consultant(db),
            now=NOW + 3 * DAY,
        )
    assert asked(database, NOW + 9 * DAY) == 0


# --- The secret ---------------------------------------------------------------------------------


def test_the_secret_of_a_link_stands_in_its_mail_and_nowhere_else(database: Database) -> None:
    with database.write() as db:
        closed(db, *firm(db))
    asked(database)
    asked(database, NOW + 8 * DAY)
    with database.read() as db:
        secrets = list(tokens(db).values())
        found = {
            f"{table.name}.{column}"
            for table in metadata.sorted_tables
            for row in db.execute(select(table)).mappings()
            for column, value in row.items()
            if any(secret in str(value) for secret in secrets)
        }
    assert found == {"mail.body"}


def test_secrets_are_long_and_unlike_each_other_and_no_other_text_opens_anything(database: Database) -> None:
    with database.write() as db:
        for number in range(40):
            closed(db, *firm(db, number))
    assert asked(database) == 40
    with database.read() as db:
        secrets = list(tokens(db).values())
        assert len(set(secrets)) == 40
        # 43 signs of 64 kinds hold 256 bits.
        assert {len(secret) for secret in secrets} == {43}
        for position in range(43):
            assert len({secret[position] for secret in secrets}) > 5
        one = secrets[0]
        kept = db.scalars(select(SurveyLink.token_hash)).first() or ""
        for guess in (
            "",
            one[:-1],
            one + "A",
            one.swapcase(),
            kept,
            "%",
            "A" * 43,
            "x" * 10_000,
            "\x00",
            "\ud800",
        ):
            assert opened(db, guess) is None


def test_the_words_in_the_outbox_lose_the_link_when_the_mail_is_sent(database: Database) -> None:
    from crm.outbox import actions as outbox

    with database.write() as db:
        closed(db, *firm(db))
    asked(database)
    with database.write() as db:
        mail = outbox.lease(db, now=NOW + 2 * HOUR)
        assert mail
        outbox.record_sent(db, mail=mail, now=NOW + 2 * HOUR)
    with database.read() as db:
        assert tokens(db) == {}
        assert "/svar/…" in db.scalars(select(Mail.body)).one()


def test_a_quiet_look_takes_no_writing_turn(database: Database) -> None:
    """The worker asks every few seconds; most often there is nothing to do, and then nobody waits for it."""
    other = Database(database.url)
    with database.write() as db:
        db.execute(text("UPDATE installation SET is_demo = 0"))
        done: list[int] = []
        thread = threading.Thread(target=lambda: done.append(asked(other)))
        thread.start()
        thread.join(timeout=10)
        assert done == [0]
    other.close()


def test_a_day_begins_where_the_house_is(database: Database) -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=NOW.tzinfo)
    with database.write() as db:
        closed(db, *firm(db), at=late - 2 * HOUR)
    assert asked(database, late) == 1
    with database.read() as db:
        assert _invitations(db)[0].asked_on == TODAY + timedelta(days=1)
