"""When a request must be answered: the team's own service goal, counted in working hours.

Neither law nor plan states a figure; the plan promises "hurtig handling". The hours are a setting, and a kind
of request may have its own. While we wait for the company, its time does not count as ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from crm.settings import Settings

NOTHING = timedelta(0)


@dataclass(frozen=True)
class WorkingHours:
    """The hours the house is open. `hours` is how long a first answer may take, unless a kind says otherwise."""

    opens: time
    closes: time
    zone: ZoneInfo
    hours: int
    closed: frozenset[date] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> WorkingHours:
        """As the settings say."""
        return cls(
            settings.opens_at,
            settings.closes_at,
            settings.zone,
            settings.answer_hours,
            frozenset(date.fromisoformat(day) for day in settings.closed_days),
        )

    def open_on(self, day: date) -> bool:
        """Whether anyone works on this day: no weekend, no Danish holiday, no local closed day."""
        return day.weekday() < 5 and day not in self.closed and day not in _holidays(day.year)

    def due(self, received: datetime, hours: int | None = None) -> datetime:
        """When so many working hours have passed since `received`; without a number, the house's. In UTC."""
        return self.after(received, timedelta(hours=self.hours if hours is None else hours))

    def after(self, moment: datetime, duration: timedelta) -> datetime:
        """When so much working time has passed since `moment`; the moment itself when it is none. In UTC."""
        start, left = moment.astimezone(UTC), duration
        if left <= NOTHING:
            return start
        for opens, closes in self._days(start):
            begins = max(start, opens)
            if begins < closes:
                if left <= closes - begins:
                    return begins + left
                left -= closes - begins
        raise AssertionError("The calendar has no end.")  # pragma: no cover

    def worked(self, since: datetime, until: datetime) -> timedelta:
        """How much working time lies between two moments; none when the second is not the later one."""
        start, end = since.astimezone(UTC), until.astimezone(UTC)
        total = NOTHING
        for opens, closes in self._days(start):
            if opens >= end:
                break
            total += max(NOTHING, min(end, closes) - max(start, opens))
        return total

    def due_after(
        self, received: datetime, hours: int | None, pauses: Iterable[tuple[datetime, datetime]]
    ) -> datetime:
        """When an answer is due that was waited for in between: each pause, in order, moves it on."""
        due = self.due(received, hours)
        for since, until in pauses:
            due = self.resumed(due, since, until)
        return due

    def resumed(self, due: datetime, since: datetime, until: datetime) -> datetime:
        """When an answer is due after a pause. What was late when the pause began stays late."""
        if since > due:
            return due
        return self.after(due, self.worked(since, until))

    def _days(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The opening hours of every open day from the one of `moment` on, in UTC.

        In UTC from the first step: adding hours to a local time would add them on the clock's face.
        """
        day = moment.astimezone(self.zone).date()
        while True:
            if self.open_on(day):
                yield (
                    datetime.combine(day, self.opens, self.zone).astimezone(UTC),
                    datetime.combine(day, self.closes, self.zone).astimezone(UTC),
                )
            day += timedelta(days=1)


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DK", years=year))
