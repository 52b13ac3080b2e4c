"""Which days a rhythm of meetings falls on, when some of them are closed. Nothing here knows the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from crm.periods import DAY
from crm.requests.clock import WorkingHours

FRIDAY = 4


@dataclass(frozen=True)
class Slot:
    """A place in the rhythm, and the day its meeting is held: the same, unless the house is closed then."""

    regular: date
    held: date


def held_on(day: date, hours: WorkingHours) -> date | None:
    """The open day a meeting of this day is held on; None when the house is closed all that week.

    The next open day of the same week, or the last one before it. The rhythm itself is never disturbed.
    """
    until_friday = [day + DAY * ahead for ahead in range(max(0, FRIDAY - day.weekday()) + 1)]
    back_to_monday = [day - DAY * back for back in range(1, day.weekday() + 1)]
    return next((each for each in (*until_friday, *back_to_monday) if hours.open_on(each)), None)


def slots(first: date, every_days: int, hours: WorkingHours, *, after: date) -> Iterator[Slot]:
    """The meetings of a rhythm that are held after a day, in order, without end. Closed weeks are left out."""
    # One step back, since a meeting may be held some days from where it belongs.
    steps = max(0, (after - first).days // every_days - 1)
    regular = first + timedelta(days=steps * every_days)
    while True:
        held = held_on(regular, hours)
        if held is not None and held > after:
            yield Slot(regular, held)
        regular += timedelta(days=every_days)


def ahead(first: date, every_days: int, hours: WorkingHours, *, after: date, number: int) -> list[Slot]:
    """The next so many meetings of a rhythm."""
    return list(islice(slots(first, every_days, hours, after=after), number))
