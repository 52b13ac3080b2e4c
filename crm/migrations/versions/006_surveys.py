"""Satisfaction: questions, invitations and replies"""

from __future__ import annotations

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "006_surveys"
down_revision = "005_day"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


# As it stands in the plan of 2026, part 3. In use since before anyone was asked.
WORDING = "Det var nemt at samarbejde med kommunen om rekruttering"


def upgrade() -> None:
    _question()
    _round()
    _invitation()
    _link()
    _reply()
    _first_question()
    op.create_index("ix_request_kind_closed", "request", ["kind", "closed_at", "id"])


def _question() -> None:
    op.create_table(
        "survey_question",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("wording", types.SafeText(200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("by_id", KEY, nullable=True),
        sa.CheckConstraint("version > 0", name=op.f("ck_survey_question_version")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_survey_question_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_question")),
        sa.UniqueConstraint("key", "version", name=op.f("uq_survey_question_key_version")),
        sqlite_strict=True,
    )


def _round() -> None:
    op.create_table(
        "survey_round",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", types.SafeText(100), nullable=False),
        sa.Column("question_id", KEY, nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.Column("closed_at", types.Utc(), nullable=True),
        sa.Column("despite_quiet", sa.Integer(), nullable=False),
        sa.Column("protected_reason", types.SafeText(300), nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("by_id", KEY, nullable=True),
        sa.CheckConstraint(
            "(kind = 'annual') = (closes_on IS NOT NULL)", name=op.f("ck_survey_round_closes")
        ),
        sa.CheckConstraint("kind IN ('after_request', 'annual')", name=op.f("ck_survey_round_kind")),
        sa.CheckConstraint(
            "closes_on IS NULL OR closes_on >= opened_on", name=op.f("ck_survey_round_period")
        ),
        sa.CheckConstraint("despite_quiet IN (0, 1)", name=op.f("ck_survey_round_despite_quiet")),
        sa.CheckConstraint(
            "remind_on IS NULL OR (remind_on > opened_on AND remind_on <= closes_on)",
            name=op.f("ck_survey_round_remind"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_survey_round_by_id")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["survey_question.id"], name=op.f("fk_survey_round_question_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_round")),
        sa.UniqueConstraint("id", "question_id", name=op.f("uq_survey_round_id_question_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("survey_round", schema=None) as batch_op:
        batch_op.create_index(
            "uq_survey_round_after_request",
            ["question_id"],
            unique=True,
            sqlite_where=sa.text("kind = 'after_request'"),
            postgresql_where=sa.text("kind = 'after_request'"),
        )


def _invitation() -> None:
    op.create_table(
        "survey_invitation",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("round_id", KEY, nullable=False),
        sa.Column("question_id", KEY, nullable=False),
        sa.Column("company_id", KEY, nullable=False),
        sa.Column("company_contact_id", KEY, nullable=False),
        sa.Column("request_id", KEY, nullable=True),
        sa.Column("recipient", types.SafeText(254), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("quiet_until", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("follows_id", KEY, nullable=True),
        sa.Column("follows_quiet_until", sa.Date(), nullable=True),
        sa.Column("despite_quiet", sa.Integer(), nullable=False),
        sa.Column("sent_at", types.Utc(), nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.CheckConstraint(
            "(follows_id IS NULL) = (follows_quiet_until IS NULL)", name=op.f("ck_survey_invitation_follows")
        ),
        sa.CheckConstraint(
            "despite_quiet = 0 OR (despite_quiet = 1 AND request_id IS NULL)",
            name=op.f("ck_survey_invitation_despite_quiet"),
        ),
        sa.CheckConstraint(
            "follows_quiet_until IS NULL OR asked_on >= follows_quiet_until OR despite_quiet = 1",
            name=op.f("ck_survey_invitation_quiet"),
        ),
        sa.CheckConstraint(
            "quiet_until > asked_on AND expires_on >= asked_on", name=op.f("ck_survey_invitation_days")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "company_contact_id"],
            ["company_contact.company_id", "company_contact.id"],
            name="fk_survey_invitation_contact",
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "follows_id", "follows_quiet_until"],
            ["survey_invitation.company_id", "survey_invitation.id", "survey_invitation.quiet_until"],
            name="fk_survey_invitation_follows",
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_survey_invitation_company_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_survey_invitation_request_id")),
        sa.ForeignKeyConstraint(
            ["round_id", "question_id"],
            ["survey_round.id", "survey_round.question_id"],
            name="fk_survey_invitation_round",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_invitation")),
        sa.UniqueConstraint(
            "company_id", "id", "quiet_until", name=op.f("uq_survey_invitation_company_id_id_quiet_until")
        ),
        sa.UniqueConstraint("follows_id", name=op.f("uq_survey_invitation_follows_id")),
        sa.UniqueConstraint(
            "id",
            "company_id",
            "question_id",
            "expires_on",
            name=op.f("uq_survey_invitation_id_company_id_question_id_expires_on"),
        ),
        sa.UniqueConstraint("request_id", name=op.f("uq_survey_invitation_request_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("survey_invitation", schema=None) as batch_op:
        batch_op.create_index("ix_survey_invitation_asked", ["asked_on", "id"], unique=False)
        batch_op.create_index("ix_survey_invitation_expires", ["expires_on", "id"], unique=False)
        batch_op.create_index(
            "ix_survey_invitation_unsent",
            ["id"],
            unique=False,
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        )
        batch_op.create_index(
            "uq_survey_invitation_once_a_round",
            ["round_id", "company_id"],
            unique=True,
            sqlite_where=sa.text("request_id IS NULL"),
            postgresql_where=sa.text("request_id IS NULL"),
        )
        batch_op.create_index(
            "uq_survey_invitation_one_first",
            ["company_id"],
            unique=True,
            sqlite_where=sa.text("follows_id IS NULL"),
            postgresql_where=sa.text("follows_id IS NULL"),
        )


def _link() -> None:
    op.create_table(
        "survey_link",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("invitation_id", KEY, nullable=False),
        sa.Column("is_reminder", sa.Integer(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.CheckConstraint("is_reminder IN (0, 1)", name=op.f("ck_survey_link_reminder")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["survey_invitation.id"], name=op.f("fk_survey_link_invitation_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_survey_link")),
        sa.UniqueConstraint(
            "invitation_id", "is_reminder", name=op.f("uq_survey_link_invitation_id_is_reminder")
        ),
        sqlite_strict=True,
    )


def _reply() -> None:
    op.create_table(
        "survey_reply",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("invitation_id", KEY, nullable=False),
        sa.Column("company_id", KEY, nullable=False),
        sa.Column("question_id", KEY, nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column("comment", types.SafeText(2000), nullable=True),
        sa.Column("replied_on", sa.Date(), nullable=False),
        sa.Column("handled_at", types.Utc(), nullable=True),
        sa.Column("handled_by_id", KEY, nullable=True),
        sa.Column("handled_note", types.SafeText(500), nullable=True),
        sa.CheckConstraint(
            "(handled_at IS NULL) = (handled_by_id IS NULL)", name=op.f("ck_survey_reply_handled")
        ),
        sa.CheckConstraint("replied_on <= expires_on", name=op.f("ck_survey_reply_in_time")),
        sa.CheckConstraint("value BETWEEN 1 AND 5", name=op.f("ck_survey_reply_value")),
        sa.ForeignKeyConstraint(
            ["handled_by_id"], ["user_account.id"], name=op.f("fk_survey_reply_handled_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id", "company_id", "question_id", "expires_on"],
            [
                "survey_invitation.id",
                "survey_invitation.company_id",
                "survey_invitation.question_id",
                "survey_invitation.expires_on",
            ],
            name="fk_survey_reply_invitation",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_reply")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_survey_reply_invitation_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("survey_reply", schema=None) as batch_op:
        batch_op.create_index(
            "ix_survey_reply_open_comment",
            ["company_id", "replied_on", "id"],
            unique=False,
            sqlite_where=sa.text("comment IS NOT NULL AND handled_at IS NULL"),
            postgresql_where=sa.text("comment IS NOT NULL AND handled_at IS NULL"),
        )
        batch_op.create_index("ix_survey_reply_question", ["question_id", "replied_on", "id"], unique=False)


def _first_question() -> None:
    questions = sa.table(
        "survey_question",
        sa.column("key", sa.Text()),
        sa.column("version", sa.Integer()),
        sa.column("wording", sa.Text()),
        sa.column("valid_from", sa.Date()),
        sa.column("created_at", types.Utc()),
    )
    op.execute(
        sa.insert(questions).values(
            key="easy_recruitment",
            version=1,
            wording=WORDING,
            valid_from=date(2020, 1, 1),
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
    )
