"""What a list is: its filter, its columns, and where its rows come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.db import Session
from crm.lists.models import ListKind
from web.lists.reading import Reader
from web.sheets import Cell, Heading

# What is read beside the rows for columns that need it: name of it → key → value.
Extras = Mapping[str, Mapping[Any, Any]]


@dataclass(frozen=True)
class Part:
    """A column of the file."""

    heading: Heading
    value: Callable[[Any, Extras], Cell]


@dataclass(frozen=True)
class Column:
    """A column of the page that can be chosen, and the columns of the file that it stands for."""

    key: str
    heading: str
    parts: Sequence[Part]
    # Shown to whoever has chosen nothing.
    usual: bool = False
    # Shows more of a row than a line has.
    whole: bool = False
    # What has to be read beside the rows.
    extra: str | None = None


@dataclass(frozen=True)
class Listing:
    """One of the lists. `word` is its name in addresses and file names."""

    kind: ListKind
    word: str
    title: str
    template: str
    section: str
    fields: Sequence[str]
    # In the file these come first, whatever is chosen.
    first: Sequence[Part]
    columns: Sequence[Column]
    read: Callable[[Reader], Any]
    # Session, what is wanted, where to go on, how many, whole or lines → rows and where to go on.
    page: Callable[[Session, Any, Any, int, bool], tuple[Sequence[Any], tuple[Any, ...] | None]]
    place: Callable[[str], Any]
    extras: Callable[[Session, Sequence[Any], frozenset[str]], Extras] = field(
        default=lambda _db, _rows, _names: {}
    )
    ids: Callable[[Session, Any, int], Sequence[int]] | None = None

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/{self.word}"

    def chosen(self, keys: Sequence[str]) -> list[Column]:
        """These columns in the list's order; the usual ones when none of them is known."""
        found = [column for column in self.columns if column.key in keys]
        return found or [column for column in self.columns if column.usual]

    def beside(self, db: Session, rows: Sequence[Any], columns: Sequence[Column]) -> Extras:
        """What these columns need beside the rows."""
        wanted = frozenset(column.extra for column in columns if column.extra)
        return self.extras(db, rows, wanted) if wanted and rows else {}
