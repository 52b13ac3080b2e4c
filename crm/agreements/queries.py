"""Agreements by company and by programme, and which of them count on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session, joinedload, load_only

from crm.access.models import User
from crm.agreements.models import Agreement, AgreementStep, Programme
from crm.agreements.periods import AgreementPeriod
from crm.companies.models import Company
from crm.companies.queries import LINE
from crm.errors import NotFound

PAGE = 50
_WITH = (joinedload(Agreement.programme), joinedload(Agreement.company).joinedload(Company.responsible))
# Ready beforehand: to build a statement takes longer than to ask it.
_OF_COMPANY = (
    select(Agreement)
    .options(joinedload(Agreement.programme))
    .where(Agreement.company_id == bindparam("company_id"))
    .order_by(Agreement.ended_on.is_not(None), Agreement.valid_from.desc(), Agreement.id.desc())
    .limit(bindparam("most"))
)
# A line of a list shows less, and asks for no more.
_IN_LINES = (
    joinedload(Agreement.programme),
    joinedload(Agreement.company).options(
        load_only(*LINE, raiseload=True), joinedload(Company.responsible).load_only(User.name, raiseload=True)
    ),
)
_NEAREST = (
    select(Agreement)
    .options(*_IN_LINES)
    .where(Agreement.state.in_(("offered", "in_dialogue")))
    .order_by(Agreement.state.desc(), Agreement.id)
    .limit(bindparam("most"))
)
_COUNTING = (
    select(
        Agreement.id, Agreement.programme_id, Agreement.company_id, AgreementPeriod.signed_on,
        AgreementPeriod.valid_from, AgreementPeriod.valid_to, Agreement.ended_on,
    )
    .join(AgreementPeriod, AgreementPeriod.agreement_id == Agreement.id)
    .join(Agreement.programme)
    .where(Programme.kind == "company", AgreementPeriod.signed_on.is_not(None))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """The days a period of an agreement counts: the first, the last, all between; no last day is for ever."""

    agreement_id: int
    programme_id: int
    company_id: int
    first: date
    last: date | None

    def holds(self, on: date) -> bool:
        """Whether it counts on this day."""
        return self.first <= on and (self.last is None or on <= self.last)


def programmes(db: Session) -> Sequence[Programme]:
    """All programmes by name."""
    return db.scalars(select(Programme).order_by(Programme.kind, Programme.name, Programme.id)).all()


def offered(db: Session, today: date) -> Sequence[Programme]:
    """The programmes an agreement with a company can be made under today, by name."""
    return db.scalars(
        select(Programme)
        .where(
            Programme.kind == "company",
            or_(Programme.valid_from.is_(None), Programme.valid_from <= today),
            or_(Programme.valid_to.is_(None), Programme.valid_to >= today),
        )
        .order_by(Programme.name, Programme.id)
    ).all()


def programme(db: Session, key: str) -> Programme:
    """The programme with this key, or NotFound."""
    found = db.scalars(select(Programme).where(Programme.key == key)).first()
    if found is None:
        raise NotFound("Vi kender ikke det program.")
    return found


def get(db: Session, id: int) -> Agreement:
    """One agreement with its company, its programme and both sides' contacts, or NotFound."""
    people = (joinedload(Agreement.consultant), joinedload(Agreement.contact))
    query = select(Agreement).options(*_WITH, *people).where(Agreement.id == id)
    found = db.scalars(query).first()
    if found is None:
        raise NotFound("Vi kan ikke finde den aftale.")
    return found


def of_company(db: Session, company: Company, limit: int = 50) -> Sequence[Agreement]:
    """The company's agreements, those not ended first, the newest first."""
    return db.scalars(_OF_COMPANY, {"company_id": company.id, "most": limit}).all()


def page_of_company(
    db: Session, company: Company, *, after: int | None = None, limit: int = PAGE
) -> tuple[Sequence[Agreement], int | None]:
    """The company's agreements, the last entered first, and the key to ask for older with."""
    query = (
        select(Agreement)
        .options(joinedload(Agreement.programme))
        .where(Agreement.company_id == company.id)
        .order_by(Agreement.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(Agreement.id < after)
    rows = db.scalars(query).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def steps(db: Session, agreement: Agreement) -> Sequence[AgreementStep]:
    """The steps the agreement has taken, in order."""
    return db.scalars(
        select(AgreementStep)
        .options(joinedload(AgreementStep.by))
        .where(AgreementStep.agreement_id == agreement.id)
        .order_by(AgreementStep.seq)
    ).all()


def spans(db: Session) -> list[Span]:
    """When each period of each signed agreement with a company counts. Those with organisations never do.

    A period counts from the day it is both signed and valid to its last day, or the day the agreement ended.
    """
    return [
        Span(
            id, programme_id, company_id, max(signed, begins), min(filter(None, (ends, ended)), default=None)
        )
        for id, programme_id, company_id, signed, begins, ends, ended in db.execute(_COUNTING)
        if signed and begins
    ]


def nearest(db: Session, limit: int = 10) -> Sequence[Agreement]:
    """Those nearest to being signed: offered before in dialogue, the longest untouched first."""
    return db.scalars(_NEAREST, {"most": limit}).all()
