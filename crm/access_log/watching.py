"""An alarm when somebody opens more companies within an hour than work explains."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import danish
from crm.access.models import Role, User
from crm.access_log.models import AccessAlarm, AccessEntry, ActorKind, Outcome
from crm.access_log.store import AccessLog
from crm.db import Database
from crm.outbox import actions as outbox

HOUR = timedelta(hours=1)


def watch(
    database: Database, log: AccessLog, *, now: datetime, most: int, home: str, actor: str = "worker"
) -> int:
    """Look at the last hour and tell the administrators; how many alarms. `most` of 0 is never too many."""
    if not most:
        return 0
    with log.read() as rows:
        opened = _opened(rows, now, most)
    if not opened:
        return 0
    with database.write(actor) as db:
        return sum(_tell(db, user_id, number, now, home) for user_id, number in opened.items())


def _opened(rows: Session, now: datetime, most: int) -> dict[int, int]:
    """How many companies each user opened within the last hour, of those who opened more than `most`."""
    number = func.count(AccessEntry.company.distinct())
    query = (
        select(AccessEntry.actor_id, number)
        .where(
            AccessEntry.at > now - HOUR,
            AccessEntry.at <= now,
            AccessEntry.actor_kind == ActorKind.USER,
            AccessEntry.outcome == Outcome.SHOWN,
        )
        .group_by(AccessEntry.actor_id)
        .having(number > most)
    )
    return {user_id: count for user_id, count in rows.execute(query) if user_id is not None}


def _tell(db: Session, user_id: int, number: int, now: datetime, home: str) -> bool:
    """One alarm an hour for each user is enough."""
    told = select(AccessAlarm.id).where(AccessAlarm.user_id == user_id, AccessAlarm.until > now - HOUR)
    if db.scalar(told.limit(1)) is not None:
        return False
    user = db.get_one(User, user_id)
    alarm = AccessAlarm(user_id=user_id, until=now, companies=number)
    db.add(alarm)
    db.flush()
    companies = danish.count(number, "virksomhed", "virksomheder")
    admins = select(User).where(User.role == Role.ADMIN, User.is_active == 1).order_by(User.id)
    for admin in db.scalars(admins).all():
        outbox.put(
            db,
            act=f"access-alarm:{alarm.id}",
            to=admin.email,
            subject="Usædvanligt mange opslag – Én indgang",
            body=(
                f"Hej {admin.first_name}\n\n{user.name} har åbnet {companies} på en time i Én indgang.\n\n"
                "Der kan være en god grund. Se, hvad der blev åbnet, og spørg, hvis du ikke kender den:\n"
                f"{home.rstrip('/')}/opsaetning/adgangslog?bruger={user_id}"
            ),
            now=now,
        )
    return True
