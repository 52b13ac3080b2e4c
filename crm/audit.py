"""The audit log: what was changed, by whom, written in the transaction it describes.

Rows are collected while a session flushes and written just before it commits, as a chain: each row's
hash covers the one before it, so that a row changed or removed behind our back shows (ASVS 16.4.2).
`payload` stands outside the hash (its own hash is inside), so that it can be erased without
breaking the chain. Core statements pass the collector by: bulk work calls `note()` itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, cast

from sqlalchemy import (
    CheckConstraint,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    event,
    insert,
    inspect,
    select,
    true,
    update,
)
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from crm.db import Base, Key
from crm.guards import guards, refuse_trigger
from crm.types import Json, Utc


class AuditEvent(Base):
    """One change of one row, or one act of many. `seq` has no holes."""

    __tablename__ = "audit_event"
    __data_class__ = "technical"
    __audited__ = False
    # One for each way to search it; each ends in the order it is shown in.
    __table_args__ = (
        Index("ix_audit_event_object", "object_kind", "object_id", "seq"),
        Index("ix_audit_event_kind", "object_kind", "seq"),
        Index("ix_audit_event_actor", "actor", "seq"),
        Index("ix_audit_event_action", "action", "seq"),
        Index("ix_audit_event_at", "at", "seq"),
    )

    seq: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Utc)
    actor: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(Key)
    action: Mapped[str] = mapped_column(Text)
    object_kind: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
    payload: Mapped[Any] = mapped_column(Json, nullable=True)
    payload_hash: Mapped[str] = mapped_column(Text)
    previous: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text, unique=True)


class AuditHead(Base):
    """The end of the chain. One row; its update is what makes writers take turns."""

    __tablename__ = "audit_head"
    __data_class__ = "technical"
    __audited__ = False
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Key)
    hash: Mapped[str] = mapped_column(Text)


_ERASED_ONLY = (
    "NOT (NEW.payload IS NULL AND NEW.seq = OLD.seq AND NEW.at = OLD.at AND NEW.actor = OLD.actor "
    "AND COALESCE(NEW.user_id, 0) = COALESCE(OLD.user_id, 0) "
    "AND NEW.action = OLD.action AND NEW.object_kind = OLD.object_kind AND NEW.object_id = OLD.object_id "
    "AND NEW.payload_hash = OLD.payload_hash AND NEW.previous = OLD.previous AND NEW.hash = OLD.hash)"
)
guards(
    refuse_trigger("audit_no_delete", "audit_event", "", "DELETE", "the audit log is append-only"),
    refuse_trigger("audit_no_update", "audit_event", _ERASED_ONLY, "UPDATE", "the audit log is append-only"),
    refuse_trigger("audit_no_truncate", "audit_event", "", "TRUNCATE", "the audit log is append-only"),
)


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool, list, dict, type(None))) else str(value)


def _changes(row: Base, action: str) -> dict[str, Any]:
    """Column → new value for a new row, column → [old, new] for a changed one."""
    secret: frozenset[str] = getattr(row, "__secret__", frozenset())
    state = inspect(row)
    found: dict[str, Any] = {}
    for attribute in state.mapper.column_attrs:
        if attribute.key in secret:
            continue
        if action == "create":
            if (value := state.dict.get(attribute.key)) is not None:
                found[attribute.key] = _plain(value)
        elif (history := state.attrs[attribute.key].history).has_changes():
            old = history.deleted[0] if history.deleted else None
            found[attribute.key] = [_plain(old), _plain(history.added[0] if history.added else None)]
    return found


def note(db: Session, *, action: str, kind: str, id: object, payload: dict[str, Any] | None = None) -> None:
    """Add one row for an act the collector cannot see, such as a bulk import or a log-in."""
    pending: list[tuple[SessionTransaction | None, tuple[Any, ...]]] = db.info.setdefault("audit", [])
    pending.append((db.get_nested_transaction(), (action, kind, str(id), payload or {})))


@event.listens_for(Session, "before_flush")
def _collect_changes(db: Session, _context: object, _instances: object) -> None:
    for row in db.dirty:
        if isinstance(row, Base) and row.__audited__ and db.is_modified(row, include_collections=False):
            identity = inspect(row).identity or ()
            note(
                db,
                action="change",
                kind=row.__tablename__,
                id="/".join(map(str, identity)),
                payload=_changes(row, "change"),
            )
    for row in db.deleted:
        if isinstance(row, Base) and row.__audited__:
            identity = inspect(row).identity or ()
            note(db, action="delete", kind=row.__tablename__, id="/".join(map(str, identity)))


@event.listens_for(Session, "after_flush")
def _collect_new(db: Session, _context: object) -> None:
    # Only now the new rows have their keys.
    for row in db.new:
        if isinstance(row, Base) and row.__audited__:
            key = inspect(row).mapper.primary_key_from_instance(row)
            note(
                db,
                action="create",
                kind=row.__tablename__,
                id="/".join(map(str, key)),
                payload=_changes(row, "create"),
            )


@event.listens_for(Session, "after_soft_rollback")
def _forget_rolled_back(db: Session, ended: SessionTransaction) -> None:
    pending = db.info.get("audit")
    if pending:
        db.info["audit"] = [entry for entry in pending if not _inside(entry[0], ended)]


def _inside(transaction: SessionTransaction | None, ended: SessionTransaction) -> bool:
    if transaction is None:
        return ended.parent is None
    while transaction is not None:
        if transaction is ended:
            return True
        transaction = transaction.parent
    return False


# Ready beforehand, and of tables: every change ends here, and the ORM would look at each row once more.
_HEAD = select(AuditHead.seq, AuditHead.hash).with_for_update()
_EVENTS = insert(cast("Table", AuditEvent.__table__))
_NEW_HEAD = update(cast("Table", AuditHead.__table__)).values(
    seq=bindparam("new_seq"), hash=bindparam("new_hash")
)


@event.listens_for(Session, "before_commit")
def _write(db: Session) -> None:
    if db.in_nested_transaction():
        return
    db.flush()
    pending = db.info.pop("audit", None)
    if not pending:
        return
    head = db.execute(_HEAD).one()
    seq, previous = head.seq, head.hash
    now, actor, user_id = datetime.now(UTC), db.info.get("actor", "system"), db.info.get("user_id")
    rows = []
    for _transaction, (action, kind, key, payload) in pending:
        seq += 1
        row = {
            "seq": seq, "at": now, "actor": actor, "user_id": user_id, "action": action,
            "object_kind": kind, "object_id": key, "payload": payload, "payload_hash": _digest(payload),
            "previous": previous,
        }  # fmt: skip
        row["hash"] = previous = _link(row)
        rows.append(row)
    db.execute(_EVENTS, rows)
    db.execute(_NEW_HEAD, {"new_seq": seq, "new_hash": previous})


def _digest(payload: Any) -> str:
    return hashlib.sha256(json.dumps(payload, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _link(row: dict[str, Any]) -> str:
    at = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    parts = (row["previous"], row["seq"], at, row["actor"], row["user_id"], row["action"])
    return _digest([*parts, row["object_kind"], row["object_id"], row["payload_hash"]])


def broken_links(db: Session) -> Iterator[str]:
    """Everything wrong with the chain, as sentences; nothing when it is whole.

    The lines and where they should end are asked for in one statement: PostgreSQL looks anew for each, and what was
    written between two would look like a line too many.
    """
    query = (
        select(AuditHead.seq, AuditHead.hash, AuditEvent)
        .outerjoin_from(AuditHead, AuditEvent, true())
        .order_by(AuditEvent.seq)
    )
    seq, previous, end = 0, "", None
    for last, last_hash, row in db.execute(query.execution_options(yield_per=1000)):
        end = last, last_hash
        if row is None:
            break
        seq += 1
        facts = {column.key: getattr(row, column.key) for column in inspect(AuditEvent).column_attrs}
        if row.seq != seq:
            yield f"Der mangler en linje før nr. {row.seq}."
            seq = row.seq
        if row.previous != previous or row.hash != _link(facts):
            yield f"Linje {row.seq} er ændret."
        if row.payload is not None and row.payload_hash != _digest(row.payload):
            yield f"Indholdet i linje {row.seq} er ændret."
        previous = row.hash
    if end is None:
        yield "Det er slettet, hvor loggen skulle slutte."
    elif end != (seq, previous):
        yield f"Loggen slutter ved nr. {seq}, men skulle slutte ved nr. {end[0]}."
