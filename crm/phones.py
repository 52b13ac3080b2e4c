"""Telephone numbers as Danes write them (domain facts, part 3.1)."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

REGION = "DK"
_EXTENSION = re.compile(r"\s*(?:lok(?:al)?\.?|ext\.?|x)\s*\d+\s*$", re.IGNORECASE)


@lru_cache(maxsize=50_000)
def _parse(raw: str) -> PhoneNumber | None:
    # Two numbers in one field: the first is the one to call.
    first = re.split(r"[/;]|\s+(?:og|eller)\s+", raw, maxsplit=1)[0]
    first = _EXTENSION.sub("", first)
    try:
        number = phonenumbers.parse(first, REGION)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def normalize(raw: str | None) -> str | None:
    """The number as E.164 ("+4548100100"), or None when it is no ordinary number."""
    number = _parse(raw) if raw else None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if number else None


def display(raw: str) -> str:
    """The number as people read it aloud: "48 10 01 00"; foreign ones with their country."""
    number = _parse(raw)
    if number is None:
        return raw
    kind = PhoneNumberFormat.NATIONAL if number.country_code == 45 else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, kind)


def href(raw: str) -> str | None:
    """A link that dials, or None when the number cannot be dialled."""
    number = normalize(raw)
    return f"tel:{number}" if number else None


def search_key(text: str) -> str | None:
    """The last eight digits of what was written or sent by a telephone; None when there are fewer."""
    number = normalize(text)
    digits = re.sub(r"\D", "", number or _EXTENSION.sub("", re.split(r"[/;]", text, maxsplit=1)[0]))
    return digits[-8:] if 8 <= len(digits) <= 15 else None
