"""What waits at a colleague who is away, for whoever stands in. It stays the colleague's own: both see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from crm.interactions.models import FollowUp, Interaction
from crm.periods import begins
from crm.requests.models import Request
from crm.responsibility.absences.ways import Cover

LIMIT = 25


def covered_requests(
    db: Session, covers: Sequence[Cover], *, zone: ZoneInfo, limit: int = LIMIT
) -> Sequence[Request]:
    """Open requests of the covered colleagues that have no answer, or came while the colleague is away."""
    if not covers:
        return []
    theirs = [
        and_(
            Request.owner_id == cover.colleague.id,
            or_(
                Request.answered_at.is_(None),
                and_(
                    Request.received_at >= begins(cover.since, zone),
                    Request.received_at < begins(cover.until + timedelta(days=1), zone),
                ),
            ),
            *_for_companies(cover, Request.company_id),
        )
        for cover in covers
    ]
    return db.scalars(
        select(Request)
        .options(joinedload(Request.company, innerjoin=True), joinedload(Request.contact))
        .where(Request.closed_at.is_(None), or_(*theirs))
        .order_by(Request.answer_due_at, Request.id)
        .limit(limit)
    ).all()


def covered_follow_ups(
    db: Session, covers: Sequence[Cover], *, until: date, limit: int = LIMIT
) -> Sequence[FollowUp]:
    """What the covered colleagues have promised for the days they are away, no further than `until`."""
    if not covers:
        return []
    theirs = [
        and_(
            FollowUp.owner_id == cover.colleague.id,
            FollowUp.due >= cover.since,
            FollowUp.due <= min(cover.until, until),
            *_for_companies(cover, FollowUp.company_id),
        )
        for cover in covers
    ]
    return db.scalars(
        select(FollowUp)
        .options(
            joinedload(FollowUp.company, innerjoin=True),
            joinedload(FollowUp.interaction).joinedload(Interaction.contact),
        )
        .where(FollowUp.done_at.is_(None), or_(*theirs))
        .order_by(FollowUp.due, FollowUp.id)
        .limit(limit)
    ).all()


def _for_companies(cover: Cover, column: InstrumentedAttribute[int]) -> list[ColumnElement[bool]]:
    if cover.only is not None:
        return [column.in_(sorted(cover.only))]
    return [column.not_in(sorted(cover.but))] if cover.but else []
