"""What the database refuses of requests, tried with plain SQL; and what it takes along from before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crm import migrations
from crm.access.models import User
from crm.db import Database
from crm.requests import actions, queries
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.requests.models import WAYS, Request, RequestState
from crm.settings import Settings
from tests.conftest import NOW, add_company, add_user
from tests.conftest import _run as run_on
from tests.conftest import _url as url_of
from tests.crm.undone import at_once

HOUSE = WorkingHours.of(Settings())
STEP = (
    "INSERT INTO request_step (request_id, seq, from_state, to_state, at, by_id) "
    "SELECT request_id, {seq}, '{old}', '{new}', at, by_id FROM request_step WHERE seq = 1"
)
COPY = (
    "INSERT INTO request (company_id, kind, title, state, step_no, received_at, answer_due_at, owner_id, "
    "created_at, version{more}) SELECT company_id, {kind}, title, {state}, {step_no}, received_at, answer_due_at, "
    "owner_id, created_at, 1{values} FROM request"
)


def _copy(kind: str = "kind", state: str = "state", step_no: str = "1", **more: object) -> str:
    names, values = "".join(f", {name}" for name in more), "".join(f", {value}" for value in more.values())
    return COPY.format(kind=kind, state=state, step_no=step_no, more=names, values=values)


@pytest.fixture
def asked(database: Database) -> Database:
    """One request, taken."""
    with database.write() as db:
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        request = actions.take_in(
            db, company=company, asked=NewRequest("recruitment", "To svende"), by=anna, now=NOW, clock=HOUSE
        )
        actions.move(db, request=request, to="taken", by=anna, now=NOW)
    return database


BREAKS = {
    "a way there is none": STEP.format(seq=3, old="taken", new="new"),
    "a step from another state": STEP.format(seq=3, old="in_progress", new="resolved"),
    "a step over a gap": STEP.format(seq=4, old="taken", new="resolved"),
    "a step taken twice": STEP.format(seq=2, old="new", new="taken"),
    "another step in its place": STEP.format(seq=2, old="new", new="resolved"),
    "a second beginning": STEP.format(seq=3, old="-", new="new"),
    "a step nobody knows": STEP.format(seq=3, old="taken", new="done"),
    "a state without a step": "UPDATE request SET state = 'waiting'",
    "an end without a step": "UPDATE request SET state = 'resolved', closed_at = created_at, answered_at = created_at",
    "a way back": "UPDATE request SET step_no = 1, state = 'new'",
    "a step rewritten": "UPDATE request_step SET note = 'Noget andet'",
    "a step removed": "DELETE FROM request_step WHERE seq = 2",
    "a request without its steps": "DELETE FROM request_step",
    "a request removed, its steps left": "DELETE FROM request",
    "a request that begins in the middle": _copy(state="'resolved'", step_no="2"),
    "a request without a first step": _copy(),
    "a kind there is none": "UPDATE request SET kind = 'fax'",
    "a kind in use removed": "DELETE FROM request_kind WHERE key = 'recruitment'",
    "a scheme there is none": "UPDATE request SET scheme_id = 999",
    "a count below nothing": "UPDATE request SET wanted = -1",
    "persons beyond measure": "UPDATE request SET persons = 10001",
    "hours the wrong way round": "UPDATE request SET hours_from = 37, hours_to = 30",
    "a name for a case": "UPDATE request SET case_reference = 'Per Hansen'",
    "a kind that ends before it begins": "UPDATE request_kind SET valid_from = '2026-02-01', valid_to = '2026-01-01'",
    "a scheme that ends before it begins": "UPDATE scheme SET valid_from = '2026-02-01', valid_to = '2026-01-01'",
    "an answer in no time": "UPDATE request_kind SET answer_hours = 0",
}


@pytest.mark.parametrize("statement", BREAKS.values(), ids=BREAKS.keys())
def test_the_database_refuses(asked: Database, statement: str) -> None:
    with pytest.raises(DBAPIError), asked.write() as db:
        db.execute(text(statement))


def test_a_step_by_plain_sql_moves_the_request_and_its_clock(asked: Database) -> None:
    with asked.write() as db:
        db.execute(text(STEP.format(seq=3, old="taken", new="waiting")))
    with asked.read() as db:
        request = db.get_one(Request, 1)
        assert (request.state, request.step_no, request.paused_since) == ("waiting", 3, NOW)
    with asked.write() as db:
        db.execute(text(STEP.format(seq=4, old="waiting", new="withdrawn")))
    with asked.read() as db:
        request = db.get_one(Request, 1)
        assert (request.state, request.closed_at, request.answered_at) == ("withdrawn", NOW, NOW)
        assert (request.paused_since, request.in_time, request.version) == (None, 1, 4)


def test_every_way_of_the_code_is_one_of_the_database_and_no_other(database: Database) -> None:
    with database.read() as db:
        rows = db.execute(text("SELECT from_state, to_state FROM request_way")).all()
    assert {(old, new) for old, new in rows} == {(str(old), str(new)) for old, new in WAYS}
    assert len(rows) == 24


@pytest.mark.parametrize(
    ("table", "column", "key"),
    [
        ("request_kind", "kind", "'guidance'"),
        ("scheme", "scheme_id", "(SELECT id FROM scheme WHERE key = 'mentor')"),
    ],
)
def test_what_is_out_of_its_days_is_not_chosen(asked: Database, table: str, column: str, key: str) -> None:
    where = f"WHERE {'key' if table == 'request_kind' else 'id'} = {key}"
    choose = f"UPDATE request SET {column} = {key}"
    begin = _copy(kind=key) if column == "kind" else _copy(scheme_id=key)
    over, to_come = NOW.date() - timedelta(days=1), NOW.date() + timedelta(days=2)
    for column_of_day, day, later in (("valid_to", over, False), ("valid_from", to_come, True)):
        with asked.write() as db:
            db.execute(text(f"UPDATE {table} SET valid_from = NULL, valid_to = NULL {where}"))
            db.execute(text(f"UPDATE {table} SET {column_of_day} = '{day}' {where}"))
        with pytest.raises(DBAPIError, match="out of its days"), asked.write() as db:
            db.execute(text(begin))
        if later:
            continue
        with pytest.raises(DBAPIError, match="out of its days"), asked.write() as db:
            db.execute(text(choose))
    # What was asked under it stays, and may be worked on.
    with asked.write() as db:
        db.execute(text(f"UPDATE {table} SET valid_from = NULL, valid_to = NULL {where}"))
        db.execute(text(choose))
        db.execute(text(f"UPDATE {table} SET valid_to = '{over}' {where}"))
        db.execute(text("UPDATE request SET title = 'Rettet'"))
        db.execute(text(choose))


def test_two_who_take_the_same_step_at_once_take_it_once(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db).id
        company = add_company(db, responsible=db.get_one(User, anna))
        ids = [
            actions.take_in(
                db, company=company, asked=NewRequest("ips", "Timer"), by=db.get_one(User, anna), now=NOW,
                clock=HOUSE,
            ).id
            for _ in range(8)
        ]  # fmt: skip
    other = Database(database.url)
    for id in ids:

        def move(mine: Database, id: int = id) -> None:
            with mine.write() as db:
                actions.move(db, request=queries.get(db, id), to="taken", by=db.get_one(User, anna), now=NOW)

        # Whoever comes second finds it done: no error, and no second step.
        assert at_once(lambda: move(database), lambda: move(other)) == []
        with database.read() as db:
            assert [step.to_state for step in queries.steps(db, queries.get(db, id))] == ["new", "taken"]
    other.close()


# --- From before ----------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of each engine as it was before, with companies and requests in it."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    else:
        server, name = request.getfixturevalue("_postgres"), f"old_{uuid4().hex[:12]}"
        run_on(server, f"CREATE DATABASE {name}")
        database = Database(url_of(server, name))
    _at(database, "002_one_person_to_call")
    _old_rows(database)
    yield database
    database.close()


def _at(database: Database, revision: str) -> None:
    with database.writer.connect() as connection:
        config = migrations.config()
        config.attributes |= {"connection": connection, "guards": False}
        command.upgrade(config, revision)


OLD = (
    ("new", None, None, ("new",)),
    ("waiting", "2026-11-23T11:00:00.000000Z", None, ("new", "taken", "waiting")),
    ("in_progress", "2026-11-25T11:00:00.000000Z", None, ("new", "resolved", "in_progress")),
    ("unresolved", "2026-11-23T11:00:00.000000Z", "2026-11-24T11:00:00.000000Z",
     ("new", "taken", "in_progress", "waiting", "in_progress", "unresolved")),
)  # fmt: skip


def test_requests_of_an_older_database_come_along_whole(old: Database) -> None:
    """Rows of the schema before are read, worked on and kept to the rules like new ones."""
    database = old
    migrations.upgrade(database)
    with database.write() as db:
        for id, (state, answered, _closed, steps) in enumerate(OLD, 1):
            found = queries.get(db, id)
            assert (found.state, found.step_no, found.kind_name) == (state, len(steps), "Rekruttering")
            assert [step.to_state for step in queries.steps(db, found)] == list(steps)
            assert [step.from_state for step in queries.steps(db, found)] == ["-", *steps[:-1]]
            in_time = None if answered is None else answered <= "2026-11-24T09:00:00.000000Z"
            assert (found.answered_in_time, found.paused_since) == (in_time, None)
            assert found.wanted == 2
        moved = actions.move(
            db, request=queries.get(db, 2), to=RequestState.RESOLVED, by=queries.get(db, 2).owner, now=NOW,
            clock=HOUSE,
        )  # fmt: skip
        assert (moved.step_no, moved.closed_at) == (4, NOW)
    with pytest.raises(DBAPIError), database.write() as db:
        db.execute(text("UPDATE request SET state = 'new'"))


ROWS = (
    "INSERT INTO user_account (id, email, name, role, is_active, shortcuts, created_at) VALUES "
    "(1, 'anna@kommune.test', 'Anna', 'consultant', 1, 1, '2026-01-01T00:00:00.000000Z')",
    "INSERT INTO company (id, cvr, name, sort_key, source, kept_by_hand, current_assignment_id, has_responsible, "
    "created_at, version, status, active, advertising_protected) VALUES (1, '10000009', 'Smedjen ApS', 'smedjen', "
    "'manual', '[]', 1, 1, '2026-01-01T00:00:00.000000Z', 1, 'NORMAL', 1, 0)",
    "INSERT INTO company_assignment (id, company_id, user_id, valid_from, reason) VALUES "
    "(1, 1, 1, '2026-01-01T00:00:00.000000Z', 'Ny')",
)
REQUEST = text(
    "INSERT INTO request (id, company_id, kind, title, state, received_at, answer_due_at, answered_at, closed_at, "
    "owner_id, wanted, created_at, version) VALUES (:id, 1, 'recruitment', 'To svende', :state, "
    "'2026-11-23T09:00:00.000000Z', '2026-11-24T09:00:00.000000Z', :answered, :closed, 1, 2, "
    "'2026-11-23T09:00:00.000000Z', 3)"
)
OLD_STEP = text(
    "INSERT INTO request_step (request_id, seq, to_state, at, by_id) VALUES "
    "(:id, :seq, :to, '2026-11-23T09:00:00.000000Z', 1)"
)


def _old_rows(database: Database) -> None:
    with database.writer.begin() as connection:
        for row in ROWS:
            connection.execute(text(row))
        for id, (state, answered, closed, steps) in enumerate(OLD, 1):
            values = {"id": id, "state": state, "answered": answered, "closed": closed}
            connection.execute(REQUEST, values)
            for seq, step in enumerate(steps, 1):
                connection.execute(OLD_STEP, {"id": id, "seq": seq, "to": step})
