"""Addresses for every route: of things there are, and of things there are not."""

from __future__ import annotations

import re

from tests.town import Town

ABSENT = {"cvr": "99999999"}


def address_of(path: str, town: Town, *, absent: bool = False) -> str | None:
    """A route's pattern with the town's own keys in it; None for a route the town has nothing for."""
    address = path
    while found := re.search(r"\{(\w+)(?::\w+)?\}", address):
        name = found[1]
        before = address[: found.start()].rstrip("/").rpartition("/")[2]
        if absent:
            value: str | None = ABSENT.get(name, "987654")
        else:
            value = town.values.get(name) or town.values.get(before)
        if value is None:
            return None
        address = address[: found.start()] + value + address[found.end() :]
    return address
