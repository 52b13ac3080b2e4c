"""The company panel: its seats and ways in, meetings, questions, and what members tell us

Until now an agreement was marked as shown to its own company's member, and most were marked by themselves. From now on
the mark lets *the whole panel* read who is with us in what, so nobody is marked until somebody has said so.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "013_panel"
down_revision = "012_sign_in"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "panel_meeting",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.Integer(), nullable=False),
        sa.Column("place", types.SafeText(200), nullable=False),
        sa.Column("agenda", types.SafeText(5000), nullable=True),
        sa.Column("announced_at", types.Utc(), nullable=True),
        sa.Column("cancelled_at", types.Utc(), nullable=True),
        sa.Column("reason", types.SafeText(300), nullable=True),
        sa.Column("minutes", types.SafeText(20000), nullable=True),
        sa.Column("minutes_published_at", types.Utc(), nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "cancelled_at IS NULL OR reason IS NOT NULL", name=op.f("ck_panel_meeting_reason")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_panel_meeting_length")),
        sa.CheckConstraint(
            "minutes_published_at IS NULL OR (minutes IS NOT NULL AND announced_at IS NOT NULL)",
            name=op.f("ck_panel_meeting_minutes"),
        ),
        sa.CheckConstraint(
            "starts_at BETWEEN 0 AND 1439 AND ends_at BETWEEN 1 AND 1440", name=op.f("ck_panel_meeting_clock")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_meeting")),
        sqlite_strict=True,
    )
    op.create_index("ix_panel_meeting_day", "panel_meeting", ["on_day", "id"], unique=False)
    op.create_index(
        "ix_panel_meeting_next",
        "panel_meeting",
        ["on_day"],
        unique=False,
        sqlite_where=sa.text("cancelled_at IS NULL"),
        postgresql_where=sa.text("cancelled_at IS NULL"),
    )
    op.create_table(
        "panel_question",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("question", types.SafeText(300), nullable=False),
        sa.Column("about", types.SafeText(2000), nullable=True),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("asked_at", types.Utc(), nullable=True),
        sa.Column("said", types.SafeText(2000), nullable=True),
        sa.Column("outcome", types.SafeText(2000), nullable=True),
        sa.Column("outcome_at", types.Utc(), nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_panel_question_days")),
        sa.CheckConstraint(
            "outcome_at IS NULL OR (outcome IS NOT NULL AND asked_at IS NOT NULL)",
            name=op.f("ck_panel_question_outcome"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_question")),
        sqlite_strict=True,
    )
    op.create_index("ix_panel_question_closes", "panel_question", ["closes_on", "id"], unique=False)
    op.create_table(
        "panel_seat",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("company_id", KEY, nullable=False),
        sa.Column("email", types.SafeText(254), nullable=False),
        sa.Column("name", types.SafeText(100), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ended_at", types.Utc(), nullable=True),
        sa.Column("terms", sa.Integer(), nullable=True),
        sa.Column("terms_accepted_at", types.Utc(), nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(terms IS NULL) = (terms_accepted_at IS NULL)", name=op.f("ck_panel_seat_terms")),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= begins_on", name=op.f("ck_panel_seat_days")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_panel_seat_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_seat")),
        sqlite_strict=True,
    )
    op.create_index("ix_panel_seat_company", "panel_seat", ["company_id", "id"], unique=False)
    op.create_index(
        "uq_panel_seat_email",
        "panel_seat",
        ["email"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "panel_answer",
        sa.Column("question_id", KEY, nullable=False),
        sa.Column("seat_id", KEY, nullable=False),
        sa.Column("text", types.SafeText(2000), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("answered_at", types.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["panel_question.id"], name=op.f("fk_panel_answer_question_id")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_panel_answer_seat_id")),
        sa.PrimaryKeyConstraint("question_id", "seat_id", name=op.f("pk_panel_answer")),
        sqlite_strict=True,
    )
    op.create_table(
        "panel_link",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("seat_id", KEY, nullable=False),
        sa.Column("is_invitation", sa.Integer(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("expires_at", types.Utc(), nullable=False),
        sa.Column("used_at", types.Utc(), nullable=True),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_panel_link_period")),
        sa.CheckConstraint("is_invitation IN (0, 1)", name=op.f("ck_panel_link_invitation")),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_panel_link_seat_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_panel_link")),
        sqlite_strict=True,
    )
    op.create_index("ix_panel_link_expires", "panel_link", ["expires_at"], unique=False)
    op.create_index("ix_panel_link_seat", "panel_link", ["seat_id"], unique=False)
    op.create_table(
        "panel_reading",
        sa.Column("meeting_id", KEY, nullable=False),
        sa.Column("seat_id", KEY, nullable=False),
        sa.Column("read_at", types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["panel_meeting.id"], name=op.f("fk_panel_reading_meeting_id")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_panel_reading_seat_id")),
        sa.PrimaryKeyConstraint("meeting_id", "seat_id", name=op.f("pk_panel_reading")),
        sqlite_strict=True,
    )
    op.create_table(
        "panel_session",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("seat_id", KEY, nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("expires_at", types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_panel_session_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_panel_session_token_hash")),
        sqlite_strict=True,
    )
    op.create_index("ix_panel_session_expires", "panel_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_panel_session_seat_id"), "panel_session", ["seat_id"], unique=False)
    op.create_table(
        "panel_remark",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("seat_id", KEY, nullable=False),
        sa.Column("company_id", KEY, nullable=False),
        sa.Column("about", types.SafeText(250), nullable=True),
        sa.Column("text", types.SafeText(1000), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("follow_up_id", KEY, nullable=False),
        sa.Column("answer", types.SafeText(1000), nullable=True),
        sa.Column("answered_at", types.Utc(), nullable=True),
        sa.Column("answered_by_id", KEY, nullable=True),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answered_by_id IS NULL) AND (answered_at IS NULL) = (answer IS NULL)",
            name=op.f("ck_panel_remark_answered"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["user_account.id"], name=op.f("fk_panel_remark_answered_by_id")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_panel_remark_company_id")),
        sa.ForeignKeyConstraint(
            ["follow_up_id"], ["follow_up.id"], name=op.f("fk_panel_remark_follow_up_id")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_panel_remark_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_remark")),
        sa.UniqueConstraint("follow_up_id", name=op.f("uq_panel_remark_follow_up_id")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_panel_remark_company_id"), "panel_remark", ["company_id"], unique=False)
    op.create_index(
        "ix_panel_remark_open",
        "panel_remark",
        ["id"],
        unique=False,
        sqlite_where=sa.text("answered_at IS NULL"),
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.create_index("ix_panel_remark_seat", "panel_remark", ["seat_id", "id"], unique=False)
    op.create_table(
        "panel_identity",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject_hash", sa.Text(), nullable=False),
        sa.Column("seat_id", KEY, nullable=False),
        sa.Column("linked_at", types.Utc(), nullable=False),
        sa.CheckConstraint("issuer <> '' AND subject_hash <> ''", name=op.f("ck_panel_identity_named")),
        sa.ForeignKeyConstraint(["seat_id"], ["panel_seat.id"], name=op.f("fk_panel_identity_seat_id")),
        sa.PrimaryKeyConstraint("issuer", "subject_hash", name=op.f("pk_panel_identity")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_panel_identity_seat_id"), "panel_identity", ["seat_id"], unique=False)

    agreement = sa.table("agreement", sa.column("shown_to_panel", sa.Integer()))
    op.execute(sa.update(agreement).where(agreement.c.shown_to_panel == 1).values(shown_to_panel=0))
