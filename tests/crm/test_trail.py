"""The audit log is searched by index, page by page, also when it is long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, text

from crm import trail
from crm.audit import AuditEvent
from crm.db import Database
from crm.trail import Wanted
from tests.conftest import NOW
from tests.town import ANNA, BO, Town

ROWS = 20_000
SEARCHES = {
    "all": Wanted(),
    "who": Wanted(actor="u3@kommune.test"),
    "kind": Wanted(kind="request"),
    "one": Wanted(kind="request", object_id="7"),
    "act": Wanted(action="export"),
    "period": Wanted(since=NOW + timedelta(hours=1), until=NOW + timedelta(hours=2)),
    "who and when": Wanted(actor="u3@kommune.test", since=NOW + timedelta(hours=1)),
}


@pytest.fixture
def long_log(database: Database, built_town: Town) -> Database:
    """The town, and many changes of things that are not there."""
    with database.writer.begin() as connection:
        first = (connection.scalar(text("SELECT max(seq) FROM audit_event")) or 0) + 1
        connection.execute(insert(AuditEvent.__table__), list(_rows(first)))  # type: ignore[arg-type]
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return database


def _rows(first: int) -> Iterator[dict[str, Any]]:
    for number in range(ROWS):
        yield {
            "seq": first + number, "at": NOW + timedelta(seconds=number), "actor": f"u{number % 20}@kommune.test",
            "user_id": 1, "action": "change" if number % 100 else "export",
            "object_kind": ("company", "agreement", "request", "mail")[number % 4],
            "object_id": str(10**6 + number % 5000),
            "payload": {}, "payload_hash": "x", "previous": "x", "hash": str(number),
        }  # fmt: skip


def _plan(database: Database, wanted: Wanted) -> str:
    seen: list[tuple[str, Any]] = []
    with database.read() as db:

        def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
            seen.append((statement, values))

        event.listen(database.reader.engine, "before_cursor_execute", note)
        trail.page(db, wanted)
        event.remove(database.reader.engine, "before_cursor_execute", note)
        explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
        statement, values = seen[-1]
        return "\n".join(str(row[-1]) for row in db.connection().exec_driver_sql(explain + statement, values))


def test_every_search_reads_by_index_in_the_order_it_is_shown(long_log: Database) -> None:
    for name, wanted in SEARCHES.items():
        plan = _plan(long_log, wanted)
        assert "Seq Scan" not in plan, (name, plan)
        assert "TEMP B-TREE" not in plan, (name, plan)
        if long_log.dialect == "sqlite" and wanted != Wanted():
            assert "SCAN audit_event" not in plan, (name, plan)
        if long_log.dialect == "postgresql" and name not in {"one", "period"}:
            assert "Sort" not in plan, (name, plan)


def test_everything_about_a_company_is_found_without_reading_the_log(
    long_log: Database, built_town: Town
) -> None:
    plan = _plan(long_log, Wanted(company_id=built_town.bakery_id))
    assert "Seq Scan on audit_event" not in plan, plan
    assert "SCAN audit_event" not in plan, plan
    with long_log.read() as db:
        rows, _ = trail.page(db, Wanted(company_id=built_town.bakery_id), limit=200)
        found = {row.object_kind for row in rows}
        assert {"company", "agreement", "request", "request_step", "interaction", "company_contact"} <= found
        assert {"commitment", "document", "follow_up", "company_assignment"} <= found
        garden = {row.object_id for row in rows if row.object_kind == "company"}
    assert garden == {str(built_town.bakery_id)}


def test_pages_join_without_a_gap_while_others_write(database: Database, built_town: Town) -> None:
    with database.read() as db:
        everything = [row.seq for row in trail.page(db, Wanted(), limit=100_000)[0]]
    seen: list[int] = []
    before = None
    while True:
        with database.read() as db:
            rows, before = trail.page(db, Wanted(), before=before, limit=7)
            seen += [row.seq for row in rows]
        with database.write(BO) as db:
            db.execute(text("UPDATE installation SET is_demo = is_demo"))
        if before is None:
            break
    assert seen == everything == sorted(everything, reverse=True)


def test_a_period_and_a_person_narrow_it(long_log: Database) -> None:
    with long_log.read() as db:
        rows, _ = trail.page(db, SEARCHES["who and when"], limit=5000)
        assert rows
        assert {row.actor for row in rows} == {"u3@kommune.test"}
        assert min(row.at for row in rows) >= NOW + timedelta(hours=1)
        assert trail.page(db, Wanted(actor=ANNA, since=NOW + timedelta(days=4000)))[0] == []
