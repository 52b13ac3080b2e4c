"""Every address and who may use it, read from the routes themselves, and the way from an address to its route."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from web import api, panel, routes
from web.deps import Reading, Working, Writing
from web.panel.doors import Seat

Guarded = (Reading, Working, Writing, Seat)
# In the order a route's list names them: outsiders first, then by what they may.
WHO = ["panel", "consultant", "manager", "admin"]


def guard_of(dependant: Dependant) -> Reading | Working | Writing | Seat | None:
    """What stands before a route; None when anyone may pass."""
    for each in dependant.dependencies:
        if isinstance(each.call, Guarded):
            return each.call
        if found := guard_of(each):
            return found
    return None


def all_routes() -> Iterator[APIRoute]:
    """The routes of every room."""
    for router in (*routes.ROUTERS, *panel.ROUTERS, *api.ROUTERS):
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield route


def _methods(route: APIRoute) -> set[str]:
    return (route.methods or set()) - {"HEAD"}


def allowed(path: str) -> list[str]:
    """The methods an address answers to, whichever route they belong to."""
    found = {method for route in all_routes() if route.path_regex.match(path) for method in _methods(route)}
    return sorted(found | {"HEAD"} if "GET" in found else found)


def table() -> list[dict[str, Any]]:
    """Method, path and the roles that may, in order."""
    rows = []
    for route in all_routes():
        guard = guard_of(route.dependant)
        who = sorted(guard.roles, key=WHO.index) if guard else ["public"]
        rows += [
            {"method": method, "path": route.path, "who": [str(role) for role in who]}
            for method in sorted(_methods(route))
        ]
    return sorted(rows, key=lambda row: (row["path"], row["method"]))


class Signpost(BaseRoute):
    """Finds the route of an address among those with the same first word, instead of among all of them.

    With some hundred routes, trying one after the other took longer than reading a row of the database.
    """

    def __init__(self, routes: Iterable[APIRoute]) -> None:
        self._by_word: dict[str, list[APIRoute]] = defaultdict(list)
        for route in routes:
            self._by_word[_first_word(route.path)].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As the first route that fits says; or as one that does not have the method, when none does."""
        other_method: tuple[Match, Scope] = (Match.NONE, {})
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        for route in self._by_word.get(_first_word(path), ()):
            match, found = route.matches(scope)
            if match == Match.FULL:
                return match, found
            if match == Match.PARTIAL and other_method[0] == Match.NONE:
                other_method = match, found
        return other_method

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the visit to the route that was found."""
        await scope["route"].handle(scope, receive, send)


def _first_word(path: str) -> str:
    return path.split("/", 2)[1] if "/" in path else path
