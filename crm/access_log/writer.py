"""Rows of the access log on their way to the disk: many at once, and each answer waits for its own.

One thread of the process takes all that has gathered, writes it in one transaction and commits; meanwhile the
next gather. So an answer waits for at most two commits, however many readers there are (group commit).

A commit hands the rows to the system, where the end of the program cannot touch them; about once a second they are
flushed to the disk, so that a power cut takes no more than that second.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Any

from crm import cpr
from crm.access_log.models import LONGEST, WITHHELD, AccessEntry, ActorKind, Outcome
from crm.db import Database
from crm.errors import CrmError
from crm.types import Utc, storable

# Seconds after which rows are flushed to the disk.
FLUSH = 1.0
# Rows in one transaction.
MOST = 500
# So many may wait; beyond that the disk is not keeping up, and pages are refused at once.
WAITING = 5_000


class Unwritten(CrmError):
    """The log could not be written, so nothing may be shown. `why` is in the database's own words."""

    status = 503

    def __init__(self, why: str) -> None:
        super().__init__(f"Adgangsloggen kan ikke skrives, og derfor vises intet: {why}")
        self.why = why


@dataclass(frozen=True)
class Entry:
    """Who was shown what, as it will stand in the log."""

    at: datetime
    actor_kind: ActorKind
    actor_id: int | None
    outcome: Outcome
    route: str
    object_kind: str
    object_key: str | None = None
    company: str | None = None
    criterion: str | None = None


def kept(text: str | None) -> str | None:
    """A criterion as it is kept: cut to its length, and not at all when it seems to hold a CPR number."""
    if not text or not text.strip():
        return None
    if cpr.has_cpr(text):
        return WITHHELD
    return storable(text.strip(), LONGEST).strip() or None


_COLUMNS = tuple(column.name for column in AccessEntry.__table__.columns if column.name != "id")
_UTC = Utc()
_Waiting = tuple[Entry, "Future[None]"]


class Writer:
    """The one thread that writes the log for this process; it begins with the first row."""

    def __init__(self, database: Database, before: Callable[[], None]) -> None:
        self._database, self._before = database, before
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._lock = Lock()

    def put(self, entry: Entry) -> Future[None]:
        """Have a row written. The future is done when it stands on the disk, and raises when it cannot."""
        done: Future[None] = Future()
        if self._queue.qsize() >= WAITING:
            done.set_exception(Unwritten("The access log does not keep up."))
            return done
        if self._thread is None or not self._thread.is_alive():
            self._begin()
        self._queue.put((entry, done))
        return done

    def write(self, entry: Entry, patience: float = 10.0) -> None:
        """Write a row and wait for it; raises when it cannot be written."""
        try:
            self.put(entry).result(patience)
        except TimeoutError:
            raise Unwritten("it took too long.") from None

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, name="access-log", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Write what is waiting, and end."""
        with self._lock:
            if self._thread is not None:
                self._queue.put(None)
                self._thread.join()
                self._thread = None

    def _work(self) -> None:
        unflushed: float | None = None
        while True:
            try:
                first = self._queue.get(timeout=None if unflushed is None else FLUSH)
            except Empty:
                self._flush()
                unflushed = None
                continue
            batch, ended = self._gathered(first) if first is not None else ([], True)
            if batch:
                self._commit(batch)
                unflushed = unflushed or monotonic()
            if ended or (unflushed is not None and monotonic() - unflushed >= FLUSH):
                self._flush()
                unflushed = None
            if ended:
                return

    def _flush(self) -> None:
        """Let the disk have what it has not had yet. PostgreSQL does so by itself, about as often."""
        if self._database.dialect != "sqlite":
            return
        connection = None
        try:
            connection = self._database.writer.raw_connection()
            driver: Any = connection.driver_connection
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)")
        # Whatever it is, the next row that cannot be written says so; the thread must live to write it.
        except Exception:
            if connection is not None:
                connection.invalidate()
        finally:
            if connection is not None:
                connection.close()

    def _gathered(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        """What waits now, and whether the end has been asked for."""
        batch = [first]
        while len(batch) < MOST:
            try:
                following = self._queue.get_nowait()
            except Empty:
                break
            if following is None:
                return batch, True
            batch.append(following)
        return batch, False

    def _commit(self, batch: list[_Waiting]) -> None:
        # Whoever has gone away meanwhile has a row all the same, and hears of nothing.
        waiting = [done for _, done in batch if done.set_running_or_notify_cancel()]
        try:
            self._before()
            self._insert([entry for entry, _ in batch])
        # Whatever it is, nobody may be told that the row stands there; each who waits hears of it.
        except BaseException as error:
            # Only the first line of what the database says: the others may repeat the row.
            said = str(getattr(error, "orig", error)).splitlines()
            for done in waiting:
                trouble = Unwritten(said[0] if said else type(error).__name__)
                trouble.__cause__ = error
                done.set_exception(trouble)
        else:
            for done in waiting:
                done.set_result(None)

    def _insert(self, entries: list[Entry]) -> None:
        """All of them by one statement, which is a transaction by itself, past SQLAlchemy.

        While the driver is at work, a page is being made on another thread. Every step back into Python waits
        until that thread lets go, which may be longer than the disk takes; so there is one step.
        """
        engine, mark = self._database.writer, "?" if self._database.dialect == "sqlite" else "%s"
        row = f"({', '.join([mark] * len(_COLUMNS))})"
        names, rows = ", ".join(_COLUMNS), ", ".join([row] * len(entries))
        statement = f"INSERT INTO access_entry ({names}) VALUES {rows}"  # noqa: S608  # Names of ours.
        values = [self._stored(getattr(entry, name)) for entry in entries for name in _COLUMNS]
        connection = engine.raw_connection()
        try:
            driver: Any = connection.driver_connection
            if self._database.dialect == "postgresql":
                driver.autocommit = True
            driver.execute(statement, values)
            if self._database.dialect == "postgresql":
                driver.autocommit = False
        except BaseException:
            connection.invalidate()
            raise
        finally:
            connection.close()

    def _stored(self, value: object) -> object:
        """As the columns' own types would have it; the texts have been cleaned, or are ours."""
        if isinstance(value, datetime):
            return _UTC.process_bind_param(value, self._database.writer.dialect)
        return str(value) if isinstance(value, str) else value
