"""One file to back up, and back again."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import make_url

from crm.db import Database, sqlite_module
from crm.errors import Conflict
from crm.settings import Settings

ONLY_SQLITE = (
    "Det gælder kun SQLite. Brug PostgreSQL's egne værktøjer, pg_dump og pg_restore; se docs/operations.md."
)


def backup(database: Database, file: Path) -> None:
    """Write a whole, consistent copy beside and put it in place at the end."""
    if database.dialect != "sqlite":
        raise Conflict(ONLY_SQLITE)
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    source = sqlite_module().connect(make_url(database.url).database)
    target = sqlite_module().connect(part)
    try:
        source.backup(target)
        # A copy is one file: no log of its own beside it.
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        target.close()
        source.close()
    _put_in_place(part, file)


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
    part.write_bytes(file.read_bytes())
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
