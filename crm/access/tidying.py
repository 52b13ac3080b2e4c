"""Forgetting what was only to be remembered for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, delete, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from crm.access.actions import WINDOW
from crm.access.models import Draft, Submission, Throttle, UserSession
from crm.access.proofs import Spent

# So long what was sent twice is known as the same (docs/api.md).
REPEATS = timedelta(days=7)
DRAFTS = timedelta(days=90)
# Rows in one transaction, so that nobody waits for the writer.
SOME = 500


def forget(db: Session, *, now: datetime) -> int:
    """Forget some of what has had its time: ended log-ins, old drafts, answers to forms; how many rows."""
    return sum((
        _some(db, [UserSession.id], UserSession.expires_at <= now),
        _some(db, [Spent.key], Spent.until <= now),
        _some(db, [Throttle.key], Throttle.window <= now - WINDOW),
        _some(db, [Submission.user_id, Submission.key], Submission.created_at <= now - REPEATS),
        # What a user chose last in a form is kept: it is no text.
        _some(db, [Draft.user_id, Draft.key], (Draft.saved_at <= now - DRAFTS) & (Draft.key != "last")),
    ))  # fmt: skip


def _some(db: Session, key: list[InstrumentedAttribute[Any]], which: ColumnElement[bool]) -> int:
    these = select(*key).where(which).limit(SOME)
    gone = db.execute(
        delete(key[0].class_).where(tuple_(*key).in_(these)).execution_options(synchronize_session=False)
    )
    return int(cast("Any", gone).rowcount)
