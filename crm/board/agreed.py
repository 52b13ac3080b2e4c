"""What is agreed at the board: by whom, by when, and when it is done."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from crm.access.models import User
from crm.board.models import BoardAction, BoardMeeting
from crm.errors import Conflict, Refused


def agree(
    db: Session,
    *,
    text: str,
    owner: User,
    due: date,
    by: User,
    now: datetime,
    meeting: BoardMeeting | None = None,
) -> BoardAction:
    """Agree that someone does something by a day."""
    if not text.strip():
        raise Refused("text", "Skriv, hvad der er aftalt.")
    _demand_active(owner)
    _check_due(due)
    made = BoardAction(
        meeting_id=meeting.id if meeting else None,
        text=text,
        owner_id=owner.id,
        due=due,
        created_at=now,
        by_id=by.id,
    )
    db.add(made)
    db.flush()
    return made


def mark_done(db: Session, *, action: BoardAction, by: User, now: datetime) -> None:
    """It is done. Done twice is done."""
    if action.done_at is None:
        action.done_at, action.done_by_id = now, by.id
        db.flush()


def reopen(db: Session, *, action: BoardAction, by: User) -> None:
    """It was not done after all. Where its owner has left, it is now with whoever says so."""
    if not db.get_one(User, action.owner_id).is_active:
        action.owner_id = by.id
    action.done_at = action.done_by_id = None
    db.flush()


def change(db: Session, *, action: BoardAction, text: str, owner: User, due: date) -> None:
    """Another day, another colleague, or said better."""
    if action.done_at is not None:
        raise Conflict("Det er allerede klaret.")
    if not text.strip():
        raise Refused("text", "Skriv, hvad der er aftalt.")
    if owner.id != action.owner_id:
        _demand_active(owner)
    _check_due(due)
    action.text, action.owner_id, action.due = text, owner.id, due
    db.flush()
    db.refresh(action, ["owner"])


def postpone(db: Session, *, action: BoardAction, due: date) -> None:
    """Put it off to another day."""
    if action.done_at is not None:
        raise Conflict("Det er allerede klaret.")
    _check_due(due)
    action.due = due
    db.flush()


def _demand_active(owner: User) -> None:
    if not owner.is_active:
        raise Refused("owner", f"{owner.name} er lukket. Vælg en anden.")


def _check_due(due: date) -> None:
    if not date(2000, 1, 1) <= due <= date(2100, 1, 1):
        raise Refused("due", "Skriv en dag inden for de næste år.")
