"""Finding a company by whatever the caller says.

Every step reads a bounded number of rows by index and ranks them here, so that an answer takes as long
among a thousand companies as among a hundred thousand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA
from sqlalchemy import Row, and_, column, func, or_, select, table, text, union_all
from sqlalchemy.orm import Session

from crm import danish, phones
from crm.companies.models import Company, CompanyContact, ProductionUnit
from crm.companies.queries import by_ids
from crm.search.index import SHORTEST_WORD
from crm.search.models import WORDED, SearchEntry, SearchWord

# How many candidates a step reads, and how many words of a query count.
BOUND = 200
MOST_WORDS = 5
LIMIT = 20
NUMBERS = ("cvr", "p_number", "phone")
WEIGHT = {"name": 6, "alias": 5, "contact": 4, "unit": 3, "street": 1, "cvr": 6, "p_number": 6, "phone": 6}
# Bytes after every letter and digit: the end of a prefix's range.
END = "\x7f"
# "CVR-nr. 12 34 56 74", "tlf. 48 10 01 00": the label says nothing the digits do not.
_LABEL = re.compile(
    r"\s*(?:cvr|p|dk|tlf|telefon|mobil|nr)(?:\b|(?=\d))[\s.:-]*(?:(?:nr|nummer)\b[\s.:-]*)?(?=[+\d(])", re.IGNORECASE
)
_NUMBER = re.compile(r"[\d\s+().\-/]+")
_fts = table("search_fts", column("rowid"))


@dataclass(frozen=True)
class Hit:
    """A company that was found, by what, and how well (higher is better)."""

    company: Company
    kind: str
    matched: str
    score: float
    contact_id: int | None = None


@dataclass(frozen=True)
class _Found:
    company_id: int
    kind: str
    ref_id: int
    score: float


def search(db: Session, query: str, *, limit: int = LIMIT) -> list[Hit]:
    """The best hits for a query, best first. An empty query finds nothing.

    Names are found by any part of a word, in any way of writing æ ø å, and with one letter wrong; numbers
    however they are written.
    """
    query = query[:200]
    best: dict[int, _Found] = {}
    label = _LABEL.match(query)
    _keep(best, _numbers(db, query[label.end() :] if label else query))
    wanted = danish.fold_company(query).split()[:MOST_WORDS]
    if wanted and not best:
        _keep(best, _texts(db, wanted))
        if len(best) < 3:
            _keep(best, _mistyped(db, wanted))
        if not best and len(wanted) > 1:
            _keep(best, _scattered(db, wanted))
    return _hits(db, best, limit)


def _keep(best: dict[int, _Found], found: Iterable[_Found]) -> None:
    for each in found:
        if each.company_id not in best or each.score > best[each.company_id].score:
            best[each.company_id] = each


def _numbers(db: Session, query: str) -> list[_Found]:
    if not _NUMBER.fullmatch(query):
        return []
    digits = re.sub(r"\D", "", query)
    if len(digits) < 3:
        return []
    starts = {digits, *([key] if (key := phones.search_key(query)) else [])}
    ranges = [and_(SearchEntry.text >= start, SearchEntry.text < start + ":") for start in starts]
    rows = db.execute(_entries().where(or_(*ranges), SearchEntry.kind.in_(NUMBERS)).limit(BOUND)).all()
    return [
        _Found(row.company_id, row.kind, row.ref_id, WEIGHT[row.kind] + (100 if row.text in starts else 80))
        for row in rows
    ]


def _entries():  # type: ignore[no-untyped-def]  # SQLAlchemy's own type says it better than we could
    return select(SearchEntry.company_id, SearchEntry.kind, SearchEntry.ref_id, SearchEntry.text)


def _texts(db: Session, wanted: Sequence[str], penalty: float = 0) -> list[_Found]:
    phrase = " ".join(wanted)
    rows: list[Row[tuple[int, str, int, str]]] = list(
        db.execute(
            _entries()
            .where(SearchEntry.text >= phrase, SearchEntry.text < phrase + END, SearchEntry.kind.in_(WORDED))
            .order_by(SearchEntry.text)
            .limit(BOUND)
        )
    )
    rows += _containing(db, [word for word in wanted if len(word) >= 3])
    return [
        _Found(row.company_id, row.kind, row.ref_id, score - penalty)
        for row in rows
        if (score := _score(row.text, row.kind, phrase, wanted)) > 0
    ]


def _containing(db: Session, fragments: Sequence[str]) -> list[Row[tuple[int, str, int, str]]]:
    """A bounded number of entries with all these fragments in them, in no particular order."""
    if not fragments:
        return []
    query = _entries().limit(BOUND)
    if db.get_bind().dialect.name == "postgresql":
        parts = [SearchEntry.text.contains(fragment) for fragment in fragments]
        return list(db.execute(query.where(SearchEntry.kind.in_(WORDED), *parts)))
    match = " AND ".join(f'"{fragment}"' for fragment in fragments)
    joined = query.select_from(_fts).join(SearchEntry, SearchEntry.id == _fts.c.rowid)
    return list(db.execute(joined.where(text("search_fts MATCH :match")), {"match": match}))


def _score(found: str, kind: str, phrase: str, wanted: Sequence[str]) -> float:
    """How well an entry answers: whole, from the start, from the start of words, within words. 0 is not."""
    if found == phrase:
        grade = 100
    elif found.startswith(phrase + " "):
        grade = 90
    elif found.startswith(phrase):
        grade = 85
    elif all(any(word.startswith(start) for word in found.split()) for start in wanted):
        grade = 75
    elif all(fragment in found for fragment in wanted):
        grade = 60
    else:
        return 0
    return grade + WEIGHT[kind] - min(len(found), 100) / 100


def _mistyped(db: Session, wanted: Sequence[str]) -> list[_Found]:
    """Hits for the words that are one letter from those typed: one wrong, missing, extra, or two swapped."""
    found: list[_Found] = []
    for place, word in enumerate(wanted):
        if len(word) < SHORTEST_WORD or word.isdecimal():
            continue
        for meant in _neighbours(db, word)[:3]:
            found += _texts(db, [*wanted[:place], meant, *wanted[place + 1 :]], penalty=30)
        if found:
            break
    return found


def _neighbours(db: Session, word: str) -> list[str]:
    half = (len(word) - 1) // 2
    start, end = word[:half], word[::-1][:half]
    lengths = SearchWord.length.in_((len(word) - 1, len(word), len(word) + 1))
    near = db.scalars(
        union_all(
            select(SearchWord.word).where(lengths, SearchWord.word >= start, SearchWord.word < start + END),
            select(SearchWord.word).where(
                lengths, SearchWord.reversed >= end, SearchWord.reversed < end + END
            ),
        ).limit(20 * BOUND)
    )
    # A wrong letter leaves the length alone, which is the commonest mistake.
    scored = [(OSA.distance(word, each), abs(len(each) - len(word)), each) for each in set(near)]
    return [each for distance, _, each in sorted(scored) if distance == 1]


def _scattered(db: Session, wanted: Sequence[str]) -> list[_Found]:
    """Companies that have every word somewhere: the name of the firm and its street, or a person and a firm."""
    found: dict[int, _Found] = {}
    for number, word in enumerate(wanted):
        here: dict[int, _Found] = {}
        _keep(here, _texts(db, [word], penalty=40))
        both = {id: max(each, here[id], key=_by_score) for id, each in found.items() if id in here}
        found = both if number else here
    return list(found.values())


def _by_score(found: _Found) -> float:
    return found.score


def _hits(db: Session, best: dict[int, _Found], limit: int) -> list[Hit]:
    first = sorted(best.values(), key=_by_score, reverse=True)[: 2 * limit]
    companies = by_ids(db, [found.company_id for found in first])
    people = _people(db, {each.ref_id for each in first if each.ref_id and each.kind in {"contact", "phone"}})
    named = _names(db, first, people)
    hits = []
    for found in first:
        company = companies[found.company_id]
        # A company that has closed is found, but after those one can still call.
        score = found.score if company.active else found.score - 20
        person = people.get(found.ref_id) if found.kind in {"contact", "phone"} else None
        contact_id = person.id if person and person.company_id == company.id else None
        matched = named.get(found) or _matched(company, found.kind)
        hits.append(Hit(company, found.kind, matched, score, contact_id))
    hits.sort(key=lambda hit: (-hit.score, hit.company.sort_key, hit.company.id))
    return hits[:limit]


def _matched(company: Company, kind: str) -> str:
    values = {"cvr": company.cvr, "phone": company.phone, "street": company.address, "alias": company.aliases}
    return values.get(kind) or company.name


def _names(db: Session, found: Sequence[_Found], person: dict[int, CompanyContact]) -> dict[_Found, str]:
    """What to call those hits that lie below the company: a unit or a person."""
    unit = _units(db, {each.ref_id for each in found if each.ref_id and each.kind != "contact"})
    answer = {}
    for each in found:
        who, where = person.get(each.ref_id), unit.get(each.ref_id)
        if each.kind in {"contact", "phone"} and who and who.company_id == each.company_id:
            number = phones.display(who.mobile or who.phone or "")
            answer[each] = who.label if each.kind == "contact" else f"{number} {who.name}"
        elif where and where.company_id == each.company_id:
            texts = {"p_number": where.p_number, "street": where.address, "phone": where.phone}
            answer[each] = texts.get(each.kind) or where.name
    return answer


def _people(db: Session, ids: set[int]) -> dict[int, CompanyContact]:
    rows = db.scalars(select(CompanyContact).where(CompanyContact.id.in_(ids))) if ids else ()
    return {row.id: row for row in rows}


def _units(db: Session, ids: set[int]) -> dict[int, ProductionUnit]:
    rows = db.scalars(select(ProductionUnit).where(ProductionUnit.id.in_(ids))) if ids else ()
    return {row.id: row for row in rows}


def by_phone(db: Session, number: str) -> list[Hit]:
    """Who calls from this number; several when a switchboard is shared."""
    key = phones.search_key(number)
    if key is None:
        return []
    rows = db.execute(
        _entries().where(SearchEntry.text == key, SearchEntry.kind == "phone").limit(BOUND)
    ).all()
    best: dict[int, _Found] = {}
    # A person's own number says more than a company's.
    _keep(best, [_Found(row.company_id, row.kind, row.ref_id, 100 + bool(row.ref_id)) for row in rows])
    return _hits(db, best, LIMIT)


def size(db: Session) -> int:
    """How many entries the index holds; for the doctor."""
    return db.scalar(select(func.count()).select_from(SearchEntry)) or 0
