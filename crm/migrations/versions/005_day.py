"""A day that plans itself: repeating follow-ups, what was moved, calendar and morning mail"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "005_day"
down_revision = "004_requests"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN, OFFERED, CURRENT = (
    sa.text("ended_on IS NULL"),
    sa.text("state = 'offered'"),
    sa.text("valid_to IS NULL"),
)


def upgrade() -> None:
    _follow_ups()
    op.create_table(
        "put_off",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", KEY, autoincrement=False, nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('answer', 'expiry', 'quiet', 'offer', 'comment')", name=op.f("ck_put_off_kind")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_put_off_user_id")),
        sa.PrimaryKeyConstraint("user_id", "kind", "subject_id", name=op.f("pk_put_off")),
        sqlite_strict=True,
    )
    op.create_table(
        "day_choice",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("morning_mail", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_morning", sa.Date(), nullable=True),
        sa.Column("calendar_hash", sa.Text(), nullable=True),
        sa.Column("calendar_since", types.Utc(), nullable=True),
        sa.CheckConstraint("morning_mail IN (0, 1)", name=op.f("ck_day_choice_morning_mail")),
        sa.CheckConstraint(
            "(calendar_hash IS NULL) = (calendar_since IS NULL)", name=op.f("ck_day_choice_calendar")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_day_choice_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_day_choice")),
        sa.UniqueConstraint("calendar_hash", name=op.f("uq_day_choice_calendar_hash")),
        sqlite_strict=True,
    )
    op.create_index("ix_interaction_by_when", "interaction", ["by_id", "happened_at", "kind"])
    op.create_index(
        "ix_company_assignment_current",
        "company_assignment",
        ["user_id", "company_id"],
        sqlite_where=CURRENT,
        postgresql_where=CURRENT,
    )
    op.create_index(
        "ix_agreement_expiry",
        "agreement",
        ["consultant_id", "valid_to"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "ix_agreement_offered",
        "agreement",
        ["consultant_id", "id"],
        sqlite_where=OFFERED,
        postgresql_where=OFFERED,
    )


def _follow_ups() -> None:
    """Column by column: SQLite cannot fill a generated column when it rebuilds a table."""
    key = "BIGINT" if op.get_context().dialect.name == "postgresql" else "INTEGER"
    for column in (
        "call_back INTEGER DEFAULT 0 NOT NULL CONSTRAINT ck_follow_up_call_back CHECK (call_back IN (0, 1))",
        "repeat_every INTEGER CONSTRAINT ck_follow_up_repeat_every CHECK (repeat_every BETWEEN 1 AND 366)",
        "repeat_unit TEXT "
        "CONSTRAINT ck_follow_up_repeat_unit CHECK (repeat_unit IN ('day', 'week', 'month')) "
        "CONSTRAINT ck_follow_up_repeat CHECK ((repeat_every IS NULL) = (repeat_unit IS NULL))",
        "repeat_day INTEGER CONSTRAINT ck_follow_up_repeat_day CHECK (repeat_day IS NULL "
        "OR (repeat_day BETWEEN 1 AND 31 AND repeat_unit IS NOT NULL AND repeat_unit = 'month'))",
        f"follows_id {key} CONSTRAINT fk_follow_up_follows_id REFERENCES follow_up (id)",
        "moves INTEGER DEFAULT 0 NOT NULL",
    ):
        op.execute(f"ALTER TABLE follow_up ADD COLUMN {column}")
    op.create_index("uq_follow_up_follows_id", "follow_up", ["follows_id"], unique=True)
