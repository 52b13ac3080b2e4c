"""Administration: keys with a name and a scope, notes for one team, settings on a page, a log one can search"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "015_administration"
down_revision = "014_oidc"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STRICT = {"sqlite_strict": True}


def upgrade() -> None:
    _keys()
    _team_notes()
    _settings()
    _log()
    op.add_column("user_account", sa.Column("last_sign_in_at", types.Utc(), nullable=True))
    op.execute(
        "UPDATE user_account SET last_sign_in_at = (SELECT MAX(at) FROM audit_event WHERE action = 'sign_in' "
        "AND object_kind = 'user_account' AND object_id = CAST(user_account.id AS TEXT))"
    )


def _keys() -> None:
    with op.batch_alter_table("api_token", table_kwargs=STRICT) as batch_op:
        batch_op.add_column(
            sa.Column("name", types.SafeText(100), server_default="Uden navn", nullable=False)
        )
        # What a key could do yesterday it can do today.
        batch_op.add_column(sa.Column("scope", sa.Text(), server_default="write", nullable=False))
        batch_op.add_column(sa.Column("last_used_at", types.Utc(), nullable=True))
        batch_op.create_check_constraint(op.f("ck_api_token_scope"), "scope IN ('read', 'write')")
    with op.batch_alter_table("api_token", table_kwargs=STRICT) as batch_op:
        for name in ("name", "scope"):
            batch_op.alter_column(name, server_default=None)


def _team_notes() -> None:
    with op.batch_alter_table("interaction", table_kwargs=STRICT) as batch_op:
        batch_op.add_column(sa.Column("only_team_id", KEY, nullable=True))
        batch_op.create_foreign_key(op.f("fk_interaction_only_team_id"), "team", ["only_team_id"], ["id"])
        batch_op.create_check_constraint(
            op.f("ck_interaction_only_team"), "only_team_id IS NULL OR summary = 'Kun for teamet.'"
        )
    op.create_table(
        "team_note",
        sa.Column("interaction_id", KEY, autoincrement=False, nullable=False),
        sa.Column("text", types.SafeText(10000), nullable=False),
        sa.ForeignKeyConstraint(
            ["interaction_id"], ["interaction.id"], name=op.f("fk_team_note_interaction_id")
        ),
        sa.PrimaryKeyConstraint("interaction_id", name=op.f("pk_team_note")),
        sqlite_strict=True,
    )


def _settings() -> None:
    op.create_table(
        "house_setting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", types.SafeText(2000), nullable=True),
        sa.Column("changed_at", types.Utc(), nullable=False),
        sa.Column("by_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_house_setting_by_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_house_setting")),
        sqlite_strict=True,
    )


def _log() -> None:
    with op.batch_alter_table("audit_event") as batch_op:
        batch_op.drop_index(op.f("ix_audit_event_object_kind"))
        batch_op.create_index("ix_audit_event_object", ["object_kind", "object_id", "seq"])
        batch_op.create_index("ix_audit_event_kind", ["object_kind", "seq"])
        batch_op.create_index("ix_audit_event_actor", ["actor", "seq"])
        batch_op.create_index("ix_audit_event_action", ["action", "seq"])
        batch_op.create_index("ix_audit_event_at", ["at", "seq"])
