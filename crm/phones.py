"""Phone numbers as people write them, and as machines compare them.

What was written is stored as it stands; E.164 ("+4548100100") stands beside it, and a search asks for
the last eight digits, so that a call finds the company however either side wrote the number.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

_NEXT_NUMBER = re.compile(r"[/;,\n|]")
_COUNTRY_IN_BRACKETS = re.compile(r"^\(\s*((?:\+|00)\s*\d+)\s*\)")
_LONGEST = 60
_KEY_LENGTH = 8
_MOST_DIGITS = 17  # E.164 allows fifteen, and 00 may stand before them.


@lru_cache(maxsize=4096)
def normalize(raw: str | None) -> str | None:
    """The number in E.164, or None when it is none. Of two numbers the first.

    Short numbers such as 112 and 1813 are none: they belong to no company, and have no E.164.
    """
    number = _parse(raw) if raw else None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if number else None


@lru_cache(maxsize=4096)
def display(raw_or_e164: str) -> str:
    """The number as a Dane reads it: "48 10 01 00", "+46 8 123 456 78"; what is no number as it stands."""
    number = _parse(raw_or_e164)
    if number is None:
        return raw_or_e164
    danish = number.country_code == 45
    return phonenumbers.format_number(
        number, PhoneNumberFormat.NATIONAL if danish else PhoneNumberFormat.INTERNATIONAL
    )


def href(raw_or_e164: str) -> str | None:
    """The address that makes a phone call it, "tel:+4548100100"; None when it is no number."""
    number = normalize(raw_or_e164)
    return f"tel:{number}" if number else None


def search_key(text: str) -> str | None:
    """The last eight digits of a phone number as it was typed or sent by a switchboard; None when it is none.

    Not only valid numbers: a switchboard sends what it has, and the search has to compare it.
    """
    number = normalize(text)
    if number:
        return number[1:][-_KEY_LENGTH:]
    digits = re.sub(r"\D", "", _first(text))
    if not _KEY_LENGTH <= len(digits) <= _MOST_DIGITS:
        return None
    return digits[-_KEY_LENGTH:]


def search_keys(text: str | None) -> list[str]:
    """The search key of every number in the text, each once: "48 10 01 00 / 20 11 45 67" has two."""
    parts = _NEXT_NUMBER.split((text or "")[:_LONGEST])
    return list(dict.fromkeys(key for part in parts if (key := search_key(part))))


@lru_cache(maxsize=4096)
def _parse(raw: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(_first(raw), "DK")
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _first(raw: str) -> str:
    """The first number of the text, without names, extensions and brackets.

    What follows a letter is left out: phonenumbers would read "lok." as keys on a telephone.
    """
    written = unicodedata.normalize("NFKC", raw[:_LONGEST])
    written = re.sub(r"^[^\d+(]*", "", _NEXT_NUMBER.split(written.strip(" /;,\n|"), maxsplit=1)[0])
    written = re.split(r"[a-zæøå@]", written, maxsplit=1, flags=re.IGNORECASE)[0]
    return _COUNTRY_IN_BRACKETS.sub(r"\1 ", written).replace("(0)", "").strip()
