"""What is said of a target: never more than the figures carry, and always what is missing."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.goals.forecast import PACE_OVER, Outcome, Standing, day_reached, forecast, outcome, spoken
from tests.conftest import TODAY

DAY = timedelta(days=1)
LONG_AGO = TODAY - 400 * DAY
YEAR_END = date(2026, 12, 31)

STANDINGS = st.builds(
    Standing,
    st.just(TODAY),
    st.none() | st.integers(0, 40),
    st.none() | st.integers(0, 40),
    st.none() | st.integers(1, 50),
    st.integers(-400, 1500).map(lambda days: TODAY + days * DAY),
    st.none() | st.integers(-800, 0).map(lambda days: TODAY + days * DAY),
    st.none() | st.integers(0, 9),
    st.none() | st.integers(0, 9),
    st.booleans(),
)


def _standing(value: int, before: int, target: int = 10, **more: object) -> Standing:
    return Standing(TODAY, value, before, target, YEAR_END, LONG_AGO, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("standing", "sentence"),
    [
        (_standing(7, 4), "3 mangler. I dette tempo nås målet 21. februar, 7 uger for sent."),
        (_standing(9, 2), "1 mangler. I dette tempo nås målet 6. december."),
        (_standing(6, 6), "I dette tempo nås målet ikke inden 31. december; der mangler 4."),
        (_standing(6, 8), "I dette tempo nås målet ikke inden 31. december; der mangler 4."),
        (_standing(1, 0, 40), "I dette tempo nås målet ikke inden 31. december; der mangler 39."),
        (_standing(10, 4), "Målet er nået."),
        (_standing(12, 12), "Målet er nået."),
        (
            Standing(TODAY, 3, 0, 10, YEAR_END, TODAY - 20 * DAY),
            "7 mangler. Det er for tidligt at sige, hvornår målet nås.",
        ),
        (Standing(TODAY, 0, 0, 10, YEAR_END), "10 mangler. Det er for tidligt at sige, hvornår målet nås."),
        (Standing(TODAY, 0, 0, None), "Der er ikke sat et måltal."),
        (
            Standing(TODAY, 8, 4, 10, TODAY - DAY, LONG_AGO),
            "Målet blev ikke nået 22. november; der mangler 2.",
        ),
        (
            Standing(TODAY, None, None, 75, YEAR_END, is_share=True),
            "Der er for få svar til at sige noget endnu.",
        ),
        (
            Standing(TODAY, 69, 60, 75, YEAR_END, is_share=True),
            "6 procentpoint mangler. Målet skal være nået 31. december.",
        ),
        (Standing(TODAY, 81, 60, 75, YEAR_END, is_share=True), "Målet er nået."),
    ],
)
def test_what_is_said(standing: Standing, sentence: str) -> None:
    assert forecast(standing).sentence == sentence


@pytest.mark.parametrize(
    ("offered", "talking", "said"),
    [
        (None, None, ""),
        (0, 0, ""),
        (3, 6, "3 har fået tilbud, 6 er i dialog. Siger de alle ja til tilbuddet, er målet nået."),
        (4, 0, "4 har fået tilbud. Siger 3 af dem ja til tilbuddet, er målet nået."),
        (1, 3, "1 har fået tilbud, 3 er i dialog. Bliver 3 af dem til aftaler, er målet nået."),
        (0, 3, "3 er i dialog. Bliver de alle til aftaler, er målet nået."),
        (1, 1, "1 har fået tilbud, 1 er i dialog. Også når alle bliver til aftaler, mangler der 1."),
    ],
)
def test_what_is_said_of_those_on_the_way(offered: int | None, talking: int | None, said: str) -> None:
    assert forecast(_standing(7, 4, offered=offered, in_dialogue=talking)).pipeline == said


@given(STANDINGS)
def test_a_target_is_called_reached_exactly_when_it_is(standing: Standing) -> None:
    found = forecast(standing)
    has_target = standing.value is not None and standing.target is not None
    reached = has_target and (standing.value or 0) >= (standing.target or 0)
    assert (found.outcome == Outcome.REACHED) == reached
    assert (found.missing == 0) == reached or not has_target


@given(STANDINGS)
def test_a_day_is_named_only_when_the_pace_leads_there_and_then_it_is_the_first(standing: Standing) -> None:
    found = forecast(standing)
    assert (found.day is not None) == (found.outcome in {Outcome.IN_TIME, Outcome.LATE})
    if found.day is None:
        return
    assert standing.value is not None
    assert standing.target is not None
    assert standing.due is not None

    def expected_at_least(day: date) -> bool:
        """In whole numbers: value + gained · days / 90 ≥ target."""
        days = (day - standing.on).days
        return standing.gained * days >= (standing.target - standing.value) * PACE_OVER.days  # type: ignore[operator]

    assert expected_at_least(found.day)
    assert not expected_at_least(found.day - DAY)
    assert (found.outcome == Outcome.IN_TIME) == (found.day <= standing.due)
    assert spoken(found.day, standing.on) in found.sentence


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 60))
def test_a_better_pace_is_never_later_and_a_higher_target_never_sooner(
    value: int, before: int, target: int
) -> None:
    def day(value: int, before: int, target: int) -> date:
        return day_reached(_standing(value, before, target)) or date.max

    if value < target:
        assert day(value, max(0, before - 1), target) <= day(value, before, target)
    assert day(value, before, target + 1) >= day(value, before, target) or value >= target


@given(STANDINGS)
def test_every_sentence_says_what_is_missing_and_ends_as_one(standing: Standing) -> None:
    found = forecast(standing)
    assert found.sentence.endswith(".")
    assert "None" not in found.words
    silent = {Outcome.NO_TARGET, Outcome.NO_ANSWERS, Outcome.REACHED}
    assert found.outcome in silent or str(found.missing) in found.sentence
    assert not (found.pipeline and found.outcome in {*silent, Outcome.MISSED})


@given(STANDINGS, st.integers(0, 60))
def test_nothing_is_foretold_before_a_month_has_passed(standing: Standing, days: int) -> None:
    young = Standing(TODAY, 3, 0, 10, YEAR_END, TODAY - days * DAY)
    assert (outcome(young) == Outcome.TOO_LITTLE) == (days < 30)


def test_the_words_for_lateness_grow_with_it() -> None:
    said = [forecast(_standing(7, 7 - gained)).sentence for gained in (7, 6, 5, 4, 3, 2, 1)]
    assert [sentence.split(", ")[1] if ", " in sentence else sentence for sentence in said[:3]] == [
        "1 dag for sent.", "7 dage for sent.", "2 uger for sent.",
    ]  # fmt: skip
    days = [forecast(_standing(7, 7 - gained)).day or date.max for gained in (7, 6, 5, 4, 3, 2, 1)]
    assert all(sooner <= later for sooner, later in pairwise(days))
