"""The geometry of the charts: numbers and path strings, printed as SVG by components/chart.html.

Nothing here knows HTML. Lengths are in the units of the SVG's viewBox, y grows downwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from crm.danish import MONTHS

Point = tuple[date, int]

# More blocks than this can no longer be counted by eye; one bar with a mark says the same.
MOST_BLOCKS = 30
GAP = 3.0
BAR_WIDTH, BAR_TOP, BAR_HEIGHT = 400, 4, 22


@dataclass(frozen=True)
class Block:
    """One rectangle of a barometer."""

    x: float
    width: float
    filled: bool


@dataclass(frozen=True)
class Barometer:
    """A row of blocks, one for each that is wanted, or one bar with a mark at the target."""

    blocks: list[Block]
    mark: float | None
    width: int = BAR_WIDTH
    top: int = BAR_TOP
    height: int = BAR_HEIGHT


@dataclass(frozen=True)
class Tick:
    """A place on an axis and what is written there."""

    at: float
    text: str


@dataclass(frozen=True)
class Goal:
    """A target as a dotted line from the left edge to its day."""

    until: float
    at: float
    text: str


@dataclass(frozen=True)
class Development:
    """A staircase over time with its axes, the targets, and where the pace leads."""

    width: int
    height: int
    left: float
    right: float
    bottom: float
    path: str
    now: tuple[float, float]
    now_text: str
    forecast: str | None
    goals: list[Goal]
    months: list[Tick]
    values: list[Tick]
    # The milestones on the way: a line through them, and a mark at each.
    plan: str | None = None
    marks: Sequence[tuple[float, float]] = ()


def barometer(value: float, target: float, *, most: float | None = None) -> Barometer:
    """Blocks up to the larger of value and target. `most` (100 for a share) asks for one bar with a mark."""
    whole = max(value, target, 1)
    if most is not None or whole > MOST_BLOCKS:
        whole = max(whole, most or 0)
        reached = BAR_WIDTH * max(value, 0) / whole
        bar = [Block(0, BAR_WIDTH, filled=False), Block(0, round(reached, 1), filled=True)]
        return Barometer(bar, round(BAR_WIDTH * target / whole, 1))
    count = round(whole)
    width = (BAR_WIDTH - GAP * (count - 1)) / count
    blocks = [Block(round(i * (width + GAP), 1), round(width, 1), filled=i < value) for i in range(count)]
    return Barometer(blocks, None)


def development(
    points: Sequence[Point],
    targets: Sequence[Point] = (),
    *,
    reached_on: date | None = None,
    width: int = 900,
    height: int = 240,
    unit: str = "",
    now: str = " nu",
    milestones: Sequence[Point] = (),
) -> Development | None:
    """A staircase through the points, the oldest first; None when there are none.

    The first target still ahead decides where the time axis ends. `reached_on` is the day its value is
    reached at the present pace; without it there is no dashed line. `milestones` end with the target.
    """
    if not points:
        return None
    plane = _Plane.around(points, targets, width, height)
    last_day, last_value = points[-1]
    ahead = plane.goal
    return Development(
        width=width,
        height=height,
        left=plane.left,
        right=plane.right,
        bottom=plane.bottom,
        path=_staircase(plane, points),
        now=(plane.x(last_day), plane.y(last_value)),
        now_text=f"{last_value}{unit}{now}",
        forecast=_forecast(plane, points[-1], (reached_on, ahead[1])) if reached_on and ahead else None,
        goals=[Goal(plane.x(ahead[0]), plane.y(ahead[1]), f"mål {ahead[1]}{unit}")] if ahead else [],
        months=_months(plane),
        values=[Tick(plane.y(value), str(value)) for value in range(0, plane.most + 1, plane.step)],
        plan=_plan(plane, milestones),
        marks=[(plane.x(day), plane.y(value)) for day, value in milestones[:-1] if plane.shows(day, value)],
    )


def steps(points: Sequence[Point]) -> list[Point]:
    """The first point, those where the value is another than before, and the last."""
    changed = _changes(points)
    last = [each for each in points[-1:] if each not in changed[-1:] and len(points) > 1]
    return [*points[:1], *changed, *last]


def _changes(points: Sequence[Point]) -> list[Point]:
    return [point for before, point in pairwise(points) if point[1] != before[1]]


@dataclass(frozen=True)
class _Plane:
    """From days and values to places in the drawing."""

    first: date
    last: date
    most: int
    step: int
    goal: Point | None
    left: float
    right: float
    top: float
    bottom: float

    @classmethod
    def around(cls, points: Sequence[Point], targets: Sequence[Point], width: int, height: int) -> _Plane:
        goal = next((each for each in sorted(targets) if each[0] >= points[-1][0]), None)
        highest = max([value for _, value in points] + ([goal[1]] if goal else []) + [1])
        step = _step(highest)
        last = max(points[-1][0], goal[0] if goal else points[-1][0])
        first = min(points[0][0], last - timedelta(days=1))
        most = -(-highest // step) * step
        return cls(first, last, most, step, goal, 36, width - 76, 20, height - 34)

    def shows(self, day: date, value: int) -> bool:
        """Whether a day and a value lie within the drawing."""
        return self.first <= day <= self.last and 0 <= value <= self.most

    def x(self, day: date) -> float:
        """How far to the right a day is."""
        share = (day - self.first).days / (self.last - self.first).days
        return round(self.left + share * (self.right - self.left), 1)

    def y(self, value: float) -> float:
        """How far down a value is."""
        return round(self.bottom - value / self.most * (self.bottom - self.top), 1)


def _step(highest: int) -> int:
    """The distance between grid lines that gives two to five of them at round numbers."""
    size = 1
    while True:
        for step in (size, size * 2, size * 5):
            if highest <= step * 5:
                return step
        size *= 10


def _staircase(plane: _Plane, points: Sequence[Point]) -> str:
    """A value holds until the day it changes, so the line goes across before it goes up or down."""
    first, start = points[0]
    moves = [f"M{plane.x(first)} {plane.y(start)}"]
    moves += [f"H{plane.x(day)} V{plane.y(value)}" for day, value in _changes(points)]
    moves.append(f"H{plane.x(points[-1][0])}")
    return " ".join(moves)


def _forecast(plane: _Plane, now: Point, then: Point) -> str | None:
    """A straight line from now towards the day the target is reached, cut where the time axis ends."""
    days = (then[0] - now[0]).days
    if days <= 0 or now[0] >= plane.last:
        return None
    share = min(1.0, (plane.last - now[0]).days / days)
    value = now[1] + share * (then[1] - now[1])
    end = now[0] + timedelta(days=round(days * share))
    return f"M{plane.x(now[0])} {plane.y(now[1])} L{plane.x(end)} {plane.y(value)}"


def _plan(plane: _Plane, milestones: Sequence[Point]) -> str | None:
    """A line through the milestones, from where the drawing begins."""
    shown = [each for each in milestones if plane.shows(*each)]
    before = [each for each in milestones if each[0] < plane.first]
    if before and shown:
        (day, value), (later, then) = before[-1], shown[0]
        share = (plane.first - day).days / (later - day).days
        shown.insert(0, (plane.first, round(value + share * (then - value))))
    if len(shown) < 2:
        return None
    return "M" + " L".join(f"{plane.x(day)} {plane.y(value)}" for day, value in shown)


def _months(plane: _Plane) -> list[Tick]:
    """The firsts of months, thinned so that their names do not touch; a long axis names years at January."""
    firsts = _firsts(plane.first, plane.last)
    room = max(1, int((plane.right - plane.left) / 44))
    every = next((n for n in (1, 2, 3, 6, 12) if len(firsts) / n <= room), 24)
    shown = [day for day in firsts if (day.year * 12 + day.month - 1) % every == 0]
    long = (plane.last - plane.first).days > 400
    names = [str(day.year) if long and day.month == 1 else MONTHS[day.month - 1][:3] for day in shown]
    return [Tick(plane.x(day), name) for day, name in zip(shown, names, strict=True)]


def _firsts(first: date, last: date) -> list[date]:
    """The first day of every month between two days."""
    month = first.year * 12 + first.month - (1 if first.day == 1 else 0)
    until = last.year * 12 + last.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(month, until + 1)]
