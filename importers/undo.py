"""Taking an import back: created rows go, changed rows get their old values, or nothing happens at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from crm import audit
from crm.agreements.models import Agreement
from crm.batches import ImportBatch, ImportChange
from crm.companies.models import Company, CompanyContact, CompanyProfile, ProductionUnit
from crm.errors import Conflict, NotFound
from crm.interactions.models import FollowUp, Interaction
from crm.requests.models import Request
from crm.responsibility.models import CompanyAssignment
from crm.search import index
from crm.types import Utc

MODELS: dict[str, type[Company | ProductionUnit | CompanyContact]] = {
    "company": Company,
    "production_unit": ProductionUnit,
    "company_contact": CompanyContact,
}
CHUNK = 1000
SHOWN = 5


def undo(db: Session, *, batch_id: int, now: datetime) -> ImportBatch:
    """Take a batch back. Raises Conflict, naming companies, when something has been built on it since."""
    batch = db.get(ImportBatch, batch_id)
    if batch is None:
        raise NotFound(f"Der er ingen import med nummer {batch_id}.")
    if batch.undone_at is not None:
        raise Conflict("Importen er allerede fortrudt.")
    changes = db.scalars(
        select(ImportChange).where(ImportChange.batch_id == batch_id).order_by(ImportChange.id.desc())
    ).all()
    _refuse_if_built_upon(db, batch, changes)
    touched = _restore(db, [change for change in changes if change.before is not None])
    created = {kind: [c.object_id for c in changes if c.before is None and c.kind == kind] for kind in MODELS}
    touched |= _remove(db, created)
    index.reindex(db, sorted(touched - set(created["company"])))
    batch.undone_at = now
    audit.note(db, action="undo", kind="import_batch", id=batch_id)
    db.flush()
    return batch


def _parts(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


def _refuse_if_built_upon(db: Session, batch: ImportBatch, changes: Sequence[ImportChange]) -> None:
    later = set(
        db.scalars(
            select(ImportChange.object_id)
            .join(ImportBatch, ImportBatch.id == ImportChange.batch_id)
            .where(ImportBatch.id > batch.id, ImportBatch.undone_at.is_(None), ImportChange.kind == "company")
        )
    )
    ids = [change.object_id for change in changes if change.kind == "company"]
    if later & set(ids):
        raise Conflict("En senere import har ændret nogle af de samme virksomheder. Fortryd den først.")
    created = [change.object_id for change in changes if change.kind == "company" and change.before is None]
    used = [name for part in _parts(created) for name in _used(db, batch, part)]
    if used:
        names = ", ".join(used[:SHOWN]) + (f" og {len(used) - SHOWN} til" if len(used) > SHOWN else "")
        raise Conflict(f"Importen kan ikke fortrydes, for der er arbejdet videre med: {names}.")


def _used(db: Session, batch: ImportBatch, ids: Sequence[int]) -> Sequence[str]:
    """Names of those companies that somebody has done something with since."""
    tables = (Interaction, Request, Agreement, FollowUp, CompanyProfile)
    work = [exists().where(table.company_id == Company.id) for table in tables]
    ours = select(ImportChange.object_id).where(
        ImportChange.batch_id == batch.id, ImportChange.before.is_(None)
    )
    for table, kind in ((CompanyContact, "company_contact"), (ProductionUnit, "production_unit")):
        others = table.id.not_in(ours.where(ImportChange.kind == kind))
        work.append(exists().where(table.company_id == Company.id, others))
    handed = exists().where(
        CompanyAssignment.company_id == Company.id, CompanyAssignment.follows_id.is_not(None)
    )
    return db.scalars(
        select(Company.name).where(Company.id.in_(ids), or_(*work, handed, Company.version > 1))
    ).all()


def _restore(db: Session, changes: Sequence[ImportChange]) -> set[int]:
    touched = set()
    for change in changes:
        model = MODELS[change.kind]
        row = db.get_one(model, change.object_id)
        for name, after in change.after.items():
            if _read(model, name, after) != getattr(row, name):
                raise Conflict(f"Importen kan ikke fortrydes, for {row.name} er ændret siden.")
        values = {name: _read(model, name, value) for name, value in change.before.items()}
        db.execute(
            update(model)
            .where(model.id == row.id)
            .values(values)
            .execution_options(synchronize_session=False)
        )
        touched.add(row.id if isinstance(row, Company) else row.company_id)
        touched |= {values["company_id"]} if "company_id" in values else set()
    return touched


def _read(model: type[Any], name: str, value: Any) -> Any:
    """A value as it was before it was written down as JSON."""
    kind = model.__table__.c[name].type
    if isinstance(value, str) and isinstance(kind, Utc):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and isinstance(kind, Date):
        return date.fromisoformat(value)
    return value


def _remove(db: Session, created: dict[str, list[int]]) -> set[int]:
    touched: set[int] = set()
    for model in (CompanyContact, ProductionUnit):
        kind = "company_contact" if model is CompanyContact else "production_unit"
        for part in _parts(created[kind]):
            touched |= set(db.scalars(select(model.company_id).where(model.id.in_(part))))
            db.execute(delete(model).where(model.id.in_(part)))
    for part in _parts(created["company"]):
        index.forget(db, part)
        # The key from assignment to company is checked at the commit; the guard lets history go with its company.
        db.execute(delete(Company).where(Company.id.in_(part)))
        db.execute(delete(CompanyAssignment).where(CompanyAssignment.company_id.in_(part)))
    return touched
