"""The one search box, and the caller's number."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from crm import phones
from crm.responsibility.absences.ways import Way, ways
from crm.search.queries import Hit, by_phone, search
from web.deps import Visit, reading
from web.forms import Form
from web.render import page

router = APIRouter()
SUGGESTIONS = 8


def _ways(visit: Visit, hits: list[Hit]) -> dict[int, Way]:
    """Who answers today for each company that was found, by its key."""
    return ways(visit.db, [hit.company for hit in hits], visit.today)


@router.get("/soeg")
def find(visit: Annotated[Visit, reading()], q: str = "", aabn: str = "") -> Response:
    """All hits; with `aabn` the best one is opened at once."""
    hits = search(visit.db, q)
    if aabn and hits:
        others = "?" + urlencode({"fra": q}) if len(hits) > 1 else ""
        return RedirectResponse(f"/virksomheder/{hits[0].company.cvr}{others}", 303)
    return page(visit, "search/index.html", section="companies", hits=hits, ways=_ways(visit, hits), q=q)


@router.get("/soeg/hits")
def suggest(visit: Annotated[Visit, reading()], q: str = "") -> Response:
    """The suggestions under the search box."""
    hits = search(visit.db, q, limit=SUGGESTIONS) if q.strip() else []
    return page(visit, "search/_hits.html", hits=hits, ways=_ways(visit, hits), q=q.strip())


@router.get("/opkald")
def call(visit: Annotated[Visit, reading()], nummer: str = "", q: str = "") -> Response:
    """Open the caller's company, or offer to place an unknown number."""
    hits = by_phone(visit.db, nummer)
    if len(hits) == 1 and not q:
        who = hits[0]
        query = "?" + urlencode({"kontakt": who.contact_id}) if who.contact_id else "?opkald=1"
        return RedirectResponse(f"/virksomheder/{who.company.cvr}{query}", 303)
    found = search(visit.db, q) if q else []
    return page(
        visit,
        "search/call.html",
        section="companies",
        number=phones.display(nummer),
        raw=nummer,
        callers=hits,
        hits=found,
        ways=_ways(visit, [*hits, *found]),
        form=Form.of({"q": q}),
    )
