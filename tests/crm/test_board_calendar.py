"""When the meetings are: a rhythm of days, and never one on which the house is closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.access.models import User
from crm.board import actions, queries
from crm.board.calendar import ahead, held_on
from crm.board.models import BoardMeeting
from crm.db import Session
from crm.errors import Conflict, Refused
from tests.conftest import NOW, TODAY, add_user
from tests.crm.boarding import HOURS, House, later

DAYS = st.dates(date(2024, 1, 1), date(2039, 12, 31))
RHYTHMS = st.sampled_from(actions.RHYTHMS)
CLOSED = st.frozensets(st.integers(0, 200), max_size=60)
CHRISTMAS = frozenset(date(2026, 12, day) for day in range(21, 32))


def week(day: date) -> tuple[int, int]:
    """The week a day lies in."""
    return day.isocalendar()[:2]


@given(DAYS, RHYTHMS, DAYS, CLOSED)
def test_every_meeting_is_on_an_open_day_of_its_own_week(
    first: date, every: int, after: date, closed: frozenset[int]
) -> None:
    hours = replace(HOURS, closed=frozenset(after + timedelta(days=days) for days in closed))
    found = ahead(first, every, hours, after=after, number=12)
    assert len(found) == 12
    for slot in found:
        assert hours.open_on(slot.held)
        assert slot.held > after
        assert week(slot.held) == week(slot.regular)
        assert (slot.regular - first).days % every == 0
        assert slot.regular >= first
        # Only a closed day is moved from.
        assert slot.held == slot.regular or not hours.open_on(slot.regular)
    assert all(one.held < other.held and one.regular < other.regular for one, other in pairwise(found))


@given(DAYS, RHYTHMS, DAYS, CLOSED)
def test_only_weeks_without_an_open_day_are_left_out(
    first: date, every: int, after: date, closed: frozenset[int]
) -> None:
    hours = replace(HOURS, closed=frozenset(after + timedelta(days=days) for days in closed))
    found = {slot.regular for slot in ahead(first, every, hours, after=after, number=12)}
    regular = first
    while regular <= max(found):
        if regular not in found:
            monday = regular - timedelta(days=regular.weekday())
            open_days = [day for n in range(5) if hours.open_on(day := monday + timedelta(days=n))]
            assert not open_days or max(open_days) <= after or held_on(regular, hours) <= after  # type: ignore[operator]
        regular += timedelta(days=every)


@pytest.mark.parametrize(
    ("regular", "held"),
    [
        ("2026-12-23", "2026-12-23"),  # Wednesday
        (
            "2026-12-24",
            "2026-12-24",
        ),  # Christmas Eve is no holiday by law; houses that close set it as a closed day
        ("2026-12-25", "2026-12-24"),  # Friday: nothing is left of the week, so the last open day before
        ("2026-04-06", "2026-04-07"),  # Easter Monday
        ("2026-05-14", "2026-05-15"),  # Ascension Day
        ("2026-11-28", "2026-11-27"),  # Saturday
    ],
)
def test_a_holiday_moves_the_meeting_within_its_week(regular: str, held: str) -> None:
    assert held_on(date.fromisoformat(regular), HOURS) == date.fromisoformat(held)


def test_a_week_in_which_the_house_is_closed_has_no_meeting() -> None:
    hours = replace(HOURS, closed=CHRISTMAS)
    found = ahead(date(2026, 12, 9), 14, hours, after=date(2026, 12, 1), number=3)
    assert [str(slot.held) for slot in found] == ["2026-12-09", "2027-01-06", "2027-01-20"]


# --- Stored -------------------------------------------------------------------------------------


def lay(db: Session, **changes: object) -> None:
    """A meeting every other Wednesday at nine."""
    values = {
        "first_on": date(2026, 11, 25),
        "every_days": 14,
        "starts_at": 540,
        "agenda": None,
        "hours": HOURS,
    }
    actions.lay_plan(db, **(values | {"today": TODAY, "now": NOW} | changes))  # type: ignore[arg-type]


def planned(db: Session) -> list[str]:
    """The days of the meetings that stand."""
    return [str(each.on) for each in queries.to_come(db, TODAY) if each.stands]


@pytest.fixture
def anna(db: Session) -> User:
    """Someone to write minutes."""
    return add_user(db)


def test_twelve_meetings_are_planned_ahead_and_never_twice(db: Session) -> None:
    lay(db)
    first = planned(db)
    assert first[:4] == ["2026-11-25", "2026-12-09", "2026-12-23", "2027-01-06"]
    assert len(first) == actions.AHEAD
    assert actions.plan_ahead(db, hours=HOURS, today=TODAY, now=NOW) == 0
    assert actions.plan_ahead(db, hours=HOURS, today=TODAY + timedelta(days=30), now=NOW) == 2
    assert len(planned(db)) == actions.AHEAD + 2


def test_without_a_plan_nothing_is_planned(db: Session) -> None:
    assert actions.plan_ahead(db, hours=HOURS, today=TODAY, now=NOW) == 0
    assert planned(db) == []


def test_what_was_moved_or_called_off_is_not_planned_anew(db: Session) -> None:
    lay(db)
    second, third = queries.to_come(db, TODAY)[1:3]
    actions.move(db, meeting=second, on=date(2026, 12, 10), reason="Julefrokost")
    actions.cancel(db, meeting=third, reason="Lillejuleaften", now=NOW)
    assert actions.plan_ahead(db, hours=HOURS, today=TODAY, now=NOW) == 0
    assert planned(db)[:3] == ["2026-11-25", "2026-12-10", "2027-01-06"]
    assert (second.moved_from, third.stands) == (date(2026, 12, 9), 0)


def test_a_new_rhythm_replaces_what_nobody_has_touched(db: Session, anna: User) -> None:
    lay(db)
    first, second, third, fourth = queries.to_come(db, TODAY)[:4]
    actions.move(db, meeting=second, on=date(2026, 12, 10), reason=None)
    actions.cancel(db, meeting=third, reason="Jul", now=NOW)
    actions.save_minutes(db, meeting=fourth, text="Punkter", based_on=0, by=anna, now=NOW)
    lay(db, first_on=date(2026, 11, 27), every_days=28)
    # The second is moved, the third called off, the fourth has minutes: these three stay as they are.
    assert planned(db)[:5] == ["2026-11-27", "2026-12-10", "2026-12-24", "2027-01-06", "2027-01-22"]
    assert db.get(BoardMeeting, first.id) is None


def test_another_time_of_day_moves_no_meeting(db: Session) -> None:
    lay(db)
    before = planned(db)
    lay(db, starts_at=13 * 60 + 30, agenda="Barometre")
    assert planned(db) == before
    assert {each.clock for each in queries.to_come(db, TODAY)} == {"13.30"}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("first_on", {"first_on": date(2026, 12, 25)}),
        ("first_on", {"first_on": date(2026, 11, 28)}),
        ("first_on", {"first_on": date(1980, 1, 2)}),
        ("every_days", {"every_days": 10}),
        ("starts_at", {"starts_at": 1440}),
    ],
)
def test_a_plan_that_cannot_be_is_refused_beside_its_field(
    db: Session, field: str, wrong: dict[str, object]
) -> None:
    with pytest.raises(Refused) as refusal:
        lay(db, **wrong)
    assert refusal.value.field == field
    assert planned(db) == []


def test_a_day_has_one_meeting_unless_it_was_called_off(db: Session) -> None:
    house = House.of(db, 0)
    first = house.meeting()
    with pytest.raises(Conflict, match="allerede et tavlemøde"):
        house.meeting()
    other = house.meeting(TODAY + timedelta(days=1))
    with pytest.raises(Conflict, match="allerede et tavlemøde"):
        actions.move(db, meeting=other, on=TODAY, reason=None)
    actions.cancel(db, meeting=first, reason="Sygdom", now=NOW)
    actions.move(db, meeting=other, on=TODAY, reason=None)
    with pytest.raises(Conflict, match="aflyst"):
        actions.move(db, meeting=first, on=TODAY + timedelta(days=3), reason=None)
    with pytest.raises(Conflict, match="aflyst"):
        house.freeze(first)


def test_calling_off_needs_a_reason_and_moving_another_day(db: Session) -> None:
    house = House.of(db, 0)
    meeting = house.meeting()
    for reason in (None, "  "):
        with pytest.raises(Refused) as refusal:
            actions.cancel(db, meeting=meeting, reason=reason, now=NOW)
        assert refusal.value.field == "reason"
    with pytest.raises(Refused, match="allerede den dag"):
        actions.move(db, meeting=meeting, on=TODAY, reason=None)


def test_a_meeting_is_frozen_on_its_day_or_after_and_then_stays(db: Session) -> None:
    house = House.of(db, 0)
    meeting = house.meeting(TODAY + timedelta(days=2))
    with pytest.raises(Conflict, match=r"først 25\. november"):
        house.freeze(meeting)
    house.freeze(meeting, later(3))
    with pytest.raises(Conflict, match="frosset"):
        actions.move(db, meeting=meeting, on=TODAY, reason="x")
    with pytest.raises(Conflict, match="frosset"):
        actions.cancel(db, meeting=meeting, reason="x", now=NOW)
