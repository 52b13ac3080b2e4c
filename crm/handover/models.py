"""Handovers, what each of them moved, and proposals that wait for a manager.

The house's own history (assignments, owners, contacts) is changed by the act; these rows say which changes
belonged together, so that the successor sees why, the old one gets a list, and the act can be undone.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.access.models import User
from crm.companies.models import Company
from crm.db import Base, Key, Row
from crm.types import SafeText, Utc


class HandoverKind(StrEnum):
    """What was handed over: one company, a list, everything of a leaver, or an owner's whole group."""

    COMPANY = "company"
    LIST = "list"
    LEAVER = "leaver"
    GROUP = "group"


class ItemKind(StrEnum):
    """A thing that changes hands. `object_id` is the key in its table; a company's is its own."""

    COMPANY = "company"
    REQUEST = "request"
    FOLLOW_UP = "follow_up"
    AGREEMENT = "agreement"
    BOARD_ACTION = "board_action"
    COLLEAGUE = "colleague"
    STAND_IN = "stand_in"


_KINDS = ", ".join(f"'{kind}'" for kind in HandoverKind)
_ITEM_KINDS = ", ".join(f"'{kind}'" for kind in ItemKind)


class Handover(Row, Base):
    """One act. All of it happened in one transaction, at `at`."""

    __tablename__ = "handover"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name="undone"),
        Index("ix_handover_from", "from_id", "id"),
        Index("ix_handover_to", "to_id", "id"),
    )

    kind: Mapped[str] = mapped_column(Text)
    # None when the companies came from several colleagues.
    from_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str] = mapped_column(SafeText(500))
    at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    undone_at: Mapped[datetime | None] = mapped_column(Utc)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    from_user: Mapped[User | None] = relationship(foreign_keys=[from_id], lazy="raise")
    to_user: Mapped[User] = relationship(foreign_keys=[to_id], innerjoin=True, lazy="raise")
    by: Mapped[User | None] = relationship(foreign_keys=[by_id], lazy="raise")


class HandoverItem(Base):
    """One thing that changed hands in an act, and whose it was before.

    `part` is 0, but for an absence in which a single company has a stand-in of its own: there it is that
    company's key. `stamp` is how the thing stood right after the act (its version, the day it was due, the
    row that follows it), so that an undo sees whether anyone has touched it since.
    """

    __tablename__ = "handover_item"
    __data_class__ = "organisation"
    __audited__ = False
    __table_args__ = (
        CheckConstraint(f"kind IN ({_ITEM_KINDS})", name="kind"),
        Index("ix_handover_item_company", "company_id"),
        Index("ix_handover_item_from", "from_id", "handover_id"),
    )

    handover_id: Mapped[int] = mapped_column(ForeignKey("handover.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    object_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    part: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False, default=0)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    from_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    stamp: Mapped[str | None] = mapped_column(Text)

    company: Mapped[Company | None] = relationship(lazy="raise")
    from_user: Mapped[User] = relationship(innerjoin=True, lazy="raise")


class TransferProposal(Row, Base):
    """A consultant asks that a colleague's company be given to someone; a manager says yes or no."""

    __tablename__ = "transfer_proposal"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'approved', 'declined', 'withdrawn')", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        Index("uq_transfer_proposal_open", "company_id", unique=True, sqlite_where=text("state = 'open'"),
              postgresql_where=text("state = 'open'")),
        Index("ix_transfer_proposal_state", "state", "id"),
        Index("ix_transfer_proposal_company", "company_id", "id"),
    )  # fmt: skip

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(SafeText(500))
    created_at: Mapped[datetime] = mapped_column(Utc)
    state: Mapped[str] = mapped_column(Text, default="open")
    decided_at: Mapped[datetime | None] = mapped_column(Utc)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decision_note: Mapped[str | None] = mapped_column(SafeText(500))
    handover_id: Mapped[int | None] = mapped_column(ForeignKey("handover.id"))
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    company: Mapped[Company] = relationship(innerjoin=True, lazy="raise")
    to_user: Mapped[User] = relationship(foreign_keys=[to_id], innerjoin=True, lazy="raise")
    by: Mapped[User] = relationship(foreign_keys=[by_id], innerjoin=True, lazy="raise")
