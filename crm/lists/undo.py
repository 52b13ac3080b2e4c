"""Taking an act on many rows back, as long as nobody has built on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from crm import audit
from crm.access.holdings import listed
from crm.access.models import User
from crm.access.rights import may
from crm.companies.models import Company, CompanyGroup
from crm.companies.queries import by_ids
from crm.errors import Conflict, NotAllowed, NotFound
from crm.interactions.models import FollowUp
from crm.lists.models import BulkAct, BulkItem, BulkKind
from crm.requests import actions as requests
from crm.requests.models import Request
from crm.responsibility.chain import among

SHOWN = 5


def get(db: Session, id: int) -> BulkAct:
    """One act with who did it, or NotFound."""
    found = db.scalars(select(BulkAct).options(joinedload(BulkAct.by)).where(BulkAct.id == id)).first()
    if found is None:
        raise NotFound("Vi kan ikke finde den handling.")
    return found


def companies(db: Session, act: BulkAct, limit: int = 50) -> tuple[Sequence[Company], int]:
    """The first companies of an act in Danish order, with their responsible, and how many rows it had."""
    of_act = select(BulkItem.company_id).where(BulkItem.act_id == act.id)
    shown = (
        select(Company)
        .options(joinedload(Company.responsible))
        .where(Company.id.in_(of_act))
        .order_by(Company.sort_key, Company.id)
        .limit(limit)
    )
    number = db.scalar(select(func.count()).where(BulkItem.act_id == act.id)) or 0
    return db.scalars(shown).all(), number


def may_undo(user: User, act: BulkAct) -> bool:
    """Whoever did it, and managers."""
    return act.by_id == user.id or may(user, "handover.any")


def undo(db: Session, *, act: BulkAct, by: User, now: datetime) -> int:
    """Put everything back as it was; how many rows. Raises Conflict, naming what was changed since."""
    if not may_undo(by, act):
        raise NotAllowed
    db.refresh(act, with_for_update={"of": BulkAct})
    if act.undone_at is not None:
        raise Conflict("Det er allerede fortrudt.")
    if since := changes(db, act, limit=SHOWN + 1):
        more = ["mere"] if len(since) > SHOWN else []
        raise Conflict(f"Det kan ikke fortrydes længere: {listed([*since[:SHOWN], *more])}.")
    items = db.scalars(select(BulkItem).where(BulkItem.act_id == act.id).order_by(BulkItem.object_id)).all()
    {
        BulkKind.FOLLOW_UP: _drop,
        BulkKind.JOIN_GROUP: _regroup,
        BulkKind.LEAVE_GROUP: _regroup,
        BulkKind.REQUEST_OWNER: _give_back,
    }[BulkKind(act.kind)](db, act, items)
    act.undone_at, act.undone_by_id = now, by.id
    db.flush()
    audit.note(db, action="undo", kind="bulk_act", id=act.id, payload={"rows": len(items)})
    return len(items)


def changes(db: Session, act: BulkAct, limit: int = SHOWN) -> list[str]:
    """What has become of the rows since, a sentence each; nothing when the act can be taken back."""
    query, sentence = {
        BulkKind.FOLLOW_UP: (_changed_follow_ups(act), "opfølgningen hos {} er ændret"),
        BulkKind.JOIN_GROUP: (_changed_groups(act), "{} er flyttet igen"),
        BulkKind.LEAVE_GROUP: (_changed_groups(act), "{} er flyttet igen"),
        BulkKind.REQUEST_OWNER: (_changed_requests(act), "henvendelsen »{}« er ændret"),
    }[BulkKind(act.kind)]
    return [sentence.format(name or "slettet siden") for name in db.scalars(query.limit(limit))]


def _changed_follow_ups(act: BulkAct) -> Select[Any]:
    made = and_(FollowUp.id == BulkItem.object_id, FollowUp.company_id == BulkItem.company_id)
    following = exists().where(FollowUp.follows_id == BulkItem.object_id)
    return (
        select(Company.name)
        .select_from(BulkItem)
        .join(Company, Company.id == BulkItem.company_id)
        .outerjoin(FollowUp, made)
        .where(
            BulkItem.act_id == act.id,
            or_(
                FollowUp.id.is_(None),
                FollowUp.done_at.is_not(None),
                FollowUp.owner_id != BulkItem.after,
                FollowUp.due != act.due,
                FollowUp.text != act.said,
                following.correlate(BulkItem),
            ),
        )
        .order_by(Company.name)
    )


def _changed_groups(act: BulkAct) -> Select[Any]:
    return (
        select(Company.name)
        .join(BulkItem, BulkItem.object_id == Company.id)
        .where(BulkItem.act_id == act.id, Company.group_id.is_distinct_from(BulkItem.after))
        .order_by(Company.name)
    )


def _changed_requests(act: BulkAct) -> Select[Any]:
    return (
        select(Request.title)
        .select_from(BulkItem)
        .outerjoin(Request, Request.id == BulkItem.object_id)
        .where(
            BulkItem.act_id == act.id,
            or_(Request.id.is_(None), Request.owner_id != BulkItem.after, Request.closed_at.is_not(None)),
        )
        .order_by(Request.title)
    )


def _drop(db: Session, _act: BulkAct, items: Sequence[BulkItem]) -> None:
    """The follow-ups were never promised."""
    for promised in db.scalars(
        select(FollowUp).where(among(FollowUp.id, [item.object_id for item in items]))
    ):
        db.delete(promised)
    db.flush()


def _regroup(db: Session, act: BulkAct, items: Sequence[BulkItem]) -> None:
    before = {item.object_id: item.before for item in items}
    missing = {id for id in before.values() if id is not None} - set(
        db.scalars(
            select(CompanyGroup.id).where(among(CompanyGroup.id, sorted(filter(None, before.values()))))
        )
    )
    if missing:
        raise Conflict("Det kan ikke fortrydes: koncernen findes ikke længere.")
    for company in by_ids(db, list(before)).values():
        company.group_id = before[company.id]
    db.flush()
    if act.made_group and items[0].after is not None:
        _drop_empty(db, items[0].after)


def _drop_empty(db: Session, id: int) -> None:
    """The group came with the act; nobody else has joined it."""
    if db.scalars(select(Company.id).where(Company.group_id == id).limit(1)).first() is None:
        db.delete(db.get_one(CompanyGroup, id))
        db.flush()


def _give_back(db: Session, _act: BulkAct, items: Sequence[BulkItem]) -> None:
    before = {item.object_id: item.before for item in items}
    users = {
        user.id: user
        for user in db.scalars(select(User).where(User.id.in_(sorted(filter(None, before.values())))))
    }
    if closed := sorted({user.name for user in users.values() if not user.is_active}):
        raise Conflict(f"Det kan ikke fortrydes: {listed(closed)} er lukket.")
    for request in db.scalars(select(Request).where(among(Request.id, list(before))).order_by(Request.id)):
        requests.change(db, request=request, values={"owner": users[before[request.id] or 0]})
