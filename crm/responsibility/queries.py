"""Who is and was responsible, and the rules new companies are given by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.companies.models import Company
from crm.errors import NotFound
from crm.responsibility.models import AssignmentRule, CompanyAssignment

# Ready beforehand: to build a statement takes longer than to ask it.
_HISTORY = (
    select(CompanyAssignment)
    .options(joinedload(CompanyAssignment.user), joinedload(CompanyAssignment.by))
    .where(CompanyAssignment.company_id == bindparam("company_id"))
    .order_by(CompanyAssignment.valid_from.desc())
    .limit(bindparam("most"))
)


def history(db: Session, company: Company, limit: int = 200) -> Sequence[CompanyAssignment]:
    """Everyone who has been the company's way in, the present one first."""
    return db.scalars(_HISTORY, {"company_id": company.id, "most": limit}).all()


def history_page(
    db: Session, company: Company, *, after: tuple[datetime, int] | None = None, limit: int = 50
) -> tuple[Sequence[CompanyAssignment], tuple[datetime, int] | None]:
    """One page of that history, and the key to ask for older with."""
    query = (
        select(CompanyAssignment)
        .options(joinedload(CompanyAssignment.user))
        .where(CompanyAssignment.company_id == company.id)
        .order_by(CompanyAssignment.valid_from.desc(), CompanyAssignment.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(tuple_(CompanyAssignment.valid_from, CompanyAssignment.id) < after)
    rows = db.scalars(query).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], (last.valid_from, last.id) if last else None


def loads(db: Session) -> dict[int, int]:
    """How many companies each user is responsible for. Users without any are left out."""
    rows = db.execute(
        select(CompanyAssignment.user_id, func.count())
        .where(CompanyAssignment.is_open == 1)
        .group_by(CompanyAssignment.user_id)
    )
    return dict(rows.all())


def load(db: Session, user: User, most: int = 1000) -> int:
    """How many companies this user is responsible for, counted no further than `most`."""
    open_ones = (
        select(CompanyAssignment.id)
        .where(CompanyAssignment.user_id == user.id, CompanyAssignment.is_open == 1)
        .limit(most)
        .subquery()
    )
    return db.scalar(select(func.count()).select_from(open_ones)) or 0


def rules(db: Session) -> Sequence[AssignmentRule]:
    """The rules in the order they are tried."""
    return db.scalars(
        select(AssignmentRule)
        .options(joinedload(AssignmentRule.user), joinedload(AssignmentRule.team))
        .order_by(AssignmentRule.position, AssignmentRule.id)
    ).all()


def rule(db: Session, id: int) -> AssignmentRule:
    """One rule, or NotFound."""
    found = db.get(AssignmentRule, id)
    if found is None:
        raise NotFound("Reglen findes ikke længere.")
    return found
