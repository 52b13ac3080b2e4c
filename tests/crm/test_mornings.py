"""The mail about the day: to those who want it, on the days they work, once, and never late."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from crm.access import actions as access
from crm.access.models import User
from crm.access.queries import by_email
from crm.companies.queries import by_cvr
from crm.day import actions
from crm.day.models import DayChoice
from crm.day.mornings import SHOWN, write_morning_mails
from crm.db import Database
from crm.interactions import actions as interactions
from crm.numbers import demo_cvr
from crm.outbox.models import Mail
from crm.responsibility.absences import actions as absences
from crm.settings import Settings
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.undone import at_once

SETTINGS = Settings(base_url="https://indgang.kommune.test", closed_days=["2026-11-27"])
# Monday 23 November, seven o'clock in Copenhagen.
SEVEN = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def anna(database: Database) -> User:
    """Anna wants the mail and has one thing to do; Bo wants none."""
    with database.write() as db:
        anna, bo = add_user(db, name="Anna Kildeskov"), add_user(db, "bo@kommune.test")
        company = add_company(db, 1, "Blovstrød Bageri ApS", responsible=anna)
        for owner in (anna, bo):
            interactions.promise(db, company=company, owner=owner, due=TODAY, text="Send profiler", now=NOW)
        actions.choose_morning_mail(db, user=anna, on=True)
    return anna


def _mails(database: Database) -> list[Mail]:
    with database.read() as db:
        return list(db.scalars(select(Mail).order_by(Mail.id)))


def _run(database: Database, now: datetime = SEVEN, settings: Settings = SETTINGS) -> int:
    return write_morning_mails(database, settings, now)


def test_whoever_wants_it_gets_the_day_in_short(database: Database, anna: User) -> None:
    assert _run(database) == 1
    (mail,) = _mails(database)
    assert (mail.act, mail.recipient, mail.subject) == (
        f"morning:{anna.id}:2026-11-23", "anna@kommune.test", "Din dag: 1 ting"
    )  # fmt: skip
    assert mail.body == (
        "Godmorgen Anna\n\nMandag 23. november: 1 ting at gøre.\n\n"
        "- I dag: Blovstrød Bageri ApS\n  Send profiler, i dag\n"
        f"  https://indgang.kommune.test/virksomheder/{demo_cvr(1)}\n\n"
        "Min dag: https://indgang.kommune.test/\n\n"
        "Vil du ikke have mailen mere? https://indgang.kommune.test/konto"
    )


def test_it_is_written_once_a_day_and_again_the_next(database: Database, anna: User) -> None:
    assert [_run(database, SEVEN + each) for each in (0 * MINUTE, MINUTE, 2 * 60 * MINUTE, DAY, DAY + MINUTE)] == [
        1, 0, 0, 1, 0
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hour", "minute", "written"), [(6, 59, 0), (7, 0, 1), (11, 59, 1), (12, 0, 0), (15, 0, 0), (23, 30, 0)]
)
def test_it_is_never_early_and_never_late(
    database: Database, anna: User, hour: int, minute: int, written: int
) -> None:
    local = datetime.combine(TODAY, time(hour, minute), SETTINGS.zone)
    assert _run(database, local.astimezone(UTC)) == written


def test_the_hour_is_that_of_the_house_in_summer_too(database: Database, anna: User) -> None:
    assert _run(database, datetime(2026, 6, 22, 4, 59, tzinfo=UTC)) == 0
    with database.write() as db:
        db.execute(text("UPDATE follow_up SET due = '2026-06-22'"))
    assert _run(database, datetime(2026, 6, 22, 5, 0, tzinfo=UTC)) == 1


def test_the_hour_is_a_setting_before_noon() -> None:
    assert Settings(morning_mail_at=time(8, 30)).morning_mail_at == time(8, 30)
    with pytest.raises(ValueError, match="noon"):
        Settings(morning_mail_at=time(12, 0))


@pytest.mark.parametrize(
    "day",
    [datetime(2026, 11, 28, 6, tzinfo=UTC), datetime(2026, 11, 29, 6, tzinfo=UTC),
     datetime(2026, 12, 25, 6, tzinfo=UTC), datetime(2027, 3, 25, 6, tzinfo=UTC),
     datetime(2026, 11, 27, 6, tzinfo=UTC)],
    ids=["Saturday", "Sunday", "Christmas", "Maundy Thursday", "closed by the house"],
)  # fmt: skip
def test_there_is_none_on_a_day_nobody_works(database: Database, anna: User, day: datetime) -> None:
    assert _run(database, day) == 0
    assert _mails(database) == []


def test_there_is_none_for_whoever_is_away(database: Database, anna: User) -> None:
    with database.write() as db:
        absences.add(
            db, user=by_email(db, anna.email), first_day=TODAY, last_day=TODAY, stand_in=None, by=anna, today=TODAY,
            now=NOW,
        )  # fmt: skip
    assert (_run(database), _run(database, SEVEN + DAY)) == (0, 1)


def test_there_is_none_about_an_empty_day_and_none_later_either(database: Database, anna: User) -> None:
    with database.write() as db:
        db.execute(text("UPDATE follow_up SET due = '2026-11-25'"))
    assert _run(database) == 0
    with database.write() as db:
        db.execute(text("UPDATE follow_up SET due = '2026-11-23'"))
    assert _run(database, SEVEN + 60 * MINUTE) == 0


def test_there_is_none_for_whoever_was_closed_or_changed_their_mind(database: Database, anna: User) -> None:
    with database.write() as db:
        actions.choose_morning_mail(db, user=by_email(db, anna.email), on=False)
        carla = add_user(db, "carla@kommune.test")
        actions.choose_morning_mail(db, user=carla, on=True)
        access.close_user(db, user=carla, now=NOW, today=TODAY)
    assert _run(database) == 0
    with database.read() as db:
        assert [row.last_morning for row in db.scalars(select(DayChoice))] == [None], (
            "the closed one's is gone"
        )


def test_two_machines_at_once_write_one(database: Database, anna: User) -> None:
    figures: list[int] = []
    assert at_once(*[lambda: figures.append(_run(database))] * 6) == []
    assert (sum(figures), len(_mails(database))) == (1, 1)


def test_a_long_day_is_cut_short_and_long_texts_too(database: Database, anna: User) -> None:
    with database.write() as db:
        company = by_cvr(db, demo_cvr(1))
        for number in range(20):
            interactions.promise(
                db, company=company, owner=by_email(db, anna.email), due=TODAY - DAY, now=NOW,
                text=f"Nr. {number} " + "og så videre " * 20,
            )  # fmt: skip
    assert _run(database) == 1
    (mail,) = _mails(database)
    assert mail.subject == "Din dag: 21 ting, 20 haster"
    assert mail.body.count("\n- ") + 1 >= SHOWN
    assert f"Og {21 - SHOWN} til." in mail.body
    assert max(map(len, mail.body.splitlines())) < 140


def test_somebody_can_ask_it_to_stop_in_between(database: Database, anna: User) -> None:
    assert write_morning_mails(database, SETTINGS, SEVEN, go_on=lambda _done, _all: False) == 0


@pytest.mark.parametrize(
    "broken", ["morning_mail = 2", "calendar_hash = 'x'", "calendar_since = '2026-01-01T00:00:00.000000Z'"]
)
def test_the_database_keeps_the_choices_whole(database: Database, anna: User, broken: str) -> None:
    with pytest.raises(IntegrityError), database.write() as db:
        db.execute(text(f"UPDATE day_choice SET {broken}"))


def test_only_lines_without_a_day_of_their_own_are_put_off(database: Database, anna: User) -> None:
    with pytest.raises(IntegrityError), database.write() as db:
        db.execute(
            text(
                "INSERT INTO put_off (user_id, kind, subject_id, until_day, created_at) "
                f"VALUES ({anna.id}, 'follow_up', 1, '2026-12-01', '2026-11-23T00:00:00.000000Z')"
            )
        )
