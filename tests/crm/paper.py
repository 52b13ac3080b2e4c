"""Agreements as one would write them on paper, beside those of the house."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

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


DAY = timedelta(days=1)


@dataclass
class Term:
    """A renewal as one would write it on paper: signed on a day, valid from one to another."""

    signed: date | None
    begins: date | None
    ends: date | None

    def holds(self, on: date, ended: date | None) -> bool:
        """The definition of the plan, word by word."""
        return bool(
            self.signed and self.begins and self.signed <= on and self.begins <= on
            and (self.ends is None or on <= self.ends) and (ended is None or on <= ended)
        )  # fmt: skip


@dataclass
class Plain:
    """An agreement as one would write it on paper."""

    company: int
    programme: str
    signed: date | None
    begins: date | None
    ends: date | None
    ended: date | None = None
    later: list[Term] = field(default_factory=list)

    @property
    def terms(self) -> list[Term]:
        """The first term and its renewals."""
        return [Term(self.signed, self.begins, self.ends), *self.later]

    def counts(self, on: date) -> bool:
        """Whether any of its terms holds that day."""
        return any(term.holds(on, self.ended) for term in self.terms)

    def renew(self, on: date, ends: date) -> None:
        """On from the day after the last one, or from today where that is past or there is none."""
        last = self.terms[-1].ends
        begins = on if last is None else max(on, last + DAY)
        if last is None:
            self.set_last_day(begins - DAY)
        self.later.append(Term(on, begins, ends))

    def set_last_day(self, ends: date | None) -> None:
        """The last day of the newest term."""
        if self.later:
            self.later[-1].ends = ends
        else:
            self.ends = ends

    def correct(self, place: int, days: dict[str, date | None]) -> None:
        """Write other days of one term over those that stand there."""
        names = {"signed_on": "signed", "valid_from": "begins", "valid_to": "ends"}
        term = self if place == 0 else self.later[place - 1]
        for name, day in days.items():
            setattr(term, names[name], day)


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
