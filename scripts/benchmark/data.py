"""Databases to measure in: filled once, kept in `.cache/bench/`, copied for every run.

A kept database belongs to the schema, the demo and the week it was made with; when one of them is another,
it is made anew. Every run works in a copy, so that what it writes is gone afterwards.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

from crm import migrations
from crm.db import Database, sqlite_module
from scripts.benchmark.postgres import server
from scripts.demo.fill import fill
from scripts.steps import ROOT, digest, say

CACHE = ROOT / ".cache" / "bench"
# What decides how a filled database looks.
SOURCES = ("crm/*.py", "crm/*/models.py", "crm/search/index.py", "crm/migrations/**/*", "scripts/demo/*.py")


def key(now: datetime) -> str:
    """What a kept database is named after."""
    files = sorted({file for pattern in SOURCES for file in ROOT.glob(pattern) if file.is_file()})
    kept = [file for file in files if "__pycache__" not in file.parts]
    return digest(f"{now:%G-%V}".encode(), *(file.read_bytes() for file in kept))[:12]


def fill_anew(url: str, companies: int, now: datetime) -> None:
    """Migrate an empty database and fill it, saying how long it took."""
    say(f"  Filling {companies:,} companies, once …")
    database = Database(url)
    try:
        began = time.perf_counter()
        migrations.upgrade(database)
        fill(database, now, companies=companies)
        seconds = time.perf_counter() - began
    finally:
        database.close()
    say(f"  Filled in {seconds:,.1f} s, {companies / seconds:,.0f} companies a second.")


class SQLite:
    """Files in the cache folder: on the very disk that everything else is on."""

    engine = "sqlite"

    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder, self.now, self.key = folder, now, key(now)
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def copy(self, companies: int) -> Iterator[str]:
        """A filled database's URL."""
        kept = self.folder / f"{companies}-{self.key}.db"
        if not kept.exists():
            self._make(kept, companies)
        with self.empty() as url:
            shutil.copyfile(kept, make_url(url).database or "")
            yield url

    def _make(self, kept: Path, companies: int) -> None:
        for outdated in self.folder.glob(f"{companies}-*"):
            outdated.unlink()
        part = kept.with_suffix(".part")
        fill_anew(f"sqlite:///{part}", companies, self.now)
        # Into the one file, and only then under the name that says it is whole.
        connection = sqlite_module().connect(part)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        part.rename(kept)
        # Nobody has looked at anything yet: its access log is made anew beside each copy.
        for beside in self.folder.glob(f"{kept.stem}-access*"):
            beside.unlink()

    @contextmanager
    def empty(self) -> Iterator[str]:
        """An empty database's URL."""
        path = self.folder / f"work-{uuid4().hex[:8]}.db"
        try:
            yield f"sqlite:///{path}"
        finally:
            for file in self.folder.glob(f"{path.stem}*"):
                file.unlink()


class PostgreSQL:
    """Databases on one server, the kept ones as templates of the others."""

    engine = "postgresql"

    def __init__(self, url: str, now: datetime) -> None:
        self.url, self.now, self.key = url, now, key(now)

    @contextmanager
    def copy(self, companies: int) -> Iterator[str]:
        """A filled database's URL."""
        kept = f"bench_{companies}_{self.key}"
        if kept not in self._names():
            self._make(kept, companies)
        with self._named(f"bench_work_{uuid4().hex[:8]}", kept) as url:
            yield url

    def _make(self, kept: str, companies: int) -> None:
        for outdated in self._names():
            if outdated.startswith(f"bench_{companies}_"):
                self._run(f"DROP DATABASE {outdated} WITH (FORCE)")
        part = f"bench_part_{uuid4().hex[:8]}"
        with self._named(part, "template1") as url:
            fill_anew(url, companies, self.now)
            # What autovacuum does within the minute after so much was written.
            self._run("VACUUM (ANALYZE)", url)
            self._run(f"CREATE DATABASE {kept} TEMPLATE {part}")

    @contextmanager
    def empty(self) -> Iterator[str]:
        """An empty database's URL."""
        with self._named(f"bench_work_{uuid4().hex[:8]}", "template1") as url:
            yield url

    @contextmanager
    def _named(self, name: str, template: str) -> Iterator[str]:
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield make_url(self.url).set(database=name).render_as_string(hide_password=False)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _names(self) -> list[str]:
        return [str(row[0]) for row in self._run("SELECT datname FROM pg_database ORDER BY datname")]

    def _run(self, statement: str, url: str | None = None) -> list[tuple[object, ...]]:
        plain = make_url(url or self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []


Store = SQLite | PostgreSQL


@contextmanager
def opened(engine: str, folder: Path = CACHE) -> Iterator[Store]:
    """The store of an engine."""
    now = datetime.now(UTC)
    if engine == "sqlite":
        yield SQLite(folder, now)
        return
    folder.mkdir(parents=True, exist_ok=True)
    with server(folder) as url:
        yield PostgreSQL(url, now)
