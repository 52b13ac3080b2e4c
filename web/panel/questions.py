"""What we ask the panel, and what came of it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from crm.panel import questions, told
from crm.panel.models import PanelAnswer
from web.forms import Form
from web.panel.doors import Here, Reads, Writes, page, redirect

router = APIRouter(prefix="/panel/spoergsmaal")


@router.get("")
def index(here: Reads) -> Response:
    """What is open, and for earlier questions what the panel said and we did."""
    found = told.questions(here.db, here.member, here.today)
    return page(
        here,
        "questions.html",
        open=[each for each in found if each.is_open(here.today)],
        earlier=[each for each in found if not each.is_open(here.today)],
    )


def _show(here: Here, id: int, form: Form | None = None) -> Response:
    found = told.question(here.db, here.member, id, here.today)
    shown = form or Form.of({"text": found.mine})
    shown.data["version"] = str(found.mine_version)
    return page(here, "question.html", status=form.status if form else 200, question=found, form=shown)


@router.get("/{id}")
def show(here: Reads, id: int) -> Response:
    """One question, with the member's own answer in the box."""
    return _show(here, id)


@router.post("/{id}")
def answer(here: Writes, id: int) -> Response:
    """Keep the answer, or change it."""
    asked, form = told.question(here.db, here.member, id, here.today), here.form
    based_on = form.number("version") or 0

    def act() -> PanelAnswer:
        return questions.answer(
            here.db,
            question_id=asked.id,
            seat_id=here.member.seat_id,
            text=form.data.get("text", "").strip(),
            based_on=based_on,
            now=here.now,
            today=here.today,
        )

    if form.act(here.db, act) is None:
        return _show(here, id, form)
    return redirect(here, f"spoergsmaal/{asked.id}", "Tak. Dit svar er gemt.")
