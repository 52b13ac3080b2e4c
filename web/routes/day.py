"""Min dag."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.interactions import queries as interactions
from crm.requests import queries as requests
from web.day import greeting, tasks
from web.deps import Visit, reading
from web.render import page

router = APIRouter()
AHEAD = timedelta(days=7)


@router.get("/")
def show(visit: Annotated[Visit, reading()]) -> Response:
    """What waits for this consultant."""
    waiting, _ = requests.open_ones(visit.db, owner=visit.me, limit=25)
    promised = interactions.follow_ups_of(visit.db, visit.me, until=visit.today + AHEAD, limit=25)
    zone = visit.house.settings.zone
    found = tasks(waiting, promised, now=visit.now, zone=zone)
    return page(
        visit,
        "day/index.html",
        section="day",
        greeting=greeting(visit.now, zone),
        tasks=found,
        urgent=sum(task.tone == "bad" for task in found),
        covering=[],
        recent=interactions.recent_of(visit.db, visit.me),
    )
