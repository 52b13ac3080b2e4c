"""What members tell us is wrong about their company, and what we answer."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.companies.models import Company
from crm.errors import Conflict, Refused
from crm.interactions import actions as interactions
from crm.interactions.models import FollowUp
from crm.panel.members import Member
from crm.panel.models import PanelRemark

# As much of what it is about as there is room for.
ABOUT = 250
# So many open remarks of one seat; a seat that sends more is not heard better.
MOST_OPEN = 10
TOO_MANY = "I har flere beskeder, vi ikke har svaret på endnu. Ring til jeres indgang, hvis det haster."


def make(
    db: Session, *, member: Member, about: str | None, text: str, now: datetime, today: date
) -> PanelRemark:
    """A member's remark. The company's responsible consultant finds it in their day, today."""
    if not text.strip():
        raise Refused("text", "Skriv, hvad der er forkert.")
    waiting = db.scalars(
        select(PanelRemark).where(PanelRemark.seat_id == member.seat_id, PanelRemark.answered_at.is_(None))
    ).all()
    if found := next((each for each in waiting if each.text == text), None):
        # A double click, or the same thing said twice: it is known already.
        return found
    if len(waiting) >= MOST_OPEN:
        raise Conflict(TOO_MANY)
    company = db.scalars(
        select(Company)
        .options(joinedload(Company.responsible))
        .where(Company.id == member.company_id)
        .execution_options(populate_existing=True)
    ).one()
    follow_up = interactions.promise(
        db, company=company, owner=company.responsible, due=today, now=now,
        text=f"Svar {member.name[:60]} i virksomhedspanelet, der skriver, at noget er forkert. Se Panel.",
    )  # fmt: skip
    made = PanelRemark(
        seat_id=member.seat_id,
        company_id=company.id,
        about=about[:ABOUT] if about else None,
        text=text,
        created_at=now,
        follow_up_id=follow_up.id,
    )
    db.add(made)
    db.flush()
    return made


def answer(
    db: Session, *, remark: PanelRemark, text: str, by: User, now: datetime, today: date
) -> PanelRemark:
    """Answer the member, once; the follow-up it booked is done with it."""
    if remark.answered_at is not None:
        raise Conflict("Beskeden er allerede besvaret.")
    if not text.strip():
        raise Refused("answer", "Skriv et svar. Medlemmet kan læse det.")
    remark.answer, remark.answered_at, remark.answered_by_id = text, now, by.id
    db.flush()
    booked = db.get_one(FollowUp, remark.follow_up_id)
    if booked.done_at is None:
        interactions.mark_done(db, follow_up=booked, by=by, now=now, today=today)
    return remark
