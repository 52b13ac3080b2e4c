"""How companies are given out: the rules, what they would do today, and whether the load is even."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import queries as users
from crm.responsibility import actions, balance, queries
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/opsaetning")
NOT_YET = "Reglen er gemt, men ikke slået til. Se først, hvad den ville gøre."
MONTH = timedelta(days=365.25 / 12)


def _rules(visit: Visit, form: Form) -> Response:
    return page(
        visit,
        "setup/rules.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        rules=queries.rules(visit.db),
        receivers=[(f"u{user.id}", user.name) for user in users.colleagues(visit.db)]
        + [(f"t{team.id}", f"Teamet {team.name}") for team in users.teams(visit.db)],
    )


@router.get("/fordeling")
def rules(visit: Annotated[Visit, reading("responsibility.rules")]) -> Response:
    """How new companies are given out."""
    return _rules(visit, Form())


@router.post("/fordeling")
def add_rule(visit: Annotated[Visit, writing("responsibility.rules")]) -> Response:
    """Add a rule at the end, not switched on: first one sees what it would do."""
    form = visit.form
    values: dict[str, object] = dict(form.given("industry_prefix", "postal_from", "postal_to"))
    values |= {name: form.number(name) for name in ("employees_min", "employees_max")}
    receiver = form.data.get("receiver", "")
    known = receiver[1:].isdecimal() and len(receiver) < 10
    values["user_id"] = int(receiver[1:]) if known and receiver[0] == "u" else None
    values["team_id"] = int(receiver[1:]) if known and receiver[0] == "t" else None
    if not known:
        form.refuse("receiver", "Vælg, hvem der skal have virksomhederne.")
    made = form.act(visit.db, lambda: actions.add_rule(visit.db, values=values | {"is_on": 0}))
    if made is None:
        return _rules(visit, form)
    return redirect(visit, f"/opsaetning/fordeling/{made.id}/proev", flash=NOT_YET)


@router.post("/fordeling/{id}/slet")
def delete_rule(visit: Annotated[Visit, writing("responsibility.rules")], id: int) -> Response:
    """Remove a rule."""
    actions.delete_rule(visit.db, rule=queries.rule(visit.db, id))
    return redirect(visit, "/opsaetning/fordeling", flash="Reglen er slettet. Ingen virksomheder er flyttet.")


@router.post("/fordeling/{id}/flyt")
def move_rule(visit: Annotated[Visit, writing("responsibility.rules")], id: int) -> Response:
    """Let a rule be tried earlier or later."""
    actions.move_rule(visit.db, rule=queries.rule(visit.db, id), up=visit.form.data.get("op") == "1")
    return redirect(visit, "/opsaetning/fordeling")


@router.get("/fordeling/{id}/proev")
def try_rule(visit: Annotated[Visit, reading("responsibility.rules")], id: int) -> Response:
    """What a rule would do to the companies of today."""
    rule = queries.rule(visit.db, id)
    return page(
        visit,
        "setup/trial.html",
        section="admin",
        rule=rule,
        trial=balance.trial(visit.db, only=rule),
        team=users.consultants(visit.db),
    )


@router.post("/fordeling/{id}/til")
def switch_on(visit: Annotated[Visit, writing("responsibility.rules")], id: int) -> Response:
    """Let a rule hold for companies created from now on."""
    actions.switch_rule(visit.db, rule=queries.rule(visit.db, id), on=True)
    text = "Reglen gælder for virksomheder, der oprettes fra nu. Ingen er flyttet."
    return redirect(visit, "/opsaetning/fordeling", flash=text, undo=f"/opsaetning/fordeling/{id}/fra")


@router.post("/fordeling/{id}/fra")
def switch_off(visit: Annotated[Visit, writing("responsibility.rules")], id: int) -> Response:
    """Let a rule rest."""
    actions.switch_rule(visit.db, rule=queries.rule(visit.db, id), on=False)
    return redirect(
        visit, "/opsaetning/fordeling", flash="Reglen er slået fra.", undo=f"/opsaetning/fordeling/{id}/til"
    )


@router.get("/balance")
def show_balance(visit: Annotated[Visit, reading("responsibility.rules")]) -> Response:
    """Who has too many companies, which nobody has spoken with, and what would even it out."""
    settings = visit.house.settings
    found = balance.balance(
        visit.db, limit=settings.load_limit, quiet_since=visit.now - settings.quiet_months * MONTH
    )
    return page(visit, "setup/balance.html", section="admin", balance=found, months=settings.quiet_months)
