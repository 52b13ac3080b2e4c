"""What colleagues are told of an act: the list, to whoever had it and to whoever has it now."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.companies.models import Company
from crm.errors import Refused
from crm.handover import scope
from crm.handover.models import Handover, HandoverItem, ItemKind
from crm.outbox import actions as outbox
from crm.types import storable

# Signs of a mail's list, well below what a mail can hold.
LIST = 15_000


def act_key(act: Handover) -> str:
    """How the outbox knows the act."""
    return f"handover:{act.id}"


def tell(db: Session, act: Handover, *, to: User, by: User | None, home: str, now: datetime) -> None:
    """Send the list to whoever had it and to whoever has it now."""
    who = by.name if by else "Der"
    verb = "har givet" if by else "er givet"
    everything = dict.fromkeys(ItemKind, 0)
    for giver, numbers in _givers(db, act):
        what = scope.told(numbers)
        text = f"{who} {verb} {what} videre fra dig til {to.name}."
        _send(db, act, giver, f"Givet videre til {to.name}: {what}", text, home, now, only_from=giver.id)
        for kind, number in numbers.items():
            everything[kind] += number
    what = scope.told(everything)
    _send(db, act, to, f"Du har overtaget {what}", f"{who} {verb} {what} videre til dig.", home, now)


def _givers(db: Session, act: Handover) -> list[tuple[User, dict[ItemKind, int]]]:
    """Everyone something was taken from, with the figures."""
    rows = db.execute(
        select(HandoverItem.from_id, HandoverItem.kind, func.count(HandoverItem.object_id.distinct()))
        .where(HandoverItem.handover_id == act.id)
        .group_by(HandoverItem.from_id, HandoverItem.kind)
    )
    found: dict[int, dict[ItemKind, int]] = {}
    for giver, kind, number in rows:
        found.setdefault(giver, {})[ItemKind(kind)] = number
    users = db.scalars(select(User).where(User.id.in_(found)).order_by(User.id))
    return [(user, {kind: found[user.id].get(kind, 0) for kind in ItemKind}) for user in users]


def _send(
    db: Session,
    act: Handover,
    person: User,
    subject: str,
    text: str,
    home: str,
    now: datetime,
    *,
    only_from: int | None = None,
) -> None:
    whole = f"Hele listen: {home}/videregivelser/{act.id}" if home else ""
    parts = [f"Hej {person.first_name}", text, f"Note: {act.note}", _companies(db, act, only_from), whole]
    body = "\n\n".join(filter(None, parts))
    _put(db, act_key(act), person, subject, body, now)


def _put(db: Session, key: str, person: User, subject: str, body: str, now: datetime) -> None:
    # What no mail can be sent to stops no act: the list stands on the act's own page too.
    with suppress(Refused):
        subject, body = storable(subject, 200), storable(body, 20_000)
        outbox.put(db, act=key, to=person.email, subject=subject, body=body, now=now)


def _companies(db: Session, act: Handover, only_from: int | None) -> str:
    """The companies of the act by name, as many as a mail has room for."""
    query = (
        select(Company.name, Company.cvr)
        .join(HandoverItem, HandoverItem.object_id == Company.id)
        .where(HandoverItem.handover_id == act.id, HandoverItem.kind == ItemKind.COMPANY)
        .order_by(Company.sort_key, Company.id)
    )
    if only_from is not None:
        query = query.where(HandoverItem.from_id == only_from)
    lines: list[str] = []
    room = LIST
    rows = db.execute(query).all()
    for name, cvr in rows:
        line = f"- {name}, CVR {cvr}"
        room -= len(line)
        if room < 0:
            lines.append(f"og {len(rows) - len(lines)} til")
            break
        lines.append(line)
    return "\n".join(lines)


def tell_undone(db: Session, act: Handover, *, to: User, by: User, now: datetime) -> None:
    """Tell the same colleagues that everything is as before."""
    for giver, numbers in _givers(db, act):
        what = scope.told(numbers)
        text = f"{by.name} har fortrudt, at {what} blev givet videre til {to.name}. Det er dit igen."
        _undone(db, act, giver, text, now)
    _undone(db, act, to, f"{by.name} har fortrudt, at du overtog det her. Du har det ikke længere.", now)


def _undone(db: Session, act: Handover, person: User, text: str, now: datetime) -> None:
    body = f"Hej {person.first_name}\n\n{text}\n\nNote: {act.note}"
    _put(db, f"{act_key(act)}:undone", person, f"Fortrudt: videregivelse nr. {act.id}", body, now)
