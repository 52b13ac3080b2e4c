"""When a request must be answered: working hours counted one by one, in every zone and on every odd day."""

from __future__ import annotations

import os
import time as system_time
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from crm.requests.clock import WorkingHours
from crm.settings import Settings

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
HOUSE = WorkingHours(time(8), time(16), COPENHAGEN, 8, frozenset({date(2026, 5, 15), date(2026, 6, 5)}))
# Days on which nobody works, as one finds them in a calendar.
HOLIDAYS = {
    date(2026, 1, 1), date(2026, 4, 2), date(2026, 4, 3), date(2026, 4, 5), date(2026, 4, 6),
    date(2026, 5, 14), date(2026, 5, 24), date(2026, 5, 25), date(2026, 12, 25), date(2026, 12, 26),
    date(2027, 1, 1),
}  # fmt: skip


@pytest.fixture(params=["UTC", "Europe/Copenhagen", "America/New_York", "Pacific/Kiritimati"])
def _machine_in(request: pytest.FixtureRequest) -> Iterator[None]:
    """The machine stands somewhere else in the world."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    system_time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    system_time.tzset()


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=COPENHAGEN)


DUE = {
    "at nine on a Monday": ("2026-11-23 09:00", "2026-11-24 09:00"),
    "at opening": ("2026-11-23 08:00", "2026-11-23 16:00"),
    "before opening": ("2026-11-23 00:30", "2026-11-23 16:00"),
    "at closing": ("2026-11-23 16:00", "2026-11-24 16:00"),
    "half an hour before midnight": ("2026-11-23 23:30", "2026-11-24 16:00"),
    "on Friday a minute before closing": ("2026-11-27 15:59", "2026-11-30 15:59"),
    "on a Saturday": ("2026-11-28 12:00", "2026-11-30 16:00"),
    "before Easter": ("2026-04-01 15:00", "2026-04-07 15:00"),
    "in the middle of Easter": ("2026-04-04 11:00", "2026-04-07 16:00"),
    "before a closed day after Ascension": ("2026-05-13 15:30", "2026-05-18 15:30"),
    "on Constitution Day": ("2026-06-05 10:00", "2026-06-08 16:00"),
    "over Christmas": ("2026-12-24 15:00", "2026-12-28 15:00"),
    "over New Year": ("2026-12-31 15:00", "2027-01-04 15:00"),
    "over the night of summer time": ("2026-03-27 15:00", "2026-03-30 15:00"),
    "in the hour that is skipped": ("2026-03-29 02:30", "2026-03-30 16:00"),
    "over the night of winter time": ("2026-10-23 15:00", "2026-10-26 15:00"),
    "in the hour that comes twice": ("2026-10-25 02:30", "2026-10-26 16:00"),
    "on a leap day": ("2028-02-29 10:00", "2028-03-01 10:00"),
}  # fmt: skip


@pytest.mark.usefixtures("_machine_in")
def test_the_answer_is_due_on_the_same_moment_wherever_the_machine_stands() -> None:
    for name, (received, due) in DUE.items():
        found = HOUSE.due(_local(received))
        assert found == _local(due).astimezone(UTC), name
        assert found.tzinfo is UTC
        for zone in (UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")):
            assert HOUSE.due(_local(received).astimezone(zone)) == found, name


def test_holidays_are_denmarks_and_prayer_day_is_none() -> None:
    for number in range(365):
        day = date(2026, 1, 1) + timedelta(days=number)
        free = day.weekday() >= 5 or day in HOLIDAYS or day in HOUSE.closed
        assert HOUSE.open_on(day) == (not free), day
    assert HOUSE.open_on(date(2026, 5, 1))


def _minute_by_minute(house: WorkingHours, received: datetime) -> datetime:
    """The plain way: look at every minute, and count those in which the house is open."""
    left, moment = house.hours * 60, received
    while True:
        local = moment.astimezone(house.zone)
        if house.open_on(local.date()) and house.opens <= local.time() < house.closes:
            left -= 1
            if left == 0:
                return moment.astimezone(UTC) + timedelta(minutes=1)
        moment = moment.astimezone(UTC) + timedelta(minutes=1)


HOUSES = st.builds(
    lambda opens, length, hours, closed: WorkingHours(
        time(opens), time(min(opens + length, 23)), COPENHAGEN, hours, frozenset(closed)
    ),
    st.integers(0, 20),
    st.integers(1, 10),
    st.integers(1, 30),
    st.sets(st.dates(date(2026, 3, 20), date(2026, 4, 20)), max_size=4),
)
MOMENTS = st.datetimes(datetime(2026, 3, 20), datetime(2026, 11, 10)).map(  # noqa: DTZ001  # The zone comes next.
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC)
)


@settings(max_examples=60, deadline=None)
@example(HOUSE, datetime(2026, 3, 28, 23, 59, tzinfo=UTC))
@example(HOUSE, datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
@example(HOUSE, datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
@given(HOUSES, MOMENTS)
def test_counting_by_days_is_counting_by_minutes(house: WorkingHours, received: datetime) -> None:
    assert house.due(received) == _minute_by_minute(house, received)


@settings(max_examples=200, deadline=None)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_deadline_lies_ahead_in_opening_hours_and_never_jumps_back(received: datetime) -> None:
    due = HOUSE.due(received)
    local = due.astimezone(COPENHAGEN)
    assert received < due < received + timedelta(days=14)
    assert HOUSE.open_on(local.date())
    assert HOUSE.opens < local.time() <= HOUSE.closes
    assert due <= HOUSE.due(received + timedelta(minutes=7))


def test_a_house_is_as_the_settings_say() -> None:
    house = WorkingHours.of(
        Settings(opens_at=time(9), closes_at=time(15), answer_hours=2, closed_days="2026-11-23")
    )
    assert house.due(_local("2026-11-23 10:00")) == _local("2026-11-24 11:00")


@pytest.mark.parametrize(
    "wrong",
    [
        {"opens_at": time(8), "closes_at": time(8)}, {"opens_at": time(16), "closes_at": time(8)},
        {"closed_days": "juleaften"}, {"time_zone": "Mars/Olympus"}, {"answer_hours": 0},
    ],
)  # fmt: skip
def test_a_house_that_never_opens_is_refused_at_the_start(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)
