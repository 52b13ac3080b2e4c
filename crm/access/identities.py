"""Users that the municipality's identity provider vouches for (docs/decisions/0023-signing-in-by-the-municipality.md).

Issuer and subject together are the key. The e-mail serves once, to find whom a new identity belongs to, and only
when the provider has verified it. The role follows the groups at every log-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from cryptography.fernet import InvalidToken
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session, contains_eager

from crm import audit
from crm.access import actions
from crm.access.models import Role, User, UserSession
from crm.access.notices import Notice, tell
from crm.access.proofs import Identity, ProviderSession
from crm.access.queries import find, token_hash
from crm.access.sealing import box
from crm.errors import Conflict, NotAllowed, Refused

NO_GROUP = (
    "Du er logget ind hos kommunen, men er ikke med i en gruppe, der giver adgang til Én indgang. "
    "Bed din leder eller jeres it-afdeling om at komme med."
)
CLOSED = "Din bruger i Én indgang er lukket. Bed en administrator om hjælp, hvis det er en fejl."
UNVERIFIED = (
    "Kommunens log ind fortæller ikke, at din e-mail er bekræftet, så vi kan ikke vide, hvem du er. "
    "Bed jeres it-afdeling om at se på opsætningen."
)
TAKEN = (
    "Din e-mail hører allerede til en bruger, som er forbundet med en anden konto. "
    "Bed jeres it-afdeling om at se på det."
)
LAST_ADMIN = (
    "Kommunens grupper siger, at du ikke længere er administrator, men du er den sidste, der er. "
    "Gør først en anden til administrator, og log så ind igen."
)
HELD = "Din rolle kan ikke skiftes til den, kommunens grupper giver dig. Bed en administrator om hjælp."
FIRST = "Der blev logget ind to steder på én gang. Prøv igen."


@dataclass(frozen=True)
class Vouched:
    """What the provider says of somebody who has just proven who they are. `role` is what their groups give."""

    issuer: str
    subject: str
    email: str | None
    email_is_verified: bool
    name: str | None
    role: str | None


def subject_hash(issuer: str, subject: str) -> str:
    """How a subject is kept; compared to the letter."""
    return token_hash(f"{issuer}\0{subject}")


def identity_of(db: Session, issuer: str, subject: str) -> Identity | None:
    """Whom the provider means, if they have been here before; with its user."""
    return db.scalars(
        select(Identity)
        .join(Identity.user)
        .options(contains_eager(Identity.user))
        .where(Identity.issuer == issuer, Identity.subject_hash == subject_hash(issuer, subject))
    ).first()


def identity_at(db: Session, user: User) -> Identity | None:
    """The user's identity at a provider, the newest if there are several."""
    return db.scalars(
        select(Identity).where(Identity.user_id == user.id).order_by(Identity.id.desc()).limit(1)
    ).first()


def enter(db: Session, *, who: Vouched, now: datetime) -> Identity:
    """The identity of whoever comes in, with its user in the role their groups give.

    Who has not been here before is found by a verified e-mail, or created. NotAllowed or Conflict, with a
    sentence for them, when they may not come in; the caller's transaction must then change nothing.
    """
    if who.role is None:
        raise NotAllowed(NO_GROUP)
    identity = identity_of(db, who.issuer, who.subject) or _first_time(db, who, now)
    if not identity.user.is_active:
        raise NotAllowed(CLOSED)
    _follow(db, identity.user, who.role)
    return identity


def _first_time(db: Session, who: Vouched, now: datetime) -> Identity:
    if who.email is None or not who.email_is_verified:
        raise NotAllowed(UNVERIFIED)
    user = find(db, who.email)
    if user is not None and not user.is_active:
        raise NotAllowed(CLOSED)
    if user is not None and identity_at(db, user) is not None:
        if known := identity_of(db, who.issuer, who.subject):
            return known  # They came in at this very moment in another window.
        # The same e-mail at another provider, or of another person there, is not the same user.
        raise NotAllowed(TAKEN)
    try:
        with db.begin_nested():
            if user is None:
                user = actions.add_user(
                    db,
                    email=who.email,
                    name=who.name or who.email.partition("@")[0],
                    role=str(who.role),
                    now=now,
                )
            else:
                tell(db, user=user, what=Notice.LINKED, now=now)
            made = Identity(
                user_id=user.id, issuer=who.issuer, subject_hash=subject_hash(who.issuer, who.subject), created_at=now
            )  # fmt: skip
            db.add(made)
            db.flush()
    except (IntegrityError, Refused) as error:
        if known := identity_of(db, who.issuer, who.subject):
            return known
        if isinstance(error, Refused):
            raise
        raise Conflict(FIRST) from error
    db.refresh(made, ["user"])
    return made


def _follow(db: Session, user: User, role: str) -> None:
    """Give the user the role of their groups. Conflict when a rule of the house stands against it."""
    if user.role == role:
        return
    if user.role == Role.ADMIN:
        # Locked, so that of two last administrators who come in at once one stays.
        admins = select(User.id).where(User.role == Role.ADMIN, User.is_active == 1).order_by(User.id)
        if set(db.scalars(admins.with_for_update())) <= {user.id}:
            raise Conflict(LAST_ADMIN)
    try:
        with db.begin_nested():
            user.role = role
            db.flush()
    except DBAPIError as error:
        db.refresh(user)
        raise Conflict(HELD) from error


def remember(
    db: Session, *, token: str, identity: Identity, sid: str | None, id_token: str, key: bytes
) -> None:
    """That the provider vouched for the session with this cookie, so that it can end it."""
    session = select(UserSession.id).where(UserSession.token_hash == token_hash(token))
    db.add(
        ProviderSession(
            session_id=db.scalars(session).one(),
            identity_id=identity.id,
            sid_hash=subject_hash(identity.issuer, sid) if sid else None,
            id_token=box("id token", key).encrypt(id_token.encode()).decode(),
        )
    )
    db.flush()


def id_token_of(db: Session, token: str, key: bytes) -> str | None:
    """What to show the provider when this browser's session ends; None when no provider vouched for it."""
    kept = db.scalar(
        select(ProviderSession.id_token)
        .join(UserSession, UserSession.id == ProviderSession.session_id)
        .where(UserSession.token_hash == token_hash(token))
    )
    try:
        return box("id token", key).decrypt(kept.encode()).decode() if kept else None
    except InvalidToken:
        # The house has another key than it had then, as after a restore; the session here still ends.
        return None


def end_sessions(db: Session, *, issuer: str, subject: str | None, sid: str | None) -> int:
    """The provider says that this log-in of its own, or all of this person's, ended; how many ended here.

    With both named, a session of the person of which the provider told no `sid` ends as well.
    """
    theirs = select(ProviderSession.session_id).join(Identity, Identity.id == ProviderSession.identity_id)
    theirs = theirs.where(Identity.issuer == issuer)
    if subject is not None:
        theirs = theirs.where(Identity.subject_hash == subject_hash(issuer, subject))
    if sid is not None:
        same = ProviderSession.sid_hash == subject_hash(issuer, sid)
        theirs = theirs.where(same | ProviderSession.sid_hash.is_(None) if subject is not None else same)
    ended = db.execute(
        delete(UserSession).where(UserSession.id.in_(theirs)).execution_options(synchronize_session=False)
    )
    number = int(cast("Any", ended).rowcount)
    if number:
        audit.note(db, action="provider_sign_out", kind="user_session", id="", payload={"ended": number})
    return number


def unlink(db: Session, *, user: User) -> bool:
    """Forget whom a provider means by this user, as when their account there was made anew; their sessions end."""
    theirs = list(db.scalars(select(Identity).where(Identity.user_id == user.id)))
    if not theirs:
        return False
    keys = [each.id for each in theirs]
    sessions = select(ProviderSession.session_id).where(ProviderSession.identity_id.in_(keys))
    db.execute(
        delete(UserSession).where(UserSession.id.in_(sessions)).execution_options(synchronize_session=False)
    )
    for each in theirs:
        db.delete(each)
    db.flush()
    return True
