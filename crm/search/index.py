"""Keeping the index: what a company can be found by, rewritten in the transaction that changed it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from sqlalchemy import Table, delete, event, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_state

from crm import danish, phones
from crm.companies.models import Company, CompanyContact, ProductionUnit
from crm.db import upsert
from crm.search.models import WORDED, SearchEntry, SearchWord

Entry = dict[str, Any]
# Shorter words are found whole or not at all; a mistake in three letters is another word.
SHORTEST_WORD = 4
# How many companies are written anew in one go; both engines have a limit to a statement's values.
PART = 1000
_PLACE = {"name", "street", "postal_code", "city", "phone"}
# What a row is found by. A change of anything else, such as who is responsible, leaves the index alone.
FOUND_BY: dict[type[Company | ProductionUnit | CompanyContact], set[str]] = {
    Company: {*_PLACE, "aliases", "cvr"},
    ProductionUnit: {*_PLACE, "p_number", "company_id"},
    CompanyContact: {"name", "phone", "mobile", "ended_on", "company_id"},
}
# One sign can fold to eighteen letters, and an index of PostgreSQL has room for 2,700 bytes.
LONGEST = 400


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
    keys = [key for field in ("phone", "mobile") for key in phones.search_keys(values.get(field))]
    for key in dict.fromkeys(keys):
        yield _entry(company_id, "phone", contact_id, key)


def _place(company_id: int, ref_id: int, values: dict[str, Any]) -> Iterator[Entry]:
    if values.get("street"):
        where = " ".join(filter(None, (values["street"], values.get("postal_code"), values.get("city"))))
        yield _entry(company_id, "street", ref_id, danish.fold(where))
    for key in phones.search_keys(values.get("phone")):
        yield _entry(company_id, "phone", ref_id, key)


def _entry(company_id: int, kind: str, ref_id: int, text: str) -> Entry:
    return {"company_id": company_id, "kind": kind, "ref_id": ref_id, "text": text[:LONGEST]}


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
        # The table and not the class: imports write hundreds of thousands, and the ORM would look at each.
        db.execute(insert(cast("Table", SearchEntry.__table__)), entries)
    fresh = words_of(entries) - (known_words or set())
    if fresh:
        rows = [{"word": word, "reversed": word[::-1], "length": len(word)} for word in sorted(fresh)]
        db.execute(upsert(db, SearchWord).on_conflict_do_nothing(), rows)
        if known_words is not None:
            known_words |= fresh


def forget(db: Session, company_ids: Sequence[int]) -> None:
    """Take these companies out of the index."""
    db.execute(delete(SearchEntry).where(SearchEntry.company_id.in_(company_ids)))


def reindex(db: Session, company_ids: Sequence[int]) -> None:
    """Write these companies' entries anew. Those that do not exist any longer are only forgotten."""
    for start in range(0, len(company_ids), PART):
        _reindex(db, company_ids[start : start + PART])


def _reindex(db: Session, company_ids: Sequence[int]) -> None:
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


@event.listens_for(Session, "before_flush")
def _forget_deleted(db: Session, _context: object, _instances: object) -> None:
    # The entries point at the company, so they must be gone before it goes.
    if gone := [row.id for row in db.deleted if isinstance(row, Company)]:
        forget(db, gone)


@event.listens_for(Session, "after_flush")
def _collect(db: Session, _context: object) -> None:
    # A row whose change is rolled back later is written anew as it stands, which does no harm.
    touched = db.info.setdefault("reindex", set())
    for row in (*db.new, *db.dirty, *db.deleted):
        touched.update(_companies_to_rewrite(row, came_or_went=row not in db.dirty))


def _companies_to_rewrite(row: object, *, came_or_went: bool) -> Iterator[int]:
    """The company the row belongs to, and the one it belonged to before it moved."""
    if not isinstance(row, (Company, ProductionUnit, CompanyContact)):
        return
    attributes = instance_state(row).attrs
    history = {name: attributes[name].history for name in FOUND_BY[type(row)]}
    if came_or_went or any(each.has_changes() for each in history.values()):
        yield row.id if isinstance(row, Company) else row.company_id
    if "company_id" in history:
        yield from (id for id in history["company_id"].deleted if id)


# Before the audit log, which was first to listen: whoever holds the end of its chain must wait for nobody,
# and two writers may wait here for a word that both of them bring.
@event.listens_for(Session, "before_commit", insert=True)
def _write_collected(db: Session) -> None:
    if db.in_nested_transaction():
        return
    db.flush()
    if touched := db.info.pop("reindex", None):
        reindex(db, sorted(touched))
