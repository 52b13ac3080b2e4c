"""Goals with history: definitions that hold from a day, milestones, and figures typed in by hand"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "009_goals"
down_revision = "008_agreements"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# What was counted until now has been counted alike from the beginning.
BEGINNING = date(2000, 1, 1)


def upgrade() -> None:
    _definitions()
    _carry_over()
    _targets()
    _changes()
    _indicators()


def _definitions() -> None:
    op.create_table(
        "objective_definition",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("objective_id", KEY, nullable=False),
        sa.Column("holds_from", sa.Date(), nullable=False),
        sa.Column("words", types.SafeText(500), nullable=False),
        sa.Column("counts_when", sa.Text(), nullable=False),
        sa.Column("programmes_in_all", sa.Integer(), nullable=False),
        sa.Column("at", types.Utc(), nullable=True),
        sa.Column("by_id", KEY, nullable=True),
        sa.CheckConstraint(
            "counts_when IN ('in_force', 'signed', 'ever')",
            name=op.f("ck_objective_definition_counts_when"),
        ),
        sa.CheckConstraint("programmes_in_all >= 0", name=op.f("ck_objective_definition_programmes_in_all")),
        sa.ForeignKeyConstraint(
            ["objective_id"], ["objective.id"], name=op.f("fk_objective_definition_objective_id")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_objective_definition_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objective_definition")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("objective_definition", schema=None) as batch_op:
        batch_op.create_index(
            "ix_objective_definition_objective", ["objective_id", "holds_from", "id"], unique=False
        )
    op.create_table(
        "objective_definition_programme",
        sa.Column("definition_id", KEY, nullable=False),
        sa.Column("programme_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["objective_definition.id"],
            name=op.f("fk_objective_definition_programme_definition_id"),
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programme.id"],
            name=op.f("fk_objective_definition_programme_programme_id"),
        ),
        sa.PrimaryKeyConstraint(
            "definition_id", "programme_id", name=op.f("pk_objective_definition_programme")
        ),
        sqlite_strict=True,
    )


def _carry_over() -> None:
    """What each objective counts becomes its first definition."""
    bind = op.get_bind()
    bind.execute(
        sa.text(
            "INSERT INTO objective_definition "
            "(objective_id, holds_from, words, counts_when, programmes_in_all) "
            "SELECT id, :beginning, definition, 'in_force', "
            "(SELECT count(*) FROM objective_programme WHERE objective_id = objective.id) "
            "FROM objective ORDER BY position, id"
        ).bindparams(sa.bindparam("beginning", BEGINNING, type_=sa.Date()))
    )
    bind.execute(
        sa.text(
            "INSERT INTO objective_definition_programme (definition_id, programme_id) "
            "SELECT d.id, p.programme_id FROM objective_programme p "
            "JOIN objective_definition d ON d.objective_id = p.objective_id"
        )
    )
    op.drop_table("objective_programme")
    with op.batch_alter_table("objective", schema=None) as batch_op:
        batch_op.drop_column("definition")
        batch_op.add_column(sa.Column("valid_to", sa.Date(), nullable=True))


def _targets() -> None:
    with op.batch_alter_table("target", schema=None) as batch_op:
        batch_op.add_column(sa.Column("line_from", sa.Date(), nullable=True))
        batch_op.create_check_constraint(op.f("ck_target_line"), "line_from IS NULL OR line_from < due")
    op.create_table(
        "milestone",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("target_id", KEY, nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.CheckConstraint("value > 0", name=op.f("ck_milestone_value")),
        sa.ForeignKeyConstraint(["target_id"], ["target.id"], name=op.f("fk_milestone_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone")),
        sa.UniqueConstraint("target_id", "due", name=op.f("uq_milestone_target_id_due")),
        sqlite_strict=True,
    )


def _changes() -> None:
    op.create_table(
        "objective_change",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("objective_id", KEY, nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("before", types.SafeText(700), nullable=True),
        sa.Column("after", types.SafeText(700), nullable=True),
        sa.CheckConstraint(
            "what IN ('added', 'renamed', 'moved', 'retired', 'resumed', 'defined', 'target_set', "
            "'target_dropped', 'milestone_set', 'milestone_dropped')",
            name=op.f("ck_objective_change_what"),
        ),
        sa.ForeignKeyConstraint(
            ["objective_id"], ["objective.id"], name=op.f("fk_objective_change_objective_id")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_objective_change_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objective_change")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("objective_change", schema=None) as batch_op:
        batch_op.create_index("ix_objective_change_objective", ["objective_id", "id"], unique=False)


def _indicators() -> None:
    op.create_table(
        "indicator",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", types.SafeText(100), nullable=False),
        sa.Column("unit", types.SafeText(30), nullable=False),
        sa.Column("source", types.SafeText(200), nullable=False),
        sa.Column("better", sa.Text(), nullable=False),
        sa.Column("counts_people", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("better IN ('up', 'down', 'either')", name=op.f("ck_indicator_better")),
        sa.CheckConstraint("counts_people IN (0, 1)", name=op.f("ck_indicator_counts_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator")),
        sa.UniqueConstraint("id", "counts_people", name=op.f("uq_indicator_id_counts_people")),
        sqlite_strict=True,
    )
    op.create_table(
        "indicator_value",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("indicator_id", KEY, nullable=False),
        sa.Column("counts_people", sa.Integer(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("hundredths", KEY, nullable=False),
        sa.Column("note", types.SafeText(200), nullable=True),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.CheckConstraint(
            "hundredths BETWEEN 0 AND 100000000000", name=op.f("ck_indicator_value_hundredths")
        ),
        sa.CheckConstraint(
            "counts_people = 0 OR hundredths = 0 OR hundredths >= 500",
            name=op.f("ck_indicator_value_few_people"),
        ),
        sa.ForeignKeyConstraint(
            ["indicator_id", "counts_people"],
            ["indicator.id", "indicator.counts_people"],
            name="fk_indicator_value_indicator",
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_indicator_value_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_value")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("indicator_value", schema=None) as batch_op:
        batch_op.create_index("ix_indicator_value_day", ["indicator_id", "on_day", "id"], unique=False)
