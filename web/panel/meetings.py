"""The panel's meetings: when and where, the agenda, the minutes, and the calendar."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from fastapi import APIRouter
from starlette.responses import Response

from crm.panel import meetings, queries, told
from web.ics import one_event
from web.panel.doors import HOME, Reads, Writes, page, redirect

router = APIRouter(prefix="/panel/moeder")


@router.get("")
def index(here: Reads) -> Response:
    """All meetings, those to come first."""
    found = told.meetings(here.db, here.member)
    return page(
        here,
        "meetings.html",
        coming=[each for each in reversed(found) if each.on >= here.today],
        held=[each for each in found if each.on < here.today],
    )


@router.get("/{id}")
def show(here: Reads, id: int) -> Response:
    """One meeting with its agenda and, when they are out, its minutes."""
    return page(here, "meeting.html", meeting=told.meeting(here.db, here.member, id))


@router.post("/{id}/referat")
def read(here: Writes, id: int) -> Response:
    """Go and read the minutes; that they were opened is kept, so that nobody has to ask."""
    found = told.meeting(here.db, here.member, id)
    meetings.mark_read(
        here.db, meeting=queries.meeting(here.db, found.id), seat_id=here.member.seat_id, now=here.now
    )
    return redirect(here, f"moeder/{found.id}#referat")


@router.get("/{id}/kalender.ics")
def calendar(here: Reads, id: int) -> Response:
    """The meeting for one's own calendar."""
    found, zone = told.meeting(here.db, here.member, id), here.house.settings.zone
    midnight = datetime.combine(found.on, time(), zone)
    home = here.house.settings.base_url.rstrip("/")
    made = one_event(
        uid=f"panelmoede-{found.id}",
        title="Møde i virksomhedspanelet",
        begins=(midnight + timedelta(minutes=found.starts_at)),
        ends=(midnight + timedelta(minutes=found.ends_at)),
        place=found.place,
        url=f"{home}{HOME}moeder/{found.id}",
        sequence=found.version,
        now=here.now.astimezone(UTC),
        cancelled=found.cancelled,
    )
    headers = {"Content-Disposition": 'attachment; filename="panelmoede.ics"', "Cache-Control": "no-store"}
    return Response(made, media_type="text/calendar; charset=utf-8", headers=headers)
