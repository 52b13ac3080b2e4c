"""What stands on the board, and what is news."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import select

from crm.agreements.models import Agreement
from crm.board.content import INDICATORS, Indicator, read, written
from crm.db import Database, Session
from crm.requests.models import Request
from tests.conftest import NOW, TODAY
from tests.crm.boarding import House, goal, later
from tests.crm.undone import undone


def test_a_board_says_how_far_the_goals_are_and_what_has_changed_since_last_time(db: Session) -> None:
    house = House.of(db, 4)
    first, second, third, fourth = house.companies
    kept = house.sign(first, later(-40))
    gone = house.sign(second, later(-30))
    house.freeze(house.meeting())
    house.sign(third, later(3))
    house.sign(fourth, later(4), "sick_leave_prevention")
    house.end(gone, later(5))
    found = house.board(later(14)).content
    youth = goal(found)
    assert (youth["value"], youth["before"], youth["target"], youth["due"]) == (2, 2, 10, "2026-12-31")
    assert [each["cvr"] for each in youth["companies"]] == [first.cvr, third.cvr]
    assert [each["cvr"] for each in youth["came"]] == [third.cvr]
    assert [each["cvr"] for each in youth["left"]] == [second.cvr]
    assert [(each["cvr"], each["programme"]) for each in found["agreements"]["signed"]] == [
        (third.cvr, "code_of_care"),
        (fourth.cvr, "sick_leave_prevention"),
    ]
    assert [each["id"] for each in found["agreements"]["ended"]] == [gone.id]
    assert found["last"]["on"] == TODAY.isoformat()
    assert kept.state == "signed"


def test_what_is_entered_late_is_news_once(db: Session) -> None:
    house = House.of(db, 2)
    first, second = (house.meeting(TODAY + timedelta(days=days)) for days in (0, 14))
    house.freeze(first)
    # Signed before the first meeting, and written down after it.
    house.sign(house.companies[0], later(1), signed_on=TODAY - timedelta(days=20))
    then = read(house.freeze(second, later(14)))
    assert [each["cvr"] for each in then["agreements"]["signed"]] == [house.companies[0].cvr]
    assert house.board(later(15)).content["agreements"]["signed"] == []


def test_an_agreement_nobody_ended_runs_out_at_one_meeting(db: Session) -> None:
    house = House.of(db, 1)
    house.sign(house.companies[0], later(-50), valid_to=TODAY + timedelta(days=5))
    for days, runs_out in ((0, 0), (5, 0), (6, 1), (14, 0)):
        day = TODAY + timedelta(days=days)
        found = read(house.freeze(house.meeting(day), later(days)))
        assert len(found["agreements"]["expired"]) == runs_out, day
        assert goal(found)["value"] == (0 if days > 5 else 1)


def test_late_answers_are_counted_and_nobody_is_named(db: Session) -> None:
    house = House.of(db, 1)
    company = house.companies[0]
    house.freeze(house.meeting())
    in_time, late, unanswered, not_yet, closed = (
        house.ask(company, later(days)) for days in (1, 1.01, 1.02, 13.9, 2)
    )
    house.answer(in_time, later(1.1))
    house.answer(late, later(4))
    house.answer(closed, later(2.05), "resolved")
    board = house.board(later(14))
    found = board.content["requests"]
    assert found["received"] == sorted(each.id for each in (in_time, late, unanswered, not_yet, closed))
    assert found["late"] == [late.id, unanswered.id]
    assert found["in_time"] == sorted([in_time.id, closed.id])
    assert found["closed"] == found["solved"] == [closed.id]
    assert "Anna" not in written(board.content)


def test_the_first_board_of_all_looks_a_fortnight_back(db: Session) -> None:
    house = House.of(db, 1)
    old, new = house.ask(house.companies[0], later(-20)), house.ask(house.companies[0], later(-10))
    found = house.board(NOW)
    assert (found.content["requests"]["received"], found.content["last"], found.last_on) == (
        [new.id],
        None,
        None,
    )
    assert old.id < new.id


def test_the_day_a_board_is_frozen_it_shows_what_was_frozen(db: Session) -> None:
    house = House.of(db, 1)
    today, next_time = (house.meeting(TODAY + timedelta(days=days)) for days in (0, 14))
    assert house.board(NOW).meeting == today
    house.freeze(today)
    house.ask(house.companies[0], later(0.01))
    shown = house.board(later(0.1))
    assert (shown.meeting, shown.frozen_at, shown.content["requests"]["received"]) == (today, NOW, [])
    tomorrow = house.board(later(1))
    assert (tomorrow.meeting, tomorrow.frozen_at, len(tomorrow.content["requests"]["received"])) == (
        next_time,
        None,
        1,
    )


def test_a_board_frozen_afterwards_stands_as_at_the_end_of_its_day(db: Session) -> None:
    house = House.of(db, 2)
    before, after = house.sign(house.companies[0], later(0.1)), house.sign(house.companies[1], later(2))
    found = read(house.freeze(house.meeting(), later(3)))
    assert goal(found)["value"] == 1
    assert [each["id"] for each in found["agreements"]["signed"]] == [before.id]
    following = house.board(later(4)).content["agreements"]["signed"]
    assert [each["id"] for each in following] == [after.id]


def test_other_indicators_stand_beside_the_goals(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    sick = Indicator("sick", "Sygedagpenge", "412 personer", "jobindsats", date(2026, 10, 31), "400 personer")
    monkeypatch.setattr("crm.board.content.INDICATORS", (*INDICATORS, lambda _db, _on: [sick]))
    found = House.of(db, 0).board(NOW).content["indicators"]
    assert found[-1] == {
        "key": "sick", "name": "Sygedagpenge", "value": "412 personer", "source": "jobindsats",
        "on": "2026-10-31", "target": "400 personer",
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_late_answers_equal_a_plain_recount(database: Database, seed: int) -> None:
    chance = Random(seed)
    with undone(database) as db:
        house = House.of(db, 2)
        house.freeze(house.meeting())
        for _ in range(60):
            asked_at = NOW + timedelta(minutes=chance.randrange(-60 * 24 * 10, 60 * 24 * 14))
            request = house.ask(chance.choice(house.companies), asked_at)
            if chance.random() < 0.8:
                to = chance.choice(["in_progress", "resolved", "withdrawn", "taken"])
                house.answer(request, asked_at + timedelta(minutes=chance.randrange(1, 60 * 24 * 5)), to)
        until = later(14)
        found = house.board(until).content["requests"]
        everything = db.scalars(select(Request)).all()
        due = [each for each in everything if NOW < each.answer_due_at <= until]
        late = [each.id for each in due if each.answered_at is None or each.answered_at > each.answer_due_at]
        assert found["late"] == sorted(late)
        assert found["in_time"] == sorted({each.id for each in due} - set(late))
        assert found["received"] == sorted(each.id for each in everything if NOW < each.received_at <= until)
        assert found["closed"] == sorted(
            each.id for each in everything if each.closed_at and NOW < each.closed_at <= until
        )


def test_every_request_and_agreement_is_news_at_exactly_one_meeting(db: Session) -> None:
    chance = Random(5)
    house = House.of(db, 6)
    house.freeze(house.meeting())
    told: dict[str, list[int]] = {"signed": [], "received": [], "due": []}
    moments = sorted(chance.randrange(1, 60 * 24 * 70) for _ in range(80))
    for number in range(1, 6):
        while moments and moments[0] <= number * 14 * 24 * 60:
            at = NOW + timedelta(minutes=moments.pop(0))
            house.ask(chance.choice(house.companies), at)
            house.sign(chance.choice(house.companies), at)
        found = read(house.freeze(house.meeting(TODAY + timedelta(days=14 * number)), later(14 * number)))
        told["signed"] += [each["id"] for each in found["agreements"]["signed"]]
        told["received"] += found["requests"]["received"]
        told["due"] += found["requests"]["late"] + found["requests"]["in_time"]
    assert sorted(told["received"]) == list(db.scalars(select(Request.id).order_by(Request.id)))
    assert sorted(told["signed"]) == list(db.scalars(select(Agreement.id).order_by(Agreement.id)))
    assert sorted(told["due"]) == sorted(
        db.scalars(select(Request.id).where(Request.answer_due_at <= later(70)))
    )
