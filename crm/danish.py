"""Danish words, numbers, days and times: folded for searching, sorted, spoken, and read as written."""

from __future__ import annotations

import math
import re
import unicodedata
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from crm.errors import Refused

WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
MONTHS = (
    "januar", "februar", "marts", "april", "maj", "juni",
    "juli", "august", "september", "oktober", "november", "december",
)  # fmt: skip
_SHORT_MONTHS = (
    "jan.",
    "feb.",
    "mar.",
    "apr.",
    "maj",
    "juni",
    "juli",
    "aug.",
    "sep.",
    "okt.",
    "nov.",
    "dec.",
)

DAY_SENTENCE = "Skriv datoen som 23-11-2026."
TIME_SENTENCE = "Skriv klokkeslættet som 9.30."
LONGEST_KEY = 300


# --- Words --------------------------------------------------------------------------------------

_BEFORE_MARKS_GO = str.maketrans({"ä": "ae", "ǽ": "ae"})
_AFTER_MARKS_GO = str.maketrans(
    {"æ": "ae", "ø": "o", "œ": "o", "ð": "d", "đ": "d", "ł": "l", "þ": "th", "ı": "i"}
)
_LEGAL_FORM = re.compile(
    r"""(?<!\w)(?: (?: a\.?p\.?s | ivs | [aikp]\s?/\s?s | [asf]\.?\ ?m\.?\ ?b\.?\ ?a )(?!\w)\.? | v/ )
        | (?<=\s)as\s*$""",
    re.VERBOSE,
)


def fold(text: str) -> str:
    """The text as a search compares it: Søndergård, Soendergaard and sondergard are all "sondergard".

    Lower case without accents; æ is ae, ø and oe are o, å and aa are a; all but letters and digits
    becomes one blank.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    plain = unicodedata.normalize("NFKD", plain.translate(_BEFORE_MARKS_GO)).translate(_AFTER_MARKS_GO)
    if not plain.isascii():
        plain = "".join(ch for ch in plain if not unicodedata.combining(ch))
    return " ".join(re.findall(r"[^\W_]+", re.sub(r"oe+", "o", re.sub(r"a{2,}", "a", plain))))


def fold_company(name: str) -> str:
    """A folded company name without its legal form, & read as "og". Never empty if `fold` is not."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return fold(_LEGAL_FORM.sub(" ", plain).replace("&", " og ")) or fold(name)


def words(text: str) -> list[str]:
    """The folded words of a text."""
    return fold(text).split()


_IN_ORDER = str.maketrans(
    {
        "æ": "{",
        "ä": "{",
        "ø": "|",
        "ö": "|",
        "å": "}",
        "ü": "y",
        "œ": "|",
        "ð": "d",
        "đ": "d",
        "ł": "l",
        "þ": "th",
    }
)


def sort_key(text: str) -> str:
    """A key whose bytes sort as Danish does: digits, a to z, æ, ø, å; aa is å; case and signs do not count.

    Printable ASCII only. The three characters after "z" stand for the three letters after z. Cut where an
    index of PostgreSQL has room for no more.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    plain = unicodedata.normalize("NFKD", plain.replace("aa", "å").translate(_IN_ORDER))
    kept = (_in_key(ch) for ch in plain if not unicodedata.combining(ch))
    return " ".join("".join(kept).split())[:LONGEST_KEY]


def _in_key(ch: str) -> str:
    if ch.isspace():
        return " "
    if ch.isascii():
        return ch if ch.isalnum() or ch in "{|}" else ""
    # Letters of other alphabets come after å, in the order of their numbers.
    return f"~{ord(ch):06x}" if ch.isalnum() else ""


# --- Numbers ------------------------------------------------------------------------------------


def number(n: int) -> str:
    """1300 is "1.300"."""
    return f"{n:,}".replace(",", ".")


def decimal(n: Decimal) -> str:
    """1300.5 is "1.300,5"; what is after the comma only where there is something."""
    whole, _, rest = f"{n:.2f}".partition(".")
    rest = rest.rstrip("0")
    return number(int(whole)) + (f",{rest}" if rest else "")


def count(n: int, one: str, many: str) -> str:
    """ "1 virksomhed", "1.300 virksomheder"."""
    return f"{number(n)} {one if n == 1 else many}"


# --- Days and times, spoken -----------------------------------------------------------------------


def size(number: float) -> str:
    """ "120 kB", "1,2 GB": so many bytes. Kilobytes are whole and rounded up, since no file is nothing."""
    units = ("kB", "MB", "GB", "TB")
    power = 0
    number /= 1024
    while number >= 1024 and power + 1 < len(units):
        number, power = number / 1024, power + 1
    said = f"{math.ceil(number)}" if power == 0 else f"{number:.1f}".removesuffix(".0").replace(".", ",")
    return f"{said} {units[power]}"


def clock(minutes: int) -> str:
    """ "9.00": so many minutes after midnight."""
    return f"{minutes // 60}.{minutes % 60:02}"


def long_date(day: date) -> str:
    """ "23. november 2026"."""
    return f"{day.day}. {MONTHS[day.month - 1]} {day.year}"


def long_day(day: date) -> str:
    """ "mandag 23. november"."""
    return f"{WEEKDAYS[day.weekday()]} {day.day}. {MONTHS[day.month - 1]}"


def spoken_day(day: date, today: date) -> str:
    """ "i dag", "i går", "i morgen", "på fredag" up to six days ahead, "12. nov.", "12. nov. 2025"."""
    ahead = (day - today).days
    if near := {-1: "i går", 0: "i dag", 1: "i morgen"}.get(ahead):
        return near
    if 2 <= ahead <= 6:
        return f"på {WEEKDAYS[day.weekday()]}"
    short = f"{day.day}. {_SHORT_MONTHS[day.month - 1]}"
    return short if day.year == today.year else f"{short} {day.year}"


def spoken_time(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "i dag 15.30", "i går 14.10", "12. nov. 9.05". Both moments are aware."""
    local = moment.astimezone(zone)
    return f"{spoken_day(local.date(), now.astimezone(zone).date())} {local.hour}.{local.minute:02}"


def ago(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """ "lige nu", "for 3 min. siden", "i går", "for 3 uger siden". A moment to come is spoken as a day."""
    minutes = int((now.astimezone(UTC) - moment.astimezone(UTC)).total_seconds() // 60)
    day, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    if minutes < -1:
        return spoken_day(day, today)
    if minutes < 60:
        return f"for {minutes} min. siden" if minutes > 0 else "lige nu"
    if day == today:
        return f"for {count(minutes // 60, 'time', 'timer')} siden"
    return _days_ago((today - day).days)


def _days_ago(days: int) -> str:
    if days == 1:
        return "i går"
    if days < 7:
        return f"for {days} dage siden"
    if days < 60:
        return f"for {count(days // 7, 'uge', 'uger')} siden"
    if days < 365:
        return f"for {days // 30} måneder siden"
    return f"for {days // 365} år siden"


# --- Days and times, read -------------------------------------------------------------------------

_NEAR_DAYS = {
    "i forgårs": -2, "forgårs": -2, "i går": -1, "igår": -1, "i dag": 0, "idag": 0, "nu": 0,
    "i morgen": 1, "imorgen": 1, "i overmorgen": 2, "overmorgen": 2,
}  # fmt: skip
_GAP = r"\s*[-/. ]\s*"
_YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}}){_GAP}(?P<month>\d{{1,2}}){_GAP}(?P<day>\d{{1,2}})")
_DAY_FIRST = re.compile(
    rf"(?P<day>\d{{1,2}}){_GAP}(?P<month>\d{{1,2}})(?:{_GAP}(?P<year>\d{{4}}|\d{{2}}))?\.?"
)
_RUN_TOGETHER = re.compile(r"(?P<day>\d{2})(?P<month>\d{2})(?P<year>\d{4}|\d{2})")
_MONTH_NAMED = re.compile(r"(?P<day>\d{1,2})\.?\s*(?P<month>[a-z]{3,9})\.?(?:\s*(?P<year>\d{4}|\d{2}))?")
_CLOCK = re.compile(r"(?:kl(?:okken)?\.?\s*)?(\d{1,2})(?:\s*[.:,]\s*(\d{2})(?:[.:]\d{2})?)?")
_CLOCK_RUN_TOGETHER = re.compile(r"(\d{1,2})(\d{2})")


def parse_day(text: str, today: date, field: str = "on") -> date:
    """The day a person wrote: "23-11-2026", "23.11.26", "23. nov", "i morgen", "mandag", "+7".

    A weekday is the next one after today; a day without a year is the one nearest to today. Raises
    Refused beside `field`.
    """
    said = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    said = re.sub(r"^(?:på|den|d\.)\s*(?=\w)", "", said)
    day = _relative(said, today) or _written(said, today)
    if day is None or not 1900 <= day.year < 2200:
        raise Refused(field, DAY_SENTENCE)
    return day


def parse_moment(day_text: str, time_text: str, now: datetime, zone: ZoneInfo, field: str) -> datetime:
    """The moment, in UTC, of a day and a clock time in `zone`. No day means today; today without a time, now.

    Of the hour that comes twice in autumn it is the first. Raises Refused for a time that the clocks
    skip in spring, and for what cannot be read.
    """
    today = now.astimezone(zone).date()
    day = parse_day(day_text, today, field) if day_text.strip() else today
    if not time_text.strip() and day == today:
        return now.astimezone(UTC)
    clock = parse_clock(time_text)
    if clock is None:
        raise Refused(field, TIME_SENTENCE)
    local = datetime.combine(day, clock, zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        shown = f"{clock.hour}.{clock.minute:02}"
        raise Refused(
            field, f"Klokken {shown} findes ikke den dag, for uret bliver stillet frem til sommertid."
        )
    return moment


def _relative(said: str, today: date) -> date | None:
    if said in _NEAR_DAYS:
        return today + timedelta(days=_NEAR_DAYS[said])
    if re.fullmatch(r"[+-]\d{1,4}", said):
        return today + timedelta(days=int(said))
    name = said.rstrip(".")
    for weekday, full in enumerate(WEEKDAYS):
        if len(name) >= 3 and name in {full, full[:3]}:
            return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    return None


def _written(said: str, today: date) -> date | None:
    for form in (_YEAR_FIRST, _DAY_FIRST, _RUN_TOGETHER, _MONTH_NAMED):
        if found := form.fullmatch(said):
            month = _month(found["month"])
            return _nearest(int(found["day"]), month, found["year"], today) if month else None
    return None


def _month(written: str) -> int | None:
    if written.isdecimal():
        return int(written)
    return next((n for n, name in enumerate(MONTHS, 1) if name.startswith(written)), None)


def _nearest(day: int, month: int, year: str | None, today: date) -> date | None:
    if year is None:
        years = [today.year - 1, today.year, today.year + 1]
    elif len(year) == 4:
        years = [int(year)]
    else:
        # Two digits reach twenty years ahead; beyond that they mean the century before.
        ahead = today.year + 20
        years = [ahead - (ahead - int(year)) % 100]
    days = []
    for each in years:
        with suppress(ValueError):
            days.append(date(each, month, day))
    return min(days, key=lambda found: abs(found - today), default=None)


def parse_clock(text: str) -> time | None:
    """The time of day a person wrote: "9", "9.30", "kl. 9:30", "0930"; None when it is none."""
    said = unicodedata.normalize("NFKC", text).casefold().strip()
    found = _CLOCK.fullmatch(said) or _CLOCK_RUN_TOGETHER.fullmatch(said)
    if found is None:
        return None
    with suppress(ValueError):
        return time(int(found[1]), int(found[2] or 0))
    return None
