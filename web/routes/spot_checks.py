"""Opsætning, Stikprøver: look-ups outside one's own companies, drawn each month for a manager to look at."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.access_log import spot_checks
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/opsaetning/stikproever")
HERE = "/opsaetning/stikproever"


def _index(visit: Visit, form: Form, month: str = "", refused: int | None = None) -> Response:
    months = spot_checks.months(visit.db)
    chosen = next((each for each in months if each.month == month), months[0] if months else None)
    return page(
        visit,
        "access_log/spot_checks.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        refused=refused,
        months=months,
        chosen=chosen,
        looks=spot_checks.drawn(visit.db, chosen.month) if chosen else [],
        drawn_each_month=visit.house.settings.spot_checks,
    )


@router.get("")
def index(visit: Annotated[Visit, reading("spot_checks.write")], maaned: str = "") -> Response:
    """What was drawn in a month, the last one first."""
    return _index(visit, Form(), maaned)


@router.post("/{id}/set")
def see(visit: Annotated[Visit, writing("spot_checks.write")], id: int) -> Response:
    """One has been looked at."""
    look, form = spot_checks.get(visit.db, id), visit.form

    def change() -> bool:
        spot_checks.see(visit.db, look=look, by=visit.me, remark=form.text("remark"), now=visit.now)
        return True

    month = look.month
    if form.act(visit.db, change) is None:
        return _index(visit, form, month, refused=id)
    return redirect(visit, f"{HERE}?maaned={month}", flash="Opslaget er set.")
