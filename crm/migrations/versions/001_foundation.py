"""The foundation: companies, responsibility, interactions, requests, agreements, goals"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "001_foundation"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agreement_legal_step",
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("from_state", "to_state", name=op.f("pk_agreement_legal_step")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_event",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("payload", types.Json(), nullable=True),
        sa.Column("payload_hash", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_event_hash")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_event_object_kind"), ["object_kind"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
        sqlite_strict=True,
    )
    op.create_table(
        "company_group",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("name", types.SafeText(200), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_group")),
        sa.UniqueConstraint("name", name=op.f("uq_company_group_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "company",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("cvr", types.SafeText(8), nullable=False),
        sa.Column("name", types.SafeText(300), nullable=False),
        sa.Column("aliases", types.SafeText(4000), nullable=True),
        sa.Column("sort_key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("website", types.SafeText(200), nullable=True),
        sa.Column("legal_form", types.SafeText(20), nullable=True),
        sa.Column("founded_on", sa.Date(), nullable=True),
        sa.Column("ceased_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kept_by_hand", types.Json(), nullable=False),
        sa.Column(
            "current_assignment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("has_responsible", sa.Integer(), nullable=False),
        sa.Column("last_contact_at", types.Utc(), nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("street", types.SafeText(200), nullable=True),
        sa.Column("city_part", types.SafeText(100), nullable=True),
        sa.Column("postal_code", types.SafeText(10), nullable=True),
        sa.Column("city", types.SafeText(100), nullable=True),
        sa.Column("municipality_code", types.SafeText(4), nullable=True),
        sa.Column("phone", types.SafeText(60), nullable=True),
        sa.Column("phone_e164", sa.Text(), nullable=True),
        sa.Column("email", types.SafeText(254), nullable=True),
        sa.Column("industry_code", types.SafeText(10), nullable=True),
        sa.Column("industry_text", types.SafeText(300), nullable=True),
        sa.Column("employees_from", sa.Integer(), nullable=True),
        sa.Column("employees_to", sa.Integer(), nullable=True),
        sa.Column("employees_at", sa.Date(), nullable=True),
        sa.Column("status", types.SafeText(60), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("advertising_protected", sa.Integer(), nullable=False),
        sa.Column("register_said_at", types.Utc(), nullable=True),
        sa.Column("register_read_at", types.Utc(), nullable=True),
        sa.Column("register_digest", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "active IN (0, 1) AND advertising_protected IN (0, 1)", name=op.f("ck_company_flags")
        ),
        sa.CheckConstraint("has_responsible = 1", name=op.f("ck_company_responsible")),
        sa.CheckConstraint("length(cvr) = 8", name=op.f("ck_company_cvr")),
        sa.ForeignKeyConstraint(["group_id"], ["company_group.id"], name=op.f("fk_company_group_id")),
        sa.ForeignKeyConstraint(
            ["id", "current_assignment_id", "has_responsible"],
            ["company_assignment.company_id", "company_assignment.id", "company_assignment.is_open"],
            name="fk_company_responsible",
            initially="DEFERRED",
            deferrable=True,
            use_alter=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.UniqueConstraint("cvr", name=op.f("uq_company_cvr")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("company", schema=None) as batch_op:
        batch_op.create_index("ix_company_group", ["group_id"], unique=False)
        batch_op.create_index("ix_company_industry", ["industry_code"], unique=False)
        batch_op.create_index("ix_company_last_contact", ["last_contact_at", "id"], unique=False)
        batch_op.create_index(
            "ix_company_postal",
            ["postal_code", "active", "sort_key", "id", "industry_code", "last_contact_at"],
            unique=False,
        )
        batch_op.create_index(
            "ix_company_sort_key",
            ["active", "sort_key", "id", "industry_code", "last_contact_at"],
            unique=False,
        )

    op.create_table(
        "import_batch",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", types.SafeText(300), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("undone_at", types.Utc(), nullable=True),
        sa.CheckConstraint(
            "created + changed + unchanged + refused = rows_read", name=op.f("ck_import_batch_sum")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sqlite_strict=True,
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_demo", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
        sqlite_strict=True,
    )
    op.create_table(
        "objective",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("key", types.SafeText(50), nullable=False),
        sa.Column("name", types.SafeText(100), nullable=False),
        sa.Column("definition", types.SafeText(500), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("counts IN ('companies', 'share')", name=op.f("ck_objective_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objective")),
        sa.UniqueConstraint("key", name=op.f("uq_objective_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "programme",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("key", types.SafeText(50), nullable=False),
        sa.Column("name", types.SafeText(100), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('company', 'partner_organisation')", name=op.f("ck_programme_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("key", name=op.f("uq_programme_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "search_word",
        sa.Column("word", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("reversed", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_word")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("search_word", schema=None) as batch_op:
        batch_op.create_index("ix_search_word_backward", ["length", "reversed"], unique=False)
        batch_op.create_index("ix_search_word_forward", ["length", "word"], unique=False)

    op.create_table(
        "team",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("name", types.SafeText(100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("name", name=op.f("uq_team_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("window", types.Utc(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle")),
        sqlite_strict=True,
    )
    op.create_table(
        "import_change",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("before", types.Json(), nullable=True),
        sa.Column("after", types.Json(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_import_change_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_change")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("import_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_change_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_import_change_object", ["kind", "object_id"], unique=False)

    op.create_table(
        "import_refusal",
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reason", types.SafeText(500), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_import_refusal_batch_id")),
        sa.PrimaryKeyConstraint("batch_id", "seq", name=op.f("pk_import_refusal")),
        sqlite_strict=True,
    )
    op.create_table(
        "objective_programme",
        sa.Column("objective_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["objective_id"], ["objective.id"], name=op.f("fk_objective_programme_objective_id")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programme.id"], name=op.f("fk_objective_programme_programme_id")
        ),
        sa.PrimaryKeyConstraint("objective_id", "programme_id", name=op.f("pk_objective_programme")),
        sqlite_strict=True,
    )
    op.create_table(
        "production_unit",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("p_number", types.SafeText(10), nullable=False),
        sa.Column("name", types.SafeText(300), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("street", types.SafeText(200), nullable=True),
        sa.Column("city_part", types.SafeText(100), nullable=True),
        sa.Column("postal_code", types.SafeText(10), nullable=True),
        sa.Column("city", types.SafeText(100), nullable=True),
        sa.Column("municipality_code", types.SafeText(4), nullable=True),
        sa.Column("phone", types.SafeText(60), nullable=True),
        sa.Column("phone_e164", sa.Text(), nullable=True),
        sa.Column("email", types.SafeText(254), nullable=True),
        sa.Column("industry_code", types.SafeText(10), nullable=True),
        sa.Column("industry_text", types.SafeText(300), nullable=True),
        sa.Column("employees_from", sa.Integer(), nullable=True),
        sa.Column("employees_to", sa.Integer(), nullable=True),
        sa.Column("employees_at", sa.Date(), nullable=True),
        sa.Column("status", types.SafeText(60), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("advertising_protected", sa.Integer(), nullable=False),
        sa.Column("register_said_at", types.Utc(), nullable=True),
        sa.Column("register_read_at", types.Utc(), nullable=True),
        sa.Column("register_digest", sa.Text(), nullable=True),
        sa.CheckConstraint("length(p_number) = 10", name=op.f("ck_production_unit_p_number")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_production_unit_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_production_unit")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_production_unit_company_id_id")),
        sa.UniqueConstraint("p_number", name=op.f("uq_production_unit_p_number")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("production_unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_production_unit_company_id"), ["company_id"], unique=False)

    op.create_table(
        "search_entry",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('name', 'alias', 'unit', 'contact', 'street', 'cvr', 'p_number', 'phone')",
            name=op.f("ck_search_entry_kind"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_search_entry_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("search_entry", schema=None) as batch_op:
        batch_op.create_index("ix_search_entry_source", ["company_id", "kind", "ref_id"], unique=False)
        batch_op.create_index("ix_search_entry_text", ["text", "kind"], unique=False)

    op.create_table(
        "target",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("objective_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.CheckConstraint("value > 0", name=op.f("ck_target_value")),
        sa.ForeignKeyConstraint(["objective_id"], ["objective.id"], name=op.f("fk_target_objective_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sa.UniqueConstraint("objective_id", "due", name=op.f("uq_target_objective_id_due")),
        sqlite_strict=True,
    )
    op.create_table(
        "user_account",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("email", types.SafeText(254), nullable=False),
        sa.Column("name", types.SafeText(100), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("phone", types.SafeText(30), nullable=True),
        sa.Column("title", types.SafeText(100), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_active", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("shortcuts", sa.Integer(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("closed_at", types.Utc(), nullable=True),
        sa.CheckConstraint("role IN ('consultant', 'manager', 'admin')", name=op.f("ck_user_account_role")),
        sa.CheckConstraint(
            "(is_active = 1) = (closed_at IS NULL) AND is_active IN (0, 1)",
            name=op.f("ck_user_account_closed"),
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_user_account_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
        sa.UniqueConstraint("id", "is_active", name=op.f("uq_user_account_id_is_active")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_account_team_id"), ["team_id"], unique=False)

    op.create_table(
        "agreement",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("programme_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", types.SafeText(200), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", types.SafeText(500), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step_no", sa.Integer(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("consultant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "needs_active",
            sa.Integer(),
            sa.Computed("CASE WHEN ended_on IS NULL THEN 1 END", persisted=True),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["consultant_id"], ["user_account.id"], name=op.f("fk_agreement_consultant_id")
        ),
        sa.ForeignKeyConstraint(
            ["consultant_id", "needs_active"],
            ["user_account.id", "user_account.is_active"],
            name="fk_agreement_active_consultant",
        ),
        sa.CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name=op.f("ck_agreement_ended")),
        sa.CheckConstraint(
            "state NOT IN ('signed', 'in_force', 'renewed') "
            "OR (signed_on IS NOT NULL AND valid_from IS NOT NULL)",
            name=op.f("ck_agreement_signed"),
        ),
        sa.CheckConstraint("step_no >= 1", name=op.f("ck_agreement_step_no")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from",
            name=op.f("ck_agreement_period"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_agreement_company_id")),
        sa.ForeignKeyConstraint(
            ["id", "step_no", "state"],
            ["agreement_step.agreement_id", "agreement_step.seq", "agreement_step.to_state"],
            name="fk_agreement_state",
            initially="DEFERRED",
            deferrable=True,
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_agreement_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("agreement", schema=None) as batch_op:
        batch_op.create_index("ix_agreement_company", ["company_id"], unique=False)
        batch_op.create_index(
            "ix_agreement_consultant",
            ["consultant_id"],
            unique=False,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        )
        batch_op.create_index(
            "ix_agreement_counts", ["programme_id", "signed_on", "valid_from"], unique=False
        )
        batch_op.create_index("ix_agreement_state", ["state", "id"], unique=False)

    op.create_table(
        "agreement_step",
        sa.Column("agreement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column(
            "previous",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Computed("CASE WHEN seq > 1 THEN seq - 1 END", persisted=True),
            nullable=True,
        ),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("note", types.SafeText(500), nullable=True),
        sa.CheckConstraint("(seq = 1) = (from_state = '-')", name=op.f("ck_agreement_step_first")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_agreement_step_seq")),
        sa.ForeignKeyConstraint(
            ["agreement_id", "previous", "from_state"],
            ["agreement_step.agreement_id", "agreement_step.seq", "agreement_step.to_state"],
            name="fk_agreement_step_previous",
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
            name=op.f("fk_agreement_step_agreement_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_agreement_step_by_id")),
        sa.ForeignKeyConstraint(
            ["from_state", "to_state"],
            ["agreement_legal_step.from_state", "agreement_legal_step.to_state"],
            name="fk_agreement_step_legal",
        ),
        sa.PrimaryKeyConstraint("agreement_id", "seq", name=op.f("pk_agreement_step")),
        sa.UniqueConstraint(
            "agreement_id", "seq", "to_state", name=op.f("uq_agreement_step_agreement_id_seq_to_state")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "api_token",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("expires_at", types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_api_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_token_user_id"), ["user_id"], unique=False)

    op.create_table(
        "assignment_rule",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("industry_prefix", types.SafeText(6), nullable=True),
        sa.Column("postal_from", types.SafeText(4), nullable=True),
        sa.Column("postal_to", types.SafeText(4), nullable=True),
        sa.Column("employees_min", sa.Integer(), nullable=True),
        sa.Column("employees_max", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_on", sa.Integer(), nullable=False),
        sa.CheckConstraint("is_on IN (0, 1)", name=op.f("ck_assignment_rule_on")),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (team_id IS NULL)", name=op.f("ck_assignment_rule_one_receiver")
        ),
        sa.CheckConstraint(
            "postal_from IS NULL OR postal_to IS NULL OR postal_from <= postal_to",
            name=op.f("ck_assignment_rule_postal"),
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_assignment_rule_team_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_assignment_rule_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_rule")),
        sqlite_strict=True,
    )
    op.create_table(
        "company_assignment",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("valid_from", types.Utc(), nullable=False),
        sa.Column("valid_to", types.Utc(), nullable=True),
        sa.Column("follows_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", types.SafeText(500), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "is_open",
            sa.Integer(),
            sa.Computed("CASE WHEN valid_to IS NULL THEN 1 ELSE 0 END", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "needs_active",
            sa.Integer(),
            sa.Computed("CASE WHEN valid_to IS NULL THEN 1 END", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_company_assignment_period")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_company_assignment_by_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "follows_id", "valid_from"],
            ["company_assignment.company_id", "company_assignment.id", "company_assignment.valid_to"],
            name="fk_company_assignment_follows",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["company.id"],
            name=op.f("fk_company_assignment_company_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "needs_active"],
            ["user_account.id", "user_account.is_active"],
            name="fk_company_assignment_active_user",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_company_assignment_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_assignment")),
        sa.UniqueConstraint(
            "company_id", "id", "is_open", name=op.f("uq_company_assignment_company_id_id_is_open")
        ),
        sa.UniqueConstraint(
            "company_id", "id", "valid_to", name=op.f("uq_company_assignment_company_id_id_valid_to")
        ),
        sa.UniqueConstraint("follows_id", name=op.f("uq_company_assignment_follows_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("company_assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_company_assignment_company_id"), ["company_id"], unique=False)
        batch_op.create_index("ix_company_assignment_user", ["user_id", "is_open"], unique=False)
        batch_op.create_index(
            "uq_company_assignment_one_first",
            ["company_id"],
            unique=True,
            sqlite_where=sa.text("follows_id IS NULL"),
            postgresql_where=sa.text("follows_id IS NULL"),
        )
        batch_op.create_index(
            "uq_company_assignment_one_open",
            ["company_id"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )

    op.create_table(
        "company_contact",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("production_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", types.SafeText(100), nullable=False),
        sa.Column("title", types.SafeText(100), nullable=True),
        sa.Column("phone", types.SafeText(60), nullable=True),
        sa.Column("phone_e164", sa.Text(), nullable=True),
        sa.Column("mobile", types.SafeText(60), nullable=True),
        sa.Column("mobile_e164", sa.Text(), nullable=True),
        sa.Column("email", types.SafeText(254), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_company_contact_company_id")),
        sa.ForeignKeyConstraint(
            ["production_unit_id"], ["production_unit.id"], name=op.f("fk_company_contact_production_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_contact")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_company_contact_company_id_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("company_contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_company_contact_company_id"), ["company_id"], unique=False)

    op.create_table(
        "company_profile",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("needs", types.SafeText(2000), nullable=True),
        sa.Column("profiles_wanted", types.SafeText(2000), nullable=True),
        sa.Column("practical_frames", types.SafeText(2000), nullable=True),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_company_profile_by_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_company_profile_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_profile")),
        sa.UniqueConstraint("company_id", "version", name=op.f("uq_company_profile_company_id_version")),
        sqlite_strict=True,
    )
    op.create_table(
        "draft",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("values", types.Json(), nullable=False),
        sa.Column("saved_at", types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_draft_user_id")),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_draft")),
        sqlite_strict=True,
    )
    op.create_table(
        "submission",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("answer", types.Json(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_submission_user_id")),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_submission")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_created_at"), ["created_at"], unique=False)

    op.create_table(
        "user_session",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("expires_at", types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_session_token_hash")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "interaction",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=True),
        sa.Column("summary", types.SafeText(10000), nullable=False),
        sa.Column("happened_at", types.Utc(), nullable=False),
        sa.Column("company_contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.CheckConstraint("(kind = 'note') = (direction IS NULL)", name=op.f("ck_interaction_direction")),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_interaction_in_or_out")),
        sa.CheckConstraint(
            "kind IN ('call', 'meeting', 'visit', 'email', 'note')", name=op.f("ck_interaction_kind")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_interaction_by_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "company_contact_id"],
            ["company_contact.company_id", "company_contact.id"],
            name="fk_interaction_contact",
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_interaction_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("interaction", schema=None) as batch_op:
        batch_op.create_index("ix_interaction_by", ["by_id", "id"], unique=False)
        batch_op.create_index("ix_interaction_timeline", ["company_id", "happened_at", "id"], unique=False)

    op.create_table(
        "follow_up",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("interaction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("text", types.SafeText(500), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("done_at", types.Utc(), nullable=True),
        sa.Column("done_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "needs_active",
            sa.Integer(),
            sa.Computed("CASE WHEN done_at IS NULL THEN 1 END", persisted=True),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["owner_id", "needs_active"],
            ["user_account.id", "user_account.is_active"],
            name="fk_follow_up_active_owner",
        ),
        sa.CheckConstraint("(done_at IS NULL) = (done_by_id IS NULL)", name=op.f("ck_follow_up_done")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_follow_up_company_id")),
        sa.ForeignKeyConstraint(["done_by_id"], ["user_account.id"], name=op.f("fk_follow_up_done_by_id")),
        sa.ForeignKeyConstraint(
            ["interaction_id"], ["interaction.id"], name=op.f("fk_follow_up_interaction_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_follow_up_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("follow_up", schema=None) as batch_op:
        batch_op.create_index("ix_follow_up_company", ["company_id", "due"], unique=False)
        batch_op.create_index(
            "ix_follow_up_open",
            ["owner_id", "due"],
            unique=False,
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        )

    op.create_table(
        "request",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", types.SafeText(200), nullable=False),
        sa.Column("description", types.SafeText(5000), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", types.Utc(), nullable=False),
        sa.Column("answer_due_at", types.Utc(), nullable=False),
        sa.Column("answered_at", types.Utc(), nullable=True),
        sa.Column("closed_at", types.Utc(), nullable=True),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("interaction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("company_contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("wanted", sa.Integer(), nullable=True),
        sa.Column("presented", sa.Integer(), nullable=True),
        sa.Column("hired", sa.Integer(), nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "needs_active",
            sa.Integer(),
            sa.Computed("CASE WHEN closed_at IS NULL THEN 1 END", persisted=True),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["owner_id", "needs_active"],
            ["user_account.id", "user_account.is_active"],
            name="fk_request_active_owner",
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (state IN ('new', 'taken', 'in_progress', 'waiting'))",
            name=op.f("ck_request_closed"),
        ),
        sa.CheckConstraint(
            "kind IN ('recruitment', 'retention', 'guidance', 'onboarding', 'inclusion', 'after_school_job', "
            "'work_placement', 'ips', 'stress_course', 'job_fair')",
            name=op.f("ck_request_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('new', 'taken', 'in_progress', 'waiting', 'resolved', 'unresolved', 'withdrawn')",
            name=op.f("ck_request_state"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "company_contact_id"],
            ["company_contact.company_id", "company_contact.id"],
            name="fk_request_contact",
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_request_company_id")),
        sa.ForeignKeyConstraint(
            ["interaction_id"], ["interaction.id"], name=op.f("fk_request_interaction_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_request_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.create_index("ix_request_company", ["company_id", "received_at", "id"], unique=False)
        batch_op.create_index(
            "ix_request_open_due",
            ["answer_due_at", "id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index(
            "ix_request_open_owner",
            ["owner_id", "answer_due_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index("ix_request_received", ["received_at", "id"], unique=False)

    op.create_table(
        "request_step",
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("note", types.SafeText(500), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_request_step_by_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_request_step_request_id")),
        sa.PrimaryKeyConstraint("request_id", "seq", name=op.f("pk_request_step")),
        sqlite_strict=True,
    )
    if op.get_context().dialect.name == "postgresql":
        # SQLite takes these two with their tables; PostgreSQL wants both tables first.
        op.create_foreign_key(
            "fk_company_responsible",
            "company",
            "company_assignment",
            ["id", "current_assignment_id", "has_responsible"],
            ["company_id", "id", "is_open"],
            initially="DEFERRED",
            deferrable=True,
        )
        op.create_foreign_key(
            "fk_agreement_state",
            "agreement",
            "agreement_step",
            ["id", "step_no", "state"],
            ["agreement_id", "seq", "to_state"],
            initially="DEFERRED",
            deferrable=True,
        )
    _one_person()
    _first_rows()


def _one_person() -> None:
    """Absences and stand-ins, colleagues beside the responsible, handovers and proposals."""
    op.create_table(
        "absence",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("stand_in_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("calendar_key", types.SafeText(300), nullable=True),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(source = 'calendar') = (calendar_key IS NOT NULL)", name=op.f("ck_absence_calendar")
        ),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_absence_period")),
        sa.CheckConstraint("stand_in_id IS NULL OR stand_in_id <> user_id", name=op.f("ck_absence_stand_in")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_absence_by_id")),
        sa.ForeignKeyConstraint(["stand_in_id"], ["user_account.id"], name=op.f("fk_absence_stand_in_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_absence_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
        sa.UniqueConstraint("user_id", "calendar_key", name=op.f("uq_absence_user_id_calendar_key")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index("ix_absence_days", ["last_day", "first_day"], unique=False)
        batch_op.create_index("ix_absence_stand_in", ["stand_in_id", "last_day"], unique=False)
        batch_op.create_index("ix_absence_user", ["user_id", "first_day"], unique=False)

    op.create_table(
        "handover",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("to_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("note", types.SafeText(500), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("undone_at", types.Utc(), nullable=True),
        sa.Column("undone_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("kind IN ('company', 'list', 'leaver', 'group')", name=op.f("ck_handover_kind")),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name=op.f("ck_handover_undone")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_handover_by_id")),
        sa.ForeignKeyConstraint(["from_id"], ["user_account.id"], name=op.f("fk_handover_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["user_account.id"], name=op.f("fk_handover_to_id")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["user_account.id"], name=op.f("fk_handover_undone_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index("ix_handover_from", ["from_id", "id"], unique=False)
        batch_op.create_index("ix_handover_to", ["to_id", "id"], unique=False)

    op.create_table(
        "absence_exception",
        sa.Column("absence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stand_in_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["absence_id"], ["absence.id"], name=op.f("fk_absence_exception_absence_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_absence_exception_company_id")),
        sa.ForeignKeyConstraint(
            ["stand_in_id"], ["user_account.id"], name=op.f("fk_absence_exception_stand_in_id")
        ),
        sa.PrimaryKeyConstraint("absence_id", "company_id", name=op.f("pk_absence_exception")),
        sqlite_strict=True,
    )
    op.create_table(
        "company_colleague",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("production_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("valid_from", types.Utc(), nullable=False),
        sa.Column("valid_to", types.Utc(), nullable=True),
        sa.Column("reason", types.SafeText(500), nullable=True),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "needs_active",
            sa.Integer(),
            sa.Computed("CASE WHEN valid_to IS NULL THEN 1 END", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint(
            "topic IN ('recruitment', 'retention', 'young_people')", name=op.f("ck_company_colleague_topic")
        ),
        sa.CheckConstraint(
            "(production_unit_id IS NULL) <> (topic IS NULL)", name=op.f("ck_company_colleague_for_one_thing")
        ),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_company_colleague_period")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_company_colleague_by_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "production_unit_id"],
            ["production_unit.company_id", "production_unit.id"],
            name="fk_company_colleague_unit",
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_company_colleague_company_id")),
        sa.ForeignKeyConstraint(
            ["user_id", "needs_active"],
            ["user_account.id", "user_account.is_active"],
            name="fk_company_colleague_active_user",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_company_colleague_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_colleague")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("company_colleague", schema=None) as batch_op:
        batch_op.create_index("ix_company_colleague_company", ["company_id", "valid_from"], unique=False)
        batch_op.create_index(
            "ix_company_colleague_user",
            ["user_id"],
            unique=False,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )
        batch_op.create_index(
            "uq_company_colleague_topic",
            ["company_id", "topic"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL AND topic IS NOT NULL"),
            postgresql_where=sa.text("valid_to IS NULL AND topic IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_company_colleague_unit",
            ["company_id", "production_unit_id"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL AND topic IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL AND topic IS NULL"),
        )

    op.create_table(
        "handover_item",
        sa.Column("handover_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "object_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "part", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("from_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('company', 'request', 'follow_up', 'agreement', 'colleague', 'stand_in')",
            name=op.f("ck_handover_item_kind"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_handover_item_company_id")),
        sa.ForeignKeyConstraint(["from_id"], ["user_account.id"], name=op.f("fk_handover_item_from_id")),
        sa.ForeignKeyConstraint(["handover_id"], ["handover.id"], name=op.f("fk_handover_item_handover_id")),
        sa.PrimaryKeyConstraint("handover_id", "kind", "object_id", "part", name=op.f("pk_handover_item")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("handover_item", schema=None) as batch_op:
        batch_op.create_index("ix_handover_item_company", ["company_id"], unique=False)
        batch_op.create_index("ix_handover_item_from", ["from_id", "handover_id"], unique=False)

    op.create_table(
        "transfer_proposal",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("to_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", types.SafeText(500), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", types.Utc(), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decision_note", types.SafeText(500), nullable=True),
        sa.Column("handover_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL)", name=op.f("ck_transfer_proposal_decided")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'declined', 'withdrawn')", name=op.f("ck_transfer_proposal_state")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_transfer_proposal_by_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_transfer_proposal_company_id")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_transfer_proposal_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_transfer_proposal_handover_id")
        ),
        sa.ForeignKeyConstraint(["to_id"], ["user_account.id"], name=op.f("fk_transfer_proposal_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_proposal")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("transfer_proposal", schema=None) as batch_op:
        batch_op.create_index("ix_transfer_proposal_state", ["state", "id"], unique=False)
        batch_op.create_index("ix_transfer_proposal_company", ["company_id", "id"], unique=False)
        batch_op.create_index(
            "uq_transfer_proposal_open",
            ["company_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )


def _first_rows() -> None:
    """What the house starts with: the legal steps, the programmes of the plan of 2026, and its targets."""
    tables = sa.MetaData()
    bind = op.get_bind()

    def add(name: str, *rows: Mapping[str, object]) -> None:
        bind.execute(sa.insert(sa.Table(name, tables, autoload_with=bind)), list(rows))

    add("audit_head", {"id": 1, "seq": 0, "hash": ""})
    add("installation", {"id": 1, "is_demo": 0})
    add(
        "team",
        {"id": 1, "name": "Job & Virksomhedsservice"},
        {"id": 2, "name": "Social, Uddannelse & Beskæftigelse"},
    )
    every = ("prospect", "in_dialogue", "offered", "signed", "in_force", "renewed")
    steps = [("-", state) for state in every[:4]] + [
        ("prospect", "in_dialogue"),
        ("in_dialogue", "offered"),
        ("offered", "signed"),
        ("signed", "in_force"),
        ("in_force", "renewed"),
        ("renewed", "in_force"),
        *((state, "ended") for state in every),
    ]
    add("agreement_legal_step", *({"from_state": old, "to_state": new} for old, new in steps))
    programmes = (
        ("code_of_care", "Code of Care", "company"),
        ("after_school_job", "Fritidsjob til unge", "company"),
        ("sick_leave_prevention", "Sygefraværsforebyggende partnerskab", "company"),
        ("klar_til_start", "Klar til Start", "company"),
        ("partner_organisation", "Samarbejde med en organisation", "partner_organisation"),
    )
    add(
        "programme",
        *(
            {"id": n, "key": key, "name": name, "kind": kind}
            for n, (key, name, kind) in enumerate(programmes, 1)
        ),
    )
    objectives = (
        (
            "youth_employment",
            "Virksomheder, der ansætter udsatte unge",
            "Virksomheder med en gældende aftale om at ansætte (udsatte) unge: "
            "Code of Care eller fritidsjob.",
            "companies",
        ),
        (
            "sick_leave_prevention",
            "Partnerskaber om at forebygge sygefravær",
            "Virksomheder i et gældende sygefraværsforebyggende partnerskab.",
            "companies",
        ),
        (
            "easy_recruitment",
            "Nemt at samarbejde om rekruttering",
            "Andel af de virksomheder, der svarer, som finder det nemt at samarbejde om rekruttering.",
            "share",
        ),
    )
    add(
        "objective",
        *(
            {"id": n, "key": key, "name": name, "definition": definition, "counts": counts, "position": n}
            for n, (key, name, definition, counts) in enumerate(objectives, 1)
        ),
    )
    add("objective_programme", *({"objective_id": o, "programme_id": p} for o, p in ((1, 1), (1, 2), (2, 3))))
    year = date(2026, 12, 31)
    add(
        "target",
        {"id": 1, "objective_id": 1, "due": year, "value": 10},
        {"id": 2, "objective_id": 1, "due": date(2028, 12, 31), "value": 25},
        {"id": 3, "objective_id": 2, "due": year, "value": 25},
        {"id": 4, "objective_id": 3, "due": year, "value": 75},
    )
    if bind.dialect.name == "postgresql":
        # Rows with keys of their own leave the sequences behind.
        for name in ("team", "programme", "objective", "target"):
            op.execute(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"  # noqa: S608
            )
