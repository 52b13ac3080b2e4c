"""Passkeys: keys that a user's device keeps and opens by a finger, a face or a PIN (WebAuthn).

The device must have seen the user (user verification), so that a passkey alone is two factors: something one has,
and something one is or knows. The signatures are py_webauthn's work. It is imported where it is used, since it
takes longer to load than the rest of this room.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from cryptography.fernet import InvalidToken
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, contains_eager

from crm import audit
from crm.access.models import User
from crm.access.notices import Notice, tell
from crm.access.proofs import Passkey
from crm.access.sealing import box, spend
from crm.errors import Conflict, NotFound, Refused

# So long a challenge may be answered.
LIVES = timedelta(minutes=5)
MOST = 20
LARGEST = 16_000
NAME = "Én indgang"
WRONG = "Adgangsnøglen blev ikke godkendt. Prøv igen, eller log ind på en anden måde."
STALE = "Det varede for længe, eller siden er brugt før. Prøv igen."


class Purpose(StrEnum):
    """What a challenge is for; the answer to one is no answer to the other."""

    ADD = "add"
    SIGN_IN = "sign_in"


@dataclass(frozen=True)
class Site:
    """The house as browsers know it. A passkey works for this name and nowhere else."""

    name: str
    origin: str


@dataclass(frozen=True)
class Challenge:
    """What a device is asked to sign. `user_id` is 0 when it may be anyone."""

    purpose: str
    signs: str
    user_id: int = 0
    called: str = ""

    @property
    def raw(self) -> bytes:
        """What the device signs."""
        return bytes.fromhex(self.signs)

    def sealed(self, key: bytes, now: datetime) -> str:
        """For the page to bring back; only we can read or make it."""
        text = json.dumps(asdict(self)).encode()
        return box("passkey", key).encrypt_at_time(text, int(now.timestamp())).decode()


def challenge(purpose: Purpose, *, user: User | None = None, called: str = "") -> Challenge:
    """A new one."""
    return Challenge(purpose, secrets.token_hex(32), user.id if user else 0, called)


def opened(
    db: Session, sealed: str, *, purpose: Purpose, key: bytes, now: datetime, user: User | None = None
) -> Challenge:
    """The challenge a page brings back, used up from now on. Refused when it is not ours, old, or was used."""
    try:
        text = box("passkey", key).decrypt_at_time(
            sealed.encode(), int(LIVES.total_seconds()), int(now.timestamp())
        )
    except InvalidToken as error:
        raise Refused("", STALE) from error
    found = Challenge(**json.loads(text))
    ours = found.purpose == purpose and found.user_id == (user.id if user else 0)
    if not ours or not spend(db, key=f"passkey {found.signs}", until=now + 2 * LIVES):
        raise Refused("", STALE)
    return found


def has_any(db: Session, user: User) -> bool:
    """Whether the user has a passkey."""
    return db.scalar(select(Passkey.id).where(Passkey.user_id == user.id).limit(1)) is not None


def of(db: Session, user: User) -> Sequence[Passkey]:
    """The user's passkeys, the oldest first."""
    return db.scalars(select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.id)).all()


def handle(user: User) -> bytes:
    """What devices know the user by; it tells nothing."""
    return hashlib.sha256(f"passkey of user {user.id}".encode()).digest()


def options_to_add(db: Session, *, user: User, site: Site, asked: Challenge) -> dict[str, Any]:
    """What the browser needs to make a passkey; devices that have one already are told so."""
    import webauthn
    from webauthn.helpers import base64url_to_bytes, structs

    made = webauthn.generate_registration_options(
        rp_id=site.name,
        rp_name=NAME,
        user_id=handle(user),
        user_name=user.email,
        user_display_name=user.name,
        challenge=asked.raw,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential_id))
            for each in of(db, user)
        ],
    )
    return dict(json.loads(webauthn.options_to_json(made)))


def options_to_sign_in(*, site: Site, asked: Challenge) -> dict[str, Any]:
    """What the browser needs to use a passkey. It names no user, so that nobody learns who has one."""
    import webauthn
    from webauthn.helpers import structs

    made = webauthn.generate_authentication_options(
        rp_id=site.name,
        challenge=asked.raw,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return dict(json.loads(webauthn.options_to_json(made)))


def add(db: Session, *, user: User, asked: Challenge, credential: str, site: Site, now: datetime) -> Passkey:
    """Keep the passkey a device has made; the user is told by mail. Refused when it is none."""
    import webauthn
    from webauthn.helpers import bytes_to_base64url

    mine = of(db, user)
    if len(mine) >= MOST:
        raise Conflict(f"Du har allerede {MOST} adgangsnøgler. Fjern en, du ikke bruger.")
    try:
        proven = webauthn.verify_registration_response(
            credential=_readable(credential),
            expected_challenge=asked.raw,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception as error:  # The library's, and whatever a hand-made credential makes its parsers raise.
        raise Refused("", WRONG) from error
    made = Passkey(
        user_id=user.id,
        name=_free(asked.called or "Adgangsnøgle", {each.name for each in mine}),
        credential_id=bytes_to_base64url(proven.credential_id),
        public_key=bytes_to_base64url(proven.credential_public_key),
        sign_count=proven.sign_count,
        created_at=now,
    )
    try:
        with db.begin_nested():
            db.add(made)
            db.flush()
    except IntegrityError as error:
        raise Conflict("Den adgangsnøgle er allerede tilføjet.") from error
    tell(db, user=user, what=Notice.PASSKEY_ON, now=now)
    return made


def prove(db: Session, *, credential: str, asked: Challenge, site: Site, now: datetime) -> User:
    """Whose passkey signed the challenge. Refused alike, whatever was wrong.

    A device that counts must have counted on: one that stands still was copied.
    """
    import webauthn
    from webauthn.helpers import base64url_to_bytes

    try:
        given = _readable(credential)
        found = _by_credential(db, str(given["id"]))
        proven = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=asked.raw,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(found.public_key),
            credential_current_sign_count=found.sign_count,
            require_user_verification=True,
        )
        told = given["response"].get("userHandle")
        if told and base64url_to_bytes(told) != handle(found.user):
            raise Refused("", WRONG)
    except Exception as error:  # As above.
        raise Refused("", WRONG) from error
    counted = db.execute(
        update(Passkey)
        # Of two answers with the same count one was copied.
        .where(Passkey.id == found.id, Passkey.sign_count == found.sign_count)
        .values(sign_count=proven.new_sign_count, used_at=now)
        .execution_options(synchronize_session=False)
    )
    if cast("Any", counted).rowcount != 1:
        raise Refused("", WRONG)
    audit.note(db, action="passkey_used", kind="passkey", id=found.id)
    return found.user


def remove(db: Session, *, user: User, id: int, now: datetime) -> str:
    """One of the user's own, or NotFound; its name. They are told by mail."""
    found = db.scalars(select(Passkey).where(Passkey.id == id, Passkey.user_id == user.id)).first()
    if found is None:
        raise NotFound("Den adgangsnøgle er der ikke længere.")
    db.delete(found)
    tell(db, user=user, what=Notice.PASSKEY_OFF, now=now)
    db.flush()
    return found.name


def remove_all(db: Session, *, user: User, now: datetime) -> None:
    """Every one, as when the devices are lost; the user is told once."""
    mine = of(db, user)
    for each in mine:
        db.delete(each)
    if mine:
        tell(db, user=user, what=Notice.PASSKEY_OFF, now=now)
    db.flush()


def _by_credential(db: Session, credential_id: str) -> Passkey:
    return db.scalars(
        select(Passkey)
        .join(Passkey.user)
        .options(contains_eager(Passkey.user))
        .where(Passkey.credential_id == credential_id, User.is_active == 1)
    ).one()


def _readable(credential: str) -> dict[str, Any]:
    if len(credential) > LARGEST:
        raise ValueError("too long")
    found = json.loads(credential)
    if not isinstance(found, dict) or not isinstance(found.get("response"), dict):
        raise TypeError("no credential")
    return found


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number after it when the user has one of that name."""
    wanted, number = name[:50], 1
    while (told := wanted if number == 1 else f"{wanted} {number}") in taken:
        number += 1
    return told
