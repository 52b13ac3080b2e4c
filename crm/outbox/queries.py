"""What waits, what was sent, what could not be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, defer

from crm.errors import NotFound
from crm.outbox.models import FAILED_SQL, OPEN_SQL, Mail, MailState

SHOWN = 50


def find(db: Session, *, act: str, recipient: str) -> Mail | None:
    """The mail to this person about this act, if there is one."""
    return db.scalars(select(Mail).where(Mail.act == act, Mail.recipient == recipient)).first()


def get(db: Session, id: int) -> Mail:
    """One mail, or NotFound. It cannot change under us until we are done."""
    found = db.get(Mail, id, with_for_update=True)
    if found is None:
        raise NotFound("Vi kan ikke finde den mail.")
    return found


def due(db: Session, now: datetime) -> Mail | None:
    """The mail that has been due for longest and that nobody is sending, locked; None when there is none.

    Of several workers on PostgreSQL each gets another one; on SQLite they take turns anyway.
    """
    return db.scalars(
        select(Mail)
        .where(OPEN_SQL, Mail.next_try_at <= now, func.coalesce(Mail.leased_until, Mail.next_try_at) <= now)
        .order_by(Mail.next_try_at, Mail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def numbers(db: Session) -> tuple[int, int]:
    """How many wait, and how many have failed."""
    waiting, failed = (
        select(func.count()).select_from(Mail).where(these) for these in (OPEN_SQL, FAILED_SQL)
    )
    return db.scalar(waiting) or 0, db.scalar(failed) or 0


def waiting(db: Session, limit: int = SHOWN) -> Sequence[Mail]:
    """What is to be sent, the most due first. Without the mails' words, as in all lists here."""
    return _listed(db, select(Mail).where(OPEN_SQL).order_by(Mail.next_try_at, Mail.id), limit)


def failed(db: Session, limit: int = SHOWN) -> Sequence[Mail]:
    """What could not be sent, the newest first."""
    return _listed(db, select(Mail).where(FAILED_SQL).order_by(Mail.id.desc()), limit)


def settled(db: Session, limit: int = SHOWN) -> Sequence[Mail]:
    """What was sent or cancelled, the newest first."""
    ends = (MailState.SENT, MailState.CANCELLED)
    return _listed(db, select(Mail).where(Mail.state.in_(ends)).order_by(Mail.id.desc()), limit)


def _listed(db: Session, rows: Select[Mail], limit: int) -> Sequence[Mail]:
    return db.scalars(rows.options(defer(Mail.body, raiseload=True)).limit(limit)).all()
