"""A mail in the morning about the day, to those who want one. The outbox sends it; nobody gets two."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session

from crm import danish
from crm.access.models import User
from crm.board.models import BoardAction
from crm.day.models import DayChoice
from crm.day.queries import Plan, plan
from crm.day.tasks import Task
from crm.db import Database
from crm.errors import Refused
from crm.outbox import actions as outbox
from crm.outbox.models import Mail
from crm.requests.clock import WorkingHours
from crm.responsibility.absences import ways as absences
from crm.settings import Settings
from crm.types import storable

# After this the day is no longer to be planned.
NOON = time(12)
SHOWN = 15
TEXT = 90
ACTOR = "morning"


def write_morning_mails(
    database: Database,
    settings: Settings,
    now: datetime,
    go_on: Callable[[int, int], bool] = lambda _done, _all: True,
) -> int:
    """Write what is due this morning, each in a short transaction of its own; how many mails it became.

    A morning is looked at once: whoever has nothing to do at that moment gets no mail later either. `go_on`
    hears how many mornings of how many are looked at, and says whether to look at the next.
    """
    local = now.astimezone(settings.zone)
    today = local.date()
    if not settings.morning_mail_at <= local.time() < NOON or not WorkingHours.of(settings).open_on(today):
        return 0
    with database.read() as db:
        away = {absence.user_id for absence in absences.away(db, today)}
        waiting = [id for id in db.scalars(_waiting(today)) if id not in away]
    written = 0
    for done, user_id in enumerate(waiting):
        if not go_on(done, len(waiting)):
            break
        with database.write(ACTOR) as db:
            # Of several machines one changes the row, and looks at this morning.
            if _taken(db, user_id, today):
                written += _write(db, db.get_one(User, user_id), settings, now) is not None
    return written


def _waiting(today: date) -> Select[int]:
    return (
        select(DayChoice.user_id)
        .join(User, User.id == DayChoice.user_id)
        .where(DayChoice.morning_mail == 1, User.is_active == 1, _not_yet(today))
        .order_by(DayChoice.user_id)
    )


def _not_yet(today: date) -> ColumnElement[bool]:
    return or_(DayChoice.last_morning.is_(None), DayChoice.last_morning < today)


def _taken(db: Session, user_id: int, today: date) -> bool:
    taken = db.execute(
        update(DayChoice)
        .where(DayChoice.user_id == user_id, DayChoice.morning_mail == 1, _not_yet(today))
        .values(last_morning=today)
        .returning(DayChoice.user_id)
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None


def _write(db: Session, user: User, settings: Settings, now: datetime) -> Mail | None:
    if not user.is_active:
        return None
    day = plan(db, user, settings=settings, now=now)
    if not day.now and not day.agreed:
        return None
    today = now.astimezone(settings.zone).date()
    subject, body = letter(user, day, today, settings.base_url.rstrip("/"))
    # Whom no mail can be sent to has the day on its page.
    with suppress(Refused):
        return outbox.put(
            db, act=f"morning:{user.id}:{today}", to=user.email, subject=subject, body=body, now=now
        )
    return None


def letter(user: User, day: Plan, today: date, home: str) -> tuple[str, str]:
    """Subject and text: what to do now, the most urgent first, and the way to the rest."""
    things = danish.count(len(day.now), "ting", "ting")
    haste = f", {danish.count(day.urgent, 'haster', 'haster')}" if day.urgent else ""
    shown, left = day.now[:SHOWN], len(day.now) - SHOWN
    parts = [
        f"Godmorgen {user.first_name}",
        f"{danish.long_day(today).capitalize()}: {things} at gøre{haste}.",
        "\n".join(_said(task, home) for task in shown),
        f"Og {left} til." if left > 0 else "",
        "\n".join(["Aftalt ved tavlen:", *(_agreed(each, today) for each in day.agreed)])
        if day.agreed
        else "",
        f"Min dag: {home}/",
        f"Vil du ikke have mailen mere? {home}/konto",
    ]
    return f"Din dag: {things}{haste}", storable("\n\n".join(filter(None, parts)), 20_000)


def _agreed(each: BoardAction, today: date) -> str:
    return f"- {each.text}, {danish.spoken_day(each.due, today)}"


def _said(task: Task, home: str) -> str:
    what = task.what if len(task.what) <= TEXT else f"{task.what[: TEXT - 1].rstrip()}…"
    behalf = f" (for {task.on_behalf_of})" if task.on_behalf_of else ""
    lines = [
        f"- {task.why}{behalf}: {task.company.name}",
        f"  {what}, {task.when}",
        f"  {home}/virksomheder/{task.company.cvr}",
    ]
    return "\n".join(lines)
