"""Passing many companies on at one instant: the same chain as for one, in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, insert, literal, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from crm.companies.models import Company
from crm.db import Key
from crm.errors import Conflict
from crm.responsibility.models import CompanyAssignment
from crm.types import Utc

ATTEMPTS = 5


class Held(NamedTuple):
    """An open assignment: which company, whose, and since when."""

    company_id: int
    user_id: int
    since: datetime


def among(column: InstrumentedAttribute[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """The column is one of these keys, which stand in the statement: both engines limit its parameters."""
    return column.in_(bindparam(None, list(ids), expanding=True, literal_execute=True))


def lock(db: Session, which: ColumnElement[bool]) -> list[Held]:
    """The open assignments that `which` holds for, for us alone until the commit.

    Everyone locks in the order of the keys, so that two who want the same wait for each other and never both.
    One that has ended while we waited is left out.
    """
    rows = db.execute(
        select(CompanyAssignment.company_id, CompanyAssignment.user_id, CompanyAssignment.valid_from)
        .where(CompanyAssignment.is_open == 1, which)
        .order_by(CompanyAssignment.id)
        .with_for_update()
    )
    return [Held(*row) for row in rows]


_WAY_IN = (
    select(CompanyAssignment.user_id)
    .where(CompanyAssignment.company_id == bindparam("company_id"), CompanyAssignment.is_open == 1)
    .with_for_update(read=True)
)


def way_in(db: Session, company: Company) -> int:
    """Who is the company's way in at this very moment, and until the commit: nobody passes it on meanwhile.

    For what becomes theirs because they are. It is asked before anything of the company is written, in the
    order of whoever passes it on.
    """
    for _ in range(ATTEMPTS):
        # While we waited it may have been passed on; then the next look finds the one who has it now.
        if (found := db.scalar(_WAY_IN, {"company_id": company.id})) is not None:
            return found
    raise Conflict("En kollega er lige nu ved at give virksomheden videre. Prøv igen.")


def pass_on(
    db: Session, *, receivers: Select[int, int], reason: str, by_id: int | None, moment: datetime
) -> int:
    """End these companies' assignments at `moment` and let one to each receiver follow. Returns how many.

    `receivers` selects company and user; the companies are locked, and `moment` lies after every beginning.
    """
    to = receivers.subquery()
    companies = select(to.c[0])
    quietly = {"synchronize_session": False}
    # The old ones must have ended before the new ones begin: there is never room for two.
    db.execute(
        update(CompanyAssignment)
        .where(CompanyAssignment.is_open == 1, CompanyAssignment.company_id.in_(companies))
        .values(valid_to=moment)
        .execution_options(**quietly)
    )
    ended = (
        select(
            CompanyAssignment.company_id,
            to.c[1],
            literal(moment, Utc),
            CompanyAssignment.id,
            literal(reason),
            literal(by_id, Key),
        )
        .join(to, to.c[0] == CompanyAssignment.company_id)
        # Nothing else of such a company has ended at a moment after its last beginning.
        .where(CompanyAssignment.valid_to == moment)
        .order_by(CompanyAssignment.company_id)
    )
    columns = ["company_id", "user_id", "valid_from", "follows_id", "reason", "by_id"]
    db.execute(insert(CompanyAssignment).from_select(columns, ended))
    current = (
        select(CompanyAssignment.id)
        .where(CompanyAssignment.company_id == Company.id, CompanyAssignment.is_open == 1)
        .scalar_subquery()
    )
    moved = db.execute(
        update(Company)
        .where(Company.id.in_(companies))
        .values(current_assignment_id=current, version=Company.version + 1)
        .execution_options(**quietly)
    )
    return int(moved.rowcount)  # type: ignore[attr-defined]  # What an UPDATE gives has it.
