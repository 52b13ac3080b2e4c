"""The list of agreements, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Date, Select, and_, bindparam, literal, select
from sqlalchemy.orm import Session, joinedload, load_only

from crm import danish
from crm.access.models import User
from crm.agreements.models import Agreement, Programme
from crm.companies.models import Company
from crm.companies.queries import LINE
from crm.responsibility.models import CompanyAssignment
from crm.types import Compared

PAGE = 50
# Comes after every sign that a sorting key can have.
_END = "\x7f"


@dataclass(frozen=True)
class Wanted:
    """What a list of agreements is narrowed to. Empty means all."""

    programme: str | None = None
    state: str | None = None
    responsible_id: int | None = None
    # Still standing, and its last day is before this one.
    runs_out_before: date | None = None
    company: str | None = None

    def asked(self) -> dict[str, Any]:
        """The filters that are set, with what a statement is to be asked for."""
        found = {
            "programme": self.programme, "state": self.state, "responsible_id": self.responsible_id,
            "runs_out_before": self.runs_out_before,
            "company": danish.sort_key(self.company) if self.company else None,
        }  # fmt: skip
        return {name: value for name, value in found.items() if value is not None}


_LINES = select(Agreement).options(
    joinedload(Agreement.programme),
    joinedload(Agreement.consultant).load_only(User.name, raiseload=True),
    joinedload(Agreement.company).options(
        load_only(*LINE, raiseload=True), joinedload(Company.responsible).load_only(User.name, raiseload=True)
    ),
)
_begins = bindparam("company", type_=Compared())
_CONDITIONS = {
    "programme": Agreement.programme_id
    == select(Programme.id)
    .where(Programme.key == bindparam("programme", type_=Compared()))
    .scalar_subquery(),
    "state": Agreement.state == bindparam("state", type_=Compared()),
    "responsible_id": Agreement.company_id.in_(
        select(CompanyAssignment.company_id).where(
            CompanyAssignment.user_id == bindparam("responsible_id"), CompanyAssignment.is_open == 1
        )
    ),
    "runs_out_before": and_(
        Agreement.ended_on.is_(None),
        Agreement.valid_to < bindparam("runs_out_before", type_=Date()),
    ),
    "company": Agreement.company_id.in_(
        select(Company.id).where(
            # The list's own index has these together, the active and the ceased ones.
            Company.active.in_((0, 1)),
            Company.sort_key >= _begins,
            Company.sort_key < _begins + literal(_END, Compared()),
        )
    ),
}


@cache
def _page(shape: frozenset[str], before: bool) -> Select[Agreement]:
    """Built once for each set of filters: to build a statement takes longer than to ask it."""
    query = _LINES.where(*(condition for name, condition in _CONDITIONS.items() if name in shape))
    if before:
        query = query.where(Agreement.id < bindparam("before"))
    return query.order_by(Agreement.id.desc()).limit(bindparam("most"))


def page(
    db: Session, wanted: Wanted, *, before: int | None = None, limit: int = PAGE
) -> tuple[Sequence[Agreement], int | None]:
    """One page of agreements, and the key to ask for older with (None at the end)."""
    asked = wanted.asked()
    query = _page(frozenset(asked), before is not None)
    if before is not None:
        asked["before"] = before
    rows = db.scalars(query, asked | {"most": limit + 1}).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None
