"""Agreements, and the legal steps as keys of the database.

A step names the state it comes from; keys say that the move is a legal one and that the step before it
ended in that state. So no step can be skipped, taken twice or invented. Adding a step *is* moving the
agreement: a trigger copies the state, and nothing else may set it.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

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

from crm.access.models import User
from crm.companies.models import Company, CompanyContact
from crm.db import Base, Key, Row
from crm.guards import goes_with, guards, react, refuse_trigger
from crm.types import Json, SafeText, Utc


class AgreementState(StrEnum):
    """Where an agreement stands."""

    PROSPECT = "prospect"
    IN_DIALOGUE = "in_dialogue"
    OFFERED = "offered"
    SIGNED = "signed"
    IN_FORCE = "in_force"
    RENEWED = "renewed"
    ENDED = "ended"


class EndCause(StrEnum):
    """Why an agreement ended. What comes by lists and programs may leave it open."""

    FULFILLED = "fulfilled"
    RAN_OUT = "ran_out"
    DECLINED = "declined"
    NOT_USED = "not_used"
    NO_CANDIDATES = "no_candidates"
    COMPANY_GONE = "company_gone"
    REPLACED = "replaced"
    OTHER = "other"
    NOT_TOLD = "not_told"


START = "-"
# The legal steps. An agreement may be entered at any point before it is in force, since most are signed on
# paper before anyone opens the system.
LEGAL_STEPS: tuple[tuple[str, str], ...] = (
    *((START, state) for state in ("prospect", "in_dialogue", "offered", "signed")),
    ("prospect", "in_dialogue"),
    ("in_dialogue", "offered"),
    ("offered", "signed"),
    ("signed", "in_force"),
    ("in_force", "renewed"),
    ("renewed", "in_force"),
    *((state, "ended") for state in ("prospect", "in_dialogue", "offered", "signed", "in_force", "renewed")),
)


class Programme(Row, Base):
    """A frame agreements are made under. Agreements with partner organisations never count as companies.

    `asks` are the own fields its agreements hold (fields.py), `template` the text of the paper that is signed.
    """

    __tablename__ = "programme"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint("kind IN ('company', 'partner_organisation')", name="kind"),
        CheckConstraint("standard_months BETWEEN 1 AND 120", name="standard_months"),
        CheckConstraint("panel_sees IN (0, 1)", name="panel_sees"),
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name="period"),
    )

    key: Mapped[str] = mapped_column(SafeText(50), unique=True)
    name: Mapped[str] = mapped_column(SafeText(100))
    kind: Mapped[str] = mapped_column(Text, default="company")
    asks: Mapped[Any] = mapped_column(Json, default=list)
    standard_months: Mapped[int | None] = mapped_column(Integer)
    template: Mapped[str | None] = mapped_column(SafeText(10000))
    panel_sees: Mapped[int] = mapped_column(Integer, default=1)
    # Agreements under it can be made from the first day to the last; those there are stay what they are.
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


class AgreementLegalStep(Base):
    """A step the law of the house allows; the keys of `agreement_step` point here."""

    __tablename__ = "agreement_legal_step"
    __data_class__ = "technical"

    from_state: Mapped[str] = mapped_column(Text, primary_key=True)
    to_state: Mapped[str] = mapped_column(Text, primary_key=True)


class Agreement(Row, Base):
    """An agreement between a company and the municipality.

    Its days stand in its periods (periods.py), and which days it counts follows from them: `signed_on` and
    `valid_from` here are the first period's, `valid_to` is the newest one's. Either may be corrected; triggers
    keep them alike.
    """

    __tablename__ = "agreement"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name="period"),
        CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name="ended"),
        CheckConstraint(
            "state NOT IN ('signed', 'in_force', 'renewed') "
            "OR (signed_on IS NOT NULL AND valid_from IS NOT NULL)",
            name="signed",
        ),
        # The state is that of the step it names; the step is written in the same transaction.
        ForeignKeyConstraint(
            ["id", "step_no", "state"],
            ["agreement_step.agreement_id", "agreement_step.seq", "agreement_step.to_state"],
            name="fk_agreement_state",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        CheckConstraint("step_no >= 1", name="step_no"),
        CheckConstraint("(state = 'ended') = (end_cause IS NOT NULL)", name="end_cause"),
        CheckConstraint("shown_to_panel IN (0, 1)", name="shown_to_panel"),
        # Whom to call there about it works at that very company.
        ForeignKeyConstraint(
            ["company_id", "company_contact_id"],
            ["company_contact.company_id", "company_contact.id"],
            name="fk_agreement_contact",
        ),
        # The municipality's contact of an agreement that stands cannot be closed.
        ForeignKeyConstraint(
            ["consultant_id", "needs_active"],
            ["user_account.id", "user_account.is_active"],
            name="fk_agreement_active_consultant",
        ),
        Index(
            "ix_agreement_consultant",
            "consultant_id",
            sqlite_where=text("ended_on IS NULL"),
            postgresql_where=text("ended_on IS NULL"),
        ),
        Index(
            "ix_agreement_expiry",
            "consultant_id",
            "valid_to",
            sqlite_where=text("ended_on IS NULL"),
            postgresql_where=text("ended_on IS NULL"),
        ),
        Index(
            "ix_agreement_offered",
            "consultant_id",
            "id",
            sqlite_where=text("state = 'offered'"),
            postgresql_where=text("state = 'offered'"),
        ),
        Index("ix_agreement_company", "company_id"),
        Index("ix_agreement_counts", "programme_id", "signed_on", "valid_from"),
        Index("ix_agreement_state", "state", "id"),
        Index("ix_agreement_programme", "programme_id", "state", "id"),
        Index("ix_agreement_valid_to", "valid_to", "id"),
    )

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"))
    title: Mapped[str] = mapped_column(SafeText(200))
    signed_on: Mapped[date | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    ended_on: Mapped[date | None]
    end_cause: Mapped[str | None] = mapped_column(Text)
    end_reason: Mapped[str | None] = mapped_column(SafeText(500))
    # After the first step these two, `signed_on`, `valid_from`, `ended_on` and why are moved by the trigger.
    state: Mapped[str] = mapped_column(Text)
    step_no: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer)
    # Whether the panel's shared list names the company with its programme; the company's own member sees it anyhow,
    # where its programme may be seen at all.
    shown_to_panel: Mapped[int] = mapped_column(Integer, default=0)
    company_contact_id: Mapped[int | None] = mapped_column(Key)
    # The municipality's contact for this agreement; the company's way in unless another is named.
    consultant_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    needs_active: Mapped[int | None] = mapped_column(
        Integer, Computed("CASE WHEN ended_on IS NULL THEN 1 END", persisted=True)
    )

    __mapper_args__ = {"version_id_col": version}

    company: Mapped[Company] = relationship(innerjoin=True, lazy="raise", foreign_keys=[company_id])
    contact: Mapped[CompanyContact | None] = relationship(
        primaryjoin="foreign(Agreement.company_contact_id) == CompanyContact.id", lazy="raise", viewonly=True
    )
    programme: Mapped[Programme] = relationship(innerjoin=True, lazy="raise")
    consultant: Mapped[User | None] = relationship(foreign_keys=[consultant_id], lazy="raise")


class AgreementStep(Base):
    """An agreement went from one state to the next on a day."""

    __tablename__ = "agreement_step"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("(seq = 1) = (from_state = '-')", name="first"),
        CheckConstraint(f"cause IN {tuple(map(str, EndCause))}", name="cause"),
        CheckConstraint("(to_state = 'ended') = (cause IS NOT NULL)", name="ending"),
        # A reason of one's own is written, not only chosen.
        CheckConstraint("cause <> 'other' OR note IS NOT NULL", name="other"),
        UniqueConstraint("agreement_id", "seq", "to_state"),
        ForeignKeyConstraint(
            ["from_state", "to_state"],
            ["agreement_legal_step.from_state", "agreement_legal_step.to_state"],
            name="fk_agreement_step_legal",
        ),
        ForeignKeyConstraint(
            ["agreement_id", "previous", "from_state"],
            ["agreement_step.agreement_id", "agreement_step.seq", "agreement_step.to_state"],
            name="fk_agreement_step_previous",
        ),
        Index("ix_agreement_step_at", "to_state", "at"),
    )

    agreement_id: Mapped[int] = mapped_column(
        ForeignKey("agreement.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    from_state: Mapped[str] = mapped_column(Text)
    to_state: Mapped[str] = mapped_column(Text)
    previous: Mapped[int | None] = mapped_column(
        Key, Computed("CASE WHEN seq > 1 THEN seq - 1 END", persisted=True)
    )
    on: Mapped[date] = mapped_column("on_day")
    at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str | None] = mapped_column(SafeText(500))
    cause: Mapped[str | None] = mapped_column(Text)
    by: Mapped[User] = relationship(innerjoin=True, lazy="raise")


# Signing and ending set their day with the state, so that the table's own checks always hold.
# The version follows, so that whoever edits an older page is told.
_MOVE = (
    "UPDATE agreement SET state = NEW.to_state, step_no = NEW.seq, "
    "version = version + CASE WHEN NEW.seq > 1 THEN 1 ELSE 0 END, "
    "signed_on = CASE WHEN NEW.to_state = 'signed' THEN COALESCE(signed_on, NEW.on_day) "
    "ELSE signed_on END, "
    "valid_from = CASE WHEN NEW.to_state = 'signed' THEN COALESCE(valid_from, NEW.on_day) "
    "ELSE valid_from END, "
    "ended_on = CASE WHEN NEW.to_state = 'ended' THEN NEW.on_day ELSE ended_on END, "
    "end_cause = CASE WHEN NEW.to_state = 'ended' THEN NEW.cause ELSE end_cause END, "
    "end_reason = CASE WHEN NEW.to_state = 'ended' THEN NEW.note ELSE end_reason END "
    "WHERE id = NEW.agreement_id"
)
guards(
    goes_with("agreement_step", "agreement", "a step is never taken back"),
    react("agreement_moves", "agreement_step", "INSERT", _MOVE),
    refuse_trigger(
        "agreement_no_way_back",
        "agreement",
        "NEW.step_no < OLD.step_no",
        "UPDATE",
        "an agreement does not go back a step",
    ),
    refuse_trigger("agreement_step_no_update", "agreement_step", "", "UPDATE", "a step is never rewritten"),
)
