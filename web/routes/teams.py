"""Opsætning, Teams: made, renamed, and who is in them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import queries as users
from crm.access import teams
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/opsaetning/teams")
HOME = "/opsaetning/teams"


def _index(visit: Visit, form: Form) -> Response:
    found, people = users.teams(visit.db), teams.members(visit.db)
    return page(
        visit,
        "setup/teams.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        teams=[(team, [user for user in people if user.team_id == team.id]) for team in found],
        alone=[user for user in people if user.team_id is None],
        people=[(user.id, user.name) for user in people],
        choices=[(team.id, team.name) for team in found],
    )


@router.get("")
def index(visit: Annotated[Visit, reading("users.write")]) -> Response:
    """All teams with those in them."""
    return _index(visit, Form())


@router.post("")
def add(visit: Annotated[Visit, writing("users.write")]) -> Response:
    """A new team."""
    made = visit.form.act(visit.db, lambda: teams.add(visit.db, name=visit.form.data.get("name", "")))
    if made is None:
        return _index(visit, visit.form)
    return redirect(visit, HOME, flash=f"Teamet {made.name} er lavet.")


@router.post("/flyt")
def move(visit: Annotated[Visit, writing("users.write")]) -> Response:
    """Put somebody in a team, or in none."""
    form = visit.form
    person, to = form.number("user_id"), form.number("team_id", "Vælg fra listen.")
    if person is None:
        form.refuse("user_id", "Vælg en kollega.")

    def put() -> bool:
        user, team = users.get(visit.db, person or 0), teams.get(visit.db, to) if to else None
        teams.move(visit.db, user=user, to=team)
        return True

    if form.act(visit.db, put) is None:
        return _index(visit, form)
    return redirect(visit, HOME, flash="Kollegaen er flyttet.")


@router.post("/{id}")
def rename(visit: Annotated[Visit, writing("users.write")], id: int) -> Response:
    """Another name."""
    team, form = teams.get(visit.db, id), visit.form

    def change() -> bool:
        teams.rename(visit.db, team=team, name=form.data.get("name", ""))
        return True

    if form.act(visit.db, change) is None:
        form.errors = {"": " ".join(form.errors.values())}
        return _index(visit, form)
    return redirect(visit, HOME, flash="Navnet er ændret.")
