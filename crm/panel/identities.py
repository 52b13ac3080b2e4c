"""Members whom the panel's identity provider vouches for, such as a broker of MitID Erhverv.

Issuer and subject together are the key. The e-mail serves once, to find whose seat a new identity belongs to, and only
when the provider has verified it; the same e-mail from another subject is not the same person.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import audit
from crm.access.identities import subject_hash
from crm.errors import NotAllowed
from crm.panel import seats, signing
from crm.panel.models import PanelIdentity, PanelSeat
from crm.panel.signing import TERMS, held

NO_SEAT = (
    "Vi ved nu, hvem du er, men der er ingen plads i panelet med din e-mail. "
    "Log ind med den e-mail, du fik indbydelsen på, eller ring til os."
)
UNVERIFIED = "Dit log ind fortæller ikke, at din e-mail er bekræftet. Log ind med et link på mail i stedet."
TAKEN = "Pladsen er forbundet med en anden persons log ind. Ring til os, hvis det er en fejl."


def enter(
    db: Session,
    *,
    issuer: str,
    subject: str,
    email: str | None,
    is_verified: bool,
    now: datetime,
    today: date,
) -> str:
    """Open a session for whoever the provider means; the answer is the cookie's value. NotAllowed says why not."""
    named = subject_hash(issuer, subject)
    known = db.get(PanelIdentity, (issuer, named), with_for_update=True)
    seat = db.get(PanelSeat, known.seat_id, with_for_update=True) if known is not None else None
    if seat is None or seats.is_over(db, seat, today):
        seat = _link(db, known, issuer, named, email, now, today, is_verified=is_verified)
    if not seat.is_held(today):
        raise NotAllowed(NO_SEAT)
    if seat.terms != TERMS:
        seat.terms, seat.terms_accepted_at = TERMS, now
    return signing.sign_in(db, seat=seat, now=now)


def _link(
    db: Session, known: PanelIdentity | None, issuer: str, named: str, email: str | None, now: datetime, today: date,
    *, is_verified: bool,
) -> PanelSeat:  # fmt: skip
    if not email or not is_verified:
        raise NotAllowed(UNVERIFIED)
    theirs = select(PanelSeat).where(PanelSeat.email == email.strip().lower(), held(today))
    seat = db.scalars(theirs.with_for_update()).first()
    if seat is None:
        raise NotAllowed(NO_SEAT)
    others = select(PanelIdentity.subject_hash).where(
        PanelIdentity.seat_id == seat.id, PanelIdentity.issuer == issuer
    )
    if db.scalars(others).first() is not None:
        raise NotAllowed(TAKEN)
    if known is None:
        db.add(PanelIdentity(issuer=issuer, subject_hash=named, seat_id=seat.id, linked_at=now))
    else:
        # The same person in a new seat.
        known.seat_id, known.linked_at = seat.id, now
    audit.note(db, action="panel_identity", kind="panel_seat", id=seat.id)
    db.flush()
    return seat
