"""Who is signed in at the panel, and who answers for their company in the municipality."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased, joinedload, load_only

from crm.access.models import User
from crm.access.queries import token_hash
from crm.companies.models import Company, CompanyContinuation
from crm.panel.models import PanelSeat, PanelSession
from crm.panel.signing import held
from crm.responsibility.absences.ways import Way, ways

_TODAY: Any = bindparam("today", type_=PanelSeat.begins_on.type)


@dataclass(frozen=True)
class Member:
    """Who is signed in: the holder of a seat, and the company they speak for."""

    seat_id: int
    name: str
    email: str
    company_id: int
    company: str


# A company that goes on as a part of another takes its seat with it.
_STANDS_FOR = aliased(Company)
_MEMBER = (
    select(PanelSeat.id, PanelSeat.name, PanelSeat.email, _STANDS_FOR.id, _STANDS_FOR.name)
    .join(PanelSession, PanelSession.seat_id == PanelSeat.id)
    .outerjoin(CompanyContinuation, CompanyContinuation.company_id == PanelSeat.company_id)
    .join(
        _STANDS_FOR, _STANDS_FOR.id == func.coalesce(CompanyContinuation.by_company_id, PanelSeat.company_id)
    )
    .where(
        PanelSession.token_hash == bindparam("token"),
        PanelSession.expires_at > bindparam("now"),
        held(_TODAY),
    )
)


def member(db: Session, token: str, *, now: datetime, today: date) -> Member | None:
    """Whose browser this is; None when the session or the seat has ended."""
    row = db.execute(_MEMBER, {"token": token_hash(token), "now": now, "today": today}).first()
    return Member(*row) if row else None


def way(db: Session, member: Member, today: date) -> Way:
    """Who answers for the company today, in the municipality."""
    company = db.scalars(
        select(Company)
        .options(
            load_only(Company.id),
            joinedload(Company.responsible).load_only(User.name, User.phone, User.email),
        )
        .where(Company.id == member.company_id)
    ).one()
    return ways(db, [company], today)[company.id]
