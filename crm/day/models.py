"""What somebody has put off for a while, and how they want to be told of their day."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.access.models import User
from crm.db import Base, Key
from crm.types import Utc


class Reason(StrEnum):
    """Why something stands in somebody's day; with a key it names one line of it."""

    FOLLOW_UP = "follow_up"
    ANSWER = "answer"
    EXPIRY = "expiry"
    QUIET = "quiet"
    OFFER = "offer"
    COMMENT = "comment"


# A follow-up has a day of its own; everything else is put off here.
PUT_OFF = tuple(reason for reason in Reason if reason != Reason.FOLLOW_UP)
_REASONS = ", ".join(f"'{reason}'" for reason in PUT_OFF)


class PutOff(Base):
    """One colleague wants to see a line of their day again on `until`, and not before.

    `kind` is the line's reason, `subject_id` the key of the request, agreement, company or reply it is about.
    It is a wish about a list and holds nothing up, so nothing points at it and it may outlive its subject.
    """

    __tablename__ = "put_off"
    __data_class__ = "staff"
    __audited__ = False
    __table_args__ = (CheckConstraint(f"kind IN ({_REASONS})", name="kind"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    subject_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    until: Mapped[date] = mapped_column("until_day")
    created_at: Mapped[datetime] = mapped_column(Utc)


class DayChoice(Base):
    """How a colleague wants to be told of their day: a mail in the morning, a calendar at a secret address.

    Only a hash of the address's secret is kept. `last_morning` is the last day whose morning has been looked
    at, so that of several machines one writes the mail.
    """

    __tablename__ = "day_choice"
    __data_class__ = "security"
    __secret__: ClassVar[frozenset[str]] = frozenset({"calendar_hash"})
    __table_args__ = (
        CheckConstraint("morning_mail IN (0, 1)", name="morning_mail"),
        CheckConstraint("(calendar_hash IS NULL) = (calendar_since IS NULL)", name="calendar"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    morning_mail: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    last_morning: Mapped[date | None]
    calendar_hash: Mapped[str | None] = mapped_column(Text, unique=True)
    calendar_since: Mapped[datetime | None] = mapped_column(Utc)

    user: Mapped[User] = relationship(innerjoin=True, lazy="raise")
