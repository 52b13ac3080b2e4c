"""Opsætning: what is aimed for. Objectives, what they count and from when, targets and milestones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.agreements.models import Programme
from crm.agreements.queries import programmes
from crm.errors import NotFound
from crm.goals import actions, defining
from crm.goals.models import Milestone, Objective, Target
from crm.goals.queries import objective, objectives
from web import words
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/opsaetning")
NO_TARGET = "Måltallet findes ikke længere."


def _choices(visit: Visit) -> list[Programme]:
    """The programmes an objective can count: those of companies."""
    return [each for each in programmes(visit.db) if each.kind == "company"]


def _index(visit: Visit, form: Form) -> Response:
    return page(
        visit,
        "setup/goals.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        objectives=objectives(visit.db),
        programmes=_choices(visit),
        counts_when=words.choices(defining.COUNTS_WHEN),
    )


def _show(visit: Visit, chosen: Objective, form: Form) -> Response:
    return page(
        visit,
        "setup/goal.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        chosen=chosen,
        in_force=chosen.defined_on(visit.today),
        blank=Form(),
        programmes=_choices(visit),
        counts_when=words.choices(defining.COUNTS_WHEN),
        changes=defining.changes(visit.db, chosen),
    )


def _filled(visit: Visit, chosen: Objective) -> Form:
    """The forms as they stand: its name, and the definition in force."""
    now = chosen.defined_on(visit.today)
    ticked = {f"program_{each.id}": "1" for each in now.programmes}
    return Form.of({"name": chosen.name, "words": now.words, "counts_when": now.counts_when} | ticked)


@router.get("/maal")
def index(visit: Annotated[Visit, reading("goals.write")]) -> Response:
    """Everything aimed for, and a form for one more."""
    return _index(visit, Form.of({"counts_when": "in_force"}))


@router.get("/maal/{key}")
def show(visit: Annotated[Visit, reading("goals.write")], key: str) -> Response:
    """One objective: all that can be set, and who set what."""
    chosen = objective(visit.db, key)
    return _show(visit, chosen, _filled(visit, chosen))


def _done(
    visit: Visit, chosen: Objective, change: Callable[[], object], flash: str, *, where: str | None = None
) -> Response:
    """Make the change and go to the objective's page; or stay there with what was wrong."""
    form = visit.form

    def make() -> bool:
        change()
        return True

    if form.act(visit.db, make) is None:
        form.data = _filled(visit, chosen).data | form.data
        return _show(visit, chosen, form)
    return redirect(visit, where or f"/opsaetning/maal/{chosen.key}", flash=flash)


def _aim(visit: Visit) -> tuple[int, date]:
    """How many by when; what is missing is said beside its field."""
    form = visit.form
    value, due = form.number("value"), form.day("due", visit.today)
    if value is None:
        form.refuse("value", "Skriv et tal.")
    if due is None:
        form.refuse("due", "Skriv, hvornår det skal være nået.")
    return value or 0, due or visit.today


@router.post("/maal")
def set_target(visit: Annotated[Visit, writing("goals.write")]) -> Response:
    """Set how many by when, perhaps with a straight line that leads there."""
    form = visit.form
    value, due = _aim(visit)
    line_from = form.day("line_from", visit.today)
    chosen = objective(visit.db, form.text("objective") or "")
    return _done(
        visit,
        chosen,
        lambda: actions.set_target(
            visit.db, objective=chosen, due=due, value=value, line_from=line_from,
            by=visit.me, now=visit.now,
        ),
        "Måltallet er gemt.",
    )  # fmt: skip


def _ticked(visit: Visit) -> list[Programme]:
    return [each for each in _choices(visit) if visit.form.text(f"program_{each.id}")]


@router.post("/maal/nyt")
def add(visit: Annotated[Visit, writing("goals.write")]) -> Response:
    """One more thing to aim for."""
    form = visit.form
    value, due = _aim(visit)
    made = form.act(
        visit.db,
        lambda: defining.add_objective(
            visit.db, name=form.data.get("name", ""), words=form.data.get("words", ""),
            programmes=_ticked(visit), counts_when=form.data.get("counts_when", ""),
            due=due, value=value, by=visit.me, now=visit.now, today=visit.today,
        ),
    )  # fmt: skip
    if made is None:
        return _index(visit, form)
    return redirect(visit, f"/opsaetning/maal/{made.key}", flash=f"Målet »{made.name}« er oprettet.")


@router.post("/maal/{key}/navn")
def rename(visit: Annotated[Visit, writing("goals.write")], key: str) -> Response:
    """Another name for it."""
    chosen = objective(visit.db, key)
    name = visit.form.data.get("name", "")
    return _done(
        visit,
        chosen,
        lambda: defining.rename(visit.db, objective=chosen, name=name, by=visit.me, now=visit.now),
        "Navnet er gemt.",
    )


@router.post("/maal/{key}/definition")
def define(visit: Annotated[Visit, writing("goals.write")], key: str) -> Response:
    """Say anew what it counts, from a day on."""
    form, chosen = visit.form, objective(visit.db, key)
    holds_from = form.day("holds_from", visit.today)
    if holds_from is None:
        form.refuse("holds_from", "Skriv, fra hvilken dag det gælder.")
    share = chosen.counts == "share"
    return _done(
        visit,
        chosen,
        lambda: defining.define(
            visit.db, objective=chosen, words=form.data.get("words", ""),
            programmes=[] if share else _ticked(visit),
            counts_when="in_force" if share else form.data.get("counts_when", ""),
            holds_from=holds_from or visit.today, by=visit.me, now=visit.now, today=visit.today,
        ),
        "Definitionen er gemt. Den gamle står i historikken.",
    )  # fmt: skip


@router.post("/maal/{key}/flyt")
def move(visit: Annotated[Visit, writing("goals.write")], key: str) -> Response:
    """One place up or down."""
    chosen, up = objective(visit.db, key), visit.form.text("op") == "1"
    return _done(
        visit,
        chosen,
        lambda: defining.move(visit.db, objective=chosen, up=up, by=visit.me, now=visit.now),
        "Rækkefølgen er gemt.",
        where="/opsaetning/maal",
    )


@router.post("/maal/{key}/slut")
def retire(visit: Annotated[Visit, writing("goals.write")], key: str) -> Response:
    """Follow it no longer after a day."""
    chosen, day = objective(visit.db, key), visit.form.day("valid_to", visit.today)
    if day is None:
        visit.form.refuse("valid_to", "Skriv den sidste dag, målet skal følges.")
    return _done(
        visit,
        chosen,
        lambda: defining.retire(
            visit.db, objective=chosen, valid_to=day or visit.today, by=visit.me, now=visit.now
        ),
        "Målet følges ikke længere efter den dag. Dets historie er der stadig.",
    )


@router.post("/maal/{key}/genoptag")
def resume(visit: Annotated[Visit, writing("goals.write")], key: str) -> Response:
    """Follow it again."""
    chosen = objective(visit.db, key)
    return _done(
        visit,
        chosen,
        lambda: defining.resume(visit.db, objective=chosen, by=visit.me, now=visit.now),
        "Målet følges igen.",
    )


def _target(visit: Visit, id: int) -> tuple[Objective, Target]:
    for each in objectives(visit.db):
        for target in each.targets:
            if target.id == id:
                return each, target
    raise NotFound(NO_TARGET)


@router.post("/maaltal/{id}/slet")
def drop_target(visit: Annotated[Visit, writing("goals.write")], id: int) -> Response:
    """Take a target away."""
    chosen, target = _target(visit, id)
    return _done(
        visit,
        chosen,
        lambda: actions.drop_target(visit.db, objective=chosen, target=target, by=visit.me, now=visit.now),
        "Måltallet er slettet.",
    )


@router.post("/maaltal/{id}/delmaal")
def set_milestone(visit: Annotated[Visit, writing("goals.write")], id: int) -> Response:
    """Set how many there should be on a day on the way."""
    chosen, target = _target(visit, id)
    visit.form.data["milestone_of"] = str(target.id)
    value, due = _aim(visit)
    return _done(
        visit,
        chosen,
        lambda: actions.set_milestone(
            visit.db, objective=chosen, target=target, due=due, value=value, by=visit.me,
            now=visit.now,
        ),
        "Delmålet er gemt.",
    )  # fmt: skip


def _milestone(visit: Visit, id: int) -> tuple[Objective, Target, Milestone]:
    for each in objectives(visit.db):
        for target in each.targets:
            for milestone in target.milestones:
                if milestone.id == id:
                    return each, target, milestone
    raise NotFound("Delmålet findes ikke længere.")


@router.post("/delmaal/{id}/slet")
def drop_milestone(visit: Annotated[Visit, writing("goals.write")], id: int) -> Response:
    """Take a milestone away."""
    chosen, target, milestone = _milestone(visit, id)
    return _done(
        visit,
        chosen,
        lambda: actions.drop_milestone(
            visit.db, objective=chosen, target=target, milestone=milestone, by=visit.me, now=visit.now
        ),
        "Delmålet er slettet.",
    )
