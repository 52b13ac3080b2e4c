"""Nøgletal: figures from elsewhere that are typed in by hand and stand beside the objectives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.goals import indicators
from crm.goals.indicators import Course
from crm.goals.models import Indicator
from web import words
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/maal/noegletal")


def _index(visit: Visit, form: Form) -> Response:
    return page(
        visit,
        "goals/indicators.html",
        status=form.status if form.errors else 200,
        section="goals",
        courses=indicators.courses(visit.db),
        form=form,
        blank=Form.of({"on": f"{visit.today:%d-%m-%Y}"}),
        better=words.choices(words.BETTER),
    )


@router.get("")
def index(visit: Annotated[Visit, reading()]) -> Response:
    """Every figure, with a line to type the next one into."""
    return _index(visit, Form.of({"better": "either"}))


@router.post("")
def add(visit: Annotated[Visit, writing("goals.write")]) -> Response:
    """One more figure to follow."""
    form = visit.form
    given = {name: form.data.get(name, "") for name in ("name", "unit", "source", "better")}
    made = form.act(
        visit.db, lambda: indicators.add(visit.db, **given, counts_people=form.text("counts_people") == "1")
    )
    if made is None:
        return _index(visit, form)
    return redirect(visit, "/maal/noegletal", flash=f"»{made.name}« er oprettet. Skriv det første tal ind.")


@router.get("/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One figure: all that was typed in, by whom, and what was corrected."""
    return _show(visit, indicators.get(visit.db, id), None)


def _show(visit: Visit, chosen: Indicator, form: Form | None) -> Response:
    typed = indicators.typed(visit.db, chosen)
    values = {each.on: each for each in reversed(typed)}
    filled = Form.of({name: getattr(chosen, name) for name in ("name", "unit", "source", "better")})
    if form is None:
        form = filled
        form.data["on"] = f"{visit.today:%d-%m-%Y}"
    else:
        form.data = filled.data | form.data
    return page(
        visit,
        "goals/indicator.html",
        status=form.status if form.errors else 200,
        section="goals",
        chosen=chosen,
        course=Course(chosen, list(values.values())),
        typed=typed,
        standing={each.id for each in values.values()},
        form=form,
        better=words.choices(words.BETTER),
    )


def _done(visit: Visit, chosen: Indicator, change: Callable[[], object], url: str, flash: str) -> Response:
    def make() -> bool:
        change()
        return True

    if visit.form.act(visit.db, make) is None:
        return _show(visit, chosen, visit.form)
    return redirect(visit, url, flash=flash)


@router.post("/{id}/tal")
def type_in(visit: Annotated[Visit, writing("goals.write")], id: int) -> Response:
    """What it was on a day; a value for a day there is one for already corrects it."""
    form, chosen = visit.form, indicators.get(visit.db, id)
    on = form.day("on", visit.today) or visit.today
    return _done(
        visit,
        chosen,
        lambda: indicators.type_in(
            visit.db, indicator=chosen, on=on, value=indicators.read_number(form.data.get("value", "")),
            by=visit.me, now=visit.now, today=visit.today, note=form.text("note"),
        ),
        f"/maal/noegletal/{chosen.id}" if form.text("here") else "/maal/noegletal",
        f"Tallet er gemt: {chosen.name}.",
    )  # fmt: skip


@router.post("/{id}/ret")
def change(visit: Annotated[Visit, writing("goals.write")], id: int) -> Response:
    """Correct its name, unit, source or good direction."""
    form, chosen = visit.form, indicators.get(visit.db, id)
    given = {name: form.data.get(name, "") for name in ("name", "unit", "source", "better")}
    url = f"/maal/noegletal/{chosen.id}"
    return _done(
        visit,
        chosen,
        lambda: indicators.change(visit.db, indicator=chosen, **given),
        url,
        "Rettelsen er gemt.",
    )


@router.post("/{id}/slut")
def retire(visit: Annotated[Visit, writing("goals.write")], id: int) -> Response:
    """Follow it no longer after today, or follow it again."""
    chosen = indicators.get(visit.db, id)
    ends = visit.form.text("op") != "igen"
    indicators.retire(visit.db, indicator=chosen, valid_to=visit.today if ends else None)
    flash = "Nøgletallet følges ikke længere. Dets tal er der stadig." if ends else "Nøgletallet følges igen."
    return redirect(visit, f"/maal/noegletal/{chosen.id}", flash=flash)
