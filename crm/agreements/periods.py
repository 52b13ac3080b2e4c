"""The periods of an agreement: the days it holds, one period after the other.

A renewal is a new period of the same agreement, so that what was true on a day stays true. The first period
comes with the agreement; every other one is made by a step to `renewed`, and a key says so.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Base, Key
from crm.guards import goes_with, guards, react, refuse_trigger, refuse_where


class AgreementPeriod(Base):
    """The days an agreement holds: from the first to the last; no last day is until further notice.

    It counts on a day D when `signed_on ≤ D` and `valid_from ≤ D ≤` its last day, the earlier of `valid_to`
    and the day the agreement ended.
    """

    __tablename__ = "agreement_period"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name="period"),
        CheckConstraint("(seq = 1) = (step_no IS NULL)", name="renewal"),
        CheckConstraint("seq = 1 OR (signed_on IS NOT NULL AND valid_from IS NOT NULL)", name="signed"),
        # No number is left out.
        ForeignKeyConstraint(
            ["agreement_id", "previous"],
            ["agreement_period.agreement_id", "agreement_period.seq"],
            name="fk_agreement_period_previous",
        ),
        # The step that made it is one to `renewed`, and makes no other.
        ForeignKeyConstraint(
            ["agreement_id", "step_no", "made_by"],
            ["agreement_step.agreement_id", "agreement_step.seq", "agreement_step.to_state"],
            name="fk_agreement_period_step",
            deferrable=True,
            initially="DEFERRED",
        ),
        UniqueConstraint("agreement_id", "step_no"),
        Index("ix_agreement_period_ends", "valid_to", "agreement_id"),
    )

    agreement_id: Mapped[int] = mapped_column(
        ForeignKey("agreement.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    previous: Mapped[int | None] = mapped_column(
        Integer, Computed("CASE WHEN seq > 1 THEN seq - 1 END", persisted=True)
    )
    signed_on: Mapped[date | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    step_no: Mapped[int | None] = mapped_column(Key)
    made_by: Mapped[str | None] = mapped_column(
        Text, Computed("CASE WHEN step_no IS NOT NULL THEN 'renewed' END", persisted=True)
    )


_NEWEST = "(SELECT max(p.seq) FROM agreement_period p WHERE p.agreement_id = {})"
_NEVER = "'0001-01-01'"


def _differs(one: str, other: str) -> str:
    return f"COALESCE({one}, {_NEVER}) <> COALESCE({other}, {_NEVER})"


# The agreement tells its outer days to its periods, and they theirs to it; what is alike already is left.
_TELL_PERIODS = (
    "UPDATE agreement_period SET "  # noqa: S608  # The house's own words.
    "signed_on = CASE WHEN seq = 1 THEN NEW.signed_on ELSE signed_on END, "
    "valid_from = CASE WHEN seq = 1 THEN NEW.valid_from ELSE valid_from END, "
    f"valid_to = CASE WHEN seq = {_NEWEST.format('NEW.id')} THEN NEW.valid_to ELSE valid_to END "
    "WHERE agreement_id = NEW.id AND ("
    f"(seq = 1 AND ({_differs('signed_on', 'NEW.signed_on')} OR {_differs('valid_from', 'NEW.valid_from')})) "
    f"OR (seq = {_NEWEST.format('NEW.id')} AND {_differs('valid_to', 'NEW.valid_to')}))"
)
_TELL_AGREEMENT = (
    "UPDATE agreement SET "  # noqa: S608  # The house's own words.
    "signed_on = CASE WHEN NEW.seq = 1 THEN NEW.signed_on ELSE signed_on END, "
    "valid_from = CASE WHEN NEW.seq = 1 THEN NEW.valid_from ELSE valid_from END, "
    f"valid_to = CASE WHEN NEW.seq = {_NEWEST.format('NEW.agreement_id')} THEN NEW.valid_to ELSE valid_to END "
    "WHERE id = NEW.agreement_id AND ("
    f"(NEW.seq = 1 AND ({_differs('signed_on', 'NEW.signed_on')} OR {_differs('valid_from', 'NEW.valid_from')})) "
    f"OR (NEW.seq = {_NEWEST.format('NEW.agreement_id')} AND {_differs('valid_to', 'NEW.valid_to')}))"
)
_FIRST = (
    "INSERT INTO agreement_period (agreement_id, seq, signed_on, valid_from, valid_to) "
    "VALUES (NEW.id, 1, NEW.signed_on, NEW.valid_from, NEW.valid_to)"
)
_AFTER_PREVIOUS = (
    "(NEW.seq = 1 OR EXISTS (SELECT 1 FROM agreement_period p WHERE p.agreement_id = NEW.agreement_id "
    "AND p.seq = NEW.seq - 1 AND p.valid_to < NEW.valid_from))"
)
_BEFORE_NEXT = (
    "NOT EXISTS (SELECT 1 FROM agreement_period n WHERE n.agreement_id = NEW.agreement_id "
    "AND n.seq = NEW.seq + 1 AND (NEW.valid_to IS NULL OR n.valid_from <= NEW.valid_to))"
)
_OVERLAP = "the periods of an agreement follow one another"
guards(
    react("agreement_begins", "agreement", "INSERT", _FIRST),
    react("agreement_days", "agreement", "UPDATE OF signed_on, valid_from, valid_to", _TELL_PERIODS),
    react("agreement_period_added", "agreement_period", "INSERT", _TELL_AGREEMENT),
    react(
        "agreement_period_moved", "agreement_period", "UPDATE OF signed_on, valid_from, valid_to",
        _TELL_AGREEMENT,
    ),
    refuse_where(
        "agreement_period_follows_i", "agreement_period", "INSERT", f"NOT {_AFTER_PREVIOUS}", _OVERLAP
    ),
    refuse_where(
        "agreement_period_follows_u", "agreement_period", "UPDATE",
        f"NOT ({_AFTER_PREVIOUS} AND {_BEFORE_NEXT})", _OVERLAP,
    ),
    refuse_trigger(
        "agreement_period_stays", "agreement_period",
        "NEW.agreement_id <> OLD.agreement_id OR NEW.seq <> OLD.seq "
        "OR COALESCE(NEW.step_no, 0) <> COALESCE(OLD.step_no, 0)",
        "UPDATE", "a period stays in its place",
    ),
    goes_with("agreement_period", "agreement", "a period is never taken back"),
)  # fmt: skip
