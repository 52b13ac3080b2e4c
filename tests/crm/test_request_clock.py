"""The clock of requests in the database: paused while the company is asked, stopped once, late as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from crm.access.models import User
from crm.companies.models import Company
from crm.db import Database, Session
from crm.errors import Conflict
from crm.requests import actions, kinds, queries
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.requests.models import NEXT, OPEN, Request, RequestState, overdue
from crm.settings import Settings
from tests.conftest import NOW, add_company, add_user
from tests.crm.undone import undone

HOUSE = WorkingHours.of(Settings())
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ASKED = NewRequest("recruitment", "To lærlinge")


@pytest.fixture
def anna(db: Session) -> User:
    return add_user(db)


@pytest.fixture
def company(db: Session, anna: User) -> Company:
    return add_company(db, responsible=anna)


def _ask(db: Session, company: Company, by: User, kind: str = "recruitment", at: datetime = NOW) -> Request:
    asked = NewRequest(kind, "To lærlinge")
    return actions.take_in(db, company=company, asked=asked, by=by, now=at, clock=HOUSE)


def _move(db: Session, request: Request, to: str, by: User, at: datetime) -> None:
    actions.move(db, request=request, to=to, by=by, now=at, clock=HOUSE, note="Fordi")


def _overdue(db: Session, now: datetime) -> list[Request]:
    rows = select(Request).where(overdue(now)).order_by(Request.answer_due_at, Request.id)
    return list(db.scalars(rows))


def test_a_pause_moves_the_deadline_by_the_working_time_it_took(
    db: Session, company: Company, anna: User
) -> None:
    request = _ask(db, company, anna)  # Monday at ten.
    _move(db, request, "waiting", anna, NOW + 2 * HOUR)
    assert (request.paused_since, request.answered_at) == (NOW + 2 * HOUR, None)
    assert request.answer_due_at == NOW + DAY
    _move(db, request, "taken", anna, NOW + DAY + 3 * HOUR)  # Tuesday at one: nine working hours later.
    assert (request.paused_since, request.answered_at) == (None, None)
    assert request.answer_due_at == NOW + 2 * DAY + HOUR
    _move(db, request, "in_progress", anna, NOW + 2 * DAY)
    assert (request.answered_at, request.in_time) == (NOW + 2 * DAY, 1)


def test_an_answer_ends_the_pause_and_is_measured_after_it(db: Session, company: Company, anna: User) -> None:
    for answered in (lambda request: actions.answer(db, request=request, now=NOW + 5 * DAY, clock=HOUSE),
                     lambda request: _move(db, request, "resolved", anna, NOW + 5 * DAY)):  # fmt: skip
        request = _ask(db, company, anna)
        _move(db, request, "waiting", anna, NOW + HOUR)
        answered(request)
        assert request.answered_at == NOW + 5 * DAY
        assert request.paused_since is None
        assert request.in_time == 1
        assert request.answer_due_at > NOW + 5 * DAY


def test_an_answer_is_given_once_and_wherever_the_request_stands(
    db: Session, company: Company, anna: User
) -> None:
    request = _ask(db, company, anna)
    actions.answer(db, request=request, now=NOW + HOUR, clock=HOUSE)
    assert (request.state, request.answered_at, request.in_time) == ("new", NOW + HOUR, 1)
    version = request.version
    actions.answer(db, request=request, now=NOW + 2 * HOUR, clock=HOUSE)
    assert (request.answered_at, request.version) == (NOW + HOUR, version)
    _move(db, request, "waiting", anna, NOW + 3 * HOUR)
    assert request.paused_since is None
    assert [step.to_state for step in queries.steps(db, request)] == ["new", "waiting"]


def test_what_was_late_stays_late_however_long_the_company_takes(
    db: Session, company: Company, anna: User
) -> None:
    request = _ask(db, company, anna)
    _move(db, request, "waiting", anna, NOW + DAY + HOUR)
    assert _overdue(db, NOW + 9 * DAY) == [request]
    assert request.is_overdue(NOW + 9 * DAY)
    _move(db, request, "taken", anna, NOW + 9 * DAY)
    _move(db, request, "resolved", anna, NOW + 9 * DAY)
    assert (request.answer_due_at, request.in_time) == (NOW + DAY, 0)


def test_another_kind_has_another_deadline_while_there_is_no_answer(
    db: Session, company: Company, anna: User
) -> None:
    kinds.change(db, thing=kinds.kind(db, "job_fair"), values={"answer_hours": 40})
    kinds.change(db, thing=kinds.kind(db, "retention"), values={"answer_hours": 4})
    request = _ask(db, company, anna)
    _move(db, request, "waiting", anna, NOW + HOUR)
    _move(db, request, "taken", anna, NOW + 3 * HOUR)

    def become(kind: str, at: datetime) -> datetime:
        actions.change(db, request=request, values={"kind": kind}, now=at, clock=HOUSE)
        return request.answer_due_at

    assert become("job_fair", NOW + 4 * HOUR) == NOW + 7 * DAY + 2 * HOUR
    assert become("retention", NOW + 5 * HOUR) == NOW + 6 * HOUR
    # It is late now, and no other kind can help it.
    assert become("job_fair", NOW + DAY) == NOW + 6 * HOUR
    actions.answer(db, request=request, now=NOW + DAY, clock=HOUSE)
    assert become("recruitment", NOW + DAY) == NOW + 6 * HOUR
    assert request.in_time == 0


def test_the_database_and_the_program_agree_on_what_is_overdue(
    db: Session, company: Company, anna: User
) -> None:
    plan: list[tuple[datetime | None, datetime | None]] = [
        (NOW + HOUR, None), (NOW + 3 * DAY, None), (None, None), (None, NOW + HOUR), (None, NOW + 2 * DAY),
    ]  # fmt: skip
    made = []
    for answered, paused in plan:
        request = _ask(db, company, anna)
        if paused:
            _move(db, request, "waiting", anna, paused)
        if answered:
            actions.answer(db, request=request, now=answered, clock=HOUSE)
        made.append(request)
    early = _ask(db, company, anna, at=NOW - 9 * DAY)
    numbers = []
    for now in (NOW - 9 * DAY, NOW, NOW + DAY + HOUR, NOW + 9 * DAY):
        found = _overdue(db, now)
        assert found == [each for each in [early, *made] if each.is_overdue(now)]
        numbers.append(len(found))
    assert numbers == [0, 1, 3, 3]


# --- Any history --------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(st.sampled_from(["taken", "waiting", "taken", "waiting", "in_progress", "resolved", "answer"]),
              st.integers(0, 4000)),
    max_size=12,
)  # fmt: skip
RECEIVED = st.integers(0, 60 * 24 * 90).map(
    lambda minutes: datetime(2026, 2, 20, tzinfo=UTC) + timedelta(minutes=minutes)
)


@dataclass
class Model:
    """What must come out, counted beside."""

    moment: datetime
    ours: timedelta = timedelta(0)
    waiting: bool = False
    answered: datetime | None = None
    late: bool = False
    states: list[str] = field(default_factory=lambda: ["new"])

    def pass_time(self, minutes: int) -> None:
        """The clock runs only while we are to answer."""
        later = self.moment + timedelta(minutes=minutes)
        if self.answered is None and not self.waiting:
            self.ours += HOUSE.worked(self.moment, later)
        self.moment = later


def test_our_time_is_what_was_not_paused_after_any_history(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db).id
        company = add_company(db, responsible=db.get_one(User, anna)).id

    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(RECEIVED, STEPS)
    def holds(received: datetime, steps: list[tuple[str, int]]) -> None:
        with undone(database) as db:
            _run(db, db.get_one(Company, company), db.get_one(User, anna), received, steps)

    holds()


def _run(db: Session, company: Company, anna: User, received: datetime, steps: list[tuple[str, int]]) -> None:
    request, model = _ask(db, company, anna, at=received), Model(received)
    for to, minutes in steps:
        model.pass_time(minutes)
        if to == "answer":
            actions.answer(db, request=request, now=model.moment, clock=HOUSE)
            model.answered = model.answered or model.moment
        elif to != request.state and to not in NEXT[RequestState(request.state)]:
            with pytest.raises(Conflict):
                _move(db, request, to, anna, model.moment)
            continue
        elif to != request.state:
            _move(db, request, to, anna, model.moment)
            model.states.append(to)
            if to in {"in_progress", "resolved"}:
                model.answered = model.answered or model.moment
        model.waiting = request.state == "waiting" and model.answered is None
        _compare(request, model)
    assert [step.to_state for step in queries.steps(db, request)] == model.states


def _compare(request: Request, model: Model) -> None:
    assert request.answered_at == model.answered
    assert (request.paused_since is not None) == model.waiting
    assert (request.closed_at is None) == (request.state in OPEN)
    if model.answered is not None:
        # Late means: more of our own working time went by than was promised, or it was late before a pause.
        assert request.answered_in_time == (request.answered_at <= request.answer_due_at)  # type: ignore[operator]
        if model.ours > 8 * HOUR:
            assert request.answered_in_time is False
        if model.ours < 8 * HOUR:
            assert request.answered_in_time is True
    elif not model.waiting:
        # What is left is the promise without what we have used; never more when it is late.
        left = HOUSE.worked(model.moment, request.answer_due_at)
        assert left == max(timedelta(0), 8 * HOUR - model.ours)


# --- What the database itself keeps ---------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE request SET paused_since = received_at",
        "UPDATE request SET answered_at = NULL WHERE state = 'new'",
        "UPDATE request SET answered_at = created_at WHERE state = 'new' AND answered_at IS NOT NULL",
        "UPDATE request SET answer_due_at = created_at WHERE answered_at IS NOT NULL",
        "UPDATE request SET in_time = 1",
        "UPDATE request SET paused_since = NULL WHERE paused_since IS NOT NULL",
    ],
)
def test_the_clock_cannot_be_set_by_hand(database: Database, statement: str) -> None:
    with database.write() as db:
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        answered, paused = _ask(db, company, anna), _ask(db, company, anna)
        actions.answer(db, request=answered, now=NOW + HOUR, clock=HOUSE)
        _move(db, paused, "waiting", anna, NOW + HOUR)
    with pytest.raises(Exception, match=r"(?i)constraint|once|generated"), database.write() as db:
        db.execute(text(statement))
