"""The panel's seats, the ways in, its meetings and questions, and what its members say.

A member is no user of the house. What they may see follows from the seat alone, and the seat is a company's: the
keys and triggers here keep an answer to one's own seat, to a question that was asked, and to the days it is open.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import danish
from crm.access.models import User
from crm.companies.models import Company
from crm.db import Base, Key, Row
from crm.guards import guards, refuse_trigger, refuse_where
from crm.types import SafeText, Utc

_STANDS = text("ended_at IS NULL")
_OPEN = text("answered_at IS NULL")
_UPCOMING = text("cancelled_at IS NULL")


class PanelSeat(Row, Base):
    """A company's seat in the panel, held by one person from one day to another.

    `ends_on` is the last day, planned; `ended_at` is the moment it ended, and with it everything the seat opens.
    `terms` is the version of the words about what a member sees and says, as they were accepted.
    """

    __tablename__ = "panel_seat"
    __data_class__ = "person"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on >= begins_on", name="days"),
        CheckConstraint("(terms IS NULL) = (terms_accepted_at IS NULL)", name="terms"),
        # A person has one seat at a time, so that an e-mail opens one company and no other.
        Index("uq_panel_seat_email", "email", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index("ix_panel_seat_company", "company_id", "id"),
    )

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    email: Mapped[str] = mapped_column(SafeText(254))
    name: Mapped[str] = mapped_column(SafeText(100))
    begins_on: Mapped[date]
    ends_on: Mapped[date | None]
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    terms: Mapped[int | None] = mapped_column(Integer)
    terms_accepted_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    company: Mapped[Company] = relationship(innerjoin=True, lazy="raise")

    def is_held(self, on: date) -> bool:
        """Whether it opens anything on this day."""
        return self.ended_at is None and self.begins_on <= on and (self.ends_on is None or on <= self.ends_on)


class PanelLink(Base):
    """A link by mail that lets the seat's holder in once. Only its hash is kept; the token stands in the mail."""

    __tablename__ = "panel_link"
    __data_class__ = "security"
    __audited__ = False
    __secret__: ClassVar[frozenset[str]] = frozenset({"token_hash"})
    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="period"),
        CheckConstraint("is_invitation IN (0, 1)", name="invitation"),
        Index("ix_panel_link_seat", "seat_id"),
        Index("ix_panel_link_expires", "expires_at"),
    )

    token_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"))
    is_invitation: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    used_at: Mapped[datetime | None] = mapped_column(Utc)
    seat: Mapped[PanelSeat] = relationship(innerjoin=True, lazy="raise")


class PanelSession(Row, Base):
    """A browser that a seat's holder is signed in with; apart from the house's own sessions."""

    __tablename__ = "panel_session"
    __data_class__ = "security"
    __audited__ = False
    __secret__: ClassVar[frozenset[str]] = frozenset({"token_hash"})
    __table_args__ = (Index("ix_panel_session_expires", "expires_at"),)

    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)


class PanelIdentity(Base):
    """Whom the panel's identity provider means when it says this subject: the holder of a seat."""

    __tablename__ = "panel_identity"
    __data_class__ = "security"
    __table_args__ = (CheckConstraint("issuer <> '' AND subject_hash <> ''", name="named"),)

    issuer: Mapped[str] = mapped_column(Text, primary_key=True)
    # What a provider calls somebody is read by nobody; it may hold a CPR number.
    subject_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), index=True)
    linked_at: Mapped[datetime] = mapped_column(Utc)


class PanelMeeting(Row, Base):
    """A meeting of the panel. Members see it once it is announced, and the minutes once they are published."""

    __tablename__ = "panel_meeting"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint("starts_at BETWEEN 0 AND 1439 AND ends_at BETWEEN 1 AND 1440", name="clock"),
        CheckConstraint("ends_at > starts_at", name="length"),
        CheckConstraint("cancelled_at IS NULL OR reason IS NOT NULL", name="reason"),
        CheckConstraint(
            "minutes_published_at IS NULL OR (minutes IS NOT NULL AND announced_at IS NOT NULL)",
            name="minutes",
        ),
        Index("ix_panel_meeting_day", "on_day", "id"),
        Index("ix_panel_meeting_next", "on_day", sqlite_where=_UPCOMING, postgresql_where=_UPCOMING),
    )

    on: Mapped[date] = mapped_column("on_day")
    # Minutes after midnight, in the municipality.
    starts_at: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[int] = mapped_column(Integer)
    place: Mapped[str] = mapped_column(SafeText(200))
    agenda: Mapped[str | None] = mapped_column(SafeText(5000))
    announced_at: Mapped[datetime | None] = mapped_column(Utc)
    cancelled_at: Mapped[datetime | None] = mapped_column(Utc)
    reason: Mapped[str | None] = mapped_column(SafeText(300))
    minutes: Mapped[str | None] = mapped_column(SafeText(20_000))
    minutes_published_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    @property
    def clock(self) -> str:
        """From when to when: "8.00–9.30"."""
        return f"{danish.clock(self.starts_at)}–{danish.clock(self.ends_at)}"


class PanelReading(Base):
    """A member opened a meeting's minutes; the first time only."""

    __tablename__ = "panel_reading"
    __data_class__ = "person"
    __audited__ = False

    meeting_id: Mapped[int] = mapped_column(ForeignKey("panel_meeting.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), primary_key=True)
    read_at: Mapped[datetime] = mapped_column(Utc)


class PanelQuestion(Row, Base):
    """Something the municipality asks the panel, open for some days, and what came of the answers."""

    __tablename__ = "panel_question"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint("closes_on >= opens_on", name="days"),
        CheckConstraint(
            "outcome_at IS NULL OR (outcome IS NOT NULL AND asked_at IS NOT NULL)", name="outcome"
        ),
        Index("ix_panel_question_closes", "closes_on", "id"),
    )

    question: Mapped[str] = mapped_column(SafeText(300))
    about: Mapped[str | None] = mapped_column(SafeText(2000))
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    # Until then it is a draft that no member sees.
    asked_at: Mapped[datetime | None] = mapped_column(Utc)
    # "You said – we did."
    said: Mapped[str | None] = mapped_column(SafeText(2000))
    outcome: Mapped[str | None] = mapped_column(SafeText(2000))
    outcome_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    def is_open(self, on: date) -> bool:
        """Whether members can answer on this day."""
        return self.asked_at is not None and self.opens_on <= on <= self.closes_on


class PanelAnswer(Base):
    """What a seat answers to a question; it can be changed for as long as the question is open."""

    __tablename__ = "panel_answer"
    __data_class__ = "person"

    question_id: Mapped[int] = mapped_column(ForeignKey("panel_question.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"), primary_key=True)
    text: Mapped[str] = mapped_column(SafeText(2000))
    # The day it was last changed, in the municipality.
    on: Mapped[date] = mapped_column("on_day")
    answered_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    seat: Mapped[PanelSeat] = relationship(innerjoin=True, lazy="raise")


class PanelRemark(Row, Base):
    """A member says that something about their company is wrong; somebody in the house answers it, once."""

    __tablename__ = "panel_remark"
    __data_class__ = "person"
    __table_args__ = (
        UniqueConstraint("follow_up_id"),
        CheckConstraint(
            "(answered_at IS NULL) = (answered_by_id IS NULL) AND (answered_at IS NULL) = (answer IS NULL)",
            name="answered",
        ),
        Index("ix_panel_remark_seat", "seat_id", "id"),
        Index("ix_panel_remark_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seat.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    about: Mapped[str | None] = mapped_column(SafeText(250))
    text: Mapped[str] = mapped_column(SafeText(1000))
    created_at: Mapped[datetime] = mapped_column(Utc)
    # What the company's responsible consultant finds in their day.
    follow_up_id: Mapped[int] = mapped_column(Key, ForeignKey("follow_up.id"))
    answer: Mapped[str | None] = mapped_column(SafeText(1000))
    answered_at: Mapped[datetime | None] = mapped_column(Utc)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    seat: Mapped[PanelSeat] = relationship(innerjoin=True, lazy="raise")
    company: Mapped[Company] = relationship(innerjoin=True, lazy="raise")
    answered_by: Mapped[User | None] = relationship(lazy="raise")


# The day is compared as text on SQLite and as a date on PostgreSQL; both keep it in one order.
_CLOSED = (
    "NOT EXISTS (SELECT 1 FROM panel_question q WHERE q.id = NEW.question_id AND q.asked_at IS NOT NULL "
    "AND NEW.on_day BETWEEN q.opens_on AND q.closes_on)"
)
_SEAT_GONE = (
    "NOT EXISTS (SELECT 1 FROM panel_seat s WHERE s.id = NEW.seat_id AND s.ended_at IS NULL "
    "AND s.begins_on <= NEW.on_day AND (s.ends_on IS NULL OR s.ends_on >= NEW.on_day))"
)
guards(
    refuse_trigger("panel_seat_no_delete", "panel_seat", "", "DELETE", "a seat ends, it is never deleted"),
    refuse_trigger(
        "panel_seat_fixed", "panel_seat",
        "NEW.company_id <> OLD.company_id OR (OLD.ended_at IS NOT NULL AND (NEW.ended_at IS NULL "
        "OR NEW.ended_at <> OLD.ended_at))",
        "UPDATE", "a seat belongs to one company, and one that has ended is over",
    ),
    refuse_where(
        "panel_session_of_a_seat", "panel_session", "INSERT",
        "NOT EXISTS (SELECT 1 FROM panel_seat s WHERE s.id = NEW.seat_id AND s.ended_at IS NULL)",
        "a seat that has ended opens nothing",
    ),
    refuse_where(
        "panel_identity_of_a_seat", "panel_identity", "UPDATE",
        "EXISTS (SELECT 1 FROM panel_seat s WHERE s.id = OLD.seat_id AND s.ended_at IS NULL)",
        "an identity stays with its seat for as long as the seat stands",
    ),
    refuse_trigger(
        "panel_link_fixed", "panel_link",
        "NEW.seat_id <> OLD.seat_id OR NEW.expires_at <> OLD.expires_at OR OLD.used_at IS NOT NULL",
        "UPDATE", "a link opens what it opened, once",
    ),
    refuse_where("panel_answer_open", "panel_answer", "INSERT", _CLOSED, "the question is not open"),
    refuse_where("panel_answer_still_open", "panel_answer", "UPDATE", _CLOSED, "the question is not open"),
    refuse_where("panel_answer_seated", "panel_answer", "INSERT", _SEAT_GONE, "the seat is not held"),
    refuse_trigger(
        "panel_answer_fixed", "panel_answer",
        "NEW.seat_id <> OLD.seat_id OR NEW.question_id <> OLD.question_id",
        "UPDATE", "an answer belongs to one seat and one question",
    ),
    refuse_trigger("panel_answer_no_delete", "panel_answer", "", "DELETE", "an answer stays"),
    refuse_trigger(
        "panel_question_fixed", "panel_question",
        "OLD.asked_at IS NOT NULL AND (NEW.asked_at IS NULL OR NEW.question <> OLD.question)",
        "UPDATE", "what was asked stands as it was asked",
    ),
    refuse_trigger("panel_question_no_delete", "panel_question", "OLD.asked_at IS NOT NULL", "DELETE",
                   "what was asked stands"),
    refuse_trigger("panel_meeting_no_delete", "panel_meeting", "OLD.announced_at IS NOT NULL", "DELETE",
                   "a meeting is called off, never deleted"),
    refuse_trigger(
        "panel_remark_fixed", "panel_remark",
        "NEW.seat_id <> OLD.seat_id OR NEW.text <> OLD.text OR OLD.answered_at IS NOT NULL",
        "UPDATE", "a remark stands as it was made, and is answered once",
    ),
    refuse_trigger("panel_remark_no_delete", "panel_remark", "", "DELETE", "a remark stays"),
)  # fmt: skip
