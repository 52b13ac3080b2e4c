"""Colleagues beside a company's way in: who to send what to."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import queries as users
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.errors import renamed
from crm.responsibility import beside
from crm.responsibility.models import CompanyColleague
from web import words
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/virksomheder/{cvr}/kolleger")


def _show(visit: Visit, company: Company, form: Form) -> Response:
    units = companies.units(visit.db, company, limit=100)
    return page(
        visit,
        "beside/index.html",
        status=form.status if form.errors else 200,
        section="companies",
        company=company,
        form=form,
        history=beside.beside_history(visit.db, company),
        things=words.choices(words.TOPICS) + [(f"p{unit.id}", f"Arbejdssted: {unit.name}") for unit in units],
        colleagues=[
            (user.id, user.name) for user in users.colleagues(visit.db) if user.id != company.responsible.id
        ],
    )


@router.get("")
def index(visit: Annotated[Visit, reading("responsibility.write")], cvr: str) -> Response:
    """Who is and was beside the responsible, and a form for one more."""
    return _show(visit, companies.by_cvr(visit.db, cvr), Form())


@router.post("")
def put(visit: Annotated[Visit, writing("responsibility.write")], cvr: str) -> Response:
    """Let a colleague be the one for a topic or a place of work."""
    company, form = companies.by_cvr(visit.db, cvr), visit.form
    what, chosen = form.data.get("what", ""), form.number("user_id", "Vælg en kollega.")
    if chosen is None:
        form.refuse("user_id", "Vælg en kollega.")

    def act() -> CompanyColleague:
        unit = companies.unit(visit.db, company, int(what[1:])) if what[1:].isdecimal() else None
        with renamed(reason="why"):
            return beside.put_beside(
                visit.db,
                company=company,
                user=users.get(visit.db, chosen or 0),
                topic=None if unit or not what else what,
                unit=unit,
                reason=form.text("why"),
                by=visit.me,
                now=visit.now,
            )

    made = form.act(visit.db, act)
    if made is None:
        return _show(visit, company, form)
    named = beside.one(visit.db, company, made.id)
    flash = f"{named.user.name} er nu den, man går til: {words.beside(named).lower()}."
    return redirect(visit, f"/virksomheder/{cvr}/kolleger", flash=flash)


@router.post("/{id}/slut")
def end(visit: Annotated[Visit, writing("responsibility.write")], cvr: str, id: int) -> Response:
    """From now on the responsible has it alone."""
    found = beside.one(visit.db, companies.by_cvr(visit.db, cvr), id)
    beside.end_beside(visit.db, colleague=found, now=visit.now)
    return redirect(visit, f"/virksomheder/{cvr}/kolleger", flash=f"{found.user.name} står der ikke længere.")
