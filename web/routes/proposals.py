"""Forslag: consultants propose that colleagues' companies go to someone, managers decide."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.errors import renamed
from crm.handover import proposals
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/forslag")


def _show(visit: Visit, form: Form, wrong: int | None = None) -> Response:
    return page(
        visit,
        "handover/proposals.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        wrong=wrong,
        proposals=proposals.open_ones(visit.db),
        decided=proposals.decided(visit.db),
        asked=visit.house.settings.approve_transfers,
    )


@router.get("")
def index(visit: Annotated[Visit, reading("handover.any")]) -> Response:
    """What waits for a decision, and what was decided lately."""
    return _show(visit, Form())


@router.post("/{id}/godkend")
def approve(visit: Annotated[Visit, writing("handover.any")], id: int) -> Response:
    """Do as proposed."""
    found, form = proposals.get(visit.db, id), visit.form
    name, company = found.to_user.name, found.company.name

    def decide() -> object:
        with renamed(to=""):
            home = visit.house.settings.base_url
            return proposals.approve(visit.db, proposal=found, by=visit.me, now=visit.now, home=home)

    if form.act(visit.db, decide) is None:
        return _show(visit, form)
    undo = f"/videregivelser/{found.handover_id}/fortryd" if found.handover_id else None
    return redirect(visit, "/forslag", flash=f"{name} er nu indgang hos {company}.", undo=undo)


@router.post("/{id}/afvis")
def decline(visit: Annotated[Visit, writing("handover.any")], id: int) -> Response:
    """Say no, and why."""
    found, form = proposals.get(visit.db, id), visit.form
    note = form.data.get("note", "")
    done = form.act(
        visit.db, lambda: proposals.decline(visit.db, proposal=found, note=note, by=visit.me, now=visit.now)
    )
    if done is None:
        return _show(visit, form, wrong=id)
    return redirect(visit, "/forslag", flash="Forslaget er afvist, og svaret står på virksomhedens side.")


@router.post("/{id}/traek-tilbage")
def withdraw(visit: Annotated[Visit, writing("responsibility.write")], id: int) -> Response:
    """Whoever proposed it thinks better of it."""
    found = proposals.get(visit.db, id)
    proposals.withdraw(visit.db, proposal=found, by=visit.me, now=visit.now)
    return redirect(
        visit, f"/virksomheder/{found.company.cvr}/ansvarlig", flash="Forslaget er trukket tilbage."
    )
