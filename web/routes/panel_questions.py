"""What the panel is asked, all the answers in one view, and what came of them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.panel import queries, questions
from crm.panel.models import PanelQuestion
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import input_day, page, redirect

router = APIRouter(prefix="/panelet/spoergsmaal")


def _values(form: Form, visit: Visit) -> dict[str, Any]:
    return {
        "question": form.text("question"), "about": form.text("about"),
        "closes_on": form.day("closes_on", visit.today),
    }  # fmt: skip


def _new(visit: Visit, form: Form) -> Response:
    status = form.status if form.errors else 200
    return page(visit, "panel_desk/question_new.html", status=status, section="panel", form=form)


@router.get("/nyt")
def new(visit: Annotated[Visit, reading("panel.write")]) -> Response:
    """What to ask, and until when."""
    return _new(visit, Form())


@router.post("")
def write(visit: Annotated[Visit, writing("panel.write")]) -> Response:
    """Keep it as a draft."""
    form = visit.form
    values = _values(form, visit)
    made = form.act(visit.db, lambda: questions.write(visit.db, now=visit.now, today=visit.today, **values))
    if made is None:
        return _new(visit, form)
    return redirect(visit, f"/panelet/spoergsmaal/{made.id}", flash="Spørgsmålet er gemt som kladde.")


def _show(visit: Visit, question: PanelQuestion, refused: tuple[str, Form] | None = None) -> Response:
    forms = {
        "details": Form.of({
            "question": question.question, "about": question.about, "closes_on": input_day(question.closes_on),
        }),
        "outcome": Form.of({"said": question.said, "outcome": question.outcome}),
    }  # fmt: skip
    if refused:
        forms[refused[0]] = refused[1]
    forms["details"].data["version"] = str(question.version)
    return page(
        visit,
        "panel_desk/question.html",
        status=refused[1].status if refused else 200,
        section="panel",
        question=question,
        forms=forms,
        answers=queries.answers(visit.db, question),
        members=queries.members(visit.db, visit.today),
    )


@router.get("/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One question with every answer."""
    return _show(visit, queries.question(visit.db, id))


@router.post("/{id}")
def change(visit: Annotated[Visit, writing("panel.write")], id: int) -> Response:
    """Correct it; once it was asked only the last day can be moved."""
    found, form = queries.question(visit.db, id), visit.form
    values, version = _values(form, visit), form.number("version") or 0
    done = form.act(
        visit.db,
        lambda: questions.change(visit.db, asked=found, based_on=version, today=visit.today, **values),
    )
    if done is None:
        return _show(visit, found, ("details", form))
    return redirect(visit, f"/panelet/spoergsmaal/{id}", flash="Spørgsmålet er gemt.")


@router.post("/{id}/stil")
def ask(visit: Annotated[Visit, writing("panel.write")], id: int) -> Response:
    """Ask the members."""
    found, form, home = queries.question(visit.db, id), visit.form, visit.house.settings.base_url
    told = form.act(
        visit.db,
        lambda: (questions.ask(visit.db, question=found, home=home, now=visit.now, today=visit.today),),
    )
    if told is None:
        return _show(visit, found, ("details", form))
    many = danish.count(told[0], "medlem", "medlemmer")
    return redirect(
        visit, f"/panelet/spoergsmaal/{id}", flash=f"Spørgsmålet er stillet, og {many} får en mail."
    )


@router.post("/{id}/udfald")
def tell_outcome(visit: Annotated[Visit, writing("panel.write")], id: int) -> Response:
    """Say what the panel said and we did."""
    found, form, home = queries.question(visit.db, id), visit.form, visit.house.settings.base_url
    told = form.act(
        visit.db,
        lambda: (
            questions.tell_outcome(
                visit.db, question=found, said=form.text("said"), outcome=form.text("outcome"), home=home,
                now=visit.now, today=visit.today,
            ),
        ),
    )  # fmt: skip
    if told is None:
        return _show(visit, found, ("outcome", form))
    many = danish.count(told[0], "medlem får", "medlemmer får")
    said = f"Panelet kan læse det, og {many} en mail." if told[0] else "Panelet kan læse det."
    return redirect(visit, f"/panelet/spoergsmaal/{id}", flash=said)
