"""Bringing a database up to date: whole or not at all, guards included, and never away from the models."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, inspect, text

from crm import migrations
from crm.access import queries as users
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.numbers import demo_cvr
from crm.tables import metadata
from tests.conftest import add_company, add_user

GUARDS = Path(__file__).parent / "guards.txt"
# What guards lay and the models do not know.
LAID = ("search_fts", "ix_search_entry_trigram")


def _head() -> str:
    return ScriptDirectory.from_config(migrations.config()).get_current_head() or ""


def test_the_pinned_head_is_the_newest_migration_and_there_is_one_line_to_it() -> None:
    scripts = ScriptDirectory.from_config(migrations.config())
    assert scripts.get_heads() == [migrations.HEAD]
    line = [script.revision for script in scripts.walk_revisions()]
    assert line == sorted(line, reverse=True)
    files = {path.stem for path in (migrations.HERE / "versions").glob("[0-9]*.py")}
    assert set(line) == files


def _ours(_thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    return not (kind in {"table", "index"} and str(name).startswith(LAID))


def test_the_tables_are_what_the_models_say(database: Database) -> None:
    with database.writer.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": _ours, "compare_type": True, "target_metadata": metadata}
        )
        assert compare_metadata(context, metadata) == []
        assert migrations.current(connection) == migrations.HEAD


def test_checks_and_generated_columns_are_what_the_models_say(database: Database) -> None:
    """Alembic does not look at these."""
    with database.writer.connect() as connection:
        look = inspect(connection)
        for table in metadata.sorted_tables:
            checks = [each for each in table.constraints if isinstance(each, CheckConstraint)]
            expected = {str(check.name) for check in checks}
            assert {check["name"] for check in look.get_check_constraints(table.name)} == expected, table.name
            computed = {column.name for column in table.columns if column.computed is not None}
            found = {column["name"] for column in look.get_columns(table.name) if column.get("computed")}
            assert found == computed, table.name


def _guards(connection: Connection) -> set[str]:
    if connection.dialect.name == "sqlite":
        rows = connection.execute(
            text("SELECT 'trigger ' || name || ' on ' || tbl_name FROM sqlite_master WHERE type = 'trigger'")
        )
        return {f"sqlite {row[0]}" for row in rows}
    rows = connection.execute(
        text(
            "SELECT 'trigger ' || t.tgname || ' on ' || c.relname FROM pg_trigger t "
            "JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal "
            "UNION SELECT 'index ' || indexname || ' on ' || tablename FROM pg_indexes "
            "WHERE indexname = 'ix_search_entry_trigram' "
            "UNION SELECT 'exclusion ' || conname || ' on ' || conrelid::regclass FROM pg_constraint "
            "WHERE contype = 'x'"
        )
    )
    return {f"postgresql {row[0]}" for row in rows}


def test_every_guard_is_there_after_an_upgrade(database: Database) -> None:
    """The list stands in a file, so that a guard that goes missing shows in a review."""
    with database.writer.connect() as connection:
        found = _guards(connection)
    golden = {line for line in GUARDS.read_text().splitlines() if line.startswith(f"{database.dialect} ")}
    assert found == golden


def test_upgrading_again_changes_nothing(database: Database) -> None:
    with database.write() as db:
        add_company(db, responsible=add_user(db))
    with database.writer.connect() as connection:
        before = _guards(connection)
    assert migrations.upgrade(database) == (migrations.HEAD, migrations.HEAD)
    with database.writer.connect() as connection:
        assert _guards(connection) == before
    with database.read() as db:
        assert by_cvr(db, demo_cvr(0)).responsible.name == "Anna"


def test_an_upgraded_database_has_its_keys_back(database: Database) -> None:
    migrations.upgrade(database)
    with database.writer.connect() as connection:
        if database.dialect == "sqlite":
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    with pytest.raises(Exception, match=r"(?i)foreign"), database.write() as db:
        db.execute(text("INSERT INTO target (objective_id, due, value) VALUES (99, '2026-12-31', 1)"))


BROKEN = '''
    """A change that is interrupted when it is half done."""

    from alembic import op
    import sqlalchemy as sa

    revision = "{revision}"
    down_revision = "{head}"
    branch_labels = depends_on = None


    def upgrade() -> None:
        op.add_column("team", sa.Column("half_done", sa.Text()))
        op.create_table("half_done", sa.Column("id", sa.Integer, primary_key=True))
        with op.batch_alter_table("user_account", recreate="always") as table:
            table.add_column(sa.Column("half_done", sa.Text()))
        op.execute("UPDATE team SET name = 'Halvt' WHERE id = 1")
        {end}
'''


def _with(monkeypatch: pytest.MonkeyPatch, folder: Path, end: str) -> str:
    """The line of migrations with one more at its end."""
    revision = "999_half_done"
    source = dedent(BROKEN).format(revision=revision, head=_head(), end=end)
    (folder / f"{revision}.py").write_text(source)
    plain = migrations.config

    def config() -> Config:
        settings = plain()
        settings.set_main_option("version_path_separator", "os")
        settings.set_main_option("version_locations", f"{migrations.HERE / 'versions'}:{folder}")
        return settings

    monkeypatch.setattr(migrations, "config", config)
    return revision


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_an_interrupted_migration_leaves_nothing_half_done(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with database.write() as db:
        add_company(db, responsible=add_user(db))
    before = _everything(database)
    _with(monkeypatch, tmp_path, "raise ZeroDivisionError")
    with pytest.raises(ZeroDivisionError):
        migrations.upgrade(database)
    assert _everything(database) == before
    with database.write() as db:
        assert db.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert users.find(db, "anna@kommune.test")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_rebuilt_table_has_its_guards_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with database.write() as db:
        add_company(db, responsible=add_user(db))
    with database.writer.connect() as connection:
        before = _guards(connection)
    revision = _with(monkeypatch, tmp_path, "pass")
    migrations.upgrade(database)
    with database.writer.connect() as connection:
        assert migrations.current(connection) == revision
        assert "half_done" in {column["name"] for column in inspect(connection).get_columns("user_account")}
        assert _guards(connection) == before
    with pytest.raises(Exception, match="closed, never deleted"), database.write() as db:
        db.execute(text("DELETE FROM user_account"))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_migration_that_would_leave_rows_without_their_company_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with database.write() as db:
        add_company(db, responsible=add_user(db))
    before = _everything(database)
    _with(monkeypatch, tmp_path, "op.execute('DELETE FROM company')")
    with pytest.raises(RuntimeError, match="without what they point at"):
        migrations.upgrade(database)
    assert _everything(database) == before


def _everything(database: Database) -> list[tuple[object, ...]]:
    """The whole schema and a count of every table."""
    with database.writer.connect() as connection:
        schema = connection.execute(
            text("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2")
        ).all()
        names = [row[1] for row in schema if row[0] == "table" and not str(row[1]).startswith("search_fts_")]
        counts = [connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar() for name in names]
        return [*map(tuple, schema), tuple(counts)]
