"""What a user has in hand. Nobody is closed before all of it is someone else's.

The rooms whose rows these are lie above this one, so their tables are named and not imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, Table, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from crm import danish
from crm.access.models import User
from crm.db import Base

Query = Select[*tuple[Any, ...]]


class Kind(NamedTuple):
    """Rows of which `owner` names whose they are, in their hands until `ended` is filled in."""

    owner: str
    ended: str


# A key of the database says of each of these that its owner is an active user, so whoever has one stays open.
KEYED = {
    "company_assignment": Kind("user_id", "valid_to"),
    "request": Kind("owner_id", "closed_at"),
    "follow_up": Kind("owner_id", "done_at"),
    "agreement": Kind("consultant_id", "ended_on"),
    "company_colleague": Kind("user_id", "valid_to"),
    "board_action": Kind("owner_id", "done_at"),
}
# One and many of each, in the order they are told.
WORDS = {
    "company_assignment": ("virksomhed", "virksomheder"),
    "request": ("åben henvendelse", "åbne henvendelser"),
    "follow_up": ("opfølgning", "opfølgninger"),
    "agreement": ("aftale", "aftaler"),
    "company_colleague": ("emne eller arbejdssted", "emner eller arbejdssteder"),
    "board_action": ("opgave fra tavlen", "opgaver fra tavlen"),
    "absence": ("periode som stedfortræder", "perioder som stedfortræder"),
}


def held(db: Session, user: User, today: date) -> dict[str, int]:
    """How many rows of each table are in this user's hands; tables without any are left out."""
    found: dict[str, int] = dict(db.execute(union_all(*_counts(user, today))).all())
    return {name: found[name] for name in WORDS if found.get(name)}


def told(counts: Mapping[str, int]) -> str:
    """The figures as one says them: "37 virksomheder, 4 åbne henvendelser og 1 aftale"."""
    return listed([danish.count(number, *WORDS[name]) for name, number in counts.items() if number])


def listed(parts: Sequence[str]) -> str:
    """ "a", "a og b", "a, b og c"."""
    return " og ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _counts(user: User, today: date) -> list[Query]:
    tables = Base.metadata.tables
    found: list[Query] = []
    for name, kind in KEYED.items():
        table = tables[name]
        theirs = (table.c[kind.owner] == user.id, table.c[kind.ended].is_(None))
        found.append(select(literal(name), func.count()).select_from(table).where(*theirs))
    return [*found, _to_stand_in(tables["absence"], tables["absence_exception"], user, today)]


def _to_stand_in(absence: Table, exception: Table, user: User, today: date) -> Query:
    for_one_company = select(exception.c.absence_id).where(exception.c.stand_in_id == user.id)
    theirs = or_(absence.c.stand_in_id == user.id, absence.c.id.in_(for_one_company))
    number = select(literal("absence"), func.count()).select_from(absence)
    return number.where(theirs, absence.c.last_day >= today)
