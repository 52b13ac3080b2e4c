"""Identities at a provider, the sessions it vouched for, passkeys, and what was good for once"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "014_oidc"
down_revision = "013_panel"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "identity",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject_hash", sa.Text(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.CheckConstraint("issuer <> '' AND subject_hash <> ''", name=op.f("ck_identity_named")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_identity_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("issuer", "subject_hash", name=op.f("uq_identity_issuer_subject_hash")),
        sa.UniqueConstraint("user_id", "issuer", name=op.f("uq_identity_user_id_issuer")),
        sqlite_strict=True,
    )
    op.create_table(
        "provider_session",
        sa.Column("session_id", KEY, autoincrement=False, nullable=False),
        sa.Column("identity_id", KEY, nullable=False),
        sa.Column("sid_hash", sa.Text(), nullable=True),
        sa.Column("id_token", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["user_session.id"],
            name=op.f("fk_provider_session_session_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_provider_session_identity_id")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_provider_session")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("provider_session", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_provider_session_identity_id"), ["identity_id"], unique=False)
        batch_op.create_index(op.f("ix_provider_session_sid_hash"), ["sid_hash"], unique=False)
    op.create_table(
        "passkey",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("name", types.SafeText(60), nullable=False),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", KEY, nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("used_at", types.Utc(), nullable=True),
        sa.CheckConstraint("sign_count >= 0", name=op.f("ck_passkey_sign_count")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_passkey_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_passkey_user_id_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "spent",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("until", types.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_spent")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("spent", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_spent_until"), ["until"], unique=False)
