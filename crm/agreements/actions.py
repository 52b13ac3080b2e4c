"""Entering agreements and moving them along their legal steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.agreements import fields
from crm.agreements.models import (
    LEGAL_STEPS,
    START,
    Agreement,
    AgreementState,
    AgreementStep,
    EndCause,
    Programme,
)
from crm.agreements.periods import AgreementPeriod
from crm.agreements.renewals import check_day, check_period, close_for_renewal, periods
from crm.companies.models import Company, CompanyContact
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
CAUSES = {
    EndCause.FULFILLED: "Aftalen er indfriet",
    EndCause.RAN_OUT: "Perioden er udløbet",
    EndCause.DECLINED: "Virksomheden ønsker det ikke",
    EndCause.NOT_USED: "Aftalen blev ikke brugt",
    EndCause.NO_CANDIDATES: "Vi havde ingen at tilbyde",
    EndCause.COMPANY_GONE: "Virksomheden er flyttet eller lukket",
    EndCause.REPLACED: "Erstattet af en anden aftale",
    EndCause.OTHER: "Andet",
    EndCause.NOT_TOLD: "Ikke oplyst",
}
DAYS = ("signed_on", "valid_from", "valid_to")
MOVED = ("state", "step_no", *DAYS, "ended_on", "end_cause", "end_reason", "version")


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
    contact: CompanyContact | None = None,
    values: Mapping[str, fields.Value | None] | None = None,
) -> Agreement:
    """Enter an agreement: signed when it has a day of signing, else a prospect.

    The municipality's contact for it is the company's way in unless another is named. Nobody in the panel but the
    company's own member hears of it before somebody has marked it.
    """
    if not title.strip():
        raise Refused("title", "Skriv, hvad aftalen går ud på.")
    check_day("signed_on", signed_on, today)
    check_day("valid_from", valid_from, today)
    if signed_on and valid_from is None:
        valid_from = signed_on
    check_period(valid_from, valid_to)
    _demand_open(programme, signed_on or today)
    if consultant is not None:
        _demand_active(consultant)
    _demand_theirs(company.id, contact)
    state = AgreementState.SIGNED if signed_on else AgreementState.PROSPECT
    agreement = Agreement(
        company_id=company.id, programme_id=programme.id, title=title, signed_on=signed_on,
        valid_from=valid_from, valid_to=valid_to, state=state, step_no=1, created_at=now,
        consultant_id=consultant.id if consultant else way_in(db, company),
        company_contact_id=contact.id if contact else None, shown_to_panel=0,
    )  # fmt: skip
    db.add(agreement)
    db.flush()
    db.add(_step(agreement, START, state, 1, signed_on or today, by, now, None))
    db.flush()
    db.refresh(agreement, ["programme", "company"])
    if values:
        fields.set_values(db, agreement=agreement, new=values)
    return agreement


def _demand_open(programme: Programme, on: date) -> None:
    begins, ends = programme.valid_from, programme.valid_to
    if (begins and on < begins) or (ends and on > ends):
        raise Refused("programme", f"Der indgås ikke aftaler under {programme.name} på den dag.")


def _demand_theirs(company_id: int, contact: CompanyContact | None) -> None:
    if contact is not None and contact.company_id != company_id:
        raise Refused("company_contact", "Vælg en, der arbejder i virksomheden.")


def _demand_active(consultant: User) -> None:
    if not consultant.is_active:
        raise Refused("consultant", f"{consultant.name} er lukket. Vælg en anden.")


def _step(
    agreement: Agreement, old: str, new: str, seq: int, on: date, by: User, now: datetime, note: str | None,
    cause: str | None = None,
) -> AgreementStep:  # fmt: skip
    return AgreementStep(
        agreement_id=agreement.id,
        seq=seq,
        from_state=old,
        to_state=new,
        on=on,
        at=now,
        by_id=by.id,
        note=note,
        cause=cause,
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
    cause: str | None = None,
) -> Agreement:
    """Move an agreement one legal step. An illegal one is a Conflict that says where it can go.

    Signing sets the day of signing. Renewing with a new last day is a new period; without one the days stay
    as they are. Ending sets the day it ended, and why: a list or a program that does not say leaves it open.
    """
    if to not in set(AgreementState):
        raise Refused("to", "Vælg et trin fra listen.")
    cause = _cause(to, cause, note)
    check_day("on", on, today)
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
    begins = _make_room(db, agreement, to, on, valid_to)
    seq = agreement.step_no + 1
    db.add(_step(agreement, agreement.state, to, seq, on, by, now, note, cause))
    db.flush()
    if begins is not None:
        db.add(_next_period(db, agreement, seq, on, begins, valid_to))
        db.flush()
    # The triggers have moved it.
    db.refresh(agreement, MOVED)
    return agreement


def _cause(to: str, cause: str | None, note: str | None) -> str | None:
    if to != AgreementState.ENDED:
        return None
    if cause is None:
        return EndCause.NOT_TOLD
    if cause not in set(EndCause):
        raise Refused("cause", "Vælg fra listen, hvorfor aftalen slutter.")
    if cause == EndCause.OTHER and not (note or "").strip():
        raise Refused("note", "Skriv, hvorfor aftalen slutter.")
    return cause


def _make_room(db: Session, agreement: Agreement, to: str, on: date, valid_to: date | None) -> date | None:
    """Check the days a step is about, and set its last day; the day a new period begins, if it makes one."""
    if to == AgreementState.RENEWED:
        return close_for_renewal(db, periods(db, agreement)[-1], on, valid_to) if valid_to else None
    # Without a day of its own, an agreement is valid from the day it is signed.
    begins = agreement.valid_from or (on if to == AgreementState.SIGNED else None)
    check_period(begins, valid_to or agreement.valid_to, "valid_to" if valid_to else "on")
    if valid_to is not None:
        _check_after_last(db, agreement, valid_to)
        agreement.valid_to = valid_to
        db.flush()
    return None


def _check_after_last(db: Session, agreement: Agreement, valid_to: date) -> None:
    newest = periods(db, agreement)[-1]
    if newest.valid_from and valid_to < newest.valid_from:
        raise Refused("valid_to", f"Den seneste periode begynder {newest.valid_from:%d-%m-%Y}.")


def _next_period(
    db: Session, agreement: Agreement, step_no: int, on: date, begins: date, valid_to: date | None
) -> AgreementPeriod:
    newest = periods(db, agreement)[-1]
    return AgreementPeriod(
        agreement_id=agreement.id, seq=newest.seq + 1, signed_on=on, valid_from=begins, valid_to=valid_to,
        step_no=step_no,
    )  # fmt: skip


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
    """Correct title or days, name other contacts, or show it to the panel.

    Of the days `signed_on` and `valid_from` are the first period's, `valid_to` is the newest one's.
    """
    known = {"title", "consultant", "contact", "shown_to_panel", *DAYS}
    if unknown := set(values) - known:
        raise Refused(min(unknown), "Det felt kan ikke rettes.")
    if "title" in values and not str(values["title"] or "").strip():
        raise Refused("title", "Skriv, hvad aftalen går ud på.")
    if values.keys() & set(DAYS):
        _check_days(db, agreement, values, today)
    if values.get("shown_to_panel") and not agreement.programme.panel_sees:
        raise Refused("shown_to_panel", f"Panelet ser ikke aftaler under {agreement.programme.name}.")
    contact = values.get("contact")
    if isinstance(contact, CompanyContact) and contact.id != agreement.company_contact_id:
        _demand_theirs(agreement.company_id, contact)
    consultant = values.get("consultant")
    if isinstance(consultant, User) and consultant.id != agreement.consultant_id:
        _demand_active(consultant)
    for field, value in values.items():
        _set(agreement, field, value)
    db.flush()
    return agreement


def _set(agreement: Agreement, field: str, value: object) -> None:
    if field == "consultant":
        # It always has one from now on; nobody is not a choice.
        if isinstance(value, User):
            agreement.consultant_id = value.id
    elif field == "contact":
        agreement.company_contact_id = value.id if isinstance(value, CompanyContact) else None
    else:
        setattr(agreement, field, int(bool(value)) if field == "shown_to_panel" else value)


def _check_days(db: Session, agreement: Agreement, values: dict[str, object], today: date) -> None:
    # Also an ended agreement counts on the days before, so its dates are never taken away.
    signed = agreement.signed_on is not None
    for field in ("signed_on", "valid_from"):
        day = values.get(field)
        if field in values and signed and day is None:
            raise Refused(field, "En underskrevet aftale skal have datoen.")
        check_day(field, day if isinstance(day, date) else None, today)
    if values.get("signed_on") and not signed:
        raise Refused("signed_on", "Aftalen er ikke underskrevet endnu. Brug trinnet i stedet.")
    days: dict[str, Any] = {field: values.get(field, getattr(agreement, field)) for field in DAYS}
    check_period(days["valid_from"], days["valid_to"])
    if days["signed_on"] and agreement.ended_on and agreement.ended_on < days["signed_on"]:
        raise Refused("signed_on", "Aftalen kan ikke være underskrevet, efter den sluttede.")
    _check_inner_days(periods(db, agreement), days)


def _check_inner_days(known: Sequence[AgreementPeriod], days: dict[str, Any]) -> None:
    if len(known) == 1:
        return
    first, newest = known[0], known[-1]
    if first.valid_to and days["valid_from"] and days["valid_from"] > first.valid_to:
        raise Refused("valid_from", f"Den første periode slutter {first.valid_to:%d-%m-%Y}.")
    if newest.valid_from and days["valid_to"] and days["valid_to"] < newest.valid_from:
        raise Refused("valid_to", f"Den seneste periode begynder {newest.valid_from:%d-%m-%Y}.")
