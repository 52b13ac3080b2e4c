"""From cells to what they mean, row by row: each row either says something or why it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar

from crm.errors import Refused
from importers.spreadsheet.cells import Cells
from importers.spreadsheet.table import Table

T = TypeVar("T")


class Row(NamedTuple, Generic[T]):
    """A row of a list: what it says, or why it cannot be read."""

    line: int
    said: T | None
    error: str | None = None


def rows(table: Table, read: Callable[[Cells], T]) -> Iterator[Row[T]]:
    """Every row of the list that is not empty."""
    for cells in table.rows():
        try:
            yield Row(cells.line, read(cells))
        except Refused as refusal:
            yield Row(cells.line, None, table.place(refusal.field) + refusal.message)
