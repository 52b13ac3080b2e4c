"""What can be imported, by name: the command line and the import page offer the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from importers.contacts import take_contacts
from importers.cvr.documents import read
from importers.cvr.parse import DocumentRefused, parse
from importers.spreadsheet.companies import companies
from importers.spreadsheet.contacts import contacts
from importers.spreadsheet.table import read_table

from crm.companies.register import RegisterCompany, RegisterUnit
from crm.db import Database
from crm.errors import Refused
from crm.settings import Settings
from importers.batch import Incoming, Intake
from importers.receipt import Receipt, batch


def _documents(path: Path) -> Iterator[Incoming]:
    for document in read(path):
        said: RegisterCompany | RegisterUnit | None = None
        error = document.error
        if document.source is not None:
            try:
                said = parse(document.source)
            except (DocumentRefused, Refused) as refusal:
                error = str(refusal)
        yield Incoming(document.line, said, error)


def import_cvr(
    database: Database, path: Path, *, now: datetime, dry_run: bool = False, settings: Settings, actor: str = "command line",
    user_id: int | None = None, name: str | None = None,
) -> Receipt:  # fmt: skip
    """Take in a file of the register's own documents."""
    with batch(
        database, kind="cvr", file=name or path.name, actor=actor, now=now, dry_run=dry_run, user_id=user_id
    ) as work:
        Intake.begin(work, trusted=True).take(_documents(path))
    return work.receipt


def import_companies(
    database: Database, path: Path, *, now: datetime, dry_run: bool = False, settings: Settings, actor: str = "command line",
    user_id: int | None = None, name: str | None = None,
) -> Receipt:  # fmt: skip
    """Take in a list of companies kept by hand."""
    table = read_table(path)
    with batch(
        database,
        kind="companies",
        file=name or path.name,
        actor=actor,
        now=now,
        dry_run=dry_run,
        user_id=user_id,
    ) as work:
        rows = (Incoming(row.line, row.company, row.error, row.responsible_email) for row in companies(table))
        Intake.begin(work, trusted=False).take(rows)
        work.receipt.columns_left_out = list(getattr(table, "unknown", []))
    return work.receipt


def import_contacts(
    database: Database, path: Path, *, now: datetime, dry_run: bool = False, settings: Settings, actor: str = "command line",
    user_id: int | None = None, name: str | None = None,
) -> Receipt:  # fmt: skip
    """Take in a list of people at companies."""
    table = read_table(path)
    with batch(
        database,
        kind="contacts",
        file=name or path.name,
        actor=actor,
        now=now,
        dry_run=dry_run,
        user_id=user_id,
    ) as work:
        take_contacts(work, contacts(table))
        work.receipt.columns_left_out = list(getattr(table, "unknown", []))
    return work.receipt


KINDS: dict[str, Callable[..., Receipt]] = {
    "cvr": import_cvr,
    "companies": import_companies,
    "contacts": import_contacts,
}
