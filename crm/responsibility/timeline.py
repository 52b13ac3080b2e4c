"""Which companies a colleague has, has had, and had on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, func, or_, select, tuple_
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.companies.models import Company
from crm.responsibility.models import CompanyAssignment

PAGE = 50
Term = tuple[CompanyAssignment, Company]


def terms(
    db: Session, user: User, *, after: tuple[datetime, int] | None = None, limit: int = PAGE
) -> tuple[Sequence[Term], tuple[datetime, int] | None]:
    """Each time this user was a company's way in, the last begun first, and the key to ask for older with."""
    query = (
        _terms(user)
        .order_by(CompanyAssignment.valid_from.desc(), CompanyAssignment.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(tuple_(CompanyAssignment.valid_from, CompanyAssignment.id) < after)
    rows = [(term, company) for term, company in db.execute(query)]
    last = rows[limit - 1][0] if len(rows) > limit else None
    return rows[:limit], (last.valid_from, last.id) if last else None


def terms_during(
    db: Session, user: User, begins: datetime, ends: datetime, limit: int = PAGE
) -> tuple[Sequence[Term], int]:
    """The first companies this user was the way in of at a moment from `begins` to `ends`, and how many."""
    during = (
        CompanyAssignment.valid_from < ends,
        or_(CompanyAssignment.valid_to.is_(None), CompanyAssignment.valid_to > begins),
    )
    number = (
        select(func.count())
        .select_from(CompanyAssignment)
        .where(CompanyAssignment.user_id == user.id, *during)
    )
    rows = db.execute(_terms(user).where(*during).order_by(Company.sort_key, Company.id).limit(limit))
    return [(term, company) for term, company in rows], db.scalar(number) or 0


def _terms(user: User) -> Select[CompanyAssignment, Company]:
    return (
        select(CompanyAssignment, Company)
        .join(Company, Company.id == CompanyAssignment.company_id)
        .where(CompanyAssignment.user_id == user.id)
    )
