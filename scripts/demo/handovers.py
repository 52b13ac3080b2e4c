"""What has changed hands in the demo: a short list last week, one proposal that waits and one that was declined."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from crm.access.models import User
from crm.companies.models import Company
from crm.db import Session
from crm.handover import proposals
from crm.handover.actions import hand_over_list
from crm.handover.models import Handover, HandoverItem, TransferProposal
from crm.outbox.models import Mail
from crm.responsibility.models import CompanyAssignment
from scripts.demo.days import Days

# Places in the team.
EVA, DENNIS, FARID, CECILIE, INGE = 4, 3, 5, 2, 8
LISTED = 6
DECLINED = "Eva er midt i en sag. Lad os se igen til nytår."


def lay_out(db: Session, days: Days, users: Sequence[User]) -> dict[str, int]:
    """Farid takes over some of Dennis's companies, and Cecilie asks for two of Eva's. Returns the rows added."""
    before = _rows(db)
    lately = days.noon(days.working_ago(4))
    if given := _of(db, users[DENNIS], LISTED):
        hand_over_list(
            db, company_ids=[company.id for company in given], to=users[FARID],
            note="Farid kender dem fra jobmessen", by=users[INGE], now=lately,
        )  # fmt: skip
    for company, answer in zip(_of(db, users[EVA], 2), (None, DECLINED), strict=False):
        db.refresh(company, ["responsible"])
        made = proposals.propose(
            db, company=company, to=users[CECILIE], reason="De spørger mest om fastholdelse",
            by=users[CECILIE], now=lately,
        )  # fmt: skip
        if answer:
            proposals.decline(
                db, proposal=made, note=answer, by=users[INGE], now=days.noon(days.working_ago(2))
            )
    return {name: number - before[name] for name, number in _rows(db).items()}


def _rows(db: Session) -> dict[str, int]:
    tables = (CompanyAssignment, Handover, HandoverItem, TransferProposal, Mail)
    return {table.__tablename__: db.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def _of(db: Session, user: User, number: int) -> Sequence[Company]:
    """The so many of a colleague's larger companies that were first founded."""
    return db.scalars(
        select(Company)
        .join(CompanyAssignment, CompanyAssignment.id == Company.current_assignment_id)
        .where(CompanyAssignment.user_id == user.id, Company.active == 1, Company.employees_from >= 10)
        .order_by(Company.id)
        .limit(number)
    ).all()
