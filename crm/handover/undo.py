"""Taking an act back, as long as nobody has built on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, and_, cast, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from crm import audit
from crm.access.holdings import listed
from crm.access.models import User
from crm.access.rights import may
from crm.companies.models import Company
from crm.errors import Conflict, NotAllowed
from crm.handover import letters, moving, notices
from crm.handover.models import Handover, HandoverItem, HandoverKind, ItemKind
from crm.handover.scope import OWNED
from crm.interactions.models import FollowUp, Interaction
from crm.requests.models import Request
from crm.responsibility.actions import TICK
from crm.responsibility.models import Absence, AbsenceException, CompanyColleague

Query = Select[*tuple[Any, ...]]
SHOWN = 5
# What to call a thing that was changed, by kind; the company's name follows where there is one.
SENTENCES = {
    ItemKind.COMPANY: "{} er givet videre igen",
    ItemKind.REQUEST: "henvendelsen »{}« er ændret",
    ItemKind.FOLLOW_UP: "opfølgningen »{}« er ændret",
    ItemKind.AGREEMENT: "aftalen »{}« er ændret",
    ItemKind.BOARD_ACTION: "opgaven »{}« er ændret",
    ItemKind.COLLEAGUE: "kollegerne hos {} er ændret",
    ItemKind.STAND_IN: "et fravær er ændret",
    "talked": "der er talt med {}",
    "asked": "henvendelsen »{}« er kommet til",
    "promised": "opfølgningen »{}« er kommet til",
}
GONE = "slettet siden"


def may_undo(user: User, act: Handover) -> bool:
    """Whoever did it, and managers."""
    return act.by_id == user.id or may(user, "handover.any")


def undo(db: Session, *, act: Handover, by: User, now: datetime) -> int:
    """Give everything back. Raises Conflict, naming what was changed, when anybody has built on the act.

    Returns how many mails about it had been sent already.
    """
    if not may_undo(by, act):
        raise NotAllowed
    db.flush()
    moving.lock_all(db, act)
    db.refresh(act, with_for_update={"of": Handover})
    if act.undone_at is not None:
        raise Conflict("Det er allerede fortrudt.")
    if since := changes(db, act, limit=SHOWN + 1):
        more = ["mere"] if len(since) > SHOWN else []
        raise Conflict(f"Det kan ikke fortrydes længere: {listed([*since[:SHOWN], *more])}.")
    if closed := _closed(db, act):
        raise Conflict(f"Det kan ikke fortrydes: {listed(closed)} er lukket.")
    # Later than the act, also should a clock have gone back.
    at = max(now, act.at + TICK)
    act.undone_at, act.undone_by_id = at, by.id
    db.flush()
    moving.give_back(db, act, reason=f"Fortrudt: {act.note}"[:500], at=at)
    moving.forget_loaded(db)
    gone = letters.withdraw(db, act)
    to = db.get_one(User, act.to_id)
    notices.tell_undone(db, act, to=to, by=by, now=now)
    audit.note(db, action="undo", kind="handover", id=act.id, payload={"letters_gone": gone})
    return gone


def _closed(db: Session, act: Handover) -> Sequence[str]:
    givers = select(HandoverItem.from_id).where(HandoverItem.handover_id == act.id)
    return db.scalars(
        select(User.name).where(User.id.in_(givers), User.is_active == 0).order_by(User.name).limit(SHOWN)
    ).all()


def changes(db: Session, act: Handover, limit: int = SHOWN) -> list[str]:
    """What has become of the things of an act since, a sentence each; nothing when it can be undone."""
    found = union_all(*_changed(act)).subquery()
    rows = db.execute(select(found.c[0], found.c[1]).order_by(found.c[0], found.c[1]).limit(limit))
    return [SENTENCES[kind].format(name or GONE) for kind, name in rows]


def _changed(act: Handover) -> Iterator[Query]:
    item = HandoverItem
    stands = cast(Company.current_assignment_id, Text)
    yield (
        _of(act, ItemKind.COMPANY, Company.name)
        .join(Company, Company.id == item.object_id)
        .where(stands != item.stamp)
    )
    for kind, has in OWNED.items():
        # An outer join: what was deleted has changed too.
        yield (
            _of(act, kind, has.name)
            .outerjoin(has.table, has.id == item.object_id)
            .where(
                or_(
                    has.id.is_(None),
                    has.owner != act.to_id,
                    has.ended.is_not(None),
                    cast(has.stamp, Text) != item.stamp,
                )
            )
        )
    yield from _built_upon(act)
    if act.kind == HandoverKind.LEAVER:
        yield from _of_a_leaver(act)


def _of(act: Handover, kind: ItemKind, name: Any) -> Query:
    return (
        select(literal(str(kind)), name)
        .select_from(HandoverItem)
        .where(HandoverItem.handover_id == act.id, HandoverItem.kind == kind)
    )


def _built_upon(act: Handover) -> Iterator[Query]:
    """What the receiver has done at the companies since."""
    item = HandoverItem
    companies = select(item.object_id).where(item.handover_id == act.id, item.kind == ItemKind.COMPANY)
    yield (
        select(literal("talked"), Company.name)
        .join(Interaction, Interaction.company_id == Company.id)
        .where(Interaction.by_id == act.to_id, Interaction.created_at >= act.at, Company.id.in_(companies))
    )
    for word, kind, table, name in (
        ("asked", ItemKind.REQUEST, Request, Request.title),
        ("promised", ItemKind.FOLLOW_UP, FollowUp, FollowUp.text),
    ):
        moved = select(item.object_id).where(item.handover_id == act.id, item.kind == kind)
        yield select(literal(word), name).where(
            table.owner_id == act.to_id,
            table.created_at >= act.at,
            table.company_id.in_(companies),
            table.id.not_in(moved),
        )


def _of_a_leaver(act: Handover) -> Iterator[Query]:
    item, old, new = HandoverItem, CompanyColleague, aliased(CompanyColleague)
    follower = cast(new.id, Text) == item.stamp
    taken = and_(
        item.stamp.is_(None),
        new.company_id == old.company_id,
        new.valid_to.is_(None),
        or_(new.topic == old.topic, new.production_unit_id == old.production_unit_id),
    )
    yield (
        _of(act, ItemKind.COLLEAGUE, Company.name)
        .join(Company, Company.id == item.company_id)
        .join(old, old.id == item.object_id)
        .outerjoin(new, or_(follower, taken))
        .where(or_(new.valid_to.is_not(None), and_(item.stamp.is_(None), new.id.is_not(None))))
    )
    away, exception = Absence, AbsenceException
    yield (
        _of(act, ItemKind.STAND_IN, literal(""))
        .outerjoin(away, away.id == item.object_id)
        .where(item.part == 0, or_(away.id.is_(None), cast(away.version, Text) != item.stamp))
    )
    yield (
        _of(act, ItemKind.STAND_IN, literal(""))
        .outerjoin(away, away.id == item.object_id)
        .outerjoin(exception, and_(exception.absence_id == item.object_id, exception.company_id == item.part))
        .where(
            item.part != 0,
            or_(
                away.id.is_(None),
                # For the receiver's own absence the exception was taken away.
                and_(away.user_id == act.to_id, exception.stand_in_id.is_not(None)),
                and_(away.user_id != act.to_id, exception.stand_in_id.is_(None)),
                exception.stand_in_id != act.to_id,
            ),
        )
    )
