"""Who is and was responsible, and the rules new companies are given by."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.companies.models import Company
from crm.errors import NotFound
from crm.responsibility.models import AssignmentRule, CompanyAssignment


def history(db: Session, company: Company, limit: int = 200) -> Sequence[CompanyAssignment]:
    """Everyone who has been the company's way in, the present one first."""
    return db.scalars(
        select(CompanyAssignment)
        .options(joinedload(CompanyAssignment.user), joinedload(CompanyAssignment.by))
        .where(CompanyAssignment.company_id == company.id)
        .order_by(CompanyAssignment.valid_from.desc())
        .limit(limit)
    ).all()


def loads(db: Session) -> dict[int, int]:
    """How many companies each user is responsible for. Users without any are left out."""
    rows = db.execute(
        select(CompanyAssignment.user_id, func.count())
        .where(CompanyAssignment.is_open == 1)
        .group_by(CompanyAssignment.user_id)
    )
    return {user_id: number for user_id, number in rows}


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
