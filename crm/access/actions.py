"""Creating and closing users, signing in and out, keys for programs."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm import audit
from crm.access.models import ApiToken, Draft, Role, Throttle, User, UserSession
from crm.access.queries import find, token_hash
from crm.errors import Conflict, Refused

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")
# Ten tries a minute from one address at one account; the right password from elsewhere still works.
TRIES = 10
WINDOW = timedelta(minutes=1)
SHORTEST = 12
_hasher = PasswordHash((Argon2Hasher(),))
# Checked when there is no such user, so that the answer takes as long as for one who exists.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


def hash_password(password: str, field: str = "password") -> str:
    """An argon2id hash. Refuses passwords that are too short, and absurdly long ones."""
    if len(password) < SHORTEST:
        raise Refused(field, f"Adgangskoden skal have mindst {SHORTEST} tegn. En sætning er god.")
    if len(password) > 1000:
        raise Refused(field, "Adgangskoden er for lang.")
    return _hasher.hash(password)


def add_user(
    db: Session,
    *,
    email: str,
    name: str,
    role: str,
    now: datetime,
    password: str | None = None,
    phone: str | None = None,
    title: str | None = None,
    team_id: int | None = None,
) -> User:
    """Create a user. Without a password they cannot sign in with one."""
    email = email.strip().lower()
    if not EMAIL.fullmatch(email):
        raise Refused("email", "Skriv en e-mailadresse, for eksempel navn@kommune.dk.")
    if role not in set(Role):
        raise Refused("role", "Rollen skal være consultant, manager eller admin.")
    if not name.strip():
        raise Refused("name", "Skriv navnet.")
    if find(db, email):
        raise Refused("email", "Der er allerede en bruger med den e-mail.")
    user = User(
        email=email,
        name=name,
        role=role,
        phone=phone,
        title=title,
        team_id=team_id,
        password_hash=hash_password(password) if password else None,
        created_at=now,
    )
    db.add(user)
    db.flush()
    return user


def close_user(db: Session, *, user: User, now: datetime) -> None:
    """Close a user, and with them every session and token. Refused while companies are left."""
    if not user.is_active:
        raise Conflict(f"{user.name} er allerede lukket.")
    try:
        with db.begin_nested():
            user.is_active, user.closed_at = 0, now
            db.flush()
    except IntegrityError as error:
        db.refresh(user)
        raise Conflict(
            f"{user.name} er stadig indgang for virksomheder. Giv dem videre først, så kan brugeren lukkes."
        ) from error
    for table in (UserSession, ApiToken):
        db.execute(delete(table).where(table.user_id == user.id))


def set_password(db: Session, *, user: User, password: str, field: str = "password") -> None:
    """Give a new password; every session ends."""
    user.password_hash = hash_password(password, field)
    db.execute(delete(UserSession).where(UserSession.user_id == user.id))
    db.flush()


def change_password(db: Session, *, user: User, old: str, new: str) -> None:
    """Change one's own password; all sessions end, also this one."""
    if not user.password_hash or not _hasher.verify(old, user.password_hash):
        raise Refused("old", "Den nuværende adgangskode er ikke rigtig.")
    set_password(db, user=user, password=new, field="new")


def set_shortcuts(db: Session, *, user: User, on: bool) -> None:
    """Keyboard shortcuts on or off for this user."""
    user.shortcuts = int(on)
    db.flush()


def change_user(
    db: Session, *, user: User, name: str, role: str, phone: str | None, title: str | None
) -> User:
    """Correct a user's name, role, telephone and title."""
    if role not in set(Role):
        raise Refused("role", "Rollen skal være konsulent, leder eller administrator.")
    if not name.strip():
        raise Refused("name", "Skriv navnet.")
    user.name, user.role, user.phone, user.title = name, role, phone, title
    db.flush()
    return user


def check_password(user: User | None, password: str) -> bool:
    """Whether the password is right. Takes equally long when there is no such user."""
    known = user is not None and user.is_active and user.password_hash
    right = _hasher.verify(password[:1000], user.password_hash if user and known else _NOBODY)  # type: ignore[arg-type]
    return bool(known) and right


def throttle_keys(email: str, address: str) -> list[str]:
    """One counter for this account from this address, and a wider one for the address alone."""
    return [f"{token_hash(email.strip().lower())[:32]}@{address}", f"@{address}"]


def too_many(db: Session, *, keys: list[str], now: datetime) -> bool:
    """Whether these counters are full for the current minute."""
    rows = db.scalars(select(Throttle).where(Throttle.key.in_(keys), Throttle.window > now - WINDOW))
    return any(row.failures >= (TRIES if not row.key.startswith("@") else TRIES * 5) for row in rows)


def count_failure(db: Session, *, keys: list[str], now: datetime) -> None:
    """Count one failed log-in on every counter."""
    for key in keys:
        row = db.get(Throttle, key, with_for_update=True)
        if row is None:
            db.add(Throttle(key=key, window=now, failures=1))
        elif row.window <= now - WINDOW:
            row.window, row.failures = now, 1
        else:
            row.failures += 1
    db.flush()


def sign_in(db: Session, *, user: User, now: datetime, hours: int) -> str:
    """Open a session; the answer is the cookie's value, kept nowhere."""
    token = secrets.token_urlsafe(32)
    db.execute(delete(UserSession).where(UserSession.expires_at <= now))
    db.add(
        UserSession(
            token_hash=token_hash(token),
            user_id=user.id,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
    )
    audit.note(db, action="sign_in", kind="user_account", id=user.id)
    db.flush()
    return token


def sign_out(db: Session, *, token: str) -> None:
    """End this browser's session."""
    db.execute(delete(UserSession).where(UserSession.token_hash == token_hash(token)))


def add_token(db: Session, *, user: User, now: datetime, days: int | None = 365) -> str:
    """An API token for this user, shown this once."""
    if not user.is_active:
        raise Conflict(f"{user.name} er lukket.")
    token = "ei_" + secrets.token_urlsafe(32)
    expires = now + timedelta(days=days) if days else None
    db.add(ApiToken(token_hash=token_hash(token), user_id=user.id, created_at=now, expires_at=expires))
    db.flush()
    return token


def save_draft(db: Session, *, user: User, key: str, values: dict[str, str], now: datetime) -> None:
    """Keep what is typed so far; an empty form forgets the draft."""
    row = db.get(Draft, (user.id, key))
    if not any(values.values()):
        if row:
            db.delete(row)
    elif row:
        row.values, row.saved_at = values, now
    else:
        db.add(Draft(user_id=user.id, key=key, values=values, saved_at=now))
    db.flush()


def forget_draft(db: Session, *, user: User, key: str) -> None:
    """The form was sent."""
    db.execute(delete(Draft).where(Draft.user_id == user.id, Draft.key == key))
