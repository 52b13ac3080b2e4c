"""Companies with the same owner, shown together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from crm.companies.models import Company, CompanyGroup
from crm.errors import NotFound, Refused

SHOWN = 200


def group(db: Session, id: int) -> CompanyGroup:
    """One group, or NotFound."""
    found = db.get(CompanyGroup, id)
    if found is None:
        raise NotFound("Vi kender ikke den koncern.")
    return found


def group_of(db: Session, company: Company) -> CompanyGroup | None:
    """The group this company belongs to, if any."""
    return db.get(CompanyGroup, company.group_id) if company.group_id else None


def members(db: Session, of: CompanyGroup, limit: int = SHOWN) -> Sequence[Company]:
    """The group's companies in Danish order, with their responsible consultants."""
    return db.scalars(
        select(Company)
        .options(joinedload(Company.responsible))
        .where(Company.group_id == of.id)
        .order_by(Company.sort_key, Company.id)
        .limit(limit)
    ).all()


def names(db: Session, limit: int = SHOWN) -> Sequence[str]:
    """Names of groups there are, to choose from."""
    return db.scalars(select(CompanyGroup.name).order_by(CompanyGroup.name).limit(limit)).all()


def all_groups(db: Session, limit: int = SHOWN) -> Sequence[CompanyGroup]:
    """The groups there are, by name."""
    return db.scalars(select(CompanyGroup).order_by(CompanyGroup.name).limit(limit)).all()


def join(db: Session, *, company: Company, name: str, now: datetime) -> CompanyGroup:
    """Put the company in the group of this name, made if there is none."""
    if not name.strip():
        raise Refused("name", "Skriv koncernens navn.")
    found = CompanyGroup(name=name, created_at=now)
    known = db.scalars(select(CompanyGroup).where(CompanyGroup.name == found.name)).first()
    if known is None:
        db.add(found)
        db.flush()
    company.group_id = (known or found).id
    db.flush()
    return known or found


def leave(db: Session, *, company: Company) -> None:
    """The company stands alone again."""
    company.group_id = None
    db.flush()
