"""What the charts of the goals draw: milestones on the way, and small trends of figures typed in by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from xml.etree.ElementTree import fromstring

from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import TODAY
from web import charts, paper
from web.trends import trend

DAY = timedelta(days=1)
DUE = date(2026, 12, 31)
POINTS = [(TODAY - 300 * DAY, 2), (TODAY - 100 * DAY, 5), (TODAY, 7)]
LINE = [(date(2026, 1, 1), 0), (date(2026, 6, 30), 5), (DUE, 10)]


def test_milestones_are_marked_where_they_lie_and_the_line_ends_at_the_target() -> None:
    drawing = charts.development(POINTS, [(DUE, 10)], milestones=LINE)
    assert drawing
    assert drawing.plan
    # The line began before the drawing does; it is drawn from its edge.
    assert drawing.plan.startswith(f"M{drawing.left:.1f} ")
    assert drawing.plan.endswith(f"L{drawing.goals[0].until} {drawing.goals[0].at}")
    assert len(drawing.marks) == 1


def test_without_milestones_nothing_of_them_is_drawn() -> None:
    drawing = charts.development(POINTS, [(DUE, 10)])
    assert drawing
    assert (drawing.plan, list(drawing.marks)) == (None, [])


def test_a_chart_on_paper_is_a_picture_with_its_own_colours_and_no_style() -> None:
    drawing = charts.development(POINTS, [(DUE, 10)], reached_on=DUE, milestones=LINE)
    assert drawing
    picture = fromstring(paper.svg(drawing))
    names = [each.tag.partition("}")[2] for each in picture.iter()]
    assert names.count("path") == 3
    assert {"style", "script"} & {*names, *(key for each in picture.iter() for key in each.attrib)} == set()
    assert "mål 10" in [each.text for each in picture.iter()]


@given(st.lists(st.tuples(st.integers(0, 4000), st.decimals(0, 10**7, places=2)), max_size=40))
def test_a_trend_stays_within_its_picture_and_ends_at_the_newest_value(
    rows: list[tuple[int, Decimal]],
) -> None:
    points = [(TODAY + days * DAY, value) for days, value in sorted(dict(rows).items())]
    drawing = trend(points)
    assert (drawing is None) == (len(points) < 2)
    if drawing:
        assert drawing.last == drawing.dots[-1]
        assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in drawing.dots)
        highest = max(range(len(points)), key=lambda place: points[place][1])
        assert drawing.dots[highest][1] == min(y for _, y in drawing.dots)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_the_table_beside_has_every_step_and_both_ends(values: list[int]) -> None:
    points = [(TODAY + number * DAY, value) for number, value in enumerate(values)]
    shown = charts.steps(points)
    assert (shown[0], shown[-1]) == (points[0], points[-1])
    assert shown == sorted(set(shown))
    told = dict(shown)
    standing = values[0]
    for day, value in points:
        standing = told.get(day, standing)
        assert standing == value
