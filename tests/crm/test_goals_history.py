"""Who came and who went, and the figure that can be traced: against a plain look at each day."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.agreements.queries import Span
from crm.db import Database
from crm.goals.figures import same_figure
from crm.goals.history import moves, weekly, within
from crm.goals.queries import Basis, progress
from crm.goals.rows import behind
from crm.numbers import demo_cvr
from tests.conftest import TODAY, add_company, add_user
from tests.crm.paper import EASY, YOUTH, Plain, enter

DAY = timedelta(days=1)
SPANS = st.lists(
    st.builds(
        lambda company, first, length: Span(
            1, 1, company, TODAY + first * DAY, None if length > 60 else TODAY + (first + length) * DAY
        ),
        st.integers(1, 4),
        st.integers(-60, 60),
        st.integers(-3, 70),
    ),
    max_size=14,
)


def _there(spans: list[Span], day: date) -> set[int]:
    return {span.company_id for span in spans if span.holds(day)}


@given(SPANS)
def test_every_move_is_a_company_that_was_not_there_the_day_before_or_no_longer_is(spans: list[Span]) -> None:
    made = moves(spans)
    told = {(move.on, move.company_id, move.by) for move in made}
    assert len(told) == len(made)
    expected = set()
    for day in (TODAY + number * DAY for number in range(-64, 136)):
        before, now = _there(spans, day - DAY), _there(spans, day)
        expected |= {(day, company, 1) for company in now - before}
        expected |= {(day, company, -1) for company in before - now}
    assert told == expected
    assert [move.on for move in made] == sorted(move.on for move in made)


@given(SPANS, st.integers(-70, 70), st.integers(0, 80))
def test_the_moves_shown_lead_from_the_first_point_to_the_last(
    spans: list[Span], start: int, length: int
) -> None:
    since = TODAY + start * DAY
    until = since + length * DAY
    made = moves(spans)
    points = weekly(made, since, until)
    assert points[0][1] + sum(move.by for move in within(made, since, until)) == points[-1][1]


# --- The hash ---------------------------------------------------------------------------------------------


@pytest.fixture
def town(database: Database) -> Database:
    """Three of Anna's companies; two count, one of them twice."""
    with database.write() as db:
        anna = add_user(db)
        for number in range(3):
            add_company(db, number, responsible=anna)
        for company, programme, signed in (
            (0, "code_of_care", 30), (1, "after_school_job", 20), (1, "code_of_care", 10), (2, "klar_til_start", 10),
        ):  # fmt: skip
            enter(db, Plain(company, programme, TODAY - signed * DAY, None, None))
    return database


def test_the_same_figure_has_the_same_hash_and_anybody_can_make_it(town: Database) -> None:
    lines = [
        "objective youth_employment", "counts companies in_force", "programmes after_school_job,code_of_care",
        "day 2026-11-23", *sorted((demo_cvr(0), demo_cvr(1))),
    ]  # fmt: skip
    expected = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    with town.read() as db:
        found = {each.objective.key: each for each in progress(db, TODAY)}
    assert found[YOUTH].hash == expected
    assert found[EASY].hash is None
    assert same_figure(expected[:8].upper(), expected)
    assert same_figure(f" {expected} ", expected)
    assert not same_figure(expected[:7], expected)
    assert not same_figure("0" * 8, expected)


def test_another_day_or_another_company_is_another_hash_and_another_row_behind_it_is_not(
    town: Database,
) -> None:
    def hash_on(day: date) -> str | None:
        with town.read() as db:
            return progress(db, day, only=YOUTH)[0].hash

    before = hash_on(TODAY)
    assert hash_on(TODAY - DAY) != before
    with town.write() as db:
        enter(db, Plain(0, "after_school_job", TODAY, None, None))
    assert hash_on(TODAY) == before
    with town.write() as db:
        enter(db, Plain(2, "after_school_job", TODAY, None, None))
    assert hash_on(TODAY) != before


def test_the_rows_behind_a_figure_are_its_companies(town: Database) -> None:
    with town.read() as db:
        basis = Basis.read(db)
        found = progress(db, TODAY - 5 * DAY, basis=basis)
        rows = behind(db, basis, found)
    for each in found:
        told = rows.get(each.objective.key, [])
        assert {row.company.cvr for row in told} == {company.cvr for company in each.companies}
    assert [row.agreement.programme.key for row in rows[YOUTH]] == [
        "code_of_care", "after_school_job", "code_of_care",
    ]  # fmt: skip
    assert all(row.first <= TODAY - 5 * DAY for row in rows[YOUTH])
