"""Taking companies and production units in from a file, thousands a second, all or nothing.

Rows are compared and written in chunks, past the ORM; the rules hold all the same, since they are the
database's. Every new company gets its responsible consultant in the same statement batch.
"""

from __future__ import annotations

import hashlib
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.access.queries import users
from crm.companies.actions import BY_HAND, company_values, place_values
from crm.companies.models import Company, ProductionUnit
from crm.companies.register import RegisterCompany, RegisterUnit
from crm.cpr import mask
from crm.db import reserve
from crm.errors import Refused
from crm.responsibility.actions import Distribution, hand_over
from crm.responsibility.models import CompanyAssignment
from crm.search import index
from crm.types import SafeText, clean
from importers.receipt import Batch

CHUNK = 2000
DERIVED = {"name": "sort_key", "phone": "phone_e164"}
NO_COMPANY = "Virksomheden med CVR {cvr} er hverken i filen eller i systemet."


@dataclass(frozen=True)
class Incoming:
    """One row of a file: what it says, or why it cannot be read."""

    line: int
    said: RegisterCompany | RegisterUnit | None
    error: str | None = None
    responsible: str | None = None


@dataclass
class Intake:
    """The work of one file. `trusted` means that the file is the register's own word."""

    batch: Batch
    trusted: bool
    distribution: Distribution
    staff: dict[str, User]
    words: set[str] = field(default_factory=set)

    @classmethod
    def begin(cls, batch: Batch, *, trusted: bool) -> Intake:
        """Read the rules and the staff once."""
        staff = {user.email: user for user in users(batch.db) if user.is_active}
        return cls(batch, trusted, Distribution.read(batch.db), staff)

    @property
    def db(self) -> Session:
        """The import's session."""
        return self.batch.db

    def take(self, rows: Iterable[Incoming]) -> None:
        """Take in every row. Units wait on disk until all companies of the file are known."""
        with tempfile.TemporaryFile() as waiting:
            for chunk in _chunks(self._readable(rows, waiting), _key):
                self._companies(chunk)
            waiting.seek(0)
            for chunk in _chunks(_unpickled(waiting), _key):
                self._units(chunk)

    def _readable(self, rows: Iterable[Incoming], waiting: Any) -> Iterator[Incoming]:
        for row in rows:
            if row.said is None:
                self.batch.receipt.refuse(row.line, mask(row.error or "Rækken kan ikke læses."))
            elif isinstance(row.said, RegisterUnit):
                pickle.dump(row, waiting)
            else:
                yield row

    def _companies(self, chunk: Sequence[Incoming]) -> None:
        table = Company.__table__
        known = _known(self.db, table, table.c.cvr, [row.said.cvr for row in chunk if row.said])
        fresh: list[tuple[Incoming, dict[str, Any]]] = []
        changes: list[Change] = []
        for row in chunk:
            assert isinstance(row.said, RegisterCompany)
            values = company_values(row.said)
            receiver = self._receiver(row)
            if problem := (_unfit(table, values) or (isinstance(receiver, str) and receiver) or None):
                self.batch.receipt.refuse(row.line, mask(problem))
            elif (old := known.get(row.said.cvr)) is None:
                fresh.append((row, values))
            elif change := self._compare(row, old, values):
                changes.append(change)
        self._create_companies(fresh)
        self._change(table, changes, "company")
        index_ids = [change.id for change in changes]
        if index_ids:
            index.reindex(self.db, index_ids)

    def _receiver(self, row: Incoming) -> User | str | None:
        if not row.responsible:
            return None
        user = self.staff.get(row.responsible.strip().lower())
        return user or f"Der er ingen aktiv bruger med e-mailen {row.responsible}."

    def _compare(self, row: Incoming, old: dict[str, Any], values: dict[str, Any]) -> Change | None:
        """What the row changes in a known company; counts the outcome."""
        digest = _digest(values)
        handed_over = self._hand_over(row, old)
        stale = (
            self.trusted
            and old["register_said_at"]
            and values["register_said_at"]
            and (values["register_said_at"] < old["register_said_at"])
        )
        if stale or old["register_digest"] == digest:
            self.batch.receipt.count("changed" if handed_over else "unchanged")
            return None
        new = self._merge(old, values)
        if self.trusted:
            new |= {"register_digest": digest, "register_read_at": self.batch.now, "source": "register"}
        changed = {name: value for name, value in new.items() if old[name] != value}
        told = {
            name
            for name in changed
            if name not in {"register_digest", "register_read_at", "register_said_at"}
        }
        if not self.trusted and not told:
            changed = {}
        self.batch.receipt.count("changed" if told or handed_over else "unchanged")
        return Change(old["id"], old, changed) if changed else None

    def _merge(self, old: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        """The register decides over what it knows, except where a person has corrected it; a list kept by
        hand fills in, and corrects only companies that were themselves entered by hand.
        """
        if not self.trusted:
            own = old.get("source") == "hand"
            return {
                name: value
                for name, value in values.items()
                if name in {*BY_HAND, *DERIVED.values()} and value is not None and (own or old[name] is None)
            }
        kept = dict(old.get("kept_by_hand") or {})
        by_hand = {*kept, *(DERIVED[name] for name in kept if name in DERIVED)}
        new = {name: value for name, value in values.items() if name not in by_hand}
        if kept:
            new["kept_by_hand"] = {name: values[name] for name in kept}
        if old.get("source") == "hand":
            new = {name: value for name, value in new.items() if value is not None}
        return new

    def _hand_over(self, row: Incoming, old: dict[str, Any]) -> bool:
        to = self._receiver(row)
        if not isinstance(to, User):
            return False
        company = self.db.get_one(Company, old["id"])
        before = company.current_assignment_id
        hand_over(
            self.db, company=company, to=to, reason="Fra en importeret liste", by=None, now=self.batch.now
        )
        return company.current_assignment_id != before

    def _create_companies(self, fresh: Sequence[tuple[Incoming, dict[str, Any]]]) -> None:
        if not fresh:
            return
        company_ids = reserve(self.db, Company, len(fresh))
        assignment_ids = reserve(self.db, CompanyAssignment, len(fresh))
        companies, assignments, entries = [], [], []
        now = self.batch.now
        for (row, values), company_id, assignment_id in zip(fresh, company_ids, assignment_ids, strict=True):
            given = self._receiver(row)
            user, reason = (
                (given, "Fra en importeret liste")
                if isinstance(given, User)
                else self.distribution.pick(values)
            )
            companies.append(values | {
                "id": company_id, "current_assignment_id": assignment_id, "has_responsible": 1, "created_at": now,
                "version": 1, "kept_by_hand": {}, "source": "register" if self.trusted else "hand",
                "register_digest": _digest(values) if self.trusted else None,
                "register_read_at": now if self.trusted else None,
            })  # fmt: skip
            assignments.append({"id": assignment_id, "company_id": company_id, "user_id": user.id, "valid_from": now,
                                "reason": reason})  # fmt: skip
            entries += index.company_entries(company_id, values)
            self.batch.receipt.count("created")
        self.db.execute(insert(Company), companies)
        self.db.execute(insert(CompanyAssignment), assignments)
        index.write(self.db, entries, self.words)
        self.batch.record(
            [{"kind": "company", "object_id": id, "before": None, "after": None} for id in company_ids]
        )

    def _units(self, chunk: Sequence[Incoming]) -> None:
        table = ProductionUnit.__table__
        said = [row.said for row in chunk if isinstance(row.said, RegisterUnit)]
        known = _known(self.db, table, table.c.p_number, [unit.p_number for unit in said])
        owners = dict(
            self.db.execute(
                select(Company.cvr, Company.id).where(Company.cvr.in_({unit.cvr for unit in said}))
            ).tuples()
        )
        fresh, changes = [], []
        for row, unit in zip(chunk, said, strict=True):
            values = place_values(unit) | {"p_number": unit.p_number, "company_id": owners.get(unit.cvr)}
            problem = NO_COMPANY.format(cvr=unit.cvr) if unit.cvr not in owners else _unfit(table, values)
            if problem:
                self.batch.receipt.refuse(row.line, mask(problem))
            elif (old := known.get(unit.p_number)) is None:
                fresh.append(values)
            elif change := self._compare_unit(old, values):
                changes.append(change)
        self._create_units(fresh)
        self._change(table, changes, "production_unit")
        touched = {
            id for change in changes for id in (change.old["company_id"], change.new.get("company_id")) if id
        }
        if touched:
            index.reindex(self.db, sorted(touched))

    def _compare_unit(self, old: dict[str, Any], values: dict[str, Any]) -> Change | None:
        digest = _digest(values)
        stale = (
            old["register_said_at"]
            and values["register_said_at"]
            and (values["register_said_at"] < old["register_said_at"])
        )
        if stale or old["register_digest"] == digest:
            self.batch.receipt.count("unchanged")
            return None
        new = values | {"register_digest": digest, "register_read_at": self.batch.now}
        self.batch.receipt.count("changed")
        return Change(old["id"], old, {name: value for name, value in new.items() if old[name] != value})

    def _create_units(self, fresh: Sequence[dict[str, Any]]) -> None:
        if not fresh:
            return
        ids = reserve(self.db, ProductionUnit, len(fresh))
        rows, entries = [], []
        for values, id in zip(fresh, ids, strict=True):
            rows.append(values | {"id": id, "created_at": self.batch.now, "register_digest": _digest(values),
                                  "register_read_at": self.batch.now})  # fmt: skip
            entries += index.unit_entries(values["company_id"], id, values)
            self.batch.receipt.count("created")
        self.db.execute(insert(ProductionUnit), rows)
        index.write(self.db, entries, self.words)
        self.batch.record(
            [{"kind": "production_unit", "object_id": id, "before": None, "after": None} for id in ids]
        )

    def _change(self, table: Any, changes: Sequence[Change], kind: str) -> None:
        if not changes:
            return
        columns = sorted({name for change in changes for name in change.new})
        versioned = "version" in table.c
        statement = update(table).where(table.c.id == bindparam("_id")).values(
            {name: bindparam(f"_{name}") for name in columns} | ({"version": table.c.version + 1} if versioned else {})
        )  # fmt: skip
        rows = [
            {"_id": change.id} | {f"_{name}": change.new.get(name, change.old[name]) for name in columns}
            for change in changes
        ]
        self.db.execute(statement, rows, execution_options={"synchronize_session": False})
        self.batch.record([
            {"kind": kind, "object_id": change.id, "before": _plain(change.old, change.new), "after": _plain(change.new)}
            for change in changes
        ])  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A known row and the columns that get a new value."""

    id: int
    old: dict[str, Any]
    new: dict[str, Any]


def _key(row: Incoming) -> str:
    return row.said.p_number if isinstance(row.said, RegisterUnit) else row.said.cvr if row.said else ""


def _chunks(rows: Iterable[Incoming], key: Callable[[Incoming], str]) -> Iterator[list[Incoming]]:
    """Chunks in which no company stands twice: a second mention is compared with what the first one wrote."""
    chunk: list[Incoming] = []
    seen: set[str] = set()
    for row in rows:
        if len(chunk) == CHUNK or key(row) in seen:
            yield chunk
            chunk, seen = [], set()
        chunk.append(row)
        seen.add(key(row))
    if chunk:
        yield chunk


def _unpickled(file: Any) -> Iterator[Incoming]:
    # Our own rows in a nameless file of our own, gone when it is closed.
    while True:
        try:
            yield pickle.load(file)  # noqa: S301
        except EOFError:
            return


def _known(db: Session, table: Any, column: Any, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = db.execute(select(table).where(column.in_(keys))).mappings()
    return {row[column.name]: dict(row) for row in rows}


def _unfit(table: Any, values: dict[str, Any]) -> str | None:
    """Why the row cannot be stored, if it cannot."""
    for name, value in values.items():
        kind = table.c[name].type
        if isinstance(value, str) and isinstance(kind, SafeText):
            try:
                clean(name, value, kind.limit, guard=kind.guard)
            except Refused as refusal:
                return refusal.message
    return None


def _digest(values: dict[str, Any]) -> str:
    said = sorted((name, value) for name, value in values.items() if name != "register_said_at")
    return hashlib.blake2b(repr(said).encode(), digest_size=12).hexdigest()


def _plain(values: dict[str, Any], only: Iterable[str] | None = None) -> dict[str, Any]:
    """Values as JSON, for undoing."""
    names = values if only is None else only
    return {
        name: values[name].isoformat() if isinstance(values[name], (date, datetime)) else values[name]
        for name in names
    }
