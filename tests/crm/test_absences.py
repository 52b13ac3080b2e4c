"""Absences: what is refused beside its field, what ends and what goes, and what the database keeps itself."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from crm.access.queries import by_email
from crm.audit import AuditEvent
from crm.db import LOST_RACE, Database, Session
from crm.errors import Conflict, Refused
from crm.responsibility.absences import actions, queries
from crm.responsibility.models import Absence, AbsenceException
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.cast import Cast, close, day


@pytest.fixture
def cast(db: Session) -> Cast:
    """The cast, in a database of each engine."""
    return Cast.of(db)


REFUSED = {
    "backwards": (5, 3, "bo", "last_day", "før første dag"),
    "too long": (0, 400, "bo", "last_day", "højst vare 400 dage"),
    "over": (-5, -1, "bo", "last_day", "slut før i dag"),
    "far ahead": (1100, 1110, "bo", "first_day", "næste tre år"),
    "one's own stand-in": (0, 3, "anna", "stand_in", "sin egen stedfortræder"),
    "a closed stand-in": (0, 3, "closed", "stand_in", "er lukket"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_beside_its_field(cast: Cast, name: str) -> None:
    first, last, who, field, sentence = REFUSED[name]
    closed = add_user(cast.db, "lukket@kommune.test")
    close(cast.db, closed)
    with pytest.raises(Refused, match=sentence) as refusal:
        cast.send_away(cast.anna, first, last, {"bo": cast.bo, "anna": cast.anna, "closed": closed}[who])
    assert refusal.value.field == field
    assert cast.db.scalar(select(func.count()).select_from(Absence)) == 0


def test_the_longest_absence_and_the_one_that_ends_today_are_taken(cast: Cast) -> None:
    cast.send_away(cast.anna, 0, 399)
    assert cast.send_away(cast.bo, -399, 0).last_day == TODAY


def test_nobody_is_sent_away_who_is_closed(cast: Cast) -> None:
    close(cast.db, cast.carla)
    with pytest.raises(Refused, match="Carla er lukket"):
        cast.send_away(cast.carla, 0, 1)


@pytest.mark.parametrize(("first", "last"), [(3, 4), (5, 9), (1, 3), (0, 10), (7, 7)])
def test_two_absences_of_one_person_never_overlap_and_the_other_is_named(
    cast: Cast, first: int, last: int
) -> None:
    cast.send_away(cast.anna, 3, 7)
    with pytest.raises(Refused, match=r"fravær 26\. november 2026 til 30\. november 2026") as refusal:
        cast.send_away(cast.anna, first, last)
    assert refusal.value.field == "first_day"
    cast.send_away(cast.bo, first, last)


def test_absences_may_follow_each_other(cast: Cast) -> None:
    cast.send_away(cast.anna, 3, 7)
    cast.send_away(cast.anna, 8, 9)
    cast.send_away(cast.anna, 2, 2)


OVERLAPS = {
    "inserted": "INSERT INTO absence (user_id, first_day, last_day, source, created_at, version) "
    "SELECT user_id, '2026-11-27', '2026-12-24', 'hand', created_at, 1 FROM absence "
    "WHERE first_day = '2026-11-23'",
    "inserted within": "INSERT INTO absence (user_id, first_day, last_day, source, created_at, version) "
    "SELECT user_id, '2026-11-25', '2026-11-25', 'hand', created_at, 1 FROM absence "
    "WHERE first_day = '2026-11-23'",
    "lengthened": "UPDATE absence SET last_day = '2026-12-01' WHERE first_day = '2026-11-23'",
    "moved": "UPDATE absence SET first_day = '2026-11-27' WHERE first_day = '2026-12-01'",
    "given to another": "UPDATE absence SET user_id = (SELECT id FROM user_account WHERE email = "
    "'anna@kommune.test') WHERE user_id = (SELECT id FROM user_account WHERE email = 'bo@kommune.test')",
    "backwards": "UPDATE absence SET last_day = '2026-11-01'",
    "one's own stand-in": "UPDATE absence SET stand_in_id = user_id",
    "an event twice": "UPDATE absence SET source = 'calendar', calendar_key = 'x' WHERE user_id = "
    "(SELECT id FROM user_account WHERE email = 'anna@kommune.test')",
    "from a calendar without an event": "UPDATE absence SET source = 'calendar'",
}


@pytest.mark.parametrize("statement", OVERLAPS.values(), ids=OVERLAPS.keys())
def test_the_database_refuses(database: Database, statement: str) -> None:
    with database.write() as db:
        anna, bo = add_user(db, "anna@kommune.test"), add_user(db, "bo@kommune.test")
        for user, first, last in ((anna, 0, 4), (anna, 8, 9), (bo, 3, 5)):
            actions.add(
                db, user=user, first_day=day(first), last_day=day(last), stand_in=None, by=None,
                today=TODAY, now=NOW,
            )  # fmt: skip
    with pytest.raises(DBAPIError), database.write() as db:
        db.execute(text(statement))


def test_of_two_who_write_at_once_one_is_first(database: Database) -> None:
    with database.write() as db:
        add_user(db, "anna@kommune.test")
    ready = Barrier(2)
    outcomes: list[type[Exception] | None] = []

    def write(first: int) -> None:
        ready.wait()
        try:
            with database.write() as db:
                actions.add(
                    db, user=by_email(db, "anna@kommune.test"), first_day=day(first), last_day=day(4),
                    stand_in=None, by=None, today=TODAY, now=NOW,
                )  # fmt: skip
        except (Refused, *LOST_RACE) as lost:
            outcomes.append(type(lost))
        else:
            outcomes.append(None)

    for _ in range(5):
        outcomes.clear()
        threads = [Thread(target=write, args=(first,)) for first in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcomes.count(None) == 1
        with database.write() as db:
            db.delete(db.scalars(select(Absence)).one())


# --- Changing, ending, calling off ----------------------------------------------------------------


def test_one_to_come_can_be_moved_and_given_another_stand_in(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, 3, 7, cast.bo)
    actions.change(
        cast.db, absence=absence, first_day=day(4), last_day=day(8), stand_in=cast.carla, today=TODAY
    )
    assert (absence.first_day, absence.last_day, absence.stand_in) == (day(4), day(8), cast.carla)


def test_a_change_is_checked_like_a_new_one(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, 3, 7, cast.bo)
    cast.send_away(cast.anna, 10, 12)
    for first, last, stand_in, field in (
        (3, 2, cast.bo, "last_day"),
        (3, 10, cast.bo, "first_day"),
        (3, 7, cast.anna, "stand_in"),
    ):
        with pytest.raises(Refused) as refusal:
            actions.change(
                cast.db, absence=absence, first_day=day(first), last_day=day(last), stand_in=stand_in,
                today=TODAY,
            )  # fmt: skip
        assert refusal.value.field == field


def test_one_that_has_begun_keeps_its_first_day(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, -2, 7, cast.bo)
    with pytest.raises(Refused, match="er begyndt"):
        actions.change(
            cast.db, absence=absence, first_day=day(1), last_day=day(7), stand_in=cast.bo, today=TODAY
        )
    actions.change(
        cast.db, absence=absence, first_day=day(-2), last_day=day(3), stand_in=cast.bo, today=TODAY
    )
    assert absence.last_day == day(3)


def test_a_stand_in_closed_later_need_not_be_changed_with_the_days(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, 0, 7, cast.bo)
    close(cast.db, cast.bo)
    actions.change(cast.db, absence=absence, first_day=TODAY, last_day=day(4), stand_in=cast.bo, today=TODAY)
    assert absence.last_day == day(4)


@pytest.mark.parametrize(("began", "ends", "last"), [(-3, 0, 0), (-3, -1, -1), (0, 0, 0), (0, -1, 0)])
def test_one_that_has_begun_is_ended_in_whole_days(cast: Cast, began: int, ends: int, last: int) -> None:
    absence = cast.send_away(cast.anna, began, 7, cast.bo)
    actions.end_early(cast.db, absence=absence, last_day=day(ends), today=TODAY)
    assert (absence.first_day, absence.last_day) == (day(began), day(last))


def test_ending_early_never_lengthens(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, -3, 0)
    actions.end_early(cast.db, absence=absence, last_day=TODAY, today=TODAY)
    assert absence.last_day == TODAY


def test_only_today_and_yesterday_end_it_early(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, -3, 7)
    for days in (-2, 1):
        with pytest.raises(Refused):
            actions.end_early(cast.db, absence=absence, last_day=day(days), today=TODAY)
    with pytest.raises(Conflict, match="ikke begyndt"):
        actions.end_early(cast.db, absence=cast.send_away(cast.bo, 1, 7), last_day=TODAY, today=TODAY)


def test_one_to_come_that_is_called_off_is_gone_and_the_log_says_so(database: Database) -> None:
    with database.write() as db:
        anna, bo = add_user(db, "anna@kommune.test"), add_user(db, "bo@kommune.test")
        absence = actions.add(
            db, user=anna, first_day=day(1), last_day=day(2), stand_in=bo, by=anna, today=TODAY, now=NOW
        )
        company = add_company(db, responsible=anna)
        actions.set_exception(db, absence=absence, company=company, stand_in=bo, today=TODAY)
        key = str(absence.id)
    with database.write() as db:
        assert actions.cancel(db, absence=queries.get(db, int(key)), today=TODAY)
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Absence)) == 0
        assert db.scalar(select(func.count()).select_from(AbsenceException)) == 0
        said = select(AuditEvent.action).where(
            AuditEvent.object_kind == "absence", AuditEvent.object_id == key
        )
        assert list(db.scalars(said.order_by(AuditEvent.seq))) == ["create", "delete"]


def test_one_that_has_begun_and_is_called_off_stays_as_history(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, -3, 7)
    assert not actions.cancel(cast.db, absence=absence, today=TODAY)
    assert (absence.first_day, absence.last_day) == (day(-3), day(-1))
    assert cast.answer(cast.bakery) == (None, None)


def test_what_is_over_stands_as_it_was(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, -3, 0, cast.bo)
    tomorrow = day(1)
    for attempt in (
        lambda: actions.cancel(cast.db, absence=absence, today=tomorrow),
        lambda: actions.end_early(cast.db, absence=absence, last_day=tomorrow, today=tomorrow),
        lambda: actions.change(
            cast.db, absence=absence, first_day=day(-3), last_day=day(5), stand_in=None, today=tomorrow
        ),
        lambda: actions.set_exception(
            cast.db, absence=absence, company=cast.bakery, stand_in=cast.carla, today=tomorrow
        ),
    ):
        with pytest.raises(Conflict, match="allerede slut"):
            attempt()


def test_what_was_just_written_can_be_taken_back_by_whoever_wrote_it(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, 0, 7)
    for who, when in ((cast.bo, NOW), (cast.anna, NOW + timedelta(minutes=16))):
        with pytest.raises(Conflict):
            actions.take_back(cast.db, absence=absence, by=who, now=when)
    actions.take_back(cast.db, absence=absence, by=cast.anna, now=NOW + timedelta(minutes=14))
    assert cast.answer(cast.bakery) == (None, None)


def test_no_reason_has_a_place_to_stand() -> None:
    columns = {column.name for column in Absence.__table__.columns}
    assert columns == {"id", "user_id", "first_day", "last_day", "stand_in_id", "source", "calendar_key",
                       "by_id", "created_at", "version"}  # fmt: skip
