"""Agreements with a company, and the steps they take."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from crm.agreements import actions, commitments, fields, queries, renewals
from crm.agreements.models import Agreement, AgreementState, AgreementStep, EndCause, Programme
from crm.companies import queries as companies
from crm.companies.models import Company, CompanyContact
from crm.errors import renamed
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
    demand_seen,
    place,
    room,
)
from web.api.bodies import Body, Day, Id, Text, one_of
from web.api.description import ONCE, PLACE, TAG, VERSIONED
from web.cursors import encode, number_of
from web.deps import Visit, reading, writing

router = room("Agreements")
Title = Annotated[str, Text.of(Agreement.title, filled=True)]
State = Annotated[AgreementState, one_of(words.AGREEMENT_STATES)]
Cause = Annotated[EndCause, one_of(words.END_CAUSES)]
OwnNumber = Annotated[int, Field(strict=True, ge=0, le=fields.MOST)]
OwnText = Annotated[str, Text.of(fields.AgreementValue.text)]
# The own fields of its programme; null takes one away.
Values = Annotated[dict[str, OwnNumber | OwnText | None], Field(max_length=len(fields.FIELDS))]


class AgreementInList(Answer):
    """An agreement and where it stands."""

    id: int
    programme: str
    title: str
    state: AgreementState
    signed_on: date | None
    valid_from: date | None
    valid_to: date | None
    ended_on: date | None
    end_cause: EndCause | None
    end_reason: str | None
    shown_to_panel: bool
    company_contact_id: int | None
    created_at: datetime


class StepAnswer(Answer):
    """The agreement came to a state on a day."""

    to: AgreementState
    on: date
    note: str | None
    at: datetime
    by: Colleague


class PeriodAnswer(Answer):
    """The days of an agreement: the first period came with it, every other one is a renewal."""

    seq: int
    signed_on: date | None
    valid_from: date | None
    valid_to: date | None


class CommitmentAnswer(Answer):
    """What was promised, and how much of it is fulfilled."""

    id: int
    what: str
    promised: int
    fulfilled: int
    due: date | None


class AgreementAnswer(AgreementInList):
    """An agreement, whose it is, the steps it has taken and its periods in order, and what it holds.

    `signed_on` and `valid_from` are the first period's, `valid_to` is the newest one's.
    """

    company: CompanyBrief
    steps: list[StepAnswer]
    periods: list[PeriodAnswer]
    values: dict[str, int | str]
    commitments: list[CommitmentAnswer]


class NewAgreement(Body):
    """An agreement: signed when it has a day of signing, else a prospect."""

    programme: Annotated[str, Text.of(Programme.key, filled=True)]
    title: Title
    signed_on: Day | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    company_contact_id: Id | None = None
    shown_to_panel: bool = Field(default=False, strict=True)
    values: Values = Field(default_factory=dict)


class AgreementChange(Body):
    """Only the fields that are sent are changed; of the own fields only those that are named."""

    title: Title = Field(default_factory=str)
    signed_on: Day | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    company_contact_id: Id | None = None
    shown_to_panel: bool = Field(default=False, strict=True)
    values: Values = Field(default_factory=dict)


class NewStep(Body):
    """Where the agreement goes, and on which day; today when it is not said.

    Renewing with `valid_to` makes a new period. `cause` says why it ends; left out it is not told.
    """

    to: State
    on: Day | None = None
    note: Annotated[str, Text.of(AgreementStep.note)] | None = None
    valid_to: Day | None = None
    cause: Cause | None = None


def _in_list(agreement: Agreement) -> AgreementInList:
    values = {name: getattr(agreement, name) for name in AgreementInList.model_fields if name != "programme"}
    return AgreementInList(programme=agreement.programme.key, **values)


def _version(agreement: Agreement) -> str:
    # A step moves the agreement past its own counter.
    return f"{agreement.version}.{agreement.step_no}"


def _shown(visit: Visit, agreement: Agreement, *, status: int = 200, location: str | None = None) -> Response:
    steps = [
        StepAnswer(
            to=AgreementState(step.to_state),
            on=step.on,
            note=step.note,
            at=step.at,
            by=Colleague.model_validate(step.by),
        )
        for step in queries.steps(visit.db, agreement)
    ]
    content = AgreementAnswer(
        **_in_list(agreement).model_dump(),
        company=CompanyBrief.model_validate(agreement.company),
        steps=steps,
        periods=[PeriodAnswer.model_validate(each) for each in renewals.periods(visit.db, agreement)],
        values=fields.values(visit.db, agreement),
        commitments=[
            CommitmentAnswer.model_validate(each) for each in commitments.of_agreement(visit.db, agreement)
        ],
    )
    return answer(visit, content, status=status, version=_version(agreement), location=location)


def _contact(visit: Visit, company: Company, id: int | None) -> CompanyContact | None:
    with beside("company_contact_id"):
        return companies.contact(visit.db, company, id) if id is not None else None


def _hold(visit: Visit, agreement: Agreement, values: dict[str, fields.Value | None]) -> None:
    if values:
        with renamed(**{key: f"values.{key}" for key in {*fields.FIELDS, *values}}):
            fields.set_values(visit.db, agreement=agreement, new=values)


@router.get("/companies/{cvr}/agreements", response_model=Items[AgreementInList])
def index(
    visit: Annotated[Visit, reading()], cvr: str, cursor: Cursor = None, limit: Limit = PAGE
) -> Response:
    """The company's agreements, the last entered first."""
    company = companies.by_cvr(visit.db, cvr)
    rows, following = queries.page_of_company(visit.db, company, after=place(cursor, number_of), limit=limit)
    items = [_in_list(row) for row in rows]
    return answer(visit, Items(items=items, next=encode((following,)) if following else None))


@router.post(
    "/companies/{cvr}/agreements",
    status_code=201,
    response_model=AgreementAnswer,
    responses={201: {"headers": TAG | PLACE}},
    openapi_extra=ONCE,
)
def create(visit: Annotated[Visit, writing("agreements.write")], cvr: str, body: NewAgreement) -> Response:
    """Enter an agreement."""
    company = companies.by_cvr(visit.db, cvr)
    with beside("programme"):
        programme = queries.programme(visit.db, body.programme)
    made = actions.create(
        visit.db,
        company=company,
        programme=programme,
        title=body.title,
        by=visit.me,
        now=visit.now,
        today=visit.today,
        signed_on=body.signed_on,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        contact=_contact(visit, company, body.company_contact_id),
    )
    _hold(visit, made, body.values)
    if body.shown_to_panel:
        actions.change(visit.db, agreement=made, values={"shown_to_panel": True}, today=visit.today)
    return _shown(visit, made, status=201, location=f"/agreements/{made.id}")


@router.get("/agreements/{id}", response_model=AgreementAnswer, responses={200: {"headers": TAG}})
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One agreement with its steps."""
    return _shown(visit, queries.get(visit.db, id))


@router.patch(
    "/agreements/{id}",
    response_model=AgreementAnswer,
    responses={200: {"headers": TAG}},
    openapi_extra=VERSIONED,
)
def change(visit: Annotated[Visit, writing("agreements.write")], id: int, body: AgreementChange) -> Response:
    """Correct title or dates."""
    agreement = queries.get(visit.db, id)
    # A step moves it past its own counter, so nobody may take one between the look and the correction.
    visit.db.refresh(agreement, with_for_update={"of": Agreement})
    demand_seen(visit, _version(agreement))
    given = body.given()
    own = given.pop("values", {})
    if "company_contact_id" in given:
        given["contact"] = _contact(visit, agreement.company, given.pop("company_contact_id"))
    with renamed(company_contact="company_contact_id"):
        actions.change(visit.db, agreement=agreement, values=given, today=visit.today)
    _hold(visit, agreement, own)
    return _shown(visit, agreement)


@router.post(
    "/agreements/{id}/steps",
    status_code=201,
    response_model=AgreementAnswer,
    responses={201: {"headers": TAG | PLACE}},
    openapi_extra=ONCE,
)
def step(visit: Annotated[Visit, writing("agreements.write")], id: int, body: NewStep) -> Response:
    """Move the agreement one legal step; a step is never taken twice."""
    moved = actions.step(
        visit.db,
        agreement=queries.get(visit.db, id),
        to=body.to,
        on=body.on or visit.today,
        by=visit.me,
        now=visit.now,
        today=visit.today,
        note=body.note,
        valid_to=body.valid_to,
        cause=body.cause,
    )
    return _shown(visit, moved, status=201, location=f"/agreements/{id}")
