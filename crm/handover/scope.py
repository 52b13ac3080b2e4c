"""What an act moves: the companies, and what follows them. The preview and the act ask the same question.

With a company follow the open requests, the follow-ups and the agreements that its responsible has there. A
leaver hands over everything, also what they have at companies that are somebody else's.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, literal, null, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from crm.access import holdings
from crm.access.models import User
from crm.agreements.models import Agreement
from crm.db import Base
from crm.errors import Conflict
from crm.handover.models import ItemKind
from crm.interactions.models import FollowUp
from crm.requests.models import Request
from crm.responsibility.chain import among
from crm.responsibility.models import Absence, AbsenceException, CompanyAssignment, CompanyColleague

Query = Select[*tuple[Any, ...]]
TABLES = {
    ItemKind.COMPANY: "company_assignment",
    ItemKind.REQUEST: "request",
    ItemKind.FOLLOW_UP: "follow_up",
    ItemKind.AGREEMENT: "agreement",
    ItemKind.BOARD_ACTION: "board_action",
    ItemKind.COLLEAGUE: "company_colleague",
    ItemKind.STAND_IN: "absence",
}


class Thing(NamedTuple):
    """Something that changes hands: a row to be of `HandoverItem`, without its act."""

    kind: str
    object_id: int
    part: int
    company_id: int | None
    from_id: int


@dataclass(frozen=True)
class Owned:
    """How a table says whose a row is, whether it is still open, how it stands, and what to call it.

    What belongs to no company moves with a leaver only.
    """

    table: type[Base]
    id: InstrumentedAttribute[int]
    company_id: InstrumentedAttribute[int] | None
    owner: InstrumentedAttribute[Any]
    ended: InstrumentedAttribute[Any]
    stamp: InstrumentedAttribute[Any]
    name: InstrumentedAttribute[str]


# A room above adds its own when its tables are imported.
OWNED: dict[ItemKind, Owned] = {
    ItemKind.REQUEST: Owned(
        Request, Request.id, Request.company_id, Request.owner_id, Request.closed_at, Request.version,
        Request.title,
    ),
    ItemKind.FOLLOW_UP: Owned(
        FollowUp, FollowUp.id, FollowUp.company_id, FollowUp.owner_id, FollowUp.done_at, FollowUp.due,
        FollowUp.text,
    ),
    ItemKind.AGREEMENT: Owned(
        Agreement, Agreement.id, Agreement.company_id, Agreement.consultant_id, Agreement.ended_on,
        Agreement.version, Agreement.title,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """Some companies by key, or everything of a leaver."""

    ids: Sequence[int] = ()
    leaver: User | None = None

    @property
    def assignments(self) -> ColumnElement[bool]:
        """Which open assignments are meant."""
        if self.leaver is not None:
            return CompanyAssignment.user_id == self.leaver.id
        return among(CompanyAssignment.company_id, self.ids)


def things(db: Session, scope: Scope, today: date) -> list[Thing]:
    """Everything that would move, in one statement; the company itself first."""
    rows = db.execute(union_all(*_parts(scope, today)))
    order = list(ItemKind)
    found = [Thing(*row) for row in rows]
    return sorted(found, key=lambda thing: (order.index(ItemKind(thing.kind)), *thing[1:3]))


def _parts(scope: Scope, today: date) -> list[Query]:
    company_id, way_in = CompanyAssignment.company_id, CompanyAssignment.user_id
    stands = CompanyAssignment.valid_to.is_(None)
    parts = [_thing(ItemKind.COMPANY, company_id, company_id, way_in).where(stands, scope.assignments)]
    for kind, has in OWNED.items():
        company = null() if has.company_id is None else has.company_id
        part = _thing(kind, has.id, company, has.owner).where(has.ended.is_(None))
        if scope.leaver is not None:
            parts.append(part.where(has.owner == scope.leaver.id))
        elif has.company_id is not None:
            # Asked company by company: the owner may have thousands elsewhere.
            theirs = select(way_in).where(stands, company_id == has.company_id).scalar_subquery()
            parts.append(part.where(among(has.company_id, scope.ids), has.owner == theirs))
    return parts if scope.leaver is None else [*parts, *_of_a_leaver(scope.leaver, today)]


def _of_a_leaver(leaver: User, today: date) -> list[Query]:
    beside, away, exception = CompanyColleague, Absence, AbsenceException
    to_come = away.last_day >= today
    return [
        _thing(ItemKind.COLLEAGUE, beside.id, beside.company_id, beside.user_id).where(
            beside.user_id == leaver.id, beside.valid_to.is_(None)
        ),
        _thing(ItemKind.STAND_IN, away.id, null(), away.stand_in_id).where(
            away.stand_in_id == leaver.id, to_come
        ),
        _thing(
            ItemKind.STAND_IN, exception.absence_id, exception.company_id, exception.stand_in_id,
            part=exception.company_id,
        )
        .join(away, away.id == exception.absence_id)
        .where(exception.stand_in_id == leaver.id, to_come),
    ]  # fmt: skip


def _thing(kind: ItemKind, id: Any, company: Any, owner: Any, part: Any = None) -> Query:
    return select(literal(str(kind)), id, literal(0, Integer) if part is None else part, company, owner)


def counts(found: Sequence[Thing]) -> dict[ItemKind, int]:
    """How many of each kind, in the order they are told. An absence with several parts counts once."""
    each = {(thing.kind, thing.object_id) for thing in found}
    number = Counter(kind for kind, _ in each)
    return {kind: number[kind] for kind in ItemKind if number[kind]}


def told(numbers: Mapping[ItemKind, int]) -> str:
    """ "37 virksomheder, 4 åbne henvendelser og 1 aftale"."""
    return holdings.told({TABLES[kind]: number for kind, number in numbers.items()})


def seal(found: Sequence[Thing]) -> str:
    """What was seen, in short: the figures and a digest, so that the act can tell whether it has changed."""
    numbers = counts(found)
    digest = hashlib.blake2b(repr(found).encode(), digest_size=9).hexdigest()
    return "-".join([*(str(numbers.get(kind, 0)) for kind in ItemKind), digest])


class Changed(Conflict):
    """What would move is not what was seen."""


def demand_seen(found: Sequence[Thing], seen: str) -> None:
    """Raise Changed, saying what has come and gone, unless this is what `seen` stands for."""
    if seen == seal(found):
        return
    before, now = seen.split("-")[:-1], counts(found)
    came: dict[ItemKind, int] = {}
    went: dict[ItemKind, int] = {}
    for kind, text in zip(ItemKind, before, strict=False):
        more = now.get(kind, 0) - (int(text) if text.isdecimal() and len(text) < 9 else 0)
        (came if more > 0 else went)[kind] = abs(more)
    parts = [told(came) + " er kommet til"] if any(came.values()) else []
    parts += [told(went) + " er gået fra"] if any(went.values()) else []
    what = holdings.listed(parts) if parts and len(before) == len(ItemKind) else "Noget andet er valgt"
    raise Changed(f"{what}, siden du så listen. Intet er flyttet. Se den igen, og tryk så.")
