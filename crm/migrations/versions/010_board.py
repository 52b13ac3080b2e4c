"""The board: meetings, what was frozen at each, minutes, what was agreed, links for the wall"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "010_board"
down_revision = "009_goals"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _meetings()
    _frozen()
    _agreed()
    _links()
    _news()
    _handed_over()


def _meetings() -> None:
    op.create_table(
        "board_plan",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.Integer(), nullable=False),
        sa.Column("agenda", types.SafeText(2000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_board_plan_one_row")),
        sa.CheckConstraint(
            "every_days BETWEEN 7 AND 56 AND every_days % 7 = 0", name=op.f("ck_board_plan_every_days")
        ),
        sa.CheckConstraint("starts_at BETWEEN 0 AND 1439", name=op.f("ck_board_plan_starts_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_plan")),
        sqlite_strict=True,
    )
    op.create_table(
        "board_meeting",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("slot_on", sa.Date(), nullable=True),
        sa.Column("starts_at", sa.Integer(), nullable=False),
        sa.Column("reason", types.SafeText(300), nullable=True),
        sa.Column("moved_from", sa.Date(), nullable=True),
        sa.Column("cancelled_at", types.Utc(), nullable=True),
        sa.Column("stands", sa.Integer(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(stands = 1) = (cancelled_at IS NULL) AND stands IN (0, 1)", name=op.f("ck_board_meeting_stands")
        ),
        sa.CheckConstraint(
            "cancelled_at IS NULL OR reason IS NOT NULL", name=op.f("ck_board_meeting_reason")
        ),
        sa.CheckConstraint("starts_at BETWEEN 0 AND 1439", name=op.f("ck_board_meeting_starts_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_meeting")),
        sa.UniqueConstraint("id", "on_day", "stands", name=op.f("uq_board_meeting_id_on_day_stands")),
        sqlite_strict=True,
    )
    stands = sa.text("cancelled_at IS NULL")
    with op.batch_alter_table("board_meeting", schema=None) as batch_op:
        batch_op.create_index(
            "uq_board_meeting_day", ["on_day"], unique=True, sqlite_where=stands, postgresql_where=stands
        )
        batch_op.create_index("uq_board_meeting_slot", ["slot_on"], unique=True)
        batch_op.create_index("ix_board_meeting_day", ["on_day", "id"], unique=False)


def _frozen() -> None:
    op.create_table(
        "board_snapshot",
        sa.Column("meeting_id", KEY, autoincrement=False, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("stands", sa.Integer(), nullable=False),
        sa.Column("until_at", types.Utc(), nullable=False),
        sa.Column("frozen_at", types.Utc(), nullable=False),
        sa.Column("by_id", KEY, nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("stands = 1", name=op.f("ck_board_snapshot_stands")),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_board_snapshot_hash")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_board_snapshot_by_id")),
        sa.ForeignKeyConstraint(
            ["meeting_id", "on_day", "stands"],
            ["board_meeting.id", "board_meeting.on_day", "board_meeting.stands"],
            name="fk_board_snapshot_meeting",
        ),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_board_snapshot")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("board_snapshot", schema=None) as batch_op:
        batch_op.create_index("ix_board_snapshot_day", ["on_day"], unique=False)
    op.create_table(
        "board_minutes",
        sa.Column("meeting_id", KEY, autoincrement=False, nullable=False),
        sa.Column("text", types.SafeText(20_000), nullable=False),
        sa.Column("changed_at", types.Utc(), nullable=False),
        sa.Column("changed_by_id", KEY, nullable=False),
        sa.Column("published_at", types.Utc(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["board_meeting.id"], name=op.f("fk_board_minutes_meeting_id")
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["user_account.id"], name=op.f("fk_board_minutes_changed_by_id")
        ),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_board_minutes")),
        sqlite_strict=True,
    )


def _agreed() -> None:
    op.create_table(
        "board_action",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("meeting_id", KEY, nullable=True),
        sa.Column("text", types.SafeText(300), nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.Column("done_at", types.Utc(), nullable=True),
        sa.Column("done_by_id", KEY, nullable=True),
        sa.Column(
            "needs_active",
            sa.Integer(),
            sa.Computed("CASE WHEN done_at IS NULL THEN 1 END", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("(done_at IS NULL) = (done_by_id IS NULL)", name=op.f("ck_board_action_done")),
        sa.ForeignKeyConstraint(
            ["owner_id", "needs_active"],
            ["user_account.id", "user_account.is_active"],
            name="fk_board_action_active_owner",
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["board_meeting.id"], name=op.f("fk_board_action_meeting_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_board_action_owner_id")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_board_action_by_id")),
        sa.ForeignKeyConstraint(["done_by_id"], ["user_account.id"], name=op.f("fk_board_action_done_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_action")),
        sqlite_strict=True,
    )
    is_open = sa.text("done_at IS NULL")
    with op.batch_alter_table("board_action", schema=None) as batch_op:
        batch_op.create_index(
            "ix_board_action_open",
            ["owner_id", "due"],
            unique=False,
            sqlite_where=is_open,
            postgresql_where=is_open,
        )
        batch_op.create_index(
            "ix_board_action_due", ["due", "id"], unique=False, sqlite_where=is_open, postgresql_where=is_open
        )
        batch_op.create_index("ix_board_action_done", ["done_at"], unique=False)
        batch_op.create_index("ix_board_action_meeting", ["meeting_id"], unique=False)


def _links() -> None:
    op.create_table(
        "board_wall_link",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", types.SafeText(100), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.Column("closed_at", types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_board_wall_link_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_wall_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_board_wall_link_token_hash")),
        sqlite_strict=True,
    )


def _news() -> None:
    """What has happened since last time is asked of the period, not of the whole table."""
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.create_index("ix_request_due", ["answer_due_at", "id"], unique=False)
        batch_op.create_index("ix_request_closed", ["closed_at"], unique=False)
    with op.batch_alter_table("agreement_step", schema=None) as batch_op:
        batch_op.create_index("ix_agreement_step_at", ["to_state", "at"], unique=False)


def _handed_over() -> None:
    """A leaver's part of what was agreed at the board moves with the rest."""
    with op.batch_alter_table("handover_item", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_handover_item_kind"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_handover_item_kind"),
            "kind IN ('company', 'request', 'follow_up', 'agreement', 'board_action', 'colleague', 'stand_in')",
        )
