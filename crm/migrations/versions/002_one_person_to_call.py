"""One person to call: the mails that tell of it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "002_one_person_to_call"
down_revision = "001_foundation"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _outbox()


def _outbox() -> None:
    op.create_table(
        "mail",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("recipient", types.SafeText(254), nullable=False),
        sa.Column("subject", types.SafeText(200), nullable=False),
        sa.Column("body", types.SafeText(20000), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", types.Utc(), nullable=False),
        sa.Column("leased_until", types.Utc(), nullable=True),
        sa.Column("last_error", types.SafeText(500), nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("sent_at", types.Utc(), nullable=True),
        sa.Column("by_id", KEY, nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'cancelled')", name=op.f("ck_mail_state")
        ),
        sa.CheckConstraint("(state = 'sending') = (leased_until IS NOT NULL)", name=op.f("ck_mail_lease")),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_mail_sent")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_mail_attempts")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_mail_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("act", "recipient", name=op.f("uq_mail_act_recipient")),
        sqlite_strict=True,
    )
    is_open, failed = sa.text("state IN ('queued', 'sending')"), sa.text("state = 'failed'")
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.create_index(
            "ix_mail_open",
            ["next_try_at", "id"],
            unique=False,
            sqlite_where=is_open,
            postgresql_where=is_open,
        )
        batch_op.create_index(
            "ix_mail_failed", ["id"], unique=False, sqlite_where=failed, postgresql_where=failed
        )
