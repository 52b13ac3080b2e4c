"""Who is a company's way in: its history, and giving it to a colleague."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import queries as users
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.responsibility import actions, queries
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/virksomheder/{cvr}/ansvarlig")


@router.get("")
def history(visit: Annotated[Visit, reading()], cvr: str) -> Response:
    """Everyone who has been the way in."""
    company = companies.by_cvr(visit.db, cvr)
    return page(
        visit,
        "responsibility/history.html",
        section="companies",
        company=company,
        history=queries.history(visit.db, company),
    )


def _form(visit: Visit, company: Company, form: Form) -> Response:
    return page(
        visit,
        "responsibility/change.html",
        status=form.status if form.errors else 200,
        section="companies",
        company=company,
        form=form,
        colleagues=[
            (user.id, user.name) for user in users.colleagues(visit.db) if user.id != company.responsible.id
        ],
    )


@router.get("/skift")
def choose(visit: Annotated[Visit, reading("responsibility.write")], cvr: str) -> Response:
    """A form to give the company to a colleague."""
    return _form(visit, companies.by_cvr(visit.db, cvr), Form())


@router.post("/skift")
def change(visit: Annotated[Visit, writing("responsibility.write")], cvr: str) -> Response:
    """Give the company to a colleague, from now on."""
    company, form = companies.by_cvr(visit.db, cvr), visit.form
    chosen = form.number("user_id", "Vælg en kollega.")
    if chosen is None:
        form.refuse("user_id", "Vælg en kollega.")
    before = company.responsible
    done = form.act(
        visit.db,
        lambda: actions.hand_over(
            visit.db,
            company=company,
            to=users.get(visit.db, chosen or 0),
            reason=form.data.get("reason", ""),
            by=visit.me,
            now=visit.now,
        ),
    )
    if done is None:
        return _form(visit, company, form)
    text = f"{company.responsible.name} er nu indgang i stedet for {before.name}."
    return redirect(visit, f"/virksomheder/{cvr}", flash=text)
