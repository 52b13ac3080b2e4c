"""What happened between a company and the municipality, with what came of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from crm.companies import queries as companies
from crm.errors import NotFound, renamed
from crm.interactions import queries
from crm.interactions.models import SEALED, Direction, FollowUp, Interaction, Kind
from crm.interactions.repeating import MOST, Repeat, RepeatUnit
from crm.requests import actions
from crm.requests.actions import Promise
from web import words
from web.api.answers import (
    PAGE,
    Answer,
    Colleague,
    Cursor,
    Items,
    Limit,
    answer,
    beside,
    colleague,
    place,
    room,
)
from web.api.bodies import Body, Day, Email, Id, Moment, Text, one_of
from web.api.description import ONCE, PLACE
from web.api.requests import Asked, RequestInList
from web.cursors import encode, moment_of
from web.deps import Visit, reading, writing

router = room("Interactions")
LIST = "/companies/{cvr}/interactions"
# How the domain calls the fields of what rides along, and how a call does.
RIDING = {
    **{f"request_{name}": f"request.{name}" for name in actions.RIDING if name != "owner"},
    **{f"follow_up_{name}": f"follow_up.{name}" for name in ("text", "due", "owner")},
}


class InteractionAnswer(Answer):
    """One thing that happened, as it was written down."""

    id: int
    kind: Kind
    direction: Direction | None
    summary: str
    happened_at: datetime
    company_contact_id: int | None
    by: Colleague
    created_at: datetime
    only_team: str | None = Field(
        description="The name of the team that alone reads the summary; others get a word in its place."
    )


def _told(row: Interaction) -> InteractionAnswer:
    return InteractionAnswer.model_validate(row).model_copy(update={"summary": row.text})


class RepeatAnswer(Answer):
    """Every so many days, weeks or months."""

    every: int
    unit: RepeatUnit


class FollowUpAnswer(Answer):
    """Something promised for a day. One that repeats makes the next when it is done."""

    id: int
    due: date
    text: str
    owner: Colleague
    call_back: bool
    repeat: RepeatAnswer | None
    done_at: datetime | None


class LoggedAnswer(InteractionAnswer):
    """What was written down, with the request and the follow-up that came of it."""

    request: RequestInList | None
    follow_up: FollowUpAnswer | None


class Repeated(Body):
    """How something repeats: every so many days, weeks or months."""

    every: Annotated[int, Field(strict=True, ge=1, le=MOST)] = 1
    unit: Annotated[RepeatUnit, one_of(words.REPEAT_UNITS)]


class Promised(Body):
    """Something promised for a day. Without an owner it is the writer's own."""

    due: Day
    text: Annotated[str, Text.of(FollowUp.text, filled=True)]
    owner: Email | None = None
    call_back: Annotated[bool, Field(strict=True)] = False
    repeat: Repeated | None = None


class NewInteraction(Body):
    """What happened. All but a note have a direction; what is not said to have happened earlier is now."""

    kind: Annotated[Kind, one_of(words.KINDS)]
    direction: Annotated[Direction, one_of(words.DIRECTIONS)] | None = None
    summary: Annotated[str, Text.of(Interaction.summary, filled=True)]
    happened_at: Moment | None = None
    company_contact_id: Id | None = None
    only_team: Annotated[bool, Field(strict=True, description="Only for the caller's own team.")] = False
    request: Asked | None = None
    follow_up: Promised | None = None


@router.get(LIST, response_model=Items[InteractionAnswer])
def index(
    visit: Annotated[Visit, reading()], cvr: str, cursor: Cursor = None, limit: Limit = PAGE
) -> Response:
    """What happened with the company, the newest first."""
    company = companies.by_cvr(visit.db, cvr)
    rows, following = queries.timeline(
        visit.db, company, reader=visit.me, after=place(cursor, moment_of), limit=limit
    )
    items = [_told(row) for row in rows]
    return answer(visit, Items(items=items, next=encode(following) if following else None))


@router.post(
    LIST,
    status_code=201,
    response_model=LoggedAnswer,
    responses={201: {"headers": PLACE}},
    openapi_extra=ONCE,
)
def create(
    visit: Annotated[Visit, writing("interactions.write")], cvr: str, body: NewInteraction
) -> Response:
    """Write down what happened with the request and the follow-up that came of it: all of it or nothing."""
    company = companies.by_cvr(visit.db, cvr)
    asked, contact_id = body.request, body.company_contact_id
    with beside("company_contact_id"):
        contact = companies.contact(visit.db, company, contact_id) if contact_id else None
    with renamed(**RIDING):
        logged = actions.log_call(
            visit.db,
            company=company,
            by=visit.me,
            now=visit.now,
            clock=visit.house.hours,
            kind=body.kind,
            summary=body.summary,
            direction=body.direction,
            happened_at=body.happened_at,
            contact=contact,
            request=asked.request(visit, "request.") if asked else None,
            request_owner=colleague(visit, asked.owner, "request.owner") if asked else None,
            follow_up=_promise(visit, body.follow_up),
            only_team=body.only_team,
        )
    # The relationships of what has just been made are not loaded yet.
    for row, names in (
        (logged.interaction, ["by"]),
        (logged.request, ["owner", "scheme"]),
        (logged.follow_up, ["owner"]),
    ):
        if row is not None:
            visit.db.refresh(row, names)
    content = LoggedAnswer.model_validate(
        _told(logged.interaction).model_dump()
        | {
            "request": logged.request and RequestInList.model_validate(logged.request),
            "follow_up": logged.follow_up and FollowUpAnswer.model_validate(logged.follow_up),
        }
    )
    location = f"/companies/{company.cvr}/interactions/{logged.interaction.id}"
    # What only a team reads lies nowhere else, not even for sending the same answer again.
    kept = content.model_copy(update={"summary": SEALED}) if body.only_team else None
    return answer(visit, content, status=201, location=location, kept=kept)


def _promise(visit: Visit, promised: Promised | None) -> Promise | None:
    if promised is None:
        return None
    repeat = Repeat(promised.repeat.every, promised.repeat.unit) if promised.repeat else None
    owner = colleague(visit, promised.owner, "follow_up.owner")
    return Promise(promised.due, promised.text, owner, promised.call_back, repeat)


@router.get(LIST + "/{id}", response_model=InteractionAnswer)
def show(visit: Annotated[Visit, reading()], cvr: str, id: int) -> Response:
    """One thing that happened."""
    found = queries.interaction(visit.db, id, reader=visit.me)
    if found.company.cvr != cvr:
        raise NotFound
    return answer(visit, _told(found))
