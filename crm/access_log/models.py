"""The access log's own tables, which stand beside the main database, and what the main one keeps of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from crm.access.models import User
from crm.companies.models import Company
from crm.db import Base, Key, Row
from crm.guards import Guard, guards, refuse_trigger, refuse_where
from crm.types import SafeText, Utc

# What stands in the place of words that seem to hold a CPR number.
WITHHELD = "(ikke gemt: ligner et CPR-nummer)"
LONGEST = 200


class LogBase(DeclarativeBase):
    """The tables of the log. They are no part of the main schema: a file, or a schema, of their own."""

    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    __data_class__: ClassVar[str]
    __audited__: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if isinstance(table := getattr(cls, "__table__", None), Table):
            table.dialect_options["sqlite"]["strict"] = True


class ActorKind(StrEnum):
    """What kind of reader `actor_id` is the key of."""

    USER = "user"
    PANEL = "panel"  # a member of the company panel
    CALENDAR = "calendar"  # a user's calendar program, by its secret address
    SCREEN = "screen"  # a screen on a wall, by its link
    COMMAND = "command"  # whoever may run the program on the server


class Outcome(StrEnum):
    """How it went."""

    SHOWN = "shown"
    REFUSED = "refused"


_OUTCOMES = ", ".join(f"'{each}'" for each in Outcome)


class AccessEntry(LogBase):
    """Somebody was shown something that may tell of a person, or was refused it. Never what it said."""

    __tablename__ = "access_entry"
    __data_class__ = "staff"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({_OUTCOMES})", name="outcome"),
        Index("ix_access_entry_at", "at", "id"),
        Index("ix_access_entry_company", "company", "at", "id"),
        Index("ix_access_entry_actor", "actor_id", "at", "id"),
        # A number is never used again, not even that of a row that was deleted.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(Utc)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[int | None] = mapped_column(Key)
    outcome: Mapped[str] = mapped_column(Text)
    # Method and pattern, such as "GET /virksomheder/{cvr}".
    route: Mapped[str] = mapped_column(Text)
    object_kind: Mapped[str] = mapped_column(Text)
    object_key: Mapped[str | None] = mapped_column(SafeText(60))
    # The CVR number of the company it was about, also when the object is one of its agreements or people.
    company: Mapped[str | None] = mapped_column(Text)
    # What was searched for, or which list; None where nothing was asked, and where it was erased.
    criterion: Mapped[str | None] = mapped_column(SafeText(LONGEST))


class AccessHorizon(LogBase):
    """One row: everything before this moment has had its time, and only that can be deleted."""

    __tablename__ = "access_horizon"
    __data_class__ = "technical"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    before: Mapped[datetime] = mapped_column(Utc)


_APPEND_ONLY = "the access log is append-only"
_NOT_JUST_ERASED = (
    "NOT (NEW.criterion IS NULL AND NEW.id = OLD.id AND NEW.at = OLD.at AND NEW.actor_kind = OLD.actor_kind "
    "AND COALESCE(NEW.actor_id, 0) = COALESCE(OLD.actor_id, 0) AND NEW.outcome = OLD.outcome "
    "AND NEW.route = OLD.route AND NEW.object_kind = OLD.object_kind "
    "AND COALESCE(NEW.object_key, '') = COALESCE(OLD.object_key, '') "
    "AND COALESCE(NEW.company, '') = COALESCE(OLD.company, ''))"
)
_STILL_KEPT = "NOT COALESCE(OLD.at < (SELECT before FROM access_horizon WHERE id = 1), FALSE)"
LOG_GUARDS: tuple[Guard, ...] = (
    refuse_trigger("access_entry_no_update", "access_entry", _NOT_JUST_ERASED, "UPDATE", _APPEND_ONLY),
    refuse_where("access_entry_no_delete", "access_entry", "DELETE", _STILL_KEPT, _APPEND_ONLY),
    refuse_trigger("access_entry_no_truncate", "access_entry", "", "TRUNCATE", _APPEND_ONLY),
    refuse_trigger(
        "access_horizon_onwards", "access_horizon", "NEW.before < OLD.before", "UPDATE",
        "the horizon of the access log only moves on",
    ),
    refuse_trigger(
        "access_horizon_stays", "access_horizon", "", "DELETE", "the access log has one horizon",
    ),
)  # fmt: skip


# --- In the main database -------------------------------------------------------------------------


class SpotCheck(Base):
    """A month whose look-ups were drawn from: how many companies were opened, and how many outside one's own."""

    __tablename__ = "spot_check"
    __data_class__ = "technical"
    __table_args__ = (
        CheckConstraint("0 <= outside AND outside <= looks", name="outside"),
        CheckConstraint("length(month) = 7", name="month"),
    )

    # Such as 2026-10.
    month: Mapped[str] = mapped_column(Text, primary_key=True)
    drawn_at: Mapped[datetime] = mapped_column(Utc)
    looks: Mapped[int] = mapped_column(Integer)
    outside: Mapped[int] = mapped_column(Integer)


class SpotCheckLook(Row, Base):
    """A look-up drawn at random: a colleague opened a company that is not theirs. A manager marks it as seen."""

    __tablename__ = "spot_check_look"
    __data_class__ = "staff"
    __table_args__ = (
        CheckConstraint("(seen_at IS NULL) = (seen_by_id IS NULL)", name="seen"),
        Index("ix_spot_check_look_month", "month", "id"),
    )

    month: Mapped[str] = mapped_column(ForeignKey("spot_check.month"))
    at: Mapped[datetime] = mapped_column(Utc)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    route: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime | None] = mapped_column(Utc)
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    remark: Mapped[str | None] = mapped_column(SafeText(500))

    user: Mapped[User] = relationship(foreign_keys=[user_id], innerjoin=True, lazy="raise")
    company: Mapped[Company] = relationship(innerjoin=True, lazy="raise")
    seen_by: Mapped[User | None] = relationship(foreign_keys=[seen_by_id], lazy="raise")


class AccessAlarm(Row, Base):
    """A user opened more companies within an hour than the house thinks usual."""

    __tablename__ = "access_alarm"
    __data_class__ = "staff"
    __table_args__ = (
        UniqueConstraint("user_id", "until"),
        CheckConstraint("companies > 0", name="companies"),
        Index("ix_access_alarm_until", "until", "id"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    # The end of the hour that was counted.
    until: Mapped[datetime] = mapped_column(Utc)
    companies: Mapped[int] = mapped_column(Integer)

    user: Mapped[User] = relationship(innerjoin=True, lazy="raise")


_DRAWN = (
    "NEW.month <> OLD.month OR NEW.at <> OLD.at OR NEW.user_id <> OLD.user_id OR NEW.company_id <> OLD.company_id "
    "OR NEW.route <> OLD.route OR OLD.seen_at IS NOT NULL"
)
guards(
    refuse_trigger(
        "spot_check_look_fixed",
        "spot_check_look",
        _DRAWN,
        "UPDATE",
        "what was drawn and seen does not change",
    )
)
