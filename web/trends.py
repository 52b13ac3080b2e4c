"""The geometry of small trends: a line through figures that are typed in by hand.

As in charts.py: lengths are in the units of the SVG's viewBox, y grows downwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Point = tuple[date, Decimal]


@dataclass(frozen=True)
class Trend:
    """A line with a dot at its end."""

    width: int
    height: int
    path: str
    last: tuple[float, float]
    dots: Sequence[tuple[float, float]] = ()


def trend(points: Sequence[Point], *, width: int = 160, height: int = 40) -> Trend | None:
    """A line through the points, the oldest first; None when there are fewer than two."""
    if len(points) < 2:
        return None
    edge = 5
    first, last = points[0][0], points[-1][0]
    values = [value for _, value in points]
    low, high = min(values), max(values)
    days = max(1, (last - first).days)
    spread = float(high - low)

    def place(day: date, value: Decimal) -> tuple[float, float]:
        share = float(value - low) / spread if spread else 0.5
        x = edge + (day - first).days / days * (width - 2 * edge)
        return round(x, 1), round(height - edge - share * (height - 2 * edge), 1)

    dots = [place(day, value) for day, value in points]
    path = "M" + " L".join(f"{x} {y}" for x, y in dots)
    return Trend(width, height, path, dots[-1], dots)
