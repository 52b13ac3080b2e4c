"""The promise of the house as keys: one responsible consultant for each company, always, without gaps.

A company's assignments form a chain. Each row but the first *follows* another of the same company, and
the key says that it begins the very moment the other one ended. A row has at most one follower, a
company at most one beginning, and time only goes forward, so the chain cannot branch, overlap, have a
hole or run in a ring; it ends in the one open row that `company.current_assignment_id` names. All of it
is plain keys, alike on both engines, checked at commit.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.access.models import Team, User
from crm.db import Base, Guard, Key, Row, guards, refuse_trigger
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

    user: Mapped[User] = relationship(foreign_keys=[user_id], lazy="raise")
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

    user: Mapped[User | None] = relationship(lazy="raise")
    team: Mapped[Team | None] = relationship(lazy="raise")


_KEPT = "the history of responsibility is kept as long as the company"
_COMPANY_STANDS = "EXISTS (SELECT 1 FROM company WHERE id = OLD.company_id)"
guards(
    # Only a company that was entered by mistake, and has nothing else to its name, goes with its history.
    Guard(
        "assignment_no_delete",
        sqlite=(
            "CREATE TRIGGER assignment_no_delete BEFORE DELETE ON company_assignment "
            f"WHEN {_COMPANY_STANDS} BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END",
        ),
        sqlite_drop=("DROP TRIGGER IF EXISTS assignment_no_delete",),
        postgresql=(
            "CREATE FUNCTION assignment_no_delete() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {_COMPANY_STANDS} THEN RAISE EXCEPTION '{_KEPT}' USING ERRCODE = '23514'; "
            "END IF; RETURN OLD; END $$",
            "CREATE TRIGGER assignment_no_delete BEFORE DELETE ON company_assignment "
            "FOR EACH ROW EXECUTE FUNCTION assignment_no_delete()",
        ),
        postgresql_drop=(
            "DROP TRIGGER IF EXISTS assignment_no_delete ON company_assignment",
            "DROP FUNCTION IF EXISTS assignment_no_delete()",
        ),
    ),
    refuse_trigger(
        "assignment_only_ends", "company_assignment", _FIXED, "UPDATE", "an assignment can only be ended"
    ),
)
