"""A company that goes on as a part of another: seen beforehand, then done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import numbers
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.errors import CrmError, Refused
from crm.merging import actions, queries
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/virksomheder/{cvr}/fortsaet")


def _other(visit: Visit, form: Form) -> Company | None:
    """The company named in the form; what is wrong with it is said beside the field."""
    if not form.text("into"):
        form.refuse("into", "Skriv CVR-nummeret på den virksomhed, der fortsætter.")
        return None
    try:
        return companies.by_cvr(visit.db, numbers.cvr(form.data["into"]))
    except CrmError as refusal:
        said = (
            refusal.message
            if isinstance(refusal, Refused)
            else "Vi kender ikke en virksomhed med det CVR-nummer."
        )
        form.refuse("into", said)
        return None


def _show(visit: Visit, company: Company, form: Form, into: Company | None = None) -> Response:
    return page(
        visit,
        "merging/show.html",
        status=form.status if form.errors else 200,
        section="companies",
        company=company,
        into=into,
        form=form,
        standing=queries.continued(visit.db, company),
        open=queries.open_at(visit.db, company) if into else None,
    )


@router.get("")
def show(
    visit: Annotated[Visit, reading("companies.merge")], cvr: str, into: str = "", on: str = ""
) -> Response:
    """Which company goes on, and what would move there."""
    company, form = companies.by_cvr(visit.db, cvr), Form.of({"into": into, "on": on})
    if not into and not on:
        return _show(visit, company, form)
    other, day = _other(visit, form), form.day("on", visit.today) or visit.today
    if other:
        try:
            actions.check(visit.db, company=company, into=other, on=day, today=visit.today)
        except Refused as refusal:
            form.refuse(refusal.field, refusal.message)
        except CrmError as refusal:
            form.refuse("", refusal.message)
    return _show(visit, company, form, None if form.errors else other)


@router.post("")
def merge(visit: Annotated[Visit, writing("companies.merge")], cvr: str) -> Response:
    """Do what was shown."""
    company, form = companies.by_cvr(visit.db, cvr), visit.form
    other, day = _other(visit, form), form.day("on", visit.today) or visit.today
    done = form.act(
        visit.db,
        lambda: actions.merge(
            visit.db,
            company=company,
            into=other or company,
            on=day,
            by=visit.me,
            now=visit.now,
            today=visit.today,
            seen=form.data.get("seen", ""),
        ),
    )
    if done is None or other is None:
        return _show(visit, company, form, None if form.errors.keys() - {""} else other)
    return redirect(visit, f"/virksomheder/{other.cvr}", flash=f"{company.name} fortsætter her.")
