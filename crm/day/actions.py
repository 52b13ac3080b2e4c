"""What can be done with a line of a day: finish it, put it off, take either back. And how to be told of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.access.queries import token_hash
from crm.agreements import queries as agreements
from crm.companies.models import Company
from crm.day.models import DayChoice, PutOff, Reason
from crm.day.queries import quiet_again
from crm.day.tasks import Line
from crm.db import upsert
from crm.errors import Conflict, NotFound, Refused
from crm.interactions import actions as interactions
from crm.interactions import queries as promises
from crm.requests import actions as requests
from crm.requests import queries as asked
from crm.requests.clock import WorkingHours
from crm.requests.models import RequestState
from crm.settings import Settings
from crm.surveys import actions as surveys
from crm.surveys import queries as replies

FURTHEST = timedelta(days=366)
# How long a line that was put off is remembered after it has come back: until its day has passed for all.
KEPT = timedelta(days=2)
# As a note about a comment has room for.
NOTE = 500


@dataclass(frozen=True)
class Moment:
    """Who does something, when, and by which settings."""

    by: User
    now: datetime
    settings: Settings

    @property
    def today(self) -> date:
        """The day it is in the municipality."""
        return self.now.astimezone(self.settings.zone).date()


def company_of(db: Session, line: Line) -> Company:
    """The company a line is about, or NotFound."""
    if line.reason == Reason.QUIET:
        company = db.get(Company, line.id)
        if company is None:
            raise NotFound
        return company
    if line.reason == Reason.FOLLOW_UP:
        return promises.follow_up(db, line.id).company
    if line.reason == Reason.ANSWER:
        return asked.get(db, line.id).company
    if line.reason == Reason.COMMENT:
        return replies.reply(db, line.id).company
    return agreements.get(db, line.id).company


def finish(db: Session, *, line: Line, moment: Moment, note: str | None = None) -> date | None:
    """It is done; the day it comes back, when it does. `note` is what was written down about it.

    A request has had its answer, a comment has been followed up on, a company has been thought of.
    """
    by, now = moment.by, moment.now
    if line.reason == Reason.FOLLOW_UP:
        follow_up = promises.follow_up(db, line.id)
        following = interactions.mark_done(db, follow_up=follow_up, by=by, now=now, today=moment.today)
        return following.due if following else None
    if line.reason == Reason.ANSWER:
        _answer(db, line, moment)
    elif line.reason == Reason.COMMENT:
        _follow_up_comment(db, line, moment, note)
    else:
        _put_off(db, line, moment, _seen_to(db, line, moment, logged=note is not None))
    return None


def _answer(db: Session, line: Line, moment: Moment) -> None:
    request = asked.get(db, line.id)
    if request.answered_at is not None:
        return
    requests.move(
        db, request=request, to=RequestState.IN_PROGRESS, by=moment.by, now=moment.now,
        clock=WorkingHours.of(moment.settings),
    )  # fmt: skip


def _follow_up_comment(db: Session, line: Line, moment: Moment, note: str | None) -> None:
    reply = replies.reply(db, line.id)
    if note is None:
        raise Refused("note", "Skriv kort, hvad der blev gjort.")
    if reply.handled_at is None:
        surveys.handle_comment(
            db, reply=reply, company=reply.company, by=moment.by, now=moment.now, note=note[:NOTE]
        )


def _seen_to(db: Session, line: Line, moment: Moment, *, logged: bool) -> date:
    """When a line that was seen to is looked at again."""
    if line.reason == Reason.QUIET:
        company_of(db, line)
        return quiet_again(moment.settings, moment.today)
    agreement = agreements.get(db, line.id)
    if logged:
        # Somebody has spoken with them; whether it led to something shows in a week.
        return moment.today + timedelta(days=7)
    if line.reason == Reason.OFFER or agreement.valid_to is None:
        raise Conflict("Et tilbud er færdigt, når aftalen er underskrevet eller afsluttet. Åbn aftalen.")
    return agreement.valid_to + timedelta(days=moment.settings.expiry_days + 1)


def move(db: Session, *, line: Line, until: date, moment: Moment) -> date | None:
    """See it again on another day. A follow-up's day that it had before is handed back."""
    if line.reason == Reason.FOLLOW_UP:
        follow_up = promises.follow_up(db, line.id)
        before = follow_up.due
        if not moment.today < until <= moment.today + FURTHEST:
            raise Refused("due", "Vælg en dag efter i dag og inden for et år.")
        interactions.postpone(db, follow_up=follow_up, due=until)
        return before
    company_of(db, line)
    _put_off(db, line, moment, until)
    return None


def _put_off(db: Session, line: Line, moment: Moment, until: date) -> None:
    if until <= moment.today:
        raise Refused("due", "Vælg en dag efter i dag.")
    me = moment.by.id
    db.execute(delete(PutOff).where(PutOff.user_id == me, PutOff.until < moment.today - KEPT))
    values = {"until": until, "created_at": moment.now}
    db.execute(
        upsert(db, PutOff)
        .values(user_id=me, kind=str(line.reason), subject_id=line.id, **values)
        .on_conflict_do_update(
            index_elements=[PutOff.user_id, PutOff.kind, PutOff.subject_id],
            set_={PutOff.until: until, PutOff.created_at: moment.now},
        )
    )


def take_back(db: Session, *, line: Line, moment: Moment, due: date | None = None) -> None:
    """It was not done, or not put off, after all. A follow-up that was moved goes back to `due`."""
    if line.reason == Reason.FOLLOW_UP:
        follow_up = promises.follow_up(db, line.id)
        if due is not None:
            interactions.postpone(db, follow_up=follow_up, due=due)
        elif follow_up.done_at is not None:
            interactions.reopen(db, follow_up=follow_up)
        return
    company_of(db, line)
    db.execute(
        delete(PutOff).where(
            PutOff.user_id == moment.by.id, PutOff.kind == str(line.reason), PutOff.subject_id == line.id
        )
    )


# --- How to be told of it -------------------------------------------------------------------------


def _choice(db: Session, user: User) -> DayChoice:
    """The user's row, made when there is none, held until the transaction ends."""
    db.execute(upsert(db, DayChoice).values(user_id=user.id, morning_mail=0).on_conflict_do_nothing())
    return db.get_one(DayChoice, user.id, with_for_update=True, populate_existing=True)


def choose_morning_mail(db: Session, *, user: User, on: bool) -> None:
    """A mail in the morning, or none."""
    _choice(db, user).morning_mail = int(on)
    db.flush()


def open_calendar(db: Session, *, user: User, now: datetime) -> str:
    """A new secret for the user's calendar, shown this once. The one before opens nothing any more."""
    token = secrets.token_urlsafe(32)
    choice = _choice(db, user)
    choice.calendar_hash, choice.calendar_since = token_hash(token), now
    db.flush()
    return token


def close_calendar(db: Session, *, user: User) -> None:
    """No calendar at any address."""
    choice = _choice(db, user)
    choice.calendar_hash = choice.calendar_since = None
    db.flush()
