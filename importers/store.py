"""What companies and places of work have in common when a file's rows are compared with ours and written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from sqlalchemy import select

from crm.companies.models import Company, ProductionUnit
from crm.companies.register import RegisterCompany, RegisterUnit
from crm.errors import Refused
from crm.search import index
from crm.search.models import SearchEntry, SearchWord
from importers.bulk import Change, Columns, change, plain, put, table_of
from importers.receipt import Batch

# Words the index is known to have; beyond this they are asked for again instead of remembered.
MOST_WORDS = 100_000
# When the register said it and when we read it: by themselves no news for anyone.
MARKS = frozenset({"register_said_at", "register_read_at", "register_digest"})
FIELDS = {
    "name": "Navn", "aliases": "Binavne", "street": "Adresse", "city_part": "Bydel",
    "postal_code": "Postnummer", "city": "By", "municipality_code": "Kommunekode", "phone": "Telefon",
    "email": "E-mail", "website": "Hjemmeside", "industry_code": "Branchekode", "industry_text": "Branche",
    "legal_form": "Form",
    "status": "Status", "responsible": "Ansvarlig",
}  # fmt: skip


class Incoming(NamedTuple):
    """One row of a file: what it says, or why it cannot be read."""

    line: int
    said: RegisterCompany | RegisterUnit | None
    error: str | None = None
    responsible: str | None = None
    # Stands before the reason of a refusal, where the line alone does not tell the row from others.
    where: str = ""


class Store:
    """Where rows of one kind end up."""

    model: ClassVar[type[Company | ProductionUnit]]
    key: ClassVar[str]

    def __init__(self, batch: Batch) -> None:
        self.batch, self.db = batch, batch.db
        self._words: set[str] = set()

    def refuse(self, row: Incoming, refusal: Refused) -> None:
        """A row stays out; the reason names the field."""
        field = f"{FIELDS[refusal.field]}: " if refusal.field in FIELDS else ""
        self.batch.receipt.refuse(row.line, row.where + field + refusal.message)

    def known(self, keys: Iterable[str]) -> dict[str, Columns]:
        """Those that are there already, by CVR or P-number."""
        table = table_of(self.model)
        rows = self.db.execute(select(table).where(table.c[self.key].in_(keys))).mappings()
        return {row[self.key]: dict(row) for row in rows}

    def add(self, rows: Sequence[Columns], entries: Iterable[index.Entry]) -> None:
        """Write new rows and what they are found by."""
        put(self.db, self.model, rows)
        found = [entry for entry in entries if entry["text"]]
        put(self.db, SearchEntry, found)
        fresh = index.words_of(found) - self._words
        words = [{"word": word, "reversed": word[::-1], "length": len(word)} for word in sorted(fresh)]
        put(self.db, SearchWord, words, skip_known=True)
        self._words = fresh if len(self._words) > MOST_WORDS else self._words | fresh
        for row in rows:
            self.batch.record(self.model, row["id"], None, None)
            self.batch.receipt.count("created")

    def change(self, changes: Sequence[Change]) -> None:
        """Give known rows their new values, and let them be found by these."""
        change(self.db, self.model, changes)
        for id, old, new in changes:
            self.batch.record(self.model, id, plain(old, new), plain(new, new))
        index.reindex(self.db, sorted(self._found_otherwise(changes)))

    def _found_otherwise(self, changes: Iterable[Change]) -> set[int]:
        """The companies that are found by other words than before."""
        ids: set[int] = set()
        for id, old, new in changes:
            if not index.FOUND_BY[self.model].isdisjoint(new):
                owner: int = old.get("company_id", id)
                ids |= {owner, int(new.get("company_id", owner))}
        return ids


def is_news(change: Change) -> bool:
    """Whether anything but the register's marks is new."""
    return not MARKS.issuperset(change.new)


def is_old_news(old: Columns, values: Columns) -> bool:
    """Whether the register has said something newer already."""
    before, now = old["register_said_at"], values["register_said_at"]
    return bool(before and now and now < before)


def digest(values: Columns) -> str:
    """What the register says, in short: the same for the same words, whenever it says them."""
    said = [value for name, value in values.items() if name != "register_said_at"]
    return hashlib.blake2b(repr(said).encode(), digest_size=12).hexdigest()


def differing(old: Columns, new: Columns) -> Columns:
    """The columns that get another value."""
    return {name: value for name, value in new.items() if old[name] != value}
