"""Agreements as one would write them on paper, beside those of the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements import queries as agreed
from crm.agreements.models import Agreement
from crm.companies.queries import by_cvr
from crm.db import Session
from crm.numbers import demo_cvr
from tests.conftest import NOW, TODAY

YOUTH, SICK, EASY = "youth_employment", "sick_leave_prevention", "easy_recruitment"
COUNTS = {"code_of_care": YOUTH, "after_school_job": YOUTH, "sick_leave_prevention": SICK}
PROGRAMMES = (*COUNTS, "klar_til_start", "partner_organisation")


@dataclass
class Plain:
    """An agreement as one would write it on paper."""

    company: int
    programme: str
    signed: date | None
    begins: date | None
    ends: date | None
    ended: date | None = None

    def counts(self, on: date) -> bool:
        """The definition of the plan, word by word."""
        return bool(
            self.signed and self.begins and self.signed <= on and self.begins <= on
            and (self.ends is None or on <= self.ends) and (self.ended is None or on <= self.ended)
        )  # fmt: skip


def enter(db: Session, plain: Plain) -> Agreement:
    """The same agreement in the house, entered by the first user."""
    return agreements.create(
        db, company=by_cvr(db, demo_cvr(plain.company)), programme=agreed.programme(db, plain.programme),
        title="x", by=db.get_one(User, 1), now=NOW, today=TODAY, signed_on=plain.signed,
        valid_from=plain.begins, valid_to=plain.ends,
    )  # fmt: skip


def recounted(paper: list[Plain], key: str, on: date) -> set[str]:
    """The CVR numbers that count towards an objective on a day."""
    ours = [plain for plain in paper if COUNTS.get(plain.programme) == key and plain.counts(on)]
    return {demo_cvr(plain.company) for plain in ours}
