"""Keys for programs: made with a name, a scope and an end, shown once, ended at once.

When one was last used is written at most once an hour and never in the transaction of the call itself
(docs/decisions/0026-settings-and-keys.md).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload

from crm.access.models import ApiToken, Scope, User
from crm.access.notices import Notice, tell
from crm.access.queries import token_hash
from crm.errors import Conflict, NotFound, Refused

DAYS = 365
LONGEST = 3650
HOUR = timedelta(hours=1)
# Keys one user can have at once. Each program needs one.
MOST = 50


def add(
    db: Session,
    *,
    user: User,
    name: str,
    scope: str,
    now: datetime,
    days: int | None = DAYS,
    told: bool = False,
) -> str:
    """A key for a program of this user's, shown this once. `told` writes the user a mail about it."""
    if not user.is_active:
        raise Conflict(f"{user.name} er lukket.")
    if not name.strip():
        raise Refused("name", "Skriv, hvad der skal bruge nøglen.")
    if scope not in set(Scope):
        raise Refused("scope", "Vælg, om nøglen kun må læse.")
    if days is not None and not 1 <= days <= LONGEST:
        raise Refused("days", f"Skriv et antal dage mellem 1 og {LONGEST}.")
    if len(of_user(db, user)) >= MOST:
        raise Conflict(f"Der kan højst være {MOST} nøgler til en bruger. Afslut en først.")
    token = "ei_" + secrets.token_urlsafe(32)
    expires = now + timedelta(days=days) if days else None
    made = ApiToken(
        token_hash=token_hash(token),
        user_id=user.id,
        name=name,
        scope=scope,
        created_at=now,
        expires_at=expires,
    )
    db.add(made)
    if told:
        tell(db, user=user, what=Notice.KEY_MADE, now=now)
    db.flush()
    return token


def end(db: Session, *, token: ApiToken) -> None:
    """The next call with it is refused. That it was there stands in the log."""
    db.delete(token)
    db.flush()


def used(db: Session, *, id: int, now: datetime) -> None:
    """A program called with it. Of many calls within an hour one is written."""
    stale = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < now - HOUR)
    # Past the ORM: that a program called is no change to write in the log.
    db.execute(
        update(ApiToken)
        .where(ApiToken.id == id, stale)
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )


def is_stale(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether a key's last use is to be written anew."""
    return last_used_at is None or last_used_at < now - HOUR


def get(db: Session, id: int, *, of: User | None = None) -> ApiToken:
    """One key, or NotFound; with `of` only one of theirs."""
    found = db.scalars(select(ApiToken).options(joinedload(ApiToken.user)).where(ApiToken.id == id)).first()
    if found is None or (of is not None and found.user_id != of.id):
        raise NotFound("Den nøgle findes ikke længere.")
    return found


def of_user(db: Session, user: User) -> Sequence[ApiToken]:
    """All keys of one user, the newest first."""
    mine = select(ApiToken).options(joinedload(ApiToken.user)).where(ApiToken.user_id == user.id)
    return db.scalars(mine.order_by(ApiToken.id.desc())).all()


def page(db: Session, *, before: int | None = None, limit: int = 50) -> tuple[Sequence[ApiToken], int | None]:
    """Everybody's keys, the newest first, and the key to go on from."""
    query = select(ApiToken).options(joinedload(ApiToken.user)).order_by(ApiToken.id.desc())
    if before is not None:
        query = query.where(ApiToken.id < before)
    rows = db.scalars(query.limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None
