"""Companies: the list, one, a new one, and what can be corrected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from crm.companies import actions, queries
from crm.companies.models import Company
from crm.companies.narrowing import Filter
from crm.responsibility import actions as responsibility
from crm.responsibility.absences.ways import ways
from web.api.answers import (
    PAGE,
    Answer,
    Colleague,
    Cursor,
    Items,
    Limit,
    answer,
    colleague,
    demand_seen,
    place,
    room,
    standing_in,
)
from web.api.bodies import Body, Cvr, Email, Text
from web.api.description import ONCE, PLACE, TAG, VERSIONED
from web.cursors import encode, pair_of
from web.deps import Visit, reading, writing

router = room("Companies")
Employees = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Name = Annotated[str, Text.of(Company.name, filled=True)]


class CompanyAnswer(Answer):
    """A company with its one way in."""

    cvr: str
    name: str
    street: str | None
    city_part: str | None
    postal_code: str | None
    city: str | None
    phone: str | None
    email: str | None
    website: str | None
    industry_code: str | None
    industry_text: str | None
    employees_from: int | None
    employees_to: int | None
    legal_form: str | None
    founded_on: date | None
    ceased_on: date | None
    status: str
    active: bool
    advertising_protected: bool
    responsible: Colleague
    standing_in: Colleague | None = None
    absent_until: date | None = Field(
        None, description="The last day the responsible is away. With nobody standing in, nobody answers."
    )
    last_contact_at: datetime | None
    created_at: datetime


class Details(Body):
    """What can be said about a company by hand."""

    street: Annotated[str, Text.of(Company.street)] | None = None
    city_part: Annotated[str, Text.of(Company.city_part)] | None = None
    postal_code: Annotated[str, Text.of(Company.postal_code)] | None = None
    city: Annotated[str, Text.of(Company.city)] | None = None
    phone: Annotated[str, Text.of(Company.phone)] | None = None
    email: Annotated[str, Text.of(Company.email)] | None = None
    website: Annotated[str, Text.of(Company.website)] | None = None
    industry_code: Annotated[str, Text.of(Company.industry_code)] | None = None
    industry_text: Annotated[str, Text.of(Company.industry_text)] | None = None
    employees_from: Employees | None = None
    employees_to: Employees | None = None


class NewCompany(Details):
    """A company; without `responsible` the rules choose who gets it."""

    cvr: Cvr
    name: Name
    responsible: Email | None = None


class CompanyChange(Details):
    """Only the fields that are sent are changed."""

    name: Name = Field(default_factory=str)


def _with_ways(visit: Visit, rows: Sequence[Company]) -> list[CompanyAnswer]:
    """Companies as answers, each with who stands in today."""
    found = ways(visit.db, rows, visit.today)
    return [
        CompanyAnswer.model_validate(row).model_copy(
            update={"standing_in": standing_in(found[row.id]), "absent_until": found[row.id].absent_until}
        )
        for row in rows
    ]


def shown(visit: Visit, company: Company, *, status: int = 200, location: str | None = None) -> Response:
    """The company as an answer."""
    content = _with_ways(visit, [company])[0]
    return answer(visit, content, status=status, version=company.version, location=location)


@router.get("/companies", response_model=Items[CompanyAnswer])
def index(
    visit: Annotated[Visit, reading()],
    name: Annotated[str | None, Query(description="How the name begins."), Text(100)] = None,
    responsible: Annotated[Email | None, Query()] = None,
    industry: Annotated[str | None, Query(pattern="^[0-9]{1,6}$", description="How the code begins.")] = None,
    postal_code: Annotated[str | None, Query(pattern="^[0-9]{4}$")] = None,
    ceased: Annotated[
        bool, Query(description="Those that have closed, instead of those that are active.")
    ] = False,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Response:
    """All companies in Danish order, narrowed as asked."""
    chosen = colleague(visit, responsible, "responsible")
    wanted = Filter(
        responsible_id=chosen.id if chosen else None,
        name=name,
        industry=industry,
        postal_code=postal_code,
        ceased=ceased,
    )
    rows, following = queries.page(visit.db, wanted, after=place(cursor, pair_of), limit=limit, whole=True)
    return answer(visit, Items(items=_with_ways(visit, rows), next=encode(following) if following else None))


@router.post(
    "/companies",
    status_code=201,
    response_model=CompanyAnswer,
    responses={201: {"headers": TAG | PLACE}},
    openapi_extra=ONCE,
)
def create(visit: Annotated[Visit, writing("companies.write")], body: NewCompany) -> Response:
    """Create a company with its responsible consultant: the one named, or the one the rules pick."""
    made = responsibility.create_company(
        visit.db,
        values={name: value for name, value in body.given().items() if name != "responsible"},
        responsible=colleague(visit, body.responsible, "responsible"),
        by=visit.me,
        now=visit.now,
    )
    return shown(visit, made, status=201, location=f"/companies/{made.cvr}")


@router.get("/companies/{cvr}", response_model=CompanyAnswer, responses={200: {"headers": TAG}})
def show(visit: Annotated[Visit, reading()], cvr: str) -> Response:
    """One company."""
    return shown(visit, queries.by_cvr(visit.db, cvr))


@router.patch(
    "/companies/{cvr}",
    response_model=CompanyAnswer,
    responses={200: {"headers": TAG}},
    openapi_extra=VERSIONED,
)
def change(visit: Annotated[Visit, writing("companies.write")], cvr: str, body: CompanyChange) -> Response:
    """Correct a company; what the register says is kept beside."""
    company = queries.by_cvr(visit.db, cvr)
    demand_seen(visit, company.version)
    return shown(visit, actions.change(visit.db, company=company, values=body.given()))
