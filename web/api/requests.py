"""What a company asks for, and how far it has come."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, field_validator
from starlette.responses import Response

from crm.companies import queries as companies
from crm.errors import Refused
from crm.requests import actions, kinds, queries
from crm.requests.actions import NewRequest
from crm.requests.kinds import OWN, Scheme
from crm.requests.models import Request, RequestState, RequestStep
from crm.requests.receipts import Receipt
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
from web.api.bodies import Body, Day, Email, Id, Moment, Text, Whole, one_of
from web.api.description import ONCE, PLACE, TAG, VERSIONED
from web.cursors import encode, moment_of
from web.deps import Visit, reading, writing

router = room("Requests")
Title = Annotated[str, Text.of(Request.title, filled=True)]
Description = Annotated[str, Text.of(Request.description)]
Code = Annotated[str, Field(min_length=1, max_length=50, pattern="^[a-z0-9_]+$")]
SHIPPED = ", ".join(f"{key} ({name.lower()})" for key, name in words.REQUEST_KINDS.items())
Kind = Annotated[
    Code,
    Field(description=f"What it is about. The house comes with {SHIPPED}; a municipality may have others."),
]
SchemeCode = Annotated[
    Code, Field(description="The scheme (ordning) it may lead to, such as wage_subsidy (løntilskud).")
]
State = Annotated[RequestState, one_of(words.REQUEST_STATES)]
Hours = Annotated[int, Field(strict=True, ge=1, le=60, description="Hours a week.")]
CaseReference = Annotated[
    str,
    Text.of(Request.case_reference),
    Field(description="The number of the case in the case system. Never a name, never a CPR number."),
]
NOTE_ALONE = "En bemærkning hører til en ny tilstand. Send også »state«."
NOT_UNSAID = "Et svar, der er givet, kan ikke tages tilbage."
NO_SCHEME = "Vi kender ikke den ordning. Skriv en af disse: {}."


class RequestInList(Answer):
    """One thing a company asked for, and by when it must be answered.

    Each kind has its own few fields; the others are null. `paused_since`: it waits for the company, and
    `answer_due_at` moves on when it no longer does. `answered_in_time` is null while there is no answer.
    """

    id: int
    kind: str
    title: str
    description: str | None
    state: RequestState
    received_at: datetime
    answer_due_at: datetime
    answered_at: datetime | None
    answered_in_time: bool | None
    paused_since: datetime | None
    closed_at: datetime | None
    owner: Colleague
    company_contact_id: int | None
    interaction_id: int | None
    wanted: int | None
    presented: int | None
    hired: int | None
    hours_from: int | None
    hours_to: int | None
    start_on: date | None
    deadline_on: date | None
    place: str | None
    response: str | None
    persons: int | None
    case_reference: str | None
    topic: str | None
    held_on: date | None
    scheme: str | None

    @field_validator("scheme", mode="before")
    @classmethod
    def _by_its_key(cls, value: Any) -> Any:
        return value.key if isinstance(value, Scheme) else value


class RequestAnswer(RequestInList):
    """A request and whose it is."""

    company: CompanyBrief


class OwnFields(Body):
    """The few fields a kind has of its own. One that the kind does not ask for is refused."""

    wanted: Whole | None = None
    hours_from: Hours | None = None
    hours_to: Hours | None = None
    start_on: Day | None = None
    deadline_on: Day | None = None
    place: Annotated[str, Text.of(Request.place)] | None = None
    response: Annotated[str, Text.of(Request.response)] | None = None
    persons: Whole | None = None
    case_reference: CaseReference | None = None
    topic: Annotated[str, Text.of(Request.topic)] | None = None
    held_on: Day | None = None
    scheme: SchemeCode | None = None

    def own(self, visit: Visit, field: str = "") -> dict[str, Any]:
        """Those that were sent, as the domain takes them; `field` stands before a refusal's field."""
        given = {name: value for name, value in self.given().items() if name in OWN}
        if given.get("scheme") is not None:
            given["scheme"] = _scheme(visit, given["scheme"], f"{field}scheme")
        return given


class Asked(OwnFields):
    """What a company asks for. `receipt_to`: the address that gets a receipt, if the company wants one."""

    kind: Kind
    title: Title
    description: Description | None = None
    owner: Email | None = None
    receipt_to: Annotated[str, Text(254), Field(json_schema_extra={"format": "email"})] | None = None

    def request(self, visit: Visit, field: str = "") -> NewRequest:
        """As the domain takes it."""
        demand_kind(visit, self.kind, f"{field}kind")
        to = self.receipt_to
        receipt = Receipt(to, visit.house.settings.municipality) if to else None
        return NewRequest(
            self.kind, self.title, self.description, own=self.own(visit, field), receipt=receipt
        )


class RequestBody(Asked):
    """What a company asks for, when and by whom."""

    received_at: Moment | None = None
    company_contact_id: Id | None = None


class RequestChange(OwnFields):
    """Only the fields that are sent are changed. `note` says why, together with `state`.

    `answered: true` says that the company has its first answer, without another state.
    """

    state: State = Field(default_factory=lambda: RequestState.NEW)
    note: Annotated[str, Text.of(RequestStep.note)] | None = None
    answered: bool = Field(default=False, strict=True)
    kind: Kind = Field(default_factory=str)
    title: Title = Field(default_factory=str)
    description: Description | None = None
    owner: Email = Field(default_factory=str)
    presented: Whole | None = None
    hired: Whole | None = None


def demand_kind(visit: Visit, key: str, field: str) -> None:
    """Refuse a kind that is none, and say which there are today."""
    if kinds.find_kind(visit.db, key) is None:
        listed = ", ".join(f"{each.key} ({each.name.lower()})" for each in kinds.kinds(visit.db, visit.today))
        raise Refused(field, f"Skriv en af disse: {listed}.")


def _scheme(visit: Visit, key: str, field: str) -> Scheme:
    found = kinds.scheme_by_key(visit.db, key)
    if found is None:
        listed = (f"{each.key} ({each.name.lower()})" for each in kinds.schemes(visit.db, visit.today))
        raise Refused(field, NO_SCHEME.format(", ".join(listed)))
    return found


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
        asked=body.request(visit),
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
    """Move the request on, say that it is answered, correct it, or all of it."""
    request = queries.get(visit.db, id)
    demand_seen(visit, request.version)
    values = body.given()
    state, note = values.pop("state", None), values.pop("note", None)
    answered = values.pop("answered", None)
    if note and state is None:
        raise Refused("note", NOTE_ALONE)
    if answered is False and request.answered_at is not None:
        raise Refused("answered", NOT_UNSAID)
    if "kind" in values:
        demand_kind(visit, body.kind, "kind")
    if "owner" in values:
        values["owner"] = colleague(visit, body.owner, "owner")
    now, clock = visit.now, visit.house.hours
    actions.change(visit.db, request=request, values=values | body.own(visit), now=now, clock=clock)
    if answered:
        actions.answer(visit.db, request=request, now=now, clock=clock)
    if state is not None:
        actions.move(visit.db, request=request, to=state, by=visit.me, now=now, clock=clock, note=note)
    visit.db.refresh(request, ["owner", "scheme"])
    return _shown(visit, id)
