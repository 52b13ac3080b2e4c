"""Something one has besides the password: a code from an app, or one of ten codes on paper (ASVS 6.5, 6.6).

The app's secret must be read again at every log-in, so it is kept encrypted under the house's key; a copy of the
database alone makes no codes. The codes on paper are random, so a plain hash is enough, as for other tokens.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

import pyotp
from cryptography.fernet import InvalidToken
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from crm import audit
from crm.access import passkeys
from crm.access.models import RecoveryCode, SecondFactor, User
from crm.access.notices import Notice, tell
from crm.access.queries import token_hash
from crm.access.sealing import box
from crm.errors import Conflict, Refused

PERIOD = 30
# A code is good for its half minute and the one on each side: clocks differ, and people type slowly.
WINDOW = 1
CODES = 10
WRONG = "Koden er ikke rigtig. Se efter den nyeste i appen."
ISSUER = "Én indgang"


def factor_of(db: Session, user: User) -> SecondFactor | None:
    """The user's second factor, if one is in use."""
    found = db.get(SecondFactor, user.id)
    return found if found is not None and found.confirmed_at is not None else None


def is_required(user: User, roles: Collection[str]) -> bool:
    """Whether this role must have one; `roles` is the setting."""
    return user.role in roles


def begin(db: Session, *, user: User, key: bytes, now: datetime) -> str:
    """A new secret for the user's app, in use once a code from it was right; what was begun before is forgotten.

    Asked again within the same set-up it gives the same one, so that a page sent twice fits the app.
    """
    found = db.get(SecondFactor, user.id, with_for_update=True)
    if found is not None and found.confirmed_at is not None:
        raise Conflict("Du har allerede en kode-app. Fjern den, før du sætter en ny op.")
    if found is not None:
        return _read(found, key)
    secret = pyotp.random_base32()
    db.add(
        SecondFactor(
            user_id=user.id,
            secret=box("second factor", key).encrypt(secret.encode()).decode(),
            created_at=now,
        )
    )
    db.flush()
    return secret


def begun(db: Session, user: User, key: bytes) -> str | None:
    """The secret of a set-up that is not confirmed yet."""
    found = db.get(SecondFactor, user.id)
    return _read(found, key) if found is not None and found.confirmed_at is None else None


def address(user: User, secret: str) -> str:
    """What the app reads from the picture."""
    return pyotp.TOTP(secret, name=user.email, issuer=ISSUER).provisioning_uri()


def confirm(db: Session, *, user: User, code: str, key: bytes, now: datetime) -> list[str]:
    """The first right code brings it into use; the answer is the codes for paper, shown this once."""
    found = db.get(SecondFactor, user.id, with_for_update=True)
    if found is None or found.confirmed_at is not None:
        raise Conflict("Opsætningen er ikke begyndt. Begynd forfra.")
    if not _accepts(db, found, code, key, now):
        raise Refused("code", WRONG)
    found.confirmed_at = now
    audit.note(db, action="second_factor_on", kind="user_account", id=user.id)
    tell(db, user=user, what=Notice.FACTOR_ON, now=now)
    return new_codes(db, user=user)


def new_codes(db: Session, *, user: User) -> list[str]:
    """Ten codes for paper in the place of those before; each works once."""
    db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [f"{text[:5]}-{text[5:]}" for text in (secrets.token_hex(5) for _ in range(CODES))]
    db.add_all(RecoveryCode(code_hash=_code_hash(user, code), user_id=user.id) for code in codes)
    audit.note(db, action="recovery_codes", kind="user_account", id=user.id)
    db.flush()
    return codes


def left(db: Session, user: User) -> int:
    """How many codes on paper are still unused."""
    unused = select(func.count()).select_from(RecoveryCode)
    return db.scalar(unused.where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))) or 0


def check(db: Session, *, user: User, code: str, key: bytes, now: datetime) -> bool:
    """Whether the code is right. Whatever it was, it works no second time."""
    found = db.get(SecondFactor, user.id, with_for_update=True)
    if found is None or found.confirmed_at is None:
        # Who has passkeys only has codes on paper too, for the day the device is lost.
        return passkeys.has_any(db, user) and _takes(db, user, code, now)
    return _accepts(db, found, code, key, now) or _takes(db, user, code, now)


def remove(db: Session, *, user: User, now: datetime) -> None:
    """Without a second factor from now on. Removed twice is removed."""
    gone = db.execute(delete(SecondFactor).where(SecondFactor.user_id == user.id))
    if not passkeys.has_any(db, user):
        db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    if cast("Any", gone).rowcount:
        audit.note(db, action="second_factor_off", kind="user_account", id=user.id)
        tell(db, user=user, what=Notice.FACTOR_OFF, now=now)
    db.flush()
    db.expire_all()


def _accepts(db: Session, found: SecondFactor, code: str, key: bytes, now: datetime) -> bool:
    typed = "".join(code.split())
    if not (typed.isascii() and typed.isdecimal() and len(typed) == 6):
        return False
    totp = pyotp.TOTP(_read(found, key))
    here = int(now.timestamp()) // PERIOD
    for step in range(here - WINDOW, here + WINDOW + 1):
        # One that was used, or is older than one that was, is no proof: somebody may have looked over the shoulder.
        if step > found.last_step and secrets.compare_digest(totp.at(step * PERIOD), typed):
            found.last_step = step
            db.flush()
            return True
    return False


def _takes(db: Session, user: User, code: str, now: datetime) -> bool:
    used = db.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.code_hash == _code_hash(user, code),
            RecoveryCode.user_id == user.id,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    if cast("Any", used).rowcount != 1:
        return False
    audit.note(db, action="recovery_code_used", kind="user_account", id=user.id)
    tell(db, user=user, what=Notice.CODE_USED, now=now)
    return True


def _code_hash(user: User, code: str) -> str:
    plain = "".join(sign for sign in code.casefold() if sign.isalnum())
    return token_hash(f"recovery {user.id} {plain}")


def _read(found: SecondFactor, key: bytes) -> str:
    try:
        return box("second factor", key).decrypt(found.secret.encode()).decode()
    except InvalidToken as error:
        # The secret key is not the one it was made with, as after a restore beside another key.
        raise Conflict(
            "Kode-appen kan ikke læses med husets nøgle. Bed en administrator fjerne den, og sæt den op igen."
        ) from error
