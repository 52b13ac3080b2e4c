"""People at a company."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from crm.companies import actions, queries
from crm.companies.models import CompanyContact
from web.api.answers import PAGE, Answer, Cursor, Items, Limit, answer, demand_seen, place, room
from web.api.bodies import Body, Day, Text
from web.api.description import ONCE, PLACE, TAG, VERSIONED
from web.cursors import encode, number_of
from web.deps import Visit, reading, writing

router = room("Company contacts")
LIST, ONE = "/companies/{cvr}/contacts", "/companies/{cvr}/contacts/{id}"
Name = Annotated[str, Text.of(CompanyContact.name, filled=True)]


class ContactAnswer(Answer):
    """A person at a company; `ended_on` says when they left."""

    id: int
    name: str
    title: str | None
    phone: str | None
    mobile: str | None
    email: str | None
    ended_on: date | None
    created_at: datetime


class ContactDetails(Body):
    """How to reach a person."""

    title: Annotated[str, Text.of(CompanyContact.title)] | None = None
    phone: Annotated[str, Text.of(CompanyContact.phone)] | None = None
    mobile: Annotated[str, Text.of(CompanyContact.mobile)] | None = None
    email: Annotated[str, Text.of(CompanyContact.email)] | None = None


class NewContact(ContactDetails):
    """A person at the company."""

    name: Name


class ContactChange(ContactDetails):
    """Only the fields that are sent are changed."""

    name: Name = Field(default_factory=str)
    ended_on: Day | None = None


def _shown(
    visit: Visit, contact: CompanyContact, *, status: int = 200, location: str | None = None
) -> Response:
    content = ContactAnswer.model_validate(contact)
    return answer(visit, content, status=status, version=contact.version, location=location)


@router.get(LIST, response_model=Items[ContactAnswer])
def index(
    visit: Annotated[Visit, reading()], cvr: str, cursor: Cursor = None, limit: Limit = PAGE
) -> Response:
    """The people at the company as they were entered, also those who have left."""
    company = queries.by_cvr(visit.db, cvr)
    rows, following = queries.contact_page(visit.db, company, after=place(cursor, number_of), limit=limit)
    items = [ContactAnswer.model_validate(row) for row in rows]
    return answer(visit, Items(items=items, next=encode((following,)) if following else None))


@router.post(
    LIST,
    status_code=201,
    response_model=ContactAnswer,
    responses={201: {"headers": TAG | PLACE}},
    openapi_extra=ONCE,
)
def create(visit: Annotated[Visit, writing("companies.write")], cvr: str, body: NewContact) -> Response:
    """Add a person."""
    company = queries.by_cvr(visit.db, cvr)
    made = actions.add_contact(visit.db, company=company, values=body.given(), now=visit.now)
    return _shown(visit, made, status=201, location=f"/companies/{company.cvr}/contacts/{made.id}")


@router.get(ONE, response_model=ContactAnswer, responses={200: {"headers": TAG}})
def show(visit: Annotated[Visit, reading()], cvr: str, id: int) -> Response:
    """One person."""
    return _shown(visit, queries.contact(visit.db, queries.by_cvr(visit.db, cvr), id))


@router.patch(ONE, response_model=ContactAnswer, responses={200: {"headers": TAG}}, openapi_extra=VERSIONED)
def change(
    visit: Annotated[Visit, writing("companies.write")], cvr: str, id: int, body: ContactChange
) -> Response:
    """Correct a person's details, say that they have left, or that they are back."""
    contact = queries.contact(visit.db, queries.by_cvr(visit.db, cvr), id)
    demand_seen(visit, contact.version)
    values = body.given()
    if "ended_on" in values:
        ended_on = values.pop("ended_on")
        if ended_on:
            actions.end_contact(visit.db, contact=contact, on=ended_on)
        else:
            actions.return_contact(visit.db, contact=contact)
    return _shown(visit, actions.change_contact(visit.db, contact=contact, values=values))
