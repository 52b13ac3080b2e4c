"""Who is a company's one way in, and who was."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from starlette.responses import Response

from crm.access.models import User
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.errors import Conflict, renamed
from crm.handover import actions, proposals
from crm.handover.models import HandoverKind, TransferProposal
from crm.responsibility import queries
from crm.responsibility.absences.ways import ways
from crm.responsibility.chain import ATTEMPTS, among, lock
from crm.responsibility.models import CompanyAssignment
from web.api.answers import (
    PAGE,
    Answer,
    Colleague,
    Cursor,
    Items,
    Limit,
    answer,
    colleague,
    demand_seen,
    place,
    room,
    standing_in,
)
from web.api.bodies import Body, Email, Text
from web.api.description import TAG, VERSIONED
from web.cursors import encode, moment_of
from web.deps import Visit, reading, writing

router = room("Responsibility")
OTHERS_FIRST = "En kollega er lige nu ved at give virksomheden videre. Prøv igen."
PROPOSED = "Nothing has changed yet: a manager is asked."
TAGGED: dict[int | str, dict[str, Any]] = {200: {"headers": TAG}}


class Responsible(Answer):
    """Who is the way in now, since when and why; and who answers while they are away, if anybody."""

    email: str
    name: str
    reason: str
    valid_from: datetime
    standing_in: Colleague | None
    absent_until: date | None


class Assignment(Answer):
    """Who was the way in from one moment until another; null is until now."""

    responsible: Colleague
    production_unit: str | None = None
    valid_from: datetime
    valid_to: datetime | None
    reason: str


class Proposed(Answer):
    """What waits for a manager: who would take over, and why. It is seen on the company's page."""

    id: int
    to: Colleague
    reason: str
    state: str
    created_at: datetime

    @classmethod
    def of(cls, proposal: TransferProposal, to: User) -> Proposed:
        """A proposal just made."""
        return cls(
            id=proposal.id,
            to=Colleague.model_validate(to),
            reason=proposal.reason,
            state=proposal.state,
            created_at=proposal.created_at,
        )


class Handover(Body):
    """Who takes over, and why."""

    email: Email
    reason: Annotated[str, Text.of(CompanyAssignment.reason, filled=True)]


def _held_still(visit: Visit, cvr: str) -> Company:
    """The company as it stands when it is our turn: who passes it on meanwhile is done, or waits for us.

    Asked after the lock, so that the version that was seen is the one that is given on.
    """
    company = companies.by_cvr(visit.db, cvr)
    ours = among(CompanyAssignment.company_id, [company.id])
    # While we waited it may have been passed on; then the next look finds the one who has it now.
    if not any(lock(visit.db, ours) for _ in range(ATTEMPTS)):
        raise Conflict(OTHERS_FIRST)
    visit.db.refresh(company, ["version", "responsible"])
    return company


def _shown(visit: Visit, company: Company) -> Response:
    now = queries.history(visit.db, company, limit=1)[0]
    way = ways(visit.db, [company], visit.today)[company.id]
    content = Responsible(
        email=now.user.email,
        name=now.user.name,
        reason=now.reason,
        valid_from=now.valid_from,
        standing_in=standing_in(way),
        absent_until=way.absent_until,
    )
    # The company's own tag: whoever has just read the company may give it on.
    return answer(visit, content, version=company.version)


@router.get("/companies/{cvr}/responsible", response_model=Responsible, responses=TAGGED)
def show(visit: Annotated[Visit, reading()], cvr: str) -> Response:
    """The company's one way in."""
    return _shown(visit, companies.by_cvr(visit.db, cvr))


@router.put(
    "/companies/{cvr}/responsible",
    response_model=Responsible,
    responses=TAGGED | {202: {"model": Proposed, "description": PROPOSED}},
    openapi_extra=VERSIONED,
)
def hand_over(visit: Annotated[Visit, writing("responsibility.write")], cvr: str, body: Handover) -> Response:
    """Give the company, with what the one who has it has open there, to a colleague from now on.

    Given to the one who has it, nothing changes. Where transfers are approved, a consultant's call about a
    colleague's company is a proposal to a manager.
    """
    company = _held_still(visit, cvr)
    demand_seen(visit, company.version)
    to = colleague(visit, body.email, "email")
    if to is None or to.id == company.responsible.id:
        return _shown(visit, company)
    asks = proposals.must_ask(visit.me, company, approve_transfers=visit.house.settings.approve_transfers)
    with renamed(to="email", note="reason"):
        if asks:
            made = proposals.propose(
                visit.db, company=company, to=to, reason=body.reason, by=visit.me, now=visit.now
            )
            return answer(visit, Proposed.of(made, to), status=202)
        actions.hand_over_list(
            visit.db,
            company_ids=[company.id],
            to=to,
            note=body.reason,
            by=visit.me,
            now=visit.now,
            home=visit.house.settings.base_url,
            kind=HandoverKind.COMPANY,
        )
    return _shown(visit, companies.by_cvr(visit.db, cvr))


@router.get("/companies/{cvr}/responsibility", response_model=Items[Assignment])
def history(
    visit: Annotated[Visit, reading()], cvr: str, cursor: Cursor = None, limit: Limit = PAGE
) -> Response:
    """Everyone who has been the way in, the present one first; no gap and no overlap."""
    company = companies.by_cvr(visit.db, cvr)
    rows, following = queries.history_page(visit.db, company, after=place(cursor, moment_of), limit=limit)
    items = [
        Assignment(
            responsible=Colleague.model_validate(row.user),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            reason=row.reason,
        )
        for row in rows
    ]
    return answer(visit, Items(items=items, next=encode(following) if following else None))
