"""Handing over as one act: everything in one transaction, told to those it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from crm import audit
from crm.access import actions as access
from crm.access.holdings import held
from crm.access.models import User
from crm.errors import Conflict, Refused
from crm.handover import letters, moving, notices, scope
from crm.handover.letters import Letter
from crm.handover.models import Handover, HandoverKind, ItemKind
from crm.handover.scope import OWNED, Scope, Thing
from crm.responsibility.chain import lock


@dataclass(frozen=True)
class _Order:
    """Who takes over, why, and who says so."""

    to: User
    note: str
    by: User | None
    now: datetime
    home: str
    seen: str | None
    letter: Letter | None


def hand_over_list(
    db: Session,
    *,
    company_ids: Sequence[int],
    to: User,
    note: str,
    by: User | None,
    now: datetime,
    home: str = "",
    kind: HandoverKind = HandoverKind.LIST,
    seen: str | None = None,
    letter: Letter | None = None,
) -> Handover:
    """Give these companies to `to`, with what their responsible has there; what is theirs already stays.

    `seen` is the seal of the preview that was shown: Changed when it is no longer so. `home` is the house's
    address, for the links in mails; `letter` is what the companies are written, if anything.
    """
    order = _Order(to, note, by, now, home, seen, letter)
    return _hand_over(db, Scope(ids=sorted(set(company_ids))), kind, order, now.date())


def hand_over_leaver(
    db: Session,
    *,
    leaver: User,
    to: User,
    note: str,
    by: User | None,
    now: datetime,
    today: date,
    home: str = "",
    seen: str | None = None,
    letter: Letter | None = None,
) -> Handover:
    """Give `to` everything that `leaver` has in hand. `today` is the day in the municipality."""
    if leaver.id == to.id:
        raise Refused("to", "Alt skal gives til en anden.")
    order = _Order(to, note, by, now, home, seen, letter)
    return _hand_over(db, Scope(leaver=leaver), HandoverKind.LEAVER, order, today)


def _hand_over(db: Session, chosen: Scope, kind: HandoverKind, order: _Order, today: date) -> Handover:
    to, by = order.to, order.by
    if not to.is_active:
        raise Refused("to", f"{to.name} er lukket og kan ikke overtage noget.")
    if not order.note.strip():
        raise Refused("note", "Skriv kort hvorfor, så kollegerne kan følge det.")
    db.flush()
    found = _taken_hold_of(db, chosen, today, order.seen)
    moves = [thing for thing in found if thing.from_id != to.id]
    if not moves:
        raise Refused("to", f"{to.name} har det allerede." if found else "Der er ikke noget at give videre.")
    givers = {thing.from_id for thing in moves}
    act = Handover(
        kind=kind,
        from_id=givers.pop() if len(givers) == 1 else None,
        to_id=to.id,
        note=order.note,
        at=moving.moment_after(db, moves, order.now),
        by_id=by.id if by else None,
    )
    db.add(act)
    db.flush()
    _move(db, act, moves)
    payload: dict[str, Any] = {str(each): number for each, number in scope.counts(moves).items()}
    notices.tell(db, act, to=to, by=by, home=order.home, now=order.now)
    if order.letter is not None:
        companies = [thing.object_id for thing in moves if thing.kind == ItemKind.COMPANY]
        payload["letters"] = letters.post(db, act, order.letter, companies, to=to, now=order.now)
        payload["protected_reason"] = order.letter.protected_reason
    audit.note(db, action="hand_over", kind="handover", id=act.id, payload=payload)
    return act


def close_leaver(
    db: Session,
    *,
    leaver: User,
    to: User | None,
    note: str,
    by: User | None,
    now: datetime,
    today: date,
    home: str = "",
) -> Handover | None:
    """Close a user who has left, and first give what they have to `to`. Without one it must be nothing."""
    act = None
    if to is not None and held(db, leaver, today):
        act = hand_over_leaver(db, leaver=leaver, to=to, note=note, by=by, now=now, today=today, home=home)
    access.close_user(db, user=leaver, now=now, today=today)
    return act


def _taken_hold_of(db: Session, chosen: Scope, today: date, seen: str | None) -> list[Thing]:
    """What moves, with the companies locked; raises Changed or Conflict when others were faster."""
    locked = lock(db, chosen.assignments)
    if seen is None and (gone := len(chosen.ids) - len(locked)) > 0:
        what = "virksomheden" if len(chosen.ids) == 1 else f"{gone} af virksomhederne"
        raise Conflict(f"En kollega har lige givet {what} videre. Intet er flyttet. Se igen.")
    found = scope.things(db, chosen, today)
    if seen is not None:
        scope.demand_seen(found, seen)
    return found


def _move(db: Session, act: Handover, moves: Sequence[Thing]) -> None:
    moving.write_items(db, act, moves)
    parts: dict[str, list[Thing]] = {}
    for thing in moves:
        parts.setdefault(thing.kind, []).append(thing)
    if own := parts.get(ItemKind.COMPANY):
        moving.move_companies(db, act, len(own))
    for kind in OWNED:
        if own := parts.get(kind):
            moving.move_owned(db, act, kind, len(own))
    if own := parts.get(ItemKind.COLLEAGUE):
        moving.move_beside(db, act, len(own))
    if own := parts.get(ItemKind.STAND_IN):
        moving.move_stand_ins(db, act, own)
    moving.forget_loaded(db)
