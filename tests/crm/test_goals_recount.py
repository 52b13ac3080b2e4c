"""The figures of the plan against a plain recount, whatever happened to the agreements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements.models import Agreement
from crm.db import Database, Session
from crm.errors import Conflict, Refused
from crm.goals.queries import progress
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.paper import EASY, PROGRAMMES, Plain, enter, recounted
from tests.crm.undone import undone

DAY = timedelta(days=1)
QUICK = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
AWAY = st.integers(-120, 120).map(lambda days: TODAY + days * DAY)
MAYBE = st.none() | AWAY
WHICH = st.integers(0, 30)
CREATE = st.tuples(st.just("create"), st.integers(0, 3), st.sampled_from(PROGRAMMES), MAYBE, MAYBE, MAYBE)
STEP = st.tuples(st.just("step"), WHICH, st.integers(0, 5), AWAY, MAYBE)
DAYS = st.dictionaries(st.sampled_from(["signed_on", "valid_from", "valid_to"]), MAYBE)
CHANGE = st.tuples(st.just("change"), WHICH, DAYS)
HISTORIES = st.lists(CREATE | CREATE | STEP | STEP | STEP | CHANGE, min_size=1, max_size=25)


def _tell(db: Session, history: list[tuple[object, ...]]) -> Iterator[Plain]:
    """Do what the history says, and write down on paper what was not refused."""
    paper: list[tuple[Agreement, Plain]] = []
    for what, *rest in history:
        try:
            with db.begin_nested():
                if what == "create":
                    plain = Plain(*rest)  # type: ignore[arg-type]
                    paper.append((enter(db, plain), plain))
                    if plain.signed and not plain.begins:
                        plain.begins = plain.signed
                elif paper:
                    place, *values = rest
                    _do(db, *paper[place % len(paper)], what, values)  # type: ignore[operator]
        except (Refused, Conflict):
            continue
    return (plain for _, plain in paper)


def _do(db: Session, agreement: Agreement, plain: Plain, what: object, values: list[object]) -> None:
    if what == "change":
        (new,) = values
        assert isinstance(new, dict)
        agreements.change(db, agreement=agreement, values=new, today=TODAY)
        plain.signed = new.get("signed_on", plain.signed)
        plain.begins = new.get("valid_from", plain.begins)
        plain.ends = new.get("valid_to", plain.ends)
        return
    place, on, valid_to = values
    assert isinstance(on, date)
    assert isinstance(place, int)
    ways = agreements.next_states(agreement) or ["ended"]
    to = ways[place % len(ways)]
    agreements.step(
        db, agreement=agreement, to=to, on=on, by=db.get_one(User, 1), now=NOW, today=TODAY,
        valid_to=valid_to,  # type: ignore[arg-type]
    )  # fmt: skip
    plain.ends = valid_to or plain.ends  # type: ignore[assignment]
    if to == "signed":
        plain.signed, plain.begins = plain.signed or on, plain.begins or on
    if to == "ended":
        plain.ended = on


@pytest.fixture
def town(database: Database) -> Database:
    """Four of Anna's companies."""
    with database.write() as db:
        anna = add_user(db)
        for number in range(4):
            add_company(db, number, responsible=anna)
    return database


def test_the_figure_of_any_day_is_a_plain_recount(town: Database) -> None:
    @QUICK
    @given(HISTORIES, st.lists(AWAY, min_size=1, max_size=3))
    def check(history: list[tuple[object, ...]], days: list[date]) -> None:
        with undone(town) as db:
            paper = list(_tell(db, history))
            for on in days:
                _compare(db, paper, on)

    check()


def _compare(db: Session, paper: list[Plain], on: date) -> None:
    for found in progress(db, on, since=on - 70 * DAY):
        key = found.objective.key
        if key == EASY:
            continue
        now = recounted(paper, key, on)
        assert {company.cvr for company in found.companies} == now
        assert (found.value, found.value_before) == (len(now), len(recounted(paper, key, on - 90 * DAY)))
        weeks = [on + 7 * week * DAY for week in range(-10, 1)]
        assert found.points == [(day, len(recounted(paper, key, day))) for day in weeks]
