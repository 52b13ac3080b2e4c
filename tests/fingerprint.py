"""One hash over everything a database holds, to see whether anything changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache

from sqlalchemy import Dialect, select

from crm.db import Database
from crm.tables import metadata

# Counting a failed log-in or a key sent twice is what a refusal is for.
COUNTERS = frozenset({"throttle", "submission"})
# That a program has called is written also when it only looked.
TRACES = frozenset({"api_token.last_used_at"})


def fingerprint(database: Database, *, without: frozenset[str] = COUNTERS) -> str:
    """The same for the same content, whichever way it came about."""
    found = hashlib.sha256()
    with database.reader.connect() as connection:
        for name, question in _questions(database.writer.dialect):
            if name not in without:
                found.update(name.encode())
                for row in connection.exec_driver_sql(question):
                    found.update(repr(tuple(row)).encode())
    return found.hexdigest()


@cache
def _questions(dialect: Dialect) -> Sequence[tuple[str, str]]:
    """A statement for each table, in the engine's own words: it is asked so often that making it would take longest."""
    return [
        (
            table.name,
            str(
                select(*(each for each in table.c if f"{table.name}.{each.name}" not in TRACES))
                .order_by(*table.primary_key)
                .compile(dialect=dialect)
            ),
        )
        for table in metadata.sorted_tables
    ]
