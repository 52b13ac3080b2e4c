"""The steps of a search: each reads a bounded number of entries by index and says how well they answer.

So an answer takes as long among a thousand companies as among a hundred thousand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA
from sqlalchemy import Row, Select, and_, column, or_, select, table, text, union_all
from sqlalchemy.orm import Session

from crm import phones
from crm.search.index import SHORTEST_WORD
from crm.search.models import IS_WORDED, SearchEntry, SearchWord

# How many candidates a step reads.
BOUND = 200
# Candidates for words that stand apart, and words that one with a wrong letter may have meant.
APART = 1000
MEANT = 8
NUMBERS = ("cvr", "p_number", "phone")
WEIGHT = {"name": 6, "alias": 5, "contact": 4, "unit": 3, "street": 1, "cvr": 6, "p_number": 6, "phone": 6}
# Bytes after every letter and digit: the end of a prefix's range.
END = "\x7f"
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


@dataclass(frozen=True)
class Found:
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


def entries() -> Select[int, str, int, str]:
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
    ranges = [and_(SearchEntry.text >= start, SearchEntry.text < start + ":") for start in sorted(starts)]
    rows = db.execute(
        entries().where(or_(*ranges), SearchEntry.kind.in_(NUMBERS)).order_by(SearchEntry.text).limit(BOUND)
    ).all()
    return [Found(*row, score=WEIGHT[row.kind] + _number_grade(row.text, digits, starts)) for row in rows]


def _number_grade(found: str, digits: str, starts: set[str]) -> int:
    # The last eight digits of a longer number may be somebody else's CVR number.
    if found == digits:
        return 102
    return 100 if found in starts else 80


# --- Names --------------------------------------------------------------------------------------


def texts(db: Session, wanted: Sequence[str], penalty: float = 0) -> list[Found]:
    """Companies with all of these folded words in one text: a name, a street, a person."""
    phrase = " ".join(wanted)
    rows = [*_starting(db, [phrase]), *_containing(db, wanted)]
    return _scored(rows, [wanted], penalty)


def _scored(rows: Iterable[_Entry], meant: Sequence[Sequence[str]], penalty: float) -> list[Found]:
    """The entries that answer what was meant, or one of several things that may have been meant."""
    phrases = [(" ".join(wanted), wanted) for wanted in meant]
    found = []
    # The same entry may have been read twice, by its beginning and by what is in it.
    for row in dict.fromkeys(rows):
        score = max([_score(row.text, row.kind, phrase, wanted) for phrase, wanted in phrases])
        if score > 0:
            found.append(Found(*row, score=score - penalty))
    return found


def _starting(db: Session, phrases: Sequence[str]) -> Sequence[_Entry]:
    """A bounded number of entries that start with one of these."""
    ranges = [and_(SearchEntry.text >= phrase, SearchEntry.text < phrase + END) for phrase in phrases]
    query = entries().where(or_(*ranges), _WORDED).order_by(SearchEntry.text)
    return db.execute(query.limit(BOUND)).all()


def _containing(
    db: Session, wanted: Sequence[str], *, meant: Sequence[str] = (), limit: int = BOUND
) -> Sequence[_Entry]:
    """A bounded number of entries with all these words and one of `meant`, in no particular order."""
    fragments = [word for word in wanted if len(word) >= SHORTEST]
    if not fragments and not meant:
        return ()
    if db.get_bind().dialect.name == "postgresql":
        parts = [SearchEntry.text.contains(fragment) for fragment in fragments]
        one = [or_(*(SearchEntry.text.contains(word) for word in meant))] if meant else []
        # Planned as if all of them were wanted, and read until there are enough: with the limit in sight,
        # the planner hopes to meet that many soon and sets out through the whole table.
        every = entries().where(_WORDED, *parts, *one).cte("every").prefix_with("MATERIALIZED")
        return db.execute(select(every).limit(limit)).all()
    match = [f'"{fragment}"' for fragment in fragments]
    if meant:
        match.append("(" + " OR ".join(f'"{word}"' for word in meant) + ")")
    joined = entries().limit(limit).select_from(_fts).join(SearchEntry, SearchEntry.id == _fts.c.rowid)
    return db.execute(joined.where(text("search_fts MATCH :match")), {"match": " AND ".join(match)}).all()


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


# --- A letter wrong, and words apart ------------------------------------------------------------


def mistyped(db: Session, wanted: Sequence[str]) -> list[Found]:
    """Hits for the words that are one letter from those typed: one wrong, missing, extra, or two swapped."""
    for place, word in enumerate(wanted):
        if len(word) < SHORTEST_WORD or word.isdecimal():
            continue
        near = _neighbours(db, word)[:MEANT]
        if not near:
            continue
        before, after = wanted[:place], wanted[place + 1 :]
        meant = [[*before, each, *after] for each in near]
        rows = [
            *_starting(db, [" ".join(words) for words in meant]),
            *_containing(db, [*before, *after], meant=near),
        ]
        if found := _scored(rows, meant, 30):
            return found
    return []


def _neighbours(db: Session, word: str) -> list[str]:
    """The known words that are one letter away, the likeliest first."""
    half = (len(word) - 1) // 2
    start, end = word[:half], word[::-1][:half]
    lengths = SearchWord.length.in_((len(word) - 1, len(word), len(word) + 1))
    sides = [
        select(SearchWord.word).where(lengths, side >= known, side < known + END).limit(20 * BOUND).subquery()
        for side, known in ((SearchWord.word, start), (SearchWord.reversed, end))
    ]
    near = db.scalars(union_all(*(select(side.c.word) for side in sides)))
    # A wrong letter leaves the length alone, which is the commonest mistake.
    scored = [(OSA.distance(word, each), abs(len(each) - len(word)), each) for each in set(near)]
    return [each for distance, _, each in sorted(scored) if distance == 1]


def scattered(db: Session, wanted: Sequence[str]) -> list[Found]:
    """Companies that have every word somewhere: the firm's name and its street, or a person and a firm."""
    first, *others = sorted(wanted, key=len, reverse=True)
    found: dict[int, Found] = {}
    rows = _containing(db, [first], limit=APART) if len(first) >= SHORTEST else _starting(db, [first])
    keep(found, _scored(rows, [[first]], 40))
    for word in others:
        if not found:
            break
        here: dict[int, Found] = {}
        query = entries().where(SearchEntry.company_id.in_(found), _WORDED, SearchEntry.text.contains(word))
        keep(here, _scored(db.execute(query).all(), [[word]], 40))
        found = {id: max(each, found[id], key=by_score) for id, each in here.items()}
    return list(found.values())


def by_score(found: Found) -> float:
    """For sorting."""
    return found.score
