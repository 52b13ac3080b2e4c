"""How far the plan's objectives have come: on any day, over time, and at what pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from crm.agreements.queries import Span, spans
from crm.companies.models import Company
from crm.companies.queries import lines
from crm.errors import NotFound
from crm.goals.models import Objective, Target
from crm.surveys.periods import year_until
from crm.surveys.results import LEAST, Share, Tally

# The pace had is that of the last quarter: long enough to be no accident, short enough to be felt.
LOOK_BACK = timedelta(days=91)
DAY = timedelta(days=1)
FOREVER = date.max
MONTH = 365.25 / 12
# Ready beforehand: to build a statement takes longer than to ask it.
_OBJECTIVES = (
    select(Objective)
    .options(selectinload(Objective.programmes), selectinload(Objective.targets))
    .order_by(Objective.position, Objective.id)
)


@dataclass(frozen=True)
class Progress:
    """An objective on a day. `value` is None for a share nobody has answered yet."""

    objective: Objective
    on: date
    value: int | None
    target: Target | None
    companies: Sequence[Company] = ()
    value_before: int | None = None
    points: list[tuple[date, int]] = field(default_factory=list)
    # The answers behind the value of an objective that is a share.
    share: Share | None = None

    @property
    def missing(self) -> int:
        """How many are missing to the target now in force."""
        return max(0, self.target.value - (self.value or 0)) if self.target else 0

    @property
    def pace_had(self) -> float:
        """New companies a month over the last quarter. Negative when more left than came."""
        if self.value is None or self.value_before is None:
            return 0.0
        return (self.value - self.value_before) / (LOOK_BACK.days / MONTH)

    @property
    def pace_needed(self) -> float | None:
        """New companies a month needed to reach the target in time; None when it is reached or past due."""
        if not self.missing or self.target is None or self.target.due <= self.on:
            return None
        return self.missing / ((self.target.due - self.on).days / MONTH)

    @property
    def reached_on(self) -> date | None:
        """The day the target is reached at the pace had; None when it never is, or is reached already."""
        if not self.missing or self.pace_had <= 0:
            return None
        days = self.missing / self.pace_had * MONTH
        return self.on + timedelta(days=round(days)) if days < 36500 else None


def objectives(db: Session) -> Sequence[Objective]:
    """All objectives with their programmes and targets, in the plan's order."""
    return db.scalars(_OBJECTIVES).all()


def objective(db: Session, key: str) -> Objective:
    """One objective, or NotFound."""
    for found in objectives(db):
        if found.key == key:
            return found
    raise NotFound("Vi kender ikke det mål.")


def target_on(objective: Objective, on: date) -> Target | None:
    """The target worked towards on a day: the next one due, or the last when all are past."""
    targets = sorted(objective.targets, key=lambda target: target.due)
    return next((target for target in targets if target.due >= on), targets[-1] if targets else None)


def _counting(objective: Objective, all_spans: Sequence[Span]) -> list[Span]:
    ours = {programme.id for programme in objective.programmes if programme.kind == "company"}
    return [span for span in all_spans if span.programme_id in ours]


def _on(found: Sequence[Span], on: date) -> set[int]:
    return {span.company_id for span in found if span.holds(on)}


def progress(db: Session, on: date, *, since: date | None = None, least: int = LEAST) -> list[Progress]:
    """Every objective on a day with the companies behind it. With `since`, also a point for each week.

    A share is that of the answers to the newest wording then in use, over the twelve months up to the day;
    with fewer than `least` it has no value. Constant in statements: objectives, agreements, companies, and
    three for each share.
    """
    all_objectives, all_spans = objectives(db), spans(db)
    counted = {each.id: _counting(each, all_spans) for each in all_objectives if each.counts == "companies"}
    companies = lines(db, sorted({id for found in counted.values() for id in _on(found, on)}))
    answer = []
    for each in all_objectives:
        found = counted.get(each.id)
        if found is None:
            answer.append(_share(db, each, on, least))
            continue
        inside = sorted((companies[id] for id in _on(found, on)), key=lambda company: company.sort_key)
        answer.append(
            Progress(
                each, on, len(inside), target_on(each, on), inside, len(_on(found, on - LOOK_BACK)),
                _weekly(found, since, on) if since else [],
            )
        )  # fmt: skip
    return answer


def _share(db: Session, objective: Objective, on: date, least: int) -> Progress:
    tally = Tally.read(db, year_until(on - LOOK_BACK), on, key=objective.key, least=least)
    now, before = tally.on(on), tally.on(on - LOOK_BACK)
    return Progress(objective, on, now.value, target_on(objective, on), value_before=before.value, share=now)


def _weekly(found: Sequence[Span], since: date, until: date) -> list[tuple[date, int]]:
    """How many companies count on the first day, every seventh day after it, and the last."""
    days = [since + timedelta(days=7 * week) for week in range((until - since).days // 7 + 1)]
    if not days or days[-1] != until:
        days.append(until)
    moves = _moves(found)
    points, count, at = [], 0, 0
    for day in days:
        while at < len(moves) and moves[at][0] <= day:
            count += moves[at][1]
            at += 1
        points.append((day, count))
    return points


def _moves(found: Sequence[Span]) -> list[tuple[date, int]]:
    """The days on which a company comes to count (1) or ceases to (-1), in order.

    Agreements of one company that overlap or touch are one stretch, so that it counts once.
    """
    moves: list[tuple[date, int]] = []
    known: dict[int, date] = {}
    for span in sorted(found, key=lambda span: span.first):
        last = span.last or FOREVER
        if last < span.first:
            continue
        until = known.get(span.company_id)
        if until is not None and until >= span.first - DAY:
            known[span.company_id] = max(until, last)
            continue
        if until is not None:
            moves.append((until + DAY, -1))
        moves.append((span.first, 1))
        known[span.company_id] = last
    moves += [(until + DAY, -1) for until in known.values() if until < FOREVER]
    return sorted(moves)
