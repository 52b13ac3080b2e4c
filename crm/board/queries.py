"""Meetings, the board as it stands now, and what was agreed at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, exists, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.access.queries import token_hash
from crm.board.content import Content, Period, content, read
from crm.board.models import BoardAction, BoardMeeting, BoardMinutes, BoardPlan, BoardSnapshot, WallLink
from crm.errors import NotFound

PAGE = 50
MOST = 200
FORTNIGHT = timedelta(days=14)
_PEOPLE = joinedload(BoardAction.owner).load_only(User.name, User.email, raiseload=True)
_FROM = joinedload(BoardAction.meeting).load_only(BoardMeeting.on, raiseload=True)
# A list says whether a meeting was held, and not what stood on the board.
_HELD = joinedload(BoardMeeting.snapshot).load_only(BoardSnapshot.frozen_at, raiseload=True)


def plan(db: Session) -> BoardPlan | None:
    """The rhythm; None when nobody has laid one."""
    return db.get(BoardPlan, 1)


def get(db: Session, id: int) -> BoardMeeting:
    """One meeting with what was frozen and written down at it, or NotFound."""
    found = db.scalars(
        select(BoardMeeting)
        .options(
            joinedload(BoardMeeting.snapshot),
            joinedload(BoardMeeting.minutes).joinedload(BoardMinutes.changed_by, innerjoin=True),
        )
        .where(BoardMeeting.id == id)
        # Asked again it is read anew: a colleague may have frozen it or written while we waited.
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise NotFound("Vi kan ikke finde det tavlemøde.")
    return found


def page(
    db: Session, *, before: tuple[date, int] | None = None, limit: int = PAGE
) -> tuple[Sequence[BoardMeeting], tuple[date, int] | None]:
    """All meetings, the last day first, and the key to ask for older with."""
    query = (
        select(BoardMeeting)
        .options(_HELD)
        .order_by(BoardMeeting.on.desc(), BoardMeeting.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(tuple_(BoardMeeting.on, BoardMeeting.id) < before)
    rows = db.scalars(query).all()
    return rows[:limit], (rows[limit - 1].on, rows[limit - 1].id) if len(rows) > limit else None


def to_come(db: Session, today: date, limit: int = MOST) -> Sequence[BoardMeeting]:
    """Meetings from today on, the next one first; those that were called off among them."""
    return db.scalars(
        select(BoardMeeting)
        .options(_HELD)
        .where(BoardMeeting.on >= today)
        .order_by(BoardMeeting.on, BoardMeeting.id)
        .limit(limit)
    ).all()


def snapshot_before(db: Session, on: date) -> BoardSnapshot | None:
    """What was frozen at the last meeting before a day."""
    return db.scalars(
        select(BoardSnapshot).where(BoardSnapshot.on < on).order_by(BoardSnapshot.on.desc()).limit(1)
    ).first()


# --- The board ----------------------------------------------------------------------------------

_last_frozen = select(BoardSnapshot.meeting_id).order_by(BoardSnapshot.on.desc()).limit(1).scalar_subquery()
# Held today, or to be: the next one that nothing was frozen at.
_next = (
    select(BoardMeeting.id)
    .outerjoin(BoardSnapshot, BoardSnapshot.meeting_id == BoardMeeting.id)
    .where(
        BoardMeeting.on >= bindparam("today"), BoardMeeting.stands == 1, BoardSnapshot.meeting_id.is_(None)
    )
    .order_by(BoardMeeting.on)
    .limit(1)
    .scalar_subquery()
)
_AROUND = (
    select(BoardMeeting)
    .options(joinedload(BoardMeeting.snapshot))
    .where(or_(BoardMeeting.id == _last_frozen, BoardMeeting.id == _next))
    .order_by(BoardMeeting.on)
)


@dataclass(frozen=True)
class Board:
    """What the board shows: as it was frozen today, or as it stands now.

    `meeting` is the one it is for: today's once it is frozen, else the next, if one is planned.
    """

    content: Content
    meeting: BoardMeeting | None
    frozen_at: datetime | None

    @property
    def last_on(self) -> date | None:
        """The day of the frozen meeting that changes are counted from."""
        last = self.content["last"]
        return date.fromisoformat(last["on"]) if last else None


def board(db: Session, now: datetime, *, today: date, zone: ZoneInfo) -> Board:
    """The board now. Constant in statements: one for the meetings around, and the content's."""
    around = db.scalars(_AROUND, {"today": today}).all()
    last = next((each.snapshot for each in around if each.snapshot is not None), None)
    held = next((each for each in around if each.snapshot is not None and each.on == today), None)
    if held is not None and held.snapshot is not None:
        return Board(read(held.snapshot), held, held.snapshot.frozen_at)
    following = next((each for each in around if each.snapshot is None), None)
    # A frozen meeting lies before today: none is frozen ahead of its day.
    found = content(db, Period.of(today, now, last, zone=zone, first=FORTNIGHT))
    return Board(found, following, None)


# --- What was agreed ----------------------------------------------------------------------------

_OPEN = (
    select(BoardAction)
    .options(_PEOPLE, _FROM)
    .where(or_(BoardAction.done_at.is_(None), BoardAction.done_at > bindparam("since")))
    .order_by(BoardAction.done_at.is_not(None), BoardAction.due, BoardAction.id)
    .limit(MOST)
)
_OF_USER = (
    select(BoardAction)
    .options(_PEOPLE, _FROM)
    .where(
        BoardAction.owner_id == bindparam("user_id"),
        BoardAction.done_at.is_(None),
        BoardAction.due <= bindparam("until"),
    )
    .order_by(BoardAction.due, BoardAction.id)
    .limit(MOST)
)


def agreed(db: Session, since: datetime) -> Sequence[BoardAction]:
    """Everything still open, from whichever meeting, the first due on top; then what was done since."""
    return db.scalars(_OPEN, {"since": since}).all()


def actions_of(db: Session, user: User, until: date) -> Sequence[BoardAction]:
    """What this user has agreed to at the board and is due by a day, for Min dag. It belongs to no company."""
    return db.scalars(_OF_USER, {"user_id": user.id, "until": until}).all()


def agreed_at(db: Session, meeting: BoardMeeting) -> Sequence[BoardAction]:
    """What was agreed at one meeting, as it stands now."""
    return db.scalars(
        select(BoardAction)
        .options(_PEOPLE, _FROM)
        .where(BoardAction.meeting_id == meeting.id)
        .order_by(BoardAction.due, BoardAction.id)
    ).all()


def carried_to(db: Session, meeting: BoardMeeting) -> Sequence[BoardAction]:
    """What is still open from meetings before; nothing for a meeting after which others have been held."""
    later = exists().where(BoardSnapshot.on > meeting.on)
    before = or_(BoardAction.meeting_id.is_(None), BoardMeeting.on < meeting.on)
    return db.scalars(
        select(BoardAction)
        .outerjoin(BoardMeeting, BoardMeeting.id == BoardAction.meeting_id)
        .options(_PEOPLE, _FROM)
        .where(BoardAction.done_at.is_(None), before, ~later)
        .order_by(BoardAction.due, BoardAction.id)
        .limit(MOST)
    ).all()


def action(db: Session, id: int) -> BoardAction:
    """One thing agreed, or NotFound."""
    found = db.scalars(select(BoardAction).options(_PEOPLE, _FROM).where(BoardAction.id == id)).first()
    if found is None:
        raise NotFound("Vi kan ikke finde det, der var aftalt.")
    return found


# --- Links for the wall -------------------------------------------------------------------------


def wall_links(db: Session) -> Sequence[WallLink]:
    """Every link there is or was, the open ones first."""
    return db.scalars(
        select(WallLink).order_by(WallLink.closed_at.is_not(None), WallLink.id.desc()).limit(MOST)
    ).all()


def wall_link(db: Session, id: int) -> WallLink:
    """One link, or NotFound."""
    found = db.get(WallLink, id)
    if found is None:
        raise NotFound("Vi kan ikke finde det link.")
    return found


def opens_the_wall(db: Session, token: str) -> int | None:
    """The key of the link this is the token of; None when there is none, or it is closed."""
    asked = select(WallLink.id).where(WallLink.token_hash == token_hash(token), WallLink.closed_at.is_(None))
    return db.scalar(asked)
