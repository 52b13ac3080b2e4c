"""Where a list goes on: the last row's key, in the address of the next page."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode


def encode(key: tuple[Any, ...]) -> str:
    """A key as it stands in an address."""
    plain = [part.isoformat() if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decode(text: str) -> list[Any] | None:
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None
    usable = (
        isinstance(found, list) and len(found) == 2 and isinstance(found[0], str) and type(found[1]) is int
    )
    return found if usable else None


def pair_of(text: str) -> tuple[str, int] | None:
    """A key of text and number; None when there is none or it is nonsense."""
    found = _decode(text)
    return (found[0], found[1]) if found else None


def moment_of(text: str) -> tuple[datetime, int] | None:
    """A key of moment and number; None when there is none or it is nonsense."""
    found = _decode(text)
    try:
        moment = datetime.fromisoformat(found[0]) if found else None
    except ValueError:
        return None
    return (moment, found[1]) if found and moment and moment.tzinfo else None


def cursor(
    path: str, chosen: Mapping[str, str], key: tuple[Any, ...] | None, *, name: str = "efter"
) -> str | None:
    """The address of the next page; None at the end."""
    if key is None:
        return None
    return f"{path}?{urlencode({k: v for k, v in chosen.items() if v} | {name: encode(key)})}"
