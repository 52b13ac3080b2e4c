"""Whom to call or to write to at many companies. Those protected from advertising are left out.

A company may ask the register not to be contacted (CVR-loven §§ 18-19, 22). Only with a reason, which is kept
with the list in the audit log, they are in it all the same. A place of work may have asked for itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.companies.models import Company, CompanyContact, ProductionUnit
from crm.companies.narrowing import Filter, conditions
from crm.companies.queries import page
from crm.errors import CrmError, Refused
from crm.outbox import actions as outbox
from crm.responsibility.chain import among
from crm.types import clean

CHUNK = 500


class Channel(StrEnum):
    """What the list is for."""

    CALL = "call"
    MAIL = "mail"


class Basis(StrEnum):
    """Why a company that is protected from advertising may be in the list all the same."""

    CONSENT = "consent"
    OWN_REQUEST = "own_request"
    AGREEMENT = "agreement"


@dataclass(frozen=True)
class Reason:
    """The basis, and in words what it is."""

    basis: str
    text: str


def reason(basis: str | None, text: str | None) -> Reason | None:
    """The reason as it will be kept; None when none is given. Refused beside "basis" or "reason"."""
    stored = clean("reason", text, 500)
    if not basis:
        if stored:
            raise Refused("basis", "Vælg, hvad der giver jer lov til at kontakte de beskyttede.")
        return None
    if basis not in set(Basis):
        raise Refused("basis", "Vælg fra listen.")
    if stored is None:
        raise Refused(
            "reason", "Skriv kort, hvilket samtykke, hvilken henvendelse eller hvilken aftale det er."
        )
    return Reason(basis, stored)


@dataclass(frozen=True)
class Person:
    """One line: a person at a company, or the company itself where nobody there can be reached."""

    company: Company
    name: str | None
    title: str | None
    phone: str | None
    mobile: str | None
    email: str | None


@dataclass
class Audience:
    """How many companies the list reached and left out, counted as it is written."""

    companies: int = 0
    protected_left_out: int = 0
    protected_in_it: int = 0
    unreachable: int = 0


def outlook(db: Session, wanted: Filter) -> tuple[int, int]:
    """How many companies the filter leaves, and how many of them are protected; in one question."""
    asked = wanted.asked()
    row = db.execute(
        select(func.count(), func.coalesce(func.sum(Company.advertising_protected), 0)).where(
            *conditions(frozenset(asked))
        ),
        asked,
    ).one()
    return int(row[0]), int(row[1])


def people(
    db: Session, wanted: Filter, channel: Channel, why: Reason | None, found: Audience
) -> Iterator[Person]:
    """Everyone to be reached at these companies, in the list's order, read in parts. `found` is counted up."""
    after: tuple[str, int] | None = None
    while True:
        rows, after = page(db, wanted, after=after, limit=CHUNK, whole=True)
        there = _contacts(db, [company.id for company in rows])
        for company in rows:
            yield from _at(company, there.get(company.id, []), channel, why, found)
        db.expunge_all()
        if after is None:
            return


Contact = tuple[CompanyContact, bool]


def _contacts(db: Session, ids: Sequence[int]) -> dict[int, list[Contact]]:
    """The people there now, by company, and whether their place of work is protected."""
    rows: Any = db.execute(
        select(CompanyContact, func.coalesce(ProductionUnit.advertising_protected, 0))
        .outerjoin(ProductionUnit, ProductionUnit.id == CompanyContact.production_unit_id)
        .where(among(CompanyContact.company_id, ids), CompanyContact.ended_on.is_(None))
        .order_by(CompanyContact.company_id, CompanyContact.name, CompanyContact.id)
    )
    found: dict[int, list[Contact]] = {}
    for contact, protected in rows:
        found.setdefault(contact.company_id, []).append((contact, bool(protected)))
    return found


def _at(
    company: Company, contacts: Sequence[Contact], channel: Channel, why: Reason | None, found: Audience
) -> Iterator[Person]:
    if company.advertising_protected and why is None:
        found.protected_left_out += 1
        return
    lines = [_of_contact(company, contact) for contact, protected in contacts if why or not protected]
    reachable = [line for each in lines if (line := _through(each, channel))]
    itself = _through(Person(company, None, None, company.phone, None, company.email), channel)
    if not reachable and itself is not None:
        reachable = [itself]
    if not reachable:
        left_out = any(protected for _, protected in contacts) and why is None
        found.protected_left_out += left_out
        found.unreachable += not left_out
        return
    found.companies += 1
    found.protected_in_it += company.advertising_protected
    yield from reachable


def _of_contact(company: Company, contact: CompanyContact) -> Person:
    return Person(company, contact.name, contact.title, contact.phone, contact.mobile, contact.email)


def _through(person: Person, channel: Channel) -> Person | None:
    """The person with what this channel needs; None when they cannot be reached by it."""
    if channel == Channel.CALL:
        return person if person.phone or person.mobile else None
    try:
        return person if person.email and outbox.address(person.email) else None
    except CrmError:  # The register and old lists hold odd things.
        return None
