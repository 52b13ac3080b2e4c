"""Days, months, quarters and years as people count them, and the moments days begin at."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def begins(day: date, zone: ZoneInfo) -> datetime:
    """The moment a day begins in a zone. In UTC."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def moments_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moment a day begins, and the one at which the next one does."""
    return begins(day, zone), begins(day + DAY, zone)


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months later (or earlier), or the last that month has."""
    number = day.year * 12 + day.month - 1 + months
    # The calendar ends somewhere, and nobody is asked there.
    year, month = divmod(min(max(number, 12), 9999 * 12 + 11), 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def year_until(on: date) -> date:
    """The first of the twelve months that end with this day."""
    return months_after(on, -12) + DAY


def quarter_of(day: date) -> date:
    """The first day of its quarter."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def quarters(since: date, until: date) -> list[date]:
    """The first days of all quarters from the one `since` lies in to the one `until` lies in."""
    found = [quarter_of(since)]
    while (following := months_after(found[-1], 3)) <= until:
        found.append(following)
    return found


def quarter_name(first: date) -> str:
    """ "4. kvartal 2026"."""
    return f"{(first.month + 2) // 3}. kvartal {first.year}"
