"""What an import says when it is done: every row read is accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm import audit, cpr
from crm.batches import ImportBatch, ImportChange, ImportRefusal
from crm.db import Base, Database
from crm.types import storable
from importers.bulk import Columns, put

FIGURES = ("read", "created", "changed", "unchanged", "refused")
# The kind of change that hands a company over; all others are named after their table.
RESPONSIBLE = "responsible"
# An import may wait for the one before it, and write for longer, than a page may.
PATIENCE = ("SET LOCAL lock_timeout = '10min'", "SET LOCAL statement_timeout = '30min'")
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(20260102)"
RECORDED = 2000


def sayable(reason: str, limit: int = 500) -> str:
    """The text without what nobody can store or read, and without anything that looks like a CPR number."""
    return cpr.mask(storable(reason, limit)).strip() or "-"


@dataclass
class Receipt:
    """The figures add up: created + changed + unchanged + refused = read."""

    file: str
    batch: int | None = None
    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    rows: list[tuple[int, str]] = field(default_factory=list)
    columns_left_out: list[str] = field(default_factory=list)

    def refuse(self, line: int, reason: str) -> None:
        """A row stays out, for this reason."""
        self.read += 1
        self.refused += 1
        self.rows.append((line, sayable(reason)))

    def count(self, outcome: str) -> None:
        """A row was "created", "changed" or "unchanged"."""
        self.read += 1
        setattr(self, outcome, getattr(self, outcome) + 1)

    def figures(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "file": self.file,
            "batch": self.batch,
            **{name: getattr(self, name) for name in FIGURES},
            "rows": [{"line": line, "reason": reason} for line, reason in self.rows],
            "columns_left_out": self.columns_left_out,
        }


def wait_for_others(db: Session) -> None:
    """Let the import before this one end first. SQLite has one writer anyway."""
    if db.get_bind().dialect.name == "postgresql":
        for statement in (*PATIENCE, ONE_AT_A_TIME):
            db.execute(text(statement))


class _DryRun(Exception):  # It ends a transaction on purpose.
    pass


@dataclass
class Batch:
    """An import under way: its session, its receipt, and what it has changed so far."""

    db: Session
    receipt: Receipt
    id: int
    now: datetime
    user_id: int | None = None
    _changes: list[Columns] = field(default_factory=list)

    def record(self, of: type[Base] | str, id: int, before: Columns | None, after: Columns | None) -> None:
        """Remember a row that was created (`before` is None) or changed, so that it can be undone."""
        kind = of if isinstance(of, str) else of.__tablename__
        self._changes.append(
            {"batch_id": self.id, "kind": kind, "object_id": id, "before": before, "after": after}
        )
        if len(self._changes) >= RECORDED:
            self.write_down()

    def write_down(self) -> None:
        """Write what has been recorded."""
        put(self.db, ImportChange, self._changes)
        self._changes = []


@contextmanager
def batch(
    database: Database,
    *,
    kind: str,
    file: str,
    actor: str,
    now: datetime,
    dry_run: bool,
    user_id: int | None = None,
) -> Iterator[Batch]:
    """One transaction for one file. With `dry_run` everything is tried and nothing is kept."""
    receipt = Receipt(sayable(file, 300))
    try:
        with database.write(actor, user_id) as db:
            wait_for_others(db)
            row = ImportBatch(
                kind=kind, file_name=receipt.file, at=now, actor=actor, rows_read=0,
                **dict.fromkeys(FIGURES[1:], 0),
            )  # fmt: skip
            db.add(row)
            db.flush()
            yield (work := Batch(db, receipt, row.id, now, user_id))
            _close(work, row)
            if dry_run:
                raise _DryRun
            receipt.batch = row.id
    except _DryRun:
        pass


def _close(work: Batch, row: ImportBatch) -> None:
    receipt = work.receipt
    work.write_down()
    receipt.rows.sort(key=itemgetter(0))
    row.rows_read = receipt.read
    for name in FIGURES[1:]:
        setattr(row, name, getattr(receipt, name))
    work.db.flush()
    refusals = [
        {"batch_id": row.id, "seq": seq, "line": line, "reason": reason}
        for seq, (line, reason) in enumerate(receipt.rows, 1)
    ]
    put(work.db, ImportRefusal, refusals)
    figures = {name: getattr(receipt, name) for name in FIGURES}
    audit.note(
        work.db, action="import", kind="import_batch", id=row.id, payload={"file": receipt.file, **figures}
    )
