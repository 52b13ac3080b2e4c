"""The way from an address to its route is shorter than trying them all, and leads to the same one."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Match
from starlette.types import Scope

from web.routing import Signpost, all_routes

ROUTES = list(all_routes())
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
# One that fits any of them, and one that fits few: named addresses stand beside numbered ones.
FILLED = ("1", "ny")


def _scope(path: str, method: str) -> Scope:
    return {"type": "http", "path": path, "method": method, "root_path": ""}


def _by_trying_all(scope: Scope) -> tuple[Match, str]:
    found: list[tuple[Match, str]] = [
        (match, route.path) for route in ROUTES if (match := route.matches(scope)[0]) != Match.NONE
    ]
    whole = [each for each in found if each[0] == Match.FULL]
    return (whole or found or [(Match.NONE, "")])[0]


def test_every_address_leads_where_trying_them_all_would() -> None:
    signpost = Signpost(ROUTES)
    for path in {re.sub(r"\{[^}]+\}", filled, route.path) for route in ROUTES for filled in FILLED}:
        for method in METHODS:
            scope = _scope(path, method)
            match, found = signpost.matches(scope)
            assert (match, found["route"].path if found else "") == _by_trying_all(scope), (method, path)


@pytest.mark.parametrize("path", ["", "/findes-ikke", "//", "/virksomhederne", "/\x00", "/{cvr}"])
def test_an_address_of_nobodys_leads_nowhere(path: str) -> None:
    assert Signpost(ROUTES).matches(_scope(path, "GET")) == (Match.NONE, {})


def test_every_route_has_a_first_word_of_its_own() -> None:
    assert [route.path for route in ROUTES if "{" in route.path.split("/")[1]] == []
