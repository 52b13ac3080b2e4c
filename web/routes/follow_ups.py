"""One follow-up: what was promised, for which day, and whether it comes again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.errors import renamed
from crm.interactions import actions, queries
from crm.interactions.models import FollowUp
from web.deps import Visit, reading, writing
from web.forms import Form, read_repeat
from web.render import input_day, page, redirect

router = APIRouter()


@router.get("/opfoelgninger/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """What was promised."""
    follow_up = queries.follow_up(visit.db, id)
    return _show(visit, follow_up, Form.of(_values(follow_up)))


def _values(follow_up: FollowUp) -> dict[str, object]:
    return {
        "text": follow_up.text,
        "due": input_day(follow_up.due),
        "call_back": follow_up.call_back or "",
        "repeat_every": follow_up.repeat_every,
        "repeat_unit": follow_up.repeat_unit,
    }


def _show(visit: Visit, follow_up: FollowUp, form: Form) -> Response:
    return page(
        visit,
        "follow_ups/show.html",
        status=form.status if form.errors else 200,
        section="day",
        follow_up=follow_up,
        form=form,
    )


@router.post("/opfoelgninger/{id}")
def change(visit: Annotated[Visit, writing("interactions.write")], id: int) -> Response:
    """Correct it, move it, or have it come again."""
    follow_up, form = queries.follow_up(visit.db, id), visit.form
    due, repeat = form.day("due", visit.today), read_repeat(form, "repeat")
    if due is None:
        form.refuse("due", danish.DAY_SENTENCE)

    def changed() -> bool:
        with renamed(repeat="repeat_every"):
            actions.change(
                visit.db,
                follow_up=follow_up,
                text=form.data.get("text", ""),
                due=due or follow_up.due,
                call_back=form.data.get("call_back") == "1",
                repeat=repeat,
            )
        return True

    if form.act(visit.db, changed) is None:
        return _show(visit, follow_up, form)
    return redirect(visit, f"/virksomheder/{follow_up.company.cvr}", flash="Opfølgningen er rettet.")
