"""People at a company."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.companies import actions, queries
from crm.companies.models import Company, CompanyContact
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/virksomheder/{cvr}/kontakter")


def _form(visit: Visit, company: Company, form: Form, contact: CompanyContact | None = None) -> Response:
    status = form.status if form.errors else 200
    return page(
        visit,
        "companies/contact.html",
        status=status,
        section="companies",
        company=company,
        form=form,
        contact=contact,
    )


@router.get("/ny")
def new(visit: Annotated[Visit, reading("companies.write")], cvr: str, telefon: str = "") -> Response:
    """A form for someone new; a caller's number may come along."""
    return _form(visit, queries.by_cvr(visit.db, cvr), Form.of({"mobile": telefon}))


@router.post("")
def create(visit: Annotated[Visit, writing("companies.write")], cvr: str) -> Response:
    """Add a person."""
    company, form = queries.by_cvr(visit.db, cvr), visit.form
    made = form.act(
        visit.db,
        lambda: actions.add_contact(
            visit.db, company=company, values=form.given(*actions.CONTACT), now=visit.now
        ),
    )
    if made is None:
        return _form(visit, company, form)
    return redirect(visit, f"/virksomheder/{cvr}?kontakt={made.id}", flash=f"{made.name} er tilføjet.")


@router.get("/{id}")
def edit(visit: Annotated[Visit, reading("companies.write")], cvr: str, id: int) -> Response:
    """A form for someone we know."""
    company = queries.by_cvr(visit.db, cvr)
    contact = queries.contact(visit.db, company, id)
    return _form(visit, company, Form.of({name: getattr(contact, name) for name in actions.CONTACT}), contact)


@router.post("/{id}")
def change(visit: Annotated[Visit, writing("companies.write")], cvr: str, id: int) -> Response:
    """Correct a person's details."""
    company, form = queries.by_cvr(visit.db, cvr), visit.form
    contact = queries.contact(visit.db, company, id)
    values = form.given(*actions.CONTACT)
    if form.act(visit.db, lambda: actions.change_contact(visit.db, contact=contact, values=values)) is None:
        return _form(visit, company, form, contact)
    return redirect(visit, f"/virksomheder/{cvr}", flash="Rettelsen er gemt.")


@router.post("/{id}/stoppet")
def end(visit: Annotated[Visit, writing("companies.write")], cvr: str, id: int) -> Response:
    """They have left the company."""
    contact = queries.contact(visit.db, queries.by_cvr(visit.db, cvr), id)
    actions.end_contact(visit.db, contact=contact, on=visit.today)
    undo = f"/virksomheder/{cvr}/kontakter/{id}/tilbage"
    return redirect(visit, f"/virksomheder/{cvr}", flash=f"{contact.name} er taget af listen.", undo=undo)


@router.post("/{id}/tilbage")
def back(visit: Annotated[Visit, writing("companies.write")], cvr: str, id: int) -> Response:
    """They are still there after all."""
    contact = queries.contact(visit.db, queries.by_cvr(visit.db, cvr), id)
    actions.return_contact(visit.db, contact=contact)
    return redirect(visit, f"/virksomheder/{cvr}", flash=f"{contact.name} er på listen igen.")
