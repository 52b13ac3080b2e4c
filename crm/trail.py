"""Reading the audit log: by who, what, when, and everything about one company.

Rows come in the order they were written, the newest first. Each way to search has an index that ends in that
order, so that a page of a log of millions is read and not sorted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import CTE, Select, Table, Text, bindparam, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from crm.audit import AuditEvent
from crm.db import Base

PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """What is looked for; everything left out is all. `until` is no longer part of it."""

    actor: str | None = None
    kind: str | None = None
    object_id: str | None = None
    company_id: int | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def page(
    db: Session, wanted: Wanted, *, before: int | None = None, limit: int = PAGE
) -> tuple[Sequence[AuditEvent], int | None]:
    """The newest rows that are wanted, and the number to go on from."""
    rows = db.scalars(query(wanted, before=before).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].seq if len(rows) > limit else None


def query(wanted: Wanted, *, before: int | None = None) -> Select[Any]:
    """What is wanted as a statement, the newest first."""
    found = select(AuditEvent).order_by(AuditEvent.seq.desc())
    for column, value in (
        (AuditEvent.actor, wanted.actor),
        (AuditEvent.object_kind, wanted.kind),
        (AuditEvent.object_id, wanted.object_id),
        (AuditEvent.action, wanted.action),
    ):
        if value is not None:
            found = found.where(column == value)
    if before is not None:
        found = found.where(AuditEvent.seq < before)
    if wanted.since is not None:
        found = found.where(AuditEvent.seq >= _first_from(wanted.since), AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        found = found.where(AuditEvent.seq < _first_from(wanted.until), AuditEvent.at < wanted.until)
    if wanted.company_id is not None:
        theirs = _of_company(wanted.company_id)
        # Wrapped, so that SQLite does not make an index of them and read the whole log beside it.
        kind, id = (func.coalesce(column, "") for column in (theirs.c.kind, theirs.c.id))
        found = found.join(theirs, (AuditEvent.object_kind == kind) & (AuditEvent.object_id == id))
    return found


def _first_from(moment: datetime) -> Any:
    """The number of the first row from a moment on; beyond every number when there is none.

    Numbers grow with time, so a period is a stretch of the order the rows are read in anyway.
    """
    first = select(AuditEvent.seq).where(AuditEvent.at >= moment).order_by(AuditEvent.at, AuditEvent.seq)
    return func.coalesce(first.limit(1).scalar_subquery(), literal(2**62))


def last(db: Session) -> AuditEvent | None:
    """The last row there is."""
    return db.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(1)).first()


def names(db: Session, wanted: Mapping[str, Collection[int]]) -> dict[tuple[str, int], str]:
    """The names of these rows, by table and key; one question for each table."""
    found: dict[tuple[str, int], str] = {}
    for kind, ids in wanted.items():
        table = Base.metadata.tables[kind]
        if ids:
            for id, name in db.execute(select(table.c.id, table.c.name).where(table.c.id.in_(ids))):
                found[kind, id] = name
    return found


def kinds() -> list[str]:
    """Every table whose changes stand in the log."""
    return sorted(mapper.local_table.name for mapper in _logged())


def _logged() -> list[Any]:
    return [mapper for mapper in Base.registry.mappers if mapper.class_.__audited__]


def _of_company(id: int) -> CTE:
    """Kind and key of everything that is a company's, as the log writes them: the company, what names it, and
    what names an agreement or request of its. What was deleted is found by its own number only.
    """
    return union_all(*_owned()).params(company=id).cte("theirs")


@cache
def _owned() -> tuple[Select[Any], ...]:
    company = Base.metadata.tables["company"]
    tables = [mapper.local_table for mapper in _logged()]
    found = [_as_logged(company).where(company.c.id == bindparam("company"))]
    direct = [table for table in tables if "company_id" in table.c]
    found += [_as_logged(table).where(table.c.company_id == bindparam("company")) for table in direct]
    for parent in (Base.metadata.tables["agreement"], Base.metadata.tables["request"]):
        for table in tables:
            name = f"{parent.name}_id"
            if name in table.c and "company_id" not in table.c:
                of_parent = _as_logged(table).join(parent, table.c[name] == parent.c.id)
                found.append(of_parent.where(parent.c.company_id == bindparam("company")))
    return tuple(found)


def _as_logged(table: Table) -> Select[Any]:
    first, *rest = table.primary_key.columns
    key: Any = cast(first, Text)
    for column in rest:
        key = key + "/" + cast(column, Text)
    return select(literal(table.name).label("kind"), key.label("id")).select_from(table)
