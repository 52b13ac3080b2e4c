"""The log's own time limit, and erasing what was searched for when it names somebody who is erased."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from crm import audit
from crm.access_log.models import AccessAlarm, AccessEntry, AccessHorizon, SpotCheck, SpotCheckLook
from crm.access_log.store import AccessLog
from crm.db import Database
from crm.periods import begins, months_after

# Rows in one transaction, so that no page waits long for the writer.
SOME = 500


def limit(now: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Everything before this moment has had its time."""
    return begins(months_after(now.astimezone(zone).date(), -months), zone)


def forget(
    database: Database,
    log: AccessLog,
    *,
    before: datetime,
    go_on: Callable[[int], bool] = lambda _: True,
    actor: str = "worker",
) -> int:
    """Delete what is older than `before`; how many rows. The audit log tells of it first, and then it is done."""
    old = AccessEntry.at < before
    with log.read() as rows:
        number = rows.scalar(select(func.count()).select_from(AccessEntry).where(old)) or 0
    if not number:
        return 0
    with database.write(actor) as db:
        told = {"before": before.isoformat(), "rows": number}
        audit.note(db, action="forget", kind="access_log", id=before.date(), payload=told)
        _forget_copies(db, before)
    with log.write(actor) as rows:
        rows.execute(update(AccessHorizon).where(AccessHorizon.before < before).values(before=before))
    gone = 0
    while go_on(gone):
        with log.write(actor) as rows:
            some = select(AccessEntry.id).where(old).order_by(AccessEntry.at).limit(SOME)
            done = rows.execute(delete(AccessEntry).where(AccessEntry.id.in_(some)))
        if not (count := int(cast("Any", done).rowcount)):
            break
        gone += count
    return gone


def _forget_copies(db: Session, before: datetime) -> None:
    """What the main database keeps of it goes with it."""
    db.execute(delete(AccessAlarm).where(AccessAlarm.until < before))
    db.execute(delete(SpotCheckLook).where(SpotCheckLook.at < before))
    left = select(SpotCheckLook.month)
    db.execute(delete(SpotCheck).where(SpotCheck.drawn_at < before, SpotCheck.month.not_in(left)))


def erase_words(log: AccessLog, words: Iterable[str]) -> int:
    """Empty every criterion that holds one of these words, such as an erased person's name; how many rows."""
    holds = [
        func.lower(AccessEntry.criterion).contains(word.lower(), autoescape=True)
        for word in words
        if word.strip()
    ]
    if not holds:
        return 0
    with log.write() as rows:
        done = rows.execute(update(AccessEntry).where(or_(*holds)).values(criterion=None))
    return int(cast("Any", done).rowcount)
