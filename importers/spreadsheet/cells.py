"""What stands in the cells of a row, read the way people write it and the way programs spoil it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm import cpr, danish
from crm.errors import Refused

Cell = str | int | float | bool | date | datetime | time | None

# Programs count days from here; a date without a format is such a number, a clock time a part of one.
DAY_NOUGHT = date(1899, 12, 30)
SERIAL_DAYS = range(20_000, 80_000)
DAY_SECONDS = 24 * 3600
MIDNIGHT = time()
ERRORS = frozenset({
    "#n/a", "#i/t", "#ref!", "#reference!", "#value!", "#værdi!", "#div/0!", "#division/0!", "#name?",
    "#navn?", "#null!", "#nul!", "#num!", "#spill!", "#overløb!",
})  # fmt: skip
YES = frozenset({"ja", "j", "x", "1", "true", "sand", "yes"})
NO = frozenset({"nej", "n", "-", "0", "false", "falsk", "no"})
NUMBER_SENTENCE = "Skriv antallet som et tal, for eksempel 12 eller 10-19."
# Lists that leave the house have an apostrophe before what a program would take for a formula: at the beginning,
# and behind every sign that some program begins a new cell at, should it open the file with the wrong one. Blanks,
# quotes and apostrophes before a formula hide it only from people, and wide signs are formulas to some programs.
_SIGNS = frozenset("=+-@\t\r＝＋－＠")
_HIDING = frozenset("'\"\ufeff")
_BEGINS = frozenset(",;\t\n")
_SIGN = re.compile(f"[{re.escape(''.join(sorted(_SIGNS)))}]")
_DAY_AND_CLOCK = re.compile(r"(.*\d{4})(?:,? kl\.? ?|,? )(\d{1,2}[.:]\d{2})(?:[.:]\d{2})?")
_SPAN = re.compile(
    r"""(?:ca\.?\s*)? (?P<least>\d[\d.]*(?:,0+)?) \s*
        (?: (?P<more>\+|(?:eller|og)\s+(?:flere|derover|over)|-\s*999999)
          | (?:-|–|til) \s* (?P<most>\d[\d.]*(?:,0+)?) )?
        \s* (?:ansatte|medarbejdere|personer)?""",
    re.VERBOSE,
)


def _places(text: str) -> list[int]:
    """Where a cell may begin with something that is taken for a formula, the last first. Each sign is seen once."""
    found: list[int] = []
    leads = False
    for place in range(len(text) - 1, -1, -1):
        sign = text[place]
        leads = sign in _SIGNS or (leads and (sign in _HIDING or sign.isspace()))
        if leads and (place == 0 or text[place - 1] in _BEGINS):
            found.append(place)
    return found


def armed(text: str) -> str:
    """The text as it may stand in a CSV file: nothing in it is taken for a formula."""
    if not _SIGN.search(text):
        return text
    for place in _places(text):
        text = f"{text[:place]}'{text[place:]}"
    return text


def disarmed(text: str) -> str:
    """What was written, from what stands in a file: `disarmed(armed(text)) == text`."""
    if "'" not in text:
        return text
    # An apostrophe that we put there has a formula, however hidden, behind it.
    places = {place for place in _places(text) if text[place] == "'"}
    return "".join(sign for place, sign in enumerate(text) if place not in places)


@dataclass(frozen=True)
class Cells:
    """One row: its line in the file, and its cells by field."""

    line: int
    values: Mapping[str, Cell]

    def text(self, name: str) -> str | None:
        """What is written, on as many lines as it is; None when the cell is empty or not there."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            return _written(value)
        said = disarmed((value or "").lstrip()).strip()
        if said.casefold() in ERRORS:
            raise Refused(name, f"Cellen viser en fejl ({said}).")
        return said or None

    def line_of(self, name: str) -> str | None:
        """What is written, on one line."""
        said = self.text(name)
        return " ".join(said.split()) if said else None

    def needed(self, name: str) -> str:
        """What is written, on one line; an empty cell is refused."""
        said = self.line_of(name)
        if said is None:
            raise Refused(name, "Cellen er tom.")
        return said

    def flag(self, name: str) -> bool:
        """Yes or no, or a cross; an empty cell is no."""
        said = (self.line_of(name) or "nej").casefold()
        if said not in YES | NO:
            raise Refused(name, "Skriv ja eller nej.")
        return said in YES

    def digits(self, name: str, width: int) -> str | None:
        """A code; zeros that a program has taken from its beginning are put back."""
        said = self.line_of(name)
        return said.zfill(width) if said and said.isascii() and said.isdecimal() else said

    def span(self, name: str) -> tuple[int | None, int | None]:
        """A number or a range of them: "12", "12,0", "1.300", "10-19", "50 eller flere"."""
        said = self.line_of(name)
        if said is None:
            return None, None
        found = _SPAN.fullmatch(said.casefold().replace("antal_", "").replace("_", "-"))
        if found is None:
            raise Refused(name, NUMBER_SENTENCE)
        least = _whole(found["least"], name)
        if found["more"]:
            return least, None
        return least, _whole(found["most"], name) if found["most"] else least

    def day(self, name: str, today: date) -> date | None:
        """A day, from a cell with a date in it or in words."""
        value = self.values.get(name)
        if isinstance(value, str):
            value = _iso_moment(value) or value
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if isinstance(value, float | int) and int(value) in SERIAL_DAYS:
            return DAY_NOUGHT + timedelta(days=int(value))
        said = self.line_of(name)
        return danish.parse_day(said, today, name) if said else None

    def moment(
        self, name: str, clock_name: str, now: datetime, zone: ZoneInfo, otherwise: time
    ) -> datetime | None:
        """A day and a clock time, in one cell or two, in UTC. A day alone counts as `otherwise`."""
        value = self.values.get(name)
        if isinstance(value, str):
            value = _iso_moment(value) or value
        if isinstance(value, datetime) and value.tzinfo:
            return value.astimezone(UTC)
        today = now.astimezone(zone).date()
        clock = self._clock(clock_name)
        if isinstance(value, datetime) and value.time() != MIDNIGHT:
            clock = clock or _spoken(value.time())
        both = _DAY_AND_CLOCK.fullmatch(" ".join(value.split())) if isinstance(value, str) else None
        if both:
            clock = clock or both[2]
        day = danish.parse_day(both[1], today, name) if both else self.day(name, today)
        if day is None:
            return None
        return danish.parse_moment(f"{day:%d-%m-%Y}", clock or _spoken(otherwise), now, zone, name)

    def _clock(self, name: str) -> str | None:
        value = self.values.get(name)
        if isinstance(value, float) and 0 <= value < 1:
            seconds = round(value * DAY_SECONDS)
            return _spoken(time(seconds // 3600, seconds % 3600 // 60))
        return _spoken(value.time()) if isinstance(value, datetime) else self.line_of(name)


def _iso_moment(said: str) -> datetime | None:
    """A moment as programs write it: "2026-11-23T09:30"."""
    if len(said) > 10 and said[4:5] == said[7:8] == "-":
        with suppress(ValueError):
            return datetime.fromisoformat(said.strip())
    return None


def _whole(said: str, name: str) -> int:
    """ "12", "12.0", "12,0", "1.300"."""
    plain = re.sub(r"(?:,0+|\.0{1,2})$", "", said)
    if not re.fullmatch(r"\d{1,9}|\d{1,3}(?:\.\d{3}){1,2}", plain):
        raise Refused(name, NUMBER_SENTENCE)
    return int(plain.replace(".", ""))


def _written(value: float | date | time) -> str:
    if isinstance(value, bool):
        return "ja" if value else "nej"
    if isinstance(value, float | int):
        return _number(value)
    if isinstance(value, datetime):
        return f"{value:%d-%m-%Y} {_spoken(value.time())}"
    return f"{value:%d-%m-%Y}" if isinstance(value, date) else _spoken(value)


def _number(value: float) -> str:
    """A number as it was typed. Nine digits are ten when these are a CPR number, so that it is noticed."""
    if not float(value).is_integer() or abs(value) >= 1e15:
        return f"{value}".replace(".", ",")
    said = str(int(value))
    with_zero = said.zfill(10)
    return with_zero if len(said) == 9 and cpr.has_cpr(with_zero) else said


def _spoken(clock: time) -> str:
    return f"{clock.hour}.{clock.minute:02}"
