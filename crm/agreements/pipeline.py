"""The agreements under way: prospect, in dialogue, offered; what was last said and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session, joinedload, load_only

from crm.access.models import User
from crm.agreements.models import Agreement, AgreementState, AgreementStep, Programme
from crm.companies.models import Company
from crm.companies.queries import LINE
from crm.interactions.models import FollowUp
from crm.types import Among

# In the order they lead to a signature.
COLUMNS = (AgreementState.PROSPECT, AgreementState.IN_DIALOGUE, AgreementState.OFFERED)
# So many are shown; a longer list is no list of what to do next.
MOST = 200
# Ready beforehand: to build a statement takes longer than to ask it.
_UNDER_WAY = (
    select(Agreement, AgreementStep.on)
    .join(
        AgreementStep,
        and_(AgreementStep.agreement_id == Agreement.id, AgreementStep.seq == Agreement.step_no),
    )
    .options(
        joinedload(Agreement.programme).load_only(
            Programme.key, Programme.name, Programme.kind, raiseload=True
        ),
        joinedload(Agreement.company).options(
            load_only(*LINE, raiseload=True),
            joinedload(Company.responsible).load_only(User.name, raiseload=True),
        ),
        joinedload(Agreement.consultant).load_only(User.name, raiseload=True),
    )
    .where(Agreement.state.in_(COLUMNS))
    # The longest untouched first.
    .order_by(AgreementStep.on, Agreement.id)
    .limit(MOST)
)
_FIRST_DUE = (
    select(FollowUp.company_id, func.min(FollowUp.due))
    .where(FollowUp.done_at.is_(None), Among(FollowUp.company_id, "ids"))
    .group_by(FollowUp.company_id)
    .subquery()
)
_NEXT = (
    select(FollowUp)
    .join(_FIRST_DUE, and_(FollowUp.company_id == _FIRST_DUE.c.company_id, FollowUp.due == _FIRST_DUE.c[1]))
    .where(FollowUp.done_at.is_(None))
    .order_by(FollowUp.id)
)
_OWNED_BY = _UNDER_WAY.where(Agreement.consultant_id == bindparam("owner"))


@dataclass(frozen=True)
class Line:
    """An agreement under way: since when it stands where it does, and the company's next follow-up."""

    agreement: Agreement
    since: date
    next: FollowUp | None

    def days(self, today: date) -> int:
        """For how many days it has stood there; a step may be planned."""
        return max(0, (today - self.since).days)


def under_way(db: Session, *, owner: User | None = None) -> list[Line]:
    """All agreements before a signature, or a colleague's; the longest untouched first. Two statements."""
    found = db.execute(_OWNED_BY, {"owner": owner.id}) if owner else db.execute(_UNDER_WAY)
    rows = [(agreement, since) for agreement, since in found]
    ids = sorted({agreement.company_id for agreement, _ in rows})
    following: dict[int, FollowUp] = {}
    if ids:
        for follow_up in db.scalars(_NEXT, {"ids": ids}):
            following.setdefault(follow_up.company_id, follow_up)
    return [Line(agreement, since, following.get(agreement.company_id)) for agreement, since in rows]
