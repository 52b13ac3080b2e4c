"""Calendar files as programs write them, in small parts."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

from importers.calendar import Hours, LeftOut, Reading, read
from tests.conftest import TODAY

HOURS = Hours(time(8), time(16), ZoneInfo("Europe/Copenhagen"))
OOF = "X-MICROSOFT-CDO-BUSYSTATUS:OOF"


def event(*lines: str, uid: str | None = "a") -> str:
    """One event, by default with a name."""
    named = [f"UID:{uid}"] if uid else []
    return "\r\n".join(["BEGIN:VEVENT", *named, *lines, "END:VEVENT"])


def calendar(*parts: str) -> bytes:
    """A whole file."""
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *parts, "END:VCALENDAR", ""]
    ).encode()


def whole(first: str, last: str | None = None, *more: str, uid: str = "a") -> str:
    """An all-day event out of the office, its end as calendars write it: the day after."""
    ending = [f"DTEND;VALUE=DATE:{last}"] if last else []
    return event(f"DTSTART;VALUE=DATE:{first}", *ending, *(more or (OOF,)), uid=uid)


def timed(start: str, end: str, *more: str, uid: str = "a") -> str:
    """An event with clock times out of the office; `start` and `end` are whole properties without names."""
    return event(f"DTSTART{start}", f"DTEND{end}", *(more or (OOF,)), uid=uid)


def reading(*parts: str) -> Reading:
    """What is read from a file of these parts."""
    return read(calendar(*parts), HOURS, TODAY)


def days(*parts: str) -> list[tuple[str, str]]:
    """The days that are proposed."""
    return [
        (each.days.first_day.isoformat(), each.days.last_day.isoformat()) for each in reading(*parts).proposed
    ]


def left_out(*parts: str) -> dict[LeftOut, int]:
    """What is left out, when nothing is proposed."""
    found = reading(*parts)
    assert found.proposed == []
    return dict(found.left_out)
