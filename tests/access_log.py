"""What the access log of a test's database says."""

from __future__ import annotations

from sqlalchemy import func, select

from crm.access_log.models import AccessEntry
from crm.access_log.store import log_of
from crm.db import Database


def entries(database: Database, after: int = 0) -> list[AccessEntry]:
    """All rows since the one with this number, the first first."""
    with log_of(database).read() as rows:
        return list(rows.scalars(select(AccessEntry).where(AccessEntry.id > after).order_by(AccessEntry.id)))


def last(database: Database) -> int:
    """The number of the last row; 0 when there is none."""
    with log_of(database).read() as rows:
        return rows.scalar(select(func.max(AccessEntry.id))) or 0
