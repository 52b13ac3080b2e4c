"""One hash over everything a database holds, to see whether anything changed."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from crm.db import Database
from crm.tables import metadata

# Counting a failed log-in or a key sent twice is what a refusal is for.
COUNTERS = frozenset({"throttle", "submission"})
# That a program has called is written also when it only looked.
TRACES = frozenset({"api_token.last_used_at"})


def fingerprint(database: Database, *, without: frozenset[str] = COUNTERS) -> str:
    """The same for the same content, whichever way it came about."""
    found = hashlib.sha256()
    with database.read() as db:
        for table in metadata.sorted_tables:
            if table.name not in without:
                found.update(table.name.encode())
                columns = [each for each in table.c if f"{table.name}.{each.name}" not in TRACES]
                for row in db.execute(select(*columns).order_by(*table.primary_key)):
                    found.update(repr(tuple(row)).encode())
    return found.hexdigest()
