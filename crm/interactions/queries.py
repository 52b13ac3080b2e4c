"""What has happened with a company, and what someone has promised to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.companies.models import Company
from crm.errors import NotFound
from crm.interactions.models import FollowUp, Interaction

# What a list shows at first. Older entries are one step away, never counted.
PAGE = 20
Moment = tuple[object, int]


def timeline(
    db: Session, company: Company, *, after: Moment | None = None, limit: int = PAGE
) -> tuple[Sequence[Interaction], Moment | None]:
    """What happened with the company, the newest first, and the key to ask for older with."""
    query = (
        select(Interaction)
        .options(joinedload(Interaction.by), joinedload(Interaction.contact))
        .where(Interaction.company_id == company.id)
        .order_by(Interaction.happened_at.desc(), Interaction.id.desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(tuple_(Interaction.happened_at, Interaction.id) < after)
    rows = db.scalars(query).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], (last.happened_at, last.id) if last else None


def interaction(db: Session, id: int) -> Interaction:
    """One interaction, or NotFound."""
    found = db.scalars(
        select(Interaction)
        .options(joinedload(Interaction.by), joinedload(Interaction.company), joinedload(Interaction.contact))
        .where(Interaction.id == id)
    ).first()
    if found is None:
        raise NotFound
    return found


def latest_of(db: Session, user: User) -> Interaction | None:
    """What this user wrote down last, on any company."""
    mine = select(Interaction).where(Interaction.by_id == user.id)
    return db.scalars(mine.order_by(Interaction.id.desc()).limit(1)).first()


def recent_of(db: Session, user: User, limit: int = 8) -> Sequence[Interaction]:
    """What this user has written down lately, with its companies."""
    return db.scalars(
        select(Interaction)
        .options(joinedload(Interaction.company))
        .where(Interaction.by_id == user.id)
        .order_by(Interaction.id.desc())
        .limit(limit)
    ).all()


def follow_ups_of(
    db: Session, user: User, *, until: date | None = None, limit: int = 50
) -> Sequence[FollowUp]:
    """What this user has promised and not yet done, the most urgent first."""
    query = (
        select(FollowUp)
        .options(joinedload(FollowUp.company), joinedload(FollowUp.owner))
        .where(FollowUp.owner_id == user.id, FollowUp.done_at.is_(None))
        .order_by(FollowUp.due, FollowUp.id)
        .limit(limit)
    )
    return db.scalars(query if until is None else query.where(FollowUp.due <= until)).all()


def open_follow_ups(db: Session, company: Company, limit: int = 20) -> Sequence[FollowUp]:
    """What anyone has promised this company and not yet done."""
    return db.scalars(
        select(FollowUp)
        .options(joinedload(FollowUp.owner))
        .where(FollowUp.company_id == company.id, FollowUp.done_at.is_(None))
        .order_by(FollowUp.due, FollowUp.id)
        .limit(limit)
    ).all()


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
