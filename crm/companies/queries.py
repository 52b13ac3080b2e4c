"""Finding companies, their places and people. Eager loading and order are decided here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload, load_only

from crm.companies.models import (
    Company,
    CompanyContact,
    CompanyContinuation,
    CompanyGroup,
    CompanyProfile,
    ProductionUnit,
)
from crm.companies.narrowing import Filter, conditions, keys
from crm.errors import NotFound
from crm.types import Among, Compared

PAGE = 50
CONTACTS = 100
# Both engines have a limit to how many values a statement can carry.
PART = 20_000


def _with_responsible() -> Select[Company]:
    return select(Company).options(joinedload(Company.responsible))


# Ready beforehand: to build a statement takes longer than to ask it.
_BY_CVR = _with_responsible().where(Company.cvr == bindparam("cvr", type_=Compared()))
_BY_IDS = _with_responsible().where(Among(Company.id, "ids"))
# What a line of a list shows. Whoever asks such a company for more is told so by an error.
LINE = (
    Company.cvr, Company.name, Company.aliases, Company.sort_key, Company.active, Company.street,
    Company.city_part, Company.postal_code, Company.city, Company.phone, Company.industry_text,
    Company.employees_from, Company.employees_to, Company.last_contact_at,
)  # fmt: skip
_LINES = _with_responsible().options(load_only(*LINE, raiseload=True))
_LINES_BY_IDS = _LINES.where(Among(Company.id, "ids"))


def by_cvr(db: Session, cvr: str) -> Company:
    """The company with this CVR number and its responsible consultant, or NotFound."""
    found = find(db, cvr)
    if found is None:
        raise NotFound("Vi har ingen virksomhed med det CVR-nummer.")
    return found


@dataclass(frozen=True)
class Card:
    """What a company's own page shows of the company itself."""

    company: Company
    group: CompanyGroup | None
    profile: CompanyProfile | None
    contacts: Sequence[CompanyContact]
    continued: CompanyContinuation | None


_versions = aliased(CompanyProfile)
_newest = (
    select(func.max(_versions.version)).where(_versions.company_id == Company.id).correlate(Company)
).scalar_subquery()
_CARD = (
    select(Company, CompanyGroup, CompanyProfile, CompanyContact, CompanyContinuation)
    .outerjoin(CompanyGroup, CompanyGroup.id == Company.group_id)
    .outerjoin(
        CompanyProfile, and_(CompanyProfile.company_id == Company.id, CompanyProfile.version == _newest)
    )
    .outerjoin(CompanyContinuation, CompanyContinuation.company_id == Company.id)
    .outerjoin(
        CompanyContact, and_(CompanyContact.company_id == Company.id, CompanyContact.ended_on.is_(None))
    )
    # A company without a profile has nobody who wrote it.
    .options(
        joinedload(Company.responsible),
        joinedload(CompanyProfile.by, innerjoin=False),
        joinedload(CompanyContinuation.by_company, innerjoin=False).load_only(
            Company.name, Company.cvr, raiseload=True
        ),
    )
    .where(Company.cvr == bindparam("cvr", type_=Compared()))
    .order_by(CompanyContact.name, CompanyContact.id)
    .limit(bindparam("most"))
)


def card(db: Session, cvr: str) -> Card:
    """A company with its responsible, group, newest profile and the people there, in one question."""
    rows: Sequence[Any] = db.execute(_CARD, {"cvr": cvr, "most": CONTACTS}).all()
    if not rows:
        raise NotFound("Vi har ingen virksomhed med det CVR-nummer.")
    company, group, newest_profile, _, continued = rows[0]
    # An outer join has one row with nobody in it for a company without people.
    people: list[CompanyContact | None] = [row[3] for row in rows]
    return Card(
        company, group, newest_profile, [person for person in people if person is not None], continued
    )


def find(db: Session, cvr: str) -> Company | None:
    """The company with this CVR number, or None."""
    return db.scalars(_BY_CVR, {"cvr": cvr}).first()


def by_ids(db: Session, ids: Sequence[int]) -> dict[int, Company]:
    """These companies with their responsible consultants, by key."""
    parts = (ids[start : start + PART] for start in range(0, len(ids), PART))
    return {row.id: row for part in parts for row in db.scalars(_BY_IDS, {"ids": part})}


def lines(db: Session, ids: Sequence[int]) -> dict[int, Company]:
    """These companies by key, with what a line shows of them. For as many as fit on a page or two."""
    return {row.id: row for row in db.scalars(_LINES_BY_IDS, {"ids": ids})}


def ids(db: Session, wanted: Filter, limit: int) -> Sequence[int]:
    """The keys of at most so many of the companies, the ones nobody has spoken with for longest first."""
    asked = wanted.asked()
    return db.scalars(
        select(Company.id)
        .where(*conditions(frozenset(asked)))
        .order_by(Company.last_contact_at.is_not(None), Company.last_contact_at, Company.id)
        .limit(limit),
        asked,
    ).all()


@cache
def _here(found: Select[int], whole: bool) -> Select[Company]:
    here = (_with_responsible() if whole else _LINES).where(Company.id.in_(found))
    return here.order_by(Company.sort_key, Company.id)


def page(
    db: Session,
    wanted: Filter,
    *,
    after: tuple[str, int] | None = None,
    limit: int = PAGE,
    whole: bool = False,
) -> tuple[Sequence[Company], tuple[str, int] | None]:
    """One page of companies in Danish order, and the key to ask for the next with (None at the end).

    They have what a line shows, or everything when they are asked for `whole`.
    """
    asked = wanted.asked()
    here = _here(keys(db, asked, after=after is not None), whole)
    asked["most"] = limit + 1
    if after is not None:
        asked["after_key"], asked["after_id"] = after
    rows = db.scalars(here, asked).all()
    more = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], (more.sort_key, more.id) if more else None


def contacts(db: Session, company: Company) -> Sequence[CompanyContact]:
    """The people at the company, those still there first."""
    return db.scalars(
        select(CompanyContact)
        .where(CompanyContact.company_id == company.id)
        .order_by(CompanyContact.ended_on.is_not(None), CompanyContact.name, CompanyContact.id)
        .limit(100)
    ).all()


def contact_page(
    db: Session, company: Company, *, after: int | None = None, limit: int = PAGE
) -> tuple[Sequence[CompanyContact], int | None]:
    """The people at the company as they were entered, and the key to ask for the next with."""
    query = select(CompanyContact).where(CompanyContact.company_id == company.id).order_by(CompanyContact.id)
    if after is not None:
        query = query.where(CompanyContact.id > after)
    rows = db.scalars(query.limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def contact(db: Session, company: Company, id: int) -> CompanyContact:
    """One person at this very company, or NotFound."""
    found = db.get(CompanyContact, id)
    if found is None or found.company_id != company.id:
        raise NotFound("Vi kan ikke finde den kontaktperson hos virksomheden.")
    return found


def contacts_by_phone(db: Session, e164: str) -> Sequence[CompanyContact]:
    """Everyone with this number."""
    number = or_(CompanyContact.phone_e164 == e164, CompanyContact.mobile_e164 == e164)
    return db.scalars(select(CompanyContact).where(number).limit(20)).all()


_UNITS = (
    select(ProductionUnit)
    .where(ProductionUnit.company_id == bindparam("company_id"))
    .order_by(ProductionUnit.active.desc(), ProductionUnit.name, ProductionUnit.id)
    .limit(bindparam("most"))
)


def units(db: Session, company: Company, limit: int = 20) -> Sequence[ProductionUnit]:
    """The company's places of work, active ones first."""
    return db.scalars(_UNITS, {"company_id": company.id, "most": limit}).all()


def unit(db: Session, company: Company, id: int) -> ProductionUnit:
    """One place of work of this very company, or NotFound."""
    found = db.get(ProductionUnit, id)
    if found is None or found.company_id != company.id:
        raise NotFound("Vi kan ikke finde det arbejdssted hos virksomheden.")
    return found


def profile(db: Session, company: Company) -> CompanyProfile | None:
    """What we know about the company, as it stands now."""
    return next(iter(profile_history(db, company, limit=1)), None)


def profile_history(db: Session, company: Company, limit: int = 50) -> Sequence[CompanyProfile]:
    """Every version of what we know, the newest first."""
    return db.scalars(
        select(CompanyProfile)
        .options(joinedload(CompanyProfile.by))
        .where(CompanyProfile.company_id == company.id)
        .order_by(CompanyProfile.version.desc())
        .limit(limit)
    ).all()
