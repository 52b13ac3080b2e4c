"""Taking an import back: created rows go, changed rows get their old values, or nothing happens at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Date, Table, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from crm import audit
from crm.access.queries import get as user
from crm.agreements.models import Agreement, AgreementStep
from crm.agreements.periods import AgreementPeriod
from crm.batches import ImportBatch, ImportChange
from crm.companies.models import Company, CompanyContact, ProductionUnit
from crm.db import Base
from crm.errors import Conflict, NotFound
from crm.interactions.models import Interaction, Kind
from crm.responsibility.actions import hand_over
from crm.responsibility.models import CompanyAssignment
from crm.search import index
from crm.tables import metadata
from crm.types import Utc
from importers.bulk import Change, Columns, change, table_of
from importers.receipt import RESPONSIBLE, wait_for_others

# What an import can create, in the order it is removed: nothing goes before what hangs on it.
MODELS: dict[str, type[Base]] = {
    model.__tablename__: model for model in (Interaction, Agreement, CompanyContact, ProductionUnit, Company)
}
# These go with what they belong to; everything else that points at a row has been built upon it.
GOES_ALONG = frozenset({"search_entry", "company_assignment", "agreement_step", "agreement_period"})
CHUNK = 1000
SHOWN = 5
T = TypeVar("T")


@dataclass
class History:
    """What an import did, object by object, in the end."""

    batch: ImportBatch
    created: dict[str, dict[int, Columns]] = field(default_factory=lambda: defaultdict(dict))
    changed: dict[str, dict[int, tuple[Columns, Columns]]] = field(default_factory=lambda: defaultdict(dict))
    handed_over: dict[int, tuple[int, int]] = field(default_factory=dict)
    steps: Counter[tuple[str, int]] = field(default_factory=Counter)

    @classmethod
    def of(cls, db: Session, batch: ImportBatch) -> History:
        """Read it back. What was changed twice has its first old and its last new value."""
        found = cls(batch)
        columns = (ImportChange.kind, ImportChange.object_id, ImportChange.before, ImportChange.after)
        query = select(*columns).where(ImportChange.batch_id == batch.id).order_by(ImportChange.id)
        for kind, id, before, after in db.execute(query):
            if before is None:
                found.created[kind][id] = after or {}
            elif kind == RESPONSIBLE:
                found.steps["company", id] += 1
                first, _ = found.handed_over.get(id, (before["user_id"], None))
                found.handed_over[id] = (first, after["user_id"])
            else:
                found.steps[kind, id] += 1
                old, new = found.changed[kind].get(id, ({}, {}))
                found.changed[kind][id] = (before | old, new | after)
        for kind, created in found.created.items():
            for id in created.keys() & found.changed[kind].keys():
                del found.changed[kind][id]
        for id in found.created["company"].keys() & found.handed_over.keys():
            del found.handed_over[id]
        return found


def undo(db: Session, *, batch_id: int, now: datetime) -> ImportBatch:
    """Take a batch back. Raises Conflict, naming companies, when something has been built on it since."""
    wait_for_others(db)
    batch = db.get(ImportBatch, batch_id, with_for_update=True, populate_existing=True)
    if batch is None:
        raise NotFound(f"Der er ingen import med nummer {batch_id}.")
    if batch.undone_at is not None:
        raise Conflict("Importen er allerede fortrudt.")
    history = History.of(db, batch)
    _refuse_after_a_later_import(db, batch)
    _refuse_if_built_upon(db, history)
    touched = _restore(db, history) | _remove(db, history)
    _hand_back(db, history, now)
    index.reindex(db, sorted(touched - history.created["company"].keys()))
    batch.undone_at = now
    removed = {kind: len(ids) for kind, ids in history.created.items() if ids}
    audit.note(db, action="undo", kind="import_batch", id=batch_id, payload={"removed": removed})
    db.flush()
    return batch


def _parts(items: Iterable[T]) -> Iterator[list[T]]:
    every = list(items)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]


# --- What forbids it ------------------------------------------------------------------------------


def _refuse_after_a_later_import(db: Session, batch: ImportBatch) -> None:
    mine, later = aliased(ImportChange), aliased(ImportChange)
    same = and_(mine.kind == later.kind, mine.object_id == later.object_id)
    query = (
        select(func.max(later.batch_id))
        .join(mine, same)
        .join(ImportBatch, ImportBatch.id == later.batch_id)
        .where(mine.batch_id == batch.id, later.batch_id > batch.id, ImportBatch.undone_at.is_(None))
    )
    if (other := db.scalar(query)) is not None:
        raise Conflict(f"Import nr. {other} har siden ændret noget af det samme. Fortryd den først.")


def _refuse_if_built_upon(db: Session, history: History) -> None:
    used: dict[str, None] = {}
    for kind, created in history.created.items():
        conditions = _pointers(history.batch, table_of(MODELS[kind]))
        for part in _parts(created):
            used |= dict.fromkeys(_used(db, kind, part, conditions))
            used |= dict.fromkeys(_changed_since(db, history, kind, part))
    if used:
        names = list(used)
        more = f" og {len(names) - SHOWN} til" if len(names) > SHOWN else ""
        raise Conflict(
            f"Importen kan ikke fortrydes, for der er arbejdet videre med: {', '.join(names[:SHOWN])}{more}."
        )


def _pointers(batch: ImportBatch, table: Table) -> list[ColumnElement[bool]]:
    """One condition for each key that points at the table, but for rows of the import's own."""
    found: list[ColumnElement[bool]] = []
    for other in metadata.sorted_tables:
        if other.name in GOES_ALONG:
            continue
        for key in other.foreign_key_constraints:
            if key.referred_table is table:
                points = [each.parent == each.column for each in key.elements]
                if other.name in MODELS:
                    points.append(other.c.id.not_in(_created_by(batch, other.name)))
                found.append(exists().where(*points))
    return found


def _created_by(batch: ImportBatch, kind: str) -> Any:
    return select(ImportChange.object_id).where(
        ImportChange.batch_id == batch.id, ImportChange.kind == kind, ImportChange.before.is_(None)
    )


def _used(
    db: Session, kind: str, ids: Sequence[int], conditions: Sequence[ColumnElement[bool]]
) -> Sequence[str]:
    """The companies whose rows something else points at by now."""
    if not conditions:
        return []
    table = table_of(MODELS[kind])
    return db.scalars(_owners(kind).where(table.c.id.in_(ids), or_(*conditions))).all()


def _owners(kind: str) -> Any:
    """The names of the companies that rows of this kind belong to."""
    table = table_of(MODELS[kind])
    query = select(Company.name)
    return query if kind == "company" else query.join(table, table.c.company_id == Company.id)


def _changed_since(db: Session, history: History, kind: str, ids: Sequence[int]) -> Iterator[str]:
    """The companies whose rows are not as the import left them.

    A row made at another moment is another one: SQLite gives a key anew when the last row is gone.
    """
    table = table_of(MODELS[kind])
    known = {name for id in ids for name in history.created[kind][id]}
    names = sorted(known | {"created_at"} | ({"version"} & {*table.c.keys()}))
    query = _owners(kind).add_columns(table.c.id, *(table.c[name] for name in names))
    there_and_back = _there_and_back(db, history.batch.id, kind, ids)
    for name, id, *values in db.execute(query.where(table.c.id.in_(ids))):
        left = history.created[kind][id]
        counted = left.get("version", 1) + history.steps[kind, id] + there_and_back.get(id, 0)
        still = left | {"version": counted, "created_at": history.batch.at}
        if any(still.get(column, value) != value for column, value in zip(names, values, strict=True)):
            yield name


def _there_and_back(db: Session, batch_id: int, kind: str, ids: Sequence[int]) -> dict[int, int]:
    """How many versions later imports have cost that were taken back: one a change, one for undoing it."""
    kinds = (kind, RESPONSIBLE) if kind == "company" else (kind,)
    query = (
        select(ImportChange.object_id, func.count() + func.count(ImportChange.batch_id.distinct()))
        .join(ImportBatch, ImportBatch.id == ImportChange.batch_id)
        .where(
            ImportBatch.id > batch_id, ImportBatch.undone_at.is_not(None), ImportChange.before.is_not(None),
            ImportChange.kind.in_(kinds), ImportChange.object_id.in_(ids),
        )
        .group_by(ImportChange.object_id)
    )  # fmt: skip
    return {row[0]: row[1] for row in db.execute(query)}


# --- Putting things back --------------------------------------------------------------------------


def _restore(db: Session, history: History) -> set[int]:
    """Give changed rows their old values. Returns the companies they belong to, now and before."""
    touched: set[int] = set()
    for kind, changed in history.changed.items():
        model = MODELS[kind]
        for part in _parts(changed):
            table = table_of(model)
            rows = {row["id"]: dict(row) for row in
                    db.execute(select(table).where(table.c.id.in_(part))).mappings()}  # fmt: skip
            back = [_back(table, id, rows.get(id), *changed[id]) for id in part]
            change(db, model, back)
            for id, old, new in back:
                owner: int = old.get("company_id", id)
                touched |= {owner, int(new.get("company_id", owner))}
    return touched


def _back(table: Table, id: int, row: Columns | None, before: Columns, after: Columns) -> Change:
    if row is None or any(_read(table, name, value) != row[name] for name, value in after.items()):
        what = row.get("name") or row.get("title") if row else None
        raise Conflict(f"Importen kan ikke fortrydes, for {what or 'noget af det'} er ændret siden.")
    return Change(id, row, {name: _read(table, name, value) for name, value in before.items()})


def _read(table: Table, name: str, value: Any) -> Any:
    """A value as it was before it was written down as JSON."""
    kind = table.c[name].type
    if isinstance(value, str) and isinstance(kind, Utc):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(value, str) and isinstance(kind, Date) else value


def _hand_back(db: Session, history: History, now: datetime) -> None:
    """Who got a company by the import gives it back. That happened too, so the history keeps both."""
    for id, (before, after) in history.handed_over.items():
        company = db.get_one(Company, id, populate_existing=True)
        current = db.get_one(CompanyAssignment, company.current_assignment_id)
        if current.user_id != after:
            raise Conflict(f"Importen kan ikke fortrydes, for {company.name} er givet videre siden.")
        reason = f"Import nr. {history.batch.id} er fortrudt"
        hand_over(db, company=company, to=user(db, before), reason=reason, by=None, now=now)


def _remove(db: Session, history: History) -> set[int]:
    """Remove what was created. Returns the companies it belonged to."""
    touched: set[int] = set()
    for kind, model in MODELS.items():
        table = table_of(model)
        for part in _parts(history.created[kind]):
            if model is Company:
                index.forget(db, part)
            else:
                touched |= set(db.scalars(select(table.c.company_id).where(table.c.id.in_(part))))
            db.execute(delete(table).where(table.c.id.in_(part)))
            # Their keys are checked at the commit; the guards let them go with what they belong to.
            if model is Company:
                db.execute(delete(CompanyAssignment).where(CompanyAssignment.company_id.in_(part)))
            if model is Agreement:
                # An imported agreement was never renewed since, so its one period points at no step.
                db.execute(delete(AgreementPeriod).where(AgreementPeriod.agreement_id.in_(part)))
                db.execute(delete(AgreementStep).where(AgreementStep.agreement_id.in_(part)))
    if history.created["interaction"]:
        _recount_last_contact(db, touched)
    return touched


def _recount_last_contact(db: Session, company_ids: set[int]) -> None:
    latest = (
        select(func.max(Interaction.happened_at))
        .where(Interaction.company_id == Company.id, Interaction.kind != Kind.NOTE)
        .scalar_subquery()
    )
    for part in _parts(company_ids):
        table = table_of(Company)
        db.execute(update(table).where(table.c.id.in_(part)).values(last_contact_at=latest))
