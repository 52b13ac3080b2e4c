"""Koncerner: companies with the same owner, shown together."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import numbers
from crm.companies import groups
from crm.companies import queries as companies
from crm.companies.models import Company, CompanyGroup
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter()


def _join(visit: Visit, company: Company, form: Form) -> Response:
    return page(
        visit,
        "groups/join.html",
        status=form.status if form.errors else 200,
        section="companies",
        company=company,
        form=form,
        group=groups.group_of(visit.db, company),
        names=groups.names(visit.db),
    )


@router.get("/virksomheder/{cvr}/koncern")
def choose(visit: Annotated[Visit, reading("companies.write")], cvr: str) -> Response:
    """A form to say which group a company belongs to."""
    return _join(visit, companies.by_cvr(visit.db, cvr), Form())


@router.post("/virksomheder/{cvr}/koncern")
def join(visit: Annotated[Visit, writing("companies.write")], cvr: str) -> Response:
    """Put the company in a group."""
    company, form = companies.by_cvr(visit.db, cvr), visit.form
    name = form.data.get("name", "")
    found = form.act(visit.db, lambda: groups.join(visit.db, company=company, name=name, now=visit.now))
    if found is None:
        return _join(visit, company, form)
    return redirect(visit, f"/koncerner/{found.id}", flash=f"{company.name} hører nu til {found.name}.")


@router.post("/virksomheder/{cvr}/koncern/ud")
def leave(visit: Annotated[Visit, writing("companies.write")], cvr: str) -> Response:
    """The company stands alone again."""
    company = companies.by_cvr(visit.db, cvr)
    groups.leave(visit.db, company=company)
    return redirect(visit, f"/virksomheder/{cvr}", flash=f"{company.name} står alene igen.")


def _show(visit: Visit, group: CompanyGroup, form: Form) -> Response:
    found = groups.members(visit.db, group)
    return page(
        visit,
        "groups/show.html",
        status=form.status if form.errors else 200,
        section="companies",
        group=group,
        companies=found,
        shared={each.responsible.name for each in found},
        form=form,
    )


@router.get("/koncerner/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """The companies of a group, and who is their way in."""
    return _show(visit, groups.group(visit.db, id), Form())


@router.post("/koncerner/{id}")
def add(visit: Annotated[Visit, writing("companies.write")], id: int) -> Response:
    """One more company in the group, by its CVR number."""
    group, form = groups.group(visit.db, id), visit.form

    def act() -> Company:
        company = companies.by_cvr(visit.db, numbers.cvr(form.data.get("cvr", "")))
        groups.join(visit.db, company=company, name=group.name, now=visit.now)
        return company

    company = form.act(visit.db, act)
    if company is None:
        return _show(visit, group, form)
    return redirect(visit, f"/koncerner/{id}", flash=f"{company.name} hører nu til {group.name}.")
