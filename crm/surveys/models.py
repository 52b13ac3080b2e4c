"""The question, the rounds it is asked in, who was asked, and what they answered. The rules are keys.

A company's invitations form a chain: each row but the first *follows* another of the same company, and a
copied key says when that one's quiet time is over. A row has at most one follower, a company at most one
beginning, so however many workers ask at once, none can ask a company again before its quiet time is over;
only a round that says so in `despite_quiet` may. A reply names the question of its own invitation, so that
no figure can mix wordings, and there is one for each invitation.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

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
from crm.companies.models import Company, CompanyContact
from crm.db import Base, Key, Row
from crm.guards import guards, refuse_trigger
from crm.requests.models import Request
from crm.types import SafeText, Utc

# The question of the plan of 2026, part 3. Each of its wordings is a version.
EASY = "easy_recruitment"
# From disagreeing wholly to agreeing wholly. "Ved ikke" is kept as no value and counts in no share.
STEPS = (1, 2, 3, 4, 5)
AGREES = (4, 5)


class RoundKind(StrEnum):
    """Why a company is asked: a request was closed, or a manager chose it."""

    AFTER_REQUEST = "after_request"
    ANNUAL = "annual"


_KINDS = ", ".join(f"'{kind}'" for kind in RoundKind)
_AFTER = text("kind = 'after_request'")
_ROUNDS_ONLY = text("request_id IS NULL")
_FIRST = text("follows_id IS NULL")
_UNSENT = text("sent_at IS NULL")
_OPEN_COMMENT = text("comment IS NOT NULL AND handled_at IS NULL")


class SurveyQuestion(Row, Base):
    """One wording of a question, in use from a day on. It never changes: another wording is another version."""

    __tablename__ = "survey_question"
    __data_class__ = "organisation"
    __table_args__ = (UniqueConstraint("key", "version"), CheckConstraint("version > 0", name="version"))

    key: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    wording: Mapped[str] = mapped_column(SafeText(200))
    valid_from: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class SurveyRound(Row, Base):
    """Who is asked what, and until when. The one that follows requests never closes by itself."""

    __tablename__ = "survey_round"
    __data_class__ = "organisation"
    __table_args__ = (
        UniqueConstraint("id", "question_id"),
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint("(kind = 'annual') = (closes_on IS NOT NULL)", name="closes"),
        CheckConstraint("closes_on IS NULL OR closes_on >= opened_on", name="period"),
        CheckConstraint("remind_on IS NULL OR (remind_on > opened_on AND remind_on <= closes_on)", name="remind"),
        CheckConstraint("despite_quiet IN (0, 1)", name="despite_quiet"),
        Index("uq_survey_round_after_request", "question_id", unique=True, sqlite_where=_AFTER,
              postgresql_where=_AFTER),
    )  # fmt: skip

    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(SafeText(100))
    question_id: Mapped[int] = mapped_column(ForeignKey("survey_question.id"))
    opened_on: Mapped[date]
    closes_on: Mapped[date | None]
    remind_on: Mapped[date | None]
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
    despite_quiet: Mapped[int] = mapped_column(Integer, default=0)
    # Why companies that are protected from advertising are among them; None when they are not.
    protected_reason: Mapped[str | None] = mapped_column(SafeText(300))
    created_at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    question: Mapped[SurveyQuestion] = relationship(innerjoin=True, lazy="raise")
    by: Mapped[User | None] = relationship(lazy="raise")


class SurveyInvitation(Row, Base):
    """A company is asked, by one person's mail. `sent_at` is when that mail was put in the outbox."""

    __tablename__ = "survey_invitation"
    __data_class__ = "person"
    __table_args__ = (
        UniqueConstraint("request_id"),
        UniqueConstraint("follows_id"),
        UniqueConstraint("id", "company_id", "question_id", "expires_on"),
        UniqueConstraint("company_id", "id", "quiet_until"),
        CheckConstraint("(follows_id IS NULL) = (follows_quiet_until IS NULL)", name="follows"),
        CheckConstraint(
            "follows_quiet_until IS NULL OR asked_on >= follows_quiet_until OR despite_quiet = 1", name="quiet"
        ),
        CheckConstraint(
            "despite_quiet = 0 OR (despite_quiet = 1 AND request_id IS NULL)", name="despite_quiet"
        ),
        CheckConstraint("quiet_until > asked_on AND expires_on >= asked_on", name="days"),
        ForeignKeyConstraint(["round_id", "question_id"], ["survey_round.id", "survey_round.question_id"],
                             name="fk_survey_invitation_round"),
        ForeignKeyConstraint(["company_id", "company_contact_id"],
                             ["company_contact.company_id", "company_contact.id"],
                             name="fk_survey_invitation_contact"),
        ForeignKeyConstraint(["company_id", "follows_id", "follows_quiet_until"],
                             ["survey_invitation.company_id", "survey_invitation.id",
                              "survey_invitation.quiet_until"], name="fk_survey_invitation_follows"),
        Index("uq_survey_invitation_one_first", "company_id", unique=True, sqlite_where=_FIRST,
              postgresql_where=_FIRST),
        Index("uq_survey_invitation_once_a_round", "round_id", "company_id", unique=True,
              sqlite_where=_ROUNDS_ONLY, postgresql_where=_ROUNDS_ONLY),
        Index("ix_survey_invitation_unsent", "id", sqlite_where=_UNSENT, postgresql_where=_UNSENT),
        Index("ix_survey_invitation_asked", "asked_on", "id"),
        Index("ix_survey_invitation_expires", "expires_on", "id"),
    )  # fmt: skip

    round_id: Mapped[int] = mapped_column(Key)
    question_id: Mapped[int] = mapped_column(Key)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    company_contact_id: Mapped[int] = mapped_column(Key)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("request.id"))
    recipient: Mapped[str] = mapped_column(SafeText(254))
    asked_on: Mapped[date]
    quiet_until: Mapped[date]
    expires_on: Mapped[date]
    follows_id: Mapped[int | None] = mapped_column(Key)
    follows_quiet_until: Mapped[date | None]
    despite_quiet: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc)

    round: Mapped[SurveyRound] = relationship(
        primaryjoin="foreign(SurveyInvitation.round_id) == SurveyRound.id", lazy="raise", viewonly=True,
        innerjoin=True,
    )  # fmt: skip
    company: Mapped[Company] = relationship(
        foreign_keys=[company_id], innerjoin=True, lazy="raise", viewonly=True
    )
    contact: Mapped[CompanyContact] = relationship(
        primaryjoin="foreign(SurveyInvitation.company_contact_id) == CompanyContact.id",
        lazy="raise", viewonly=True, innerjoin=True,
    )  # fmt: skip


class SurveyLink(Base):
    """What opens an invitation: the first mail's link and, once, the reminder's. Only its hash is kept."""

    __tablename__ = "survey_link"
    __data_class__ = "security"
    __audited__ = False
    __secret__: ClassVar[frozenset[str]] = frozenset({"token_hash"})
    __table_args__ = (
        UniqueConstraint("invitation_id", "is_reminder"),
        CheckConstraint("is_reminder IN (0, 1)", name="reminder"),
    )

    token_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("survey_invitation.id"))
    is_reminder: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Utc)
    invitation: Mapped[SurveyInvitation] = relationship(innerjoin=True, lazy="raise")


class SurveyReply(Row, Base):
    """What a company answered, on a day. It is not anonymous, and the page that asks says so."""

    __tablename__ = "survey_reply"
    __data_class__ = "person"
    __table_args__ = (
        UniqueConstraint("invitation_id"),
        CheckConstraint("value BETWEEN 1 AND 5", name="value"),
        CheckConstraint("replied_on <= expires_on", name="in_time"),
        CheckConstraint("(handled_at IS NULL) = (handled_by_id IS NULL)", name="handled"),
        # The question and the day it was open to are those of the invitation.
        ForeignKeyConstraint(["invitation_id", "company_id", "question_id", "expires_on"],
                             ["survey_invitation.id", "survey_invitation.company_id",
                              "survey_invitation.question_id", "survey_invitation.expires_on"],
                             name="fk_survey_reply_invitation"),
        Index("ix_survey_reply_question", "question_id", "replied_on", "id"),
        Index("ix_survey_reply_open_comment", "company_id", "replied_on", "id", sqlite_where=_OPEN_COMMENT,
              postgresql_where=_OPEN_COMMENT),
    )  # fmt: skip

    invitation_id: Mapped[int] = mapped_column(Key)
    company_id: Mapped[int] = mapped_column(Key)
    question_id: Mapped[int] = mapped_column(Key)
    expires_on: Mapped[date]
    value: Mapped[int | None] = mapped_column(Integer)
    comment: Mapped[str | None] = mapped_column(SafeText(2000))
    replied_on: Mapped[date]
    handled_at: Mapped[datetime | None] = mapped_column(Utc)
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    handled_note: Mapped[str | None] = mapped_column(SafeText(500))

    invitation: Mapped[SurveyInvitation] = relationship(
        primaryjoin="foreign(SurveyReply.invitation_id) == SurveyInvitation.id", lazy="raise", viewonly=True,
        innerjoin=True,
    )  # fmt: skip
    company: Mapped[Company] = relationship(
        primaryjoin="foreign(SurveyReply.company_id) == Company.id", lazy="raise", viewonly=True,
        innerjoin=True,
    )  # fmt: skip
    question: Mapped[SurveyQuestion] = relationship(
        primaryjoin="foreign(SurveyReply.question_id) == SurveyQuestion.id", lazy="raise", viewonly=True,
        innerjoin=True,
    )  # fmt: skip
    handled_by: Mapped[User | None] = relationship(lazy="raise")


# Whoever asks looks every few seconds for what was closed lately.
Index("ix_request_kind_closed", Request.kind, Request.closed_at, Request.id)

_ASKED = " OR ".join(
    f"COALESCE(NEW.{column}, 0) <> COALESCE(OLD.{column}, 0)"
    for column in ("round_id", "question_id", "company_id", "request_id", "follows_id", "despite_quiet")
)
guards(
    refuse_trigger(
        "survey_question_fixed", "survey_question", "", "UPDATE", "another wording is another version"
    ),
    refuse_trigger(
        "survey_invitation_fixed", "survey_invitation",
        f"{_ASKED} OR NEW.asked_on <> OLD.asked_on OR NEW.quiet_until <> OLD.quiet_until "
        "OR (OLD.sent_at IS NOT NULL AND (NEW.sent_at IS NULL OR NEW.sent_at <> OLD.sent_at))",
        "UPDATE", "who was asked when does not change",
    ),
    refuse_trigger("survey_link_fixed", "survey_link", "", "UPDATE", "a link opens what it opened"),
    refuse_trigger(
        "survey_reply_fixed", "survey_reply",
        "NEW.invitation_id <> OLD.invitation_id OR NEW.replied_on <> OLD.replied_on "
        "OR COALESCE(NEW.value, 0) <> COALESCE(OLD.value, 0) OR NEW.comment <> OLD.comment",
        "UPDATE", "an answer is given once",
    ),
)  # fmt: skip
