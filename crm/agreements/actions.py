"""Entering agreements and moving them along their legal steps."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.agreements.models import LEGAL_STEPS, START, Agreement, AgreementState, AgreementStep, Programme
from crm.companies.models import Company
from crm.errors import Conflict, Refused
from crm.responsibility.chain import way_in

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
DAYS = ("signed_on", "valid_from", "valid_to")
MOVED = ("state", "step_no", "signed_on", "valid_from", "ended_on", "end_reason", "version")


def _check_day(field: str, day: date | None, today: date) -> None:
    if day is not None and not EARLIEST <= day <= today + AHEAD:
        raise Refused(field, "Datoen ser forkert ud. Skriv den som 23-11-2026.")


def _check_period(valid_from: date | None, valid_to: date | None, field: str = "valid_to") -> None:
    if valid_from and valid_to and valid_to < valid_from:
        raise Refused(field, "Aftalen kan ikke slutte, før den begynder.")
    if valid_to and not EARLIEST.year <= valid_to.year <= 2200:
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
    consultant: User | None = None,
) -> Agreement:
    """Enter an agreement: signed when it has a day of signing, else a prospect.

    The municipality's contact for it is the company's way in unless another is named.
    """
    if not title.strip():
        raise Refused("title", "Skriv, hvad aftalen går ud på.")
    _check_day("signed_on", signed_on, today)
    _check_day("valid_from", valid_from, today)
    if signed_on and valid_from is None:
        valid_from = signed_on
    _check_period(valid_from, valid_to)
    if consultant is not None:
        _demand_active(consultant)
    state = AgreementState.SIGNED if signed_on else AgreementState.PROSPECT
    agreement = Agreement(
        company_id=company.id, programme_id=programme.id, title=title, signed_on=signed_on,
        valid_from=valid_from, valid_to=valid_to, state=state, step_no=1, created_at=now,
        consultant_id=consultant.id if consultant else way_in(db, company),
    )  # fmt: skip
    db.add(agreement)
    db.flush()
    db.add(_step(agreement, START, state, 1, signed_on or today, by, now, None))
    db.flush()
    db.refresh(agreement, ["programme", "company"])
    return agreement


def _demand_active(consultant: User) -> None:
    if not consultant.is_active:
        raise Refused("consultant", f"{consultant.name} er lukket. Vælg en anden.")


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
    # A signing that is only planned can be called off on any day before it.
    planned = agreement.signed_on is not None and agreement.signed_on > today
    called_off = planned and to == AgreementState.ENDED
    before = None if called_off else _day_of_last_step(db, agreement)
    if before and on < before:
        raise Refused("on", f"Datoen kan ikke ligge før det forrige trin, {before:%d-%m-%Y}.")
    _check_last_day(agreement, to, on, valid_to)
    if valid_to is not None:
        agreement.valid_to = valid_to
        db.flush()
    seq = agreement.step_no + 1
    db.add(_step(agreement, agreement.state, to, seq, on, by, now, note))
    db.flush()
    # The trigger has moved it.
    db.refresh(agreement, MOVED)
    return agreement


def _check_last_day(agreement: Agreement, to: str, on: date, valid_to: date | None) -> None:
    if to == AgreementState.RENEWED and valid_to and valid_to < on:
        raise Refused("valid_to", "Den nye slutdato kan ikke ligge før fornyelsen.")
    # Without a day of its own, an agreement is valid from the day it is signed.
    begins = agreement.valid_from or (on if to == AgreementState.SIGNED else None)
    _check_period(begins, valid_to or agreement.valid_to, "valid_to" if valid_to else "on")


def _day_of_last_step(db: Session, agreement: Agreement) -> date | None:
    """The day the next step cannot lie before; None when it may lie on any.

    The day of signing may have been corrected since, and the correction counts. An agreement entered late
    carries the day of entering as its first step, which may be after all the rest.
    """
    if agreement.state == AgreementState.SIGNED:
        return agreement.signed_on
    if agreement.step_no == 1:
        return None
    last = select(AgreementStep.on).where(
        AgreementStep.agreement_id == agreement.id, AgreementStep.seq == agreement.step_no
    )
    return max(filter(None, (db.scalar(last), agreement.signed_on)), default=None)


def change(db: Session, *, agreement: Agreement, values: dict[str, object], today: date) -> Agreement:
    """Correct title or dates, or name another contact of the municipality's."""
    if unknown := set(values) - {"title", "consultant", *DAYS}:
        raise Refused(min(unknown), "Det felt kan ikke rettes.")
    if "title" in values and not str(values["title"] or "").strip():
        raise Refused("title", "Skriv, hvad aftalen går ud på.")
    # Also an ended agreement counts on the days before, so its dates are never taken away.
    signed = agreement.signed_on is not None
    for field in ("signed_on", "valid_from"):
        day = values.get(field)
        if field in values and signed and day is None:
            raise Refused(field, "En underskrevet aftale skal have datoen.")
        _check_day(field, day if isinstance(day, date) else None, today)
    if values.get("signed_on") and not signed:
        raise Refused("signed_on", "Aftalen er ikke underskrevet endnu. Brug trinnet i stedet.")
    days: dict[str, Any] = {field: values.get(field, getattr(agreement, field)) for field in DAYS}
    _check_period(days["valid_from"], days["valid_to"])
    if days["signed_on"] and agreement.ended_on and agreement.ended_on < days["signed_on"]:
        raise Refused("signed_on", "Aftalen kan ikke være underskrevet, efter den sluttede.")
    for field, value in values.items():
        if isinstance(value, User):
            if value.id != agreement.consultant_id:
                _demand_active(value)
            agreement.consultant_id = value.id
        else:
            setattr(agreement, field, value)
    db.flush()
    return agreement
