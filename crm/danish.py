"""Danish as people write and say it: letters, names of companies, days and counts."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from crm.errors import Refused

_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ä": "ae", "ö": "o", "ü": "u", "ß": "ss", "đ": "d", "ł": "l"})
_OTHER = re.compile(r"[^a-z0-9]+")
_LEGAL = re.compile(
    r"(?<![\wæøå])(?:aps|a\s?/\s?s|a/s|i\s?/\s?s|ivs|p\s?/\s?s|k\s?/\s?s|a\.?m\.?b\.?a|f\.?m\.?b\.?a|s\.?m\.?b\.?a"
    r"|e\.?m\.?b\.?a|v\s?/)(?![\wæøå])\.?",
    re.IGNORECASE,
)
MONTHS = ("januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober",
          "november", "december")  # fmt: skip
SHORT = ("jan.", "feb.", "marts", "april", "maj", "juni", "juli", "aug.", "sept.", "okt.", "nov.", "dec.")
DAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
DAY_SENTENCE = "Skriv datoen som 23-11-2026."
TIME_SENTENCE = "Skriv klokkeslættet som 14.30."


def fold(text: str) -> str:
    """The text as it is searched: small letters, æ and ae, ø and oe, å and aa alike, other signs a blank."""
    lowered = unicodedata.normalize("NFC", text).lower().translate(_LETTERS)
    bare = "".join(ch for ch in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(ch))
    return _OTHER.sub(" ", bare.lower().replace("oe", "o").replace("aa", "a")).strip()


def fold_company(name: str) -> str:
    """The name as it is searched, without its legal form; "&" and "og" alike. Never empty for a name."""
    without = _LEGAL.sub(" ", name.replace("&", " og "))
    return fold(without) or fold(name)


def words(text: str) -> list[str]:
    """The folded words of a text."""
    return fold(text).split()


_ORDER = str.maketrans({"æ": "{", "ä": "{", "ø": "|", "ö": "|", "å": "}"})


def sort_key(text: str) -> str:
    """A key that sorts byte by byte as a Danish telephone book: … z æ ø å, aa as å, signs ignored."""
    lowered = unicodedata.normalize("NFC", text).lower().replace("aa", "å").translate(_ORDER)
    bare = "".join(ch for ch in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(ch))
    return re.sub(r"[^a-z0-9{|}]+", " ", bare).strip()


def spoken_day(day: date, today: date) -> str:
    """A day as a colleague says it: "i dag", "på fredag", "12. nov."."""
    away = (day - today).days
    near = {0: "i dag", -1: "i går", 1: "i morgen"}
    if away in near:
        return near[away]
    if 1 < away < 7:
        return f"på {DAYS[day.weekday()]}"
    short = f"{day.day}. {SHORT[day.month - 1]}"
    return short if day.year == today.year else f"{short} {day.year}"


def spoken_time(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A moment as a colleague says it: "i går 14.10"."""
    local = moment.astimezone(zone)
    return f"{spoken_day(local.date(), now.astimezone(zone).date())} {local.hour}.{local.minute:02}"


def ago(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """How long ago: "for 3 min. siden", "i går", "for 3 uger siden"."""
    away = now - moment
    days = (now.astimezone(zone).date() - moment.astimezone(zone).date()).days
    if away < timedelta(minutes=1):
        return "lige nu"
    if days == 0:
        minutes = int(away.total_seconds() // 60)
        return f"for {minutes} min. siden" if minutes < 60 else f"for {count(minutes // 60, 'time', 'timer')} siden"
    if days == 1:
        return "i går"
    if days < 14:
        return f"for {days} dage siden"
    if days < 60:
        return f"for {days // 7} uger siden"
    if days < 365:
        return f"for {days // 30} måneder siden"
    return f"for {count(days // 365, 'år', 'år')} siden"


def long_date(day: date) -> str:
    """ "23. november 2026" """
    return f"{day.day}. {MONTHS[day.month - 1]} {day.year}"


def long_day(day: date) -> str:
    """ "mandag 23. november" """
    return f"{DAYS[day.weekday()]} {day.day}. {MONTHS[day.month - 1]}"


def number(n: int) -> str:
    """ "1.300" """
    return f"{n:,}".replace(",", ".")


def count(n: int, one: str, many: str) -> str:
    """ "1 virksomhed", "1.300 virksomheder" """
    return f"{number(n)} {one if n == 1 else many}"


def _month(word: str) -> int | None:
    start = word.lower().rstrip(".")
    if len(start) < 3:
        return None
    return next((index for index, name in enumerate(MONTHS, 1) if name.startswith(start) or start.startswith(name[:4])), None)


def _named(text: str, today: date) -> date | None:
    near = {"i dag": 0, "idag": 0, "i morgen": 1, "imorgen": 1, "i går": -1, "igår": -1, "i overmorgen": 2}
    if text in near:
        return today + timedelta(days=near[text])
    bare = text.removeprefix("på ")
    if bare in DAYS:
        return today + timedelta(days=(DAYS.index(bare) - today.weekday() - 1) % 7 + 1)
    if match := re.fullmatch(r"\+(\d{1,4})", text):
        return today + timedelta(days=int(match[1]))
    return None


def parse_day(text: str, today: date, field: str = "on") -> date:
    """A date in the ways Danes write it. Raises Refused with how to write it."""
    text = " ".join(text.lower().split())
    if found := _named(text, today):
        return found
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text)
    danish = re.fullmatch(r"(\d{1,2})[-/. ]+(\d{1,2})(?:[-/. ]+(\d{4}|\d{2}))?\.?", text)
    spelled = re.fullmatch(r"(?:d\. ?)?(\d{1,2})\.? ?([a-zæøå]+\.?)(?: (\d{4}))?", text)
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if danish:
            return date(_year(danish[3], today), int(danish[2]), int(danish[1]))
        if spelled and (month := _month(spelled[2])):
            return date(_year(spelled[3], today), month, int(spelled[1]))
    except ValueError:
        pass
    raise Refused(field, DAY_SENTENCE)


def _year(written: str | None, today: date) -> int:
    if not written:
        return today.year
    return int(written) + (2000 if len(written) == 2 else 0)


def parse_moment(day: str, clock: str, now: datetime, zone: ZoneInfo, field: str = "happened_at") -> datetime:
    """A moment from a day and a time of day, in UTC. Without a day it is today; without a time it is noon,
    or now when the day is today.

    Raises Refused for a time that does not exist, in the hour that is skipped in March.
    """
    here = now.astimezone(zone)
    on = parse_day(day, here.date(), field) if day.strip() else here.date()
    if not clock.strip():
        return now if on == here.date() else datetime(on.year, on.month, on.day, 12, tzinfo=zone).astimezone(UTC)
    match = re.fullmatch(r"(?:kl\.? ?)?(\d{1,2})(?:[.:]? ?(\d{2}))?", clock.strip().lower())
    if not match or int(match[1]) > 23 or int(match[2] or 0) > 59:
        raise Refused(field, TIME_SENTENCE)
    moment = datetime(on.year, on.month, on.day, int(match[1]), int(match[2] or 0), tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).hour != int(match[1]):
        raise Refused(field, "Klokkeslættet findes ikke: uret blev stillet frem den nat.")
    return moment
