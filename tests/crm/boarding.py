"""A house with a board, companies that come and go, and a clock that moves from meeting to meeting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements.models import Agreement
from crm.agreements.queries import programme
from crm.board import actions, queries
from crm.board.content import Content
from crm.board.models import BoardMeeting, BoardSnapshot
from crm.companies.models import Company
from crm.db import Session
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.requests.models import Request
from crm.settings import Settings
from tests.conftest import NOW, TODAY, add_company, add_user

HOURS = WorkingHours.of(Settings())
ZONE = HOURS.zone


@dataclass
class House:
    """Anna and Bo, and as many companies as are asked for."""

    db: Session
    anna: User
    bo: User
    companies: list[Company]

    @classmethod
    def of(cls, db: Session, number: int = 3) -> Self:
        """The house, in an empty database."""
        anna, bo = add_user(db, "anna@kommune.test"), add_user(db, "bo@kommune.test")
        return cls(db, anna, bo, [add_company(db, each, responsible=anna) for each in range(1, number + 1)])

    def meeting(self, on: date = TODAY) -> BoardMeeting:
        """A meeting on a day."""
        return actions.add(self.db, on=on, now=NOW)

    def freeze(self, meeting: BoardMeeting, now: datetime = NOW) -> BoardSnapshot:
        """Freeze the board at a meeting, at a moment."""
        today = now.astimezone(ZONE).date()
        return actions.freeze(self.db, meeting=meeting, by=self.anna, now=now, today=today, zone=ZONE)[0]

    def board(self, now: datetime) -> queries.Board:
        """The board at a moment."""
        return queries.board(self.db, now, today=now.astimezone(ZONE).date(), zone=ZONE)

    def sign(self, company: Company, at: datetime, key: str = "code_of_care", **more: Any) -> Agreement:
        """A company signs, and it is written down at once."""
        day = at.astimezone(ZONE).date()
        values: dict[str, Any] = {"signed_on": day} | more
        return agreements.create(
            self.db, company=company, programme=programme(self.db, key), title="Unge i job", by=self.anna, now=at,
            today=day, **values,
        )  # fmt: skip

    def end(self, agreement: Agreement, at: datetime) -> None:
        """An agreement ends, and it is written down at once."""
        day = at.astimezone(ZONE).date()
        agreements.step(
            self.db, agreement=agreement, to="ended", on=day, by=self.anna, now=at, today=day, note="Flyttet"
        )

    def ask(self, company: Company, at: datetime) -> Request:
        """A company asks for something."""
        return requests.take_in(
            self.db, company=company, asked=NewRequest("recruitment", "En svend"), by=self.anna, now=at,
            clock=HOURS, received_at=at,
        )  # fmt: skip

    def answer(self, request: Request, at: datetime, to: str = "in_progress") -> None:
        """It is answered."""
        requests.move(self.db, request=request, to=to, by=self.anna, now=at, note="Klaret")


def later(days: float) -> datetime:
    """So many days from now."""
    return NOW + timedelta(days=days)


def goal(content: Content, key: str = "youth_employment") -> Content:
    """One goal of a board."""
    found: Content = next(each for each in content["goals"] if each["key"] == key)
    return found
