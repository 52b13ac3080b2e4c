"""Opsætning: who may do what, and whether everything runs. For administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.access.rights import TABLE
from crm.housekeeping import health
from web import words
from web.deps import Visit, reading
from web.render import page
from web.right_words import RIGHTS

router = APIRouter(prefix="/opsaetning")


@router.get("/rettigheder")
def rights(visit: Annotated[Visit, reading("users.write")]) -> Response:
    """Role by action and object, drawn from the very table that decides."""
    rows = [(*RIGHTS[action], action, roles) for action, roles in TABLE.items()]
    return page(visit, "setup/rights.html", section="admin", rows=rows, roles=list(words.ROLES.items()))


@router.get("/drift")
def system(visit: Annotated[Visit, reading("health.read")]) -> Response:
    """Whether everything runs, from what is cheap to look at."""
    house = visit.house
    found = health(visit.db, house.base, house.settings, visit.now)
    return page(visit, "setup/health.html", section="admin", health=found)
