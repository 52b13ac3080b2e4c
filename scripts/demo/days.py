"""Days and moments counted back from now, so that the demo always looks as if people worked there yesterday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from crm.requests.clock import WorkingHours

# The house as it stands in the settings' defaults.
CLOCK = WorkingHours(time(8), time(16), ZoneInfo("Europe/Copenhagen"), 8)
# How long the invented house has kept its books: two years and a little.
SINCE = 760


@dataclass(frozen=True)
class Days:
    """The calendar of the demo. Nothing it gives lies after `now`, except what is promised for a day."""

    now: datetime

    @property
    def today(self) -> date:
        """The day it is in the house."""
        return self.now.astimezone(CLOCK.zone).date()

    def ago(self, days: int) -> date:
        """The day this many days back."""
        return self.today - timedelta(days=days)

    def working(self, day: date) -> date:
        """This day, or the nearest before it when the house was open."""
        while not CLOCK.open_on(day):
            day -= timedelta(days=1)
        return day

    def working_ago(self, days: int) -> date:
        """The day this many *working* days back."""
        day = self.today
        for _ in range(days):
            day = self.working(day - timedelta(days=1))
        return day

    def working_ahead(self, days: int) -> date:
        """The first open day this many days ahead or later."""
        day = self.today + timedelta(days=days)
        while not CLOCK.open_on(day):
            day += timedelta(days=1)
        return day

    def moment(self, rng: Random, day: date) -> datetime:
        """Some minute of that day's opening hours; of today's, one that is over."""
        opens = datetime.combine(day, CLOCK.opens, CLOCK.zone).astimezone(UTC)
        wanted = opens + timedelta(minutes=rng.randint(5, 465))
        if wanted < self.now:
            return wanted
        passed = (self.now - opens) // timedelta(minutes=1)
        return self.now - timedelta(minutes=rng.randint(1, max(1, min(passed, 240)) if passed > 0 else 45))

    def noon(self, day: date) -> datetime:
        """The middle of a day, or now when that is still to come."""
        return min(datetime.combine(day, time(12), CLOCK.zone).astimezone(UTC), self.now)

    def later(self, moment: datetime, minutes: int) -> datetime:
        """So many minutes after a moment, but not after now."""
        return min(moment + timedelta(minutes=minutes), self.now)
