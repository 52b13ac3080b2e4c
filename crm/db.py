"""The database: two engines behind one face, reading sessions and writing sessions.

Rules that hold everywhere (promises: nothing acknowledged is lost, nothing half done):
a writing session commits once, when its block ends well; a reading session never writes.
On SQLite a writing session begins with BEGIN IMMEDIATE, so that two writers wait for each
other instead of failing, and `synchronous=FULL` makes a commit survive a power cut.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Protocol

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Date,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from crm.errors import NotFound

__all__ = [
    "BUSY",
    "LOST_RACE",
    "NOT_READY",
    "Base",
    "Bytewise",
    "Database",
    "Key",
    "Row",
    "Session",
    "reserve",
    "sqlite_module",
    "upsert",
]

# What the database says when it is too busy, and when a colleague was first. For the floors above.
BUSY = (OperationalError, PoolTimeoutError)
LOST_RACE = (IntegrityError, StaleDataError)
# What it says when it is not there, or not brought up to date.
NOT_READY = (*BUSY, ProgrammingError)

PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "trusted_schema": 0,
    "busy_timeout": 15000,
    "cell_size_check": 1,
}
# PostgreSQL's code for a number too large for its column.
OUT_OF_RANGE = "22003"
# Seconds a connection to PostgreSQL may rest and still be taken for alive.
MOMENT = 5.0
# The WAL-reset bug (sqlite.org/wal.html#walresetbug) is fixed in these versions.
SAFE_SQLITE = (3, 51, 3)

# Text compared byte by byte on both engines, whatever the server's locale: for order, ranges and prefixes.
Bytewise = Text().with_variant(Text(collation="C"), "postgresql")
Key = BigInteger().with_variant(Integer(), "sqlite")


@compiles(Text, "sqlite")
@compiles(Date, "sqlite")
def _as_text(_type: Any, _compiler: Any, **_: Any) -> str:
    """STRICT tables know only INTEGER, REAL, TEXT and BLOB."""
    return "TEXT"


@compiles(Boolean, "sqlite")
@compiles(BigInteger, "sqlite")
def _as_integer(_type: Any, _compiler: Any, **_: Any) -> str:
    return "INTEGER"


class Base(DeclarativeBase):
    """All tables. `__data_class__` says what kind of data a table holds, for the record of processing."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    __data_class__: ClassVar[str]
    __audited__: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if isinstance(table := getattr(cls, "__table__", None), Table):
            table.dialect_options["sqlite"]["strict"] = True


def upsert(db: Session, table: type[Base]) -> Any:
    """An insert that may say what happens when the row is there already, in the engine's own words.

    SQLAlchemy's `insert` has no `on_conflict_do_nothing` and `on_conflict_do_update`; those of the two engines
    have, alike but unrelated.
    """
    make = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    return make(table)


def reserve(db: Session, table: type[Row], number: int) -> list[int]:
    """Keys for rows that must know each other's before they are written, or are written in bulk.

    PostgreSQL hands them out of the sequence. On SQLite the transaction is the only writer, so the next free
    ones are ours.
    """
    name = inspect(table).local_table.name
    if db.get_bind().dialect.name == "postgresql":
        serial = func.nextval(func.pg_get_serial_sequence(name, "id"))
        return list(db.scalars(select(serial).select_from(func.generate_series(1, number))))
    last = db.scalar(select(func.max(table.id))) or 0
    return list(range(last + 1, last + 1 + number))


class Row:
    """The usual key."""

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True, sort_order=-10)


def sqlite_module() -> ModuleType:
    """The newest SQLite at hand: the wheel's where there is one, else Python's own."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    return dbapi2  # type: ignore[no-any-return]


def _prepare_sqlite(connection: Any, *, readonly: bool, flushes: bool) -> None:
    connection.isolation_level = None  # The driver must emit no BEGIN of its own.
    cursor = connection.cursor()
    for name, wanted in (PRAGMAS | ({} if flushes else {"synchronous": 1})).items():
        cursor.execute(f"PRAGMA {name}={wanted}")
        found = cursor.execute(f"PRAGMA {name}").fetchone()[0]
        if found != wanted:
            raise RuntimeError(f"SQLite did not accept {name}={wanted} (it says {found}).")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.execute("PRAGMA journal_size_limit=67108864")
    # In KiB, and each connection has its own: the file's pages are in the system's memory anyway.
    cursor.execute(f"PRAGMA cache_size={-4096 if readonly else -16384}")
    if readonly:
        cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _no_such_key(context: ExceptionContext) -> None:
    """A key of more than 64 bits, in an address that somebody made up, is a row that does not exist."""
    error = context.original_exception
    beyond = getattr(error, "sqlstate", None) == OUT_OF_RANGE and "bigint" in str(error)
    if beyond or isinstance(error, OverflowError):
        raise NotFound


def _sqlite_engine(url: str, *, readonly: bool, size: int, flushes: bool = True) -> Engine:
    engine = create_engine(
        url,
        module=sqlite_module(),
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=15,
        # The connection used last has the warmest cache.
        pool_use_lifo=True,
        # What was sent must not come back in an error and from there into a log.
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": 15},
    )

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        _prepare_sqlite(connection, readonly=readonly, flushes=flushes)

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

    event.listen(engine, "handle_error", _no_such_key)
    return engine


def _postgres_engine(url: str, *, size: int, schema: str | None = None, flushes: bool = True) -> Engine:
    within = f" -c search_path={schema}" if schema else ""
    within += "" if flushes else " -c synchronous_commit=off"
    engine = create_engine(
        url,
        pool_size=size,
        max_overflow=2,
        pool_timeout=5,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            "options": "-c statement_timeout=15s -c lock_timeout=5s -c timezone=UTC"
            f" -c idle_in_transaction_session_timeout=60s{within}",
        },
    )
    event.listen(engine, "handle_error", _no_such_key)
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", _ping_after_rest)
    return engine


def _note_rest(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = time.monotonic()


def _ping_after_rest(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Look whether the server is still there, unless the connection was in use a moment ago.

    SQLAlchemy's own look goes before every use. A server that goes away within the moment costs one answer
    with the word to try again, and then all connections are made anew.
    """
    if time.monotonic() - record.info.get("rests_since", 0.0) < MOMENT:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except connection.Error as error:
        raise DisconnectionError from error


class Closing(Protocol):
    """What can be closed."""

    def close(self) -> None:
        """Let go of everything."""


class Database:
    """One database, whichever engine the URL names.

    `read()` yields a session that cannot write; `write()` yields one that commits when the block ends
    and rolls back when it raises. On PostgreSQL it may stand in a schema of its own. Without `flushes` a commit is
    safe from the end of the program at once, and from a power cut a moment later.
    """

    def __init__(
        self, url: str, *, readers: int = 8, schema: str | None = None, flushes: bool = True
    ) -> None:
        self.url = url
        # What others keep beside this database, by name, and close with it.
        self.beside: dict[str, Closing] = {}
        self.dialect = make_url(url).get_backend_name()
        if self.dialect == "sqlite":
            Path(make_url(url).database or "").parent.mkdir(parents=True, exist_ok=True)
            # One writing connection a process: SQLite has one writer, and the pool's queue is fairer than
            # its busy handler.
            self.writer = _sqlite_engine(url, readonly=False, size=1, flushes=flushes)
            self.reader = _sqlite_engine(url, readonly=True, size=readers, flushes=flushes)
        else:
            self.writer = _postgres_engine(url, size=readers, schema=schema, flushes=flushes)
            self.reader = self.writer.execution_options(postgresql_readonly=True)
        self._write = sessionmaker(self.writer, expire_on_commit=False)
        self._read = sessionmaker(self.reader, autoflush=False, expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading. It never commits."""
        with self._read() as session:
            yield session

    @contextmanager
    def write(self, actor: str = "system", user_id: int | None = None) -> Iterator[Session]:
        """A session for one change. `actor` and `user_id` are who the audit log says did it."""
        with self._write() as session, session.begin():
            session.info.update(actor=actor, user_id=user_id)
            yield session

    def close(self) -> None:
        """Let go of all connections."""
        while self.beside:
            self.beside.popitem()[1].close()
        self.writer.dispose()
        self.reader.dispose()
