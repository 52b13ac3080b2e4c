"""Work that is done without anybody asking: what is due, who does it, how it went"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "003_jobs"
down_revision = "002_one_person_to_call"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("due_at", types.Utc(), nullable=False),
        sa.Column("lease", sa.Integer(), nullable=False),
        sa.Column("leased_until", types.Utc(), nullable=True),
        sa.Column("started_at", types.Utc(), nullable=True),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=True),
        sa.Column("ended_at", types.Utc(), nullable=True),
        sa.Column("figure", sa.Integer(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", types.SafeText(500), nullable=True),
        sa.CheckConstraint("(leased_until IS NULL) = (started_at IS NULL)", name=op.f("ck_job_lease")),
        sa.CheckConstraint(
            "steps_done >= 0 AND (steps IS NULL OR steps_done <= steps)", name=op.f("ck_job_steps")
        ),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_job_failures")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_job")),
        sqlite_strict=True,
    )
    op.create_table(
        "job_run",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("job_key", sa.Text(), nullable=False),
        sa.Column("started_at", types.Utc(), nullable=False),
        sa.Column("ended_at", types.Utc(), nullable=False),
        sa.Column("figure", sa.Integer(), nullable=False),
        sa.Column("error", types.SafeText(500), nullable=True),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_job_run_period")),
        sa.ForeignKeyConstraint(["job_key"], ["job.key"], name=op.f("fk_job_run_job_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("job_run", schema=None) as batch_op:
        batch_op.create_index("ix_job_run_ended", ["ended_at", "id"], unique=False)
