"""One act on many rows: what it would do to which, and doing it in one transaction."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import audit
from crm.access.models import User
from crm.companies import groups
from crm.companies.models import Company, CompanyGroup
from crm.companies.queries import by_ids
from crm.errors import Conflict, Refused
from crm.interactions import actions as interactions
from crm.interactions.models import FollowUp
from crm.lists.models import BulkAct, BulkItem, BulkKind
from crm.requests import actions as requests
from crm.requests.models import Request
from crm.responsibility.chain import among, lock
from crm.responsibility.models import CompanyAssignment
from crm.types import clean

# So many rows go in one act.
MOST = 2_000
CHANGED = "Noget er ændret, siden du så listen. Intet er gjort. Se den igen, og tryk så."


@dataclass(frozen=True)
class Order:
    """What is to be done: a follow-up with its text and day, a group by its name, or a request's new owner.

    Without `to` a follow-up is for each company's own way in.
    """

    kind: BulkKind
    said: str | None = None
    due: date | None = None
    to: User | None = None


class Line(NamedTuple):
    """A row the act changes: what of it is set from what to what. For a follow-up, whose it becomes."""

    object_id: int
    company_id: int
    name: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Plan:
    """What an act would do, and what it leaves out and why. The seal stands for all of it."""

    order: Order
    lines: Sequence[Line]
    left_out: dict[str, list[str]]
    names: dict[int, str]

    @property
    def seal(self) -> str:
        """What was seen, in short, so that the act can tell whether it has changed."""
        order = self.order
        seen = (order.kind, order.said, order.due, order.to and order.to.id, list(self.lines), self.left_out)
        return hashlib.blake2b(repr(seen).encode("utf-8", "replace"), digest_size=12).hexdigest()

    @property
    def shares(self) -> list[tuple[str, int]]:
        """Who gets how many, the most first."""
        number = Counter(line.after for line in self.lines)
        found = [(self.names[user], many) for user, many in number.items() if user in self.names]
        return sorted(found, key=lambda share: (-share[1], share[0]))


def checked(order: Order) -> Order:
    """The order as it will be written, or Refused beside "text", "due", "name" or "to"."""
    field = "name" if order.kind == BulkKind.JOIN_GROUP else "text"
    said = clean(field, order.said, 200 if field == "name" else 500)
    if order.to is not None and not order.to.is_active:
        raise Refused("to", f"{order.to.name} er lukket. Vælg en anden.")
    if order.kind == BulkKind.FOLLOW_UP:
        if said is None:
            raise Refused("text", "Skriv, hvad der skal følges op på.")
        if order.due is None:
            raise Refused("due", "Skriv, hvornår.")
    if order.kind == BulkKind.JOIN_GROUP and said is None:
        raise Refused("name", "Skriv koncernens navn.")
    if order.kind == BulkKind.REQUEST_OWNER and order.to is None:
        raise Refused("to", "Vælg en kollega.")
    return Order(order.kind, said, order.due, order.to)


def plan(db: Session, order: Order, ids: Sequence[int]) -> Plan:
    """What the act would do to these rows, in a fixed number of statements."""
    order, chosen = checked(order), sorted(set(ids))
    if not chosen:
        raise Refused("", "Vælg mindst én række.")
    if len(chosen) > MOST:
        raise Refused(
            "", f"Der kan højst vælges {MOST:,} rækker ad gangen. Gør udvalget smallere.".replace(",", ".")
        )
    making = {
        BulkKind.FOLLOW_UP: _follow_ups,
        BulkKind.JOIN_GROUP: _join,
        BulkKind.LEAVE_GROUP: _leave,
        BulkKind.REQUEST_OWNER: _owners,
    }[order.kind]
    lines: list[Line] = []
    left_out: dict[str, list[str]] = {}
    names: dict[int, str] = {order.to.id: order.to.name} if order.to else {}
    seen = 0
    for found, reason, owner in making(db, order, chosen):
        seen += 1
        if owner is not None:
            names[owner[0]] = owner[1]
        if reason is None:
            lines.append(found)
        else:
            left_out.setdefault(reason, []).append(found.name)
    if gone := len(chosen) - seen:
        left_out["findes ikke længere"] = [f"{gone} af de valgte"]
    return Plan(order, lines, left_out, names)


Found = list[tuple[Line, str | None, tuple[int, str] | None]]


def _follow_ups(db: Session, order: Order, ids: Sequence[int]) -> Found:
    rows: Any = db.execute(
        select(Company.id, Company.name, Company.active, User.id, User.name)
        .join(CompanyAssignment, CompanyAssignment.id == Company.current_assignment_id)
        .join(User, User.id == CompanyAssignment.user_id)
        .where(among(Company.id, ids))
        .order_by(Company.sort_key, Company.id)
    )
    same = select(FollowUp.company_id).where(
        among(FollowUp.company_id, ids),
        FollowUp.done_at.is_(None),
        FollowUp.due == order.due,
        FollowUp.text == order.said,
    )
    promised = set(db.scalars(same))
    found: Found = []
    for id, name, active, way_in, their_name in rows:
        owner = (order.to.id, order.to.name) if order.to else (way_in, their_name)
        reason = (
            "er ophørt" if not active else "har den samme opfølgning i forvejen" if id in promised else None
        )
        found.append((Line(id, id, name, None, owner[0]), reason, owner))
    return found


def _groups(db: Session, ids: Sequence[int]) -> Any:
    return db.execute(
        select(Company.id, Company.name, Company.group_id, CompanyGroup.name)
        .outerjoin(CompanyGroup, CompanyGroup.id == Company.group_id)
        .where(among(Company.id, ids))
        .order_by(Company.sort_key, Company.id)
    )


def _join(db: Session, order: Order, ids: Sequence[int]) -> Found:
    wanted = db.scalars(select(CompanyGroup.id).where(CompanyGroup.name == order.said)).first()
    found: Found = []
    for id, name, group, group_name in _groups(db, ids):
        reason = None
        if group is not None:
            reason = "er der i forvejen" if group == wanted else f"hører til {group_name}"
        found.append((Line(id, id, name, group, wanted), reason, None))
    return found


def _leave(db: Session, _order: Order, ids: Sequence[int]) -> Found:
    return [
        (Line(id, id, name, group, None), None if group is not None else "hører ikke til en koncern", None)
        for id, name, group, _ in _groups(db, ids)
    ]


def _owners(db: Session, order: Order, ids: Sequence[int]) -> Found:
    rows: Any = db.execute(
        select(
            Request.id, Request.title, Request.company_id, Company.name, Request.owner_id, Request.closed_at
        )
        .join(Company, Company.id == Request.company_id)
        .where(among(Request.id, ids))
        .order_by(Request.answer_due_at, Request.id)
    )
    to = order.to.id if order.to else None
    found: Found = []
    for id, title, company_id, company, owner, closed in rows:
        reason = "er afsluttet" if closed else "er det i forvejen" if owner == to else None
        found.append((Line(id, company_id, f"{title} ({company})", owner, to), reason, None))
    return found


def do(db: Session, order: Order, ids: Sequence[int], *, by: User, now: datetime, seen: str) -> BulkAct:
    """Do what was seen. Raises Conflict when it is no longer so, and changes nothing then."""
    chosen = sorted(set(ids))[: MOST + 1]
    _take_hold(db, order.kind, chosen)
    found = plan(db, order, chosen)
    if found.seal != seen:
        raise Conflict(CHANGED)
    if not found.lines:
        raise Refused("", "Der er ikke noget at gøre: alle de valgte er udeladt.")
    order = found.order
    act = BulkAct(kind=order.kind, said=order.said, due=order.due, by_id=by.id, at=now)
    db.add(act)
    db.flush()
    carry_out = {
        BulkKind.FOLLOW_UP: _promise,
        BulkKind.JOIN_GROUP: _regroup,
        BulkKind.LEAVE_GROUP: _regroup,
        BulkKind.REQUEST_OWNER: _give,
    }[order.kind]
    for line, (object_id, after) in zip(found.lines, carry_out(db, act, found, now), strict=True):
        db.add(
            BulkItem(
                act_id=act.id,
                object_id=object_id,
                company_id=line.company_id,
                before=line.before,
                after=after,
            )
        )
    db.flush()
    audit.note(
        db, action=order.kind, kind="bulk_act", id=act.id,
        payload={"rows": len(found.lines), "left_out": {why: len(names) for why, names in found.left_out.items()}},
    )  # fmt: skip
    return act


def _take_hold(db: Session, kind: BulkKind, ids: Sequence[int]) -> None:
    """The rows are ours until the commit. Everyone locks in the order of the keys."""
    if kind == BulkKind.FOLLOW_UP:
        lock(db, among(CompanyAssignment.company_id, ids))
    else:
        table: Any = Request if kind == BulkKind.REQUEST_OWNER else Company
        db.execute(select(table.id).where(among(table.id, ids)).order_by(table.id).with_for_update())


Made = list[tuple[int, int | None]]


def _promise(db: Session, act: BulkAct, found: Plan, now: datetime) -> Made:
    companies = by_ids(db, [line.object_id for line in found.lines])
    users = {user.id: user for user in db.scalars(select(User).where(User.id.in_(sorted(found.names))))}
    made: Made = []
    for line in found.lines:
        promised = interactions.promise(
            db, company=companies[line.object_id], owner=users[line.after or 0], due=act.due or now.date(),
            text=act.said or "", now=now,
        )  # fmt: skip
        made.append((promised.id, promised.owner_id))
    return made


def _regroup(db: Session, act: BulkAct, found: Plan, now: datetime) -> Made:
    companies = by_ids(db, [line.object_id for line in found.lines])
    to: int | None = None
    if act.kind == BulkKind.JOIN_GROUP:
        first = companies[found.lines[0].object_id]
        to = groups.join(db, company=first, name=act.said or "", now=now).id
        act.made_group = int(found.lines[0].after is None)
    for company in companies.values():
        company.group_id = to
    db.flush()
    return [(line.object_id, to) for line in found.lines]


def _give(db: Session, _act: BulkAct, found: Plan, _now: datetime) -> Made:
    to = found.order.to
    wanted = among(Request.id, [line.object_id for line in found.lines])
    for request in db.scalars(select(Request).where(wanted).order_by(Request.id)):
        requests.change(db, request=request, values={"owner": to})
    return [(line.object_id, line.after) for line in found.lines]
