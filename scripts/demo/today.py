"""What lies on each colleague's desk this morning, whatever day the demo is filled on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from crm.interactions.models import Direction, Kind
from crm.requests.models import RequestState
from scripts.demo.companies import Columns, Firm
from scripts.demo.days import Days
from scripts.demo.requests import Asked, Desk
from scripts.demo.stories import Happening, Teller


@dataclass
class Morning:
    """Happenings, requests and follow-ups that make the house look lived in."""

    happenings: list[Happening] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)
    follow_ups: list[Columns] = field(default_factory=list)


def lay_out(rng: Random, days: Days, firms: Sequence[Firm], teller: Teller, desk: Desk) -> Morning:
    """For every consultant with companies: something from yesterday and today, something due, something late."""
    morning = Morning()
    by_consultant: dict[int, list[Firm]] = {}
    for firm in firms:
        if firm.active and (days.now - firm.since).days > 14:
            by_consultant.setdefault(firm.consultant, []).append(firm)
    for place, (consultant, own) in enumerate(sorted(by_consultant.items())):
        # Companies with some staff call more often than those that are one person's.
        chosen = sorted(own, key=lambda firm: (-min(firm.employees, 20), firm.values["cvr"]))[:25]
        _calls(morning, days, place, [rng.choice(chosen) for _ in range(6)], teller, desk)
        for day in _due(days, place):
            morning.follow_ups.append(teller.follow_up(rng.choice(chosen), day, None, consultant))
    return morning


def _calls(
    morning: Morning, days: Days, place: int, firms: Sequence[Firm], teller: Teller, desk: Desk
) -> None:
    today, before = days.today, days.ago(1)
    plan: list[tuple[date, bool, RequestState | None]] = [
        (today, False, None),
        (before, False, None),
        (today, True, RequestState.NEW),
        (days.working_ago(1), True, RequestState.TAKEN if place % 2 else RequestState.NEW),
        (days.working_ago(6), True, None),
    ]
    if place % 2 == 0:
        plan.append((days.working_ago(3 + place % 3), True, RequestState.TAKEN))
    else:
        plan.append((days.working_ago(2), True, RequestState.WAITING))
    for firm, (day, asks, stop_at) in zip(firms, plan, strict=False):
        at = days.moment(teller.rng, day)
        direction = Direction.IN if asks else Direction.OUT
        happening = teller.happen(firm, at, Kind.CALL, direction, asks=asks, by=firm.consultant)
        morning.happenings.append(happening)
        if asks:
            morning.requests.append(desk.take_in(happening, stop_at))


def _due(days: Days, place: int) -> Iterator[date]:
    yield days.today
    if place % 2:
        yield days.today
    yield days.working_ago(1 + place % 4)
    if place % 3 == 0:
        yield days.working_ago(7)
    yield days.working_ahead(1)
    yield days.working_ahead(5 + place % 4)
    yield days.working_ahead(7)
