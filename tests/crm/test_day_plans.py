"""Every source of a day is found by an index, on an engine that knows nothing of how many rows there are."""

from __future__ import annotations

import pytest
from sqlalchemy import Select

from crm.day import sources
from crm.db import Database

READY = {
    "requests": sources._REQUESTS,
    "follow-ups": sources._FOLLOW_UPS,
    "agreements": sources._AGREEMENTS,
    "quiet companies": sources._QUIET,
    "comments": sources._COMMENTS,
}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", READY)
def test_no_table_is_read_from_end_to_end(database: Database, name: str) -> None:
    statement: Select[tuple[object, ...]] = READY[name]
    with database.read() as db:
        made = statement.compile(dialect=db.get_bind().dialect)
        nothing = tuple(0 for _ in made.positiontup or ())
        rows = db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {made}", nothing).all()
    steps = [str(row[3]) for row in rows]
    tables = ("request", "follow_up", "agreement", "company", "interaction", "put_off", "company_assignment")
    assert [step for step in steps if step.startswith("SCAN") and step.split()[1] in tables] == []
    assert [step for step in steps if "ix_company_sort_key" in step] == []
