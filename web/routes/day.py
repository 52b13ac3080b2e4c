"""Min dag."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.handover import proposals
from crm.handover import queries as handovers
from crm.interactions import queries as interactions
from crm.requests import queries as requests
from crm.requests.covered import covered_follow_ups, covered_requests
from crm.responsibility.absences import ways as absences
from web.day import greeting, names_of, tasks
from web.deps import Visit, reading
from web.render import page

router = APIRouter()
AHEAD = timedelta(days=7)
# So long Min dag reminds of what was given on.
LATELY = timedelta(days=14)


@router.get("/")
def show(visit: Annotated[Visit, reading()]) -> Response:
    """What waits for this consultant."""
    waiting, _ = requests.open_ones(visit.db, owner=visit.me, limit=25)
    promised = interactions.follow_ups_of(visit.db, visit.me, until=visit.today + AHEAD, limit=25)
    zone = visit.house.settings.zone
    away = absences.away(visit.db, visit.today)
    covering = absences.covers(visit.db, visit.me, visit.today, absences=away)
    names = names_of([cover.colleague for cover in covering])
    found = tasks(
        [*waiting, *covered_requests(visit.db, covering, zone=zone)],
        [*promised, *covered_follow_ups(visit.db, covering, until=visit.today + AHEAD)],
        now=visit.now,
        zone=zone,
        covered=names,
    )
    return page(
        visit,
        "day/index.html",
        section="day",
        greeting=greeting(visit.now, zone),
        tasks=found,
        urgent=sum(task.tone == "bad" for task in found),
        covering=[(names[cover.colleague.id], cover) for cover in covering],
        own_absence=next((each for each in away if each.user_id == visit.me.id), None),
        given=handovers.taken_lately(visit.db, visit.me, visit.now - LATELY),
        proposals=proposals.waiting(visit.db) if visit.may("handover.any") else 0,
        recent=interactions.recent_of(visit.db, visit.me),
    )
