"""One hash over everything a database holds, to see whether anything changed."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from crm.db import Database
from crm.tables import metadata

# Counting a failed log-in or a key sent twice is what a refusal is for.
COUNTERS = frozenset({"throttle", "submission"})


def fingerprint(database: Database, *, without: frozenset[str] = COUNTERS) -> str:
    """The same for the same content, whichever way it came about."""
    found = hashlib.sha256()
    with database.read() as db:
        for table in metadata.sorted_tables:
            if table.name not in without:
                found.update(table.name.encode())
                for row in db.execute(select(table).order_by(*table.primary_key)):
                    found.update(repr(tuple(row)).encode())
    return found.hexdigest()
