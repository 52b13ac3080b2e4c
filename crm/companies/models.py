"""Company (CVR), production unit (P-number), company contact, and what we know about a company."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.access.models import User
from crm.db import Base, Bytewise, Key, Row
from crm.guards import Guard, guards
from crm.types import Json, SafeText, Utc


class Place:
    """What companies and production units have in common: where, what, how many, how to reach it."""

    street: Mapped[str | None] = mapped_column(SafeText(200))
    city_part: Mapped[str | None] = mapped_column(SafeText(100))
    postal_code: Mapped[str | None] = mapped_column(SafeText(10))
    city: Mapped[str | None] = mapped_column(SafeText(100))
    municipality_code: Mapped[str | None] = mapped_column(SafeText(4))
    phone: Mapped[str | None] = mapped_column(SafeText(60))
    phone_e164: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(SafeText(254))
    industry_code: Mapped[str | None] = mapped_column(SafeText(10))
    industry_text: Mapped[str | None] = mapped_column(SafeText(300))
    employees_from: Mapped[int | None] = mapped_column(Integer)
    employees_to: Mapped[int | None] = mapped_column(Integer)
    employees_at: Mapped[date | None]
    status: Mapped[str] = mapped_column(SafeText(60), default="NORMAL")
    active: Mapped[int] = mapped_column(Integer, default=1)
    advertising_protected: Mapped[int] = mapped_column(Integer, default=0)
    register_said_at: Mapped[datetime | None] = mapped_column(Utc)
    register_read_at: Mapped[datetime | None] = mapped_column(Utc)
    register_digest: Mapped[str | None] = mapped_column(Text)

    @property
    def postal_line(self) -> str:
        """Postal code and city, as on an envelope."""
        return " ".join(part for part in (self.postal_code, self.city) if part)

    @property
    def address(self) -> str:
        """The whole address on one line."""
        return ", ".join(part for part in (self.street, self.city_part, self.postal_line) if part)

    @property
    def employees(self) -> str | None:
        """The number of employees as people say it: "82 ansatte", "50-99 ansatte"."""
        if self.employees_from is None:
            return None
        if self.employees_to is None:
            return f"{self.employees_from} ansatte eller flere"
        if self.employees_to == self.employees_from:
            return f"{self.employees_from} {'ansat' if self.employees_from == 1 else 'ansatte'}"
        return f"{self.employees_from}-{self.employees_to} ansatte"


class CompanyGroup(Row, Base):
    """Companies with the same owner. They may share one way in, and are shown together."""

    __tablename__ = "company_group"
    __data_class__ = "register"

    name: Mapped[str] = mapped_column(SafeText(200), unique=True)
    created_at: Mapped[datetime] = mapped_column(Utc)


class Company(Row, Place, Base):
    """A legal unit. It cannot exist without its one responsible consultant.

    `current_assignment_id` must name an *open* assignment of this very company: the key includes the
    assignment's generated `is_open`, and `has_responsible` is always 1. The key is deferred, so company
    and assignment are created together and the rule holds at every commit.
    """

    __tablename__ = "company"
    __data_class__ = "register"
    __table_args__ = (
        CheckConstraint("length(cvr) = 8", name="cvr"),
        CheckConstraint("has_responsible = 1", name="responsible"),
        CheckConstraint("active IN (0, 1) AND advertising_protected IN (0, 1)", name="flags"),
        ForeignKeyConstraint(
            ["id", "current_assignment_id", "has_responsible"],
            ["company_assignment.company_id", "company_assignment.id", "company_assignment.is_open"],
            name="fk_company_responsible",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        # In the list's order, with the columns that it is narrowed by: see narrowing.py.
        Index("ix_company_sort_key", "active", "sort_key", "id", "industry_code", "last_contact_at"),
        Index("ix_company_last_contact", "last_contact_at", "id"),
        Index("ix_company_industry", "industry_code"),
        Index(
            "ix_company_postal", "postal_code", "active", "sort_key", "id", "industry_code", "last_contact_at"
        ),
        Index("ix_company_group", "group_id"),
        Index("ix_company_employees", "employees_from"),
        Index("ix_company_protected", "advertising_protected", "active"),
    )

    cvr: Mapped[str] = mapped_column(SafeText(8, guard=False), unique=True)
    name: Mapped[str] = mapped_column(SafeText(300))
    aliases: Mapped[str | None] = mapped_column(SafeText(4000))
    sort_key: Mapped[str] = mapped_column(Bytewise)
    website: Mapped[str | None] = mapped_column(SafeText(200))
    legal_form: Mapped[str | None] = mapped_column(SafeText(20))
    founded_on: Mapped[date | None]
    ceased_on: Mapped[date | None]
    source: Mapped[str] = mapped_column(Text, default="hand")
    # Field → what the register says, for the fields a person has corrected by hand.
    kept_by_hand: Mapped[Any] = mapped_column(Json, default=dict)
    current_assignment_id: Mapped[int] = mapped_column(Key)
    has_responsible: Mapped[int] = mapped_column(Integer, default=1)
    last_contact_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("company_group.id"))

    __mapper_args__ = {"version_id_col": version}

    # The assignments' room lies above this one, so its table is named and not imported.
    responsible: Mapped[User] = relationship(
        secondary="company_assignment",
        primaryjoin="Company.current_assignment_id == company_assignment.c.id",
        secondaryjoin="company_assignment.c.user_id == User.id",
        # After an outer join SQLite would read all assignments, whatever is asked for.
        innerjoin=True,
        lazy="raise",
        viewonly=True,
        uselist=False,
    )


class ProductionUnit(Row, Place, Base):
    """A place of work (produktionsenhed). It follows its company, and may move to another."""

    __tablename__ = "production_unit"
    __data_class__ = "register"
    __table_args__ = (
        CheckConstraint("length(p_number) = 10", name="p_number"),
        UniqueConstraint("company_id", "id"),
    )

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    p_number: Mapped[str] = mapped_column(SafeText(10, guard=False), unique=True)
    name: Mapped[str] = mapped_column(SafeText(300))
    created_at: Mapped[datetime] = mapped_column(Utc)
    company: Mapped[Company] = relationship(innerjoin=True, lazy="raise")


class CompanyContact(Row, Base):
    """A person at the company. Ended when they leave; their history stays."""

    __tablename__ = "company_contact"
    __data_class__ = "person"
    __table_args__ = (UniqueConstraint("company_id", "id"),)

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    production_unit_id: Mapped[int | None] = mapped_column(ForeignKey("production_unit.id"))
    name: Mapped[str] = mapped_column(SafeText(100))
    title: Mapped[str | None] = mapped_column(SafeText(100))
    phone: Mapped[str | None] = mapped_column(SafeText(60))
    phone_e164: Mapped[str | None] = mapped_column(Text)
    mobile: Mapped[str | None] = mapped_column(SafeText(60))
    mobile_e164: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(SafeText(254))
    ended_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    @property
    def label(self) -> str:
        """Name and title, as in a list of choices."""
        return f"{self.name}, {self.title}" if self.title else self.name


class CompanyProfile(Row, Base):
    """What we know about a company, one row for each version; the newest is the one that counts.

    The three parts are what companies asked the municipality to know (plan 2026, part 1.4): their needs,
    the people they look for, and the practical frames.
    """

    __tablename__ = "company_profile"
    __data_class__ = "notes"
    __table_args__ = (UniqueConstraint("company_id", "version"),)

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    version: Mapped[int] = mapped_column(Integer)
    needs: Mapped[str | None] = mapped_column(SafeText(2000))
    profiles_wanted: Mapped[str | None] = mapped_column(SafeText(2000))
    practical_frames: Mapped[str | None] = mapped_column(SafeText(2000))
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Utc)
    by: Mapped[User] = relationship(innerjoin=True, lazy="raise")


class CompanyContinuation(Base):
    """From this day on the company is a part of another, which goes on itself."""

    __tablename__ = "company_continuation"
    __data_class__ = "register"
    __table_args__ = (CheckConstraint("company_id <> by_company_id", name="another"),)

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), primary_key=True, autoincrement=False)
    by_company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    on: Mapped[date] = mapped_column("on_day")
    at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))

    company: Mapped[Company] = relationship(foreign_keys=[company_id], innerjoin=True, lazy="raise")
    by_company: Mapped[Company] = relationship(foreign_keys=[by_company_id], innerjoin=True, lazy="raise")
    by: Mapped[User] = relationship(innerjoin=True, lazy="raise")


# Neither end of the arrow may be the other end of one: whoever follows it is there in one step, and no ring closes.
_NO_STEP_FURTHER = (
    "EXISTS (SELECT 1 FROM company_continuation AS other WHERE other.company_id = NEW.by_company_id "
    "OR other.by_company_id = NEW.company_id)"
)
_WHY = "a company is continued by one that goes on itself"
_NAME = "company_continuation_one_step"
guards(
    Guard(
        _NAME,
        sqlite=tuple(
            f"CREATE TRIGGER {_NAME}_{when.lower()} AFTER {when} ON company_continuation "
            f"WHEN {_NO_STEP_FURTHER} BEGIN SELECT RAISE(ABORT, '{_WHY}'); END"
            for when in ("INSERT", "UPDATE")
        ),
        sqlite_drop=tuple(f"DROP TRIGGER IF EXISTS {_NAME}_{when}" for when in ("insert", "update")),
        postgresql=(
            f"CREATE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {_NO_STEP_FURTHER} THEN RAISE EXCEPTION '{_WHY}' USING ERRCODE = '23514'; "
            "END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {_NAME} AFTER INSERT OR UPDATE ON company_continuation "
            f"FOR EACH ROW EXECUTE FUNCTION {_NAME}()",
        ),
        postgresql_drop=(
            f"DROP TRIGGER IF EXISTS {_NAME} ON company_continuation",
            f"DROP FUNCTION IF EXISTS {_NAME}()",
        ),
    ),
)
