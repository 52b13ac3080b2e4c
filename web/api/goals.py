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

    A share is in whole per cent, of the answers to the newest wording over the twelve months up to the day; it
    is null while there are too few. Only a share has `n`, the answers it stands on (without "don't know"), and
    `response_rate`, in per cent of those who were asked.
    `forecast` says in Danish what is to be expected, and `hash` is the SHA-256 over definition, day and companies;
    a share has none.
    """

    key: str
    name: str
    value: int | None
    target: int | None
    due: date | None
    companies: list[str]
    n: int | None = None
    response_rate: int | None = None
    forecast: str
    hash: str | None


class Goals(BaseModel):
    """Every goal in the plan's order."""

    items: list[Goal]


@router.get("/goals", response_model=Goals)
def index(visit: Annotated[Visit, reading()], on: Day | None = None) -> Response:
    """The goals as they stood on any day; today when none is named."""
    day, today, least = on or visit.today, visit.today, visit.house.settings.survey_min_n
    found = progress(visit.db, day, defined_on=max(day, today), with_pipeline=day >= today, least=least)
    return answer(visit, Goals(items=[_goal(each) for each in found]))


def _goal(each: Progress) -> Goal:
    return Goal(
        key=each.objective.key,
        name=each.objective.name,
        value=each.value,
        target=each.target.value if each.target else None,
        due=each.target.due if each.target else None,
        companies=[company.cvr for company in each.companies],
        n=each.share.n if each.share else None,
        response_rate=each.share.response_rate if each.share else None,
        forecast=each.forecast.words,
        hash=each.hash,
    )
