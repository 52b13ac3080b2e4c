"""Companies whose recruitment requests are closed, mails that ask them, and what they answer."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from crm.access.models import User
from crm.companies import actions as companies
from crm.companies.models import Company, CompanyContact
from crm.db import Database, Session
from crm.outbox.models import Mail
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.requests.models import Request
from crm.settings import Settings
from crm.surveys import actions
from crm.surveys.asking import ask
from crm.surveys.models import SurveyReply
from crm.surveys.queries import Opened, opened
from tests.conftest import NOW, add_company, add_user

HOURS = WorkingHours.of(Settings())
HOME = "https://indgang.kommune.test"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LINK = re.compile(r"/svar/([A-Za-z0-9_-]{43})(?!\S)")


def house(**more: Any) -> Settings:
    """A house that asks as it comes out of the box."""
    return Settings(base_url=HOME, municipality="Ærø Kommune", **more)


def consultant(db: Session) -> User:
    """Anna, the first time she is asked for."""
    found = db.scalars(select(User).where(User.email == "anna@kommune.test")).first()
    return found or add_user(db)


def firm(
    db: Session, number: int = 0, *, email: str | None = "lone@firma.test"
) -> tuple[Company, CompanyContact]:
    """A company with one person there."""
    company = add_company(db, number, responsible=consultant(db))
    address = email.replace("@", f"{number}@") if email else None
    contact = companies.add_contact(
        db, company=company, values={"name": "Lone Krogh", "email": address}, now=NOW - 300 * DAY
    )
    return company, contact


def closed(
    db: Session,
    company: Company,
    contact: CompanyContact | None,
    *,
    at: datetime = NOW,
    state: str = "resolved",
    kind: str = "recruitment",
) -> Request:
    """A request that was taken in a day before, and closed at a moment."""
    by = consultant(db)
    request = requests.take_in(
        db, company=company, asked=NewRequest(kind, "To bagere"), by=by, now=at - DAY, clock=HOURS, contact=contact
    )  # fmt: skip
    requests.move(db, request=request, to=state, by=by, now=at, clock=HOURS, note="Der var ingen at få")
    return request


def asked(database: Database, now: datetime = NOW + 2 * HOUR, **more: Any) -> int:
    """What the worker does at a moment."""
    return ask(database, house(**more), now)


def tokens(db: Session) -> dict[str, str]:
    """The secret of each link that stands in the outbox, by the mail's act."""
    found = ((mail.act, LINK.search(mail.body)) for mail in db.scalars(select(Mail).order_by(Mail.id)))
    return {act: link[1] for act, link in found if link}


def open_by(db: Session, token: str) -> Opened:
    """What a link opens that opens something."""
    found = opened(db, token)
    assert found
    return found


def replied(
    database: Database, token: str, value: int | None = 4, day: datetime = NOW, **more: str
) -> SurveyReply:
    """An answer by a link."""
    with database.write("survey") as db:
        reply = actions.answer(db, opened=open_by(db, token), value=value, today=day.date())
        if comment := more.get("comment"):
            actions.add_comment(db, reply=reply, comment=comment)
    return reply
