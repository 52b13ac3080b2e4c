"""The access log's place in the main database: what is drawn for a manager to look at, and alarms

The log itself stands beside it (crm/access_log/store.py) and is laid at the end of every upgrade.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "016_access_log"
down_revision = "015_administration"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "spot_check",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("drawn_at", types.Utc(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("outside", sa.Integer(), nullable=False),
        sa.CheckConstraint("0 <= outside AND outside <= looks", name=op.f("ck_spot_check_outside")),
        sa.CheckConstraint("length(month) = 7", name=op.f("ck_spot_check_month")),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_spot_check")),
        sqlite_strict=True,
    )
    op.create_table(
        "spot_check_look",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("company_id", KEY, nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("seen_at", types.Utc(), nullable=True),
        sa.Column("seen_by_id", KEY, nullable=True),
        sa.Column("remark", types.SafeText(500), nullable=True),
        sa.CheckConstraint("(seen_at IS NULL) = (seen_by_id IS NULL)", name=op.f("ck_spot_check_look_seen")),
        sa.ForeignKeyConstraint(["month"], ["spot_check.month"], name=op.f("fk_spot_check_look_month")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_spot_check_look_user_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_spot_check_look_company_id")),
        sa.ForeignKeyConstraint(
            ["seen_by_id"], ["user_account.id"], name=op.f("fk_spot_check_look_seen_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_check_look")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("spot_check_look", schema=None) as batch_op:
        batch_op.create_index("ix_spot_check_look_month", ["month", "id"], unique=False)
        batch_op.create_index(op.f("ix_spot_check_look_user_id"), ["user_id"], unique=False)
        batch_op.create_index(op.f("ix_spot_check_look_company_id"), ["company_id"], unique=False)
    op.create_table(
        "access_alarm",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("until", types.Utc(), nullable=False),
        sa.Column("companies", sa.Integer(), nullable=False),
        sa.CheckConstraint("companies > 0", name=op.f("ck_access_alarm_companies")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_access_alarm_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_alarm")),
        sa.UniqueConstraint("user_id", "until", name=op.f("uq_access_alarm_user_id_until")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("access_alarm", schema=None) as batch_op:
        batch_op.create_index("ix_access_alarm_until", ["until", "id"], unique=False)
