"""Where the access log stands: a file beside SQLite's, a schema of its own within PostgreSQL.

Pages are read by many while one writes; on SQLite every page would have to queue for the one writer if the log
were a table of the same file. In a file of its own it has a writer of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import cast

from sqlalchemy import Connection, Table, inspect, make_url, text

from crm.access_log.models import LOG_GUARDS, AccessHorizon, LogBase
from crm.access_log.writer import Writer
from crm.db import Database, Session
from crm.guards import lay_guards

SCHEMA = "access_log"
# Two to read by: the page that shows the log, and a file of it.
READERS = 2
_NAME = "access_log"
_opening = Lock()
# Where the horizon stands until something is deleted.
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def file_of(database_file: Path) -> Path:
    """The log's file beside the database's: enindgang.db has enindgang-access.db."""
    return database_file.with_name(f"{database_file.stem}-access{database_file.suffix}")


class AccessLog:
    """The log of one database, with the one thread of this process that writes it."""

    def __init__(self, beside: Database) -> None:
        url = make_url(beside.url)
        if beside.dialect == "sqlite":
            self.file: Path | None = file_of(Path(url.database or ""))
            url = url.set(database=str(self.file))
        else:
            self.file = None
        whole = url.render_as_string(hide_password=False)
        self.database = Database(whole, readers=READERS, schema=SCHEMA, flushes=False)
        self._inode: int | None = None
        self._laying = Lock()
        self.writer = Writer(self.database, before=self.ready)

    def ready(self) -> None:
        """A file that is not there is made; PostgreSQL's schema comes with `enindgang migrate`.

        A file that was taken away under us would still take rows, and lose them with the last connection.
        """
        if self.file is None or (self._inode is not None and self._inode == _inode(self.file)):
            return
        with self._laying:
            self.database.close()
            if not self.is_laid():
                self.lay()
            self._inode = _inode(self.file)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading the log."""
        self.ready()
        with self.database.read() as session:
            yield session

    @contextmanager
    def write(self, actor: str = "system") -> Iterator[Session]:
        """A session for its own upkeep; rows go through the writer."""
        self.ready()
        with self.database.write(actor) as session:
            yield session

    def is_laid(self) -> bool:
        """Whether its tables are there."""
        with self.database.reader.connect() as connection:
            return inspect(connection).has_table("access_horizon")

    def lay(self) -> None:
        """Make what is missing, and lay its guards anew."""
        with self.database.writer.begin() as connection:
            if self.database.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(20260102)"))
                connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            lay(connection)
        if self.file is not None:
            self.file.chmod(0o600)

    def close(self) -> None:
        """Write what is still waiting, and let go."""
        self.writer.close()
        self.database.close()


def _inode(file: Path) -> int | None:
    try:
        return file.stat().st_ino
    except FileNotFoundError:
        return None


def lay(connection: Connection) -> None:
    """The log's tables and guards on this connection, inside its transaction."""
    LogBase.metadata.create_all(connection)
    table = cast("Table", AccessHorizon.__table__)
    if connection.execute(table.select()).first() is None:
        connection.execute(table.insert().values(id=1, before=LONG_AGO))
    lay_guards(connection, LOG_GUARDS)


def log_of(database: Database) -> AccessLog:
    """The log beside this database; closed with it."""
    with _opening:
        found = database.beside.get(_NAME)
        if not isinstance(found, AccessLog):
            found = database.beside[_NAME] = AccessLog(database)
        return found
