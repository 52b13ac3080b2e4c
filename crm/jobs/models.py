"""One row for each job, and one for each time it did something."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Base, Row
from crm.types import SafeText, Utc


class Job(Base):
    """A job as it stands now.

    Of several machines the one whose number stands in `lease` has it until `leased_until`. Whoever comes
    after that takes a new number, and the old one can no longer say anything.
    """

    __tablename__ = "job"
    __data_class__ = "technical"
    # A machine that looks every ten seconds tells its story here, not in the log of what people do.
    __audited__ = False
    __table_args__ = (
        CheckConstraint("(leased_until IS NULL) = (started_at IS NULL)", name="lease"),
        CheckConstraint("steps_done >= 0 AND (steps IS NULL OR steps_done <= steps)", name="steps"),
        CheckConstraint("failures >= 0", name="failures"),
    )

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(Utc)
    lease: Mapped[int] = mapped_column(Integer, default=0)
    leased_until: Mapped[datetime | None] = mapped_column(Utc)
    started_at: Mapped[datetime | None] = mapped_column(Utc)
    steps_done: Mapped[int] = mapped_column(Integer, default=0)
    steps: Mapped[int | None] = mapped_column(Integer)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    figure: Mapped[int | None] = mapped_column(Integer)
    # In a row, since it last went well.
    failures: Mapped[int] = mapped_column(Integer, default=0)
    last_error: Mapped[str | None] = mapped_column(SafeText(500))


class JobRun(Row, Base):
    """A time a job did something, or failed."""

    __tablename__ = "job_run"
    __data_class__ = "technical"
    __audited__ = False
    __table_args__ = (
        CheckConstraint("ended_at >= started_at", name="period"),
        Index("ix_job_run_ended", "ended_at", "id"),
    )

    job_key: Mapped[str] = mapped_column(ForeignKey("job.key"))
    started_at: Mapped[datetime] = mapped_column(Utc)
    ended_at: Mapped[datetime] = mapped_column(Utc)
    figure: Mapped[int] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(SafeText(500))
