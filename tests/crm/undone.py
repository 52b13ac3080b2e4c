"""Changes that are tried and taken back, to see that nothing of them is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from crm.db import Database, Session


class _Undone(Exception):  # It ends a transaction on purpose.
    pass


@contextmanager
def undone(database: Database) -> Iterator[Session]:
    """A transaction that is rolled back at its end."""
    with suppress(_Undone), database.write() as db:
        yield db
        raise _Undone


@contextmanager
def undone_part(db: Session) -> Iterator[None]:
    """A part of a transaction that is rolled back at its end."""
    with suppress(_Undone), db.begin_nested():
        yield
        raise _Undone


def at_once(*works: Callable[[], None]) -> list[Exception]:
    """Do these at once, each in a thread of its own. What was raised, which is nothing when all is well."""
    raised: list[Exception] = []
    start = threading.Barrier(len(works))

    def do(work: Callable[[], None]) -> None:
        start.wait()
        try:
            work()
        except Exception as error:  # It is told to the main thread.
            raised.append(error)

    threads = [threading.Thread(target=do, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised
