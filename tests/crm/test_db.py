"""The two engines behind one face: settings that are read back, sessions that read, sessions that write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from crm import batches
from crm.access import queries as users
from crm.access.models import Team, User
from crm.agreements import queries as agreements
from crm.audit import AuditEvent
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.db import PRAGMAS, SAFE_SQLITE, Database, Session, reserve, sqlite_module
from crm.errors import NotFound
from crm.interactions import queries as interactions
from crm.requests import queries as requests
from crm.responsibility import queries as responsibility
from tests.conftest import add_company, add_user
from tests.crm.undone import at_once, undone

FULL = 2


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", PRAGMAS)
def test_every_sqlite_connection_has_the_settings_that_keep_the_promises(sqlite: Database, name: str) -> None:
    for engine in (sqlite.writer, sqlite.reader):
        with engine.connect() as connection:
            assert connection.execute(text(f"PRAGMA {name}")).scalar() == PRAGMAS[name]


def test_a_commit_on_sqlite_survives_a_power_cut(sqlite: Database) -> None:
    with sqlite.write() as db:
        assert db.execute(text("PRAGMA synchronous")).scalar() == FULL
        assert db.execute(text("PRAGMA journal_mode")).scalar() == "wal"


def test_the_sqlite_at_hand_is_free_of_the_bug_that_corrupts_the_log() -> None:
    assert sqlite_module().sqlite_version_info >= SAFE_SQLITE


def test_a_setting_that_does_not_take_stops_the_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(PRAGMAS, "cell_size_check", 7)
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with pytest.raises(RuntimeError, match="cell_size_check"):
        database.writer.connect()


def test_tables_on_sqlite_take_only_what_their_columns_are(sqlite: Database) -> None:
    with sqlite.read() as db:
        strict = db.execute(text("SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 "
                                 "AND schema = 'main'")).scalars()  # fmt: skip
        assert {name for name in strict if not name.startswith("sqlite_")} == {"alembic_version"}
    with pytest.raises(DBAPIError), sqlite.write() as db:
        db.execute(text("UPDATE team SET id = 'twelve'"))


def test_a_reading_session_cannot_write(database: Database) -> None:
    with database.read() as db, pytest.raises(DBAPIError):
        db.execute(update(Team).where(Team.id == 1).values(name="Noget andet"))
    with database.read() as db:
        assert "Noget andet" not in db.scalars(select(Team.name)).all()


def test_a_writing_session_that_fails_leaves_nothing(database: Database) -> None:
    with undone(database) as db:
        add_company(db, responsible=add_user(db))
    with database.read() as db:
        for table in (Company, User, AuditEvent):
            assert db.scalar(select(func.count()).select_from(table)) == 0


def test_what_is_written_is_there_for_the_next_reader(database: Database) -> None:
    with database.write() as db:
        add_user(db)
    with database.read() as db:
        assert users.find(db, "anna@kommune.test")


def test_four_writers_at_once_wait_for_each_other(database: Database) -> None:
    """Reading first and writing then is what makes plain SQLite fail with "database is locked"."""
    other = Database(database.url)

    def work(number: int) -> None:
        mine = (database, other)[number % 2]
        for turn in range(15):
            with mine.write() as db:
                users.find(db, "nobody@kommune.test")
                add_user(db, f"user{number}-{turn}@kommune.test")
            with mine.read() as db:
                assert users.find(db, f"user{number}-{turn}@kommune.test")

    assert at_once(*(partial(work, number) for number in range(4))) == []
    other.close()
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(User)) == 60


def test_reserved_keys_are_nobody_elses(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        keys = reserve(db, Company, 3)
        assert len(set(keys)) == 3
    with database.write() as db:
        add_company(db, responsible=users.get(db, anna.id))
        assert reserve(db, Company, 0) == []


def test_a_key_that_nobody_has_is_not_found_however_large(database: Database) -> None:
    with database.write() as db:
        company = add_company(db, responsible=add_user(db))
    looks: list[Callable[[Session, int], object]] = [
        users.get,
        lambda db, key: companies.contact(db, company, key),
        lambda db, key: interactions.interaction(db, key, reader=company.responsible),
        interactions.follow_up,
        requests.get,
        agreements.get,
        responsibility.rule,
        batches.get,
    ]
    for key in (0, -1, 10**12, 2**63, 10**30):
        for look in looks:
            with pytest.raises(NotFound), database.read() as db:
                look(db, key)
