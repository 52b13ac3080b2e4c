"""When a request must be answered: the team's own service goal, counted in working hours.

Neither law nor plan states a figure; the plan promises "hurtig handling". The hours are a setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from crm.settings import Settings


@dataclass(frozen=True)
class WorkingHours:
    """The hours the house is open. `hours` is how long a first answer may take."""

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

    def due(self, received: datetime) -> datetime:
        """When `hours` working hours have passed since `received`. In UTC."""
        # In UTC from the first step: adding hours to a local time would add them on the clock's face.
        left, moment = timedelta(hours=self.hours), received.astimezone(UTC)
        day = received.astimezone(self.zone).date()
        while True:
            if self.open_on(day):
                opens = datetime.combine(day, self.opens, self.zone).astimezone(UTC)
                closes = datetime.combine(day, self.closes, self.zone).astimezone(UTC)
                begins = max(moment, opens)
                if begins < closes:
                    if left <= closes - begins:
                        return begins + left
                    left -= closes - begins
            day += timedelta(days=1)


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DK", years=year))
