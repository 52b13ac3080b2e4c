"""The board's rules, broken with plain SQL: no code stands between the attacker and the table."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from crm.board import actions, agreed
from crm.db import Database
from tests.conftest import NOW, TODAY
from tests.crm.boarding import House
from tests.crm.test_guards import refused

BREAKS = {
    "a frozen board rewritten": "UPDATE board_snapshot SET content = '{}'",
    "a frozen board dated anew": "UPDATE board_snapshot SET frozen_at = '2020-01-01T00:00:00.000000Z'",
    "a frozen board touched at all": "UPDATE board_snapshot SET hash = hash",
    "a frozen board deleted": "DELETE FROM board_snapshot",
    "a second board for one meeting": "INSERT INTO board_snapshot SELECT * FROM board_snapshot",
    "a frozen meeting moved": "UPDATE board_meeting SET on_day = '2026-11-24' WHERE on_day = '2026-11-23'",
    "a frozen meeting called off": "UPDATE board_meeting SET cancelled_at = created_at, stands = 0, "
    "reason = 'x' WHERE on_day = '2026-11-23'",
    "a frozen meeting deleted": "DELETE FROM board_meeting WHERE on_day = '2026-11-23'",
    "a board of a meeting that was called off": "INSERT INTO board_snapshot (meeting_id, on_day, stands, "
    "until_at, frozen_at, content, hash) SELECT m.id, m.on_day, 1, s.until_at, s.frozen_at, s.content, s.hash "
    "FROM board_meeting m, board_snapshot s WHERE m.stands = 0",
    "a board of another day": "INSERT INTO board_snapshot (meeting_id, on_day, stands, until_at, frozen_at, "
    "content, hash) SELECT m.id, '2026-11-24', 1, s.until_at, s.frozen_at, s.content, s.hash "
    "FROM board_meeting m, board_snapshot s WHERE m.on_day = '2026-12-07'",
    "two meetings on a day": "INSERT INTO board_meeting (on_day, starts_at, stands, created_at, version) "
    "SELECT on_day, starts_at, stands, created_at, 1 FROM board_meeting WHERE on_day = '2026-12-07'",
    "a place of the rhythm twice": "UPDATE board_meeting SET slot_on = '2026-12-07'",
    "called off without a reason": "UPDATE board_meeting SET cancelled_at = created_at, stands = 0 "
    "WHERE on_day = '2026-12-07'",
    "called off and standing": "UPDATE board_meeting SET cancelled_at = created_at, reason = 'x' "
    "WHERE on_day = '2026-12-07'",
    "a rhythm of ten days": "INSERT INTO board_plan (id, first_on, every_days, starts_at, version) "
    "VALUES (1, '2026-12-07', 10, 540, 1)",
    "a second plan": "INSERT INTO board_plan (id, first_on, every_days, starts_at, version) "
    "VALUES (2, '2026-12-07', 14, 540, 1)",
    "done by nobody": "UPDATE board_action SET done_at = created_at",
    "someone closed with a thing agreed": "UPDATE user_account SET is_active = 0, "
    "closed_at = '2026-12-01T00:00:00.000000Z' WHERE email = 'bo@kommune.test'",
    "minutes of no meeting": "UPDATE board_minutes SET meeting_id = 999",
    "two links by one token": "INSERT INTO board_wall_link (name, token_hash, created_at, by_id) "
    "SELECT 'b', 'h', created_at, by_id FROM board_action UNION ALL "
    "SELECT 'a', 'h', created_at, by_id FROM board_action",
}


@pytest.fixture
def house(database: Database) -> Database:
    """Three meetings: one frozen with minutes, one to come with something agreed, one called off."""
    with database.write() as db:
        found = House.of(db, 1)
        frozen, to_come, off = (found.meeting(TODAY + timedelta(days=days)) for days in (0, 14, 28))
        found.freeze(frozen)
        actions.save_minutes(db, meeting=frozen, text="Alt vel", based_on=0, by=found.anna, now=NOW)
        actions.cancel(db, meeting=off, reason="Ferie", now=NOW)
        agreed.agree(db, text="Ring", owner=found.bo, due=TODAY, by=found.anna, now=NOW, meeting=to_come)
    return database


@pytest.mark.parametrize("statement", BREAKS.values(), ids=BREAKS.keys())
def test_the_database_refuses(house: Database, statement: str) -> None:
    with refused(house) as db:
        db.execute(text(statement))


@pytest.mark.postgres
def test_postgresql_refuses_to_truncate(postgres_url: str) -> None:
    database = Database(postgres_url)
    with refused(database) as db:
        db.execute(text("TRUNCATE board_snapshot"))
    database.close()


def test_whoever_goes_past_the_rule_is_found_by_the_hash(house: Database) -> None:
    with house.read() as db:
        assert actions.broken(db) == []
    with house.write() as db:
        drop = "" if house.dialect == "sqlite" else " ON board_snapshot"
        db.execute(text(f"DROP TRIGGER board_snapshot_no_update{drop}"))
        db.execute(text("UPDATE board_snapshot SET content = replace(content, 'target', 'taget')"))
    with house.read() as db:
        assert actions.broken(db) == ["Tavlen fra 23. november 2026 er ændret, siden den blev frosset."]
