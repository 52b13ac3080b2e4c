"""What the panel is told and asked, as one member sees it; see seen.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, func, select
from sqlalchemy.orm import Session

from crm import danish
from crm.errors import NotFound
from crm.panel.members import Member
from crm.panel.models import (
    PanelAnswer,
    PanelMeeting,
    PanelQuestion,
    PanelReading,
    PanelRemark,
    PanelSeat,
)
from crm.panel.signing import held

MOST = 100
NO_MEETING = "Vi kan ikke finde det møde."
NO_QUESTION = "Vi kan ikke finde det spørgsmål."
_TODAY: Any = bindparam("today", type_=PanelSeat.begins_on.type)
_SEAT: Any = bindparam("seat_id")


# --- Meetings -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Meeting:
    """An announced meeting. `minutes` is None until they are published; `read_at` is when this member opened them."""

    id: int
    on: date
    starts_at: int
    ends_at: int
    place: str
    agenda: str | None
    cancelled: bool
    reason: str | None
    minutes: str | None
    read_at: datetime | None
    version: int

    @property
    def clock(self) -> str:
        """From when to when: "8.00–9.30"."""
        return f"{danish.clock(self.starts_at)}–{danish.clock(self.ends_at)}"


_MEETINGS = (
    select(
        PanelMeeting.id, PanelMeeting.on, PanelMeeting.starts_at, PanelMeeting.ends_at, PanelMeeting.place,
        PanelMeeting.agenda, PanelMeeting.cancelled_at.is_not(None), PanelMeeting.reason,
        case((PanelMeeting.minutes_published_at.is_not(None), PanelMeeting.minutes)), PanelReading.read_at,
        PanelMeeting.version,
    )
    .outerjoin(
        PanelReading, and_(PanelReading.meeting_id == PanelMeeting.id, PanelReading.seat_id == _SEAT)
    )
    .where(PanelMeeting.announced_at.is_not(None))
    .order_by(PanelMeeting.on.desc(), PanelMeeting.id.desc())
)  # fmt: skip
_RECENT = _MEETINGS.limit(MOST)
_MEETING = _MEETINGS.where(PanelMeeting.id == bindparam("id"))


def meetings(db: Session, member: Member) -> Sequence[Meeting]:
    """The announced meetings, the last day first."""
    return [Meeting(*row) for row in db.execute(_RECENT, {"seat_id": member.seat_id})]


def meeting(db: Session, member: Member, id: int) -> Meeting:
    """One announced meeting; NotFound for one that is only planned."""
    row = db.execute(_MEETING, {"seat_id": member.seat_id, "id": id}).first()
    if row is None:
        raise NotFound(NO_MEETING)
    return Meeting(*row)


# --- Questions ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """A question that was asked, with the member's own answer and how many have answered of how many."""

    id: int
    question: str
    about: str | None
    opens_on: date
    closes_on: date
    said: str | None
    outcome: str | None
    mine: str | None
    mine_version: int
    answered: int
    seats: int

    def is_open(self, on: date) -> bool:
        """Whether it can be answered on this day."""
        return self.opens_on <= on <= self.closes_on


_QUESTIONS = (
    select(
        PanelQuestion.id, PanelQuestion.question, PanelQuestion.about, PanelQuestion.opens_on, PanelQuestion.closes_on,
        case((PanelQuestion.outcome_at.is_not(None), PanelQuestion.said)),
        case((PanelQuestion.outcome_at.is_not(None), PanelQuestion.outcome)),
        PanelAnswer.text, func.coalesce(PanelAnswer.version, 0),
        select(func.count()).select_from(PanelAnswer).join(PanelSeat, PanelSeat.id == PanelAnswer.seat_id)
        .where(PanelAnswer.question_id == PanelQuestion.id, held(_TODAY))
        .correlate(PanelQuestion).scalar_subquery(),
        select(func.count()).select_from(PanelSeat).where(held(_TODAY)).scalar_subquery(),
    )
    .outerjoin(PanelAnswer, and_(PanelAnswer.question_id == PanelQuestion.id, PanelAnswer.seat_id == _SEAT))
    .where(PanelQuestion.asked_at.is_not(None))
    .order_by(PanelQuestion.closes_on.desc(), PanelQuestion.id.desc())
)  # fmt: skip
_ASKED = _QUESTIONS.limit(MOST)
_QUESTION = _QUESTIONS.where(PanelQuestion.id == bindparam("id"))


def questions(db: Session, member: Member, today: date) -> Sequence[Question]:
    """What has been asked, the latest first."""
    return [Question(*row) for row in db.execute(_ASKED, {"seat_id": member.seat_id, "today": today})]


def question(db: Session, member: Member, id: int, today: date) -> Question:
    """One question that was asked; NotFound for a draft."""
    row = db.execute(_QUESTION, {"seat_id": member.seat_id, "today": today, "id": id}).first()
    if row is None:
        raise NotFound(NO_QUESTION)
    return Question(*row)


# --- What the member told us --------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A remark of the member's own, and what we answered."""

    about: str | None
    text: str
    at: datetime
    answer: str | None


_TOLD = (
    select(PanelRemark.about, PanelRemark.text, PanelRemark.created_at, PanelRemark.answer)
    .where(PanelRemark.seat_id == _SEAT)
    .order_by(PanelRemark.id.desc())
    .limit(MOST)
)


def remarks(db: Session, member: Member) -> Sequence[Told]:
    """What this member has told us is wrong, the latest first."""
    return [Told(*row) for row in db.execute(_TOLD, {"seat_id": member.seat_id})]
