"""The goals of the plan: barometers, the companies behind each figure, any past day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.agreements.queries import nearest
from crm.errors import NotFound
from crm.goals.queries import Progress, progress
from web.deps import Visit, reading
from web.forms import Form
from web.render import page

router = APIRouter(prefix="/maal")
SINCE = timedelta(days=365)


def _day(visit: Visit, dag: str) -> tuple[date, Form]:
    form = Form.of({"dag": dag})
    return form.day("dag", visit.today) or visit.today, form


@router.get("")
def index(visit: Annotated[Visit, reading()], dag: str = "") -> Response:
    """All objectives on a day."""
    on, form = _day(visit, dag)
    found = progress(visit.db, on, since=on - SINCE, least=visit.house.settings.survey_min_n)
    counted = [each for each in found if each.points]
    return page(
        visit,
        "goals/index.html",
        status=form.status if form.errors else 200,
        section="goals",
        on=on,
        progress=found,
        courses=counted,
        closest=nearest(visit.db),
        form=form,
    )


@router.get("/{key}")
def show(visit: Annotated[Visit, reading()], key: str, dag: str = "") -> Response:
    """One objective with the companies it counts on a day."""
    on, form = _day(visit, dag)
    least = visit.house.settings.survey_min_n
    chosen = _one(progress(visit.db, on, since=on - SINCE, least=least), key)
    status = form.status if form.errors else 200
    return page(visit, "goals/show.html", status=status, section="goals", on=on, chosen=chosen, form=form)


def _one(found: list[Progress], key: str) -> Progress:
    for each in found:
        if each.objective.key == key:
            return each
    raise NotFound("Vi kender ikke det mål.")
