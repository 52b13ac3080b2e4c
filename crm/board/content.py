"""What stands on the board: the goals, what has changed since last time, satisfaction and other indicators.

The running board and a frozen one are the same thing: plain facts that can be written as JSON. A frozen one is
read back and shown by the very same templates, whatever has become of companies, agreements and definitions since.
Colleagues and free text have no place in it: what is never changed must hold nothing that may have to be erased.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crm.agreements.models import Programme
from crm.board.happened import happened
from crm.board.models import BoardSnapshot
from crm.danish import decimal
from crm.goals.indicators import courses
from crm.goals.queries import LOOK_BACK, Progress, progress
from crm.periods import DAY, begins

# Goes up when the meaning of a field changes; what was frozen before keeps its own.
FORMAT = 1
Content = dict[str, Any]
SATISFACTION = "easy_recruitment"


@dataclass(frozen=True)
class Indicator:
    """A figure of the plan that is not counted here: typed in by hand, with where it is from and its day."""

    key: str
    name: str
    value: str
    source: str
    on: date
    target: str | None = None


def typed_in(db: Session, on: date) -> Iterable[Indicator]:
    """The figures that are typed in by hand, as they stood on a day."""
    for course in courses(db, until=on):
        if (last := course.on(on)) is not None:
            about = course.indicator
            value = f"{decimal(last.value)} {about.unit}".strip()
            yield Indicator(str(about.id), about.name, value, about.source, last.on)


# Rooms below whose indicators stand beside the goals; each gives those it knows on a day.
INDICATORS: tuple[Callable[[Session, date], Iterable[Indicator]], ...] = (typed_in,)


@dataclass(frozen=True)
class Period:
    """What is news: after `since`, until `until`. `last` is the frozen meeting before, if there is one."""

    on: date
    since: datetime
    until: datetime
    last: BoardSnapshot | None

    @classmethod
    def of(
        cls, on: date, now: datetime, last: BoardSnapshot | None, *, zone: ZoneInfo, first: timedelta
    ) -> Period:
        """Up to now, or to the end of the meeting's day when that is over. The first period of all is `first` long."""
        over = begins(on + DAY, zone)
        until = min(now, over)
        return cls(on, last.until_at if last else until - first, until, last)


def read(snapshot: BoardSnapshot) -> Content:
    """What was frozen."""
    found: Content = json.loads(snapshot.content)
    return found


def written(content: Content) -> str:
    """The same content is always the same text, to the byte."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(meeting_id: int, on: date, text: str) -> str:
    """The hash that stands beside a content: it also covers which meeting it is of."""
    return hashlib.sha256(f"{meeting_id}\n{on.isoformat()}\n{text}".encode()).hexdigest()


def content(db: Session, period: Period) -> Content:
    """The board on a day. Constant in statements: the goals', and one for what has happened."""
    before = read(period.last) if period.last else None
    was = {each["key"]: each for each in before["goals"]} if before else {}
    goals = progress(db, period.on)
    since_day = period.last.on if period.last else period.on - (period.until - period.since)
    news = happened(db, since=period.since, until=period.until, first=since_day, last=period.on)
    return {
        "format": FORMAT,
        "on": period.on.isoformat(),
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "last": {"meeting": period.last.meeting_id, "on": period.last.on.isoformat()}
        if period.last
        else None,
        "goals": [_goal(each, was.get(each.objective.key)) for each in goals],
        "agreements": news.agreements,
        "requests": news.requests,
        "satisfaction": _satisfaction(goals),
        "indicators": [_indicator(each) for room in INDICATORS for each in room(db, period.on)],
    }


def _goal(each: Progress, was: Content | None) -> Content:
    objective, target = each.objective, each.target
    companies = [{"cvr": company.cvr, "name": company.name} for company in each.companies]
    known = {company["cvr"]: company for company in was["companies"]} if was else {}
    now = {company["cvr"]: company for company in companies}
    return {
        "key": objective.key,
        "name": objective.name,
        "definition": each.definition.words if each.definition else "",
        "counts": objective.counts,
        "programmes": [
            {"key": programme.key, "name": programme.name}
            for programme in sorted(_programmes(each), key=lambda programme: programme.key)
        ],
        "targets": [{"due": goal.due.isoformat(), "value": goal.value} for goal in objective.targets],
        "value": each.value,
        "n": answers(each),
        "response_rate": each.share.response_rate if each.share else None,
        "forecast": each.forecast.words,
        "hash": each.hash,
        "target": target.value if target else None,
        "due": target.due.isoformat() if target else None,
        "missing": each.missing,
        "before": was["value"] if was else None,
        "companies": companies,
        "came": [company for cvr, company in now.items() if cvr not in known] if was else [],
        "left": [company for cvr, company in known.items() if cvr not in now],
        # How many came in the quarter, and how many must come in a month; kept whole or with one decimal.
        "quarter": each.value - each.value_before
        if each.value is not None and each.value_before is not None
        else None,
        "quarter_days": LOOK_BACK.days,
        "pace_had": round(each.pace_had, 1),
        "pace_needed": None if each.pace_needed is None else round(each.pace_needed, 1),
        "reached_on": each.reached_on.isoformat() if each.reached_on else None,
    }


def _programmes(each: Progress) -> Sequence[Programme]:
    return each.definition.programmes if each.definition else ()


def answers(each: Progress) -> int | None:
    """How many answers a share stands on; None while nobody counts them."""
    return None if each.share is None else each.share.n


def _satisfaction(goals: Sequence[Progress]) -> Content | None:
    for each in goals:
        if each.objective.key == SATISFACTION:
            return {"value": each.value, "n": answers(each)}
    return None


def _indicator(each: Indicator) -> Content:
    return {
        "key": each.key, "name": each.name, "value": each.value, "source": each.source,
        "on": each.on.isoformat(), "target": each.target,
    }  # fmt: skip
