"""One file to back up, and back again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from crm.access_log.models import AccessEntry, LogBase
from crm.access_log.store import AccessLog, log_of
from crm.db import Database, sqlite_module
from crm.errors import Conflict
from crm.settings import Settings

ONLY_SQLITE = (
    "Det gælder kun SQLite. Brug PostgreSQL's egne værktøjer, pg_dump og pg_restore; se docs/operations.md."
)

LOG_TABLES = tuple(table.name for table in LogBase.metadata.sorted_tables)
_FACTS = ", ".join(column.name for column in AccessEntry.__table__.columns if column.name != "id")
_OF_USE = "at >= (SELECT before FROM log.access_horizon)"
_MERGE = (
    "BEGIN IMMEDIATE",
    # Names of ours, all of them.
    f"INSERT INTO log.access_entry (id, {_FACTS}) SELECT id, {_FACTS} FROM main.access_entry "  # noqa: S608
    f"WHERE {_OF_USE} AND id NOT IN (SELECT id FROM log.access_entry)",
    # The same number for something else: the log that stands here is not the one the copy was made of.
    f"INSERT INTO log.access_entry ({_FACTS}) SELECT {_FACTS} FROM main.access_entry AS copied "  # noqa: S608
    f"WHERE {_OF_USE} AND EXISTS (SELECT 1 FROM log.access_entry AS kept WHERE kept.id = copied.id "
    "AND kept.at <> copied.at)",
    "UPDATE log.access_horizon SET before = (SELECT before FROM main.access_horizon) "
    "WHERE before < (SELECT before FROM main.access_horizon)",
    *(f"DROP TABLE main.{table}" for table in LOG_TABLES),
    "COMMIT",
)


def backup(database: Database, file: Path) -> None:
    """Write a whole, consistent copy beside and put it in place at the end."""
    if database.dialect != "sqlite":
        raise Conflict(ONLY_SQLITE)
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    source = sqlite_module().connect(make_url(database.url).database)
    target = sqlite_module().connect(part)
    target.isolation_level = None
    try:
        source.backup(target)
        _add_log(target, log_of(database))
        # A copy is one file: no log of its own beside it.
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        target.close()
        source.close()
    _put_in_place(part, file)


def _add_log(copy: Any, log: AccessLog) -> None:
    """The access log is a file of its own while it is in use; in a copy its rows stand beside the others."""
    log.ready()
    copy.execute("ATTACH DATABASE ? AS log", (str(log.file),))
    copy.execute("BEGIN")
    for table in LOG_TABLES:
        copy.execute(f"CREATE TABLE main.{table} AS SELECT * FROM log.{table}")  # noqa: S608  # Names of ours.
    copy.execute("COMMIT")
    copy.execute("DETACH DATABASE log")


def _take_log_out(settings: Settings, part: Path) -> None:
    """Put a copy's rows of the access log back among those there are, and out of the copy.

    Nothing that was logged after the copy was made is lost by going back to it, and nothing comes back that
    has had its time.
    """
    copy = sqlite_module().connect(part, isolation_level=None)
    try:
        has_log = copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'access_entry'").fetchone()
        if has_log:
            log = AccessLog(Database(settings.url))
            log.ready()
            log.close()
            copy.execute("ATTACH DATABASE ? AS log", (str(log.file),))
            for statement in _MERGE:
                copy.execute(statement)
            copy.execute("DETACH DATABASE log")
            copy.execute("VACUUM")
    except sqlite_module().DatabaseError as error:
        raise Conflict(f"Adgangsloggen kan ikke læses: {error}. Flyt filen væk, og prøv igen.") from error
    finally:
        copy.close()


def restore(settings: Settings, file: Path) -> None:
    """Put a copy in the database's place, after looking whether it is whole."""
    url = make_url(settings.url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise Conflict(ONLY_SQLITE)
    copy = sqlite_module().connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    try:
        if copy.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise Conflict(f"{file} er beskadiget og er ikke taget i brug.")
        copy.execute("SELECT 1 FROM company LIMIT 1")
    except sqlite_module().DatabaseError as error:
        raise Conflict(f"{file} er ikke en sikkerhedskopi af Én indgang.") from error
    finally:
        copy.close()
    target = Path(url.database)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    shutil.copyfile(file, part)
    _take_log_out(settings, part)
    for leftover in ("-wal", "-shm"):
        target.with_name(target.name + leftover).unlink(missing_ok=True)
    _put_in_place(part, target)


def _put_in_place(part: Path, file: Path) -> None:
    """Let a whole file take the other's name, for its owner's eyes only; it stands after a power cut."""
    part.chmod(0o600)
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(file)
    folder = os.open(file.resolve().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
