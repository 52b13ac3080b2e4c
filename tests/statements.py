"""Counts what is asked of a database, so that a page that asks once for each row shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from crm.db import Database

# Said by the driver or by us around a transaction, and not asked of the tables.
AROUND = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements sent within, in order."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.lstrip().upper().startswith(AROUND):
            seen.append(statement)

    # On PostgreSQL the reader is the writer with other options, and hears what the writer hears.
    engines = [database.writer] if database.dialect == "postgresql" else [database.reader, database.writer]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
