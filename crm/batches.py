"""Imports that have happened: what a file brought, row by row, so that it can be explained and undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm.db import Base, Key, Row
from crm.errors import NotFound
from crm.types import Json, SafeText, Utc


class ImportBatch(Row, Base):
    """One file taken in. The four figures add up to the rows read."""

    __tablename__ = "import_batch"
    __data_class__ = "technical"
    __table_args__ = (CheckConstraint("created + changed + unchanged + refused = rows_read", name="sum"),)

    kind: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(SafeText(300))
    at: Mapped[datetime] = mapped_column(Utc)
    actor: Mapped[str] = mapped_column(Text)
    rows_read: Mapped[int] = mapped_column(Integer)
    created: Mapped[int] = mapped_column(Integer)
    changed: Mapped[int] = mapped_column(Integer)
    unchanged: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    undone_at: Mapped[datetime | None] = mapped_column(Utc)


class ImportRefusal(Base):
    """A row that stayed out, and why."""

    __tablename__ = "import_refusal"
    __data_class__ = "technical"
    __audited__ = False

    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(SafeText(500))


class ImportChange(Row, Base):
    """A row that was created (`before` is NULL) or changed (`before` holds the old values)."""

    __tablename__ = "import_change"
    __data_class__ = "register"
    __audited__ = False
    __table_args__ = (Index("ix_import_change_object", "kind", "object_id"),)

    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    object_id: Mapped[int] = mapped_column(Key)
    before: Mapped[Any] = mapped_column(Json, nullable=True)
    after: Mapped[Any] = mapped_column(Json, nullable=True)


def recent(db: Session, limit: int = 20) -> Sequence[ImportBatch]:
    """The last imports, the newest first."""
    return db.scalars(select(ImportBatch).order_by(ImportBatch.id.desc()).limit(limit)).all()


def get(db: Session, id: int) -> ImportBatch:
    """One import, or NotFound."""
    found = db.get(ImportBatch, id)
    if found is None:
        raise NotFound("Vi kan ikke finde den import.")
    return found


def refusals(db: Session, batch: ImportBatch, limit: int = 500) -> Sequence[ImportRefusal]:
    """The rows that stayed out, in the file's order."""
    rows = select(ImportRefusal).where(ImportRefusal.batch_id == batch.id).order_by(ImportRefusal.seq)
    return db.scalars(rows.limit(limit)).all()
