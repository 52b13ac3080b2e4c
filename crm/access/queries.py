"""Finding users, sessions and tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from crm.access.models import ApiToken, Draft, Installation, Role, Team, User, UserSession
from crm.errors import NotFound


def token_hash(token: str) -> str:
    """How a session or API token is kept. Tokens are random, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


# Ready beforehand, since every page asks: to build a statement takes longer than to ask it.
_SIGNED_IN = (
    select(User)
    .join(UserSession, UserSession.user_id == User.id)
    .where(
        UserSession.token_hash == bindparam("token"),
        UserSession.expires_at > bindparam("now"),
        User.is_active == 1,
    )
)


def user_of_session(db: Session, token: str, now: datetime) -> User | None:
    """Who this browser is signed in as; None when the session has ended or the user was closed."""
    return db.scalars(_SIGNED_IN, {"token": token_hash(token), "now": now}).first()


_OPEN_TOKEN = (
    select(ApiToken)
    .join(ApiToken.user)
    .options(contains_eager(ApiToken.user))
    .where(ApiToken.token_hash == bindparam("hash"), User.is_active == 1)
)


def opened_token(db: Session, token: str, now: datetime) -> ApiToken | None:
    """The key a program sent, with its user; None when it has expired or ended, or the user was closed."""
    found = db.scalars(_OPEN_TOKEN, {"hash": token_hash(token)}).first()
    return None if found is None or (found.expires_at and found.expires_at <= now) else found


def sessions(db: Session, user: User, now: datetime) -> Sequence[UserSession]:
    """Where the user is signed in, the newest first."""
    return db.scalars(
        select(UserSession)
        .where(UserSession.user_id == user.id, UserSession.expires_at > now)
        .order_by(UserSession.created_at.desc(), UserSession.id.desc())
        .limit(50)
    ).all()


def get(db: Session, id: int) -> User:
    """The user with this key."""
    user = db.get(User, id)
    if user is None:
        raise NotFound
    return user


def find(db: Session, email: str) -> User | None:
    """The user with this e-mail, however it is written."""
    return db.scalars(select(User).where(User.email == email.strip().lower())).first()


def by_email(db: Session, email: str) -> User:
    """The user with this e-mail, or NotFound."""
    user = find(db, email)
    if user is None:
        raise NotFound(f"Der er ingen bruger med e-mailen {email}.")
    return user


def users(db: Session, *, like: str = "") -> Sequence[User]:
    """All users, the active ones first, by name; with `like` those whose name, e-mail or title holds it."""
    found = select(User).options(joinedload(User.team)).order_by(User.is_active.desc(), User.name, User.id)
    if like.strip():
        part = like.strip().lower()
        texts = (User.name, User.email, func.coalesce(User.title, ""))
        found = found.where(or_(*(func.lower(text).contains(part, autoescape=True) for text in texts)))
    return db.scalars(found).all()


_COLLEAGUES = select(User).where(User.is_active == 1).order_by(User.name, User.id)


def colleagues(db: Session) -> Sequence[User]:
    """Everyone who can be given something."""
    return db.scalars(_COLLEAGUES).all()


def consultants(db: Session) -> Sequence[User]:
    """Everyone who can be given a company by a rule: consultants, or managers when there are none."""
    active = colleagues(db)
    return [user for user in active if user.role == Role.CONSULTANT] or [
        user for user in active if user.role == Role.MANAGER
    ]


def teams(db: Session) -> Sequence[Team]:
    """All teams by name."""
    return db.scalars(select(Team).order_by(Team.name, Team.id)).all()


_DRAFTS = select(Draft).where(
    Draft.user_id == bindparam("user_id"), Draft.key.in_(bindparam("keys", expanding=True))
)


def drafts(db: Session, user: User, *keys: str) -> dict[str, dict[str, Any]]:
    """What the user has typed under these keys and not sent; keys without a draft are left out."""
    rows = db.scalars(_DRAFTS, {"user_id": user.id, "keys": keys})
    return {row.key: dict(row.values) for row in rows}


def is_demo(db: Session) -> bool:
    """Whether this database was filled with invented data."""
    return bool(db.scalar(select(Installation.is_demo)))
