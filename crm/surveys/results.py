"""What the answers say: a share, how many it stands on, and how it has moved.

The share is (agree + agree wholly) / (all answers but "ved ikke"), in whole per cent, of one wording in one
period. On any day D it is that of the newest wording in use on D, over the twelve months that end with D; a
new wording therefore begins at nothing. With fewer answers than the house's least it is not told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from crm.periods import DAY, months_after, quarters, year_until
from crm.surveys.models import AGREES, EASY, STEPS, SurveyInvitation, SurveyQuestion, SurveyReply
from crm.surveys.queries import in_use, percent, versions

LEAST = 5
# How "ved ikke" is counted.
UNSURE = 0


@dataclass(frozen=True)
class Share:
    """The answers to one wording in a period, both days included."""

    question: SurveyQuestion | None
    since: date
    until: date
    steps: dict[int, int]
    asked: int = 0
    answered: int = 0
    least: int = LEAST

    @property
    def n(self) -> int:
        """How many answers the share stands on: all but "ved ikke"."""
        return sum(self.steps[step] for step in STEPS)

    @property
    def unsure(self) -> int:
        """How many did not know."""
        return self.steps[UNSURE]

    @property
    def easy(self) -> int:
        """How many agree."""
        return sum(self.steps[step] for step in AGREES)

    @property
    def is_shown(self) -> bool:
        """Whether there are enough answers to tell."""
        return self.n >= self.least

    @property
    def value(self) -> int | None:
        """The share in whole per cent; None while there are too few answers."""
        return percent(self.easy, self.n) if self.is_shown else None

    @property
    def response_rate(self) -> int | None:
        """Of those asked in the period, how many per cent have answered by its end; None when nobody was."""
        return percent(self.answered, self.asked)

    def part(self, step: int) -> int | None:
        """A step's part of all answers but "ved ikke", in whole per cent."""
        return percent(self.steps[step], self.n) if step != UNSURE else None


# Asked, and answered when and what. A link is open for a year at most, so whoever answered in a period was asked
# in it or in the year before.
_BEFORE = timedelta(days=366)
_ASKED = (
    select(
        SurveyInvitation.question_id, SurveyInvitation.asked_on, SurveyInvitation.sent_at.is_not(None),
        SurveyReply.replied_on, SurveyReply.value, func.count(),
    )
    .join(SurveyQuestion, SurveyQuestion.id == SurveyInvitation.question_id)
    .outerjoin(SurveyReply, SurveyReply.invitation_id == SurveyInvitation.id)
    .where(
        SurveyQuestion.key == bindparam("key"),
        SurveyInvitation.asked_on.between(bindparam("since"), bindparam("until")),
    )
    .group_by(
        SurveyInvitation.question_id, SurveyInvitation.asked_on, SurveyInvitation.sent_at.is_not(None),
        SurveyReply.replied_on, SurveyReply.value,
    )
)  # fmt: skip


@dataclass(frozen=True)
class Tally:
    """The answers of a stretch of time, counted by day, from which any period within it can be told."""

    questions: Sequence[SurveyQuestion]
    replies: Sequence[tuple[int, date, int | None, int]]
    asked: Sequence[tuple[int, date, date | None, int]]
    least: int

    @classmethod
    def read(cls, db: Session, since: date, until: date, *, key: str = EASY, least: int = LEAST) -> Tally:
        """Two statements, however much was answered."""
        within = {"key": key, "since": since - _BEFORE, "until": until}
        rows: Sequence[Any] = db.execute(_ASKED, within).all()
        replies = [
            (id, on, value, n) for id, _, _, on, value, n in rows if on is not None and since <= on <= until
        ]
        asked = [(id, day, on, n) for id, day, sent, on, _, n in rows if sent and since <= day <= until]
        return cls(versions(db, key), replies, asked, least)

    def on(self, day: date) -> Share:
        """The share as it stood on a day."""
        return self.share(in_use(self.questions, day), year_until(day), day)

    def share(self, question: SurveyQuestion | None, since: date, until: date) -> Share:
        """One wording's answers in a period."""
        id = question.id if question else 0
        steps: Counter[int] = Counter()
        for mine, day, value, number in self.replies:
            if mine == id and since <= day <= until:
                steps[value or UNSURE] += number
        asked = [
            (replied, number)
            for mine, day, replied, number in self.asked
            if mine == id and since <= day <= until
        ]
        return Share(
            question, since, until, {step: steps[step] for step in (*STEPS, UNSURE)},
            sum(number for _, number in asked),
            sum(number for replied, number in asked if replied and replied <= until),
            self.least,
        )  # fmt: skip

    def by_quarter(self, question: SurveyQuestion, since: date, until: date) -> list[Share]:
        """One wording's answers quarter by quarter, the oldest first, without quarters before it was used."""
        begins = max(since, question.valid_from)
        found = [
            self.share(question, first, min(months_after(first, 3) - DAY, until))
            for first in (quarters(begins, until) if begins <= until else [])
        ]
        while found and not (found[0].asked or found[0].n):
            found.pop(0)
        return found
