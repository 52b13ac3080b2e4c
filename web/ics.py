"""A day's lines as a calendar that other programs fetch. Titles only: what was talked about stays in the house."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from starlette.responses import Response

from crm.day.models import Reason
from crm.day.tasks import Task

if TYPE_CHECKING:
    from icalendar import Event

TITLE = 70
DAY = timedelta(days=1)
# An answer stands just before it is due, for so long.
ANSWER = timedelta(minutes=30)
# How often programs should look.
EVERY = timedelta(hours=1)
CALLED = {Reason.ANSWER: "Svar", Reason.EXPIRY: "Aftale udløber"}


def calendar(tasks: Sequence[Task], *, name: str, home: str, now: datetime, zone: ZoneInfo) -> bytes:
    """The whole calendar. `home` is the address of the house, which also makes the names of events unique."""
    # Loaded here, since most who start the program never make a calendar.
    from icalendar import Calendar

    made = Calendar()
    made.add("prodid", "-//Én indgang//Min dag//DA")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", name)
    made.add("refresh-interval", EVERY, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    for task in tasks:
        made.add_component(_event(task, home, now, zone))
    # The year before and the two after: no event lies further off.
    made.add_missing_timezones(now.date() - 366 * DAY, now.date() + 732 * DAY)
    return bytes(made.to_ical())


def _event(task: Task, home: str, now: datetime, zone: ZoneInfo) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", f"{task.line}@{urlsplit(home).hostname or 'enindgang'}")
    # It is published anew at every look; whether it has another day since, the sequence says.
    event.add("dtstamp", now)
    event.add("sequence", task.version)
    event.add("summary", _title(task))
    event.add("url", f"{home}{task.url or '/'}")
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    if isinstance(task.due, datetime):
        due = task.due.astimezone(zone)
        event.add("dtstart", (task.due - ANSWER).astimezone(zone))
        event.add("dtend", due)
    else:
        day = task.due or now.astimezone(zone).date()
        event.add("dtstart", day)
        event.add("dtend", day + DAY)
    return event


def _title(task: Task) -> str:
    called = CALLED.get(task.line.reason) or ("Ring tilbage" if task.why == "Ring tilbage" else "Opfølgning")
    title = f"{called}: {task.company.name}"
    return title if len(title) <= TITLE else f"{title[: TITLE - 1].rstrip()}…"


class Held(Protocol):
    """A meeting of the panel, as members or the house know it."""

    @property
    def id(self) -> int: ...
    @property
    def on(self) -> date: ...
    @property
    def starts_at(self) -> int: ...
    @property
    def ends_at(self) -> int: ...
    @property
    def place(self) -> str: ...
    @property
    def version(self) -> int: ...


def panel_meeting(meeting: Held, *, url: str, cancelled: bool, now: datetime, zone: ZoneInfo) -> bytes:
    """A meeting of the panel as a calendar file; fetched again it moves the one there is, or takes it away."""
    from icalendar import Calendar, Event

    midnight = datetime.combine(meeting.on, time(), zone)
    made = Calendar()
    made.add("prodid", "-//Én indgang//Virksomhedspanelet//DA")
    made.add("version", "2.0")
    made.add("method", "CANCEL" if cancelled else "PUBLISH")
    event = Event()
    event.add("uid", f"panelmoede-{meeting.id}@{urlsplit(url).hostname or 'enindgang'}")
    event.add("dtstamp", now)
    event.add("sequence", meeting.version)
    event.add("summary", "Møde i virksomhedspanelet")
    event.add("location", meeting.place)
    event.add("url", url)
    event.add("dtstart", midnight + timedelta(minutes=meeting.starts_at))
    event.add("dtend", midnight + timedelta(minutes=meeting.ends_at))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    made.add_component(event)
    made.add_missing_timezones(meeting.on - 366 * DAY, meeting.on + 366 * DAY)
    return bytes(made.to_ical())


def calendar_file(made: bytes) -> Response:
    """A calendar to keep."""
    headers = {"Content-Disposition": 'attachment; filename="panelmoede.ics"', "Cache-Control": "no-store"}
    return Response(made, media_type="text/calendar; charset=utf-8", headers=headers)
