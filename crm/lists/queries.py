"""A user's views of a list, and what a list can be narrowed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Text, bindparam, cast, literal, null, or_, select, union_all
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.access.rights import may
from crm.agreements.models import Agreement, Programme
from crm.companies.models import CompanyGroup
from crm.companies.narrowing import IN_FORCE
from crm.errors import NotFound
from crm.lists.models import ListChoice, SavedView
from crm.requests.kinds import KindOfRequest
from crm.types import Among

# As many views as stand above a list.
SHOWN = 40
GROUPS = 500


@dataclass(frozen=True)
class View:
    """A saved view as its link shows it."""

    id: int
    name: str
    query: str | None
    columns: str | None
    shared: bool
    owner_id: int
    owner: str
    version: int


@dataclass(frozen=True)
class Shelf:
    """What stands ready for a user at a list: views, own ones first, the chosen columns and the first view."""

    views: Sequence[View]
    columns: str | None = None
    first: View | None = None

    def get(self, id: int | None) -> View | None:
        """The view with this key, if it is there for this user."""
        return next((view for view in self.views if view.id == id), None)


# Ready beforehand, since every list asks: to build a statement takes longer than to ask it.
_KIND = bindparam("kind", type_=Text())
_MINE = SavedView.owner_id == bindparam("user_id")
_VIEWS = (
    select(
        SavedView.id, SavedView.name, SavedView.query, SavedView.columns, SavedView.shared,
        SavedView.owner_id, User.name.label("owner"), SavedView.version,
    )
    .join(User, User.id == SavedView.owner_id)
    .where(SavedView.kind == _KIND, SavedView.deleted_at.is_(None), or_(_MINE, SavedView.shared == 1))
)  # fmt: skip
_CHOICE = select(
    literal(0), literal(""), null(), ListChoice.columns, literal(0), ListChoice.user_id, literal(""),
    ListChoice.view_id,
).where(ListChoice.user_id == bindparam("user_id"), ListChoice.kind == _KIND)  # fmt: skip
_SHELF: CompoundSelect[Any] = union_all(_CHOICE, _VIEWS)


def shelf(db: Session, user: User, kind: str) -> Shelf:
    """The user's views of a list and their choices for it, in one question."""
    rows: Sequence[Any] = db.execute(_SHELF, {"user_id": user.id, "kind": kind}).all()
    views = [
        View(id, name, query, columns, bool(shared), owner_id, owner, version)
        for id, name, query, columns, shared, owner_id, owner, version in rows
        if id
    ]
    views.sort(key=lambda view: (view.owner_id != user.id, view.name.casefold(), view.id))
    chosen = next((row for row in rows if not row[0]), None)
    if chosen is None:
        return Shelf(views)
    return Shelf(views, chosen[3], next((view for view in views if view.id == chosen[7]), None))


def view(db: Session, user: User, id: int) -> SavedView:
    """A view that is there for this user, or NotFound. A deleted one is there for whoever may bring it back."""
    found = db.scalars(
        select(SavedView).options(joinedload(SavedView.owner)).where(SavedView.id == id)
    ).first()
    if found is None or not (found.owner_id == user.id or found.shared):
        raise NotFound("Visningen findes ikke længere, eller den er ikke delt med dig.")
    if found.deleted_at is not None and not may_change(user, found):
        raise NotFound("Visningen findes ikke længere, eller den er ikke delt med dig.")
    return found


def may_change(user: User, view: SavedView | View) -> bool:
    """Its maker, and for a shared one managers."""
    return view.owner_id == user.id or (bool(view.shared) and may(user, "views.others"))


@dataclass(frozen=True)
class Choices:
    """What a list can be narrowed to, as keys and names."""

    groups: Sequence[tuple[int, str]]
    programmes: Sequence[tuple[str, str]]
    # Also those that cannot be chosen for anything new.
    kinds: dict[str, str]


_GROUPS = (
    select(literal("group"), cast(CompanyGroup.id, Text), CompanyGroup.name)
    .order_by(CompanyGroup.name)
    .limit(GROUPS)
    .subquery()
)
_PROGRAMMES = select(literal("programme"), Programme.key, Programme.name)
_KINDS = select(literal("kind"), KindOfRequest.key, KindOfRequest.name)
_CHOICES = union_all(select(*_GROUPS.c), _PROGRAMMES, _KINDS)


def choices(db: Session) -> Choices:
    """The groups, programmes and kinds of request there are, in one question."""
    rows = [tuple(row) for row in db.execute(_CHOICES)]
    groups = sorted(((int(key), name) for kind, key, name in rows if kind == "group"), key=_by_name)
    programmes = sorted(((key, name) for kind, key, name in rows if kind == "programme"), key=_by_name)
    kinds = sorted(((key, name) for kind, key, name in rows if kind == "kind"), key=_by_name)
    return Choices(groups, programmes, dict(kinds))


def _by_name(pair: tuple[Any, str]) -> str:
    return pair[1].casefold()


def snapshot(db: Session) -> None:
    """Everything this session reads from here on is of one and the same moment.

    On SQLite a reading transaction is so by itself.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def last_of(rows: Sequence[Any], limit: int, key: str) -> tuple[datetime, int] | None:
    """The key to go on after, when there are more rows than were asked for."""
    last = rows[limit - 1] if len(rows) > limit else None
    return (getattr(last, key), last.id) if last else None


def group_names(db: Session, ids: Sequence[int]) -> dict[int, str]:
    """The names of these groups."""
    return dict(db.execute(_GROUP_NAMES, {"ids": ids}).all())


def programmes_of(db: Session, company_ids: Sequence[int]) -> dict[int, list[str]]:
    """The programmes under which each of these companies has an agreement that stands, by name."""
    found: dict[int, list[str]] = {}
    for company_id, name in db.execute(_PARTNERS, {"ids": company_ids}):
        found.setdefault(company_id, []).append(name)
    return found


_GROUP_NAMES = select(CompanyGroup.id, CompanyGroup.name).where(Among(CompanyGroup.id, "ids"))
_PARTNERS = (
    select(Agreement.company_id, Programme.name)
    .join(Programme, Programme.id == Agreement.programme_id)
    .where(Among(Agreement.company_id, "ids"), Agreement.state.in_(IN_FORCE))
    .distinct()
    .order_by(Agreement.company_id, Programme.name)
)
