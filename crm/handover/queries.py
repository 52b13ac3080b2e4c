"""Acts there have been, and what each of them moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.agreements.models import Agreement
from crm.companies.models import Company
from crm.errors import NotFound
from crm.handover.models import Handover, HandoverItem, ItemKind
from crm.handover.scope import OWNED
from crm.interactions.models import FollowUp
from crm.requests.models import Request
from crm.responsibility.chain import among
from crm.responsibility.models import Absence, CompanyColleague

# A list is handed on as paper too, so it is long before it ends with "and so many more".
COMPANIES = 2000
SHOWN = 200
_PEOPLE = (joinedload(Handover.from_user), joinedload(Handover.to_user), joinedload(Handover.by))


def get(db: Session, id: int) -> Handover:
    """One act with its people, or NotFound."""
    found = db.scalars(select(Handover).options(*_PEOPLE).where(Handover.id == id)).first()
    if found is None:
        raise NotFound("Vi kan ikke finde den videregivelse.")
    return found


def counts(db: Session, act: Handover) -> dict[ItemKind, int]:
    """How many of each kind moved."""
    rows = db.execute(
        select(HandoverItem.kind, func.count(HandoverItem.object_id.distinct()))
        .where(HandoverItem.handover_id == act.id)
        .group_by(HandoverItem.kind)
    )
    found = {ItemKind(kind): number for kind, number in rows}
    return {kind: found[kind] for kind in ItemKind if kind in found}


def companies(db: Session, act: Handover, limit: int = COMPANIES) -> Sequence[HandoverItem]:
    """The companies that moved, with whose they were, in Danish order."""
    return db.scalars(
        select(HandoverItem)
        .join(HandoverItem.company)
        .options(joinedload(HandoverItem.company), joinedload(HandoverItem.from_user))
        .where(HandoverItem.handover_id == act.id, HandoverItem.kind == ItemKind.COMPANY)
        .order_by(Company.sort_key, Company.id)
        .limit(limit)
    ).all()


def others(db: Session, act: Handover, kind: ItemKind, limit: int = SHOWN) -> Sequence[Any]:
    """The requests, follow-ups, agreements, colleagues or absences that moved, as they stand now."""
    rows: dict[ItemKind, Select[Any]] = {
        ItemKind.REQUEST: select(Request)
        .options(joinedload(Request.company), joinedload(Request.owner))
        .order_by(Request.answer_due_at, Request.id),
        ItemKind.FOLLOW_UP: select(FollowUp)
        .options(joinedload(FollowUp.company), joinedload(FollowUp.owner))
        .order_by(FollowUp.due, FollowUp.id),
        ItemKind.AGREEMENT: select(Agreement)
        .options(joinedload(Agreement.company), joinedload(Agreement.programme))
        .order_by(Agreement.id),
        ItemKind.COLLEAGUE: select(CompanyColleague)
        .options(joinedload(CompanyColleague.unit), joinedload(CompanyColleague.company))
        .order_by(CompanyColleague.id),
        ItemKind.STAND_IN: select(Absence)
        .options(joinedload(Absence.user))
        .order_by(Absence.first_day, Absence.id),
    }
    if kind == ItemKind.BOARD_ACTION:
        has = OWNED[kind]
        rows[kind] = select(has.table).order_by(has.stamp, has.id)
    keys = select(HandoverItem.object_id).where(HandoverItem.handover_id == act.id, HandoverItem.kind == kind)
    table = rows[kind].column_descriptions[0]["entity"]
    return db.scalars(rows[kind].where(table.id.in_(keys)).limit(limit)).all()


def quietest(db: Session, company_ids: Sequence[int], limit: int) -> Sequence[int]:
    """The so many of these companies that it is longest since anybody spoke with."""
    return db.scalars(
        select(Company.id)
        .where(among(Company.id, company_ids))
        .order_by(Company.last_contact_at.is_not(None), Company.last_contact_at, Company.id)
        .limit(limit)
    ).all()


def of_user(db: Session, user: User, limit: int = 20) -> Sequence[Handover]:
    """Acts that gave this user something or took it from them, the newest first."""
    return db.scalars(
        select(Handover)
        .options(*_PEOPLE)
        .where(or_(Handover.to_id == user.id, _taken_from(user)))
        .order_by(Handover.id.desc())
        .limit(limit)
    ).all()


def taken_lately(db: Session, user: User, since: datetime, limit: int = 3) -> Sequence[Handover]:
    """Acts since then that took something from this user and still stand, the newest first."""
    return db.scalars(
        select(Handover)
        .options(joinedload(Handover.to_user))
        .where(Handover.at >= since, Handover.undone_at.is_(None), _taken_from(user))
        .order_by(Handover.id.desc())
        .limit(limit)
    ).all()


def _taken_from(user: User) -> ColumnElement[bool]:
    return exists().where(HandoverItem.from_id == user.id, HandoverItem.handover_id == Handover.id)
