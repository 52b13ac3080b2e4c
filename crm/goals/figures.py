"""A figure that can be traced: which companies stand behind it, by which definition, on which day.

Its hash covers exactly these three, so that whoever holds a list from last year can see whether the house
still counts the same. It is plain text through SHA-256, and can be made again without this program.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date

from crm.goals.models import Definition, Objective


def basis(objective: Objective, definition: Definition, on: date, cvrs: Iterable[str]) -> str:
    """The text the hash is of: one line each for objective, rule, programmes and day, then the CVR numbers.

    Only what decides the figure; to mend a comma in the words of a definition makes no other figure.
    """
    programmes = ",".join(sorted(each.key for each in definition.programmes if each.kind == "company"))
    lines = [
        f"objective {objective.key}",
        f"counts {objective.counts} {definition.counts_when}",
        f"programmes {programmes}",
        f"day {on.isoformat()}",
        *sorted(set(cvrs)),
    ]
    return "".join(f"{line}\n" for line in lines)


def fingerprint(objective: Objective, definition: Definition, on: date, cvrs: Iterable[str]) -> str:
    """The figure's hash, 64 hexadecimal digits."""
    return hashlib.sha256(basis(objective, definition, on, cvrs).encode()).hexdigest()


def same_figure(told: str, counted: str) -> bool:
    """Whether a hash somebody holds is this one; the first eight digits are enough."""
    said = "".join(told.split()).lower()
    return len(said) >= 8 and counted.startswith(said)
