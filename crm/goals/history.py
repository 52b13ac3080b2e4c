"""From agreements to a course over time: when a company counts, and on which days one came or went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from crm.agreements.queries import Span
from crm.goals.models import CountsWhen, Definition
from crm.periods import DAY

FOREVER = date.max


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """On this day a company came to count (1), or no longer did (-1)."""

    on: date
    by: int
    company_id: int


def counting(
    definition: Definition, all_spans: Iterable[Span], signed: Mapping[int, date] | None = None
) -> list[Span]:
    """The days each agreement counts by a definition. `signed` is the day of signing by agreement.

    An agreement may come in several periods; what counts from its signing does so before the first of them.
    """
    ours = {programme.id for programme in definition.programmes if programme.kind == "company"}
    found = [span for span in all_spans if span.programme_id in ours]
    if definition.counts_when == CountsWhen.IN_FORCE:
        return found
    begins = signed or {}
    firsts: dict[int, Span] = {}
    for span in found:
        first = firsts.get(span.agreement_id)
        firsts[span.agreement_id] = span if first is None or span.first < first.first else first
    ever = definition.counts_when == CountsWhen.EVER
    return [
        replace(
            span,
            first=min(span.first, begins.get(span.agreement_id, span.first))
            if span is firsts[span.agreement_id]
            else span.first,
            last=None if ever else span.last,
        )
        for span in found
    ]


def counted_on(found: Iterable[Span], on: date) -> set[int]:
    """The companies that count on a day."""
    return {span.company_id for span in found if span.holds(on)}


def moves(found: Iterable[Span]) -> list[Move]:
    """The days on which a company comes to count or ceases to, in order.

    Agreements of one company that overlap or touch are one stretch, so that it counts once.
    """
    made: list[Move] = []
    known: dict[int, date] = {}
    for span in sorted(found, key=_first):
        last, company = span.last or FOREVER, span.company_id
        if last < span.first:
            continue
        until = known.get(company)
        if until is not None and (until == FOREVER or until >= span.first - DAY):
            if last > until:
                known[company] = last
            continue
        if until is not None:
            made.append(Move(until + DAY, -1, company))
        made.append(Move(span.first, 1, company))
        known[company] = last
    made += [Move(until + DAY, -1, company) for company, until in known.items() if until < FOREVER]
    return sorted(made, key=_place)


def _first(span: Span) -> date:
    return span.first


def _place(move: Move) -> tuple[date, int, int]:
    return move.on, move.by, move.company_id


def within(made: Sequence[Move], since: date, until: date) -> list[Move]:
    """The moves after the first day, up to and with the last."""
    return [move for move in made if since < move.on <= until]


def weekly(made: Sequence[Move], since: date, until: date) -> list[tuple[date, int]]:
    """How many companies count on the first day, every seventh day after it, and the last."""
    days = [since + timedelta(days=7 * week) for week in range((until - since).days // 7 + 1)]
    if not days or days[-1] != until:
        days.append(until)
    points, count, at = [], 0, 0
    for day in days:
        while at < len(made) and made[at].on <= day:
            count += made[at].by
            at += 1
        points.append((day, count))
    return points
