"""A year or a quarter, told to the political committee: figures, and the rows each can be traced to.

Nothing of citizens, and of colleagues no name: not who signed, who answered or who owns a request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session, joinedload

from crm.agreements.models import Agreement
from crm.companies.models import Company
from crm.companies.queries import LINE
from crm.errors import Refused
from crm.goals.history import Move
from crm.goals.indicators import Course, courses
from crm.goals.models import IndicatorValue
from crm.goals.queries import Basis, Progress, progress
from crm.goals.rows import Behind, behind
from crm.periods import DAY, begins, months_after, quarter_name
from crm.requests.kinds import KindOfRequest
from crm.requests.models import Request
from crm.surveys.results import LEAST

FIRST_YEAR, LAST_YEAR = 2020, 2100
_MOVED = (
    select(Agreement)
    .options(
        joinedload(Agreement.programme),
        joinedload(Agreement.company).load_only(*LINE, raiseload=True),
    )
    .where(
        Agreement.signed_on.is_not(None),
        or_(
            *(
                day.between(bindparam("first"), bindparam("last"))
                for day in (Agreement.signed_on, Agreement.valid_to, Agreement.ended_on)
            )
        ),
    )
    .order_by(Agreement.id)
)
_REQUESTS = (
    select(
        Request.id, KindOfRequest.name, Company.cvr, Request.received_at, Request.answer_due_at, Request.answered_at,
        Request.state, Request.in_time,
    )
    .join(Company, Company.id == Request.company_id)
    .join(KindOfRequest, KindOfRequest.key == Request.kind)
    .where(Request.received_at >= bindparam("since"), Request.received_at < bindparam("until"))
    .order_by(Request.received_at, Request.id)
)  # fmt: skip


@dataclass(frozen=True)
class Period:
    """A year, or a quarter of one."""

    year: int
    quarter: int | None = None

    @classmethod
    def of(cls, year: int, quarter: int | None = None) -> Period:
        """The period, or Refused beside what is wrong with it."""
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise Refused("aar", f"Skriv et år fra {FIRST_YEAR} til {LAST_YEAR}.")
        if quarter is not None and quarter not in {1, 2, 3, 4}:
            raise Refused("kvartal", "Vælg et kvartal fra 1 til 4.")
        return cls(year, quarter)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, 3 * (self.quarter or 1) - 2, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return months_after(self.first, 3 if self.quarter else 12) - DAY

    @property
    def name(self) -> str:
        """ "4. kvartal 2026", "Året 2026"."""
        return quarter_name(self.first) if self.quarter else f"Året {self.year}"


@dataclass(frozen=True)
class Aim:
    """An objective at the start and at the end, who came and went, and the agreements behind the last figure."""

    start: Progress
    end: Progress
    companies: Mapping[int, Company]
    rows: Sequence[Behind]

    @property
    def came(self) -> list[Move]:
        """Who came to count."""
        return [each for each in self.end.moves if each.by > 0]

    @property
    def went(self) -> list[Move]:
        """Who no longer did."""
        return [each for each in self.end.moves if each.by < 0]


@dataclass(frozen=True)
class Asked:
    """A request as the report knows it: what its kind is called, no title, no text, and nobody's name."""

    id: int
    kind: str
    cvr: str
    received_at: datetime
    due_at: datetime
    answered_at: datetime | None
    state: str
    # Whether its first answer came in time; None while there is none.
    in_time: int | None


@dataclass(frozen=True)
class OfKind:
    """The requests of one kind."""

    kind: str
    received: int
    answered: int
    in_time: int
    resolved: int

    @classmethod
    def of(cls, kind: str, asked: Sequence[Asked]) -> OfKind:
        """Counted from the rows themselves."""
        return cls(
            kind,
            len(asked),
            sum(each.answered_at is not None for each in asked),
            sum(each.in_time == 1 for each in asked),
            sum(each.state == "resolved" for each in asked),
        )


@dataclass(frozen=True)
class Reading:
    """An indicator as it was known at the start and at the end."""

    course: Course
    start: IndicatorValue | None
    end: IndicatorValue | None


@dataclass(frozen=True)
class Report:
    """What is told of a period. `until` is its last day that has come."""

    period: Period
    until: date
    aims: Sequence[Aim]
    new: Sequence[Agreement]
    ended: Sequence[tuple[Agreement, date]]
    asked: Sequence[Asked]
    readings: Sequence[Reading]

    @property
    def kinds(self) -> list[OfKind]:
        """The requests by kind, those asked for most first."""
        kinds = sorted({each.kind for each in self.asked})
        found = [OfKind.of(kind, [each for each in self.asked if each.kind == kind]) for kind in kinds]
        return sorted(found, key=lambda each: (-each.received, each.kind))

    @property
    def all_kinds(self) -> OfKind:
        """All requests together."""
        return OfKind.of("", self.asked)


def report(
    db: Session,
    period: Period,
    *,
    today: date,
    zone: ZoneInfo,
    now: datetime,
    with_rows: bool = False,
    least: int = LEAST,
) -> Report:
    """Everything that is told of a period, up to today when it is not over.

    Constant in statements, however much happened. Counted by the definitions in force today, as everywhere.
    With `with_rows` also the agreements behind each figure.
    """
    if period.first > today:
        raise Refused("aar", "Perioden er ikke begyndt endnu.")
    until, before = min(period.last, today), period.first - DAY
    basis = Basis.read(db, before, until, least=least)
    starts = {
        each.objective.key: each
        for each in progress(db, before, defined_on=today, with_companies=False, basis=basis)
    }
    ends = progress(db, until, since=before, defined_on=today, with_pipeline=until == today, basis=basis)
    moved = ends[0].known if ends else {}
    moves = db.scalars(_MOVED, {"first": period.first, "last": until}).all()
    rows = behind(db, basis, ends) if with_rows else {}
    return Report(
        period,
        until,
        [
            Aim(starts.get(each.objective.key, each), each, moved, rows.get(each.objective.key, ()))
            for each in ends
        ],
        [each for each in moves if each.signed_on and period.first <= each.signed_on <= until],
        [(each, last) for each in moves if (last := _last(each)) and period.first <= last <= until],
        _asked(db, period.first, until, zone, now),
        [Reading(each, each.on(before), each.on(until)) for each in courses(db, until=until)],
    )


def _last(agreement: Agreement) -> date | None:
    """The last day it counted; None while none is set."""
    return min(filter(None, (agreement.valid_to, agreement.ended_on)), default=None)


def _asked(db: Session, first: date, last: date, zone: ZoneInfo, now: datetime) -> list[Asked]:
    until = min(begins(last + DAY, zone), now + timedelta(microseconds=1))
    return [Asked(*row) for row in db.execute(_REQUESTS, {"since": begins(first, zone), "until": until})]
