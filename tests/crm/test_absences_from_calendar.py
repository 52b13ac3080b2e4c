"""Absences out of a calendar: the same file twice, what moves, what stands in the way, and what is over."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from crm.access.models import User
from crm.db import Database, Session
from crm.responsibility.absences import actions
from crm.responsibility.absences.from_calendar import CalendarDays, Outcome, plan, take_in
from crm.responsibility.absences.queries import of_user
from crm.responsibility.models import Absence
from tests.conftest import NOW, TODAY, add_user


def away(key: str, first: int, last: int) -> CalendarDays:
    """Days away counted from today."""
    return CalendarDays(key, TODAY + timedelta(days=first), TODAY + timedelta(days=last))


def standing(db: Session, user: User) -> list[tuple[str | None, int, int]]:
    """The user's absences: key, and days counted from today."""
    rows = of_user(db, user, since=date(2000, 1, 1))
    return [(row.calendar_key, (row.first_day - TODAY).days, (row.last_day - TODAY).days) for row in rows]


@pytest.fixture
def anna(db: Session) -> User:
    """The calendar's owner."""
    return add_user(db, "anna@kommune.test")


def taken(
    db: Session, user: User, *events: CalendarDays, stand_in: User | None = None
) -> tuple[int, int, int, int]:
    """Take events in: how many were added, moved, the same and blocked."""
    done = take_in(db, user=user, events=events, stand_in=stand_in, today=TODAY, now=NOW)
    return len(done.added), len(done.moved), done.same, len(done.blocked)


def test_the_same_calendar_again_changes_nothing(db: Session, anna: User) -> None:
    bo = add_user(db, "bo@kommune.test")
    events = [away("a", 1, 3), away("b", 7, 7)]
    assert taken(db, anna, *events, stand_in=bo) == (2, 0, 0, 0)
    before = [(row.id, row.version) for row in of_user(db, anna, since=TODAY)]
    assert taken(db, anna, *events, stand_in=None) == (0, 0, 2, 0)
    rows = of_user(db, anna, since=TODAY)
    assert [(row.id, row.version) for row in rows] == before
    assert {row.stand_in_id for row in rows} == {bo.id}
    assert {row.source for row in rows} == {"calendar"}


def test_a_moved_event_moves_its_absence_and_a_vanished_one_is_left_alone(db: Session, anna: User) -> None:
    bo = add_user(db, "bo@kommune.test")
    taken(db, anna, away("a", 1, 3), away("b", 7, 7), stand_in=bo)
    assert taken(db, anna, away("a", 2, 4)) == (0, 1, 0, 0)
    assert standing(db, anna) == [("a", 2, 4), ("b", 7, 7)]
    assert of_user(db, anna, since=TODAY)[0].stand_in_id == bo.id


def test_what_stands_in_the_way_stays_and_is_told(db: Session, anna: User) -> None:
    actions.add(
        db,
        user=anna,
        first_day=TODAY,
        last_day=TODAY + timedelta(days=2),
        stand_in=None,
        by=anna,
        today=TODAY,
        now=NOW,
    )
    (blocked, free) = plan(db, user=anna, events=[away("a", 2, 4), away("b", 7, 7)], today=TODAY)
    assert (blocked.outcome, free.outcome) == (Outcome.BLOCKED, Outcome.NEW)
    assert blocked.why is not None
    assert "allerede et fravær 23. november 2026 til 25. november 2026" in blocked.why
    assert taken(db, anna, away("a", 2, 4), away("b", 7, 7)) == (1, 0, 0, 1)
    assert standing(db, anna) == [(None, 0, 2), ("b", 7, 7)]


def test_two_of_a_calendar_on_the_same_days_become_one(db: Session, anna: User) -> None:
    assert taken(db, anna, away("a", 1, 5), away("b", 3, 3)) == (1, 0, 0, 1)
    assert standing(db, anna) == [("a", 1, 5)]


@pytest.mark.parametrize("order", [1, -1])
def test_what_moves_away_makes_room_for_what_comes(db: Session, anna: User, order: int) -> None:
    taken(db, anna, away("a", 1, 3), away("b", 5, 7))
    events = [away("a", 5, 6), away("b", 9, 10), away("c", 1, 2)][::order]
    assert taken(db, anna, *events) == (1, 2, 0, 0)
    assert standing(db, anna) == [("c", 1, 2), ("a", 5, 6), ("b", 9, 10)]


def test_two_that_change_places_wait_for_a_hand(db: Session, anna: User) -> None:
    taken(db, anna, away("a", 1, 3), away("b", 5, 7))
    assert taken(db, anna, away("a", 5, 7), away("b", 1, 3)) == (0, 0, 0, 2)
    assert standing(db, anna) == [("a", 1, 3), ("b", 5, 7)]


def test_room_that_was_to_come_from_a_move_that_could_not_be_made_is_no_room(db: Session, anna: User) -> None:
    taken(db, anna, away("a", 1, 3), away("b", 5, 7))
    assert taken(db, anna, away("a", 5, 5), away("b", 2, 3), away("c", 6, 7)) == (0, 0, 0, 3)
    assert standing(db, anna) == [("a", 1, 3), ("b", 5, 7)]


def test_one_that_has_begun_is_shortened_and_never_moved(db: Session, anna: User) -> None:
    taken(db, anna, away("a", -2, 5))
    assert taken(db, anna, away("a", -2, 3)) == (0, 1, 0, 0)
    (planned,) = plan(db, user=anna, events=[away("a", 1, 3)], today=TODAY)
    assert (planned.outcome, planned.why) == (
        Outcome.BLOCKED,
        "Fraværet er begyndt, og første dag kan ikke flyttes. Ret det i hånden.",
    )
    assert taken(db, anna, away("a", 1, 3)) == (0, 0, 0, 1)
    assert standing(db, anna) == [("a", -2, 3)]


def test_one_that_is_over_stays_when_its_event_comes_again(db: Session, anna: User) -> None:
    taken(db, anna, away("a", -2, 0))
    later = TODAY + timedelta(days=10)
    done = take_in(db, user=anna, events=[away("a", 20, 21)], stand_in=None, today=later, now=NOW)
    assert len(done.added) == 1
    assert standing(db, anna) == [(None, -2, 0), ("a", 20, 21)]
    assert [row.source for row in of_user(db, anna, since=date(2000, 1, 1))] == ["hand", "calendar"]


def test_two_colleagues_may_have_the_same_event(database: Database) -> None:
    with database.write() as db:
        for name in ("anna", "bo"):
            user = add_user(db, f"{name}@kommune.test")
            assert taken(db, user, away("a", 1, 2)) == (1, 0, 0, 0)
    with database.read() as db:
        assert db.query(Absence).count() == 2
