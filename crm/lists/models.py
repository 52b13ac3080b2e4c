"""Saved views, the columns each user has chosen, and acts on many rows with what they made."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.access.models import User
from crm.db import Base, Key, Row
from crm.types import SafeText, Utc


class ListKind(StrEnum):
    """Which list a view is of."""

    COMPANIES = "companies"
    REQUESTS = "requests"
    AGREEMENTS = "agreements"


class BulkKind(StrEnum):
    """What is done to many rows in one act."""

    FOLLOW_UP = "follow_up"
    JOIN_GROUP = "join_group"
    LEAVE_GROUP = "leave_group"
    REQUEST_OWNER = "request_owner"


_LISTS = ", ".join(f"'{kind}'" for kind in ListKind)
_ACTS = ", ".join(f"'{kind}'" for kind in BulkKind)
_KEPT = text("deleted_at IS NULL")
_SHARED = text("shared = 1 AND deleted_at IS NULL")


class SavedView(Row, Base):
    """A list under a name: what it is narrowed to and which columns it shows, for one user or for all.

    A deleted one stays until its maker deletes another a month later, so that it can be brought back.
    """

    __tablename__ = "saved_view"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_LISTS})", name="kind"),
        CheckConstraint("shared IN (0, 1)", name="shared"),
        # A user's standing choice names the list too, so that it is a view of that very list.
        UniqueConstraint("id", "kind"),
        Index("uq_saved_view_name", "owner_id", "kind", "name", unique=True, sqlite_where=_KEPT,
              postgresql_where=_KEPT),
        Index("ix_saved_view_shared", "kind", sqlite_where=_SHARED, postgresql_where=_SHARED),
    )  # fmt: skip

    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(SafeText(60))
    # As it stands in the address: "branche=43&stille=6".
    query: Mapped[str | None] = mapped_column(SafeText(2000))
    # Keys of columns, in order, with commas between. None is the usual ones.
    columns: Mapped[str | None] = mapped_column(SafeText(500))
    shared: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    owner: Mapped[User] = relationship(innerjoin=True, lazy="raise")


class ListChoice(Base):
    """The columns a user has chosen for a list, and the view it opens with."""

    __tablename__ = "list_choice"
    __data_class__ = "staff"
    __audited__ = False
    __table_args__ = (
        CheckConstraint(f"kind IN ({_LISTS})", name="kind"),
        ForeignKeyConstraint(
            ["view_id", "kind"], ["saved_view.id", "saved_view.kind"], name="fk_list_choice_view"
        ),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    columns: Mapped[str | None] = mapped_column(SafeText(500))
    view_id: Mapped[int | None] = mapped_column(Key)


class BulkAct(Row, Base):
    """One act on many rows, done in one transaction and taken back in one."""

    __tablename__ = "bulk_act"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_ACTS})", name="kind"),
        CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name="undone"),
        CheckConstraint("(kind = 'follow_up') = (due IS NOT NULL)", name="due"),
        CheckConstraint("made_group IN (0, 1)", name="made_group"),
    )

    kind: Mapped[str] = mapped_column(Text)
    # What is to be done, or the name of the group.
    said: Mapped[str | None] = mapped_column(SafeText(500))
    due: Mapped[date | None]
    made_group: Mapped[int] = mapped_column(Integer, default=0)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Utc)
    undone_at: Mapped[datetime | None] = mapped_column(Utc)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    by: Mapped[User] = relationship(foreign_keys=[by_id], innerjoin=True, lazy="raise")


class BulkItem(Base):
    """One row of an act: the follow-up it made, or the company or request it changed, and from what to what."""

    __tablename__ = "bulk_item"
    __data_class__ = "technical"
    __audited__ = False

    act_id: Mapped[int] = mapped_column(ForeignKey("bulk_act.id"), primary_key=True)
    object_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    before: Mapped[int | None] = mapped_column(Key)
    after: Mapped[int | None] = mapped_column(Key)
