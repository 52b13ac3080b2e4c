"""How far the plan's goals have come."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel
from starlette.responses import Response

from crm.goals.queries import Progress, progress
from web.api.answers import answer, room
from web.api.bodies import Day
from web.deps import Visit, reading

router = room("Goals")


class Goal(BaseModel):
    """A goal on a day: how many, of how many by when, and which companies.

    The value of a share nobody has answered yet is null. `forecast` says in Danish what is to be expected, and
    `hash` is the SHA-256 over definition, day and companies; a share has none.
    """

    key: str
    name: str
    value: int | None
    target: int | None
    due: date | None
    companies: list[str]
    forecast: str
    hash: str | None


class Goals(BaseModel):
    """Every goal in the plan's order."""

    items: list[Goal]


@router.get("/goals", response_model=Goals)
def index(visit: Annotated[Visit, reading()], on: Day | None = None) -> Response:
    """The goals as they stood on any day; today when none is named."""
    day, today = on or visit.today, visit.today
    found = progress(visit.db, day, defined_on=max(day, today), with_pipeline=day >= today)
    return answer(visit, Goals(items=[_goal(each) for each in found]))


def _goal(each: Progress) -> Goal:
    return Goal(
        key=each.objective.key,
        name=each.objective.name,
        value=each.value,
        target=each.target.value if each.target else None,
        due=each.target.due if each.target else None,
        companies=[company.cvr for company in each.companies],
        forecast=each.forecast.words,
        hash=each.hash,
    )
