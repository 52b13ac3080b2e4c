"""What the front door does for the board: plans ahead by itself, looks after what was frozen, and fills the demo."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text

from crm.board import actions, queries
from crm.board.content import read
from crm.db import Database
from crm.settings import Settings
from scripts.demo.fill import fill
from scripts.doctor import examine
from scripts.work import RUNS
from tests.conftest import NOW, TODAY
from tests.crm.boarding import HOURS, House

MORNING = datetime(2026, 11, 24, 8, 10, tzinfo=UTC)


def test_the_work_plans_the_next_meetings(database: Database) -> None:
    def plan_ahead(now: datetime) -> int:
        return RUNS["meetings_planned"](database, Settings(), now, lambda _done, _steps: True)

    assert plan_ahead(NOW) == 0
    with database.write() as db:
        actions.lay_plan(
            db, first_on=TODAY, every_days=14, starts_at=540, agenda=None, hours=HOURS, today=TODAY, now=NOW
        )
    assert plan_ahead(NOW) == 0
    assert plan_ahead(NOW.replace(year=2027, month=1)) == 5
    with database.read() as db:
        assert len(queries.to_come(db, TODAY)) == actions.AHEAD + 5


def test_the_doctor_finds_a_frozen_board_that_was_changed(database: Database, tmp_path: Path) -> None:
    with database.write() as db:
        house = House.of(db, 1)
        house.freeze(house.meeting())
    settings = Settings(data_dir=tmp_path, secret_key=SecretStr("x" * 64))
    assert examine(settings, database) == []
    with database.write() as db:
        drop = "" if database.dialect == "sqlite" else " ON board_snapshot"
        db.execute(text(f"DROP TRIGGER board_snapshot_no_update{drop}"))
        db.execute(text("UPDATE board_snapshot SET content = '{}'"))
    assert any("23. november 2026 er ændret" in each for each in examine(settings, database))


def test_the_demo_has_held_four_meetings_and_planned_the_next(database: Database) -> None:
    filled = fill(database, MORNING, companies=60)
    assert filled.counts["board_snapshot"] == 4
    with database.read() as db:
        rows, _ = queries.page(db)
        held = [each for each in rows if each.state == "held"]
        assert [each.state for each in rows if each.on > MORNING.date()] == ["planned"] * actions.AHEAD
        assert all((one.on - other.on).days == 14 for one, other in pairwise(held))
        whole = [queries.get(db, each.id) for each in held]
        assert all(each.minutes and each.minutes.published_at and each.snapshot for each in whole)
        last = [read(each.snapshot)["last"] for each in whole if each.snapshot]
        assert [each and each["meeting"] for each in last] == [each.id for each in held[1:]] + [None]
        assert len(queries.agreed(db, MORNING.replace(month=10))) >= 5
        assert actions.broken(db) == []
