"""Taking companies and places of work in from a file, thousands a second, all or nothing.

Rows are compared and written in chunks, past the ORM; the rules hold all the same, since they are the
database's. Every new company gets its responsible consultant in the same transaction.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

from crm.companies.register import RegisterUnit
from importers.companies import Companies
from importers.receipt import Batch
from importers.store import Incoming
from importers.units import Units

CHUNK = 2000


def take_in(batch: Batch, rows: Iterable[Incoming], *, trusted: bool) -> None:
    """Take in every row. Places of work wait on disk until all companies of the file are known."""
    companies, units = Companies(batch, trusted=trusted), Units(batch)
    with tempfile.TemporaryFile() as waiting:
        for chunk in _chunks(_companies_first(batch, rows, waiting), "cvr"):
            companies.take(chunk)
        waiting.seek(0)
        for chunk in _chunks(_unpickled(waiting), "p_number"):
            units.take(chunk)


def _companies_first(batch: Batch, rows: Iterable[Incoming], waiting: IO[bytes]) -> Iterator[Incoming]:
    for row in rows:
        if row.said is None:
            batch.receipt.refuse(row.line, row.where + (row.error or "Rækken kan ikke læses."))
        elif isinstance(row.said, RegisterUnit):
            pickle.dump(row, waiting, pickle.HIGHEST_PROTOCOL)
        else:
            yield row


def _unpickled(waiting: IO[bytes]) -> Iterator[Incoming]:
    # Our own rows in a nameless file of our own, gone when it is closed.
    while True:
        try:
            yield pickle.load(waiting)  # noqa: S301
        except EOFError:
            return


def _chunks(rows: Iterable[Incoming], key: str) -> Iterator[list[Incoming]]:
    """Chunks in which no key stands twice: a second mention is compared with what the first one wrote."""
    chunk: list[Incoming] = []
    seen: set[str] = set()
    for row in rows:
        mine = getattr(row.said, key)
        if len(chunk) == CHUNK or mine in seen:
            yield chunk
            chunk, seen = [], set()
        chunk.append(row)
        seen.add(mine)
    if chunk:
        yield chunk
