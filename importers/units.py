"""Taking places of work in. They follow their company, which may be another one than before."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from crm.companies.actions import place_values
from crm.companies.models import Company, ProductionUnit
from crm.companies.register import RegisterUnit
from crm.db import reserve
from crm.errors import Refused
from crm.search import index
from importers.bulk import Change, Columns, fit
from importers.store import Incoming, Store, differing, digest, is_news, is_old_news

NO_COMPANY = "Virksomheden med CVR {cvr} er hverken i filen eller i systemet."


class Units(Store):
    """The places of work of one file. Only the register knows them."""

    model = ProductionUnit
    key = "p_number"

    def take(self, chunk: Sequence[Incoming]) -> None:
        """Take a chunk in, in which no place of work stands twice. All companies are known by now."""
        said = [(row, row.said) for row in chunk if isinstance(row.said, RegisterUnit)]
        known = self.known(unit.p_number for _, unit in said)
        owners = self._owners({unit.cvr for _, unit in said})
        fresh: list[Columns] = []
        changes: list[Change] = []
        for row, unit in said:
            if unit.cvr not in owners:
                self.refuse(row, Refused("cvr", NO_COMPANY.format(cvr=unit.cvr)))
                continue
            fixed = {"p_number": unit.p_number, "company_id": owners[unit.cvr]}
            try:
                values = fit(ProductionUnit, place_values(unit) | fixed)
            except Refused as refusal:
                self.refuse(row, refusal)
                continue
            if (old := known.get(unit.p_number)) is None:
                fresh.append(values)
            else:
                changes.append(Change(old["id"], old, differing(old, self._news(old, values))))
        self._create(fresh)
        self.change([change for change in changes if change.new])
        for change in changes:
            self.batch.receipt.count("changed" if is_news(change) else "unchanged")

    def _owners(self, cvrs: set[str]) -> dict[str, int]:
        rows = self.db.execute(select(Company.cvr, Company.id).where(Company.cvr.in_(cvrs)))
        return {row.cvr: row.id for row in rows}

    def _create(self, fresh: Sequence[Columns]) -> None:
        rows: list[Columns] = []
        entries: list[index.Entry] = []
        for id, values in zip(reserve(self.db, ProductionUnit, len(fresh)), fresh, strict=True):
            rows.append(values | {
                "id": id, "created_at": self.batch.now, "register_digest": digest(values),
                "register_read_at": self.batch.now,
            })  # fmt: skip
            entries += index.unit_entries(values["company_id"], id, values)
        self.add(rows, entries)

    def _news(self, old: Columns, values: Columns) -> Columns:
        if is_old_news(old, values):
            return {}
        said_at, words = values["register_said_at"] or old["register_said_at"], digest(values)
        if words == old["register_digest"]:
            return {"register_said_at": said_at}
        marks = {"register_said_at": said_at, "register_digest": words, "register_read_at": self.batch.now}
        return values | marks
