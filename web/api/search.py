"""The one search box."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from crm.responsibility.absences.ways import ways
from crm.search.queries import search
from web.api.answers import Answer, Colleague, CompanyBrief, answer, room, standing_in
from web.api.bodies import Text
from web.deps import Visit, reading

router = room("Search")


class Hit(Answer):
    """A company that was found, and by what."""

    kind: str
    matched: str
    company: CompanyBrief
    responsible: Colleague
    standing_in: Colleague | None = None


class Hits(BaseModel):
    """The best first."""

    items: list[Hit]


@router.get("/search", response_model=Hits)
def find(visit: Annotated[Visit, reading()], q: Annotated[str, Query(), Text(200)]) -> Response:
    """Companies by any part of a name, person, street or number, however it is written."""
    hits = search(visit.db, q or "")
    found = ways(visit.db, [hit.company for hit in hits], visit.today)
    items = [
        Hit(
            kind=hit.kind,
            matched=hit.matched,
            company=CompanyBrief.model_validate(hit.company),
            responsible=Colleague.model_validate(hit.company.responsible),
            standing_in=standing_in(found[hit.company.id]),
        )
        for hit in hits
    ]
    return answer(visit, Hits(items=items))
