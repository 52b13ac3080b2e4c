"""Which companies a list shows, and the way to the first of them that stays short however many there are.

A list is read along the index that has it in order, and stops when the page is full. That is quick for what
many companies have. For what few have it would read everything in between, so those few are counted first,
no further than FEW, and then fetched by their own index and sorted. No statistics of the database are needed:
SQLite keeps none unless it is told to, and a plan shall not change overnight.

The statements are built once for each set of filters: to build one takes longer than to ask it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from crm import danish
from crm.companies.models import Company
from crm.db import Base
from crm.types import Compared

FEW = 2_000
# Comes after every sign that a sorting key or an industry code can have.
_END = "\x7f"
Condition = Any
# Which filters are set.
Shape = frozenset[str]


@dataclass(frozen=True)
class Filter:
    """What a list of companies is narrowed to. Empty means everything that is active."""

    responsible_id: int | None = None
    name: str | None = None
    industry: str | None = None
    postal_code: str | None = None
    employees_min: int | None = None
    quiet_since: datetime | None = None
    ceased: bool = False
    group_id: int | None = None
    employees_max: int | None = None
    # The key of a programme that the company has an agreement under now.
    programme: str | None = None
    protected: bool | None = None

    def asked(self) -> dict[str, Any]:
        """The filters that are set, with what a statement is to be asked for."""
        found = {name: value for name, value in asdict(self).items() if value not in {None, ""}}
        if self.name:
            found["name"] = danish.sort_key(self.name)
        if self.protected is not None:
            found["protected"] = int(self.protected)
        return found | {"active": int(not self.ceased)}


def keys(db: Session, asked: Mapping[str, Any], *, after: bool = False) -> Select[int]:
    """A statement for the keys of the first `most` of these companies in their order.

    With `after`, those after the company with `after_key` and `after_id`.
    """
    shape = frozenset(asked)
    return _keys(shape, _few(db, shape, asked), after)


@cache
def _keys(shape: Shape, few: str | None, after: bool) -> Select[int]:
    active, postal, order = Company.active, Company.postal_code, Company.sort_key
    found = select(Company.id)
    if few is not None:
        # Hidden in expressions, the columns lead nowhere, and the keys of the few are the only way.
        active, postal, order = active + 0, postal + "", order + ""  # type: ignore[assignment]
        found = found.where(Company.id.in_(_sets(shape)[few]))
    found = found.where(*_indexed(shape, active, postal))
    if after:
        found = found.where(tuple_(order, Company.id) > tuple_(bindparam("after_key"), bindparam("after_id")))
    return found.where(*_plain(shape)).order_by(order, Company.id).limit(bindparam("most"))


def conditions(shape: Shape) -> list[Condition]:
    """All conditions, for whoever wants the companies in another order."""
    return [*_indexed(shape, Company.active, Company.postal_code), *_plain(shape)]


def _indexed(shape: Shape, active: Any, postal: Any) -> list[Condition]:
    """The conditions that begin the list's own indexes."""
    found = [active == bindparam("active")]
    if "postal_code" in shape:
        found.append(postal == bindparam("postal_code", type_=Compared()))
    return found


def _plain(shape: Shape) -> list[Condition]:
    """Conditions that each company is asked as it comes, the cheap ones first."""
    industry = bindparam("industry", type_=Compared())
    assignment = _assignments()
    current = assignment.c.id == Company.current_assignment_id
    conditions = {
        "name": _begins(Company.sort_key, "name"),
        "industry": func.substr(Company.industry_code, 1, func.length(industry)) == industry,
        # Hidden in an expression, the column's index does not tempt anyone away from the list's order.
        "employees_min": Company.employees_from + 0 >= bindparam("employees_min"),
        "employees_max": Company.employees_from + 0 <= bindparam("employees_max"),
        "protected": Company.advertising_protected + 0 == bindparam("protected"),
        "quiet_since": or_(
            Company.last_contact_at.is_(None), Company.last_contact_at < bindparam("quiet_since")
        ),
        "group_id": Company.group_id == bindparam("group_id"),
        "responsible_id": exists().where(current, assignment.c.user_id == bindparam("responsible_id")),
        "programme": exists().where(_agreements().c.company_id == Company.id, *_partners()),
    }
    return [condition for name, condition in conditions.items() if name in shape]


def _begins(column: Any, name: str) -> Condition:
    start = bindparam(name, type_=Compared())
    return and_(column >= start, column < start + literal(_END, Compared()))


def _few(db: Session, shape: Shape, asked: Mapping[str, Any]) -> str | None:
    """The filter that leaves the fewest companies, when these are few."""
    names = sorted(_sets(shape))
    if not names:
        return None
    counts = db.execute(_counts(shape), dict(asked) | {"few": FEW}).one()
    fewest = min(range(len(names)), key=counts.__getitem__)
    return names[fewest] if counts[fewest] < FEW else None


@cache
def _counts(shape: Shape) -> Select[Any]:
    few = bindparam("few", type_=Integer())
    found = [each.limit(few).subquery() for _, each in sorted(_sets(shape).items())]
    return select(*(select(func.count()).select_from(each).scalar_subquery() for each in found))


@cache
def _sets(shape: Shape) -> dict[str, Select[Any]]:
    """For every filter with an index of its own, the keys of the companies it leaves."""
    assignment = _assignments()
    theirs = assignment.c.user_id == bindparam("responsible_id"), assignment.c.is_open == 1
    never = select(Company.id).where(Company.last_contact_at.is_(None))
    long_ago = select(Company.id).where(Company.last_contact_at < bindparam("quiet_since"))
    quiet = union_all(never, long_ago).subquery()
    found: dict[str, Select[Any]] = {
        "responsible_id": select(assignment.c.company_id).where(*theirs),
        "industry": select(Company.id).where(_begins(Company.industry_code, "industry")),
        "quiet_since": select(quiet.c.id),
        "group_id": select(Company.id).where(Company.group_id == bindparam("group_id")),
        "employees_min": select(Company.id).where(Company.employees_from >= bindparam("employees_min")),
        "employees_max": select(Company.id).where(Company.employees_from <= bindparam("employees_max")),
        "protected": select(Company.id).where(Company.advertising_protected == bindparam("protected")),
        "programme": select(_agreements().c.company_id).where(*_partners()),
    }
    return {name: each for name, each in found.items() if name in shape}


def _assignments() -> Table:
    """The assignments' room lies above this one; the relationship knows their table."""
    table = Company.responsible.property.secondary
    assert isinstance(table, Table)  # noqa: S101  # The mapper has found it by its name.
    return table


# So far an agreement has come whose company is a partner.
IN_FORCE = ("signed", "in_force", "renewed")


def _agreements() -> Table:
    """The agreements' room lies above this one too; here their table is named and not imported."""
    return Base.metadata.tables["agreement"]


def _partners() -> tuple[Condition, ...]:
    """What holds for an agreement under the programme asked for, as long as it stands."""
    programme, agreement = Base.metadata.tables["programme"], _agreements()
    key = bindparam("programme", type_=Compared())
    asked = select(programme.c.id).where(programme.c.key == key).scalar_subquery()
    return agreement.c.programme_id == asked, agreement.c.state.in_(IN_FORCE)
