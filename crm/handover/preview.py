"""What an act would move, shown before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.agreements.models import Agreement
from crm.companies.models import Company
from crm.handover import scope
from crm.handover.models import ItemKind
from crm.handover.scope import OWNED, Scope, Thing
from crm.interactions.models import FollowUp
from crm.requests.models import Request
from crm.responsibility.chain import among
from crm.responsibility.models import Absence, CompanyColleague

SHOWN = 50


@dataclass(frozen=True)
class Preview:
    """The figures, the first rows of each kind, and a seal that the act compares with what there is then.

    With a receiver, what is theirs already is counted apart and left out; the seal stands for all of it.
    """

    counts: dict[ItemKind, int]
    seal: str
    already: int
    company_ids: Sequence[int]
    first: dict[ItemKind, Sequence[Any]]

    @property
    def told(self) -> str:
        """The figures as one says them."""
        return scope.told(self.counts)

    @property
    def empty(self) -> bool:
        """Nothing would move."""
        return not self.counts


def preview(db: Session, chosen: Scope, *, today: date, to: User | None = None) -> Preview:
    """What would move to `to`, in a fixed number of statements however much it is."""
    found = scope.things(db, chosen, today)
    moving = [thing for thing in found if to is None or thing.from_id != to.id]
    first = {kind: _first(db, kind, moving) for kind in scope.counts(moving)}
    companies = [thing.object_id for thing in moving if thing.kind == ItemKind.COMPANY]
    return Preview(
        counts=scope.counts(moving),
        seal=scope.seal(found),
        already=sum(thing.kind == ItemKind.COMPANY for thing in found) - len(companies),
        company_ids=companies,
        first=first,
    )


def _first(db: Session, kind: ItemKind, moving: Sequence[Thing]) -> Sequence[Any]:
    """The first rows of a kind, with what a list of them shows."""
    ids = list(dict.fromkeys(thing.object_id for thing in moving if thing.kind == kind))[:SHOWN]
    if kind == ItemKind.BOARD_ACTION:
        has = OWNED[kind]
        return db.scalars(select(has.table).where(among(has.id, ids)).order_by(has.stamp, has.id)).all()
    rows: dict[ItemKind, Any] = {
        ItemKind.COMPANY: select(Company)
        .options(joinedload(Company.responsible, innerjoin=True))
        .where(among(Company.id, ids))
        .order_by(Company.sort_key, Company.id),
        ItemKind.REQUEST: select(Request)
        .options(joinedload(Request.company), joinedload(Request.owner))
        .where(among(Request.id, ids))
        .order_by(Request.answer_due_at, Request.id),
        ItemKind.FOLLOW_UP: select(FollowUp)
        .options(joinedload(FollowUp.company), joinedload(FollowUp.owner))
        .where(among(FollowUp.id, ids))
        .order_by(FollowUp.due, FollowUp.id),
        ItemKind.AGREEMENT: select(Agreement)
        .options(joinedload(Agreement.company), joinedload(Agreement.programme))
        .where(among(Agreement.id, ids))
        .order_by(Agreement.id),
        ItemKind.COLLEAGUE: select(CompanyColleague)
        .options(joinedload(CompanyColleague.unit), joinedload(CompanyColleague.company))
        .where(among(CompanyColleague.id, ids))
        .order_by(CompanyColleague.id),
        ItemKind.STAND_IN: select(Absence)
        .options(joinedload(Absence.user))
        .where(among(Absence.id, ids))
        .order_by(Absence.first_day, Absence.id),
    }
    return db.scalars(rows[kind]).all()
