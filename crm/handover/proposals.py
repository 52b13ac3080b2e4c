"""The right to a say: a consultant proposes that a colleague's company goes to someone, a manager decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.access.rights import demand, may
from crm.companies.models import Company
from crm.errors import Conflict, NotAllowed, NotFound, Refused
from crm.handover.actions import hand_over_list
from crm.handover.models import HandoverKind, TransferProposal

SHOWN = 100
ONE_ALREADY = "Der ligger allerede et forslag om virksomheden. Det skal afgøres eller trækkes tilbage først."


def must_ask(by: User, company: Company, *, approve_transfers: bool) -> bool:
    """Whether this user may only propose: the house asks for it, and the company is a colleague's."""
    return approve_transfers and not may(by, "handover.any") and company.responsible.id != by.id


def propose(
    db: Session, *, company: Company, to: User, reason: str, by: User, now: datetime
) -> TransferProposal:
    """Ask that the company be given to `to`. Proposed again alike, it is the one there is."""
    if not reason.strip():
        raise Refused("reason", "Skriv kort hvorfor, så lederen kan tage stilling.")
    if not to.is_active:
        raise Refused("to", f"{to.name} er lukket og kan ikke overtage noget.")
    if to.id == company.responsible.id:
        raise Refused("to", f"{to.name} er allerede virksomhedens indgang.")
    if standing := open_for(db, company):
        if (standing.by_id, standing.to_id) == (by.id, to.id):
            return standing
        raise Conflict(ONE_ALREADY)
    proposal = TransferProposal(
        company_id=company.id, to_id=to.id, by_id=by.id, reason=reason, created_at=now, state="open"
    )
    try:
        with db.begin_nested():
            db.add(proposal)
            db.flush()
    except IntegrityError as error:
        # Two at once: the key lets only one of them lie open.
        raise Conflict(ONE_ALREADY) from error
    return proposal


def approve(
    db: Session, *, proposal: TransferProposal, by: User, now: datetime, home: str = ""
) -> TransferProposal:
    """Do as proposed, as one act. Should the company be theirs already, nothing is left to do."""
    demand(by, "handover.any")
    _demand_open(db, proposal)
    company = db.get_one(Company, proposal.company_id)
    db.refresh(company, ["responsible"])
    if company.responsible.id != proposal.to_id:
        act = hand_over_list(
            db,
            company_ids=[proposal.company_id],
            to=db.get_one(User, proposal.to_id),
            note=proposal.reason,
            by=by,
            now=now,
            home=home,
            kind=HandoverKind.COMPANY,
        )
        proposal.handover_id = act.id
    return _decide(db, proposal, "approved", by, now, None)


def decline(
    db: Session, *, proposal: TransferProposal, note: str, by: User, now: datetime
) -> TransferProposal:
    """Say no, and why."""
    demand(by, "handover.any")
    if not note.strip():
        raise Refused("note", "Skriv kort hvorfor ikke.")
    _demand_open(db, proposal)
    return _decide(db, proposal, "declined", by, now, note)


def withdraw(db: Session, *, proposal: TransferProposal, by: User, now: datetime) -> TransferProposal:
    """Whoever proposed it thinks better of it."""
    if proposal.by_id != by.id:
        raise NotAllowed
    _demand_open(db, proposal)
    return _decide(db, proposal, "withdrawn", by, now, None)


def _demand_open(db: Session, proposal: TransferProposal) -> None:
    db.refresh(proposal, with_for_update={"of": TransferProposal})
    if proposal.state != "open":
        raise Conflict("Forslaget er allerede afgjort.")


def _decide(
    db: Session, proposal: TransferProposal, state: str, by: User, now: datetime, note: str | None
) -> TransferProposal:
    proposal.state, proposal.decided_at, proposal.decided_by_id = state, now, by.id
    proposal.decision_note = note
    db.flush()
    return proposal


def get(db: Session, id: int) -> TransferProposal:
    """One proposal with its company and people, or NotFound."""
    found = db.scalars(select(TransferProposal).options(*_LOADED).where(TransferProposal.id == id)).first()
    if found is None:
        raise NotFound("Vi kan ikke finde det forslag.")
    return found


_LOADED = (
    joinedload(TransferProposal.company, innerjoin=True).joinedload(Company.responsible, innerjoin=True),
    joinedload(TransferProposal.to_user),
    joinedload(TransferProposal.by),
)


def open_for(db: Session, company: Company) -> TransferProposal | None:
    """The proposal that lies open for a company, if any."""
    mine = (TransferProposal.company_id == company.id, TransferProposal.state == "open")
    return db.scalars(select(TransferProposal).where(*mine)).first()


def of_company(db: Session, company: Company, limit: int = 5) -> Sequence[TransferProposal]:
    """The last proposals about a company, the newest first, so that one that lies open is on top."""
    return db.scalars(
        select(TransferProposal)
        .options(joinedload(TransferProposal.to_user), joinedload(TransferProposal.by))
        .where(TransferProposal.company_id == company.id)
        .order_by(TransferProposal.id.desc())
        .limit(limit)
    ).all()


def open_ones(db: Session, limit: int = SHOWN) -> Sequence[TransferProposal]:
    """What waits for a decision, the oldest first."""
    return db.scalars(
        select(TransferProposal)
        .options(*_LOADED)
        .where(TransferProposal.state == "open")
        .order_by(TransferProposal.id)
        .limit(limit)
    ).all()


def decided(db: Session, limit: int = 20) -> Sequence[TransferProposal]:
    """What was decided last."""
    return db.scalars(
        select(TransferProposal)
        .options(*_LOADED)
        .where(TransferProposal.state != "open")
        .order_by(TransferProposal.id.desc())
        .limit(limit)
    ).all()


def waiting(db: Session) -> int:
    """How many wait for a decision."""
    rows = select(func.count()).select_from(TransferProposal).where(TransferProposal.state == "open")
    return db.scalar(rows) or 0
