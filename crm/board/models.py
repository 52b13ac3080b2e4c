"""Meetings at the board, what was frozen at each, what was written down and agreed, and links for the wall.

A snapshot is never changed: triggers refuse it, and its hash says whether someone went past them. It names the
day of its meeting and that the meeting stands, so that a key keeps a frozen meeting from being moved or called
off.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import danish
from crm.access.models import User
from crm.db import Base, Key, Row
from crm.guards import guards, refuse_trigger
from crm.handover.models import ItemKind
from crm.handover.scope import OWNED, Owned
from crm.types import SafeText, Utc

_STANDS = text("cancelled_at IS NULL")
_OPEN = text("done_at IS NULL")


class BoardPlan(Base):
    """One row: the rhythm meetings are planned by, and what is on the agenda every time."""

    __tablename__ = "board_plan"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("every_days BETWEEN 7 AND 56 AND every_days % 7 = 0", name="every_days"),
        CheckConstraint("starts_at BETWEEN 0 AND 1439", name="starts_at"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    # The first meeting says the day of the week for all of them.
    first_on: Mapped[date]
    every_days: Mapped[int] = mapped_column(Integer)
    # Minutes after midnight, in the municipality.
    starts_at: Mapped[int] = mapped_column(Integer)
    agenda: Mapped[str | None] = mapped_column(SafeText(2000))
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


class BoardMeeting(Row, Base):
    """A meeting at the board, planned or held. `slot_on` is its place in the rhythm; a single one has none."""

    __tablename__ = "board_meeting"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint("(stands = 1) = (cancelled_at IS NULL) AND stands IN (0, 1)", name="stands"),
        CheckConstraint("cancelled_at IS NULL OR reason IS NOT NULL", name="reason"),
        CheckConstraint("starts_at BETWEEN 0 AND 1439", name="starts_at"),
        UniqueConstraint("id", "on_day", "stands"),
        Index("uq_board_meeting_day", "on_day", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index("uq_board_meeting_slot", "slot_on", unique=True),
        Index("ix_board_meeting_day", "on_day", "id"),
    )

    on: Mapped[date] = mapped_column("on_day")
    slot_on: Mapped[date | None]
    starts_at: Mapped[int] = mapped_column(Integer)
    # Why it was moved or called off.
    reason: Mapped[str | None] = mapped_column(SafeText(300))
    moved_from: Mapped[date | None]
    cancelled_at: Mapped[datetime | None] = mapped_column(Utc)
    stands: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    snapshot: Mapped[BoardSnapshot | None] = relationship(lazy="raise", viewonly=True)
    minutes: Mapped[BoardMinutes | None] = relationship(lazy="raise", viewonly=True)

    @property
    def clock(self) -> str:
        """When it begins: "9.00"."""
        return danish.clock(self.starts_at)

    @property
    def state(self) -> str:
        """planned, held or cancelled; needs `snapshot` loaded."""
        if self.cancelled_at is not None:
            return "cancelled"
        return "held" if self.snapshot is not None else "planned"


class BoardSnapshot(Base):
    """What stood on the board at a meeting, as canonical JSON; never changed. `until_at` ends its news."""

    __tablename__ = "board_snapshot"
    __data_class__ = "notes"
    # The log keeps the hash; the content would be there twice.
    __secret__: ClassVar[frozenset[str]] = frozenset({"content"})
    __table_args__ = (
        CheckConstraint("stands = 1", name="stands"),
        CheckConstraint("length(hash) = 64", name="hash"),
        # Neither moved nor called off once it is frozen.
        ForeignKeyConstraint(
            ["meeting_id", "on_day", "stands"],
            ["board_meeting.id", "board_meeting.on_day", "board_meeting.stands"],
            name="fk_board_snapshot_meeting",
        ),
        Index("ix_board_snapshot_day", "on_day"),
    )

    meeting_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    on: Mapped[date] = mapped_column("on_day")
    stands: Mapped[int] = mapped_column(Integer, default=1)
    until_at: Mapped[datetime] = mapped_column(Utc)
    frozen_at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    content: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)


class BoardMinutes(Base):
    """What was written down at a meeting. Everyone in the house reads it; a draft until it is published."""

    __tablename__ = "board_minutes"
    __data_class__ = "notes"

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("board_meeting.id"), primary_key=True, autoincrement=False
    )
    text: Mapped[str] = mapped_column(SafeText(20_000))
    changed_at: Mapped[datetime] = mapped_column(Utc)
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    published_at: Mapped[datetime | None] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    changed_by: Mapped[User] = relationship(innerjoin=True, lazy="raise")


class BoardAction(Row, Base):
    """Something agreed at the board: what, who and by when. It is carried on to every meeting until it is done."""

    __tablename__ = "board_action"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint("(done_at IS NULL) = (done_by_id IS NULL)", name="done"),
        # Whoever has agreed to something cannot be closed before it is done or someone else's.
        ForeignKeyConstraint(["owner_id", "needs_active"], ["user_account.id", "user_account.is_active"],
                             name="fk_board_action_active_owner"),
        Index("ix_board_action_open", "owner_id", "due", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_board_action_due", "due", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_board_action_done", "done_at"),
        Index("ix_board_action_meeting", "meeting_id"),
    )  # fmt: skip

    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("board_meeting.id"))
    text: Mapped[str] = mapped_column(SafeText(300))
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    due: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    done_at: Mapped[datetime | None] = mapped_column(Utc)
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    needs_active: Mapped[int | None] = mapped_column(
        Integer, Computed("CASE WHEN done_at IS NULL THEN 1 END", persisted=True)
    )

    owner: Mapped[User] = relationship(foreign_keys=[owner_id], innerjoin=True, lazy="raise")
    meeting: Mapped[BoardMeeting | None] = relationship(lazy="raise")


class WallLink(Row, Base):
    """A link for a screen on a wall where nobody is signed in. Shown once; only its hash is kept."""

    __tablename__ = "board_wall_link"
    __data_class__ = "security"
    __secret__: ClassVar[frozenset[str]] = frozenset({"token_hash"})

    name: Mapped[str] = mapped_column(SafeText(100))
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    closed_at: Mapped[datetime | None] = mapped_column(Utc)


_NEVER = "what was frozen is never changed"
guards(
    refuse_trigger("board_snapshot_no_update", "board_snapshot", "", "UPDATE", _NEVER),
    refuse_trigger("board_snapshot_no_delete", "board_snapshot", "", "DELETE", _NEVER),
    refuse_trigger("board_snapshot_no_truncate", "board_snapshot", "", "TRUNCATE", _NEVER),
)
# A leaver's part of what was agreed is handed over with the rest; this room lies above that one.
OWNED[ItemKind.BOARD_ACTION] = Owned(
    BoardAction,
    BoardAction.id,
    None,
    BoardAction.owner_id,
    BoardAction.done_at,
    BoardAction.due,
    BoardAction.text,
)
