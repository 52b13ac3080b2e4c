"""Saved views: one name for each, whom they are for, and gone only until somebody wants them back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from crm.access.models import User
from crm.db import Database, Session
from crm.errors import Conflict, NotAllowed, NotFound, Refused
from crm.lists import actions, queries
from crm.lists.models import ListChoice, SavedView
from tests.conftest import NOW, add_user

VALUES = {
    "owner_id": 1, "kind": "companies", "name": "Bagere", "shared": 0, "created_at": "2026-11-23T09:00:00.000000Z",
    "version": 1, "deleted_at": None,
}  # fmt: skip


def _save(db: Session, by: User, name: str = "Bagere", **more: object) -> SavedView:
    values = {"kind": "companies", "query": "branche=10", "columns": "branche,sidst", "shared": False} | more
    return actions.save(db, name=name, by=by, now=NOW, **values)  # type: ignore[arg-type]


def _insert(db: Session, **more: object) -> None:
    values = VALUES | more
    names = ", ".join(values)
    db.execute(
        text(f"INSERT INTO saved_view ({names}) VALUES ({', '.join(f':{name}' for name in values)})"), values
    )
    db.flush()


@pytest.mark.parametrize(
    "broken",
    [{"kind": "goals"}, {"shared": 2}, {"name": None}, {"owner_id": 999}, {"created_at": None}, {}],
    ids=lambda broken: str(broken) or "the same name again",
)
def test_the_database_itself_refuses_a_view_that_breaks_a_rule(
    database: Database, broken: dict[str, object]
) -> None:
    with database.write() as db:
        _save(db, add_user(db))
    with pytest.raises(IntegrityError), database.write() as db:
        _insert(db, **broken)


def test_the_database_lets_two_have_the_same_name_and_one_take_a_name_again(database: Database) -> None:
    with database.write() as db:
        anna, bo = add_user(db), add_user(db, "bo@kommune.test")
        _save(db, anna)
    with database.write() as db:
        _insert(db, owner_id=bo.id)
        _insert(db, kind="requests")
        _insert(db, deleted_at="2026-11-23T09:00:00.000000Z")


def test_the_database_refuses_that_a_list_opens_with_a_view_of_another(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        view = _save(db, anna)
    for values in (
        {"kind": "requests", "view": view.id},
        {"kind": "companies", "view": 999},
        {"kind": "goals", "view": None},
    ):
        with pytest.raises(IntegrityError), database.write() as db:
            db.execute(
                text("INSERT INTO list_choice (user_id, kind, view_id) VALUES (1, :kind, :view)"), values
            )


def test_a_view_is_there_for_its_maker_and_for_all_when_it_is_shared(db: Session) -> None:
    anna, bo = add_user(db), add_user(db, "bo@kommune.test")
    mine, shared = _save(db, anna, "Min"), _save(db, anna, "Alles", shared=True)
    _save(db, bo, "Bos")
    _save(db, anna, "Andet", kind="requests")
    assert [view.name for view in queries.shelf(db, anna, "companies").views] == ["Alles", "Min"]
    assert [view.name for view in queries.shelf(db, bo, "companies").views] == ["Bos", "Alles"]
    assert queries.view(db, bo, shared.id) is shared
    with pytest.raises(NotFound):
        queries.view(db, bo, mine.id)


def test_a_name_is_taken_however_it_is_written(db: Session) -> None:
    anna = add_user(db)
    _save(db, anna, "Mine stille")
    for name in ("Mine stille", " mine  STILLE ", "MINE STILLE"):
        with pytest.raises(Refused, match="allerede en visning"):
            _save(db, anna, name)
    other = _save(db, anna, "Andre")
    with pytest.raises(Refused, match="allerede en visning"):
        actions.change(db, view=other, name="mine stille", by=anna)
    with pytest.raises(Refused, match="Skriv et navn"):
        _save(db, anna, "  ")
    with pytest.raises(Refused, match="CPR"):
        _save(db, anna, "070761-4285")


def test_only_its_maker_changes_a_view_and_managers_a_shared_one(db: Session) -> None:
    anna, bo, mona = (
        add_user(db),
        add_user(db, "bo@kommune.test"),
        add_user(db, "mona@kommune.test", "manager"),
    )
    view = _save(db, anna, shared=True)
    for change in (
        lambda by: actions.change(db, view=view, name="Nyt", by=by),
        lambda by: actions.delete(db, view=view, by=by, now=NOW),
        lambda by: actions.bring_back(db, view=view, by=by),
    ):
        with pytest.raises(NotAllowed):
            change(bo)
        change(mona)
    actions.change(db, view=view, shared=False, by=anna)
    with pytest.raises(NotAllowed):
        actions.change(db, view=view, name="Mit", by=mona)


def test_a_deleted_view_comes_back_as_it_was_unless_its_name_is_taken(db: Session) -> None:
    anna = add_user(db)
    view = _save(db, anna)
    actions.open_with(db, kind="companies", view=view, by=anna)
    actions.delete(db, view=view, by=anna, now=NOW)
    shelf = queries.shelf(db, anna, "companies")
    assert (shelf.views, shelf.first) == ([], None)
    actions.bring_back(db, view=view, by=anna)
    shelf = queries.shelf(db, anna, "companies")
    assert shelf.first is not None
    assert (shelf.first.name, shelf.first.query, shelf.first.columns) == (
        "Bagere",
        "branche=10",
        "branche,sidst",
    )
    actions.delete(db, view=view, by=anna, now=NOW)
    _save(db, anna)
    with pytest.raises(Conflict, match="en anden visning"):
        actions.bring_back(db, view=view, by=anna)


def test_what_was_deleted_a_month_ago_goes_for_good_when_the_next_is_deleted(db: Session) -> None:
    anna = add_user(db)
    old, new = _save(db, anna, "Gammel"), _save(db, anna, "Ny")
    actions.open_with(db, kind="companies", view=old, by=anna)
    actions.delete(db, view=old, by=anna, now=NOW)
    actions.delete(db, view=new, by=anna, now=NOW + timedelta(days=31))
    assert db.scalars(select(SavedView.name)).all() == ["Ny"]
    assert db.scalars(select(ListChoice.view_id)).all() == [None]


def test_chosen_columns_are_each_users_own(db: Session) -> None:
    anna, bo = add_user(db), add_user(db, "bo@kommune.test")
    actions.choose_columns(db, kind="companies", columns="mail", by=anna)
    actions.choose_columns(db, kind="companies", columns="mail,koncern", by=anna)
    assert queries.shelf(db, anna, "companies").columns == "mail,koncern"
    assert queries.shelf(db, anna, "requests").columns is None
    assert queries.shelf(db, bo, "companies").columns is None


def test_nobody_has_more_views_than_can_be_read(db: Session) -> None:
    anna = add_user(db)
    for number in range(actions.MOST):
        _save(db, anna, f"Nr. {number}")
    with pytest.raises(Refused, match="Slet en først"):
        _save(db, anna, "En til")
