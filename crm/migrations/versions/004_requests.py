"""Requests of kinds that are data, with their own fields, steps and clock"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "004_requests"
down_revision = "003_jobs"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTS = ("wanted", "presented", "hired", "hours_from", "hours_to", "persons")
ENDS = ("resolved", "unresolved", "withdrawn")
WAYS: dict[str, tuple[str, ...]] = {
    "-": ("new",),
    "new": ("taken", "in_progress", "waiting", *ENDS),
    "taken": ("in_progress", "waiting", *ENDS),
    "in_progress": ("waiting", *ENDS),
    "waiting": ("in_progress", "taken", *ENDS),
    **dict.fromkeys(ENDS, ("in_progress",)),
}
NOBODY = "Skriv aldrig navn, CPR-nummer eller diagnose: kun hvor mange det drejer sig om, og sagens nummer."
# Key, name, what it asks for, a line of advice.
KINDS: tuple[tuple[str, str, str, str | None], ...] = (
    ("recruitment", "Rekruttering", "wanted hours start_on deadline_on place response results scheme", None),
    ("retention", "Fastholdelse", "persons case_reference scheme", NOBODY),
    ("guidance", "Vejledning", "topic scheme", None),
    ("onboarding", "Onboarding", "persons start_on case_reference scheme",
     "Skriv, hvad arbejdspladsen har brug for. Aldrig hvem den nye medarbejder er."),
    ("inclusion", "Inklusion og socialt ansvar", "wanted hours place scheme", None),
    ("after_school_job", "Fritidsjob til unge", "wanted hours start_on place results", None),
    ("work_placement", "Praktik og løntilskud", "wanted hours start_on place results scheme", None),
    ("ips", "IPS, job med støtte", "wanted hours start_on place results",
     "Skriv om jobbet og timerne. Borgeren står kun i fagsystemet."),
    ("stress_course", "Stresskursus", "held_on persons place", None),
    ("job_fair", "Jobmesse", "held_on persons", None),
)  # fmt: skip
GONE = "Afskaffet med reformen. Løbende forløb gøres færdige."
LESS = "Ordningen er indskrænket fra 2026. Se de gældende regler."
# Key, name, last day, a line of advice.
SCHEMES: tuple[tuple[str, str, date | None, str | None], ...] = (
    ("work_placement", "Virksomhedspraktik", None, "Skal være bevilget, før den begynder."),
    ("wage_subsidy", "Løntilskud", None, None),
    ("flex_job", "Fleksjob", None, None),
    ("after_school_job", "Fritidsjob", None, None),
    ("adult_apprenticeship", "Voksenlærling", None, None),
    ("upskilling", "Opkvalificering før ansættelse", None, None),
    ("personal_assistance", "Personlig assistance", None, None),
    ("mentor", "Mentor", None, LESS),
    ("assistive_aid", "Hjælpemiddel", None, None),
    ("section_56_agreement", "§ 56-aftale", None, None),
    ("job_rotation", "Jobrotation", date(2026, 6, 30), GONE),
)


def upgrade() -> None:
    _kinds()
    _ways()
    _steps()
    _requests()


def _dated() -> list[sa.Column[Any]]:
    return [
        sa.Column("name", types.SafeText(100), nullable=False),
        sa.Column("hint", types.SafeText(300), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
    ]


def _kinds() -> None:
    period = "valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from"
    kind = op.create_table(
        "request_kind",
        sa.Column("key", sa.Text(), nullable=False),
        *_dated(),
        sa.Column("answer_hours", sa.Integer(), nullable=True),
        sa.Column("asks", types.Json(), nullable=False),
        sa.CheckConstraint(period, name=op.f("ck_request_kind_period")),
        sa.CheckConstraint("answer_hours BETWEEN 1 AND 200", name=op.f("ck_request_kind_answer_hours")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_request_kind")),
        sqlite_strict=True,
    )
    scheme = op.create_table(
        "scheme",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("key", types.SafeText(50), nullable=False),
        *_dated(),
        sa.CheckConstraint(period, name=op.f("ck_scheme_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheme")),
        sa.UniqueConstraint("key", name=op.f("uq_scheme_key")),
        sqlite_strict=True,
    )
    op.bulk_insert(
        kind,
        [
            {
                "key": key, "name": name, "hint": hint, "position": n, "valid_from": None, "valid_to": None,
                "version": 1, "answer_hours": None, "asks": asks.split(),
            }
            for n, (key, name, asks, hint) in enumerate(KINDS, 1)
        ],
    )  # fmt: skip
    op.bulk_insert(
        scheme,
        [
            {
                "key": key, "name": name, "hint": hint, "position": n, "valid_from": None, "valid_to": last,
                "version": 1,
            }
            for n, (key, name, last, hint) in enumerate(SCHEMES, 1)
        ],
    )  # fmt: skip


def _ways() -> None:
    way = op.create_table(
        "request_way",
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("from_state", "to_state", name=op.f("pk_request_way")),
        sqlite_strict=True,
    )
    op.bulk_insert(
        way, [{"from_state": old, "to_state": new} for old, following in WAYS.items() for new in following]
    )


def _steps() -> None:
    """Every step there is came from where the one before it ended."""
    op.add_column("request_step", sa.Column("from_state", sa.Text(), nullable=True))
    op.execute(
        "UPDATE request_step SET from_state = COALESCE((SELECT before.to_state FROM request_step AS before "
        "WHERE before.request_id = request_step.request_id AND before.seq = request_step.seq - 1), '-')"
    )
    with op.batch_alter_table("request_step", table_kwargs={"sqlite_strict": True}) as batch_op:
        batch_op.alter_column("from_state", existing_type=sa.Text(), nullable=False)
        batch_op.add_column(
            sa.Column(
                "previous",
                KEY,
                sa.Computed("CASE WHEN seq > 1 THEN seq - 1 END", persisted=True),
                nullable=True,
            )
        )
        batch_op.create_check_constraint(op.f("ck_request_step_seq"), "seq >= 1")
        batch_op.create_check_constraint(op.f("ck_request_step_first"), "(seq = 1) = (from_state = '-')")
        batch_op.create_unique_constraint(
            op.f("uq_request_step_request_id_seq_to_state"), ["request_id", "seq", "to_state"]
        )
        batch_op.create_foreign_key(
            "fk_request_step_way", "request_way", ["from_state", "to_state"], ["from_state", "to_state"]
        )
        batch_op.drop_constraint(op.f("fk_request_step_request_id"), type_="foreignkey")
        batch_op.create_foreign_key(
            op.f("fk_request_step_request_id"),
            "request",
            ["request_id"],
            ["id"],
            deferrable=True,
            initially="DEFERRED",
        )
        batch_op.create_foreign_key(
            "fk_request_step_previous",
            "request_step",
            ["request_id", "previous", "from_state"],
            ["request_id", "seq", "to_state"],
        )


def _requests() -> None:
    texts = {"place": 200, "response": 300, "case_reference": 50, "topic": 200}
    with op.batch_alter_table("request", table_kwargs={"sqlite_strict": True}) as batch_op:
        batch_op.drop_constraint(op.f("ck_request_kind"), type_="check")
        # A table is copied column by column, and nobody may write into a generated one.
        batch_op.drop_constraint("fk_request_active_owner", type_="foreignkey")
        batch_op.drop_column("needs_active")
        batch_op.add_column(sa.Column("step_no", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("paused_since", types.Utc(), nullable=True))
        for name in ("hours_from", "hours_to", "persons"):
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
        for name in ("start_on", "deadline_on", "held_on"):
            batch_op.add_column(sa.Column(name, sa.Date(), nullable=True))
        for name, limit in texts.items():
            batch_op.add_column(sa.Column(name, types.SafeText(limit), nullable=True))
        batch_op.add_column(sa.Column("scheme_id", KEY, nullable=True))
    op.execute(
        "UPDATE request SET step_no = "
        "(SELECT max(seq) FROM request_step WHERE request_step.request_id = request.id)"
    )
    needs_active = "CASE WHEN closed_at IS NULL THEN 1 END"
    in_time = "CASE WHEN answered_at IS NULL THEN NULL WHEN answered_at <= answer_due_at THEN 1 ELSE 0 END"
    with op.batch_alter_table("request", table_kwargs={"sqlite_strict": True}) as batch_op:
        batch_op.alter_column("step_no", server_default=None)
        for name, rule in (("needs_active", needs_active), ("in_time", in_time)):
            batch_op.add_column(
                sa.Column(name, sa.Integer(), sa.Computed(rule, persisted=True), nullable=True)
            )
        batch_op.create_foreign_key(
            "fk_request_active_owner",
            "user_account",
            ["owner_id", "needs_active"],
            ["id", "is_active"],
        )
        batch_op.create_foreign_key(
            "fk_request_state",
            "request_step",
            ["id", "step_no", "state"],
            ["request_id", "seq", "to_state"],
            deferrable=True,
            initially="DEFERRED",
        )
        batch_op.create_foreign_key(op.f("fk_request_kind"), "request_kind", ["kind"], ["key"])
        batch_op.create_foreign_key(op.f("fk_request_scheme_id"), "scheme", ["scheme_id"], ["id"])
        checks = {
            "paused": "(paused_since IS NOT NULL) = (state = 'waiting' AND answered_at IS NULL)",
            "answered": "closed_at IS NULL OR answered_at IS NOT NULL",
            "step_no": "step_no >= 1",
            **{name: f"{name} BETWEEN 0 AND 10000" for name in COUNTS},
            "hours": "hours_from IS NULL OR hours_to IS NULL OR hours_from <= hours_to",
            "case_reference": "case_reference NOT LIKE '% %'",
        }
        for name, rule in checks.items():
            batch_op.create_check_constraint(op.f(f"ck_request_{name}"), rule)
        still_open = {"sqlite_where": sa.text("closed_at IS NULL")}
        batch_op.create_index(
            "ix_request_open_kind",
            ["kind", "answer_due_at", "id"],
            unique=False,
            postgresql_where=sa.text("closed_at IS NULL"),
            **still_open,
        )
        batch_op.create_index("ix_request_kind", ["kind", "received_at", "id"], unique=False)
        batch_op.create_index("ix_request_owner", ["owner_id", "received_at", "id"], unique=False)
