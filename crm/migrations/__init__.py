"""Bringing a database to the schema this program knows, in one transaction, guards included."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from crm.access_log.store import log_of
from crm.db import Database
from crm.errors import Conflict

HERE = Path(__file__).parent
HEAD = (HERE / "HEAD").read_text().strip()


def config() -> Config:
    """Alembic's configuration, without a file of its own."""
    settings = Config()
    settings.set_main_option("script_location", str(HERE))
    settings.set_main_option("path_separator", "os")
    return settings


def current(connection: Connection) -> str | None:
    """The migration this database stands at; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the database to HEAD. Returns where it stood and where it stands now."""
    with database.writer.connect() as connection:
        if database.dialect == "sqlite":
            let_keys_rest(connection)
        before = current(connection)
        connection.rollback()
        settings = config()
        known = {step.revision for step in ScriptDirectory.from_config(settings).walk_revisions()}
        if before is not None and before not in known:
            raise Conflict(
                f"Databasen står ved {before}, som er nyere end programmet. Brug et nyere program."
            )
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
    log_of(database).lay()
    return before, HEAD


def let_keys_rest(connection: Connection) -> None:
    """Rebuilding a table must not cascade; all keys are checked before the commit instead.

    The pragma has no effect inside a transaction, so it goes past SQLAlchemy, and the connection is closed
    afterwards instead of going back to the pool without its keys.
    """
    connection.detach()
    driver = connection.connection.dbapi_connection
    if driver is not None:
        driver.execute("PRAGMA foreign_keys=OFF")
