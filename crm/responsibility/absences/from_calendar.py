"""Absences that a calendar tells of: what is new, what has moved, and what stands in the way.

An event is known again by a key made of its UID, so that the same file twice changes nothing. Its text is not
even handed to this room: it may tell why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.errors import Refused
from crm.responsibility.absences.actions import add, check_days, overlap
from crm.responsibility.absences.queries import overlapping
from crm.responsibility.models import Absence

SWAPPED = "To fravær har byttet dage i kalenderen. Ret det ene i hånden først."
BEGUN = "Fraværet er begyndt, og første dag kan ikke flyttes. Ret det i hånden."
IN_FILE = "Kalenderen har selv to fravær på de samme dage."


@dataclass(frozen=True)
class CalendarDays:
    """Days away as a calendar has them."""

    key: str
    first_day: date
    last_day: date


class Outcome(StrEnum):
    """What taking an event in would do."""

    NEW = "new"
    MOVED = "moved"
    SAME = "same"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Plan:
    """What taking an event in would do, to which absence, and why not."""

    event: CalendarDays
    outcome: Outcome
    absence: Absence | None = None
    why: str | None = None


@dataclass
class Taken:
    """What was done with the events of a file."""

    added: list[Absence] = field(default_factory=list)
    moved: list[Absence] = field(default_factory=list)
    same: int = 0
    blocked: list[str] = field(default_factory=list)


def plan(db: Session, *, user: User, events: Iterable[CalendarDays], today: date) -> list[Plan]:
    """What each event would do, in the order of their days. Nothing is written."""
    events = sorted(events, key=lambda event: (event.first_day, event.last_day, event.key))
    standing = _standing(db, user, events, today)
    by_key = {each.calendar_key: each for each in standing if each.calendar_key}
    named = {event.key for event in events}
    # What the calendar moves makes room; what it does not mention stays where it is.
    taken: list[Absence | CalendarDays] = [
        each for each in standing if each.calendar_key not in named or each.last_day < today
    ]
    found = []
    for event in events:
        known = by_key.get(event.key)
        if known is not None and known.last_day < today:
            # It is history; what the calendar tells of now is another time.
            known = None
        planned = _planned(event, known, taken, today)
        if planned.outcome == Outcome.BLOCKED and known is not None:
            taken.append(known)
        elif planned.outcome != Outcome.BLOCKED:
            taken.append(event)
        found.append(planned)
    return found


def _standing(db: Session, user: User, events: Sequence[CalendarDays], today: date) -> Sequence[Absence]:
    since = min([today, *(event.first_day for event in events)])
    wanted = or_(Absence.last_day >= since, Absence.calendar_key.in_([event.key for event in events]))
    return db.scalars(
        select(Absence).where(Absence.user_id == user.id, wanted).order_by(Absence.first_day)
    ).all()


def _planned(
    event: CalendarDays, known: Absence | None, taken: Sequence[Absence | CalendarDays], today: date
) -> Plan:
    if known is not None and (known.first_day, known.last_day) == (event.first_day, event.last_day):
        return Plan(event, Outcome.SAME, known)
    try:
        check_days(event.first_day, event.last_day, today)
    except Refused as refusal:
        return Plan(event, Outcome.BLOCKED, known, refusal.message)
    if known is not None and known.first_day <= today and event.first_day != known.first_day:
        return Plan(event, Outcome.BLOCKED, known, BEGUN)
    for other in taken:
        if other.first_day <= event.last_day and other.last_day >= event.first_day:
            why = overlap(other) if isinstance(other, Absence) else IN_FILE
            return Plan(event, Outcome.BLOCKED, known, why)
    return Plan(event, Outcome.MOVED if known is not None else Outcome.NEW, known)


def take_in(
    db: Session,
    *,
    user: User,
    events: Iterable[CalendarDays],
    stand_in: User | None,
    today: date,
    now: datetime,
) -> Taken:
    """Write these events down as the user's absences. What has moved keeps its stand-in and exceptions."""
    done = Taken()
    plans = plan(db, user=user, events=events, today=today)
    done.same = sum(each.outcome == Outcome.SAME for each in plans)
    done.blocked = [each.why for each in plans if each.why is not None]
    _move(db, [each for each in plans if each.outcome == Outcome.MOVED], user, done)
    for each in plans:
        if each.outcome == Outcome.NEW:
            _add(db, each.event, user, stand_in, done, today=today, now=now)
    return done


def _add(
    db: Session,
    event: CalendarDays,
    user: User,
    stand_in: User | None,
    done: Taken,
    *,
    today: date,
    now: datetime,
) -> None:
    if other := overlapping(db, user, event.first_day, event.last_day):
        # Its room was to come from a move that could not be made.
        done.blocked.append(overlap(other))
        return
    _release(db, user, event.key)
    absence = add(
        db,
        user=user,
        first_day=event.first_day,
        last_day=event.last_day,
        stand_in=stand_in,
        by=user,
        today=today,
        now=now,
        calendar_key=event.key,
    )
    done.added.append(absence)


def _release(db: Session, user: User, key: str) -> None:
    """An absence that is over lets go of its event, which is to come again."""
    known = select(Absence).where(Absence.user_id == user.id, Absence.calendar_key == key)
    for absence in db.scalars(known):
        absence.source, absence.calendar_key = "hand", None
    db.flush()


def _move(db: Session, plans: list[Plan], user: User, done: Taken) -> None:
    """One after the other, those that have room first: two periods never overlap, not even on the way."""
    while plans:
        waiting = []
        for each in plans:
            absence, event = each.absence, each.event
            if absence is None or overlapping(db, user, event.first_day, event.last_day, but=absence.id):
                waiting.append(each)
                continue
            absence.first_day, absence.last_day = event.first_day, event.last_day
            db.flush()
            done.moved.append(absence)
        if len(waiting) == len(plans):
            done.blocked += [SWAPPED] * len(waiting)
            return
        plans = waiting
