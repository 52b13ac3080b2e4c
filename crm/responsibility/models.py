"""The promise of the house as keys: one responsible consultant for each company, always, without gaps.

A company's assignments form a chain. Each row but the first *follows* another of the same company, and
the key says that it begins the very moment the other one ended. A row has at most one follower, a
company at most one beginning, and time only goes forward, so the chain cannot branch, overlap, have a
hole or run in a ring; it ends in the one open row that `company.current_assignment_id` names. All of it
is plain keys, alike on both engines, checked at commit.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

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

from crm.access.models import Team, User
from crm.companies.models import Company, ProductionUnit
from crm.db import Base, Key, Row
from crm.guards import Guard, guards, refuse_trigger, refuse_where
from crm.types import SafeText, Utc

_FIXED = (
    "NEW.company_id <> OLD.company_id OR NEW.user_id <> OLD.user_id OR NEW.valid_from <> OLD.valid_from "
    "OR OLD.valid_to IS NOT NULL"
)


class CompanyAssignment(Row, Base):
    """A consultant was (or is) responsible for a company from `valid_from` until `valid_to`, exclusive."""

    __tablename__ = "company_assignment"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
        UniqueConstraint("company_id", "id", "is_open"),
        UniqueConstraint("company_id", "id", "valid_to"),
        UniqueConstraint("follows_id"),
        Index("uq_company_assignment_one_open", "company_id", unique=True,
              sqlite_where=text("valid_to IS NULL"), postgresql_where=text("valid_to IS NULL")),
        Index("uq_company_assignment_one_first", "company_id", unique=True,
              sqlite_where=text("follows_id IS NULL"), postgresql_where=text("follows_id IS NULL")),
        Index("ix_company_assignment_user", "user_id", "is_open"),
        Index("ix_company_assignment_current", "user_id", "company_id",
              sqlite_where=text("valid_to IS NULL"), postgresql_where=text("valid_to IS NULL")),
        # A closed user has is_active = 0, so whoever has an open assignment cannot be closed.
        ForeignKeyConstraint(["user_id", "needs_active"], ["user_account.id", "user_account.is_active"],
                             name="fk_company_assignment_active_user"),
        ForeignKeyConstraint(["company_id", "follows_id", "valid_from"],
                             ["company_assignment.company_id", "company_assignment.id",
                              "company_assignment.valid_to"],
                             name="fk_company_assignment_follows", deferrable=True, initially="DEFERRED"),
    )  # fmt: skip

    company_id: Mapped[int] = mapped_column(
        ForeignKey("company.id", deferrable=True, initially="DEFERRED"), index=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    valid_from: Mapped[datetime] = mapped_column(Utc)
    valid_to: Mapped[datetime | None] = mapped_column(Utc)
    follows_id: Mapped[int | None] = mapped_column(Key)
    reason: Mapped[str] = mapped_column(SafeText(500))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    is_open: Mapped[int] = mapped_column(
        Integer, Computed("CASE WHEN valid_to IS NULL THEN 1 ELSE 0 END", persisted=True)
    )
    needs_active: Mapped[int | None] = mapped_column(
        Integer, Computed("CASE WHEN valid_to IS NULL THEN 1 END", persisted=True)
    )

    user: Mapped[User] = relationship(foreign_keys=[user_id], innerjoin=True, lazy="raise")
    by: Mapped[User | None] = relationship(foreign_keys=[by_id], lazy="raise")


class AssignmentRule(Row, Base):
    """Who a new company is given to. Rules are tried in order; every condition that is filled in must hold.

    A rule names a consultant, or a team whose least loaded consultant is taken. With no rule that fits,
    the least loaded consultant of all is taken.
    """

    __tablename__ = "assignment_rule"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (team_id IS NULL)", name="one_receiver"),
        CheckConstraint("is_on IN (0, 1)", name="on"),
        CheckConstraint(
            "postal_from IS NULL OR postal_to IS NULL OR postal_from <= postal_to", name="postal"
        ),
    )

    position: Mapped[int] = mapped_column(Integer)
    industry_prefix: Mapped[str | None] = mapped_column(SafeText(6))
    postal_from: Mapped[str | None] = mapped_column(SafeText(4))
    postal_to: Mapped[str | None] = mapped_column(SafeText(4))
    employees_min: Mapped[int | None] = mapped_column(Integer)
    employees_max: Mapped[int | None] = mapped_column(Integer)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    # A rule can be tried on today's companies before it is switched on.
    is_on: Mapped[int] = mapped_column(Integer, default=1)

    user: Mapped[User | None] = relationship(lazy="raise")
    team: Mapped[Team | None] = relationship(lazy="raise")


class Topic(StrEnum):
    """What a colleague beside the responsible may be the one for (plan 2026, parts 1.4 and 2.1)."""

    RECRUITMENT = "recruitment"
    RETENTION = "retention"
    YOUNG_PEOPLE = "young_people"


_TOPICS = ", ".join(f"'{topic}'" for topic in Topic)
_STILL = text("valid_to IS NULL")


class CompanyColleague(Row, Base):
    """A colleague *beside* the responsible, for one place of work or one topic, never instead.

    At most one at a time for each place and each topic; dated, so that one can ask who it was.
    """

    __tablename__ = "company_colleague"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint("(production_unit_id IS NULL) <> (topic IS NULL)", name="for_one_thing"),
        CheckConstraint(f"topic IN ({_TOPICS})", name="topic"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
        # The place of work is the company's own.
        ForeignKeyConstraint(["company_id", "production_unit_id"],
                             ["production_unit.company_id", "production_unit.id"],
                             name="fk_company_colleague_unit"),
        ForeignKeyConstraint(["user_id", "needs_active"], ["user_account.id", "user_account.is_active"],
                             name="fk_company_colleague_active_user"),
        Index("uq_company_colleague_unit", "company_id", "production_unit_id", unique=True,
              sqlite_where=text("valid_to IS NULL AND topic IS NULL"),
              postgresql_where=text("valid_to IS NULL AND topic IS NULL")),
        Index("uq_company_colleague_topic", "company_id", "topic", unique=True,
              sqlite_where=text("valid_to IS NULL AND topic IS NOT NULL"),
              postgresql_where=text("valid_to IS NULL AND topic IS NOT NULL")),
        Index("ix_company_colleague_user", "user_id", sqlite_where=_STILL, postgresql_where=_STILL),
        Index("ix_company_colleague_company", "company_id", "valid_from"),
    )  # fmt: skip

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    production_unit_id: Mapped[int | None] = mapped_column(Key)
    topic: Mapped[str | None] = mapped_column(Text)
    valid_from: Mapped[datetime] = mapped_column(Utc)
    valid_to: Mapped[datetime | None] = mapped_column(Utc)
    reason: Mapped[str | None] = mapped_column(SafeText(500))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    needs_active: Mapped[int | None] = mapped_column(
        Integer, Computed("CASE WHEN valid_to IS NULL THEN 1 END", persisted=True)
    )

    user: Mapped[User] = relationship(foreign_keys=[user_id], innerjoin=True, lazy="raise")
    company: Mapped[Company] = relationship(foreign_keys=[company_id], innerjoin=True, lazy="raise")
    unit: Mapped[ProductionUnit | None] = relationship(
        primaryjoin="foreign(CompanyColleague.production_unit_id) == ProductionUnit.id",
        lazy="raise",
        viewonly=True,
    )


class Absence(Row, Base):
    """A colleague is away from the first to the last day, both included, and another stands in.

    Why is nobody's business and has no column. Without a stand-in the house says plainly that nobody is in.
    Two absences of one person never overlap.
    """

    __tablename__ = "absence"
    __data_class__ = "staff"
    __table_args__ = (
        CheckConstraint("last_day >= first_day", name="period"),
        CheckConstraint("stand_in_id IS NULL OR stand_in_id <> user_id", name="stand_in"),
        CheckConstraint("(source = 'calendar') = (calendar_key IS NOT NULL)", name="calendar"),
        UniqueConstraint("user_id", "calendar_key"),
        Index("ix_absence_days", "last_day", "first_day"),
        Index("ix_absence_user", "user_id", "first_day"),
        Index("ix_absence_stand_in", "stand_in_id", "last_day"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    stand_in_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    source: Mapped[str] = mapped_column(Text, default="hand")
    calendar_key: Mapped[str | None] = mapped_column(SafeText(300))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    user: Mapped[User] = relationship(foreign_keys=[user_id], innerjoin=True, lazy="raise")
    stand_in: Mapped[User | None] = relationship(foreign_keys=[stand_in_id], lazy="raise")
    exceptions: Mapped[list[AbsenceException]] = relationship(
        back_populates="absence",
        lazy="raise",
        cascade="all, delete-orphan",
        order_by="AbsenceException.company_id",
    )


class AbsenceException(Base):
    """For this one company somebody else stands in during an absence."""

    __tablename__ = "absence_exception"
    __data_class__ = "staff"

    absence_id: Mapped[int] = mapped_column(ForeignKey("absence.id"), primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), primary_key=True)
    stand_in_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))

    absence: Mapped[Absence] = relationship(back_populates="exceptions", innerjoin=True, lazy="raise")
    company: Mapped[Company] = relationship(innerjoin=True, lazy="raise")
    stand_in: Mapped[User] = relationship(innerjoin=True, lazy="raise")


_KEPT = "the history of responsibility is kept as long as the company"
_OVERLAPS = (
    "EXISTS (SELECT 1 FROM absence a WHERE a.user_id = NEW.user_id "
    "AND a.first_day <= NEW.last_day AND a.last_day >= NEW.first_day"
)
_COMPANY_STANDS = "EXISTS (SELECT 1 FROM company WHERE id = OLD.company_id)"
guards(
    # Only a company that was entered by mistake, and has nothing else to its name, goes with its history.
    refuse_where("assignment_no_delete", "company_assignment", "DELETE", _COMPANY_STANDS, _KEPT),
    Guard(
        "absence_no_overlap",
        sqlite=(
            f"CREATE TRIGGER absence_no_overlap_i BEFORE INSERT ON absence WHEN {_OVERLAPS}) "
            "BEGIN SELECT RAISE(ABORT, 'absence periods overlap'); END",
            "CREATE TRIGGER absence_no_overlap_u BEFORE UPDATE ON absence "
            f"WHEN {_OVERLAPS} AND a.id <> OLD.id) "
            "BEGIN SELECT RAISE(ABORT, 'absence periods overlap'); END",
        ),
        sqlite_drop=tuple(f"DROP TRIGGER IF EXISTS absence_no_overlap_{letter}" for letter in "iu"),
        postgresql=(
            "CREATE EXTENSION IF NOT EXISTS btree_gist",
            "ALTER TABLE absence ADD CONSTRAINT absence_no_overlap EXCLUDE USING gist "
            "(user_id WITH =, daterange(first_day, last_day, '[]') WITH &&)",
        ),
        postgresql_drop=("ALTER TABLE absence DROP CONSTRAINT IF EXISTS absence_no_overlap",),
    ),
    refuse_trigger(
        "assignment_only_ends", "company_assignment", _FIXED, "UPDATE", "an assignment can only be ended"
    ),
)
