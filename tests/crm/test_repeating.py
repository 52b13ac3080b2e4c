"""Follow-ups that come again: on the right day, once, and never in the past."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from crm.access.models import User
from crm.companies.models import Company
from crm.db import Database, Session
from crm.errors import Conflict, Refused
from crm.interactions import actions
from crm.interactions.models import FollowUp
from crm.interactions.repeating import MOST, Repeat, RepeatUnit, next_day, repeat_of
from crm.requests import actions as requests
from crm.requests.actions import Promise
from crm.requests.clock import WorkingHours
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.undone import at_once

DAY = timedelta(days=1)
WEEKLY, MONTHLY = Repeat(1, RepeatUnit.WEEK), Repeat(1, RepeatUnit.MONTH)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
REPEATS = st.builds(Repeat, st.integers(1, MOST), st.sampled_from(RepeatUnit))


@given(due=DAYS, today=DAYS, repeat=REPEATS)
def test_the_next_lies_after_the_last_and_after_today(due: date, today: date, repeat: Repeat) -> None:
    assert next_day(due, repeat, today) > max(due, today)


@given(due=DAYS, today=DAYS, every=st.integers(1, MOST), unit=st.sampled_from(["day", "week"]))
def test_days_and_weeks_keep_their_step_from_the_due_day(
    due: date, today: date, every: int, unit: str
) -> None:
    step = every * (7 if unit == "week" else 1)
    found = next_day(due, Repeat(every, RepeatUnit(unit)), today)
    assert (found - due).days % step == 0
    assert found - step * DAY <= max(due, today)


@given(due=DAYS, today=DAYS, every=st.integers(1, MOST), wanted=st.integers(1, 31))
def test_months_keep_their_day_or_the_last_there_is(due: date, today: date, every: int, wanted: int) -> None:
    found = next_day(due, Repeat(every, RepeatUnit.MONTH), today, wanted)
    months = (found.year - due.year) * 12 + found.month - due.month
    assert months % every == 0
    assert found.day == min(wanted, calendar.monthrange(found.year, found.month)[1])


@given(start=DAYS, every=st.integers(1, 12), turns=st.integers(1, 30))
def test_a_month_too_short_changes_nothing_for_the_ones_after(start: date, every: int, turns: int) -> None:
    """However often it is done on its day, it stands where a calendar would have put it at once."""
    day = start
    for _ in range(turns):
        day = next_day(day, Repeat(every, RepeatUnit.MONTH), day, start.day)
    month = start.year * 12 + start.month - 1 + every * turns
    last = calendar.monthrange(month // 12, month % 12 + 1)[1]
    assert day == date(month // 12, month % 12 + 1, min(start.day, last))


@pytest.mark.parametrize(
    ("due", "repeat", "today", "following"),
    [
        (date(2026, 1, 31), MONTHLY, date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 31), MONTHLY, date(2028, 1, 31), date(2028, 2, 29)),
        (date(2026, 1, 31), MONTHLY, date(2026, 3, 30), date(2026, 3, 31)),
        (date(2026, 1, 31), MONTHLY, date(2026, 3, 31), date(2026, 4, 30)),
        (date(2026, 11, 23), WEEKLY, date(2026, 11, 20), date(2026, 11, 30)),
        (date(2026, 11, 2), WEEKLY, date(2026, 11, 23), date(2026, 11, 30)),
        (date(2026, 11, 2), WEEKLY, date(2026, 11, 25), date(2026, 11, 30)),
        (date(2026, 12, 31), Repeat(12, RepeatUnit.MONTH), date(2026, 12, 31), date(2027, 12, 31)),
        (date(2024, 2, 29), Repeat(12, RepeatUnit.MONTH), date(2024, 2, 29), date(2025, 2, 28)),
    ],
)
def test_days_one_can_check_by_hand(due: date, repeat: Repeat, today: date, following: date) -> None:
    assert next_day(due, repeat, today) == following


@pytest.mark.parametrize(
    ("every", "unit"), [(0, "day"), (MOST + 1, "day"), (None, "day"), (1, None), (1, "year")]
)
def test_what_is_no_repetition_is_refused_beside_its_field(every: int | None, unit: str | None) -> None:
    with pytest.raises(Refused) as refused:
        repeat_of(every, unit, "repeat")
    assert refused.value.field == "repeat"


@pytest.fixture
def anna(db: Session) -> User:
    return add_user(db)


@pytest.fixture
def company(db: Session, anna: User) -> Company:
    return add_company(db, responsible=anna)


def _promise(db: Session, company: Company, anna: User, **more: object) -> FollowUp:
    values = {"due": TODAY, "text": "Ring", "repeat": WEEKLY, "call_back": True} | more
    return actions.promise(db, company=company, owner=anna, now=NOW, **values)  # type: ignore[arg-type]


def _after(db: Session, follow_up: FollowUp) -> FollowUp | None:
    return db.scalars(select(FollowUp).where(FollowUp.follows_id == follow_up.id)).first()


def test_what_is_done_makes_the_next_one_alike(db: Session, company: Company, anna: User) -> None:
    first = _promise(db, company, anna)
    following = actions.mark_done(db, follow_up=first, by=anna, now=NOW, today=TODAY)
    assert following is not None
    assert (following.due, following.text, following.call_back, following.repeat, following.owner_id) == (
        TODAY + 7 * DAY, "Ring", 1, WEEKLY, anna.id
    )  # fmt: skip
    assert actions.mark_done(db, follow_up=first, by=anna, now=NOW, today=TODAY) is None


def test_what_does_not_repeat_makes_none(db: Session, company: Company, anna: User) -> None:
    once = _promise(db, company, anna, repeat=None)
    assert actions.mark_done(db, follow_up=once, by=anna, now=NOW, today=TODAY) is None


def test_the_end_of_the_month_stays_the_end(db: Session, company: Company, anna: User) -> None:
    turn = _promise(db, company, anna, due=date(2027, 1, 31), repeat=MONTHLY)
    days = []
    for _ in range(3):
        following = actions.mark_done(db, follow_up=turn, by=anna, now=NOW, today=turn.due)
        assert following is not None
        days.append(following.due)
        turn = following
    assert days == [date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]


def test_one_that_was_moved_counts_on_from_its_new_day(db: Session, company: Company, anna: User) -> None:
    first = _promise(db, company, anna, due=date(2027, 1, 31), repeat=MONTHLY)
    actions.postpone(db, follow_up=first, due=date(2027, 2, 3))
    following = actions.mark_done(db, follow_up=first, by=anna, now=NOW, today=date(2027, 2, 3))
    assert (first.moves, following and following.due) == (1, date(2027, 3, 3))


def test_how_it_repeats_can_be_changed_and_ended(db: Session, company: Company, anna: User) -> None:
    first = _promise(db, company, anna)
    for repeat in (MONTHLY, None):
        actions.change(db, follow_up=first, text="Skriv", due=TODAY + DAY, call_back=False, repeat=repeat)
        assert (first.repeat, first.text, first.due, first.call_back) == (repeat, "Skriv", TODAY + DAY, 0)
    assert actions.mark_done(db, follow_up=first, by=anna, now=NOW, today=TODAY) is None


def test_not_done_after_all_takes_the_next_one_back(db: Session, company: Company, anna: User) -> None:
    first = _promise(db, company, anna)
    following = actions.mark_done(db, follow_up=first, by=anna, now=NOW, today=TODAY)
    actions.reopen(db, follow_up=first)
    assert (first.done_at, _after(db, first)) == (None, None)
    following = actions.mark_done(db, follow_up=first, by=anna, now=NOW, today=TODAY)
    assert following is not None
    actions.mark_done(db, follow_up=following, by=anna, now=NOW, today=TODAY)
    with pytest.raises(Conflict):
        actions.reopen(db, follow_up=first)


def test_a_call_that_is_taken_back_takes_every_turn_with_it(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    logged = requests.log_call(
        db, company=company, by=anna, now=NOW, clock=clock, kind="call", direction="in", summary="Ringede",
        follow_up=Promise(TODAY, "Ring", None, True, WEEKLY),
    )  # fmt: skip
    assert logged.follow_up is not None
    actions.mark_done(db, follow_up=logged.follow_up, by=anna, now=NOW, today=TODAY)
    requests.take_back(db, entry=logged.interaction, by=anna, now=NOW)
    assert db.scalars(select(FollowUp)).all() == []


def test_two_who_are_done_at_once_make_one(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        key = _promise(db, add_company(db, responsible=anna), anna).id

    def done() -> None:
        with database.write() as db:
            follow_up = db.get_one(FollowUp, key)
            actions.mark_done(db, follow_up=follow_up, by=db.get_one(User, anna.id), now=NOW, today=TODAY)

    assert at_once(*[done] * 8) == []
    with database.read() as db:
        assert [row.due for row in db.scalars(select(FollowUp).order_by(FollowUp.id))] == [
            TODAY,
            TODAY + 7 * DAY,
        ]


@pytest.mark.parametrize(
    "broken",
    [
        "call_back = 2", "repeat_every = 0", "repeat_every = 367", "repeat_unit = 'year'", "repeat_unit = NULL",
        "repeat_every = NULL", "repeat_day = 5", "repeat_unit = 'month', repeat_day = 32",
        "repeat_every = NULL, repeat_unit = NULL, repeat_day = 3", "follows_id = 99",
    ],
)  # fmt: skip
def test_the_database_keeps_the_rules_itself(database: Database, broken: str) -> None:
    with database.write() as db:
        anna = add_user(db)
        _promise(db, add_company(db, responsible=anna), anna)
    with pytest.raises(IntegrityError), database.write() as db:
        db.execute(text(f"UPDATE follow_up SET {broken}"))


def test_no_two_follow_the_same(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        first, second, third = (_promise(db, company, anna) for _ in range(3))
        second.follows_id = first.id
    with pytest.raises(IntegrityError), database.write() as db:
        db.execute(text(f"UPDATE follow_up SET follows_id = {first.id} WHERE id = {third.id}"))
