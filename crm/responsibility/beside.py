"""Colleagues beside the responsible, for one place of work or one topic. The responsible stays the one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.companies.models import Company, ProductionUnit
from crm.errors import NotFound, Refused
from crm.responsibility.actions import TICK
from crm.responsibility.models import CompanyColleague, Topic

SHOWN = 200


def _loaded() -> Select[CompanyColleague]:
    return select(CompanyColleague).options(
        joinedload(CompanyColleague.user), joinedload(CompanyColleague.unit)
    )


# Ready beforehand: to build a statement takes longer than to ask it.
_BESIDE = (
    _loaded()
    .where(CompanyColleague.company_id == bindparam("company_id"), CompanyColleague.valid_to.is_(None))
    .order_by(CompanyColleague.topic.is_not(None), CompanyColleague.topic, CompanyColleague.id)
)


def beside(db: Session, company: Company) -> Sequence[CompanyColleague]:
    """Who is beside the responsible now: places of work first, then topics."""
    return db.scalars(_BESIDE, {"company_id": company.id}).all()


def beside_history(db: Session, company: Company, limit: int = SHOWN) -> Sequence[CompanyColleague]:
    """Everyone who is or was beside the responsible, the newest first."""
    return db.scalars(
        _loaded()
        .where(CompanyColleague.company_id == company.id)
        .order_by(CompanyColleague.valid_from.desc(), CompanyColleague.id.desc())
        .limit(limit)
    ).all()


def one(db: Session, company: Company, id: int) -> CompanyColleague:
    """One of this very company's colleagues beside, or NotFound."""
    found = db.scalars(_loaded().where(CompanyColleague.id == id)).first()
    if found is None or found.company_id != company.id:
        raise NotFound("Vi kan ikke finde den kollega hos virksomheden.")
    return found


def put_beside(
    db: Session,
    *,
    company: Company,
    user: User,
    by: User,
    now: datetime,
    topic: str | None = None,
    unit: ProductionUnit | None = None,
    reason: str | None = None,
) -> CompanyColleague:
    """Let a colleague be the one for a topic or a place of work from now on, in the place of whoever was."""
    if (topic is None) == (unit is None):
        raise Refused("what", "Vælg et arbejdssted eller et emne.")
    if topic is not None and topic not in set(Topic):
        raise Refused("what", "Vælg fra listen.")
    if unit is not None and unit.company_id != company.id:
        raise Refused("what", "Arbejdsstedet hører til en anden virksomhed.")
    if not user.is_active:
        raise Refused("user_id", f"{user.name} er lukket. Vælg en anden.")
    begins = now
    for standing in beside(db, company):
        if (standing.topic, standing.production_unit_id) == (topic, unit.id if unit else None):
            if standing.user_id == user.id:
                return standing
            begins = max(now, standing.valid_from + TICK)
            standing.valid_to = begins
            db.flush()
    found = CompanyColleague(
        company_id=company.id,
        user_id=user.id,
        topic=topic,
        production_unit_id=unit.id if unit else None,
        valid_from=begins,
        reason=reason,
        by_id=by.id,
    )
    db.add(found)
    db.flush()
    return found


def end_beside(db: Session, *, colleague: CompanyColleague, now: datetime) -> None:
    """From now on the responsible has it alone. Ended twice is ended."""
    if colleague.valid_to is None:
        colleague.valid_to = max(now, colleague.valid_from + TICK)
        db.flush()
