"""Letting a company go on as a part of another: what is open moves, what happened stays where it happened.

An agreement that counts ends the day before and goes on from the day at the other company, so that the figures of
every day, before and after, are those of the company that had it then.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import audit
from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements.models import Agreement, AgreementState
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
    for agreement in found.agreements:
        _go_on(db, agreement, into, on, by, now, today)
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
    if not agreements.EARLIEST < on <= today:
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


def _go_on(
    db: Session, agreement: Agreement, into: Company, on: date, by: User, now: datetime, today: date
) -> None:
    begun = agreement.state in BEGUN
    first = max(filter(None, (agreement.signed_on, agreement.valid_from)), default=None) if begun else None
    if first is None or first >= on:
        # It has not counted before the day, so it has been the other company's all along.
        agreement.company_id = into.id
        db.flush()
        return
    if agreement.valid_to is not None and agreement.valid_to < on:
        # It had run out by then, and stays what it was.
        return
    signed = agreement.state == AgreementState.SIGNED
    try:
        agreements.step(
            db, agreement=agreement, to=AgreementState.ENDED, on=on - DAY, by=by, now=now, today=today,
            note=f"Virksomheden er fortsat i {into.name}",
        )  # fmt: skip
    except Refused as refusal:
        raise Refused("on", f"Aftalen »{agreement.title}«: {refusal.message}") from refusal
    consultant = agreement.consultant if agreement.consultant and agreement.consultant.is_active else None
    heir = agreements.create(
        db, company=into, programme=agreement.programme, title=agreement.title, by=by, now=now, today=today,
        signed_on=agreement.signed_on, valid_from=on, valid_to=agreement.valid_to, consultant=consultant,
    )  # fmt: skip
    if not signed:
        agreements.step(
            db, agreement=heir, to=AgreementState.IN_FORCE, on=on, by=by, now=now, today=today
        )  # fmt: skip


def _write_down(db: Session, company: Company, into: Company, on: date, by: User, now: datetime) -> None:
    day = f"{on:%d-%m-%Y}"
    for where, text in (
        (company, f"Fortsætter i {into.name} (CVR {into.cvr}) fra {day}."),
        (into, f"{company.name} (CVR {company.cvr}) er en del af virksomheden fra {day}."),
    ):
        interactions.log(db, company=where, by=by, now=now, kind=Kind.NOTE, summary=text)
