"""Finding a company by whatever the caller says."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm import danish, phones
from crm.companies.models import Company, CompanyContact, ProductionUnit
from crm.companies.queries import lines
from crm.search.candidates import (
    BOUND,
    Found,
    by_score,
    entries,
    is_as_typed,
    is_whole_number,
    keep,
    mistyped,
    numbers,
    scattered,
    texts,
)
from crm.search.models import SearchEntry
from crm.types import Among

# How many words of a query count, and how many hits are shown.
MOST_WORDS = 5
LIMIT = 20
# With fewer hits than this, the search looks further: for the words apart, and for a letter that is wrong.
FEW = 3


@dataclass(frozen=True)
class Hit:
    """A company that was found, by what, and how well (higher is better)."""

    company: Company
    kind: str
    matched: str
    score: float
    contact_id: int | None = None


def search(db: Session, query: str, *, limit: int = LIMIT) -> list[Hit]:
    """The best hits for a query, best first. An empty query finds nothing.

    Names are found by any part of a word, in any way of writing æ ø å, and with one letter wrong; numbers
    however they are written; and words that stand in different places, such as a person's and a street's.
    """
    query = query[:200]
    best: dict[int, Found] = {}
    keep(best, numbers(db, query))
    wanted = danish.fold_company(query).split()[:MOST_WORDS]
    if wanted and not any(map(is_whole_number, best.values())):
        keep(best, texts(db, wanted))
        if len(best) < FEW and not any(map(is_as_typed, best.values())):
            if len(wanted) > 1:
                keep(best, scattered(db, wanted))
            if len(best) < FEW:
                keep(best, mistyped(db, wanted))
    return _hits(db, best, limit)


def _hits(db: Session, best: dict[int, Found], limit: int) -> list[Hit]:
    first = sorted(best.values(), key=by_score, reverse=True)[: 2 * limit]
    companies = lines(db, [found.company_id for found in first])
    people = _people(db, {each.ref_id for each in first if each.ref_id and each.kind in {"contact", "phone"}})
    units = _units(db, {each.ref_id for each in first if each.ref_id and each.kind != "contact"})
    hits = []
    for found in first:
        # An undone import may take a company away between two statements.
        if (company := companies.get(found.company_id)) is None:
            continue
        # A company that has closed is found, but after those one can still call.
        score = found.score if company.active else found.score - 20
        person = _person(found, people)
        matched = _of_person(found, person) or _of_unit(found, units) or _of_company(found, company)
        hits.append(Hit(company, found.kind, matched, score, person.id if person else None))
    hits.sort(key=lambda hit: (-hit.score, hit.company.sort_key, hit.company.id))
    return hits[:limit]


def _person(found: Found, people: dict[int, CompanyContact]) -> CompanyContact | None:
    """Whom the hit is about. A telephone may be a unit's, and a unit may have the same key as a person."""
    person = people.get(found.ref_id) if found.kind in {"contact", "phone"} else None
    if person is None or person.company_id != found.company_id:
        return None
    return person if found.kind == "contact" or _their_number(person, found.text) else None


def _their_number(person: CompanyContact, key: str) -> str | None:
    return next((raw for raw in (person.mobile, person.phone) if key in phones.search_keys(raw)), None)


def _of_person(found: Found, person: CompanyContact | None) -> str | None:
    if person is None or found.kind == "contact":
        return person.label if person else None
    return f"{phones.display(_their_number(person, found.text) or '')} {person.name}"


def _of_unit(found: Found, units: dict[int, ProductionUnit]) -> str | None:
    unit = units.get(found.ref_id) if found.kind != "contact" else None
    if unit is None or unit.company_id != found.company_id:
        return None
    texts = {"p_number": unit.p_number, "street": unit.address, "phone": unit.phone}
    return texts.get(found.kind) or unit.name


def _of_company(found: Found, company: Company) -> str:
    if found.kind == "alias":
        aliases = (company.aliases or "").split("\n")
        return next((each for each in aliases if danish.fold_company(each) == found.text), company.name)
    fields = {"cvr": "cvr", "phone": "phone", "street": "address"}
    return getattr(company, fields.get(found.kind, "name")) or company.name


# Ready beforehand: to build a statement takes longer than to ask it.
_PEOPLE = select(CompanyContact).where(Among(CompanyContact.id, "ids"))
_UNITS = select(ProductionUnit).where(Among(ProductionUnit.id, "ids"))


def _people(db: Session, ids: set[int]) -> dict[int, CompanyContact]:
    rows = db.scalars(_PEOPLE, {"ids": ids}) if ids else ()
    return {row.id: row for row in rows}


def _units(db: Session, ids: set[int]) -> dict[int, ProductionUnit]:
    rows = db.scalars(_UNITS, {"ids": ids}) if ids else ()
    return {row.id: row for row in rows}


def by_phone(db: Session, number: str) -> list[Hit]:
    """Who calls from this number; several when a switchboard is shared."""
    key = phones.search_key(number)
    if key is None:
        return []
    rows = db.execute(
        entries().where(SearchEntry.text == key, SearchEntry.kind == "phone").limit(BOUND)
    ).all()
    best: dict[int, Found] = {}
    # A person's own number says more than a company's.
    keep(best, [Found(*row, score=100 + bool(row.ref_id)) for row in rows])
    return _hits(db, best, LIMIT)


def size(db: Session) -> int:
    """How many entries the index holds; for the doctor."""
    return db.scalar(select(func.count()).select_from(SearchEntry)) or 0
