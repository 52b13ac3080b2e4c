"""Who goes on for whom, and what would move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session, joinedload

from crm import danish
from crm.access.holdings import listed
from crm.agreements.models import Agreement
from crm.companies.models import Company, CompanyContact, CompanyContinuation
from crm.companies.queries import LINE
from crm.interactions.models import FollowUp
from crm.requests.models import Request
from crm.responsibility.models import CompanyColleague


@dataclass(frozen=True)
class Open:
    """What is open at a company, and goes on at the other one."""

    requests: Sequence[Request]
    follow_ups: Sequence[FollowUp]
    agreements: Sequence[Agreement]
    contacts: Sequence[CompanyContact]
    colleagues: Sequence[CompanyColleague]

    @property
    def told(self) -> str:
        """As one says it."""
        words = (
            ("åben henvendelse", "åbne henvendelser"), ("opfølgning", "opfølgninger"), ("aftale", "aftaler"),
            ("kontakt", "kontakter"), ("kollega ved siden af", "kolleger ved siden af"),
        )  # fmt: skip
        parts = [
            danish.count(len(getattr(self, part.name)), *named)
            for part, named in zip(fields(self), words, strict=True)
            if getattr(self, part.name)
        ]
        return listed(parts) if parts else "Der er ikke noget åbent."

    @property
    def seal(self) -> str:
        """The same for the same things; what was shown is compared with what there is when it is done."""
        return " ".join(
            f"{part.name[0]}{','.join(str(each.id) for each in getattr(self, part.name))}"
            for part in fields(self)
        )


def open_at(db: Session, company: Company) -> Open:
    """All that goes on: contacts who are there, and also those whom an open request or agreement names."""
    asked = db.scalars(
        select(Request)
        .where(Request.company_id == company.id, Request.closed_at.is_(None))
        .order_by(Request.id)
    ).all()
    agreed = db.scalars(
        select(Agreement)
        .options(joinedload(Agreement.programme), joinedload(Agreement.consultant))
        .where(Agreement.company_id == company.id, Agreement.ended_on.is_(None))
        .order_by(Agreement.id)
    ).all()
    named = {each.company_contact_id for each in asked} | {each.company_contact_id for each in agreed}
    return Open(
        requests=asked,
        follow_ups=db.scalars(
            select(FollowUp)
            .where(FollowUp.company_id == company.id, FollowUp.done_at.is_(None))
            .order_by(FollowUp.id)
        ).all(),
        agreements=agreed,
        contacts=db.scalars(
            select(CompanyContact)
            .where(
                CompanyContact.company_id == company.id,
                or_(CompanyContact.ended_on.is_(None), CompanyContact.id.in_(named - {None})),
            )
            .order_by(CompanyContact.id)
        ).all(),
        colleagues=db.scalars(
            select(CompanyColleague)
            .where(CompanyColleague.company_id == company.id, CompanyColleague.valid_to.is_(None))
            .order_by(CompanyColleague.id)
        ).all(),
    )


_OF = (
    select(CompanyContinuation)
    .options(
        joinedload(CompanyContinuation.company).load_only(*LINE, raiseload=True),
        joinedload(CompanyContinuation.by_company).load_only(*LINE, raiseload=True),
    )
    .order_by(CompanyContinuation.on, CompanyContinuation.company_id)
)


# Ready beforehand, since the company's page asks.
_AROUND = _OF.where(
    or_(
        CompanyContinuation.company_id == bindparam("company_id"),
        CompanyContinuation.by_company_id == bindparam("company_id"),
    )
).limit(20)


def around(db: Session, company: Company) -> Sequence[CompanyContinuation]:
    """The company's own continuation, if it has one, and those of the companies that are a part of it now."""
    return db.scalars(_AROUND, {"company_id": company.id}).all()


def continued(db: Session, company: Company) -> CompanyContinuation | None:
    """Where the company goes on, if it does."""
    return db.scalars(_OF.where(CompanyContinuation.company_id == company.id)).first()
