"""The panel as the house sees it: seats, meetings, questions with all answers, and what members have told us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from crm.access.models import User
from crm.companies.models import Company
from crm.errors import NotFound
from crm.panel.models import (
    PanelAnswer,
    PanelMeeting,
    PanelQuestion,
    PanelReading,
    PanelRemark,
    PanelSeat,
    PanelSession,
)
from crm.panel.signing import held

MOST = 200
_COMPANY = joinedload(PanelSeat.company).load_only(Company.name, Company.cvr, raiseload=True)


@dataclass(frozen=True)
class Seated:
    """A seat, and when its holder last came in; None for one who never did, or not lately."""

    seat: PanelSeat
    seen_at: datetime | None


def seats(db: Session) -> Sequence[Seated]:
    """All seats, those that stand first, by name."""
    seen = select(func.max(PanelSession.created_at)).where(PanelSession.seat_id == PanelSeat.id)
    query = (
        select(PanelSeat, seen.correlate(PanelSeat).scalar_subquery())
        .join(PanelSeat.company)
        .options(contains_eager(PanelSeat.company).load_only(Company.name, Company.cvr, raiseload=True))
        .order_by(PanelSeat.ended_at.is_not(None), Company.sort_key, PanelSeat.id)
        .limit(MOST)
    )
    return [Seated(*row) for row in db.execute(query)]


def seat(db: Session, id: int) -> PanelSeat:
    """One seat with its company, or NotFound."""
    found = db.scalars(select(PanelSeat).options(_COMPANY).where(PanelSeat.id == id)).first()
    if found is None:
        raise NotFound("Vi kan ikke finde den plads.")
    return found


def meetings(db: Session) -> Sequence[PanelMeeting]:
    """All meetings, the last day first."""
    return db.scalars(
        select(PanelMeeting).order_by(PanelMeeting.on.desc(), PanelMeeting.id.desc()).limit(MOST)
    ).all()


def meeting(db: Session, id: int) -> PanelMeeting:
    """One meeting, or NotFound."""
    found = db.get(PanelMeeting, id)
    if found is None:
        raise NotFound("Vi kan ikke finde det møde.")
    return found


@dataclass(frozen=True)
class Reader:
    """A member, and when they opened a meeting's minutes; None for not yet."""

    seat: PanelSeat
    read_at: datetime | None


def readers(db: Session, meeting: PanelMeeting, today: date) -> Sequence[Reader]:
    """Who has opened the minutes and who has not, among those with a seat today and those who once read them."""
    query = (
        select(PanelSeat, PanelReading.read_at)
        .join(PanelSeat.company)
        .outerjoin(
            PanelReading, (PanelReading.seat_id == PanelSeat.id) & (PanelReading.meeting_id == meeting.id)
        )
        .options(contains_eager(PanelSeat.company).load_only(Company.name, Company.cvr, raiseload=True))
        .where(held(today) | PanelReading.read_at.is_not(None))
        .order_by(PanelReading.read_at.is_(None), Company.sort_key, PanelSeat.id)
    )
    return [Reader(*row) for row in db.execute(query)]


@dataclass(frozen=True)
class Asked:
    """A question and how many have answered it."""

    question: PanelQuestion
    answered: int


def questions(db: Session) -> Sequence[Asked]:
    """All questions, drafts among them, the latest first."""
    answered = (
        select(func.count()).select_from(PanelAnswer).where(PanelAnswer.question_id == PanelQuestion.id)
    )
    query = (
        select(PanelQuestion, answered.correlate(PanelQuestion).scalar_subquery())
        .order_by(PanelQuestion.closes_on.desc(), PanelQuestion.id.desc())
        .limit(MOST)
    )
    return [Asked(*row) for row in db.execute(query)]


def question(db: Session, id: int) -> PanelQuestion:
    """One question, or NotFound."""
    found = db.get(PanelQuestion, id)
    if found is None:
        raise NotFound("Vi kan ikke finde det spørgsmål.")
    return found


def answers(db: Session, question: PanelQuestion) -> Sequence[PanelAnswer]:
    """Every answer to a question with who gave it, the first one first."""
    return db.scalars(
        select(PanelAnswer)
        .options(joinedload(PanelAnswer.seat).options(_COMPANY))
        .where(PanelAnswer.question_id == question.id)
        .order_by(PanelAnswer.answered_at, PanelAnswer.seat_id)
    ).all()


def members(db: Session, today: date) -> int:
    """How many seats are held today."""
    return db.scalar(select(func.count()).select_from(PanelSeat).where(held(today))) or 0


def remarks(db: Session) -> Sequence[PanelRemark]:
    """What members have told us, those without an answer first and then the latest."""
    return db.scalars(
        select(PanelRemark)
        .options(
            joinedload(PanelRemark.seat).options(_COMPANY),
            joinedload(PanelRemark.company).load_only(Company.name, Company.cvr, raiseload=True),
            joinedload(PanelRemark.answered_by).load_only(User.name, raiseload=True),
        )
        .order_by(PanelRemark.answered_at.is_not(None), PanelRemark.id.desc())
        .limit(MOST)
    ).all()


def remark(db: Session, id: int) -> PanelRemark:
    """One remark with who made it, or NotFound."""
    query = (
        select(PanelRemark)
        .options(joinedload(PanelRemark.seat).options(_COMPANY))
        .where(PanelRemark.id == id)
    )
    found = db.scalars(query).first()
    if found is None:
        raise NotFound("Vi kan ikke finde den besked.")
    return found
