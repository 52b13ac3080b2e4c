"""A company that goes on as a part of another"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "011_merging"
down_revision = "010_board"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "company_continuation",
        sa.Column("company_id", KEY, autoincrement=False, nullable=False),
        sa.Column("by_company_id", KEY, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.CheckConstraint("company_id <> by_company_id", name=op.f("ck_company_continuation_another")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_company_continuation_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["by_company_id"], ["company.id"], name=op.f("fk_company_continuation_by_company_id")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_company_continuation_by_id")),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_company_continuation")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("company_continuation", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_company_continuation_by_company_id"), ["by_company_id"], unique=False)
