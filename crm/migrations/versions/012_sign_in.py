"""Signing in: links to choose a password by, code apps, codes on paper, and one's own browsers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "012_sign_in"
down_revision = "011_merging"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("user_session", sa.Column("browser", types.SafeText(60), nullable=True))
    op.create_table(
        "sign_in_link",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("expires_at", types.Utc(), nullable=False),
        sa.Column("used_at", types.Utc(), nullable=True),
        sa.CheckConstraint("purpose IN ('reset', 'invitation')", name=op.f("ck_sign_in_link_purpose")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_sign_in_link_period")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_sign_in_link_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_link_token_hash")),
        sqlite_strict=True,
    )
    unused = sa.text("used_at IS NULL")
    with op.batch_alter_table("sign_in_link", schema=None) as batch_op:
        batch_op.create_index(
            "uq_sign_in_link_open", ["user_id"], unique=True, sqlite_where=unused, postgresql_where=unused
        )
    op.create_table(
        "second_factor",
        sa.Column("user_id", KEY, autoincrement=False, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("confirmed_at", types.Utc(), nullable=True),
        sa.Column("last_step", KEY, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_second_factor_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factor")),
        sqlite_strict=True,
    )
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("used_at", types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_recovery_code_user_id")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_recovery_code_user_id"), ["user_id"], unique=False)
