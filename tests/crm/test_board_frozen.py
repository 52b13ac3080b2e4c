"""What was frozen stays as it was, whatever happens afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from crm.access.models import User
from crm.agreements.models import Programme
from crm.agreements.queries import programme
from crm.board import actions, queries
from crm.board.content import digest, read
from crm.board.models import BoardSnapshot
from crm.companies.models import Company
from crm.db import Database, Session
from crm.errors import Refused
from crm.goals import actions as goals
from crm.goals import defining
from crm.goals.models import CountsWhen, Objective
from crm.goals.queries import objective
from crm.requests.models import Request
from tests.conftest import NOW, TODAY, add_company
from tests.crm.boarding import ZONE, House, goal, later
from tests.crm.undone import undone
from tests.statements import counted


def _redefine(house: House, chance: Random, number: int) -> None:
    """Another definition from today; a programme that has become an organisation's is refused."""
    counted_by = programme(house.db, chance.choice(["code_of_care", "sick_leave_prevention"]))
    with suppress(Refused):
        defining.define(
            house.db, objective=objective(house.db, "youth_employment"), words=f"Tæller anderledes {number}",
            programmes=[counted_by], counts_when=chance.choice(list(CountsWhen)), holds_from=TODAY, by=house.anna,
            now=NOW, today=TODAY,
        )  # fmt: skip


def _later_change(house: House, chance: Random, number: int) -> None:
    """Something that happens, is corrected or is decided after the board was frozen."""
    db = house.db
    company = chance.choice(house.companies)
    chosen: list[Callable[[], object]] = [
        lambda: house.sign(
            company, later(chance.uniform(0, 5)), chance.choice(["code_of_care", "after_school_job"])
        ),
        lambda: house.sign(company, later(1), signed_on=TODAY - timedelta(days=chance.randrange(1, 400))),
        lambda: db.execute(update(Company).values(name=f"Nyt navn {number}", sort_key=f"nyt {number}")),
        lambda: db.execute(text("UPDATE agreement SET valid_from = '2020-01-01', valid_to = '2020-02-01'")),
        lambda: db.execute(text("UPDATE agreement SET valid_from = '2026-01-01', valid_to = NULL")),
        lambda: db.execute(update(Objective).values(name=f"Mål {number}")),
        lambda: _redefine(house, chance, number),
        lambda: goals.set_target(
            db,
            objective=objective(db, "youth_employment"),
            due=date(2026, 12, 31),
            value=chance.randrange(1, 99),
            by=house.anna,
            now=NOW,
        ),
        lambda: db.execute(update(Programme).values(name=f"Program {number}", kind="partner_organisation")),
        lambda: house.ask(company, later(chance.uniform(-5, 5))),
        lambda: db.execute(update(Request).values(answered_at=None, closed_at=None, state="new")),
        lambda: db.execute(text("UPDATE request SET answer_due_at = '2026-11-20T00:00:00.000000Z'")),
        lambda: house.companies.append(add_company(db, 100 + number, responsible=house.anna)),
        lambda: house.freeze(house.meeting(TODAY + timedelta(days=number + 1)), later(number + 1)),
    ]
    chance.choice(chosen)()
    db.flush()
    db.expire_all()


@given(seed=st.integers(0, 2**32), changes=st.integers(1, 12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_frozen_never_changes_by_a_byte(database: Database, seed: int, changes: int) -> None:
    chance = Random(seed)
    with undone(database) as db:
        house = House.of(db, 3)
        for company in house.companies:
            house.sign(company, later(-20))
            house.ask(company, later(-3))
        meeting = house.meeting()
        frozen = house.freeze(meeting)
        before = (frozen.content, frozen.hash, frozen.frozen_at, frozen.until_at, frozen.on)
        for number in range(changes):
            _later_change(house, chance, number)
        stored = db.execute(
            select(
                BoardSnapshot.content, BoardSnapshot.hash, BoardSnapshot.frozen_at, BoardSnapshot.until_at,
                BoardSnapshot.on,
            ).where(BoardSnapshot.meeting_id == meeting.id)
        ).one()  # fmt: skip
        assert tuple(stored) == before
        assert house.freeze(meeting, later(40)).content == before[0]
        assert stored.hash == digest(meeting.id, stored.on, stored.content)
        assert actions.broken(db) == []


def test_frozen_twice_it_is_the_same(db: Session) -> None:
    house = House.of(db, 1)
    meeting = house.meeting()
    first, again = house.freeze(meeting), house.freeze(meeting, later(9))
    assert first is again
    assert again.frozen_at == NOW


def test_two_who_freeze_at_once_freeze_one_board(url: str, database: Database) -> None:
    with database.write() as db:
        house = House.of(db, 2)
        house.sign(house.companies[0], later(-3))
        id, anna = house.meeting().id, house.anna.id
    begin, got, trouble = threading.Barrier(4), [], []

    def freeze(number: int) -> None:
        mine = Database(url)
        begin.wait(20)
        try:
            with mine.write() as db:
                made, new = actions.freeze(
                    db, meeting=queries.get(db, id), by=db.get(User, anna), now=later(number / 1000), today=TODAY,
                    zone=ZONE,
                )  # fmt: skip
                got.append((made.hash, made.frozen_at, new))
        except Exception as error:
            trouble.append(repr(error))
        mine.close()

    threads = [threading.Thread(target=freeze, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert trouble == []
    assert len({each[:2] for each in got}) == 1
    assert sorted(each[2] for each in got) == [False, False, False, True]
    with database.read() as db:
        assert len(db.scalars(select(BoardSnapshot)).all()) == 1


def test_the_definitions_used_are_frozen_with_the_figures(db: Session) -> None:
    house = House.of(db, 1)
    youth = goal(read(house.freeze(house.meeting())))
    found = objective(db, "youth_employment")
    assert youth["definition"] == found.defined_on(TODAY).words
    assert [each["key"] for each in youth["programmes"]] == ["after_school_job", "code_of_care"]
    assert youth["targets"] == [{"due": "2026-12-31", "value": 10}, {"due": "2028-12-31", "value": 25}]


def test_the_board_asks_as_often_for_few_as_for_many(database: Database) -> None:
    with database.write() as db:
        house = House.of(db, 2)
        house.freeze(house.meeting())
        house.meeting(TODAY + timedelta(days=14))

    def ask() -> int:
        with counted(database) as seen, database.read() as db:
            queries.board(db, later(10), today=TODAY + timedelta(days=10), zone=ZONE)
        return len(seen)

    few = ask()
    with database.write() as db:
        anna = db.scalars(select(User).where(User.email == "anna@kommune.test")).one()
        house = House(db, anna, anna, [add_company(db, 10 + n, responsible=anna) for n in range(40)])
        for company in house.companies:
            house.sign(company, later(2))
            house.ask(company, later(3))
    few += 1  # Companies to name are asked for only where some count.
    assert ask() <= few <= 10
