"""What a company asks for, and how far it has come."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from crm.companies import queries as companies
from crm.errors import Refused
from crm.requests import actions, queries
from crm.requests.actions import NewRequest
from crm.requests.models import Request, RequestKind, RequestState, RequestStep
from web import words
from web.api.answers import (
    PAGE,
    Answer,
    Colleague,
    CompanyBrief,
    Cursor,
    Items,
    Limit,
    answer,
    beside,
    colleague,
    demand_seen,
    place,
    room,
)
from web.api.bodies import Body, Email, Id, Moment, Text, Whole, one_of
from web.api.description import ONCE, PLACE, TAG, VERSIONED
from web.cursors import encode, moment_of
from web.deps import Visit, reading, writing

router = room("Requests")
Title = Annotated[str, Text.of(Request.title, filled=True)]
Description = Annotated[str, Text.of(Request.description)]
Kind = Annotated[RequestKind, one_of(words.REQUEST_KINDS)]
State = Annotated[RequestState, one_of(words.REQUEST_STATES)]
NOTE_ALONE = "En bemærkning hører til en ny tilstand. Send også »state«."


class RequestInList(Answer):
    """One thing a company asked for, and by when it must be answered."""

    id: int
    kind: RequestKind
    title: str
    description: str | None
    state: RequestState
    received_at: datetime
    answer_due_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    owner: Colleague
    company_contact_id: int | None
    interaction_id: int | None
    wanted: int | None
    presented: int | None
    hired: int | None


class RequestAnswer(RequestInList):
    """A request and whose it is."""

    company: CompanyBrief


class Asked(Body):
    """What a company asks for."""

    kind: Kind
    title: Title
    description: Description | None = None
    wanted: Whole | None = None
    owner: Email | None = None

    def request(self) -> NewRequest:
        """As the domain takes it."""
        return NewRequest(self.kind, self.title, self.description, self.wanted)


class RequestBody(Asked):
    """What a company asks for, when and by whom."""

    received_at: Moment | None = None
    company_contact_id: Id | None = None


class RequestChange(Body):
    """Only the fields that are sent are changed. `note` says why, together with `state`."""

    state: State = Field(default_factory=lambda: RequestState.NEW)
    note: Annotated[str, Text.of(RequestStep.note)] | None = None
    title: Title = Field(default_factory=str)
    description: Description | None = None
    owner: Email = Field(default_factory=str)
    wanted: Whole | None = None
    presented: Whole | None = None
    hired: Whole | None = None


def _shown(visit: Visit, id: int, *, status: int = 200, location: str | None = None) -> Response:
    request = queries.get(visit.db, id)
    content = RequestAnswer.model_validate(request)
    return answer(visit, content, status=status, version=request.version, location=location)


@router.get("/companies/{cvr}/requests", response_model=Items[RequestInList])
def index(
    visit: Annotated[Visit, reading()], cvr: str, cursor: Cursor = None, limit: Limit = PAGE
) -> Response:
    """Everything the company has asked for, the newest first."""
    company = companies.by_cvr(visit.db, cvr)
    rows, following = queries.page_of_company(visit.db, company, after=place(cursor, moment_of), limit=limit)
    items = [RequestInList.model_validate(row) for row in rows]
    return answer(visit, Items(items=items, next=encode(following) if following else None))


@router.post(
    "/companies/{cvr}/requests",
    status_code=201,
    response_model=RequestAnswer,
    responses={201: {"headers": TAG | PLACE}},
    openapi_extra=ONCE,
)
def create(visit: Annotated[Visit, writing("requests.write")], cvr: str, body: RequestBody) -> Response:
    """Take a request in. Its owner is the company's one way in unless another is named."""
    company = companies.by_cvr(visit.db, cvr)
    contact_id = body.company_contact_id
    with beside("company_contact_id"):
        contact = companies.contact(visit.db, company, contact_id) if contact_id else None
    made = actions.take_in(
        visit.db,
        company=company,
        asked=body.request(),
        by=visit.me,
        now=visit.now,
        clock=visit.house.hours,
        received_at=body.received_at,
        owner=colleague(visit, body.owner, "owner"),
        contact=contact,
    )
    return _shown(visit, made.id, status=201, location=f"/requests/{made.id}")


@router.get("/requests/{id}", response_model=RequestAnswer, responses={200: {"headers": TAG}})
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One request."""
    return _shown(visit, id)


@router.patch(
    "/requests/{id}",
    response_model=RequestAnswer,
    responses={200: {"headers": TAG}},
    openapi_extra=VERSIONED,
)
def change(visit: Annotated[Visit, writing("requests.write")], id: int, body: RequestChange) -> Response:
    """Move the request on, correct it, or both."""
    request = queries.get(visit.db, id)
    demand_seen(visit, request.version)
    values = body.given()
    state, note = values.pop("state", None), values.pop("note", None)
    if note and state is None:
        raise Refused("note", NOTE_ALONE)
    if "owner" in values:
        values["owner"] = colleague(visit, body.owner, "owner")
    actions.change(visit.db, request=request, values=values)
    if state is not None:
        actions.move(visit.db, request=request, to=state, by=visit.me, now=visit.now, note=note)
    visit.db.refresh(request, ["owner"])
    return _shown(visit, id)
