"""Meetings at the board, and what was frozen at each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel
from starlette.responses import Response

from crm.board import actions, queries
from crm.board.content import Content, read
from crm.board.models import BoardMeeting
from web.api.answers import PAGE, Cursor, Items, Limit, answer, place, room
from web.api.bodies import Body, Day
from web.api.description import ONCE, PLACE
from web.api.goals import Goal
from web.cursors import day_of, encode
from web.deps import Visit, reading, writing

router = room("Board")


class Meeting(BaseModel):
    """A meeting at the board. It is held once the board was frozen for it."""

    id: int
    on: date
    starts_at: str
    state: Literal["planned", "held", "cancelled"]
    reason: str | None
    frozen_at: datetime | None


class NewMeeting(Body):
    """A single meeting beside the rhythm."""

    on: Day


class ChangedAgreement(BaseModel):
    """An agreement that became something since the last meeting."""

    id: int
    cvr: str
    name: str
    programme: str
    on: date


class Changes(BaseModel):
    """What changed since the last frozen meeting: agreements, and the keys of requests.

    Late answers are counted by the request: the time to answer passed within the period, and no answer had come.
    """

    since: datetime
    until: datetime
    last_meeting: int | None
    new_agreements: list[ChangedAgreement]
    renewed_agreements: list[ChangedAgreement]
    ended_agreements: list[ChangedAgreement]
    expired_agreements: list[ChangedAgreement]
    new_requests: list[int]
    closed_requests: list[int]
    solved_requests: list[int]
    answered_in_time: list[int]
    late_answers: list[int]


class FrozenGoal(Goal):
    """A goal as it stood, with the definition that was used and how it stood at the last meeting."""

    definition: str
    before: int | None
    answers: int | None
    pace_had: float
    pace_needed: float | None
    reached_on: date | None


class WholeMeeting(Meeting):
    """A meeting with what was frozen at it; without goals and changes until then. `hash` is over all of it."""

    hash: str | None
    goals: list[FrozenGoal]
    changes: Changes | None


def _brief(meeting: BoardMeeting) -> Meeting:
    return Meeting(
        id=meeting.id,
        on=meeting.on,
        starts_at=f"{meeting.starts_at // 60:02}:{meeting.starts_at % 60:02}",
        state=meeting.state,  # type: ignore[arg-type]  # One of the three.
        reason=meeting.reason,
        frozen_at=meeting.snapshot.frozen_at if meeting.snapshot else None,
    )


def _whole(meeting: BoardMeeting) -> WholeMeeting:
    found = read(meeting.snapshot) if meeting.snapshot else None
    return WholeMeeting(
        **_brief(meeting).model_dump(),
        hash=meeting.snapshot.hash if meeting.snapshot else None,
        goals=[_goal(each) for each in found["goals"]] if found else [],
        changes=_changes(found) if found else None,
    )


def _goal(each: Content) -> FrozenGoal:
    same = {name: each[name] for name in FrozenGoal.model_fields if name not in {"companies", "answers"}}
    return FrozenGoal(**same, answers=each["n"], companies=[company["cvr"] for company in each["companies"]])


def _changes(found: Content) -> Changes:
    agreements, requests = found["agreements"], found["requests"]
    return Changes(
        since=found["since"],
        until=found["until"],
        last_meeting=found["last"]["meeting"] if found["last"] else None,
        new_agreements=agreements["signed"],
        renewed_agreements=agreements["renewed"],
        ended_agreements=agreements["ended"],
        expired_agreements=agreements["expired"],
        new_requests=requests["received"],
        closed_requests=requests["closed"],
        solved_requests=requests["solved"],
        answered_in_time=requests["in_time"],
        late_answers=requests["late"],
    )


@router.get("/board/meetings", response_model=Items[Meeting])
def index(visit: Annotated[Visit, reading()], cursor: Cursor = None, limit: Limit = PAGE) -> Response:
    """All meetings, the last day first; those to come are among them."""
    rows, following = queries.page(visit.db, before=place(cursor, day_of), limit=limit)
    key = encode((following[0].isoformat(), following[1])) if following else None
    return answer(visit, Items(items=[_brief(row) for row in rows], next=key))


@router.post(
    "/board/meetings",
    status_code=201,
    response_model=WholeMeeting,
    responses={201: {"headers": PLACE}},
    openapi_extra=ONCE,
)
def create(visit: Annotated[Visit, writing("board.write")], body: NewMeeting) -> Response:
    """A single meeting; a day has one (409)."""
    made = actions.add(visit.db, on=body.on, now=visit.now)
    return answer(visit, _whole(made), status=201, location=f"/board/meetings/{made.id}")


@router.get("/board/meetings/{id}", response_model=WholeMeeting)
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One meeting with the goals and changes that were frozen."""
    return answer(visit, _whole(queries.get(visit.db, id)))


@router.post(
    "/board/meetings/{id}/freeze",
    status_code=201,
    response_model=WholeMeeting,
    responses={
        200: {"model": WholeMeeting, "description": "It was frozen before; this is what was frozen."},
        201: {"headers": PLACE},
    },
    openapi_extra=ONCE,
)
def freeze(visit: Annotated[Visit, writing("board.write")], id: int) -> Response:
    """Freeze the board as it stands. It is done once and never changes; a meeting to come cannot be (409)."""
    meeting = queries.get(visit.db, id)
    _, new = actions.freeze(
        visit.db,
        meeting=meeting,
        by=visit.me,
        now=visit.now,
        today=visit.today,
        zone=visit.house.settings.zone,
    )
    content, location = _whole(queries.get(visit.db, id)), f"/board/meetings/{id}"
    return answer(visit, content, status=201 if new else 200, location=location)
