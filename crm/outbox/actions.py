"""Putting a mail in the outbox, and every step it takes from there.

A worker leases a mail in one short transaction, sends it outside of any, and records in another how it went.
Those steps are told by the row itself and pass the audit log by; what people do stands there.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm.db import LOST_RACE
from crm.errors import Conflict, Refused, renamed
from crm.outbox.models import FAILED_SQL, Mail, MailState
from crm.outbox.queries import due, find
from crm.types import storable

# After each failed attempt the next pause; after the last one the mail has failed.
PAUSES = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=8),
)  # fmt: skip
# Longer than the slowest talk with a mail server.
LEASE = timedelta(minutes=15)
_SIGN = r'[^@\s\x00-\x20\x7f<>()\[\],;:\\"]'
_ADDRESS = re.compile(rf"{_SIGN}{{1,64}}@{_SIGN}+\.{_SIGN}{{2,}}")
# As `secrets.token_urlsafe(32)` makes them.
_KEY_IN_LINK = re.compile(r"(?<=/)[A-Za-z0-9_-]{43,}(?!\S)")
INTERRUPTED = (
    "Afsendelsen blev afbrudt igen og igen, så det vides ikke, om mailen er nået frem. "
    "Spørg modtageren, før du prøver igen."
)


def put(db: Session, *, act: str, to: str, subject: str, body: str, now: datetime) -> Mail:
    """Have a mail sent about an act, if the transaction that does the act is committed.

    `act` names the act for ever, such as "handover:12". Asked again for the same act and person it gives the
    mail there is. Raises Refused beside "to", "subject" or "body".
    """
    recipient = address(to)
    if found := find(db, act=act, recipient=recipient):
        return found
    with renamed(recipient="to"):
        mail = Mail(
            act=act,
            recipient=recipient,
            subject=_asked(" ".join(subject.split()), "subject", "Mailen mangler et emne."),
            body=_asked(body, "body", "Mailen mangler en tekst."),
            next_try_at=now,
            created_at=now,
            by_id=db.info.get("user_id"),
        )
    try:
        with db.begin_nested():
            db.add(mail)
            db.flush()
    except LOST_RACE:
        # Two at once on PostgreSQL: the other one has just been committed.
        if found := find(db, act=act, recipient=recipient):
            return found
        raise
    return mail


def address(text: str) -> str:
    """The address as it is kept. Refuses what is none, and what could smuggle in a header or a recipient."""
    found = unicodedata.normalize("NFC", text.strip(" ")).lower()
    if len(found) > 254 or not _ADDRESS.fullmatch(found):
        raise Refused("to", "Skriv en e-mailadresse, for eksempel navn@firma.dk.")
    try:
        found.rpartition("@")[2].encode("idna")
    except UnicodeError as error:
        raise Refused("to", "Sådan kan en e-mailadresse ikke ende.") from error
    return found


def _asked(text: str, field: str, sentence: str) -> str:
    if not text.strip():
        raise Refused(field, sentence)
    return text


# --- The worker's steps -------------------------------------------------------------------------


def lease(db: Session, *, now: datetime) -> Mail | None:
    """The next mail that is due, for the caller alone to send until `leased_until`; None without one."""
    while mail := due(db, now):
        if mail.attempts > len(PAUSES):
            # Whoever sent it never came back to say how it went, not even the last time.
            _step(db, mail, state=MailState.FAILED, leased_until=None, last_error=INTERRUPTED)
            continue
        _step(db, mail, state=MailState.SENDING, attempts=mail.attempts + 1, leased_until=now + LEASE)
        return mail
    return None


def record_sent(db: Session, *, mail: Mail, now: datetime) -> None:
    """The server has taken it. That is so whatever has become of the lease."""
    values: dict[str, Any] = {
        "state": MailState.SENT, "sent_at": now, "leased_until": None, "last_error": None,
        "body": covered(mail.body),
    }  # fmt: skip
    db.execute(update(Mail).where(Mail.id == mail.id, Mail.state != MailState.SENT).values(**values))


def covered(body: str) -> str:
    """The words without the secret part of a link that opens something by itself: that is its reader's alone."""
    return _KEY_IN_LINK.sub("…", body)


def record_trouble(db: Session, *, mail: Mail, error: str, final: bool, now: datetime) -> None:
    """It was not sent: try again after a pause, or give up when it was refused for good or tried enough."""
    values: dict[str, Any] = {"leased_until": None, "last_error": storable(error, 500)}
    if final or mail.attempts > len(PAUSES):
        values["state"] = MailState.FAILED
    else:
        values |= {"state": MailState.QUEUED, "next_try_at": now + PAUSES[mail.attempts - 1]}
    # Only as long as the lease is ours: another worker may have it by now, and knows better.
    ours = (Mail.state == MailState.SENDING, Mail.leased_until == mail.leased_until)
    db.execute(update(Mail).where(Mail.id == mail.id, *ours).values(**values))


def _step(db: Session, mail: Mail, **values: Any) -> None:
    db.execute(update(Mail).where(Mail.id == mail.id).values(**values))


# --- The administrator's ------------------------------------------------------------------------


def retry(db: Session, *, mail: Mail, now: datetime) -> Mail:
    """Send it at the next opportunity, with all attempts before it again."""
    if mail.state == MailState.SENT:
        raise Conflict("Mailen er sendt.")
    _not_under_way(mail, now)
    mail.state, mail.attempts, mail.next_try_at, mail.leased_until = MailState.QUEUED, 0, now, None
    db.flush()
    return mail


def retry_failed(db: Session, *, now: datetime) -> int:
    """The same for every mail that has failed; how many they were."""
    failed = select(Mail).where(FAILED_SQL).order_by(Mail.id).with_for_update()
    return len([retry(db, mail=mail, now=now) for mail in db.scalars(failed).all()])


def cancel(db: Session, *, mail: Mail, now: datetime) -> Mail:
    """Never send it, unless somebody asks for it again."""
    if mail.state == MailState.SENT:
        raise Conflict("Mailen er allerede sendt.")
    _not_under_way(mail, now)
    mail.state, mail.leased_until = MailState.CANCELLED, None
    db.flush()
    return mail


def _not_under_way(mail: Mail, now: datetime) -> None:
    if mail.leased_until and mail.leased_until > now:
        raise Conflict("Mailen er ved at blive sendt. Se igen om lidt.")
