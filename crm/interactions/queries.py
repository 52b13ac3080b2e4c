"""What has happened with a company, and what someone has promised to do."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.companies.models import Company
from crm.companies.queries import LINE
from crm.errors import NotFound
from crm.interactions.models import FollowUp, Interaction
from crm.interactions.sealed import open_for

# What a list shows at first. Older entries are one step away, never counted.
PAGE = 20
Moment = tuple[object, int]


# Statements of the pages seen most stand ready: to build one takes longer than to ask it.
_TIMELINE = (
    select(Interaction)
    .options(
        joinedload(Interaction.by).load_only(User.name, User.email, raiseload=True),
        joinedload(Interaction.contact),
    )
    .where(Interaction.company_id == bindparam("company_id"))
    .order_by(Interaction.happened_at.desc(), Interaction.id.desc())
    .limit(bindparam("most"))
)
_OF_COMPANY = (
    select(FollowUp)
    .options(joinedload(FollowUp.owner))
    .where(FollowUp.company_id == bindparam("company_id"), FollowUp.done_at.is_(None))
    .order_by(FollowUp.due, FollowUp.id)
    .limit(bindparam("most"))
)
_RECENT = (
    select(Interaction)
    .options(joinedload(Interaction.company).load_only(*LINE, raiseload=True))
    .where(Interaction.by_id == bindparam("user_id"))
    .order_by(Interaction.id.desc())
    .limit(bindparam("most"))
)


def timeline(
    db: Session, company: Company, *, reader: User, after: Moment | None = None, limit: int = PAGE
) -> tuple[Sequence[Interaction], Moment | None]:
    """What happened with the company, the newest first, and the key to ask for older with."""
    query = _TIMELINE
    if after is not None:
        query = query.where(tuple_(Interaction.happened_at, Interaction.id) < after)
    rows = db.scalars(query, {"company_id": company.id, "most": limit + 1}).all()
    open_for(db, reader, rows)
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], (last.happened_at, last.id) if last else None


def interaction(db: Session, id: int, *, reader: User) -> Interaction:
    """One interaction, or NotFound."""
    found = db.scalars(
        select(Interaction)
        .options(joinedload(Interaction.by), joinedload(Interaction.company), joinedload(Interaction.contact))
        .where(Interaction.id == id)
    ).first()
    if found is None:
        raise NotFound
    open_for(db, reader, [found])
    return found


def recent_of(db: Session, user: User, limit: int = 8) -> Sequence[Interaction]:
    """What this user has written down lately, with its companies."""
    rows = db.scalars(_RECENT, {"user_id": user.id, "most": limit}).all()
    open_for(db, user, rows)
    return rows


def open_follow_ups(db: Session, company: Company, limit: int = 20) -> Sequence[FollowUp]:
    """What anyone has promised this company and not yet done."""
    return db.scalars(_OF_COMPANY, {"company_id": company.id, "most": limit}).all()


def follow_up(db: Session, id: int) -> FollowUp:
    """One follow-up, or NotFound."""
    found = db.scalars(
        select(FollowUp)
        .options(joinedload(FollowUp.owner), joinedload(FollowUp.company))
        .where(FollowUp.id == id)
    ).first()
    if found is None:
        raise NotFound
    return found
