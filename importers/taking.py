"""Taking the rows of a list in one by one, through the same actions as the pages do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from sqlalchemy.orm import Session

from crm.companies import queries as companies
from crm.companies.models import Company
from crm.db import Base
from crm.errors import CrmError, Refused
from importers.bulk import Columns
from importers.receipt import Batch
from importers.spreadsheet.rows import Row
from importers.spreadsheet.table import Table

T = TypeVar("T")


class Taken(NamedTuple):
    """What became of a row: the object and, when it was changed, its old and new values.

    For one that was created `after` holds what must still be so when the import is undone.
    """

    model: type[Base]
    id: int
    before: Columns | None
    after: Columns | None


def take_rows(work: Batch, table: Table, rows: Iterable[Row[T]], take: Callable[[T], Taken | None]) -> None:
    """Take each row in, in a savepoint of its own. `take` answers None when there was nothing new."""
    for row in rows:
        if row.said is None:
            work.receipt.refuse(row.line, row.error or "Rækken kan ikke læses.")
            continue
        try:
            with work.db.begin_nested():
                taken = take(row.said)
        except Refused as refusal:
            work.receipt.refuse(row.line, table.place(refusal.field) + refusal.message)
        except CrmError as error:
            work.receipt.refuse(row.line, error.message)
        else:
            _note(work, taken)


def _note(work: Batch, taken: Taken | None) -> None:
    if taken is None:
        work.receipt.count("unchanged")
    else:
        work.receipt.count("created" if taken.before is None else "changed")
        work.record(taken.model, taken.id, taken.before, taken.after)


def company_of(db: Session, cvr: str) -> Company:
    """The company a row belongs to. Raises Refused when there is none."""
    company = companies.find(db, cvr)
    if company is None:
        raise Refused("cvr", f"Virksomheden med CVR {cvr} er ikke i systemet. Importér den først.")
    return company
