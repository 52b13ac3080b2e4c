"""Ways in which a document of the register can be broken: as a line of text, or as what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.importers import register_documents as register
from tests.importers.register_documents import Json, line, period

CPR = "070761-4285"


def _without(document: Json, key: str) -> Json:
    (root,) = document.values()
    del root[key]
    return document


BREAKAGES: dict[str, Callable[[int], Any]] = {
    "cut off": lambda n: line(register.company(n))[:-40],
    "cut off in the middle": lambda n: line(register.company(n))[:3000],
    "cut off behind a comma": lambda n: line(register.company(n))[:3000].rpartition(",")[0] + ",",
    "without its beginning": lambda n: line(register.company(n))[1:],
    "two on one line": lambda n: line(register.company(n)) * 2,
    "a comma too many": lambda n: line(register.company(n)).replace("}]", "},]", 1),
    "single quotes": lambda n: line(register.company(n)).replace('"', "'"),
    "a comment": lambda n: f"// {n}",
    "an error of a server": lambda n: "<html><title>502 Bad Gateway</title></html>",
    "a number that is none": lambda n: line(register.company(n)).replace('"samtId":186', '"samtId":NaN'),
    "only a text": lambda n: f'"{n}"',
    "null": lambda n: "null",
    "an empty object": lambda n: {},
    "something else": lambda n: {"id": n, "navn": "Noget andet"},
    "a person": register.person,
    "no name": lambda n: register.company(n, navne=[]),
    "no number": lambda n: _without(register.company(n), "cvrNummer"),
    "a number of seven digits": lambda n: register.company(n, cvrNummer=9_000_000),
    "a number that fails its check": lambda n: register.company(n, cvrNummer=12345678),
    "a number that is a list": lambda n: register.company(n, cvrNummer=[90000004]),
    "a text for the root": lambda n: {"Vrvirksomhed": "nej"},
    "a text for the names": lambda n: register.company(n, newest={"nyesteNavn": "Eksempel"}),
    "a day that is none": lambda n: register.company(n, newest={"stiftelsesDato": "2014-02-31"}),
    "employees that are none": lambda n: register.company(
        n, newest={"nyesteErstMaanedsbeskaeftigelse": register.employment(2024, "MANGE", maaned=1)}
    ),
    "registered by mistake": lambda n: register.company(n, fejlRegistreret=True),
    "a name longer than there is room for": lambda n: register.company(n, name="x" * 301),
    "half a sign in the name": lambda n: register.company(n, name="Eksempel \ud83d"),
    "a control character in the name": lambda n: register.company(n, name="Eksempel\x00 ApS"),
    "a CPR number in the name": lambda n: register.company(n, name=f"Firma v/ {CPR}"),
    "a place of an unknown company": lambda n: register.unit(n, of=800_000 + n),
    "a place of no company": lambda n: register.unit(
        n, virksomhedsrelation=[{"cvrNummer": None, **period()}]
    ),
    "a place with a number of nine digits": lambda n: register.unit(n, pNummer=190_000_000),
}  # fmt: skip


def broken(n: int) -> str:
    """The n-th broken document as a line of a file."""
    made = list(BREAKAGES.values())[n % len(BREAKAGES)](n)
    return made if isinstance(made, str) else line_of(made)


def line_of(document: Any) -> str:
    """One line, with what UTF-8 cannot hold written as JSON writes it."""
    written = line(document)
    try:
        written.encode()
    except UnicodeEncodeError:
        return written.encode("ascii", "backslashreplace").decode()
    return written
