"""Keeping a view of a list, sharing it, and choosing columns."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.errors import Conflict, NotAllowed, NotFound, Refused
from crm.lists.models import ListChoice, SavedView
from crm.lists.queries import may_change
from crm.types import clean

# So long a deleted view can be brought back.
KEPT = timedelta(days=30)
# So many views one may have of a list; more make a row of links that nobody reads.
MOST = 20
NOT_YOURS = "Visningen er en kollegas. Kun den, der lavede den, og ledere kan ændre den."


def save(
    db: Session,
    *,
    kind: str,
    name: str,
    query: str | None,
    columns: str | None,
    by: User,
    now: datetime,
    shared: bool = False,
) -> SavedView:
    """Keep the list as it stands, under a name of one's own."""
    own = _own_names(db, by, kind)
    if len(own) >= MOST:
        raise Refused("name", f"Du har allerede {MOST} visninger af listen. Slet en først.")
    view = SavedView(
        owner_id=by.id, kind=kind, name=_free(name, own), query=query, columns=columns,
        shared=int(shared), created_at=now,
    )  # fmt: skip
    db.add(view)
    db.flush()
    return view


def change(
    db: Session,
    *,
    view: SavedView,
    by: User,
    name: str | None = None,
    shared: bool | None = None,
    content: tuple[str | None, str | None] | None = None,
) -> SavedView:
    """Rename it, share it or keep it to oneself, or let it show something else (its query and its columns)."""
    _demand(view, by)
    if name is not None and name.strip() != view.name:
        owner = db.get_one(User, view.owner_id)
        view.name = _free(name, _own_names(db, owner, view.kind) - {view.name})
    if shared is not None:
        view.shared = int(shared)
    if content is not None:
        view.query, view.columns = content
    db.flush()
    return view


def delete(db: Session, *, view: SavedView, by: User, now: datetime) -> None:
    """Take it away. For a month it can be brought back."""
    _demand(view, by)
    _clear_away(db, view.owner_id, now)
    if view.deleted_at is None:
        view.deleted_at = now
    db.flush()


def bring_back(db: Session, *, view: SavedView, by: User) -> None:
    """It was not to be deleted after all."""
    _demand(view, by)
    if view.deleted_at is None:
        return
    owner = db.get_one(User, view.owner_id)
    if view.name in _own_names(db, owner, view.kind):
        raise Conflict(
            f"Der er kommet en anden visning, som hedder »{view.name}«. Giv den et andet navn først."
        )
    view.deleted_at = None
    db.flush()


def choose_columns(db: Session, *, kind: str, columns: str | None, by: User) -> None:
    """Remember which columns the user wants; None is the usual ones."""
    _choice(db, kind, by).columns = columns
    db.flush()


def open_with(db: Session, *, kind: str, view: SavedView | None, by: User) -> None:
    """Let the list open with a view from now on; None is the whole list."""
    if view is not None and (view.kind != kind or view.deleted_at is not None):
        raise NotFound("Visningen findes ikke længere.")
    _choice(db, kind, by).view_id = view.id if view else None
    db.flush()


def _choice(db: Session, kind: str, by: User) -> ListChoice:
    found = db.get(ListChoice, (by.id, kind))
    if found is None:
        found = ListChoice(user_id=by.id, kind=kind)
        db.add(found)
    return found


def _demand(view: SavedView, by: User) -> None:
    if not may_change(by, view):
        raise NotAllowed(NOT_YOURS)


def _own_names(db: Session, owner: User, kind: str) -> set[str]:
    return set(
        db.scalars(
            select(SavedView.name).where(
                SavedView.owner_id == owner.id, SavedView.kind == kind, SavedView.deleted_at.is_(None)
            )
        )
    )


def _free(name: str, taken: set[str]) -> str:
    """The name as it will be stored, if none of these is called so, however it is written."""
    stored = clean("name", " ".join(name.split()), 60)
    if stored is None:
        raise Refused("name", "Skriv et navn til visningen.")
    if stored.casefold() in {each.casefold() for each in taken}:
        raise Refused("name", f"Der er allerede en visning, som hedder »{stored}«. Vælg et andet navn.")
    return stored


def _clear_away(db: Session, owner_id: int, now: datetime) -> None:
    """What was deleted long ago goes for good."""
    old = db.scalars(
        select(SavedView).where(SavedView.owner_id == owner_id, SavedView.deleted_at < now - KEPT)
    ).all()
    if not old:
        return
    gone = [view.id for view in old]
    db.execute(
        update(ListChoice)
        .where(ListChoice.view_id.in_(gone))
        .values(view_id=None)
        .execution_options(synchronize_session=False)
    )
    for view in old:
        db.delete(view)
    db.flush()
