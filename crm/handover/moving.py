"""Moving each kind of thing, there and back: whole sets at a time, never one row after the other.

What moves stands in `handover_item` first; every statement here reads its rows from there. A row that is not
as it was when the set was read raises Conflict, and nothing at all has moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Select,
    Text,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.orm import Session, aliased

from crm.companies.models import Company
from crm.db import Base, Key
from crm.errors import Conflict
from crm.handover.models import Handover, HandoverItem, HandoverKind, ItemKind
from crm.handover.scope import OWNED, Thing
from crm.responsibility.actions import TICK
from crm.responsibility.chain import among, lock, pass_on
from crm.responsibility.models import Absence, AbsenceException, CompanyAssignment, CompanyColleague
from crm.types import Utc

LOST = "En kollega har netop ændret noget af det, der skulle flyttes. Intet er flyttet. Se listen igen."
MOVED = (Company, CompanyAssignment, CompanyColleague, Absence, AbsenceException)
QUIETLY: dict[str, Any] = {"synchronize_session": False}


def write_items(db: Session, act: Handover, moving: Sequence[Thing]) -> None:
    """Put down what moves."""
    rows = [{"handover_id": act.id, "stamp": None, **thing._asdict()} for thing in moving]
    db.execute(insert(HandoverItem.__table__), rows)  # type: ignore[arg-type]  # It is a table.


def moment_after(db: Session, moving: Sequence[Thing], now: datetime) -> datetime:
    """Now, or just after the last beginning of what is to be ended, should a clock have gone ahead."""
    ids = {kind: [thing.object_id for thing in moving if thing.kind == kind] for kind in ItemKind}
    begun = union_all(
        select(CompanyAssignment.valid_from).where(
            CompanyAssignment.is_open == 1, among(CompanyAssignment.company_id, ids[ItemKind.COMPANY])
        ),
        select(CompanyColleague.valid_from).where(among(CompanyColleague.id, ids[ItemKind.COLLEAGUE])),
    ).subquery()
    last = db.scalar(select(func.max(begun.c[0])))
    return now if last is None else max(now, last + TICK)


def _ids(act: Handover, kind: ItemKind) -> Select[int]:
    return select(HandoverItem.object_id).where(HandoverItem.handover_id == act.id, HandoverItem.kind == kind)


def _former(act: Handover, kind: ItemKind, id: Any, part: Any = 0) -> Any:
    """Whose the row with this key was before."""
    return (
        select(HandoverItem.from_id)
        .where(
            HandoverItem.handover_id == act.id,
            HandoverItem.kind == kind,
            HandoverItem.object_id == id,
            HandoverItem.part == part,
        )
        .scalar_subquery()
    )


def _stamp(db: Session, act: Handover, kind: ItemKind, stands: Any) -> None:
    """Remember how each thing of a kind stands after the act."""
    db.execute(
        update(HandoverItem)
        .where(HandoverItem.handover_id == act.id, HandoverItem.kind == kind, HandoverItem.part == 0)
        .values(stamp=stands.scalar_subquery())
        .execution_options(**QUIETLY)
    )


def forget_loaded(db: Session) -> None:
    """Have what the session loaded before read anew: the statements here pass its objects by."""
    moved: tuple[type[Base], ...] = (*MOVED, *(has.table for has in OWNED.values()))
    for row in db:
        if isinstance(row, moved):
            db.expire(row)


def _demand(moved: Any, wanted: int) -> None:
    if moved.rowcount != wanted:
        raise Conflict(LOST)


# --- There --------------------------------------------------------------------------------------


def move_companies(db: Session, act: Handover, wanted: int) -> None:
    """The companies, along their chains."""
    to = literal(act.to_id, Key)
    receivers = select(HandoverItem.object_id, to).where(
        HandoverItem.handover_id == act.id, HandoverItem.kind == ItemKind.COMPANY
    )
    if pass_on(db, receivers=receivers, reason=act.note, by_id=act.by_id, moment=act.at) != wanted:
        raise Conflict(LOST)
    stands = select(cast(Company.current_assignment_id, Text)).where(Company.id == HandoverItem.object_id)
    _stamp(db, act, ItemKind.COMPANY, stands)


def move_owned(db: Session, act: Handover, kind: ItemKind, wanted: int) -> None:
    """Requests, follow-ups or agreements, or what was agreed at the board, by their owner's column."""
    has = OWNED[kind]
    _lock(db, act, kind, has.table, has.id)
    moved = db.execute(
        update(has.table)
        .where(has.id.in_(_ids(act, kind)), has.ended.is_(None), has.owner == _former(act, kind, has.id))
        .values({has.owner: act.to_id} | _counted(has.table))
        .execution_options(**QUIETLY)
    )
    _demand(moved, wanted)
    _stamp(db, act, kind, select(cast(has.stamp, Text)).where(has.id == HandoverItem.object_id))


def _lock(db: Session, act: Handover, kind: ItemKind, table: type[Base], id: Any) -> None:
    db.execute(select(id).where(id.in_(_ids(act, kind))).order_by(id).with_for_update(of=table)).all()


def _counted(table: type[Base]) -> dict[Any, Any]:
    """The version goes up, so that whoever edits an older page is told. A follow-up has none."""
    version = getattr(table, "version", None)
    return {} if version is None else {version: version + 1}


def move_beside(db: Session, act: Handover, wanted: int) -> None:
    """The places beside a responsible. Where that is the receiver, they have it alone from now on."""
    beside = CompanyColleague
    _lock(db, act, ItemKind.COLLEAGUE, beside, beside.id)
    ended = db.execute(
        update(beside)
        .where(beside.id.in_(_ids(act, ItemKind.COLLEAGUE)), beside.valid_to.is_(None))
        .values(valid_to=act.at)
        .execution_options(**QUIETLY)
    )
    _demand(ended, wanted)
    responsible = (
        select(CompanyAssignment.user_id)
        .where(CompanyAssignment.company_id == beside.company_id, CompanyAssignment.is_open == 1)
        .scalar_subquery()
    )
    _put_beside(db, act, literal(act.to_id, Key), act.note, act.at, responsible != act.to_id)
    new = aliased(beside)
    follower = (
        select(cast(new.id, Text))
        .join(beside, _same_place(beside, new))
        .where(beside.id == HandoverItem.object_id, new.valid_from == act.at, new.user_id == act.to_id)
    )
    _stamp(db, act, ItemKind.COLLEAGUE, follower)


def _same_place(one: Any, other: Any) -> Any:
    return and_(
        one.company_id == other.company_id,
        or_(one.topic == other.topic, one.production_unit_id == other.production_unit_id),
    )


def _put_beside(db: Session, act: Handover, who: Any, reason: str, at: datetime, where: Any) -> None:
    beside = CompanyColleague
    columns = ["company_id", "user_id", "production_unit_id", "topic", "valid_from", "reason", "by_id"]
    rows = (
        select(
            beside.company_id, who, beside.production_unit_id, beside.topic, literal(at, Utc),
            literal(reason), literal(act.undone_by_id or act.by_id, Key),
        )
        .join(HandoverItem, HandoverItem.object_id == beside.id)
        .where(HandoverItem.handover_id == act.id, HandoverItem.kind == ItemKind.COLLEAGUE, where)
        .order_by(beside.id)
    )  # fmt: skip
    db.execute(insert(beside).from_select(columns, rows))


def move_stand_ins(db: Session, act: Handover, parts: Sequence[Thing]) -> None:
    """Being a stand-in. Nobody stands in for themselves: for the receiver's own absences there is nobody."""
    whole = sum(thing.part == 0 for thing in parts)
    _lock(db, act, ItemKind.STAND_IN, Absence, Absence.id)
    former = _former(act, ItemKind.STAND_IN, Absence.id)
    moved = db.execute(
        update(Absence)
        .where(Absence.id.in_(_ids(act, ItemKind.STAND_IN)), Absence.stand_in_id == former)
        .values(
            stand_in_id=case((Absence.user_id == act.to_id, null()), else_=act.to_id),
            version=Absence.version + 1,
        )
        .execution_options(**QUIETLY)
    )
    _demand(moved, whole)
    exception = AbsenceException
    mine = _exceptions(act)
    receivers_own = select(Absence.id).where(Absence.user_id == act.to_id)
    gone = db.execute(
        delete(exception).where(mine, exception.absence_id.in_(receivers_own)).execution_options(**QUIETLY)
    )
    changed = db.execute(
        update(exception).where(mine).values(stand_in_id=act.to_id).execution_options(**QUIETLY)
    )
    if gone.rowcount + changed.rowcount != len(parts) - whole:  # type: ignore[attr-defined]
        raise Conflict(LOST)
    stands = select(cast(Absence.version, Text)).where(Absence.id == HandoverItem.object_id)
    _stamp(db, act, ItemKind.STAND_IN, stands)


def _exceptions(act: Handover) -> Any:
    """The exceptions of an act that are still the former stand-in's."""
    return AbsenceException.stand_in_id == _former(
        act, ItemKind.STAND_IN, AbsenceException.absence_id, AbsenceException.company_id
    )


# --- And back -----------------------------------------------------------------------------------


def lock_all(db: Session, act: Handover) -> None:
    """Everything the act moved, in the order the act itself takes it."""
    lock(db, CompanyAssignment.company_id.in_(_ids(act, ItemKind.COMPANY)))
    for kind, has in OWNED.items():
        _lock(db, act, kind, has.table, has.id)
    _lock(db, act, ItemKind.COLLEAGUE, CompanyColleague, CompanyColleague.id)
    _lock(db, act, ItemKind.STAND_IN, Absence, Absence.id)


def give_back(db: Session, act: Handover, *, reason: str, at: datetime) -> None:
    """Everything to whom it was before. It is locked, and nobody has touched it since."""
    companies = (HandoverItem.handover_id == act.id, HandoverItem.kind == ItemKind.COMPANY)
    receivers = select(HandoverItem.object_id, HandoverItem.from_id).where(*companies)
    pass_on(db, receivers=receivers, reason=reason, by_id=act.undone_by_id, moment=at)
    for kind, has in OWNED.items():
        db.execute(
            update(has.table)
            .where(has.id.in_(_ids(act, kind)))
            .values({has.owner: _former(act, kind, has.id)} | _counted(has.table))
            .execution_options(**QUIETLY)
        )
    if act.kind == HandoverKind.LEAVER:
        _beside_back(db, act, reason, at)
        _stand_ins_back(db, act)


def _beside_back(db: Session, act: Handover, reason: str, at: datetime) -> None:
    followers = select(HandoverItem.stamp).where(
        HandoverItem.handover_id == act.id, HandoverItem.kind == ItemKind.COLLEAGUE
    )
    db.execute(
        update(CompanyColleague)
        .where(cast(CompanyColleague.id, Text).in_(followers))
        .values(valid_to=at)
        .execution_options(**QUIETLY)
    )
    _put_beside(db, act, HandoverItem.from_id, reason, at, true())


def _stand_ins_back(db: Session, act: Handover) -> None:
    kind, exception = ItemKind.STAND_IN, AbsenceException
    former = _former(act, kind, Absence.id)
    db.execute(
        update(Absence)
        .where(Absence.id.in_(_ids(act, kind)), former.is_not(None))
        .values(stand_in_id=former, version=Absence.version + 1)
        .execution_options(**QUIETLY)
    )
    before = _former(act, kind, exception.absence_id, exception.company_id)
    db.execute(delete(exception).where(before.is_not(None)).execution_options(**QUIETLY))
    parts = (HandoverItem.handover_id == act.id, HandoverItem.kind == kind, HandoverItem.part != 0)
    rows = select(HandoverItem.object_id, HandoverItem.part, HandoverItem.from_id).where(*parts)
    columns = ["absence_id", "company_id", "stand_in_id"]
    db.execute(insert(exception).from_select(columns, rows))
