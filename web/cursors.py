"""Where a list goes on: the last row's key, in the address of the next page."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

LONGEST = 4000
# A key is one that both engines can compare with.
HIGHEST = 2**63


def encode(key: tuple[Any, ...]) -> str:
    """A key as it stands in an address."""
    plain = [part.isoformat() if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decode(text: str) -> list[Any]:
    if len(text) > LONGEST:
        return []
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) and all(map(_usable, found)) else []


def _usable(part: object) -> bool:
    if isinstance(part, str):
        return "\x00" not in part and not any("\ud800" <= sign <= "\udfff" for sign in part)
    return type(part) is int and -HIGHEST <= part < HIGHEST


def pair_of(text: str) -> tuple[str, int] | None:
    """A key of text and number; None when there is none or it is nonsense."""
    found = _decode(text)
    return (found[0], found[1]) if [type(part) for part in found] == [str, int] else None


def number_of(text: str) -> int | None:
    """A key that is a number; None when there is none or it is nonsense."""
    found = _decode(text)
    return found[0] if [type(part) for part in found] == [int] else None


def moment_of(text: str) -> tuple[datetime, int] | None:
    """A key of moment and number; None when there is none or it is nonsense."""
    found = pair_of(text)
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(found[0])
        return (moment.astimezone(UTC), found[1]) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def day_of(text: str) -> tuple[date, int] | None:
    """A key of day and number; None when there is none or it is nonsense."""
    found = pair_of(text)
    if found is None:
        return None
    try:
        return date.fromisoformat(found[0]), found[1]
    except ValueError:
        return None


def cursor(
    path: str, chosen: Mapping[str, str], key: tuple[Any, ...] | None, *, name: str = "efter"
) -> str | None:
    """The address of the next page; None at the end."""
    if key is None:
        return None
    return f"{path}?{urlencode({k: v for k, v in chosen.items() if v} | {name: encode(key)})}"
