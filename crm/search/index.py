"""Keeping the index: what a company can be found by, rewritten in the transaction that changed it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import delete, event, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from crm import danish, phones
from crm.companies.models import Company, CompanyContact, ProductionUnit
from crm.search.models import WORDED, SearchEntry, SearchWord

Entry = dict[str, Any]
# Shorter words are found whole or not at all; a mistake in three letters is another word.
SHORTEST_WORD = 4


def company_entries(company_id: int, values: dict[str, Any]) -> Iterator[Entry]:
    """What the company's own columns are found by."""
    name = danish.fold_company(values["name"])
    yield _entry(company_id, "name", 0, name)
    for alias in (values.get("aliases") or "").split("\n"):
        folded = danish.fold_company(alias)
        if folded and folded != name:
            yield _entry(company_id, "alias", 0, folded)
    yield _entry(company_id, "cvr", 0, values["cvr"])
    yield from _place(company_id, 0, values)


def unit_entries(company_id: int, unit_id: int, values: dict[str, Any]) -> Iterator[Entry]:
    """What a production unit's columns are found by."""
    yield _entry(company_id, "unit", unit_id, danish.fold_company(values["name"]))
    yield _entry(company_id, "p_number", unit_id, values["p_number"])
    yield from _place(company_id, unit_id, values)


def contact_entries(company_id: int, contact_id: int, values: dict[str, Any]) -> Iterator[Entry]:
    """What a person at the company is found by."""
    yield _entry(company_id, "contact", contact_id, danish.fold(values["name"]))
    for field in ("phone", "mobile"):
        if values.get(field) and (key := phones.search_key(values[field])):
            yield _entry(company_id, "phone", contact_id, key)


def _place(company_id: int, ref_id: int, values: dict[str, Any]) -> Iterator[Entry]:
    if values.get("street"):
        where = " ".join(filter(None, (values["street"], values.get("postal_code"), values.get("city"))))
        yield _entry(company_id, "street", ref_id, danish.fold(where))
    if values.get("phone") and (key := phones.search_key(values["phone"])):
        yield _entry(company_id, "phone", ref_id, key)


def _entry(company_id: int, kind: str, ref_id: int, text: str) -> Entry:
    return {"company_id": company_id, "kind": kind, "ref_id": ref_id, "text": text}


def words_of(entries: Iterable[Entry]) -> set[str]:
    """The words in these entries that a mistyped word may have meant."""
    return {
        word
        for entry in entries
        if entry["kind"] in WORDED
        for word in entry["text"].split()
        if len(word) >= SHORTEST_WORD and not word.isdecimal()
    }


def write(db: Session, entries: Sequence[Entry], known_words: set[str] | None = None) -> None:
    """Add entries and their words. `known_words` saves a bulk writer from sending a word twice."""
    entries = [entry for entry in entries if entry["text"]]
    if entries:
        db.execute(insert(SearchEntry), entries)
    fresh = words_of(entries) - (known_words or set())
    if fresh:
        make = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
        rows = [{"word": word, "reversed": word[::-1], "length": len(word)} for word in sorted(fresh)]
        db.execute(make(SearchWord).on_conflict_do_nothing(), rows)
        if known_words is not None:
            known_words |= fresh


def forget(db: Session, company_ids: Sequence[int]) -> None:
    """Take these companies out of the index."""
    db.execute(delete(SearchEntry).where(SearchEntry.company_id.in_(company_ids)))


def reindex(db: Session, company_ids: Sequence[int]) -> None:
    """Write these companies' entries anew."""
    forget(db, company_ids)
    entries: list[Entry] = []
    for company in db.execute(select(Company.__table__).where(Company.id.in_(company_ids))).mappings():
        entries += company_entries(company["id"], dict(company))
    units = select(ProductionUnit.__table__).where(ProductionUnit.company_id.in_(company_ids))
    for unit in db.execute(units).mappings():
        entries += unit_entries(unit["company_id"], unit["id"], dict(unit))
    people = select(CompanyContact.__table__).where(
        CompanyContact.company_id.in_(company_ids), CompanyContact.ended_on.is_(None)
    )
    for contact in db.execute(people).mappings():
        entries += contact_entries(contact["company_id"], contact["id"], dict(contact))
    write(db, entries)


@event.listens_for(Session, "after_flush")
def _collect(db: Session, _context: object) -> None:
    touched = db.info.setdefault("reindex", set())
    for row in (*db.new, *db.dirty):
        if isinstance(row, Company):
            touched.add(row.id)
        elif isinstance(row, (ProductionUnit, CompanyContact)):
            touched.add(row.company_id)


@event.listens_for(Session, "before_commit")
def _write_collected(db: Session) -> None:
    if db.in_nested_transaction():
        return
    db.flush()
    if touched := db.info.pop("reindex", None):
        reindex(db, sorted(touched))
