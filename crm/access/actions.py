"""Creating and closing users, signing in and out, keys for programs."""

from __future__ import annotations

import re
import secrets
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm import audit
from crm.access import passwords, tokens
from crm.access.closing import end_everything
from crm.access.holdings import held, told
from crm.access.models import Draft, Role, Scope, Throttle, User, UserSession
from crm.access.notices import Notice, tell
from crm.access.queries import drafts, find, token_hash
from crm.db import upsert
from crm.errors import Conflict, NotFound, Refused
from crm.types import storable

# The doors find everything about signing in here.
check_password, hash_password = passwords.check_password, passwords.hash_password
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")
LONGEST_EMAIL = 254
# Ten tries a minute from one address at one account; the right password from elsewhere still works.
TRIES = 10
TRIES_OF_ADDRESS = 50
# Lists one user may fetch as files a minute, counted like log-ins.
EXPORTS, EXPORTS_A_MINUTE = "export:", 20
WINDOW = timedelta(minutes=1)
# Signs a draft keeps of each field.
DRAFT = 10_000


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
    if len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email):
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


def close_user(db: Session, *, user: User, now: datetime, today: date | None = None) -> None:
    """Close a user, and with them every way in (crm/access/closing.py).

    Refused, with all of it told, while anything is in their hands. `today` is the day in the municipality.
    """
    if not user.is_active:
        raise Conflict(f"{user.name} er allerede lukket.")
    if has := held(db, user, today or now.date()):
        raise Conflict(f"{user.name} har stadig {told(has)}. Giv det videre først, så kan brugeren lukkes.")
    try:
        with db.begin_nested():
            user.is_active, user.closed_at = 0, now
            db.flush()
    except IntegrityError as error:
        # Something came into their hands at this very moment; the database keeps the rule.
        db.refresh(user)
        raise Conflict(
            f"{user.name} har lige fået noget i hænderne. Giv det videre først, så kan brugeren lukkes."
        ) from error
    end_everything(db, user=user, now=now)


def set_password(
    db: Session, *, user: User, password: str, field: str = "password", now: datetime | None = None
) -> None:
    """Give a new password; every session ends. With `now` the user is told by mail."""
    user.password_hash = hash_password(password, field)
    db.execute(delete(UserSession).where(UserSession.user_id == user.id))
    if now is not None:
        tell(db, user=user, what=Notice.CHANGED, now=now)
    db.flush()


def change_password(db: Session, *, user: User, old: str, new: str, now: datetime) -> None:
    """Change one's own password; all sessions end, also this one."""
    if not check_password(user, old):
        raise Refused("old", "Den nuværende adgangskode er ikke rigtig.")
    set_password(db, user=user, password=new, field="new", now=now)


def set_shortcuts(db: Session, *, user: User, on: bool) -> None:
    """Keyboard shortcuts on or off for this user."""
    user.shortcuts = int(on)
    db.flush()


def change_user(
    db: Session,
    *,
    user: User,
    name: str,
    role: str,
    phone: str | None,
    title: str | None,
    team_id: int | None = None,
) -> User:
    """Correct a user's name, role, telephone and title; with `team_id` also the team."""
    if role not in set(Role):
        raise Refused("role", "Rollen skal være konsulent, leder eller administrator.")
    if not name.strip():
        raise Refused("name", "Skriv navnet.")
    user.name, user.role, user.phone, user.title = name, role, phone, title
    if team_id is not None:
        user.team_id = team_id
    db.flush()
    return user


def throttle_keys(email: str, address: str) -> list[str]:
    """One counter for this account from this address, and a wider one for the address alone."""
    return [f"{token_hash(email.strip().lower())[:32]}@{address}", f"@{address}"]


def _most(key: str) -> int:
    if key.startswith(EXPORTS):
        return EXPORTS_A_MINUTE
    return TRIES_OF_ADDRESS if key.startswith("@") else TRIES


def too_many(db: Session, *, keys: list[str], now: datetime) -> bool:
    """Whether one of these counters is full. It is empty again a minute after the last try it counted."""
    rows = db.scalars(select(Throttle).where(Throttle.key.in_(keys), Throttle.window > now - WINDOW))
    return any(row.failures >= _most(row.key) for row in rows)


def take_try(db: Session, *, keys: list[str], now: datetime) -> bool:
    """Count a log-in before it is tried; False when a counter is full. Tries made at once are all counted.

    One that is refused counts nothing, so that a minute without tries is enough to begin anew.
    """
    # First of all and in one order, so that two who try at once never wait for each other.
    db.execute(delete(Throttle).where(Throttle.window <= now - WINDOW))
    for key in keys:
        count = (
            upsert(db, Throttle)
            .values(key=key, window=now, failures=1)
            .on_conflict_do_update(
                index_elements=[Throttle.key],
                set_={"failures": Throttle.failures + 1, "window": now},
                where=Throttle.failures < _most(key),
            )
            .returning(Throttle.failures)
        )
        if db.execute(count).first() is None:
            return False
    return True


def count_success(db: Session, *, keys: list[str]) -> None:
    """The password was right: the try is not held against anyone."""
    db.execute(
        update(Throttle)
        .where(Throttle.key.in_(keys), Throttle.failures > 0)
        .values(failures=Throttle.failures - 1)
    )


def sign_in(db: Session, *, user: User, now: datetime, hours: int, browser: str | None = None) -> str:
    """Open a session; the answer is the cookie's value, kept nowhere."""
    token = secrets.token_urlsafe(32)
    db.execute(delete(UserSession).where(UserSession.expires_at <= now))
    db.add(
        UserSession(
            token_hash=token_hash(token),
            user_id=user.id,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
            browser=browser,
        )
    )
    # Past the ORM: the log says it already.
    db.execute(
        update(User)
        .where(User.id == user.id)
        .values(last_sign_in_at=now)
        .execution_options(synchronize_session=False)
    )
    audit.note(db, action="sign_in", kind="user_account", id=user.id)
    db.flush()
    return token


def sign_out(db: Session, *, token: str) -> None:
    """End this browser's session."""
    db.execute(delete(UserSession).where(UserSession.token_hash == token_hash(token)))


def end_session(db: Session, *, user: User, id: int) -> None:
    """End one of the user's own sessions, or NotFound."""
    mine = (UserSession.id == id, UserSession.user_id == user.id)
    if cast("Any", db.execute(delete(UserSession).where(*mine))).rowcount != 1:
        raise NotFound("Du er ikke længere logget ind der.")


def end_other_sessions(db: Session, *, user: User, token: str) -> int:
    """End all of the user's sessions but the one with this cookie; how many they were."""
    others = (UserSession.user_id == user.id, UserSession.token_hash != token_hash(token))
    return int(cast("Any", db.execute(delete(UserSession).where(*others))).rowcount)


def add_token(
    db: Session,
    *,
    user: User,
    now: datetime,
    days: int | None = tokens.DAYS,
    scope: str = Scope.WRITE,
    name: str = "Lavet på kommandolinjen",
) -> str:
    """A key for a program of this user's, shown this once."""
    return tokens.add(db, user=user, name=name, scope=scope, days=days, now=now)


def save_draft(db: Session, *, user: User, key: str, values: dict[str, str], now: datetime) -> None:
    """Keep what is typed so far; an empty form forgets the draft.

    Nobody is asked, so whatever could not be stored is left out and a CPR number is covered.
    """
    if not any(values.values()):
        forget_draft(db, user=user, key=key)
        return
    kept = {name: storable(value, DRAFT) for name, value in values.items()}
    db.execute(
        upsert(db, Draft)
        .values(user_id=user.id, key=key, values=kept, saved_at=now)
        .on_conflict_do_update(
            index_elements=[Draft.user_id, Draft.key], set_={"values": kept, "saved_at": now}
        )
    )


def draft_sent(db: Session, *, user: User, key: str, last: dict[str, str], now: datetime) -> None:
    """The form was sent: its draft is forgotten, and what was chosen `last` stands in the next one."""
    found = drafts(db, user, key, "last")
    if key in found:
        forget_draft(db, user=user, key=key)
    if found.get("last") != last:
        save_draft(db, user=user, key="last", values=last, now=now)


def forget_draft(db: Session, *, user: User, key: str) -> None:
    """The form was sent."""
    db.execute(delete(Draft).where(Draft.user_id == user.id, Draft.key == key))
