"""Finds CPR numbers in text, so that nobody stores one by mistake (databeskyttelsesloven § 11).

A CPR number is ten digits, DDMMYYNNNN. The seventh digit and the year give the century; the weights
4 3 2 7 6 5 4 3 2 1 give a sum divisible by 11, except for some numbers issued since 2007, so far only
to people born on 1 January (cpr.dk). Replacement numbers have 60 added to the day.

P-numbers have ten digits too, and most of them pass for a CPR number. Only the words before them tell
the two apart, so a number that follows "P-nr." is left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from html import unescape
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


class Verdict(StrEnum):
    """BLOCK: a CPR number, refuse it. WARN: it could be one, ask."""

    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a number stands, as `text[start:end]`. The number itself is never kept."""

    start: int
    end: int
    verdict: Verdict


def has_cpr(text: str) -> bool:
    """Whether the text holds a number that must be refused."""
    return any(hit.verdict is Verdict.BLOCK for hit in find(text))


def mask(text: str) -> str:
    """The text with a • for every digit of every hit, certain or not."""
    # What stands beside a number decides how it is read, so taking one away can uncover another.
    while hits := find(text):
        for hit in hits:
            dots = "".join("•" if ch.isnumeric() else ch for ch in text[hit.start : hit.end])
            text = text[: hit.start] + dots + text[hit.end :]
    return text


def find(text: str) -> list[Hit]:
    """Every number that is, or could be, a CPR number, in order and never overlapping."""
    if not _has_ten_digits(text):
        return []
    plain = _plain(text)
    hits = []
    taken = 0
    for number in _numbers(plain.text):
        if number.start >= taken and (verdict := _verdict(number, plain.text)):
            hits.append(Hit(plain.starts[number.start], plain.ends[number.end - 1], verdict))
            taken = number.end
    return hits


# --- Reading ------------------------------------------------------------------------------------

_DIGIT = re.compile(r"[\d①-⓿❶-➓]")
# Danish letters, dashes, quotes and bullets are common, and need no reading.
_UNUSUAL = re.compile(r"[^\n -~À-ɏ‐-―‘-‟•…]|&#?\w|%[23]|<[/a-zA-Z]")
_CODED = re.compile(
    r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});|%2[DdEeFf0]|%3\d|</?[a-zA-Z][^<>\d]{0,40}>"
)
# These look empty, but Unicode counts them as letters or symbols.
_EMPTY_LOOKING = "\u115f\u1160\u2800\u3164\uffa0"
_DASH_LOOKING = "\u2043\u207b\u208b\u2212\u00af\u02d7"


class _Plain(NamedTuple):
    """A text in plain signs, and where each of them stood in the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def _has_ten_digits(text: str) -> bool:
    if len(text) < 5:
        return False
    return sum(1 if digit.isdecimal() else 2 for digit in _DIGIT.findall(text)) >= 10


def _plain(text: str) -> _Plain:
    """Undo what hides a digit: other alphabets' digits, invisible signs, entities, tags, odd dashes."""
    if not _UNUSUAL.search(text):
        return _Plain(text, range(len(text)), range(1, len(text) + 1))
    signs: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end, sign in _signs(text):
        signs.append(sign)
        starts.extend([start] * len(sign))
        ends.extend([end] * len(sign))
    return _Plain("".join(signs), starts, ends)


def _signs(text: str) -> Iterator[tuple[int, int, str]]:
    at = 0
    for coded in _CODED.finditer(text):
        yield from ((i, i + 1, _sign(text[i])) for i in range(at, coded.start()))
        yield coded.start(), coded.end(), "".join(map(_sign, _decoded(coded[0])))
        at = coded.end()
    yield from ((i, i + 1, _sign(text[i])) for i in range(at, len(text)))


def _decoded(coded: str) -> str:
    if coded.startswith("<"):
        return ""
    return unquote(coded) if coded.startswith("%") else unescape(coded)


@lru_cache(maxsize=4096)
def _sign(ch: str) -> str:
    """The plain reading of one character; "" when it cannot be seen."""
    if "\n" <= ch <= "~":
        return ch if ch >= " " or ch == "\n" else " "
    category = unicodedata.category(ch)
    if category in {"Cf", "Mn", "Me"}:
        return ""
    if category == "Pd" or ch in _DASH_LOOKING:
        return "-"
    if category[0] in "ZC" or ch in _EMPTY_LOOKING:
        return "\n" if category in {"Zl", "Zp"} else " "
    return _numeral(ch)


def _numeral(ch: str) -> str:
    # A raised digit is a footnote or a square metre, and no part of the number before it.
    if unicodedata.decomposition(ch).startswith(("<super>", "<sub>")):
        return ch
    digit = unicodedata.digit(ch, None)
    return str(digit) if digit is not None else unicodedata.normalize("NFKC", ch)


# --- Ten digits in groups -----------------------------------------------------------------------

_GROUP = re.compile(r"[0-9]+")
_GAP = re.compile(r"[ \n\-‐-―./_:|*~·]{1,5}")
_DATE_GAP = re.compile(r" ?[-‐-―./] ?")


class _Number(NamedTuple):
    """Ten digits that someone may have meant as one number."""

    digits: str
    start: int
    end: int
    shape: tuple[int, ...]
    gaps: tuple[str, ...]
    alone: bool

    @property
    def solid(self) -> bool:
        """Written in one piece."""
        return len(self.shape) == 1

    @property
    def usual(self) -> bool:
        """Written the way CPR numbers are: 070761-4285 or 07.07.61-4285."""
        dated = self.shape == (2, 2, 2, 4) and all(_DATE_GAP.fullmatch(gap) for gap in self.gaps[:2])
        return self.shape == (6, 4) or dated


def _numbers(text: str) -> Iterator[_Number]:
    groups = list(_GROUP.finditer(text))
    gaps = [text[a.end() : b.start()] for a, b in pairwise(groups)]
    joined = [bool(_GAP.fullmatch(gap)) for gap in gaps]
    for first in range(len(groups)):
        last = _tenth(groups, joined, first)
        if last is None:
            continue
        chosen = groups[first : last + 1]
        yield _Number(
            "".join(group[0] for group in chosen),
            chosen[0].start(),
            chosen[-1].end(),
            tuple(len(group[0]) for group in chosen),
            tuple(gaps[first:last]),
            not (first and joined[first - 1]) and not (last < len(joined) and joined[last]),
        )


def _tenth(groups: list[re.Match[str]], joined: list[bool], first: int) -> int | None:
    """The group that ends with the tenth digit counted from `first`, if one does."""
    count = 0
    for at in range(first, len(groups)):
        if at > first and not joined[at - 1]:
            return None
        count += len(groups[at][0])
        if count >= 10:
            return at if count == 10 else None
    return None


# --- Judging ------------------------------------------------------------------------------------

_SAYS_CPR = re.compile(r"cpr|person\W?(?:nr|num)", re.IGNORECASE)
_SAYS_P_NUMBER = re.compile(
    r"""(?<![^\W_])(?: p\W{0,2}(?:nr|no|num+er|numre|enhed)\w* | produktions?\W?enhed\w* | p\s?: )
        (?: \W | \b(?:nr|nummer|numre|er|og|samt|hhv)\b | \b\d{1,3}\b | \b\d{10}\b )* $""",
    re.IGNORECASE | re.VERBOSE,
)
_SAYS_OTHER_NUMBER = re.compile(
    r"""(?:ordre|faktura|bestilling|rekvisition|konto|vare|serie|kredit|tracking|pakke|ean|gln|iban|imei
        |ref|tlf|telefon|mobil|cvr|\bse)[a-z]*[-. ]{0,2}(?:nr|nummer|id|no)?[^a-z0-9]{0,4}$""",
    re.IGNORECASE | re.VERBOSE,
)
_SAYS_PHONE_OR_CVR = re.compile(
    r"(?:tlf|telefon|mobil|cvr|\bse)[a-z]*[-. ]{0,2}(?:nr|nummer)?[^a-z0-9]{0,4}$", re.IGNORECASE
)
_COUNTRY_CODE = re.compile(r"\+(?:[1-9]\d{0,2}[ -]{0,2})?$")


def _verdict(number: _Number, text: str) -> Verdict | None:
    if _is_another_shape(number) or not _has_a_birthday(number.digits):
        return None
    before = text[max(0, number.start - 120) : number.start]
    # A P-number begins with 10, and nobody writes it as a birthday and four digits.
    if number.digits.startswith("10") and not number.usual and _SAYS_P_NUMBER.search(before):
        return None
    if _SAYS_CPR.search(before[-40:]):
        return Verdict.BLOCK
    if not number.solid and not number.usual and _SAYS_PHONE_OR_CVR.search(before):
        return None
    if number.digits[0] in "6789" and not number.usual:
        # Replacement numbers are rare and most phone numbers begin like one, so only the check speaks.
        return Verdict.WARN if _passes_mod11(number.digits) else None
    certain = _is_certain(number) and not _could_be_something_else(number, before)
    return Verdict.BLOCK if certain else Verdict.WARN


def _is_certain(number: _Number) -> bool:
    """Whether such a number is issued; replacement numbers need not pass the check."""
    return number.digits[0] in "6789" or number.digits.startswith("0101") or _passes_mod11(number.digits)


def _is_another_shape(number: _Number) -> bool:
    """Whether the groups are a part of something longer, lines of a list, or a CVR number and a count."""
    if number.solid or number.usual:
        return False
    return not number.alone or 8 in number.shape or any("\n" in gap for gap in number.gaps)


def _could_be_something_else(number: _Number, before: str) -> bool:
    if _is_moment(number.digits):
        return True
    if number.usual:
        return bool(_COUNTRY_CODE.search(before))
    # 12-03-2026 10 and 08.10-12.30 15 are days, times and counts that happen to make ten digits.
    timelike = number.shape[:3] == (2, 2, 4) or any(ch in gap for gap in number.gaps for ch in ".:")
    return timelike or bool(_SAYS_OTHER_NUMBER.search(before) or _COUNTRY_CODE.search(before))


def _is_moment(digits: str) -> bool:
    """Whether it reads as a day and a clock time, 241126 1430: as a CPR number, someone born before 1937."""
    return int(digits[4:6]) <= 36 and int(digits[6:8]) < 24 and int(digits[8:]) < 60


def _passes_mod11(digits: str) -> bool:
    return sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True)) % 11 == 0


def _has_a_birthday(digits: str) -> bool:
    day, month = int(digits[:2]), int(digits[2:4])
    try:
        date(_year(int(digits[4:6]), int(digits[6])), month, day - 60 if day > 60 else day)
    except ValueError:
        return False
    return True


def _year(year: int, seventh: int) -> int:
    """The full year of birth, by the table in cpr.dk's "Personnummeret i CPR"."""
    if seventh <= 3:
        return 1900 + year
    if seventh in {4, 9}:
        return year + (2000 if year <= 36 else 1900)
    return year + (2000 if year <= 57 else 1800)
