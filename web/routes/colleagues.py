"""Kolleger: who they are, what they have in hand, and which companies they had on any day."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import holdings
from crm.access import queries as users
from crm.handover import queries as acts
from crm.responsibility import timeline
from web.cursors import cursor, moment_of
from web.deps import Visit, reading
from web.forms import Form
from web.render import page

router = APIRouter(prefix="/kolleger")
LINKS = {"company_assignment": "/virksomheder?ansvarlig={}", "request": "/henvendelser?hvem={}"}


@router.get("/{id}")
def show(visit: Annotated[Visit, reading()], id: int, dag: str = "", foer: str = "") -> Response:
    """One colleague, and the companies they have and have had."""
    user, form = users.get(visit.db, id), Form.of({"dag": dag})
    day = form.day("dag", visit.today)
    rows, older = timeline.terms(visit.db, user, after=moment_of(foer))
    begins = datetime.combine(day or visit.today, time(), visit.house.settings.zone)
    then, number = (
        timeline.terms_during(visit.db, user, begins, begins + timedelta(days=1)) if day else ([], 0)
    )
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
        may_give=bool(held) and (visit.may("handover.any") or user is visit.me),
    )
