"""Absences out of a calendar: an ICS file as Outlook, Google or a phone writes it.

Only whole days out of the office are proposed. A line this reader has no use for is thrown away unread: what
an event is about may tell why someone is away, and that is nobody's business. The title is kept for the eyes
of whoever brought the file, and is handed on to nothing that stores.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from crm.errors import Refused
from crm.responsibility.absences.actions import LONGEST
from crm.responsibility.absences.from_calendar import CalendarDays
from importers import time_zones

if TYPE_CHECKING:
    from icalendar import Component

BIGGEST = 4 * 1024 * 1024
MOST_EVENTS = 5_000
# A page can show and carry so many; a longer calendar is brought in one part after the other.
MOST_PROPOSED = 90
TITLE = 80
DAY = timedelta(days=1)
YEARS = range(2000, 2101)
NO_CALENDAR = (
    "Filen kan ikke læses som en kalender. Gem kalenderen som en ICS-fil (iCalendar), og vælg den her."
)
TOO_BIG = "Filen er for stor. Gem en kortere periode af kalenderen, og prøv igen."


class LeftOut(StrEnum):
    """Why an event is not proposed."""

    RECURRING = "recurring"
    IN = "in"
    PART_OF_DAY = "part_of_day"
    OVER = "over"
    TOO_LONG = "too_long"
    CALLED_OFF = "called_off"
    UNREADABLE = "unreadable"
    TOO_MANY = "too_many"


@dataclass(frozen=True)
class Proposed:
    """Days away that the calendar tells of, and what its owner calls them. The title is for showing only."""

    days: CalendarDays
    title: str = ""


@dataclass
class Reading:
    """What a file holds: absences to say yes or no to, and how many events were left out, by why."""

    proposed: list[Proposed] = field(default_factory=list)
    left_out: Counter[LeftOut] = field(default_factory=Counter)


@dataclass(frozen=True)
class Hours:
    """When the house is open, and where. A day away is one whose opening hours are all away."""

    opens: time
    closes: time
    zone: ZoneInfo


def read(raw: bytes, hours: Hours, today: date) -> Reading:
    """Everything in the file that can be an absence from today on. Raises Refused for a file that is none."""
    if len(raw) > BIGGEST:
        raise Refused("file", TOO_BIG)
    text, zones = _narrowed(raw)
    newest: dict[str, tuple[int, Proposed | LeftOut]] = {}
    for number, event in enumerate(_events(text)):
        key, sequence = _key(event) or f"#{number}", _sequence(event)
        # An event that stands twice counts once, as it was written last.
        if key not in newest or sequence >= newest[key][0]:
            newest[key] = sequence, _judged(event, hours, zones, today)
    judged = [each for _, each in newest.values()]
    proposed = [each for each in judged if isinstance(each, Proposed)]
    proposed.sort(key=lambda each: (each.days.first_day, each.days.last_day, each.days.key))
    left_out = Counter(each for each in judged if isinstance(each, LeftOut))
    if len(proposed) > MOST_PROPOSED:
        left_out[LeftOut.TOO_MANY] = len(proposed) - MOST_PROPOSED
    return Reading(proposed[:MOST_PROPOSED], left_out)


# --- The file -----------------------------------------------------------------------------------

_FOLD = re.compile(r"\r?\n[ \t]")
_BREAK = re.compile(r"\r\n|\n|\r")
_BEGINS = re.compile(r"\s*BEGIN:VCALENDAR\s", re.IGNORECASE)
_USED = re.compile(
    r"(?:BEGIN|END|UID|RECURRENCE-ID|SEQUENCE|DTSTART|DTEND|DURATION|RRULE|RDATE|TRANSP|STATUS|SUMMARY"
    r"|X-MICROSOFT-CDO-BUSYSTATUS)[;:]",
    re.IGNORECASE,
)
_EVENT = re.compile(r"^BEGIN:VEVENT", re.IGNORECASE | re.MULTILINE)
# Some programs write "/their.own.name/Europe/Copenhagen".
_VENDOR = re.compile(r"(;TZID=)\"?/(?:[^/;:\"]+/)*([A-Z][A-Za-z_]+/[A-Z][A-Za-z_+-]+)\"?(?=[;:])")


def _narrowed(raw: bytes) -> tuple[str, dict[str, tzinfo]]:
    """The lines that are of use, and the time zones the file defines itself."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    if not _BEGINS.match(text):
        raise Refused("file", NO_CALENDAR)
    kept: list[str] = []
    zones: dict[str, tzinfo] = {}
    zone: list[str] | None = None
    for line in _BREAK.split(_FOLD.sub("", text)):
        if line.upper() == "BEGIN:VTIMEZONE":
            zone = []
        elif line.upper() == "END:VTIMEZONE":
            zones |= time_zones.defined(zone or ())
            zone = None
        elif zone is not None:
            zone.append(line)
        elif _USED.match(line):
            kept.append(_VENDOR.sub(r"\1\2", line))
    return "\r\n".join([*kept, ""]), zones


def _events(text: str) -> list[Component]:
    from icalendar import Calendar

    if len(_EVENT.findall(text)) > MOST_EVENTS:
        raise Refused("file", TOO_BIG)
    try:
        calendars = Calendar.from_ical(text.encode(errors="replace"), multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    # The library lets through whatever its parts raise. Whichever it is, the file is no calendar.
    except Exception as error:
        raise Refused("file", NO_CALENDAR) from error
    if not calendars:
        # It was cut off on its way: what has no end may lack more than that.
        raise Refused("file", NO_CALENDAR)
    return events


# --- The events ---------------------------------------------------------------------------------


def _judged(event: Component, hours: Hours, zones: dict[str, tzinfo], today: date) -> Proposed | LeftOut:
    if _text(event, "STATUS").upper() == "CANCELLED":
        return LeftOut.CALLED_OFF
    if "RRULE" in event or "RDATE" in event:
        return LeftOut.RECURRING
    if not _out(event):
        return LeftOut.IN
    try:
        days = _days(event, hours, zones)
    except (ValueError, TypeError, AttributeError, OverflowError):
        return LeftOut.UNREADABLE
    return _usable(days, _key(event), _title(event), today) if days else LeftOut.PART_OF_DAY


def _usable(days: tuple[date, date], key: str | None, title: str, today: date) -> Proposed | LeftOut:
    first, last = days
    if key is None or first.year not in YEARS or last.year not in YEARS:
        return LeftOut.UNREADABLE
    if last < today:
        return LeftOut.OVER
    if (last - first).days >= LONGEST:
        return LeftOut.TOO_LONG
    return Proposed(CalendarDays(key, first, last), title)


def _out(event: Component) -> bool:
    """Whether it says that its owner is out: Outlook in so many words, others by not being free."""
    said = _text(event, "X-MICROSOFT-CDO-BUSYSTATUS").upper()
    return said == "OOF" if said else _text(event, "TRANSP").upper() != "TRANSPARENT"


def _days(event: Component, hours: Hours, zones: dict[str, tzinfo]) -> tuple[date, date] | None:
    """The first and the last whole day; None when there is none."""
    begins, ends = _one(event, "DTSTART"), _one(event, "DTEND")
    start: Any = begins.dt
    end: Any = start + _length(event, start) if ends is None else ends.dt
    timed = isinstance(start, datetime)
    if timed != isinstance(end, datetime):
        raise TypeError("One is a day and the other a time.")
    if timed:
        start = _moment(start, begins, hours, zones)
        end = _moment(end, begins if ends is None else ends, hours, zones)
    if end < start:
        raise ValueError("It ends before it begins.")
    # The day it ends on is no longer part of it; some programs write the first day there.
    return _whole_days(start, end, hours) if timed else (start, max(start, end - DAY))


def _length(event: Component, start: date) -> timedelta:
    if "DURATION" in event:
        length: timedelta = _one(event, "DURATION").dt
        return length
    return timedelta(0) if isinstance(start, datetime) else DAY


def _moment(value: datetime, written: Any, hours: Hours, zones: dict[str, tzinfo]) -> datetime:
    """The moment in UTC. A time without a zone, or in one nobody knows, is the municipality's own."""
    if value.tzinfo is None:
        named = str((written.params or {}).get("TZID", ""))
        value = value.replace(tzinfo=zones.get(named, hours.zone))
    return value.astimezone(UTC)


def _whole_days(start: datetime, end: datetime, hours: Hours) -> tuple[date, date] | None:
    def at(day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, hours.zone).astimezone(UTC)

    first, last = start.astimezone(hours.zone).date(), end.astimezone(hours.zone).date()
    if start > at(first, hours.opens):
        first += DAY
    if end < at(last, hours.closes):
        last -= DAY
    return (first, last) if first <= last else None


def _one(event: Component, name: str) -> Any:
    """A property as the library read it; of several, the first."""
    found = event.get(name)
    return found[0] if isinstance(found, list) else found


def _text(event: Component, name: str) -> str:
    found = _one(event, name)
    return "" if found is None else str(found).strip()


def _title(event: Component) -> str:
    shown = "".join(sign for sign in _text(event, "SUMMARY") if sign.isprintable())
    return shown if len(shown) <= TITLE else shown[: TITLE - 1] + "…"


def _sequence(event: Component) -> int:
    try:
        return int(_one(event, "SEQUENCE") or 0)
    except (ValueError, TypeError):
        return 0


# Ten digits in a row could be taken for a CPR number, so the key has letters only.
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def _key(event: Component) -> str | None:
    """What the event is known again by, made of its UID and unreadable; None when it has none."""
    uid, instance = _text(event, "UID"), _one(event, "RECURRENCE-ID")
    if not uid:
        return None
    try:
        which = "" if instance is None else instance.dt.isoformat()
    except (ValueError, AttributeError):
        which = str(instance)
    return hashlib.sha256(f"{uid}\x1f{which}".encode(errors="replace")).hexdigest().translate(_LETTERS)
