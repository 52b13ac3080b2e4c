"""A small team to send away: who is who, and who answers for which company."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from crm.access.models import User
from crm.companies.models import Company
from crm.db import Session
from crm.responsibility.absences import actions
from crm.responsibility.absences.ways import ways
from crm.responsibility.models import Absence
from tests.conftest import NOW, TODAY, add_company, add_user


def day(days: int) -> date:
    """So many days from the Monday it is."""
    return TODAY + timedelta(days=days)


def close(db: Session, user: User) -> None:
    """Close a user past the action, which would ask who stands in instead."""
    user.is_active, user.closed_at = 0, NOW
    db.flush()


@dataclass
class Cast:
    """Anna and her two companies, Bo and Carla beside her, Mona who leads them; nobody is away."""

    db: Session
    anna: User
    bo: User
    carla: User
    mona: User
    bakery: Company
    garden: Company

    @classmethod
    def of(cls, db: Session) -> Self:
        """The cast, in an empty database."""
        anna, bo, carla = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo", "carla"))
        mona = add_user(db, "mona@kommune.test", "manager")
        bakery, garden = (add_company(db, number, responsible=anna) for number in (1, 2))
        return cls(db, anna, bo, carla, mona, bakery, garden)

    def send_away(self, user: User, first: int, last: int, stand_in: User | None = None) -> Absence:
        """An absence between days counted from today."""
        return actions.add(
            self.db,
            user=user,
            first_day=day(first),
            last_day=day(last),
            stand_in=stand_in,
            by=user,
            today=TODAY,
            now=NOW,
        )

    def answer(self, company: Company, days: int = 0) -> tuple[str | None, date | None]:
        """Who stands in for this company's responsible on a day, and until when."""
        way = ways(self.db, [company], day(days))[company.id]
        return way.stand_in.name if way.stand_in else None, way.absent_until
