"""One good call of every route of the API, so that a rule can be tried on all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm.numbers import demo_cvr
from tests.conftest import TODAY
from tests.town import BO, Town
from tests.web.api.conftest import V1
from tests.web.matrix import address_of
from web.routing import table

# What stands for a name in a path, by the end of the path before it.
KINDS = {
    "contacts": "kontakter",
    "interactions": "samtaler",
    "requests": "henvendelser",
    "agreements": "aftaler",
    "meetings": "moede",
}


@dataclass(frozen=True)
class Good:
    """A call that goes well."""

    method: str
    pattern: str
    path: str
    absent: str
    body: dict[str, Any] | None = None

    @property
    def changes(self) -> bool:
        """Whether it must say which version it is for."""
        return self.method in {"PUT", "PATCH"}


BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/companies"): {"cvr": f"DK {demo_cvr(50)}", "name": "Ny ApS"},
    ("PATCH", "/companies/{cvr}"): {"city": "Lynge"},
    ("PUT", "/companies/{cvr}/responsible"): {"email": BO, "reason": "Barsel"},
    ("POST", "/companies/{cvr}/contacts"): {"name": "Pia Holm"},
    ("PATCH", "/companies/{cvr}/contacts/{id}"): {"title": "Direktør"},
    ("POST", "/companies/{cvr}/interactions"): {"kind": "call", "direction": "in", "summary": "Ringede."},
    ("POST", "/companies/{cvr}/requests"): {"kind": "recruitment", "title": "En svend"},
    ("PATCH", "/requests/{id}"): {"state": "taken"},
    ("POST", "/companies/{cvr}/agreements"): {"programme": "code_of_care", "title": "To unge"},
    ("PATCH", "/agreements/{id}"): {"title": "Tre unge"},
    ("POST", "/agreements/{id}/steps"): {"to": "in_force", "on": TODAY.isoformat()},
    ("POST", "/board/meetings"): {"on": "2027-02-01"},
    ("POST", "/board/meetings/{id}/freeze"): {},
}
QUERIES = {"/search": "?q=bageri"}


def good_calls(town: Town) -> list[Good]:
    """Every route under /api/ that asks who calls, with this town's keys in its address."""
    found = []
    for row in table():
        method, pattern = str(row["method"]), str(row["path"])
        if not pattern.startswith(V1) or row["who"] == ["public"]:
            continue
        short = pattern.removeprefix(V1)
        found.append(
            Good(
                method,
                short,
                _address(pattern, town) + QUERIES.get(short, ""),
                _address(pattern, town, absent=True),
                BODIES.get((method, short)),
            )
        )
    return found


def _address(pattern: str, town: Town, *, absent: bool = False) -> str:
    danish = pattern
    for english, word in KINDS.items():
        danish = danish.replace(f"/{english}/{{", f"/{word}/{{")
    found = address_of(danish, town, absent=absent)
    assert found is not None, pattern
    for english, word in KINDS.items():
        found = found.replace(f"/{word}/", f"/{english}/")
    return found
