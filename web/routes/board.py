"""The board as it stands now: to work with, on the wall, on paper, and the rows behind its figures."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from crm.access_log.models import ActorKind
from crm.board import queries
from crm.board.content import Content, read
from crm.board.happened import requests_behind
from crm.db import Session
from crm.errors import NotFound
from web.access_log import as_actor
from web.board import HEADINGS, ROWS, Shown
from web.deps import Visit, house_of, reading
from web.house import House
from web.render import page, public_page

router = APIRouter(prefix="/tavle")
Houses = Annotated[House, Depends(house_of)]
CLOSED = "Linket til tavlen er lukket. Bed en leder om et nyt."


def _now(house: House, db: Session) -> dict[str, Any]:
    """What every face of the running board shows."""
    now = house.clock()
    found = queries.board(db, now, today=house.today(now), zone=house.settings.zone)
    return {
        "board": Shown.of(found.content),
        "meeting": found.meeting,
        "frozen_at": found.frozen_at,
        "agreed": queries.agreed(db, datetime.fromisoformat(found.content["since"])),
    }


@router.get("")
def index(visit: Annotated[Visit, reading()]) -> Response:
    """The board as it stands now."""
    return page(visit, "board/index.html", section="board", **_now(visit.house, visit.db))


@router.get("/vaeg")
def wall(visit: Annotated[Visit, reading()]) -> Response:
    """The board for a wall, opened by someone who is signed in."""
    return page(visit, "board/wall.html", here="/tavle/vaeg", **_now(visit.house, visit.db))


@router.get("/skaerm/{token}")
def screen(house: Houses, request: Request, token: str) -> Response:
    """The same for a screen where nobody is signed in: it shows this one page and nothing else."""
    with house.database.read() as db:
        link = queries.opens_the_wall(db, token)
        if link is None:
            raise NotFound(CLOSED)
        as_actor(request, ActorKind.SCREEN, link)
        return public_page(house, request, "board/wall.html", here=request.url.path, **_now(house, db))


@router.get("/ark")
def sheet(visit: Annotated[Visit, reading()]) -> Response:
    """The board on one sheet of paper."""
    return page(visit, "board/sheet.html", section="board", **_now(visit.house, visit.db))


@router.get("/raekker/{hvad}")
def rows(visit: Annotated[Visit, reading()], hvad: str) -> Response:
    """The requests behind one of the figures of the running board."""
    now = visit.now
    found = queries.board(visit.db, now, today=visit.today, zone=visit.house.settings.zone)
    return behind(visit, found.content, hvad, ("/tavle", "Tavle"))


@router.get("/{id}/raekker/{hvad}")
def frozen_rows(visit: Annotated[Visit, reading()], id: int, hvad: str) -> Response:
    """The requests behind one of the figures of a frozen board, as they stand now."""
    meeting = queries.get(visit.db, id)
    if meeting.snapshot is None:
        raise NotFound
    return behind(visit, read(meeting.snapshot), hvad, (f"/tavle/{id}", "Tavlemødet"))


def behind(visit: Visit, content: Content, hvad: str, back: tuple[str, str]) -> Response:
    """A list of requests. Whose they are is not told: the figure counts answers and no colleagues."""
    if hvad not in ROWS:
        raise NotFound
    ids = content["requests"][ROWS[hvad]]
    return page(
        visit,
        "board/rows.html",
        section="board",
        board=Shown.of(content),
        heading=HEADINGS[hvad],
        what=hvad,
        total=len(ids),
        rows=requests_behind(visit.db, ids),
        back=back,
    )
