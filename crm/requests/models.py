"""Requests (henvendelser) and the steps they have taken."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Computed, ForeignKey, ForeignKeyConstraint, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.access.models import User
from crm.companies.models import Company, CompanyContact
from crm.db import Base, Key, Row
from crm.types import SafeText, Utc


class RequestKind(StrEnum):
    """What the plan of 2026 says a company can ask for (parts 2.3, 2.5 and 2.6)."""

    RECRUITMENT = "recruitment"
    RETENTION = "retention"
    GUIDANCE = "guidance"
    ONBOARDING = "onboarding"
    INCLUSION = "inclusion"
    AFTER_SCHOOL_JOB = "after_school_job"
    WORK_PLACEMENT = "work_placement"
    IPS = "ips"
    STRESS_COURSE = "stress_course"
    JOB_FAIR = "job_fair"


class RequestState(StrEnum):
    """Where a request stands. The last three are ends."""

    NEW = "new"
    TAKEN = "taken"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    WITHDRAWN = "withdrawn"


OPEN = ("new", "taken", "in_progress", "waiting")
# Where a request can go from each state, the likeliest first. One that has ended can be taken up again, and
# none becomes new a second time.
_ENDS = (RequestState.RESOLVED, RequestState.UNRESOLVED, RequestState.WITHDRAWN)
NEXT: dict[RequestState, tuple[RequestState, ...]] = {
    RequestState.NEW: (RequestState.TAKEN, RequestState.IN_PROGRESS, RequestState.WAITING, *_ENDS),
    RequestState.TAKEN: (RequestState.IN_PROGRESS, RequestState.WAITING, *_ENDS),
    RequestState.IN_PROGRESS: (RequestState.WAITING, *_ENDS),
    RequestState.WAITING: (RequestState.IN_PROGRESS, *_ENDS),
    **dict.fromkeys(_ENDS, (RequestState.IN_PROGRESS,)),
}
_STATES = ", ".join(f"'{state}'" for state in RequestState)
_KINDS = ", ".join(f"'{kind}'" for kind in RequestKind)
_OPEN_SQL = text("closed_at IS NULL")


class Request(Row, Base):
    """One thing a company asked for. Never about a named citizen: counts and topics only."""

    __tablename__ = "request"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint(
            "(closed_at IS NULL) = (state IN ('new', 'taken', 'in_progress', 'waiting'))", name="closed"
        ),
        ForeignKeyConstraint(
            ["company_id", "company_contact_id"],
            ["company_contact.company_id", "company_contact.id"],
            name="fk_request_contact",
        ),
        # Whoever has an open request cannot be closed.
        ForeignKeyConstraint(["owner_id", "needs_active"], ["user_account.id", "user_account.is_active"],
                             name="fk_request_active_owner"),
        Index("ix_request_company", "company_id", "received_at", "id"),
        Index("ix_request_open_owner", "owner_id", "answer_due_at", sqlite_where=_OPEN_SQL,
              postgresql_where=_OPEN_SQL),
        Index("ix_request_open_due", "answer_due_at", "id", sqlite_where=_OPEN_SQL,
              postgresql_where=_OPEN_SQL),
        Index("ix_request_received", "received_at", "id"),
        Index("ix_request_due", "answer_due_at", "id"),
        Index("ix_request_closed", "closed_at"),
    )  # fmt: skip

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(SafeText(200))
    description: Mapped[str | None] = mapped_column(SafeText(5000))
    state: Mapped[str] = mapped_column(Text, default=RequestState.NEW)
    received_at: Mapped[datetime] = mapped_column(Utc)
    answer_due_at: Mapped[datetime] = mapped_column(Utc)
    answered_at: Mapped[datetime | None] = mapped_column(Utc)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    interaction_id: Mapped[int | None] = mapped_column(ForeignKey("interaction.id"))
    company_contact_id: Mapped[int | None] = mapped_column(Key)
    wanted: Mapped[int | None] = mapped_column(Integer)
    presented: Mapped[int | None] = mapped_column(Integer)
    hired: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)
    needs_active: Mapped[int | None] = mapped_column(
        Integer, Computed("CASE WHEN closed_at IS NULL THEN 1 END", persisted=True)
    )

    __mapper_args__ = {"version_id_col": version}

    owner: Mapped[User] = relationship(foreign_keys=[owner_id], innerjoin=True, lazy="raise")
    company: Mapped[Company] = relationship(innerjoin=True, lazy="raise", foreign_keys=[company_id])
    contact: Mapped[CompanyContact | None] = relationship(
        primaryjoin="foreign(Request.company_contact_id) == CompanyContact.id", lazy="raise", viewonly=True
    )


class RequestStep(Base):
    """A request went from one state to another."""

    __tablename__ = "request_step"
    __data_class__ = "notes"
    __audited__ = False

    request_id: Mapped[int] = mapped_column(ForeignKey("request.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    to_state: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str | None] = mapped_column(SafeText(500))
    by: Mapped[User] = relationship(innerjoin=True, lazy="raise")
