"""Letting a company go on as a part of another: what is open moves, what happened stays where it happened.

An agreement that counts ends the day before and goes on from the day at the other company, so that the figures of
every day, before and after, are those of the company that had it then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import audit
from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements import fields
from crm.agreements.models import Agreement, AgreementState, EndCause
from crm.agreements.periods import AgreementPeriod
from crm.agreements.renewals import EARLIEST, LATEST, correct, periods
from crm.companies.models import Company, CompanyContact, CompanyContinuation
from crm.errors import Conflict, Refused
from crm.interactions import actions as interactions
from crm.interactions.models import Kind
from crm.merging import queries
from crm.merging.queries import Open
from crm.responsibility.beside import end_beside

DAY = timedelta(days=1)
BEGUN = (AgreementState.SIGNED, AgreementState.IN_FORCE, AgreementState.RENEWED)
CARRIED = ("production_unit_id", "name", "title", "phone", "phone_e164", "mobile", "mobile_e164", "email")


def merge(
    db: Session,
    *,
    company: Company,
    into: Company,
    on: date,
    by: User,
    now: datetime,
    today: date,
    seen: str | None = None,
) -> CompanyContinuation:
    """Let `company` be a part of `into` from `on`. `seen` is the seal of what was shown beforehand.

    Contacts, open requests, follow-ups and agreements go on at `into`; both keep their own responsible and their
    own history. Raises Refused beside "into" or "on", Conflict when others were faster.
    """
    _take_hold_of(db, company, into)
    check(db, company=company, into=into, on=on, today=today)
    found = queries.open_at(db, company)
    if seen is not None and seen != found.seal:
        raise Conflict("Der er sket noget hos virksomheden imens. Intet er flyttet; se oversigten igen.")
    # Whoever went on there goes on here: one step is enough to find them.
    db.execute(
        update(CompanyContinuation)
        .where(CompanyContinuation.by_company_id == company.id)
        .values(by_company_id=into.id)
    )
    made = CompanyContinuation(company_id=company.id, by_company_id=into.id, on=on, at=now, by_id=by.id)
    db.add(made)
    db.flush()
    people = _move_contacts(db, found, into, on, now)
    for request in found.requests:
        request.company_id = into.id
        request.company_contact_id = people.get(request.company_contact_id or 0)
    for follow_up in found.follow_ups:
        follow_up.company_id = into.id
    for colleague in found.colleagues:
        end_beside(db, colleague=colleague, now=now)
    db.flush()
    merger = _Merger(into, on, by, now, today)
    for agreement in found.agreements:
        _go_on(db, agreement, people, merger)
    _write_down(db, company, into, on, by, now)
    audit.note(
        db, action="merge", kind="company", id=company.id, payload={"into": into.cvr, "on": on.isoformat()}
    )
    db.flush()
    return made


def _take_hold_of(db: Session, company: Company, into: Company) -> None:
    """Both are ours until the commit, in the order of their keys: two that merge each other take turns."""
    both = select(Company.id).where(Company.id.in_([company.id, into.id]))
    db.execute(both.order_by(Company.id).with_for_update()).all()


def check(db: Session, *, company: Company, into: Company, on: date, today: date) -> None:
    """Raise Refused beside "into" or "on", or Conflict, when this cannot be."""
    if company.id == into.id:
        raise Refused("into", "En virksomhed kan ikke fortsætte i sig selv.")
    if standing := queries.continued(db, company):
        raise Conflict(f"{company.name} fortsætter allerede i {standing.by_company.name}.")
    if standing := queries.continued(db, into):
        name, goes_on = into.name, standing.by_company
        raise Refused("into", f"{name} er selv fortsat i {goes_on.name} (CVR {goes_on.cvr}). Vælg den.")
    if not EARLIEST < on <= today:
        raise Refused("on", "Vælg en dag, der ikke ligger i fremtiden.")


def _move_contacts(db: Session, found: Open, into: Company, on: date, now: datetime) -> dict[int, int]:
    """Each person at the other company, by their old key; who is there already is not there twice."""
    there = db.scalars(
        select(CompanyContact).where(CompanyContact.company_id == into.id, CompanyContact.ended_on.is_(None))
    ).all()
    known = {_sign(each): each for each in there}
    people: dict[int, int] = {}
    for contact in found.contacts:
        same = known.get(_sign(contact)) if contact.ended_on is None else None
        if same is None:
            same = CompanyContact(company_id=into.id, created_at=now, ended_on=contact.ended_on)
            for field in CARRIED:
                setattr(same, field, getattr(contact, field))
            db.add(same)
            db.flush()
        people[contact.id] = same.id
        contact.ended_on = contact.ended_on or on
    db.flush()
    return people


def _sign(contact: CompanyContact) -> tuple[str, str]:
    """What makes two rows the same person: the name, with the mail or the telephone."""
    reached = contact.email or contact.mobile_e164 or contact.phone_e164 or ""
    return contact.name.casefold(), reached.casefold()


@dataclass(frozen=True)
class _Merger:
    """Where to, from which day, and who says so."""

    into: Company
    on: date
    by: User
    now: datetime
    today: date

    def step(self, db: Session, agreement: Agreement, to: str, on: date, **more: Any) -> None:
        """One legal step in the name of whoever merges."""
        agreements.step(
            db, agreement=agreement, to=to, on=on, by=self.by, now=self.now, today=self.today, **more
        )


def _go_on(db: Session, agreement: Agreement, people: dict[int, int], merger: _Merger) -> None:
    into, on = merger.into, merger.on
    counting = [each for each in periods(db, agreement) if each.signed_on and each.valid_from]
    contact = people.get(agreement.company_contact_id or 0)
    if agreement.state not in BEGUN or not counting or _first(counting[0]) >= on:
        # It has not counted before the day, so it has been the other company's all along.
        agreement.company_id, agreement.company_contact_id = into.id, contact
        # Whoever has said yes to the panel's shared list was the other company.
        agreement.shown_to_panel = 0
        db.flush()
        return
    left = [each for each in counting if each.valid_to is None or each.valid_to >= on]
    if not left:
        # It had run out by then, and stays what it was.
        return
    signed = agreement.state == AgreementState.SIGNED
    held, programme, consultant = fields.values(db, agreement), agreement.programme, agreement.consultant
    try:
        merger.step(
            db, agreement, AgreementState.ENDED, on - DAY, cause=EndCause.REPLACED,
            note=f"Virksomheden er fortsat i {into.name}",
        )  # fmt: skip
    except Refused as refusal:
        raise Refused("on", f"Aftalen »{agreement.title}«: {refusal.message}") from refusal
    heir = agreements.create(
        db, company=into, programme=programme, title=agreement.title, by=merger.by, now=merger.now,
        today=merger.today, signed_on=left[0].signed_on, valid_from=max(on, left[0].valid_from or on),
        valid_to=left[0].valid_to, values=held, contact=db.get(CompanyContact, contact) if contact else None,
        consultant=consultant if consultant and consultant.is_active else None,
    )  # fmt: skip
    db.flush()
    if not signed:
        merger.step(db, heir, AgreementState.IN_FORCE, max(on, left[0].signed_on or on))
    for seq, period in enumerate(left[1:], 2):
        _renew(db, heir, seq, period, merger)


def _renew(db: Session, heir: Agreement, seq: int, period: AgreementPeriod, merger: _Merger) -> None:
    """The same period at the other company, with the same days."""
    merger.step(db, heir, AgreementState.RENEWED, merger.on, valid_to=period.valid_to or LATEST)
    begins = max(merger.on, period.valid_from or merger.on)
    days = {"signed_on": period.signed_on, "valid_from": begins, "valid_to": period.valid_to}
    correct(db, agreement=heir, seq=seq, values=days, today=merger.today)
    merger.step(db, heir, AgreementState.IN_FORCE, merger.on)


def _first(period: AgreementPeriod) -> date:
    """The first day it counts."""
    return max(filter(None, (period.signed_on, period.valid_from)))


def _write_down(db: Session, company: Company, into: Company, on: date, by: User, now: datetime) -> None:
    day = f"{on:%d-%m-%Y}"
    for where, text in (
        (company, f"Fortsætter i {into.name} (CVR {into.cvr}) fra {day}."),
        (into, f"{company.name} (CVR {company.cvr}) er en del af virksomheden fra {day}."),
    ):
        interactions.log(db, company=where, by=by, now=now, kind=Kind.NOTE, summary=text)
