"""Entering agreements and moving them along their legal steps."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.agreements.models import LEGAL_STEPS, START, Agreement, AgreementState, AgreementStep, Programme
from crm.companies.models import Company
from crm.errors import Conflict, Refused

NAMES = {
    AgreementState.PROSPECT: "emne",
    AgreementState.IN_DIALOGUE: "i dialog",
    AgreementState.OFFERED: "tilbudt",
    AgreementState.SIGNED: "underskrevet",
    AgreementState.IN_FORCE: "gældende",
    AgreementState.RENEWED: "fornyet",
    AgreementState.ENDED: "afsluttet",
}
# A signing may be planned, but not years ahead; the first cooperation agreements are from this century.
AHEAD = timedelta(days=366)
EARLIEST = date(2000, 1, 1)


def _check_day(field: str, day: date | None, today: date) -> None:
    if day is not None and not EARLIEST <= day <= today + AHEAD:
        raise Refused(field, "Datoen ser forkert ud. Skriv den som 23-11-2026.")


def _check_period(valid_from: date | None, valid_to: date | None) -> None:
    if valid_from and valid_to and valid_to < valid_from:
        raise Refused("valid_to", "Aftalen kan ikke slutte, før den begynder.")
    if valid_to and valid_to.year > 2200:
        raise Refused("valid_to", "Datoen ser forkert ud. Skriv den som 23-11-2026.")


def create(
    db: Session,
    *,
    company: Company,
    programme: Programme,
    title: str,
    by: User,
    now: datetime,
    today: date,
    signed_on: date | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Agreement:
    """Enter an agreement: signed when it has a day of signing, else a prospect."""
    if not title.strip():
        raise Refused("title", "Skriv, hvad aftalen går ud på.")
    _check_day("signed_on", signed_on, today)
    _check_day("valid_from", valid_from, today)
    if signed_on and valid_from is None:
        valid_from = signed_on
    _check_period(valid_from, valid_to)
    state = AgreementState.SIGNED if signed_on else AgreementState.PROSPECT
    agreement = Agreement(
        company_id=company.id, programme_id=programme.id, title=title, signed_on=signed_on,
        valid_from=valid_from, valid_to=valid_to, state=state, step_no=1, created_at=now,
    )  # fmt: skip
    db.add(agreement)
    db.flush()
    db.add(_step(agreement, START, state, 1, signed_on or today, by, now, None))
    db.flush()
    db.refresh(agreement, ["programme", "company"])
    return agreement


def _step(
    agreement: Agreement, old: str, new: str, seq: int, on: date, by: User, now: datetime, note: str | None
) -> AgreementStep:
    return AgreementStep(
        agreement_id=agreement.id,
        seq=seq,
        from_state=old,
        to_state=new,
        on=on,
        at=now,
        by_id=by.id,
        note=note,
    )


def next_states(agreement: Agreement) -> list[str]:
    """Where the agreement can go from here."""
    return [new for old, new in LEGAL_STEPS if old == agreement.state]


def step(
    db: Session,
    *,
    agreement: Agreement,
    to: str,
    on: date,
    by: User,
    now: datetime,
    today: date,
    note: str | None = None,
    valid_to: date | None = None,
) -> Agreement:
    """Move an agreement one legal step. An illegal one is a Conflict that says where it can go.

    Signing sets the day of signing; renewing may set a new last day; ending sets the day it ended.
    """
    if to not in set(AgreementState):
        raise Refused("to", "Vælg et trin fra listen.")
    _check_day("on", on, today)
    db.refresh(agreement, with_for_update={"of": Agreement})
    if to not in next_states(agreement):
        names = ", ".join(NAMES[AgreementState(state)] for state in next_states(agreement))
        now_is = NAMES[AgreementState(agreement.state)]
        raise Conflict(
            f"Aftalen er {now_is} og kan ikke blive {NAMES[AgreementState(to)]}. "
            + (f"Den kan blive: {names}." if names else "Den er slut; opret en ny aftale.")
        )
    before = db.scalar(
        select(AgreementStep.on).where(
            AgreementStep.agreement_id == agreement.id, AgreementStep.seq == agreement.step_no
        )
    )
    # The first step of an agreement entered late carries the day of entering, which may be after the rest.
    if (
        before
        and on < before
        and agreement.state not in {AgreementState.PROSPECT, AgreementState.IN_DIALOGUE}
    ):
        raise Refused("on", f"Datoen kan ikke ligge før det forrige trin, {before:%d-%m-%Y}.")
    if valid_to is not None:
        _check_period(agreement.valid_from, valid_to)
        agreement.valid_to = valid_to
        db.flush()
    seq = agreement.step_no + 1
    db.add(_step(agreement, agreement.state, to, seq, on, by, now, note))
    db.flush()
    # The trigger has moved it.
    db.refresh(agreement, ["state", "step_no", "signed_on", "valid_from", "ended_on", "end_reason"])
    return agreement


def change(db: Session, *, agreement: Agreement, values: dict[str, object], today: date) -> Agreement:
    """Correct title or dates."""
    allowed = {"title", "signed_on", "valid_from", "valid_to"}
    if unknown := set(values) - allowed:
        raise Refused(sorted(unknown)[0], "Det felt kan ikke rettes.")
    if "title" in values and not str(values["title"] or "").strip():
        raise Refused("title", "Skriv, hvad aftalen går ud på.")
    signed = agreement.state in {AgreementState.SIGNED, AgreementState.IN_FORCE, AgreementState.RENEWED}
    for field in ("signed_on", "valid_from"):
        day = values.get(field)
        if field in values and signed and day is None:
            raise Refused(field, "En underskrevet aftale skal have datoen.")
        _check_day(field, day if isinstance(day, date) else None, today)
    if values.get("signed_on") and not signed and agreement.signed_on is None:
        raise Refused("signed_on", "Aftalen er ikke underskrevet endnu. Brug trinnet i stedet.")
    period = {field: values.get(field, getattr(agreement, field)) for field in ("valid_from", "valid_to")}
    _check_period(period["valid_from"], period["valid_to"])  # type: ignore[arg-type]
    for field, value in values.items():
        setattr(agreement, field, value)
    db.flush()
    return agreement
