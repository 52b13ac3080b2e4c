"""Requests: the steps they can take, the clock that stops once, and a call that is written down whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from crm.access import actions as access
from crm.access.models import User
from crm.companies.models import Company
from crm.db import LOST_RACE, Database, Session
from crm.errors import Conflict, NotFound, Refused
from crm.lists import requests as listed
from crm.lists.requests import Wanted
from crm.requests import actions, queries
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.requests.models import NEXT, OPEN, Request, RequestKind, RequestState
from crm.settings import Settings
from tests.conftest import NOW, add_company, add_user
from tests.crm.test_types import CPR
from tests.crm.undone import at_once
from tests.statements import counted

DAY = timedelta(days=1)
HOUSE = WorkingHours.of(Settings())
ASKED = NewRequest("recruitment", "To lærlinge", "Til august", 2)
# A way from new to every state.
WAY: dict[str, tuple[str, ...]] = {
    "new": (), "taken": ("taken",), "in_progress": ("in_progress",), "waiting": ("taken", "waiting"),
    "resolved": ("resolved",), "unresolved": ("unresolved",), "withdrawn": ("taken", "withdrawn"),
}  # fmt: skip


@pytest.fixture
def anna(db: Session) -> User:
    return add_user(db)


@pytest.fixture
def company(db: Session, anna: User) -> Company:
    return add_company(db, responsible=anna)


def _move(db: Session, request: Request, to: str, by: User, days: int = 0) -> Request:
    return actions.move(
        db, request=request, to=to, by=by, now=NOW + days * DAY, clock=HOUSE, note="Ingen kandidater"
    )


def _steps() -> Iterator[tuple[RequestState, RequestState]]:
    return ((old, new) for old in RequestState for new in RequestState if old != new)


def test_every_legal_step_is_taken_and_every_other_refused(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    taken = set()
    for old, new in _steps():
        request = actions.take_in(db, company=company, asked=ASKED, by=anna, now=NOW, clock=clock)
        for step in WAY[old]:
            _move(db, request, step, anna)
        before = (request.state, request.closed_at, request.version, len(queries.steps(db, request)))
        if new in NEXT[old]:
            _move(db, request, new, anna, 1)
            assert request.state == new
            assert (request.closed_at is None) == (new in OPEN)
            taken.add((old, new))
        else:
            with pytest.raises(Conflict):
                _move(db, request, new, anna, 1)
            after = (request.state, request.closed_at, request.version, len(queries.steps(db, request)))
            assert after == before
    assert len(taken) == sum(map(len, NEXT.values())) == 23


def test_the_same_state_again_is_no_step(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    request = actions.take_in(db, company=company, asked=ASKED, by=anna, now=NOW, clock=clock)
    for state in ("new", "taken", "taken"):
        _move(db, request, state, anna)
    assert [step.to_state for step in queries.steps(db, request)] == ["new", "taken"]
    with pytest.raises(Refused) as refusal:
        _move(db, request, "færdig", anna)
    assert refusal.value.field == "state"


def test_the_clock_stops_the_first_time_someone_does_more_than_take_it(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    request = actions.take_in(db, company=company, asked=ASKED, by=anna, now=NOW, clock=clock)
    assert request.answer_due_at == NOW + DAY
    stops = []
    for days, state in enumerate(
        ("taken", "in_progress", "waiting", "resolved", "in_progress", "unresolved"), 1
    ):
        _move(db, request, state, anna, days)
        stops.append(request.answered_at)
    assert stops == [None, *[NOW + 2 * DAY] * 5]
    assert request.closed_at == NOW + 6 * DAY


def test_what_was_not_solved_has_a_reason(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    request = actions.take_in(db, company=company, asked=ASKED, by=anna, now=NOW, clock=clock)
    for note in (None, " "):
        with pytest.raises(Refused) as refusal:
            actions.move(db, request=request, to="unresolved", by=anna, now=NOW, note=note)
        assert refusal.value.field == "note"
    actions.move(db, request=request, to="unresolved", by=anna, now=NOW, note="Ingen kandidater")
    assert queries.steps(db, request)[-1].note == "Ingen kandidater"


def test_a_request_is_its_companys_way_in_unless_another_is_named(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    bo, gone = add_user(db, "bo@kommune.test"), add_user(db, "gone@kommune.test")
    access.close_user(db, user=gone, now=NOW)
    hers = actions.take_in(db, company=company, asked=ASKED, by=bo, now=NOW, clock=clock)
    his = actions.take_in(db, company=company, asked=ASKED, by=anna, now=NOW, clock=clock, owner=bo)
    assert (hers.owner_id, his.owner_id) == (anna.id, bo.id)
    with pytest.raises(Refused, match="lukket"):
        actions.take_in(db, company=company, asked=ASKED, by=anna, now=NOW, clock=clock, owner=gone)
    with pytest.raises(Refused, match="lukket") as refusal:
        actions.change(db, request=his, values={"owner": gone})
    assert refusal.value.field == "owner"
    actions.change(db, request=his, values={"owner": anna})
    assert his.owner_id == anna.id


def test_what_cannot_be_asked_is_refused_beside_its_field(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    impossible = {
        "kind": NewRequest("job", "To"),
        "title": NewRequest("ips", " "),
        "wanted": NewRequest("ips", "To", None, -1),
        "description": NewRequest("ips", "To", f"For {CPR}"),
    }
    for field, asked in impossible.items():
        with pytest.raises(Refused) as refusal:
            actions.take_in(db, company=company, asked=asked, by=anna, now=NOW, clock=clock)
        assert refusal.value.field == field
    for received in (NOW + DAY, NOW.replace(year=1026)):
        with pytest.raises(Refused, match="Tidspunktet"):
            actions.take_in(
                db, company=company, asked=ASKED, by=anna, now=NOW, clock=clock, received_at=received
            )
    assert queries.of_company(db, company) == []


def test_title_figures_and_nothing_else_are_corrected(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    request = actions.take_in(db, company=company, asked=ASKED, by=anna, now=NOW, clock=clock)
    actions.change(
        db, request=request, values={"title": "Tre lærlinge", "wanted": 3, "presented": 2, "hired": 0}
    )
    assert (request.title, request.wanted, request.presented, request.hired) == ("Tre lærlinge", 3, 2, 0)
    for field, value in (("title", ""), ("hired", 10_001), ("state", "resolved"), ("company_id", 2)):
        with pytest.raises(Refused) as refusal:
            actions.change(db, request=request, values={field: value})
        assert refusal.value.field == field


def test_every_kind_of_the_plan_can_be_asked_for(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    for kind in RequestKind:
        actions.take_in(db, company=company, asked=NewRequest(kind, "x"), by=anna, now=NOW, clock=clock)
    assert db.scalar(select(func.count()).select_from(Request)) == len(RequestKind) == 10


def test_a_request_taken_up_again_after_its_owner_left_is_whoevers_takes_it(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    bo, carl = add_user(db, "bo@kommune.test"), add_user(db, "carl@kommune.test")
    request = actions.take_in(db, company=company, asked=ASKED, by=anna, now=NOW, clock=clock, owner=bo)
    _move(db, request, "resolved", bo)
    access.close_user(db, user=bo, now=NOW)
    _move(db, request, "in_progress", carl, 1)
    assert request.owner_id == carl.id


def test_two_who_move_it_at_once_leave_one_step(database: Database, clock: WorkingHours) -> None:
    with database.write() as db:
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        keys = [
            actions.take_in(db, company=company, asked=ASKED, by=anna, now=NOW, clock=clock).id
            for _ in range(8)
        ]
    other = Database(database.url)
    for key in keys:

        def move(mine: Database, to: str, key: int = key) -> None:
            with mine.write() as db:
                _move(db, queries.get(db, key), to, db.get_one(User, anna.id))

        raised = at_once(lambda: move(database, "resolved"), lambda: move(other, "withdrawn"))
        assert len(raised) == 1
        assert isinstance(raised[0], (Conflict, *LOST_RACE))
        with database.read() as db:
            request = queries.get(db, key)
            states = [step.to_state for step in queries.steps(db, request)]
            assert states == ["new", request.state]
    other.close()


# --- Lists --------------------------------------------------------------------------------------------


def test_open_requests_are_walked_by_urgency_and_closed_ones_by_age(
    database: Database, clock: WorkingHours
) -> None:
    with database.write() as db:
        anna, bo = add_user(db), add_user(db, "bo@kommune.test")
        company = add_company(db, responsible=anna)
        for number in range(40):
            request = actions.take_in(
                db, company=company, by=anna, asked=NewRequest(("ips", "retention")[number % 2], f"{number}"),
                now=NOW, clock=clock, received_at=NOW - DAY * (number % 7), owner=(anna, bo)[number % 3 == 0],
            )  # fmt: skip
            if number % 4 == 0:
                _move(db, request, "resolved", anna)
    for wanted, key, number in (
        (Wanted(), "answer_due_at", 30),
        (Wanted(owner_id=bo.id, kind="ips"), "answer_due_at", 3),
        (Wanted(closed=True), "received_at", 10),
        (Wanted(closed=True, owner_id=anna.id), "received_at", 6),
    ):
        with database.read() as db, counted(database) as asked:
            seen: list[Request] = []
            after = None
            while True:
                rows, after = listed.page(db, wanted, after=after, limit=4)
                seen += rows
                if after is None:
                    break
            assert all(each.company.responsible.name and each.owner.name for each in seen)
        assert len(asked) == number // 4 + (number % 4 > 0)
        assert len({each.id for each in seen}) == len(seen) == number
        ordered = sorted(seen, key=lambda each: (getattr(each, key), each.id))
        assert seen == (ordered[::-1] if wanted.closed else ordered)


def test_a_companys_open_requests_stand_before_the_closed(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    first, second, third = (
        actions.take_in(
            db, company=company, asked=ASKED, by=anna, now=NOW, clock=clock, received_at=NOW - days * DAY
        )
        for days in (1, 5, 3)
    )
    _move(db, second, "resolved", anna)
    assert queries.of_company(db, company) == [third, first, second]
    assert queries.get(db, first.id).company.responsible is anna
    with pytest.raises(NotFound):
        queries.get(db, third.id + 1)
