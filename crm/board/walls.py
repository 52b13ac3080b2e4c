"""Links for a screen on a wall, where nobody is signed in: they show the board and nothing else."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from crm.access.models import User
from crm.access.queries import token_hash
from crm.board.models import WallLink
from crm.errors import Conflict, Refused

# 256 bits: nobody guesses it.
TOKEN_BYTES = 32


def make(db: Session, *, name: str, by: User, now: datetime) -> tuple[WallLink, str]:
    """A new link, and its token, which can be seen this once."""
    if not name.strip():
        raise Refused("name", "Skriv, hvilken skærm linket er til.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    made = WallLink(name=name, token_hash=token_hash(token), created_at=now, by_id=by.id)
    db.add(made)
    db.flush()
    return made, token


def close(db: Session, *, link: WallLink, now: datetime) -> None:
    """The screen shows nothing from its next look on. Closed twice is closed."""
    if link.closed_at is None:
        link.closed_at = now
        db.flush()


def renew(db: Session, *, link: WallLink, by: User, now: datetime) -> tuple[WallLink, str]:
    """A new link for the same screen; the old one is closed in the same moment."""
    if link.closed_at is not None:
        raise Conflict("Linket er lukket. Lav et nyt.")
    close(db, link=link, now=now)
    return make(db, name=link.name, by=by, now=now)
