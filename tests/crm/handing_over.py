"""Companies with something open at each, acts that give them on, and who has what afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements.models import Agreement
from crm.agreements.queries import programme
from crm.companies.models import Company
from crm.companies.queries import by_cvr
from crm.db import Session
from crm.handover.actions import hand_over_leaver, hand_over_list
from crm.handover.models import Handover
from crm.interactions.models import FollowUp
from crm.outbox.models import Mail
from crm.requests import actions as requests
from crm.requests.actions import NewRequest, Promise
from crm.requests.clock import WorkingHours
from crm.requests.models import Request
from crm.responsibility.models import Absence
from crm.settings import Settings
from tests.conftest import NOW, TODAY

LATER = NOW + timedelta(hours=2)
HOURS = WorkingHours.of(Settings())
HOME = "https://indgang.kommune.test"


def busy(db: Session, company: Company, owner: User) -> None:
    """An open request, a follow-up and an agreement at this company."""
    requests.log_call(
        db, company=company, by=owner, now=NOW, clock=HOURS, kind="call", direction="in",
        summary="De ringede", request=NewRequest("guidance", f"Hjælp til {company.name}"),
        request_owner=owner, follow_up=Promise(TODAY, f"Ring til {company.name}"),
    )  # fmt: skip
    agreements.create(
        db, company=company, programme=programme(db, "code_of_care"), title=f"Unge hos {company.name}",
        by=owner, now=NOW, today=TODAY,
    )  # fmt: skip


def act(db: Session, firms: list[Company], to: User, **more: Any) -> Handover:
    """These companies go to `to`, two hours on."""
    values = {"note": "Barsel", "by": None, "now": LATER, "home": HOME} | more
    return hand_over_list(db, company_ids=[company.id for company in firms], to=to, **values)


def owners(db: Session, company: Company) -> set[str]:
    """Everyone who has anything open at the company, by the first name."""
    db.expire_all()
    ids = {by_cvr(db, company.cvr).responsible.id}
    ids |= set(db.scalars(select(Request.owner_id).where(Request.company_id == company.id)))
    ids |= set(db.scalars(select(FollowUp.owner_id).where(FollowUp.company_id == company.id)))
    ids |= set(db.scalars(select(Agreement.consultant_id).where(Agreement.company_id == company.id)))
    return set(db.scalars(select(User.name).where(User.id.in_(ids))))


def leave(db: Session, leaver: User, to: User, **more: Any) -> Handover:
    """Everything of a leaver goes to `to`, two hours on."""
    values = {"note": "Nyt job", "by": None, "now": LATER, "today": TODAY, "home": HOME} | more
    return hand_over_leaver(db, leaver=leaver, to=to, **values)


def away(db: Session, user: User, stand_in: User | None, days: int = 5) -> Absence:
    """Away from tomorrow, or over since `days` are negative."""
    first = TODAY + timedelta(days=min(days, 1))
    absence = Absence(
        user_id=user.id, first_day=first, last_day=first if days < 0 else first + timedelta(days=days),
        stand_in_id=stand_in.id if stand_in else None, created_at=NOW,
    )  # fmt: skip
    db.add(absence)
    db.flush()
    return absence


def mails(db: Session) -> dict[str, Mail]:
    """Every mail in the outbox by its recipient."""
    return {mail.recipient: mail for mail in db.scalars(select(Mail))}
