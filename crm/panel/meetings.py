"""The panel's meetings: planned, announced, moved or called off, and the minutes when they are ready."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from crm import danish
from crm.db import upsert
from crm.errors import Conflict, NotFound, Refused
from crm.panel.letters import tell_all
from crm.panel.models import PanelMeeting, PanelReading

FIELDS = ("on", "starts_at", "ends_at", "place", "agenda")


def plan(db: Session, *, now: datetime, today: date, **values: object) -> PanelMeeting:
    """Plan a meeting; members see it once it is announced. Takes `FIELDS`; clocks are minutes after midnight."""
    made = PanelMeeting(created_at=now)
    _set(made, values, today)
    db.add(made)
    db.flush()
    return made


def change(
    db: Session,
    *,
    meeting: PanelMeeting,
    based_on: int,
    home: str,
    now: datetime,
    today: date,
    **values: object,
) -> PanelMeeting:
    """Correct a meeting. Members hear of another day, hour or place; `based_on` is the version that was read."""
    _demand_standing(meeting)
    if meeting.version != based_on:
        raise Conflict("En kollega har ændret mødet imens. Se den nye udgave, før du gemmer.")
    before = (meeting.on, meeting.starts_at, meeting.ends_at, meeting.place)
    _set(meeting, values, today if meeting.on >= today else None)
    db.flush()
    moved = before != (meeting.on, meeting.starts_at, meeting.ends_at, meeting.place)
    if moved and meeting.announced_at is not None and meeting.on >= today:
        _tell(db, meeting, f"moved:{meeting.version}", "Panelmødet er flyttet", f"Mødet er nu {when(meeting)}.",
              home, now, today)  # fmt: skip
    return meeting


def _set(meeting: PanelMeeting, values: dict[str, object], today: date | None) -> None:
    on, starts_at, ends_at = values["on"], values["starts_at"], values["ends_at"]
    if not isinstance(on, date):
        raise Refused("on", "Skriv dagen.")
    if today is not None and on < today:
        raise Refused("on", "Dagen er gået. Vælg en dag, der kommer.")
    if not isinstance(starts_at, int):
        raise Refused("starts_at", "Skriv, hvornår mødet begynder, for eksempel 8.00.")
    if not isinstance(ends_at, int) or ends_at <= starts_at:
        raise Refused("ends_at", "Skriv, hvornår mødet slutter; det er efter, at det begynder.")
    if not values["place"]:
        raise Refused("place", "Skriv, hvor mødet er.")
    for name in FIELDS:
        setattr(meeting, name, values[name])


def when(meeting: PanelMeeting) -> str:
    """ "torsdag 10. december kl. 8.00–9.30, Rådhuset"."""
    return f"{danish.long_day(meeting.on)} kl. {meeting.clock}, {meeting.place}"


def announce(db: Session, *, meeting: PanelMeeting, home: str, now: datetime, today: date) -> int:
    """Show the meeting to the members and write to them; how many they are. Announced twice is announced."""
    _demand_standing(meeting)
    if meeting.announced_at is not None:
        return 0
    if meeting.on < today:
        raise Conflict("Mødet er holdt. Der er ikke noget at indkalde til.")
    meeting.announced_at = now
    db.flush()
    return _tell(db, meeting, "announced", "Møde i virksomhedspanelet", f"Du er indbudt til møde {when(meeting)}.",
                 home, now, today)  # fmt: skip


def cancel(
    db: Session, *, meeting: PanelMeeting, reason: str, home: str, now: datetime, today: date
) -> PanelMeeting:
    """Call a meeting off, with a reason the members read."""
    _demand_standing(meeting)
    if meeting.on < today:
        raise Conflict("Mødet er holdt og kan ikke aflyses.")
    if not reason.strip():
        raise Refused("reason", "Skriv, hvorfor mødet aflyses. Medlemmerne kan læse det.")
    meeting.cancelled_at, meeting.reason = now, reason
    db.flush()
    if meeting.announced_at is not None:
        _tell(db, meeting, "cancelled", "Panelmødet er aflyst", f"Mødet {when(meeting)} er aflyst.",
              home, now, today)  # fmt: skip
    return meeting


def write_minutes(
    db: Session, *, meeting: PanelMeeting, text: str, based_on: int, today: date
) -> PanelMeeting:
    """Keep the minutes as a draft, or correct those that are out. `based_on` is the version that was read."""
    _demand_standing(meeting)
    if meeting.version != based_on:
        raise Conflict("En kollega har gemt referatet imens. Se den nye udgave, før du gemmer.")
    if meeting.on > today:
        raise Conflict("Mødet er ikke holdt endnu.")
    if not text.strip():
        raise Refused("minutes", "Skriv referatet.")
    meeting.minutes = text
    db.flush()
    return meeting


def publish_minutes(db: Session, *, meeting: PanelMeeting, home: str, now: datetime, today: date) -> int:
    """Let the members read the minutes, and write to them; how many they are. Published twice is published."""
    _demand_standing(meeting)
    if meeting.minutes is None:
        raise Refused("minutes", "Skriv referatet, før du udgiver det.")
    if meeting.minutes_published_at is not None:
        return 0
    # A meeting nobody was called to by the system has still been held.
    meeting.announced_at = meeting.announced_at or now
    meeting.minutes_published_at = now
    db.flush()
    text = f"Referatet af mødet {danish.long_day(meeting.on)} er klar."
    return _tell(db, meeting, "minutes", "Referat fra virksomhedspanelet", text, home, now, today)


def mark_read(db: Session, *, meeting_id: int, seat_id: int, now: datetime) -> None:
    """A member opened the minutes. Only the first time is kept; NotFound before they are out."""
    meeting = db.get(PanelMeeting, meeting_id)
    if meeting is None or meeting.minutes_published_at is None:
        raise NotFound
    row = upsert(db, PanelReading).values(meeting_id=meeting_id, seat_id=seat_id, read_at=now)
    db.execute(row.on_conflict_do_nothing())


def _demand_standing(meeting: PanelMeeting) -> None:
    if meeting.cancelled_at is not None:
        raise Conflict("Mødet er aflyst.")


def _tell(
    db: Session,
    meeting: PanelMeeting,
    act: str,
    subject: str,
    text: str,
    home: str,
    now: datetime,
    today: date,
) -> int:
    return tell_all(
        db, act=f"meeting:{meeting.id}:{act}", subject=subject, text=text, home=home, now=now, today=today,
        path=f"moeder/{meeting.id}",
    )  # fmt: skip
