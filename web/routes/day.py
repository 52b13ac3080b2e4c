"""Min dag: one list, and what is done with a line where it stands."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.day import actions
from crm.day.models import Reason
from crm.day.queries import plan
from crm.day.tasks import Line
from crm.errors import Refused
from crm.handover import proposals
from crm.handover import queries as handovers
from web.day import finish, greeting, log_beside, moment_of, read_line, spoken_end
from web.deps import Visit, reading, writing
from web.render import page, redirect

router = APIRouter()
# So long Min dag reminds of what was given on.
LATELY = timedelta(days=14)
# What a line can be moved by with one press.
STEPS = {"1": 1, "7": 7}


@router.get("/")
def show(visit: Annotated[Visit, reading()]) -> Response:
    """What waits for this consultant."""
    return _page(visit)


def _page(visit: Visit, moving: Line | None = None) -> Response:
    """The list; `moving` is the line whose new day could not be read."""
    settings = visit.house.settings
    return page(
        visit,
        "day/index.html",
        status=visit.form.status if visit.form.errors else 200,
        section="day",
        greeting=greeting(visit.now, settings.zone),
        plan=plan(visit.db, visit.me, settings=settings, now=visit.now),
        moving=moving,
        given=handovers.taken_lately(visit.db, visit.me, visit.now - LATELY),
        proposals=proposals.waiting(visit.db) if visit.may("handover.any") else 0,
    )


@router.get("/dag/{linje}/log")
def log(visit: Annotated[Visit, reading("interactions.write")], linje: str) -> Response:
    """The note box of the line's company, beside the list."""
    return log_beside(visit, read_line(linje))


@router.post("/dag/{linje}/faerdig")
def done(visit: Annotated[Visit, writing("interactions.write")], linje: str) -> Response:
    """It is done."""
    line = read_line(linje)
    said = finish(visit, line)
    # An answer that was given stays given.
    undo = None if line.reason == Reason.ANSWER else f"/dag/{line}/fortryd"
    return redirect(visit, "/", flash=said, undo=undo)


@router.post("/dag/{linje}/udskyd")
def move(visit: Annotated[Visit, writing("interactions.write")], linje: str) -> Response:
    """See it again tomorrow, in a week, or on a day."""
    line, form = read_line(linje), visit.form
    until = _chosen(visit)
    before: date | None = None

    def moved() -> bool:
        nonlocal before
        if until is None:
            raise Refused("due", "Skriv en dag, for eksempel 30-11-2026 eller »fredag«.")
        before = actions.move(visit.db, line=line, until=until, moment=moment_of(visit))
        return True

    if form.act(visit.db, moved) is None or until is None:
        return _page(visit, moving=line)
    back = f"?til={before.isoformat()}" if before else ""
    said = f"Udskudt til {spoken_end(until, visit.today).removeprefix('på ')}"
    return redirect(visit, "/", flash=said, undo=f"/dag/{line}/fortryd{back}")


def _chosen(visit: Visit) -> date | None:
    if step := STEPS.get(visit.form.data.get("om", "")):
        return visit.today + timedelta(days=step)
    return visit.form.day("due", visit.today)


@router.post("/dag/{linje}/fortryd")
def take_back(visit: Annotated[Visit, writing("interactions.write")], linje: str, til: str = "") -> Response:
    """It was not done, or not moved, after all."""
    line = read_line(linje)
    actions.take_back(visit.db, line=line, moment=moment_of(visit), due=_day(til))
    return redirect(visit, "/", flash="Fortrudt.")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
