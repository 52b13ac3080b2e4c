"""The panel's meetings: when and where, the agenda, the minutes, and the calendar."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from crm.panel import meetings, told
from web.ics import calendar_file, panel_meeting
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
    meetings.mark_read(here.db, meeting_id=found.id, seat_id=here.member.seat_id, now=here.now)
    return redirect(here, f"moeder/{found.id}#referat")


@router.get("/{id}/kalender.ics")
def calendar(here: Reads, id: int) -> Response:
    """The meeting for one's own calendar."""
    found, home = told.meeting(here.db, here.member, id), here.house.settings.base_url.rstrip("/")
    url = f"{home}{HOME}moeder/{found.id}"
    return calendar_file(
        panel_meeting(found, url=url, cancelled=found.cancelled, now=here.now, zone=here.house.settings.zone)
    )
