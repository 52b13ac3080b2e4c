"""Kolleger: who they are, what they have in hand, and which companies they had on any day."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import holdings
from crm.access import queries as users
from crm.handover import queries as acts
from crm.periods import moments_of
from crm.responsibility import timeline
from web.cursors import cursor, moment_of
from web.deps import Visit, reading
from web.forms import Form
from web.render import page

router = APIRouter(prefix="/kolleger")
HAS_YEAR = re.compile(r"[0-9]{4}|([0-9]\.?[-/. ]+[0-9]+|[a-zæøå.])[-/. ]+[0-9]{2}$", re.IGNORECASE)
LINKS = {"company_assignment": "/virksomheder?ansvarlig={}", "request": "/henvendelser?hvem={}"}


def past_day(form: Form, name: str, today: date) -> date | None:
    """A day that has been. Whoever writes a date without a year in it means the last one there was."""
    day = form.day(name, today)
    if day is None or day <= today or HAS_YEAR.search(form.text(name) or ""):
        return day
    with suppress(ValueError):
        return day.replace(year=day.year - 1)
    return day


@router.get("/{id}")
def show(visit: Annotated[Visit, reading()], id: int, dag: str = "", foer: str = "") -> Response:
    """One colleague, and the companies they have and have had."""
    user, form = users.get(visit.db, id), Form.of({"dag": dag})
    day = past_day(form, "dag", visit.today)
    rows, older = timeline.terms(visit.db, user, after=moment_of(foer))
    first, next_one = moments_of(day or visit.today, visit.house.settings.zone)
    then, number = timeline.terms_during(visit.db, user, first, next_one) if day else ([], 0)
    held = holdings.held(visit.db, user, visit.today)
    return page(
        visit,
        "handover/colleague.html",
        status=form.status if form.errors else 200,
        section="companies",
        user=user,
        form=form,
        held=[
            (number, holdings.WORDS[name], LINKS.get(name, "").format(user.id))
            for name, number in held.items()
        ],
        day=day,
        then=then,
        then_number=number,
        terms=rows,
        older_url=cursor(f"/kolleger/{id}", {}, older, name="foer"),
        acts=acts.of_user(visit.db, user),
        may_give=bool(held) and (visit.may("handover.any") or user.id == visit.me.id),
    )
