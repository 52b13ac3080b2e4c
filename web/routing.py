"""Every address and who may use it, read from the routes themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

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
