"""When a request must be answered: working hours counted one by one, in every zone and on every odd day."""

from __future__ import annotations

import os
import subprocess
import sys
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
    "before the day that was Great Prayer Day": ("2026-04-30 15:00", "2026-05-01 15:00"),
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


def _worked_by_minutes(house: WorkingHours, since: datetime, until: datetime) -> timedelta:
    """The same for the time between two moments."""
    total, moment = 0, since
    while moment < until:
        local = moment.astimezone(house.zone)
        total += house.open_on(local.date()) and house.opens <= local.time() < house.closes
        moment += timedelta(minutes=1)
    return timedelta(minutes=total)


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


@settings(max_examples=60, deadline=None)
@example(HOUSE, datetime(2026, 3, 28, 22, 0, tzinfo=UTC), timedelta(hours=5))
@example(HOUSE, datetime(2026, 10, 24, 22, 0, tzinfo=UTC), timedelta(hours=60))
@example(HOUSE, datetime(2026, 4, 1, 12, 0, tzinfo=UTC), timedelta(days=6))
@given(HOUSES, MOMENTS, st.integers(0, 20_000).map(lambda minutes: timedelta(minutes=minutes)))
def test_the_time_worked_is_counted_by_minutes_too(
    house: WorkingHours, since: datetime, length: timedelta
) -> None:
    assert house.worked(since, since + length) == _worked_by_minutes(house, since, since + length)


LENGTHS = st.integers(0, 5_000_000_000).map(lambda micro: timedelta(microseconds=micro * 100))


@settings(max_examples=300, deadline=None)
@given(HOUSES, MOMENTS, LENGTHS, LENGTHS)
def test_what_is_added_is_what_is_counted(
    house: WorkingHours, moment: datetime, first: timedelta, second: timedelta
) -> None:
    """`after` and `worked` are each other's opposites, to the microsecond, and add up."""
    middle, end = house.after(moment, first), house.after(moment, first + second)
    assert house.worked(moment, middle) == first
    assert house.after(middle, second) == end
    assert house.worked(moment, end) == house.worked(moment, middle) + house.worked(middle, end)
    assert house.worked(end, moment) == timedelta(0)
    assert house.after(moment, timedelta(0)) == house.after(moment, -first) == moment


@settings(max_examples=300, deadline=None)
@given(HOUSES, MOMENTS, st.integers(1, 60), st.lists(LENGTHS, max_size=9))
def test_a_pause_costs_its_own_working_time_and_no_more(
    house: WorkingHours, received: datetime, hours: int, lengths: list[timedelta]
) -> None:
    """However often it waits: our time until the answer is due is what was promised, without the pauses."""
    moment, pauses, ours = received, [], timedelta(0)
    for number, length in enumerate(lengths):
        if number % 2:
            pauses.append((moment, moment + length))
        else:
            ours += house.worked(moment, moment + length)
        moment += length
        if ours >= timedelta(hours=hours):
            # It is due. A pause that begins later changes nothing; one that begins at that moment stands below.
            break
    due = house.due_after(received, hours, pauses)
    waited = sum((house.worked(since, until) for since, until in pauses), timedelta(0))
    assert house.worked(received, due) == timedelta(hours=hours) + waited
    left = house.worked(moment, due) - house.worked(due, moment)
    if len(lengths) % 2:
        assert left == timedelta(hours=hours) - ours


def test_what_was_late_when_it_began_to_wait_stays_late() -> None:
    received, due = _local("2026-11-23 09:00"), _local("2026-11-24 09:00")
    friday = _local("2026-11-27 16:00")
    # At the very moment it was due it is not late yet.
    assert HOUSE.resumed(due, due, _local("2026-11-24 12:00")) == _local("2026-11-24 12:00")
    assert HOUSE.resumed(due, due + timedelta(seconds=1), _local("2026-11-30 12:00")) == due
    # On the Saturday after a Friday's closing no time has passed, and yet it is late.
    assert HOUSE.resumed(friday, _local("2026-11-28 10:00"), _local("2026-11-30 12:00")) == friday
    assert HOUSE.due_after(received, None, []) == due.astimezone(UTC)


TABLE = """
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo
from crm.requests.clock import WorkingHours
house = WorkingHours(time(8), time(16), ZoneInfo("Europe/Copenhagen"), 8, frozenset({date(2026, 12, 24)}))
moment = datetime(2026, 1, 1, tzinfo=UTC)
while moment.year < 2027:
    end = moment + timedelta(hours=31, minutes=7)
    print(house.due(moment).isoformat(), house.after(moment, timedelta(minutes=90)).isoformat(),
          house.worked(moment, end), house.resumed(house.due(moment), moment, end).isoformat())
    moment += timedelta(hours=3, minutes=11)
"""


def test_a_whole_year_comes_out_alike_on_machines_in_other_zones() -> None:
    """Each in a program of its own, since a zone is read when a program starts."""
    found = set()
    for zone in ("UTC", "Europe/Copenhagen", "America/New_York"):
        ran = subprocess.run(
            [sys.executable, "-c", TABLE],
            env=os.environ | {"TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(ran.stdout)
    (table,) = found
    assert len(table.splitlines()) > 2700


@settings(max_examples=200, deadline=None)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_deadline_lies_ahead_in_opening_hours_and_never_jumps_back(received: datetime) -> None:
    due = HOUSE.due(received)
    local = due.astimezone(COPENHAGEN)
    assert received < due < received + timedelta(days=14)
    assert HOUSE.open_on(local.date())
    assert HOUSE.opens < local.time() <= HOUSE.closes
    assert due <= HOUSE.due(received + timedelta(minutes=7))


def test_christmas_eve_is_a_working_day_unless_the_house_is_closed() -> None:
    shut = WorkingHours.of(Settings(closed_days="2026-12-24,2026-12-31"))
    friday = _local("2026-12-23 15:59")
    assert HOUSE.due(friday) == _local("2026-12-24 15:59")
    assert shut.due(friday) == _local("2026-12-28 15:59")
    assert shut.worked(_local("2026-12-23 15:00"), _local("2027-01-04 08:00")) == timedelta(hours=25)


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
