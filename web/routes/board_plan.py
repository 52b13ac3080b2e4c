"""The rhythm of the meetings, and links for screens where nobody is signed in. For leaders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.board import actions, queries, walls
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/tavle")
RHYTHMS = [("7", "Hver uge"), ("14", "Hver anden uge"), ("21", "Hver tredje uge"), ("28", "Hver fjerde uge")]
AGENDA = "Barometre\nSiden sidst\nDet, vi aftalte sidst\nHvad gør vi nu?\nEventuelt"


def _plan(visit: Visit, form: Form) -> Response:
    return page(
        visit,
        "board/plan.html",
        status=form.status if form.errors else 200,
        section="board",
        form=form,
        rhythms=RHYTHMS,
    )


@router.get("/plan")
def plan(visit: Annotated[Visit, reading("board.plan")]) -> Response:
    """The rhythm, and what is on the agenda every time."""
    found = queries.plan(visit.db)
    if found is None:
        return _plan(visit, Form.of({"every_days": 14, "clock": "9.00", "agenda": AGENDA}))
    clock = danish.clock(found.starts_at)
    return _plan(
        visit,
        Form.of({"first_on": f"{found.first_on:%d-%m-%Y}", "every_days": found.every_days, "clock": clock,
                 "agenda": found.agenda}),
    )  # fmt: skip


@router.post("/plan")
def lay_plan(visit: Annotated[Visit, writing("board.plan")]) -> Response:
    """Set the rhythm; the next meetings follow."""
    form = visit.form
    first, every = form.day("first_on", visit.today), form.number("every_days", "Vælg fra listen.")
    starts_at = form.clock("clock")
    if starts_at is None:
        form.refuse("clock", danish.TIME_SENTENCE)
    if first is None:
        form.refuse("first_on", "Skriv dagen for det første møde.")
    found = form.act(
        visit.db,
        lambda: actions.lay_plan(
            visit.db, first_on=first or visit.today, every_days=every or 0, starts_at=starts_at or 0,
            agenda=form.text("agenda"), hours=visit.house.hours, today=visit.today, now=visit.now,
        ),
    )  # fmt: skip
    if found is None:
        return _plan(visit, form)
    return redirect(visit, "/tavle/moeder", flash="Planen er gemt, og de næste møder er lagt.")


# --- Screens ------------------------------------------------------------------------------------


def _screens(visit: Visit, form: Form, token: str | None = None) -> Response:
    address = f"{visit.house.settings.base_url.rstrip('/')}/tavle/skaerm/{token}" if token else None
    return page(
        visit,
        "board/screens.html",
        status=form.status if form.errors else 200,
        section="board",
        form=form,
        links=queries.wall_links(visit.db),
        address=address,
    )


@router.get("/skaerme")
def screens(visit: Annotated[Visit, reading("board.screens")]) -> Response:
    """The links for screens there are."""
    return _screens(visit, Form())


@router.post("/skaerme")
def make_link(visit: Annotated[Visit, writing("board.screens")]) -> Response:
    """A new link. It is shown this once, in this answer, and kept as a hash."""
    form = visit.form
    made = form.act(
        visit.db,
        lambda: walls.make(visit.db, name=form.data.get("name", ""), by=visit.me, now=visit.now),
    )
    return _screens(visit, form) if made is None else _screens(visit, Form(), made[1])


@router.post("/skaerme/{id}/forny")
def renew_link(visit: Annotated[Visit, writing("board.screens")], id: int) -> Response:
    """A new link for the same screen; the old one shows nothing more."""
    link, form = queries.wall_link(visit.db, id), visit.form
    made = form.act(visit.db, lambda: walls.renew(visit.db, link=link, by=visit.me, now=visit.now))
    return _screens(visit, form) if made is None else _screens(visit, Form(), made[1])


@router.post("/skaerme/{id}/luk")
def close_link(visit: Annotated[Visit, writing("board.screens")], id: int) -> Response:
    """The screen shows nothing more."""
    link = queries.wall_link(visit.db, id)
    walls.close(visit.db, link=link, now=visit.now)
    return redirect(visit, "/tavle/skaerme", flash=f"Linket til {link.name} er lukket.")
