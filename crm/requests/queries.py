"""Requests by company, by owner and by urgency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, case, select, tuple_
from sqlalchemy.orm import Session, joinedload, load_only

from crm.access.models import User
from crm.companies.models import Company
from crm.companies.queries import LINE
from crm.errors import NotFound
from crm.requests.models import Request, RequestStep

PAGE = 50
_WITH = (joinedload(Request.owner), joinedload(Request.company).joinedload(Company.responsible))
# Ready beforehand: to build a statement takes longer than to ask it.
_OF_COMPANY = (
    select(Request)
    .options(joinedload(Request.owner))
    .where(Request.company_id == bindparam("company_id"))
    .order_by(
        Request.closed_at.is_not(None),
        case((Request.closed_at.is_(None), Request.answer_due_at)),
        Request.received_at.desc(),
        Request.id.desc(),
    )
    .limit(bindparam("most"))
)
# A line of a list shows less, and asks for no more.
_IN_LINES = (
    joinedload(Request.owner).load_only(User.name, User.email, raiseload=True),
    joinedload(Request.company).options(load_only(*LINE, raiseload=True), joinedload(Company.responsible)),
)


def get(db: Session, id: int) -> Request:
    """One request with its company and owner, or NotFound."""
    more = (joinedload(Request.contact), joinedload(Request.of_kind), joinedload(Request.scheme))
    query = select(Request).options(*_WITH, *more).where(Request.id == id)
    found = db.scalars(query).first()
    if found is None:
        raise NotFound("Vi kan ikke finde den henvendelse.")
    return found


def steps(db: Session, request: Request) -> Sequence[RequestStep]:
    """Everything that happened with the request, oldest first."""
    return db.scalars(
        select(RequestStep)
        .options(joinedload(RequestStep.by))
        .where(RequestStep.request_id == request.id)
        .order_by(RequestStep.seq)
    ).all()


def of_company(db: Session, company: Company, limit: int = 20) -> Sequence[Request]:
    """The company's requests, the open ones first and by deadline, then the closed by date."""
    return db.scalars(_OF_COMPANY, {"company_id": company.id, "most": limit}).all()


def page_of_company(
    db: Session, company: Company, *, after: tuple[datetime, int] | None = None, limit: int = PAGE
) -> tuple[Sequence[Request], tuple[datetime, int] | None]:
    """Everything the company has asked for, the newest first, and the key to ask for older with."""
    query = (
        select(Request)
        .options(joinedload(Request.owner), joinedload(Request.scheme))
        .where(Request.company_id == company.id)
        .order_by(Request.received_at.desc(), Request.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(tuple_(Request.received_at, Request.id) < after)
    return _cut(db.scalars(query).all(), limit, "received_at")


def _cut(
    rows: Sequence[Request], limit: int, key: str
) -> tuple[Sequence[Request], tuple[datetime, int] | None]:
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], (getattr(last, key), last.id) if last else None
