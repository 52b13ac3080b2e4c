"""The steps of a search: each reads a bounded number of entries by index and says how well they answer.

So an answer takes as long among a thousand companies as among a hundred thousand. The statements are built
once for each number of words: to build one takes longer than to ask it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    and_,
    bindparam,
    column,
    literal,
    or_,
    select,
    table,
    text,
    union_all,
)
from sqlalchemy.orm import Session

from crm import phones
from crm.db import Bytewise
from crm.search.index import SHORTEST_WORD
from crm.search.models import IS_WORDED, SearchEntry, SearchWord
from crm.types import Among

# How many candidates a step reads.
BOUND = 100
# So many companies whose texts begin as typed are an answer.
ENOUGH = 3
# Candidates for words that stand apart, and words that one with a wrong letter may have meant.
APART = 300
MEANT = 5
# Words that are looked into for a wrong letter, and known words that are compared with each.
PLACES = 2
NEAR = 4000
NUMBERS = ("cvr", "p_number", "phone")
WEIGHT = {"name": 6, "alias": 5, "contact": 4, "unit": 3, "street": 1, "cvr": 6, "p_number": 6, "phone": 6}
# Bytes after every letter and digit: the end of a prefix's range.
END = "\x7f"
# The grade of an entry in which every word begins as it was typed.
AS_TYPED = 75
# The least score of an entry that is what was typed, and nothing more.
WHOLE = 100
# The trigram index knows nothing shorter, and a shorter number says nothing.
SHORTEST = 3
# "CVR-nr. 12 34 56 74", "tlf. 48 10 01 00": the label says nothing the digits do not.
_LABEL = re.compile(
    r"\s*(?:(?:cvr|p|dk|tlf|telefon|mobil|nr)(?:\b|(?=\d))[\s.:-]*(?:(?:nr|nummer)\b[\s.:-]*)?)+(?=[+\d(])",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[\d\s+().\-/]+")
_WORDED = text(IS_WORDED)
_fts = table("search_fts", column("rowid"))
_Entry = Row[int, str, int, str]
_Entries = Select[int, str, int, str]


class Found(NamedTuple):
    """An entry of the index that answers the query, and how well (higher is better)."""

    company_id: int
    kind: str
    ref_id: int
    text: str
    score: float


def keep(best: dict[int, Found], found: Iterable[Found]) -> None:
    """Let each company keep the best of what it was found by."""
    for each in found:
        if each.company_id not in best or each.score > best[each.company_id].score:
            best[each.company_id] = each


def is_whole_number(found: Found) -> bool:
    """Whether it was found by a number typed to its end, which is an answer by itself."""
    return found.kind in NUMBERS and found.score > 100


def entries() -> _Entries:
    """The columns that every step reads."""
    return select(SearchEntry.company_id, SearchEntry.kind, SearchEntry.ref_id, SearchEntry.text)


# --- Numbers ------------------------------------------------------------------------------------


def numbers(db: Session, query: str) -> list[Found]:
    """Companies with a number that starts with the one typed, however it was written."""
    label = _LABEL.match(query)
    written = query[label.end() :] if label else query
    digits = re.sub(r"\D", "", written) if _NUMBER.fullmatch(written) else ""
    starts = {start for start in (digits, *phones.search_keys(written)) if len(start) >= SHORTEST}
    if not starts:
        return []
    rows = db.execute(_numbered(len(starts)), _values(start=sorted(starts))).all()
    return [Found(*row, score=WEIGHT[row.kind] + _number_grade(row.text, digits, starts)) for row in rows]


@cache
def _numbered(starts: int) -> _Entries:
    ranges = _ranges(starts, ":")
    return entries().where(ranges, SearchEntry.kind.in_(NUMBERS)).order_by(SearchEntry.text).limit(BOUND)


def _ranges(starts: int, end: str) -> ColumnElement[bool]:
    """Texts that begin with one of `start_0`, `start_1` …"""
    begins = [bindparam(f"start_{n}", type_=Bytewise) for n in range(starts)]
    ends = [start + literal(end, Bytewise) for start in begins]
    pairs = zip(begins, ends, strict=True)
    return or_(*(and_(SearchEntry.text >= start, SearchEntry.text < end) for start, end in pairs))


def _values(**lists: Sequence[str]) -> dict[str, Any]:
    """Values for parameters that are numbered."""
    return {f"{name}_{n}": value for name, values in lists.items() for n, value in enumerate(values)}


def _number_grade(found: str, digits: str, starts: set[str]) -> int:
    # The last eight digits of a longer number may be somebody else's CVR number.
    if found == digits:
        return 102
    return 100 if found in starts else 80


# --- Names --------------------------------------------------------------------------------------


def texts(db: Session, wanted: Sequence[str]) -> list[Found]:
    """Companies with all of these folded words in one text: a name, a street, a person."""
    phrase = " ".join(wanted)
    if len(wanted) == 1:
        return _scored(_read(db, [phrase], wanted), [wanted], 0)
    # Many words, one after another, hardly begin a text by chance; then nobody is asked where else they stand.
    found = _scored(_read(db, [phrase], []), [wanted], 0)
    if len({each.company_id for each in found}) >= ENOUGH or any(each.score >= WHOLE for each in found):
        return found
    return found + _scored(_read(db, [], wanted), [wanted], 0)


def is_as_typed(found: Found) -> bool:
    """Whether every word begins as it was typed, so that no letter can be wrong."""
    return found.score >= AS_TYPED


def _read(
    db: Session, starts: Sequence[str], words: Sequence[str], *, meant: Sequence[str] = (), limit: int = BOUND
) -> Sequence[_Entry]:
    """A bounded number of entries that start with one of these, and of entries with all these words and one of
    `meant` in them, in no particular order."""
    parts = [word for word in words if len(word) >= SHORTEST]
    postgresql = db.get_bind().dialect.name == "postgresql"
    values = _values(start=starts) | {"limit": limit}
    if not parts and not meant:
        return db.execute(_reading(len(starts), None), values).all() if starts else ()
    if postgresql:
        statement = _reading(len(starts), (len(parts), len(meant)))
        return db.execute(statement, values | _values(part=parts, meant=meant)).all()
    match = [f'"{part}"' for part in parts]
    if meant:
        match.append("(" + " OR ".join(f'"{word}"' for word in meant) + ")")
    return db.execute(_reading(len(starts), ()), values | {"match": " AND ".join(match)}).all()


@cache
def _reading(starts: int, containing: tuple[int, ...] | None) -> CompoundSelect[Any]:
    """Both in one statement. `containing` is None for nothing, () for a full-text match, or how many parts and
    how many words that may have been meant."""
    both = []
    if starts:
        both.append(entries().where(_ranges(starts, END), _WORDED).order_by(SearchEntry.text).limit(BOUND))
    if containing == ():
        matching = entries().select_from(_fts).join(SearchEntry, SearchEntry.id == _fts.c.rowid)
        both.append(matching.where(text("search_fts MATCH :match")).limit(bindparam("limit")))
    elif containing:
        both.append(_like(*containing))
    return union_all(*(each.subquery().select() for each in both))


def _like(parts: int, meant: int) -> Select[Any]:
    all_of = [SearchEntry.text.contains(bindparam(f"part_{n}", type_=Bytewise)) for n in range(parts)]
    one_of = [SearchEntry.text.contains(bindparam(f"meant_{n}", type_=Bytewise)) for n in range(meant)]
    # Planned as if all of them were wanted, and read until there are enough: with the limit in sight, the
    # planner hopes to meet that many soon and sets out through the whole table.
    wanted = [*all_of, *([or_(*one_of)] if one_of else [])]
    every = entries().where(_WORDED, *wanted).cte("every").prefix_with("MATERIALIZED")
    return select(every).limit(bindparam("limit"))


def _scored(rows: Iterable[_Entry], meant: Sequence[Sequence[str]], penalty: float) -> list[Found]:
    """The entries that answer what was meant, or one of several things that may have been meant."""
    asked = [(" ".join(wanted), wanted, [f" {word}" for word in wanted]) for wanted in meant]
    found = []
    # The same entry may have been read twice, by its beginning and by what is in it.
    for row in dict.fromkeys(rows):
        company_id, kind, ref_id, said = row
        grade = max([_grade(said, *each) for each in asked])
        if grade:
            score = grade + WEIGHT[kind] - min(len(said), 100) / 100 - penalty
            found.append(Found(company_id, kind, ref_id, said, score))
    return found


def _grade(found: str, phrase: str, wanted: Sequence[str], starts: Sequence[str]) -> int:
    """How well an entry answers: whole, from the start, from the start of words, within words. 0 is not."""
    if found.startswith(phrase):
        if len(found) == len(phrase):
            return 100
        return 90 if found[len(phrase)] == " " else 85
    words = f" {found}"
    if all(start in words for start in starts):
        return AS_TYPED
    return 60 if all(fragment in found for fragment in wanted) else 0


# --- A letter wrong, and words apart ------------------------------------------------------------


def mistyped(db: Session, wanted: Sequence[str]) -> list[Found]:
    """Hits for the words that are one letter from those typed: one wrong, missing, extra, or two swapped."""
    looked_into = [word for word in wanted if len(word) >= SHORTEST_WORD and not word.isdecimal()]
    near = _neighbours(db, looked_into) if looked_into else {}
    for word in [word for word in looked_into if near[word]][:PLACES]:
        place = wanted.index(word)
        before, after = wanted[:place], wanted[place + 1 :]
        meant = [[*before, each, *after] for each in near[word]]
        rows = _read(db, [" ".join(words) for words in meant], [*before, *after], meant=near[word])
        if found := _scored(rows, meant, 30):
            return found
    return []


def _neighbours(db: Session, words: Sequence[str]) -> dict[str, list[str]]:
    """For each word the known words that are one letter away, the likeliest first."""
    halves = [(len(word) - 1) // 2 for word in words]
    values: dict[str, Any] = _values(
        start=[word[:half] for word, half in zip(words, halves, strict=True)],
        end=[word[::-1][:half] for word, half in zip(words, halves, strict=True)],
    )
    for n, word in enumerate(words):
        values |= {f"shorter_{n}": len(word) - 1, f"equal_{n}": len(word), f"longer_{n}": len(word) + 1}
    known: dict[int, set[str]] = {n: set() for n in range(len(words))}
    for n, found in db.execute(_known(len(words)), values):
        known[n].add(found)
    return {word: _one_letter_away(word, known[n])[:MEANT] for n, word in enumerate(words)}


@cache
def _known(words: int) -> CompoundSelect[Any]:
    """For each word the known ones of about its length that begin, or end, as it does."""
    sides = [
        select(literal(n).label("n"), SearchWord.word)
        .where(SearchWord.length.in_([bindparam(f"{how}_{n}") for how in ("shorter", "equal", "longer")]))
        .where(side >= bindparam(f"{name}_{n}", type_=Bytewise))
        .where(side < bindparam(f"{name}_{n}", type_=Bytewise) + literal(END, Bytewise))
        .limit(NEAR)
        for n in range(words)
        for side, name in ((SearchWord.word, "start"), (SearchWord.reversed, "end"))
    ]
    return union_all(*(side.subquery().select() for side in sides))


def _one_letter_away(word: str, known: Iterable[str]) -> list[str]:
    near = process.extract(word, list(known), scorer=OSA.distance, score_cutoff=1, limit=None)
    # A wrong letter leaves the length alone, which is the commonest mistake.
    return [
        each for _, each in sorted((abs(len(each) - len(word)), each) for each, far, _ in near if far == 1)
    ]


def scattered(db: Session, wanted: Sequence[str]) -> list[Found]:
    """Companies that have every word somewhere: the firm's name and its street, or a person and a firm."""
    first, *others = sorted(wanted, key=len, reverse=True)
    found: dict[int, Found] = {}
    starts = [] if len(first) >= SHORTEST else [first]
    keep(found, _scored(_read(db, starts, [first], limit=APART), [[first]], 40))
    if not found:
        return []
    values = {"companies": found} | _values(part=others)
    rows = db.execute(_of_these(len(others)), values).all()
    for word in others:
        here: dict[int, Found] = {}
        keep(here, _scored(rows, [[word]], 40))
        found = {id: max(each, found[id], key=by_score) for id, each in here.items() if id in found}
    return list(found.values())


@cache
def _of_these(parts: int) -> _Entries:
    """All entries of these companies with one of the parts in them."""
    one_of = [SearchEntry.text.contains(bindparam(f"part_{n}", type_=Bytewise)) for n in range(parts)]
    companies = Among(SearchEntry.company_id, "companies")
    return entries().where(companies, _WORDED, or_(*one_of))


def by_score(found: Found) -> float:
    """For sorting."""
    return found.score
