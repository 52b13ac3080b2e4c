"""Requests (henvendelser), and the legal steps as keys of the database.

As with agreements: a step names the state it comes from, keys say that there is such a way and that the step
before it ended there. So no step can be skipped, taken twice or invented. Adding a step *is* moving the
request: a trigger copies the state, and stops or pauses the clock.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from crm.access.models import User
from crm.companies.models import Company, CompanyContact
from crm.db import Base, Key, Row
from crm.guards import Guard, goes_with, guards, react, refuse_trigger
from crm.requests.kinds import KindOfRequest, Scheme
from crm.types import SafeText, Utc


class RequestKind(StrEnum):
    """The kinds the house comes with: what the plan of 2026 says a company can ask for (2.3, 2.5 and 2.6)."""

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
START = "-"
# Where a request can go from each state, the likeliest first. One that has ended can be taken up again, and
# none becomes new a second time. One that waits may come back to us before it has had its first answer.
_ENDS = (RequestState.RESOLVED, RequestState.UNRESOLVED, RequestState.WITHDRAWN)
NEXT: dict[RequestState, tuple[RequestState, ...]] = {
    RequestState.NEW: (RequestState.TAKEN, RequestState.IN_PROGRESS, RequestState.WAITING, *_ENDS),
    RequestState.TAKEN: (RequestState.IN_PROGRESS, RequestState.WAITING, *_ENDS),
    RequestState.IN_PROGRESS: (RequestState.WAITING, *_ENDS),
    RequestState.WAITING: (RequestState.IN_PROGRESS, RequestState.TAKEN, *_ENDS),
    **dict.fromkeys(_ENDS, (RequestState.IN_PROGRESS,)),
}
# The same as rows of `request_way`.
WAYS: tuple[tuple[str, str], ...] = (
    (START, RequestState.NEW),
    *((old, new) for old, following in NEXT.items() for new in following),
)
_STATES = ", ".join(f"'{state}'" for state in RequestState)
_OPEN_SQL = text("closed_at IS NULL")
_COUNTS = ("wanted", "presented", "hired", "hours_from", "hours_to", "persons")


class RequestWay(Base):
    """A step a request may take; the keys of `request_step` point here."""

    __tablename__ = "request_way"
    __data_class__ = "technical"

    from_state: Mapped[str] = mapped_column(Text, primary_key=True)
    to_state: Mapped[str] = mapped_column(Text, primary_key=True)


class Request(Row, Base):
    """One thing a company asked for. Never about a named citizen: counts, topics and a case number only."""

    __tablename__ = "request"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint(
            "(closed_at IS NULL) = (state IN ('new', 'taken', 'in_progress', 'waiting'))", name="closed"
        ),
        # Only what waits for the company before its first answer stands still.
        CheckConstraint(
            "(paused_since IS NOT NULL) = (state = 'waiting' AND answered_at IS NULL)", name="paused"
        ),
        CheckConstraint("closed_at IS NULL OR answered_at IS NOT NULL", name="answered"),
        CheckConstraint("step_no >= 1", name="step_no"),
        *(CheckConstraint(f"{name} BETWEEN 0 AND 10000", name=name) for name in _COUNTS),
        CheckConstraint("hours_from IS NULL OR hours_to IS NULL OR hours_from <= hours_to", name="hours"),
        # A number of the case system, and no sentence that could name somebody.
        CheckConstraint("case_reference NOT LIKE '% %'", name="case_reference"),
        ForeignKeyConstraint(
            ["company_id", "company_contact_id"],
            ["company_contact.company_id", "company_contact.id"],
            name="fk_request_contact",
        ),
        # Whoever has an open request cannot be closed.
        ForeignKeyConstraint(["owner_id", "needs_active"], ["user_account.id", "user_account.is_active"],
                             name="fk_request_active_owner"),
        # The state is that of the step it names; the step is written in the same transaction.
        ForeignKeyConstraint(
            ["id", "step_no", "state"],
            ["request_step.request_id", "request_step.seq", "request_step.to_state"],
            name="fk_request_state", deferrable=True, initially="DEFERRED", use_alter=True,
        ),
        Index("ix_request_company", "company_id", "received_at", "id"),
        Index("ix_request_open_owner", "owner_id", "answer_due_at", sqlite_where=_OPEN_SQL,
              postgresql_where=_OPEN_SQL),
        Index("ix_request_open_due", "answer_due_at", "id", sqlite_where=_OPEN_SQL,
              postgresql_where=_OPEN_SQL),
        Index("ix_request_open_kind", "kind", "answer_due_at", "id", sqlite_where=_OPEN_SQL,
              postgresql_where=_OPEN_SQL),
        Index("ix_request_received", "received_at", "id"),
        Index("ix_request_kind", "kind", "received_at", "id"),
        Index("ix_request_owner", "owner_id", "received_at", "id"),
        Index("ix_request_state", "state", "received_at", "id"),
        Index("ix_request_due", "answer_due_at", "id"),
        Index("ix_request_closed", "closed_at"),
    )  # fmt: skip

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    kind: Mapped[str] = mapped_column(ForeignKey("request_kind.key"))
    title: Mapped[str] = mapped_column(SafeText(200))
    description: Mapped[str | None] = mapped_column(SafeText(5000))
    # After the first step these two, `answered_at`, `closed_at` and `paused_since` are moved by the trigger.
    state: Mapped[str] = mapped_column(Text, default=RequestState.NEW)
    step_no: Mapped[int] = mapped_column(Integer, default=1)
    received_at: Mapped[datetime] = mapped_column(Utc)
    answer_due_at: Mapped[datetime] = mapped_column(Utc)
    answered_at: Mapped[datetime | None] = mapped_column(Utc)
    paused_since: Mapped[datetime | None] = mapped_column(Utc)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    interaction_id: Mapped[int | None] = mapped_column(ForeignKey("interaction.id"))
    company_contact_id: Mapped[int | None] = mapped_column(Key)
    wanted: Mapped[int | None] = mapped_column(Integer)
    presented: Mapped[int | None] = mapped_column(Integer)
    hired: Mapped[int | None] = mapped_column(Integer)
    hours_from: Mapped[int | None] = mapped_column(Integer)
    hours_to: Mapped[int | None] = mapped_column(Integer)
    start_on: Mapped[date | None]
    deadline_on: Mapped[date | None]
    place: Mapped[str | None] = mapped_column(SafeText(200))
    response: Mapped[str | None] = mapped_column(SafeText(300))
    persons: Mapped[int | None] = mapped_column(Integer)
    case_reference: Mapped[str | None] = mapped_column(SafeText(50))
    topic: Mapped[str | None] = mapped_column(SafeText(200))
    held_on: Mapped[date | None]
    scheme_id: Mapped[int | None] = mapped_column(ForeignKey("scheme.id"))
    created_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)
    needs_active: Mapped[int | None] = mapped_column(
        Integer, Computed("CASE WHEN closed_at IS NULL THEN 1 END", persisted=True)
    )
    # 1 when the first answer came in time, 0 when it came late, NULL while there is none.
    in_time: Mapped[int | None] = mapped_column(
        Integer,
        Computed(
            "CASE WHEN answered_at IS NULL THEN NULL WHEN answered_at <= answer_due_at THEN 1 ELSE 0 END",
            persisted=True,
        ),
    )
    # A manager may rename a kind; every list shows its name and none of them asks once more for it.
    kind_name: Mapped[str] = column_property(
        select(KindOfRequest.name)
        .where(KindOfRequest.key == kind)
        .correlate_except(KindOfRequest)
        .scalar_subquery()
    )

    __mapper_args__ = {"version_id_col": version}

    owner: Mapped[User] = relationship(foreign_keys=[owner_id], innerjoin=True, lazy="raise")
    company: Mapped[Company] = relationship(innerjoin=True, lazy="raise", foreign_keys=[company_id])
    of_kind: Mapped[KindOfRequest] = relationship(innerjoin=True, lazy="raise")
    scheme: Mapped[Scheme | None] = relationship(lazy="raise")
    contact: Mapped[CompanyContact | None] = relationship(
        primaryjoin="foreign(Request.company_contact_id) == CompanyContact.id", lazy="raise", viewonly=True
    )

    @property
    def answered_in_time(self) -> bool | None:
        """Whether the first answer came in time; None while there is none."""
        return None if self.in_time is None else bool(self.in_time)

    def is_overdue(self, now: datetime) -> bool:
        """Without an answer though it was due; what waits for the company is so only if it was before it waited."""
        return self.answered_at is None and self.answer_due_at < min(self.paused_since or now, now)


def overdue(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """What `Request.is_overdue` says, for a statement."""
    until = bindparam(None, now, Utc()) if isinstance(now, datetime) else now
    unanswered = Request.answered_at.is_(None)
    due = Request.answer_due_at
    return and_(unanswered, due < until, due < func.coalesce(Request.paused_since, until))


class RequestStep(Base):
    """A request went from one state to another."""

    __tablename__ = "request_step"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("(seq = 1) = (from_state = '-')", name="first"),
        UniqueConstraint("request_id", "seq", "to_state"),
        ForeignKeyConstraint(
            ["from_state", "to_state"],
            ["request_way.from_state", "request_way.to_state"],
            name="fk_request_step_way",
        ),
        ForeignKeyConstraint(
            ["request_id", "previous", "from_state"],
            ["request_step.request_id", "request_step.seq", "request_step.to_state"],
            name="fk_request_step_previous",
        ),
    )

    request_id: Mapped[int] = mapped_column(
        ForeignKey("request.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    from_state: Mapped[str] = mapped_column(Text)
    to_state: Mapped[str] = mapped_column(Text)
    previous: Mapped[int | None] = mapped_column(
        Key, Computed("CASE WHEN seq > 1 THEN seq - 1 END", persisted=True)
    )
    at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str | None] = mapped_column(SafeText(500))
    by: Mapped[User] = relationship(innerjoin=True, lazy="raise")


# The clock stops the first time someone does more than take it or wait, and stands still while it waits.
# The first step is written with the request itself and moves nothing.
_MOVE = (
    "UPDATE request SET state = NEW.to_state, step_no = NEW.seq, version = version + 1, "
    "closed_at = CASE WHEN NEW.to_state IN ('resolved', 'unresolved', 'withdrawn') THEN NEW.at END, "
    "answered_at = CASE WHEN NEW.to_state IN ('new', 'taken', 'waiting') THEN answered_at "
    "ELSE COALESCE(answered_at, NEW.at) END, "
    "paused_since = CASE WHEN NEW.to_state = 'waiting' AND answered_at IS NULL THEN NEW.at END "
    "WHERE id = NEW.request_id AND NEW.seq > 1"
)
_KEPT = "a step is never taken back"


def _chosen_in_force(name: str, timing: str, table: str, key: str, column: str) -> Guard:
    """What is out of its days on the day the request is written down cannot be chosen.

    The database knows no days of the house, only those of UTC: it lets a day's margin pass, the actions none.
    A request that is changed later may be given what has begun meanwhile.
    """
    message = f"{table} is out of its days"
    when = f"UPDATE OF {column}" if timing == "UPDATE" else timing
    changed = f"NEW.{column} IS DISTINCT FROM OLD.{column} AND " if timing == "UPDATE" else ""
    sqlite_changed = changed.replace("IS DISTINCT FROM", "IS NOT")

    def outside(day: str, next_day: str) -> str:
        begins = f" OR valid_from > {next_day}" if timing == "INSERT" else ""
        return (
            f"EXISTS (SELECT 1 FROM {table} WHERE {table}.{key} = NEW.{column} "  # noqa: S608  # Names of ours.
            f"AND (valid_to < {day}{begins}))"
        )

    lite = outside("substr(NEW.created_at, 1, 10)", "date(substr(NEW.created_at, 1, 10), '+1 day')")
    utc = "(NEW.created_at AT TIME ZONE 'UTC')::date"
    return Guard(
        name,
        sqlite=(
            f"CREATE TRIGGER {name} BEFORE {when} ON request FOR EACH ROW WHEN {sqlite_changed}{lite} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ),
        sqlite_drop=(f"DROP TRIGGER IF EXISTS {name}",),
        postgresql=(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {changed}{outside(utc, f'{utc} + 1')} "
            f"THEN RAISE EXCEPTION '{message}' USING ERRCODE = '23514'; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {name} BEFORE {when} ON request FOR EACH ROW EXECUTE FUNCTION {name}()",
        ),
        postgresql_drop=(
            f"DROP TRIGGER IF EXISTS {name} ON request",
            f"DROP FUNCTION IF EXISTS {name}()",
        ),
    )


guards(
    react("request_moves", "request_step", "INSERT", _MOVE),
    # Only a request that came with a call that is taken back goes with its step.
    goes_with("request_step", "request", _KEPT),
    refuse_trigger(
        "request_no_way_back",
        "request",
        "NEW.step_no < OLD.step_no",
        "UPDATE",
        "a request does not go back a step",
    ),
    refuse_trigger("request_step_no_update", "request_step", "", "UPDATE", "a step is never rewritten"),
    # What was answered stays answered, and in time or late as it was.
    refuse_trigger(
        "request_answered_once",
        "request",
        "OLD.answered_at IS NOT NULL AND (NEW.answered_at IS NULL OR NEW.answered_at <> OLD.answered_at "
        "OR NEW.answer_due_at <> OLD.answer_due_at)",
        "UPDATE",
        "an answer is given once",
    ),
    _chosen_in_force("request_kind_in_force", "INSERT", "request_kind", "key", "kind"),
    _chosen_in_force("request_kind_stays_in_force", "UPDATE", "request_kind", "key", "kind"),
    _chosen_in_force("request_scheme_in_force", "INSERT", "scheme", "id", "scheme_id"),
    _chosen_in_force("request_scheme_stays_in_force", "UPDATE", "scheme", "id", "scheme_id"),
)
