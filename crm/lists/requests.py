"""The list of requests: open ones by their deadline, or closed ones by when they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, select, tuple_
from sqlalchemy.orm import Session, joinedload, load_only

from crm.access.models import User
from crm.companies.models import Company
from crm.companies.queries import LINE
from crm.lists.queries import last_of
from crm.requests.models import Request, overdue
from crm.types import Compared, Utc

PAGE = 50
Place = tuple[datetime, int]


@dataclass(frozen=True)
class Wanted:
    """What a list of requests is narrowed to. Empty means every open one."""

    owner_id: int | None = None
    kind: str | None = None
    state: str | None = None
    # Unanswered, and the deadline has passed at this moment.
    late_at: datetime | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None
    closed: bool = False

    def asked(self) -> dict[str, Any]:
        """The filters that are set, with what a statement is to be asked for."""
        found = {
            "owner_id": self.owner_id, "kind": self.kind, "state": self.state, "late_at": self.late_at,
            "received_from": self.received_from, "received_before": self.received_before,
        }  # fmt: skip
        return {name: value for name, value in found.items() if value is not None}


# A line shows less than there is, and asks for no more.
_LINES = select(Request).options(
    joinedload(Request.owner).load_only(User.name, User.email, raiseload=True),
    joinedload(Request.company).options(load_only(*LINE, raiseload=True), joinedload(Company.responsible)),
)
_LATE_AT: BindParameter[datetime] = bindparam("late_at", type_=Utc())
_CONDITIONS = {
    "owner_id": Request.owner_id == bindparam("owner_id"),
    "kind": Request.kind == bindparam("kind", type_=Compared()),
    "state": Request.state == bindparam("state", type_=Compared()),
    # The first part is for the index.
    "late_at": and_(Request.answer_due_at < _LATE_AT, overdue(_LATE_AT)),
    "received_from": Request.received_at >= bindparam("received_from", type_=Utc()),
    "received_before": Request.received_at < bindparam("received_before", type_=Utc()),
}


@cache
def _page(shape: frozenset[str], closed: bool, after: bool) -> Select[Request]:
    """Built once for each set of filters: to build a statement takes longer than to ask it."""
    query = _LINES.where(*(condition for name, condition in _CONDITIONS.items() if name in shape))
    column = Request.received_at if closed else Request.answer_due_at
    place = tuple_(column, Request.id)
    began = tuple_(bindparam("after_at", type_=Utc()), bindparam("after_id"))
    if closed:
        query = query.where(Request.closed_at.is_not(None)).order_by(column.desc(), Request.id.desc())
        query = query.where(place < began) if after else query
    else:
        query = query.where(Request.closed_at.is_(None)).order_by(column, Request.id)
        query = query.where(place > began) if after else query
    return query.limit(bindparam("most"))


def page(
    db: Session, wanted: Wanted, *, after: Place | None = None, limit: int = PAGE
) -> tuple[Sequence[Request], Place | None]:
    """One page of requests, and the key to ask for the next with (None at the end)."""
    asked = wanted.asked()
    query = _page(frozenset(asked), wanted.closed, after is not None)
    if after is not None:
        asked["after_at"], asked["after_id"] = after
    rows = db.scalars(query, asked | {"most": limit + 1}).all()
    return rows[:limit], last_of(rows, limit, "received_at" if wanted.closed else "answer_due_at")


def ids(db: Session, wanted: Wanted, limit: int) -> Sequence[int]:
    """The keys of at most so many of them."""
    rows, _ = page(db, wanted, limit=limit)
    return [row.id for row in rows]


def by_ids(db: Session, ids: Sequence[int]) -> Sequence[Request]:
    """These requests with what a line shows, the one to be answered first on top."""
    query = _LINES.where(Request.id.in_(ids)).order_by(Request.answer_due_at, Request.id)
    return db.scalars(query).all()
