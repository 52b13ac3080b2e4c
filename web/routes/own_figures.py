"""One's own figures beside the team's, and the rows behind one's own."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.day import figures
from crm.errors import NotFound
from crm.interactions import queries as interactions
from web import words
from web.deps import Visit, reading
from web.render import page

router = APIRouter()
# The figures by their addresses: what they are in the domain, and what they are called.
REQUESTS = {
    "aabne": ("open", "Dine åbne henvendelser"),
    "nye": ("new", "Henvendelser til dig i dette kvartal"),
    "lukkede": ("closed", "Henvendelser, du har afsluttet i dette kvartal"),
    "svar-i-tide": ("in_time", "Svaret i tide i dette kvartal"),
    "svar-for-sent": ("late", "Svaret for sent eller slet ikke i dette kvartal"),
}
CONTACTS = "kontakter-"


@router.get("/mine-tal")
def show(visit: Annotated[Visit, reading("own")]) -> Response:
    """How it goes."""
    found = figures.figures(visit.db, visit.me, now=visit.now, zone=visit.house.settings.zone)
    return page(
        visit,
        "own_figures/index.html",
        section="own",
        figures=found,
        kinds=[(str(kind), words.KINDS[kind]) for kind in figures.CONTACTS],
        recent=interactions.recent_of(visit.db, visit.me),
    )


@router.get("/mine-tal/{tal}")
def rows(visit: Annotated[Visit, reading("own")], tal: str) -> Response:
    """The rows behind a figure."""
    zone = visit.house.settings.zone
    requests, contacts = [], []
    if tal in REQUESTS:
        which, title = REQUESTS[tal]
        requests = list(figures.my_requests(visit.db, visit.me, which, now=visit.now, zone=zone))
        month = None
    else:
        month = _month(visit, tal)
        contacts = list(figures.my_contacts(visit.db, visit.me, month, zone))
        title = "Dine opkald, møder og besøg"
    return page(
        visit, "own_figures/rows.html", section="own", title=title, month=month, requests=requests,
        contacts=contacts, most=figures.SHOWN,
    )  # fmt: skip


def _month(visit: Visit, tal: str) -> date:
    try:
        month = date.fromisoformat(f"{tal.removeprefix(CONTACTS)}-01")
    except ValueError:
        raise NotFound from None
    if not tal.startswith(CONTACTS) or month not in figures.months(visit.today):
        raise NotFound
    return month
