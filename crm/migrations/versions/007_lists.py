"""Saved views of the lists"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "007_lists"
down_revision = "006_surveys"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


_KEPT = sa.text("deleted_at IS NULL")
_SHARED = sa.text("shared = 1 AND deleted_at IS NULL")
_LISTS = "kind IN ('companies', 'requests', 'agreements')"
_ACTS = "kind IN ('follow_up', 'join_group', 'leave_group', 'request_owner')"


def upgrade() -> None:
    _views()
    _acts()
    # What the lists can be narrowed by since.
    op.create_index("ix_company_employees", "company", ["employees_from"])
    op.create_index("ix_company_protected", "company", ["advertising_protected", "active"])
    op.create_index("ix_request_state", "request", ["state", "received_at", "id"])
    op.create_index("ix_agreement_programme", "agreement", ["programme_id", "state", "id"])
    op.create_index("ix_agreement_valid_to", "agreement", ["valid_to", "id"])


def _views() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", types.SafeText(60), nullable=False),
        sa.Column("query", types.SafeText(2000), nullable=True),
        sa.Column("columns", types.SafeText(500), nullable=True),
        sa.Column("shared", sa.Integer(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("deleted_at", types.Utc(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(_LISTS, name=op.f("ck_saved_view_kind")),
        sa.CheckConstraint("shared IN (0, 1)", name=op.f("ck_saved_view_shared")),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_saved_view_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("id", "kind", name=op.f("uq_saved_view_id_kind")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_saved_view_name", "saved_view", ["owner_id", "kind", "name"], unique=True, sqlite_where=_KEPT,
        postgresql_where=_KEPT,
    )  # fmt: skip
    op.create_index(
        "ix_saved_view_shared", "saved_view", ["kind"], sqlite_where=_SHARED, postgresql_where=_SHARED
    )
    op.create_table(
        "list_choice",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("columns", types.SafeText(500), nullable=True),
        sa.Column("view_id", KEY, nullable=True),
        sa.CheckConstraint(_LISTS, name=op.f("ck_list_choice_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_list_choice_user_id")),
        sa.ForeignKeyConstraint(
            ["view_id", "kind"], ["saved_view.id", "saved_view.kind"], name="fk_list_choice_view"
        ),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_list_choice")),
        sqlite_strict=True,
    )


def _acts() -> None:
    op.create_table(
        "bulk_act",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("said", types.SafeText(500), nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("made_group", sa.Integer(), nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("undone_at", types.Utc(), nullable=True),
        sa.Column("undone_by_id", KEY, nullable=True),
        sa.CheckConstraint(_ACTS, name=op.f("ck_bulk_act_kind")),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name=op.f("ck_bulk_act_undone")),
        sa.CheckConstraint("(kind = 'follow_up') = (due IS NOT NULL)", name=op.f("ck_bulk_act_due")),
        sa.CheckConstraint("made_group IN (0, 1)", name=op.f("ck_bulk_act_made_group")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_bulk_act_by_id")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["user_account.id"], name=op.f("fk_bulk_act_undone_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_act")),
        sqlite_strict=True,
    )
    op.create_table(
        "bulk_item",
        sa.Column("act_id", KEY, nullable=False),
        sa.Column("object_id", KEY, autoincrement=False, nullable=False),
        sa.Column("company_id", KEY, nullable=False),
        sa.Column("before", KEY, nullable=True),
        sa.Column("after", KEY, nullable=True),
        sa.ForeignKeyConstraint(["act_id"], ["bulk_act.id"], name=op.f("fk_bulk_item_act_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_bulk_item_company_id")),
        sa.PrimaryKeyConstraint("act_id", "object_id", name=op.f("pk_bulk_item")),
        sqlite_strict=True,
    )
