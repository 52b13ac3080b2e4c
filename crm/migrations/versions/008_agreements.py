"""Programmes as data; agreements with periods, own fields, commitments, notes and documents"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from crm import types

revision = "008_agreements"
down_revision = "007_lists"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STRICT = {"sqlite_strict": True}
# Own fields there are, by kind; what can be chosen; what each programme asks for, and its usual length.
FIELDS = {
    "number": ("young_people", "employees_covered", "hours", "follow_up_months", "courses"),
    "text": ("tasks", "place"),
    "choice": ("job_guarantee", "mentor", "network"),
}
CHOICES = {
    "job_guarantee": ("yes", "after_training", "no"),
    "mentor": ("company", "volunteer", "no"),
    "network": ("yes", "no"),
}
ENDING = "Aftalen gælder fra {fra} til {til}. Begge parter kan sige den op, når de har talt sammen."
CONTACTS = "Spørgsmål går til {konsulent} i kommunen og til {kontakt} i virksomheden."
YOUTH = (
    "{virksomhed} og {kommune} vil sammen give unge en vej ind på arbejdsmarkedet: {aftale}.\n\n"
    "- Virksomheden stiller opgaver, tid og en fast kollega til rådighed.\n"
    "- Kommunen finder de unge, forbereder dem og er med i opstarten.\n"
    "- Vi følger op sammen og retter til, når der er brug for det.\n\n"
)
SICK_LEAVE = (
    "{virksomhed} og {kommune} vil sammen forebygge sygefravær: {aftale}.\n\n"
    "- Virksomheden ringer tidligt, når en medarbejder er ved at blive syg.\n"
    "- Kommunen svarer samme dag og hjælper med at holde fast i arbejdet.\n"
    "- Kommunen tilbyder kurser om stress og trivsel for ledere og medarbejdere.\n\n"
)
KLAR = (
    "{virksomhed} og {kommune} samarbejder om et forløb med Klar til Start: {aftale}.\n\n"
    "- Virksomheden giver tid, opgaver og en plads i hverdagen.\n"
    "- En vejleder er til stede under oplæringen.\n"
    "- Kommunen følger forløbet og er til at få fat på.\n\n"
)
PROGRAMMES = {
    "code_of_care": ("young_people tasks hours place follow_up_months mentor network", 24, YOUTH),
    "after_school_job": ("young_people tasks hours place follow_up_months", 12, YOUTH),
    "sick_leave_prevention": ("employees_covered courses follow_up_months network", 24, SICK_LEAVE),
    "klar_til_start": ("young_people tasks place job_guarantee follow_up_months", 12, KLAR),
}
ORGANISATIONS = {
    "Code of Care": "Netværk af virksomheder, der giver job til mennesker på kanten.",
    "Klar til Start": "Forløb til job for mennesker med autisme.",
    "Gadespejlene": None,
    "Talentspejderne": "Frivillig mentorstøtte til unge.",
}
CAUSES = (
    "cause IN ('fulfilled', 'ran_out', 'declined', 'not_used', 'no_candidates', 'company_gone', 'replaced', "
    "'other', 'not_told')"
)
PERIOD = "valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from"


def upgrade() -> None:
    _programmes()
    _steps()
    _agreements()
    _periods()
    _fields()
    _commitments()
    _documents()
    _partners()
    if op.get_context().dialect.name == "postgresql":
        # What is checked late would keep the guards from being laid.
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
        op.execute("SET CONSTRAINTS ALL DEFERRED")


def _programmes() -> None:
    with op.batch_alter_table("programme", table_kwargs=STRICT) as batch_op:
        batch_op.add_column(sa.Column("asks", types.Json(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("standard_months", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("template", types.SafeText(10000), nullable=True))
        batch_op.add_column(sa.Column("panel_sees", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("valid_from", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("valid_to", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.create_check_constraint(
            op.f("ck_programme_standard_months"), "standard_months BETWEEN 1 AND 120"
        )
        batch_op.create_check_constraint(op.f("ck_programme_panel_sees"), "panel_sees IN (0, 1)")
        batch_op.create_check_constraint(op.f("ck_programme_period"), PERIOD)
    with op.batch_alter_table("programme", table_kwargs=STRICT) as batch_op:
        for name in ("asks", "panel_sees", "version"):
            batch_op.alter_column(name, server_default=None)
    programme = sa.table(
        "programme", sa.column("key", sa.Text()), sa.column("kind", sa.Text()), sa.column("asks", types.Json()),
        sa.column("standard_months", sa.Integer()), sa.column("template", types.SafeText(10000)),
        sa.column("panel_sees", sa.Integer()),
    )  # fmt: skip
    for key, (asks, months, text) in PROGRAMMES.items():
        op.execute(
            sa.update(programme)
            .where(programme.c.key == key)
            .values(asks=asks.split(), standard_months=months, template=f"{text}{ENDING}\n\n{CONTACTS}")
        )
    op.execute(sa.update(programme).where(programme.c.kind == "partner_organisation").values(panel_sees=0))


def _steps() -> None:
    on = " ON agreement_step" if op.get_context().dialect.name == "postgresql" else ""
    op.execute(f"DROP TRIGGER IF EXISTS agreement_step_no_update{on}")
    with op.batch_alter_table("agreement_step", table_kwargs=STRICT) as batch_op:
        # A table is copied column by column, and nobody may write into a generated one.
        batch_op.drop_constraint("fk_agreement_step_previous", type_="foreignkey")
        batch_op.drop_column("previous")
        batch_op.add_column(sa.Column("cause", sa.Text(), nullable=True))
    # Nobody was asked why until now; what was written stays the note.
    op.execute("UPDATE agreement_step SET cause = 'not_told' WHERE to_state = 'ended'")
    with op.batch_alter_table("agreement_step", table_kwargs=STRICT) as batch_op:
        batch_op.add_column(
            sa.Column(
                "previous",
                KEY,
                sa.Computed("CASE WHEN seq > 1 THEN seq - 1 END", persisted=True),
                nullable=True,
            )
        )
        batch_op.create_foreign_key(
            "fk_agreement_step_previous",
            "agreement_step",
            ["agreement_id", "previous", "from_state"],
            ["agreement_id", "seq", "to_state"],
        )
        batch_op.create_check_constraint(op.f("ck_agreement_step_cause"), CAUSES)
        batch_op.create_check_constraint(
            op.f("ck_agreement_step_ending"), "(to_state = 'ended') = (cause IS NOT NULL)"
        )
        batch_op.create_check_constraint(
            op.f("ck_agreement_step_other"), "cause <> 'other' OR note IS NOT NULL"
        )


def _agreements() -> None:
    with op.batch_alter_table("agreement", table_kwargs=STRICT) as batch_op:
        batch_op.drop_constraint("fk_agreement_active_consultant", type_="foreignkey")
        batch_op.drop_column("needs_active")
        batch_op.add_column(sa.Column("end_cause", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("shown_to_panel", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("company_contact_id", KEY, nullable=True))
    op.execute(
        "UPDATE agreement SET end_cause = CASE WHEN state = 'ended' THEN 'not_told' END, "
        "shown_to_panel = (SELECT panel_sees FROM programme WHERE programme.id = agreement.programme_id)"
    )
    needs_active = sa.Computed("CASE WHEN ended_on IS NULL THEN 1 END", persisted=True)
    with op.batch_alter_table("agreement", table_kwargs=STRICT) as batch_op:
        batch_op.alter_column("shown_to_panel", server_default=None)
        batch_op.add_column(sa.Column("needs_active", sa.Integer(), needs_active, nullable=True))
        batch_op.create_foreign_key(
            "fk_agreement_active_consultant",
            "user_account",
            ["consultant_id", "needs_active"],
            ["id", "is_active"],
        )
        batch_op.create_foreign_key(
            "fk_agreement_contact",
            "company_contact",
            ["company_id", "company_contact_id"],
            ["company_id", "id"],
        )
        batch_op.create_check_constraint(
            op.f("ck_agreement_end_cause"), "(state = 'ended') = (end_cause IS NOT NULL)"
        )
        batch_op.create_check_constraint(op.f("ck_agreement_shown_to_panel"), "shown_to_panel IN (0, 1)")


def _periods() -> None:
    op.create_table(
        "agreement_period",
        sa.Column("agreement_id", KEY, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "previous",
            sa.Integer(),
            sa.Computed("CASE WHEN seq > 1 THEN seq - 1 END", persisted=True),
            nullable=True,
        ),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("step_no", KEY, nullable=True),
        sa.Column(
            "made_by",
            sa.Text(),
            sa.Computed("CASE WHEN step_no IS NOT NULL THEN 'renewed' END", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("(seq = 1) = (step_no IS NULL)", name=op.f("ck_agreement_period_renewal")),
        sa.CheckConstraint(
            "seq = 1 OR (signed_on IS NOT NULL AND valid_from IS NOT NULL)",
            name=op.f("ck_agreement_period_signed"),
        ),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_agreement_period_seq")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from",
            name=op.f("ck_agreement_period_period"),
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id", "previous"],
            ["agreement_period.agreement_id", "agreement_period.seq"],
            name="fk_agreement_period_previous",
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id", "step_no", "made_by"],
            ["agreement_step.agreement_id", "agreement_step.seq", "agreement_step.to_state"],
            name="fk_agreement_period_step",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"],
            ["agreement.id"],
            name=op.f("fk_agreement_period_agreement_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("agreement_id", "seq", name=op.f("pk_agreement_period")),
        sa.UniqueConstraint("agreement_id", "step_no", name=op.f("uq_agreement_period_agreement_id_step_no")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("agreement_period", schema=None) as batch_op:
        batch_op.create_index("ix_agreement_period_ends", ["valid_to", "agreement_id"], unique=False)

    # Until now a renewal moved the last day, and what it was before is not known: one period holds it all.
    op.execute(
        "INSERT INTO agreement_period (agreement_id, seq, signed_on, valid_from, valid_to) "
        "SELECT id, 1, signed_on, valid_from, valid_to FROM agreement"
    )
    op.create_table(
        "agreement_reminder",
        sa.Column("agreement_id", KEY, autoincrement=False, nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("follow_up_id", KEY, nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id", "period"],
            ["agreement_period.agreement_id", "agreement_period.seq"],
            name="fk_agreement_reminder_period",
        ),
        sa.ForeignKeyConstraint(
            ["follow_up_id"], ["follow_up.id"], name=op.f("fk_agreement_reminder_follow_up_id")
        ),
        sa.PrimaryKeyConstraint("agreement_id", "period", name=op.f("pk_agreement_reminder")),
        sa.UniqueConstraint("follow_up_id", name=op.f("uq_agreement_reminder_follow_up_id")),
        sqlite_strict=True,
    )


def _fields() -> None:
    op.create_table(
        "agreement_field",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('number', 'text', 'choice')", name=op.f("ck_agreement_field_kind")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_agreement_field")),
        sa.UniqueConstraint("key", "kind", name=op.f("uq_agreement_field_key_kind")),
        sqlite_strict=True,
    )

    op.create_table(
        "agreement_field_choice",
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["field"], ["agreement_field.key"], name=op.f("fk_agreement_field_choice_field")
        ),
        sa.PrimaryKeyConstraint("field", "key", name=op.f("pk_agreement_field_choice")),
        sqlite_strict=True,
    )

    op.create_table(
        "agreement_value",
        sa.Column("agreement_id", KEY, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("text", types.SafeText(500), nullable=True),
        sa.Column("choice", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'number') = (number IS NOT NULL) AND (kind = 'text') = (text IS NOT NULL) "
            "AND (kind = 'choice') = (choice IS NOT NULL)",
            name=op.f("ck_agreement_value_kind"),
        ),
        sa.CheckConstraint("number BETWEEN 0 AND 100000", name=op.f("ck_agreement_value_number")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_value_agreement_id")
        ),
        sa.ForeignKeyConstraint(
            ["field", "choice"],
            ["agreement_field_choice.field", "agreement_field_choice.key"],
            name="fk_agreement_value_choice",
        ),
        sa.ForeignKeyConstraint(
            ["field", "kind"], ["agreement_field.key", "agreement_field.kind"], name="fk_agreement_value_kind"
        ),
        sa.PrimaryKeyConstraint("agreement_id", "field", name=op.f("pk_agreement_value")),
        sqlite_strict=True,
    )

    fields = sa.table("agreement_field", sa.column("key", sa.Text()), sa.column("kind", sa.Text()))
    op.bulk_insert(fields, [{"key": key, "kind": kind} for kind, keys in FIELDS.items() for key in keys])
    choices = sa.table("agreement_field_choice", sa.column("field", sa.Text()), sa.column("key", sa.Text()))
    op.bulk_insert(choices, [{"field": field, "key": key} for field, keys in CHOICES.items() for key in keys])


def _commitments() -> None:
    op.create_table(
        "commitment",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("agreement_id", KEY, nullable=False),
        sa.Column("what", types.SafeText(200), nullable=False),
        sa.Column("promised", sa.Integer(), nullable=False),
        sa.Column("fulfilled", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("change_no", sa.Integer(), nullable=False),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_commitment_agreement_id")),
        sa.ForeignKeyConstraint(
            ["id", "change_no", "promised", "fulfilled"],
            [
                "commitment_change.commitment_id",
                "commitment_change.seq",
                "commitment_change.promised",
                "commitment_change.fulfilled",
            ],
            name="fk_commitment_change",
            initially="DEFERRED",
            deferrable=True,
            use_alter=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commitment", schema=None) as batch_op:
        batch_op.create_index("ix_commitment_agreement", ["agreement_id", "id"], unique=False)

    op.create_table(
        "commitment_change",
        sa.Column("commitment_id", KEY, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "previous",
            sa.Integer(),
            sa.Computed("CASE WHEN seq > 1 THEN seq - 1 END", persisted=True),
            nullable=True,
        ),
        sa.Column("promised", sa.Integer(), nullable=False),
        sa.Column("fulfilled", sa.Integer(), nullable=False),
        sa.Column("note", types.SafeText(500), nullable=True),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.CheckConstraint("fulfilled BETWEEN 0 AND 10000", name=op.f("ck_commitment_change_fulfilled")),
        sa.CheckConstraint("promised BETWEEN 1 AND 10000", name=op.f("ck_commitment_change_promised")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_commitment_change_seq")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_commitment_change_by_id")),
        sa.ForeignKeyConstraint(
            ["commitment_id", "previous"],
            ["commitment_change.commitment_id", "commitment_change.seq"],
            name="fk_commitment_change_previous",
        ),
        sa.ForeignKeyConstraint(
            ["commitment_id"],
            ["commitment.id"],
            name=op.f("fk_commitment_change_commitment_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("commitment_id", "seq", name=op.f("pk_commitment_change")),
        sa.UniqueConstraint(
            "commitment_id",
            "seq",
            "promised",
            "fulfilled",
            name=op.f("uq_commitment_change_commitment_id_seq_promised_fulfilled"),
        ),
        sqlite_strict=True,
    )

    if op.get_context().dialect.name == "postgresql":
        # SQLite takes it with its table; PostgreSQL wants both tables first.
        op.create_foreign_key(
            "fk_commitment_change",
            "commitment",
            "commitment_change",
            ["id", "change_no", "promised", "fulfilled"],
            ["commitment_id", "seq", "promised", "fulfilled"],
            initially="DEFERRED",
            deferrable=True,
        )
    op.create_table(
        "agreement_note",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("agreement_id", KEY, nullable=False),
        sa.Column("text", types.SafeText(4000), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("by_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_note_agreement_id")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_agreement_note_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_note")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("agreement_note", schema=None) as batch_op:
        batch_op.create_index("ix_agreement_note_agreement", ["agreement_id", "id"], unique=False)


def _documents() -> None:
    op.create_table(
        "document",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("agreement_id", KEY, nullable=False),
        sa.Column("period", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "previous",
            sa.Integer(),
            sa.Computed("CASE WHEN version > 1 THEN version - 1 END", persisted=True),
            nullable=True,
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", types.SafeText(150), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("uploaded_at", types.Utc(), nullable=False),
        sa.Column("uploaded_by_id", KEY, nullable=False),
        sa.Column("deleted_at", types.Utc(), nullable=True),
        sa.Column("deleted_by_id", KEY, nullable=True),
        sa.Column("delete_reason", types.SafeText(300), nullable=True),
        sa.CheckConstraint(
            "kind IN ('signed', 'draft', 'minutes', 'photo', 'other')", name=op.f("ck_document_kind")
        ),
        sa.CheckConstraint(
            "media_type IN ('application/pdf', 'image/png', 'image/jpeg')",
            name=op.f("ck_document_media_type"),
        ),
        sa.CheckConstraint(
            "(content IS NULL) = (deleted_at IS NOT NULL) AND (deleted_at IS NULL) = (deleted_by_id IS NULL) "
            "AND (deleted_at IS NULL) = (delete_reason IS NULL)",
            name=op.f("ck_document_deleted"),
        ),
        sa.CheckConstraint("content IS NULL OR length(content) = size", name=op.f("ck_document_whole")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_document_sha256")),
        sa.CheckConstraint("number >= 1 AND version >= 1", name=op.f("ck_document_version")),
        sa.CheckConstraint("size BETWEEN 1 AND 52428800", name=op.f("ck_document_size")),
        sa.ForeignKeyConstraint(
            ["agreement_id", "number", "previous"],
            ["document.agreement_id", "document.number", "document.version"],
            name="fk_document_previous",
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id", "period"],
            ["agreement_period.agreement_id", "agreement_period.seq"],
            name="fk_document_period",
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_document_agreement_id")),
        sa.ForeignKeyConstraint(
            ["deleted_by_id"], ["user_account.id"], name=op.f("fk_document_deleted_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["user_account.id"], name=op.f("fk_document_uploaded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint(
            "agreement_id", "number", "version", name=op.f("uq_document_agreement_id_number_version")
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index("ix_document_agreement", ["agreement_id", "number", "version"], unique=False)


def _partners() -> None:
    op.create_table(
        "partner_organisation",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("name", types.SafeText(100), nullable=False),
        sa.Column("what_they_do", types.SafeText(300), nullable=True),
        sa.Column("contact_name", types.SafeText(100), nullable=True),
        sa.Column("contact_title", types.SafeText(100), nullable=True),
        sa.Column("phone", types.SafeText(60), nullable=True),
        sa.Column("email", types.SafeText(254), nullable=True),
        sa.Column("website", types.SafeText(200), nullable=True),
        sa.Column("notes", types.SafeText(4000), nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_organisation")),
        sa.UniqueConstraint("name", name=op.f("uq_partner_organisation_name")),
        sqlite_strict=True,
    )

    op.create_table(
        "partner_agreement",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("title", types.SafeText(200), nullable=False),
        sa.Column("agreed", types.SafeText(4000), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("contact", types.SafeText(200), nullable=True),
        sa.Column("notes", types.SafeText(4000), nullable=True),
        sa.Column("consultant_id", KEY, nullable=True),
        sa.Column("created_at", types.Utc(), nullable=False),
        sa.Column("created_by_id", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_partner_agreement_period")
        ),
        sa.ForeignKeyConstraint(
            ["consultant_id"], ["user_account.id"], name=op.f("fk_partner_agreement_consultant_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_partner_agreement_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["partner_organisation.id"],
            name=op.f("fk_partner_agreement_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_agreement")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("partner_agreement", schema=None) as batch_op:
        batch_op.create_index(
            "ix_partner_agreement_organisation", ["organisation_id", "valid_from"], unique=False
        )

    organisations = sa.table(
        "partner_organisation", sa.column("name", types.SafeText(100)),
        sa.column("what_they_do", types.SafeText(300)), sa.column("created_at", types.Utc()),
        sa.column("version", sa.Integer()),
    )  # fmt: skip
    op.bulk_insert(
        organisations,
        [
            {"name": name, "what_they_do": does, "created_at": datetime(2026, 1, 1, tzinfo=UTC), "version": 1}
            for name, does in ORGANISATIONS.items()
        ],
    )
