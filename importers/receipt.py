"""What an import says when it is done: every row read is accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from crm import audit
from crm.batches import ImportBatch, ImportChange, ImportRefusal
from crm.db import Database


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
        self.rows.append((line, reason))

    def count(self, outcome: str) -> None:
        """A row was "created", "changed" or "unchanged"."""
        self.read += 1
        setattr(self, outcome, getattr(self, outcome) + 1)

    def figures(self) -> dict[str, Any]:
        """As `--json` prints it."""
        names = ("batch", "read", "created", "changed", "unchanged", "refused")
        return (
            {"file": self.file}
            | {name: getattr(self, name) for name in names}
            | {"rows": [{"line": line, "reason": reason} for line, reason in self.rows]}
        )


class _DryRun(Exception):  # It ends a transaction on purpose.
    pass


@dataclass
class Batch:
    """An import under way: its session, its receipt, and what it has changed so far."""

    db: Session
    receipt: Receipt
    id: int
    now: datetime
    actor: str

    def record(self, changes: list[dict[str, Any]]) -> None:
        """Remember rows created (`before` None) or changed, so that the import can be undone."""
        if changes:
            self.db.execute(insert(ImportChange), [{"batch_id": self.id, **change} for change in changes])


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
    receipt = Receipt(file)
    try:
        with database.write(actor, user_id) as db:
            row = ImportBatch(
                kind=kind,
                file_name=file,
                at=now,
                actor=actor,
                rows_read=0,
                created=0,
                changed=0,
                unchanged=0,
                refused=0,
            )
            db.add(row)
            db.flush()
            yield (work := Batch(db, receipt, row.id, now, actor))
            _close(work, row)
            if dry_run:
                raise _DryRun
            receipt.batch = row.id
    except _DryRun:
        pass


def _close(work: Batch, row: ImportBatch) -> None:
    receipt = work.receipt
    receipt.rows.sort()
    row.rows_read, row.created, row.changed = receipt.read, receipt.created, receipt.changed
    row.unchanged, row.refused = receipt.unchanged, receipt.refused
    work.db.flush()
    refusals = [
        # The reason may quote the file; whatever looks like a CPR number is covered.
        {"batch_id": row.id, "seq": seq, "line": line, "reason": reason[:500]}
        for seq, (line, reason) in enumerate(receipt.rows, 1)
    ]
    if refusals:
        work.db.execute(insert(ImportRefusal), refusals)
    figures = {
        name: getattr(receipt, name) for name in ("read", "created", "changed", "unchanged", "refused")
    }
    audit.note(
        work.db, action="import", kind="import_batch", id=row.id, payload={"file": receipt.file, **figures}
    )
