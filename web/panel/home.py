"""The panel's front page and the shared list."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.responses import Response

from crm.panel import members, seen, told
from web.panel.doors import Here, Reads, page

router = APIRouter(prefix="/panel")


def _barometers(here: Here) -> Sequence[seen.Barometer]:
    """The figures are alike for all members of a day, so they are counted anew only every few seconds."""
    least = here.house.settings.survey_min_n
    return here.house.kept(
        f"panel barometers {here.today}", lambda: seen.barometers(here.db, here.today, least=least)
    )


@router.get("/")
def home(here: Reads) -> Response:
    """The company's agreements, what we ask, how far we are, the next meeting, and whom to call."""
    db, member, today = here.db, here.member, here.today
    asked, meetings = told.questions(db, member, today), told.meetings(db, member)
    coming = [each for each in meetings if each.on >= today]
    return page(
        here,
        "home.html",
        agreements=seen.agreements(db, member, today),
        questions=[each for each in asked if each.is_open(today)],
        earlier=len(asked),
        barometers=_barometers(here),
        next=coming[-1] if coming else None,
        unread=[each for each in meetings if each.minutes is not None and each.read_at is None],
        meetings=len(meetings),
        way=members.way(db, member, today),
    )


@router.get("/faelles")
def shared(here: Reads) -> Response:
    """Which companies are with us in what, and since when."""
    return page(here, "shared.html", rows=seen.shared(here.db, here.today))
