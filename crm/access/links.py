"""A link by mail to choose a password by: short-lived, good for once, kept as a hash (ASVS 6.4.3)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, contains_eager

from crm.access import actions
from crm.access.models import LinkPurpose, SignInLink, User
from crm.access.notices import Notice, tell
from crm.access.proofs import Identity
from crm.access.queries import find, token_hash
from crm.errors import NotFound
from crm.outbox import actions as outbox

LIVES = {LinkPurpose.RESET: timedelta(hours=1), LinkPurpose.INVITATION: timedelta(days=7)}
GONE = "Linket virker ikke længere. Bed om et nyt på log ind-siden."
_LETTERS = {
    LinkPurpose.RESET: (
        "Vælg en ny adgangskode",
        "Nogen, formentlig dig selv, har bedt om en ny adgangskode til Én indgang. Vælg den her inden for en time:",
    ),
    LinkPurpose.INVITATION: (
        "Velkommen til Én indgang",
        "Du er oprettet i Én indgang. Vælg din adgangskode her inden for syv dage:",
    ),
}


def send(db: Session, *, user: User, purpose: LinkPurpose, home: str, now: datetime) -> SignInLink:
    """Mail the user a link; those sent before work no longer. `home` is the house's address."""
    _end_open(db, user, now)
    token = secrets.token_urlsafe(32)
    link = SignInLink(
        user_id=user.id, purpose=purpose, token_hash=token_hash(token), created_at=now,
        expires_at=now + LIVES[purpose],
    )  # fmt: skip
    db.add(link)
    db.flush()
    subject, text = _LETTERS[purpose]
    outbox.put(
        db,
        act=f"log-in-link:{link.id}",
        to=user.email,
        subject=subject,
        body=f"Hej {user.first_name}\n\n{text}\n\n{home}/ny-adgangskode/{token}\n\n"
        "Linket virker én gang. Har du ikke bedt om det, kan du se bort fra mailen.",
        now=now,
    )
    return link


def ask(
    db: Session,
    *,
    email: str,
    home: str,
    now: datetime,
    may_locally: Callable[[str], bool] = lambda _role: True,
) -> None:
    """Somebody has forgotten a password. Nobody is told whether there is such a user.

    Whoever came by the municipality's provider and never had a password has none to forget, and a role that may
    not log in locally gets none: else a mailbox would be a way around the provider.
    """
    user = find(db, email[:254])
    if user is None or not user.is_active or not may_locally(user.role):
        return
    if user.password_hash is not None or not _is_vouched_for(db, user):
        send(db, user=user, purpose=LinkPurpose.RESET, home=home, now=now)


def _is_vouched_for(db: Session, user: User) -> bool:
    return db.scalars(select(Identity.id).where(Identity.user_id == user.id).limit(1)).first() is not None


def opened(db: Session, token: str, now: datetime, *, to_use: bool = False) -> SignInLink:
    """The link this token opens, with its user; NotFound when it was used, has expired or never was.

    Whoever opens it `to_use` it has it alone until the commit.
    """
    query = (
        select(SignInLink)
        .join(SignInLink.user)
        .options(contains_eager(SignInLink.user))
        .where(
            SignInLink.token_hash == token_hash(token),
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
            User.is_active == 1,
        )
    )
    found = db.scalars(query.with_for_update(of=SignInLink) if to_use else query).first()
    if found is None:
        raise NotFound(GONE)
    return found


def choose(db: Session, *, link: SignInLink, password: str, now: datetime) -> User:
    """The new password; the link is used up and every session ends."""
    actions.set_password(db, user=link.user, password=password, field="new")
    _end_open(db, link.user, now)
    tell(db, user=link.user, what=Notice.CHANGED, now=now)
    db.flush()
    return link.user


def _end_open(db: Session, user: User, now: datetime) -> None:
    db.execute(
        update(SignInLink)
        .where(SignInLink.user_id == user.id, SignInLink.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session="fetch")
    )
