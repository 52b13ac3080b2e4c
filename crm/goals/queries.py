"""How far the plan's objectives have come: on any day, over time, and at what pace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from crm.agreements.models import Agreement
from crm.agreements.queries import Span, spans
from crm.companies.models import Company
from crm.companies.queries import lines
from crm.errors import NotFound
from crm.goals.figures import fingerprint
from crm.goals.forecast import PACE_OVER, Forecast, Standing, day_reached, forecast
from crm.goals.history import Move, counted_on, counting, moves, weekly, within
from crm.goals.models import CountsWhen, Definition, Objective, Target
from crm.goals.pipeline import Coming, Pipeline, on_the_way
from crm.periods import DAY, quarters, year_until
from crm.surveys.results import LEAST, Share, Tally

# The pace had is that of the last 90 days.
LOOK_BACK = PACE_OVER
MONTH = 365.25 / 12
# Ready beforehand: to build a statement takes longer than to ask it.
_OBJECTIVES = (
    select(Objective)
    .options(
        selectinload(Objective.definitions).joinedload(Definition.programmes),
        selectinload(Objective.targets).joinedload(Target.milestones),
    )
    .order_by(Objective.position, Objective.id)
)
_SIGNED = select(Agreement.id, Agreement.signed_on).where(Agreement.signed_on.is_not(None))


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
    # What it was counted by, and from when to when that is another than the one of its day.
    definition: Definition | None = None
    # Who came and who went since the first of the points, and by when there was anything at all.
    moves: Sequence[Move] = ()
    first_on: date | None = None
    pipeline: Pipeline | None = None
    line: Sequence[tuple[date, int]] = ()
    # Those inside and those who came or went, by key, when companies were asked for.
    known: Mapping[int, Company] = field(default_factory=dict)
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

    @cached_property
    def reached_on(self) -> date | None:
        """The day the target is reached at the pace had; None when it never is, or is reached already."""
        return day_reached(self._standing)

    @property
    def _standing(self) -> Standing:
        return Standing(
            self.on, self.value, self.value_before,
            self.target.value if self.target else None, self.target.due if self.target else None,
            self.first_on,
            len(self.pipeline.offered) if self.pipeline else None,
            len(self.pipeline.in_dialogue) if self.pipeline else None,
            is_share=self.objective.counts == "share",
        )  # fmt: skip

    @cached_property
    def forecast(self) -> Forecast:
        """What is to be expected, in words."""
        return forecast(self._standing)

    @property
    def expected(self) -> int | None:
        """How many there should be by now, by the milestones; None where there are none yet."""
        past = [value for day, value in self.line if day <= self.on]
        return past[-1] if past else None

    @property
    def waypoints(self) -> Sequence[tuple[date, int]]:
        """The milestones themselves: neither where a straight line begins nor the target at its end."""
        drawn = self.target is not None and self.target.line_from is not None and not self.target.milestones
        return self.line[1:-1] if drawn else self.line[:-1]

    @property
    def hash(self) -> str | None:
        """The fingerprint of definition, day and companies; None for what counts no companies.

        The companies must have been asked for.
        """
        if self.value is None or self.definition is None or self.objective.counts == "share":
            return None
        return fingerprint(self.objective, self.definition, self.on, (each.cvr for each in self.companies))


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


@dataclass(frozen=True)
class Basis:
    """What every figure of every day is counted from; read once for several days."""

    objectives: Sequence[Objective]
    spans: Sequence[Span]
    signed: Mapping[int, date]
    tallies: Mapping[int, Tally]

    @classmethod
    def read(
        cls, db: Session, first: date | None = None, last: date | None = None, *, least: int = LEAST,
        only: str | None = None,
    ) -> Basis:  # fmt: skip
        """The objectives and the agreements; the days of signing only where a definition asks for them.

        The answers behind a share are read for the days from `first` to `last`; with fewer than `least` it has no
        value. With `only` no other share is read than the one with this key.
        """
        found = objectives(db)
        tallies = {
            each.id: Tally.read(db, year_until(first - LOOK_BACK), last, key=each.key, least=least)
            for each in found
            if first and last and each.counts == "share" and only in (None, each.key)
        }
        rules = {each.counts_when for objective in found for each in objective.definitions}
        late = bool(rules - {CountsWhen.IN_FORCE})
        return cls(
            found, spans(db), {id: day for id, day in db.execute(_SIGNED) if day} if late else {}, tallies
        )

    def counted(self, definition: Definition) -> list[Span]:
        """The days that count by one definition."""
        return counting(definition, self.spans, self.signed)


def progress(
    db: Session,
    on: date,
    *,
    since: date | None = None,
    defined_on: date | None = None,
    with_companies: bool = True,
    with_pipeline: bool = False,
    only: str | None = None,
    least: int = LEAST,
    basis: Basis | None = None,
) -> list[Progress]:
    """Every objective followed on a day with the companies behind it. With `since`, also a point for each week.

    It is counted by the definition in force on `defined_on`, the day itself unless another is named. Without
    `with_companies` only their number is told, which asks less of the database. With `with_pipeline` also who is
    on the way, as it is today. With `only` it is one objective, by its key; that one also after it has been retired.
    A share is that of the answers to the newest wording then in use, over the twelve months up to the day; with
    fewer than `least` it has no value. Constant in statements: objectives, agreements, companies, those on the way,
    and two for each share.
    """
    basis = basis or Basis.read(db, on, on, least=least, only=only)
    asked = [each for each in basis.objectives if (each.key == only if only else each.is_followed(on))]
    counts = [_Count.of(basis, each, each.defined_on(defined_on or on), on) for each in asked]
    everyone = set[int]().union(*(each.ids for each in counts))
    if since is not None:
        everyone |= {move.company_id for each in counts for move in within(each.course, since, on)}
    companies = lines(db, sorted(everyone)) if with_companies and everyone else {}
    coming = on_the_way(db) if with_pipeline else None
    return [each.told(since, companies, coming) for each in counts]


@dataclass(frozen=True)
class _Count:
    """One objective while it is being counted. A share has no spans."""

    objective: Objective
    definition: Definition
    on: date
    found: list[Span] | None
    ids: set[int]
    tally: Tally | None

    @classmethod
    def of(cls, basis: Basis, objective: Objective, definition: Definition, on: date) -> _Count:
        found = basis.counted(definition) if objective.counts == "companies" else None
        return cls(
            objective, definition, on, found, counted_on(found or (), on), basis.tallies.get(objective.id)
        )

    @cached_property
    def course(self) -> list[Move]:
        """Who came and who went, on all days."""
        return moves(self.found or ())

    def told(
        self, since: date | None, companies: Mapping[int, Company], coming: Sequence[Coming] | None
    ) -> Progress:
        on, found, target = self.on, self.found, target_on(self.objective, self.on)
        if found is None:
            return self._share(target)
        course = self.course if since else []
        inside = [companies[id] for id in self.ids] if companies else []
        return Progress(
            self.objective, on, len(self.ids), target, sorted(inside, key=_by_name),
            len(counted_on(found, on - LOOK_BACK)),
            weekly(course, since, on) if since else [],
            self.definition,
            within(course, since, on) if since else (),
            min((span.first for span in found if span.first <= on), default=None),
            None if coming is None else Pipeline.of(coming, self.definition, but=self.ids),
            milestones(target, found),
            known=companies,
        )  # fmt: skip

    def _share(self, target: Target | None) -> Progress:
        if self.tally is None:
            return Progress(self.objective, self.on, None, target, definition=self.definition)
        now, before = self.tally.on(self.on), self.tally.on(self.on - LOOK_BACK)
        return Progress(
            self.objective, self.on, now.value, target, value_before=before.value, definition=self.definition,
            share=now,
        )  # fmt: skip


def _by_name(company: Company) -> str:
    return company.sort_key


def milestones(target: Target | None, found: Sequence[Span]) -> list[tuple[date, int]]:
    """How many there should be by when on the way to a target: the days chosen, or else a straight line.

    The line goes from what there was on its first day to the target, and is told at the end of each quarter.
    """
    if target is None:
        return []
    if target.milestones or target.line_from is None:
        chosen = [(each.due, each.value) for each in target.milestones]
        return [*chosen, (target.due, target.value)] if chosen else []
    first, start = target.line_from, len(counted_on(found, target.line_from))
    quarter_ends = [day - DAY for day in quarters(first, target.due)]
    days = [first, *(day for day in quarter_ends if first < day < target.due), target.due]
    whole = (target.due - first).days
    return [(day, start + round((target.value - start) * (day - first).days / whole)) for day in days]
