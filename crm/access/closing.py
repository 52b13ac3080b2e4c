"""What ends with a user who is closed: every way in, at once, and what only they could use.

The rooms some of these rows belong to lie above this one, so their tables are named and not imported.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from crm import audit
from crm.access.models import (
    ApiToken,
    Draft,
    RecoveryCode,
    SecondFactor,
    SignInLink,
    Submission,
    User,
    UserSession,
)
from crm.access.proofs import Passkey
from crm.db import Base


def end_everything(db: Session, *, user: User, now: datetime) -> None:
    """Sessions, keys, links, code app, calendar and screens end; drafts and repeated answers are forgotten.

    Screens they made a link for go dark, since whoever has left may have kept the address.
    """
    for model in (UserSession, RecoveryCode, Draft, Submission):
        db.execute(delete(model).where(model.user_id == user.id))
    unused = (SignInLink.user_id == user.id, SignInLink.used_at.is_(None))
    db.execute(update(SignInLink).where(*unused).values(used_at=now))
    # One by one, since that each of them ended is to stand in the log.
    for kept in (ApiToken, SecondFactor, Passkey):
        for row in db.scalars(select(kept).where(kept.user_id == user.id)):
            db.delete(row)
    user.password_hash = None
    _calendar(db, user)
    _screens(db, user, now)
    db.flush()


def _calendar(db: Session, user: User) -> None:
    choice = Base.metadata.tables["day_choice"]
    if db.execute(delete(choice).where(choice.c.user_id == user.id).returning(choice.c.user_id)).first():
        audit.note(db, action="delete", kind="day_choice", id=user.id)


def _screens(db: Session, user: User, now: datetime) -> None:
    link = Base.metadata.tables["board_wall_link"]
    theirs = update(link).where(link.c.by_id == user.id, link.c.closed_at.is_(None)).values(closed_at=now)
    for id in db.scalars(theirs.returning(link.c.id)).all():
        audit.note(
            db, action="change", kind="board_wall_link", id=id, payload={"closed_at": [None, now.isoformat()]}
        )
