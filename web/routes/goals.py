"""The goals of the plan: barometers, the companies behind each figure, any past day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.agreements.queries import nearest
from crm.errors import NotFound
from crm.goals.figures import same_figure
from crm.goals.indicators import courses
from crm.goals.queries import Progress, progress
from web.deps import Visit, reading
from web.forms import Form
from web.render import page

router = APIRouter(prefix="/maal")
SINCE = timedelta(days=365)
# How far back the course is drawn: what stands in the address, and what the choice is called.
PERIODS = {
    "1": ("Et år", SINCE),
    "3": ("Tre år", timedelta(days=3 * 365)),
    "10": ("Ti år", timedelta(days=3652)),
}
# More rows than these stand in the file only.
MOST_MOVES, MOST_COMPANIES = 40, 300
AS_THEN = "dengang"


def asked_day(visit: Visit, dag: str) -> tuple[date, Form]:
    """The day in an address or a form; today when there is none."""
    form = Form.of({"dag": dag})
    return form.day("dag", visit.today) or visit.today, form


def defined_on(visit: Visit, on: date, definition: str) -> date:
    """The day whose definition counts: today's, also for past days, unless the one of its time is asked for."""
    return on if definition == AS_THEN else max(on, visit.today)


@router.get("")
def index(visit: Annotated[Visit, reading()], dag: str = "") -> Response:
    """All objectives on a day."""
    on, form = asked_day(visit, dag)
    found = progress(
        visit.db, on, since=on - SINCE, defined_on=defined_on(visit, on, ""), with_companies=False,
        with_pipeline=on >= visit.today, least=visit.house.settings.survey_min_n,
    )  # fmt: skip
    return page(
        visit,
        "goals/index.html",
        status=form.status if form.errors else 200,
        section="goals",
        on=on,
        progress=found,
        courses=[each for each in found if each.points],
        closest=nearest(visit.db),
        indicators=courses(visit.db, until=on),
        form=form,
    )


@router.get("/{key}")
def show(
    visit: Annotated[Visit, reading()],
    key: str,
    dag: str = "",
    definition: str = "",
    aar: str = "1",
    kontrol: str = "",
) -> Response:
    """One objective with the companies it counts on a day, and those who came and went."""
    on, form = asked_day(visit, dag)
    form.data["kontrol"] = kontrol
    period = aar if aar in PERIODS else "1"
    chosen = one(visit, key, on, definition, since=on - PERIODS[period][1])
    recent = list(reversed(chosen.moves))[:MOST_MOVES]
    return page(
        visit,
        "goals/show.html",
        status=form.status if form.errors else 200,
        section="goals",
        on=on,
        chosen=chosen,
        as_then=definition == AS_THEN,
        in_force=chosen.objective.defined_on(visit.today),
        of_its_time=chosen.objective.defined_on(on),
        period=period,
        periods=[(key, name) for key, (name, _) in PERIODS.items()],
        moves=recent,
        moved=chosen.known,
        most=MOST_COMPANIES,
        checked=same_figure(kontrol, chosen.hash) if kontrol.strip() and chosen.hash else None,
        form=form,
    )


def one(visit: Visit, key: str, on: date, definition: str = "", *, since: date | None = None) -> Progress:
    """One objective on a day, or NotFound."""
    found = progress(
        visit.db, on, since=since, defined_on=defined_on(visit, on, definition),
        with_pipeline=on >= visit.today, only=key, least=visit.house.settings.survey_min_n,
    )  # fmt: skip
    for each in found:
        return each
    raise NotFound("Vi kender ikke det mål.")
