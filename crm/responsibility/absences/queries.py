"""Absences by colleague and by day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from crm.access.models import User
from crm.errors import NotFound
from crm.responsibility.models import Absence, AbsenceException

LIMIT = 200
_WITH = (joinedload(Absence.user, innerjoin=True), joinedload(Absence.stand_in))


def get(db: Session, id: int) -> Absence:
    """One absence with everyone in it and its exceptions, or NotFound."""
    found = db.scalars(
        select(Absence)
        .options(
            *_WITH,
            selectinload(Absence.exceptions).options(
                joinedload(AbsenceException.company, innerjoin=True),
                joinedload(AbsenceException.stand_in, innerjoin=True),
            ),
        )
        .where(Absence.id == id)
    ).first()
    if found is None:
        raise NotFound("Vi kan ikke finde det fravær.")
    return found


def of_user(db: Session, user: User, *, since: date) -> Sequence[Absence]:
    """This user's absences that end on a day or later, the first to begin first."""
    return db.scalars(
        select(Absence)
        .options(*_WITH)
        .where(Absence.user_id == user.id, Absence.last_day >= since)
        .order_by(Absence.first_day, Absence.id)
        .limit(LIMIT)
    ).all()


def between(db: Session, first: date, last: date) -> Sequence[Absence]:
    """Everyone's absences that touch these days, the first to begin first; those of closed users left out."""
    return db.scalars(
        select(Absence)
        .join(Absence.user)
        .options(*_WITH)
        .where(Absence.first_day <= last, Absence.last_day >= first, User.is_active == 1)
        .order_by(Absence.first_day, Absence.last_day, Absence.id)
        .limit(LIMIT)
    ).all()


def promised_by(db: Session, user: User, *, after: date) -> Sequence[Absence]:
    """Absences that begin after a day and name this user as a stand-in, wholly or for single companies."""
    single = select(AbsenceException.absence_id).where(AbsenceException.stand_in_id == user.id)
    return db.scalars(
        select(Absence)
        .options(*_WITH)
        .where(Absence.first_day > after, or_(Absence.stand_in_id == user.id, Absence.id.in_(single)))
        .order_by(Absence.first_day, Absence.id)
        .limit(LIMIT)
    ).all()


def overlapping(
    db: Session, user: User, first: date, last: date, *, but: int | None = None
) -> Absence | None:
    """The first of this user's absences that touches these days; `but` is the key of one that may."""
    query = (
        select(Absence)
        .where(Absence.user_id == user.id, Absence.first_day <= last, Absence.last_day >= first)
        .order_by(Absence.first_day)
        .limit(1)
    )
    return db.scalars(query if but is None else query.where(Absence.id != but)).first()


def stand_ins_away(db: Session, absences: Iterable[Absence]) -> dict[int, list[Absence]]:
    """By key of each of these absences: when its stand-in is away too. Those who are there are left out."""
    with_stand_in = [each for each in absences if each.stand_in_id is not None]
    if not with_stand_in:
        return {}
    theirs = db.scalars(
        select(Absence)
        .where(
            Absence.user_id.in_({each.stand_in_id for each in with_stand_in}),
            Absence.first_day <= max(each.last_day for each in with_stand_in),
            Absence.last_day >= min(each.first_day for each in with_stand_in),
        )
        .order_by(Absence.first_day)
    ).all()
    found: dict[int, list[Absence]] = {}
    for each in with_stand_in:
        for other in theirs:
            meets = other.first_day <= each.last_day and other.last_day >= each.first_day
            if other.user_id == each.stand_in_id and meets:
                found.setdefault(each.id, []).append(other)
    return found
