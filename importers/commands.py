"""What can be imported, by name: the command line and the import page offer the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from sqlalchemy.exc import OperationalError

from crm.companies.register import RegisterCompany, RegisterUnit
from crm.db import BUSY, LOST_RACE, Database
from crm.errors import Refused
from crm.settings import Settings
from importers.agreements import take_agreements
from importers.batch import take_in
from importers.contacts import take_contacts
from importers.cvr.documents import Document, read
from importers.cvr.parse import DocumentRefused, NoDocument, parse
from importers.interactions import take_interactions
from importers.receipt import Batch, Receipt, batch, sayable
from importers.spreadsheet import agreements, companies, contacts, interactions
from importers.spreadsheet.table import Layout, Table, read_table
from importers.store import Incoming

NOTHING_OF_OURS = "Der er ingen dokumenter fra CVR i filen."
# Somebody else's change came in between, or the database was taken for long: the whole file is tried anew.
TRIES = 10

Take = Callable[[Batch], None]
Prepare = Callable[[Path, Settings], AbstractContextManager[Take]]


class Import(Protocol):
    """Takes a file in. `name` is what the file is called where it comes from."""

    def __call__(
        self, database: Database, path: Path, *, now: datetime, settings: Settings, dry_run: bool = False,
        actor: str = "command line", user_id: int | None = None, name: str | None = None,
    ) -> Receipt: ...  # fmt: skip


def _documents(path: Path) -> Iterator[Incoming]:
    """What each document says. Raises Refused at the end when none was the register's."""
    strangers = others = 0
    for document in read(path):
        row, is_ours = _said(document)
        strangers, others = strangers + (not is_ours), others + is_ours
        yield row
    if strangers and not others:
        raise Refused("file", NOTHING_OF_OURS)


def _said(document: Document) -> tuple[Incoming, bool]:
    """The document as a row, and whether it is one of the register's at all."""
    said: RegisterCompany | RegisterUnit | None = None
    error, is_ours = document.error, document.source is not None
    if document.source is not None:
        try:
            said = parse(document.source)
        except DocumentRefused as refusal:
            error, is_ours = str(refusal), not isinstance(refusal, NoDocument)
    where = f"Dokument {document.number}: " if document.number is not None else ""
    return Incoming(document.line, said, error, where=where), is_ours


def _register(path: Path, _settings: Settings) -> AbstractContextManager[Take]:
    return nullcontext(lambda work: take_in(work, _documents(path), trusted=True))


def _list(layout: Layout, take: Callable[[Batch, Table, Settings], None]) -> Prepare:
    """Reads the list before the transaction begins, so that nobody waits for it."""

    @contextmanager
    def prepare(path: Path, settings: Settings) -> Iterator[Take]:
        with read_table(path, layout) as table:

            def carry_out(work: Batch) -> None:
                take(work, table, settings)
                work.receipt.columns_left_out = [sayable(name, 100) for name in table.unknown]

            yield carry_out

    return prepare


def _companies(work: Batch, table: Table, _settings: Settings) -> None:
    take_in(work, companies.companies(table), trusted=False)


def _contacts(work: Batch, table: Table, _settings: Settings) -> None:
    take_contacts(work, table, contacts.contacts(table))


def _agreements(work: Batch, table: Table, settings: Settings) -> None:
    today = work.now.astimezone(settings.zone).date()
    take_agreements(work, table, agreements.agreements(table, today), today)


def _interactions(work: Batch, table: Table, settings: Settings) -> None:
    rows = interactions.interactions(table, work.now, settings.zone, settings.opens_at)
    take_interactions(work, table, rows)


def run(
    kind: str, prepare: Prepare, database: Database, path: Path, *, now: datetime, settings: Settings,
    dry_run: bool = False, actor: str = "command line", user_id: int | None = None, name: str | None = None,
) -> Receipt:  # fmt: skip
    """Take one file in, as one transaction."""
    file = name or path.name
    begin = partial(
        batch, database, kind=kind, file=file, actor=actor, now=now, dry_run=dry_run, user_id=user_id
    )
    with prepare(path, settings) as take:
        for _ in range(TRIES - 1):
            try:
                return _take_in_one(begin, take)
            except (*BUSY, *LOST_RACE) as error:
                if not _may_go_well(error):
                    raise
        return _take_in_one(begin, take)


def _take_in_one(begin: Callable[[], AbstractContextManager[Batch]], take: Take) -> Receipt:
    with begin() as work:
        take(work)
    return work.receipt


def _may_go_well(error: Exception) -> bool:
    """Whether the same file may go in another time. A database that is gone does not come back so soon."""
    said = str(error.orig).lower() if isinstance(error, OperationalError) else "locked"
    return any(word in said for word in ("locked", "deadlock", "lock timeout"))


_PREPARED: dict[str, Prepare] = {
    "cvr": _register,
    "companies": _list(companies.LAYOUT, _companies),
    "contacts": _list(contacts.LAYOUT, _contacts),
    "agreements": _list(agreements.LAYOUT, _agreements),
    "interactions": _list(interactions.LAYOUT, _interactions),
}
KINDS: dict[str, Import] = {kind: partial(run, kind, prepare) for kind, prepare in _PREPARED.items()}
