"""The rules of agreements the database keeps, broken with plain SQL on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from crm.agreements import actions as agreements
from crm.agreements import commitments, documents, fields, notes
from crm.agreements.documents import Upload
from crm.agreements.queries import programme
from crm.companies import actions as companies
from crm.db import Database
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.test_guards import refused
from tests.town import PDF

DAY = timedelta(days=1)
PERIOD = "INSERT INTO agreement_period (agreement_id, seq, signed_on, valid_from, valid_to, step_no) VALUES "
STEP = (
    "INSERT INTO agreement_step (agreement_id, seq, from_state, to_state, on_day, at, by_id, cause) SELECT "
)
OF_STEP = "agreement_id, seq + 1, 'renewed', 'ended', on_day, at, by_id"
NEWEST = "FROM agreement_step WHERE agreement_id = 1 ORDER BY seq DESC LIMIT 1"
VALUE = "INSERT INTO agreement_value (agreement_id, field, kind, number, text, choice) VALUES "
CHANGE = "INSERT INTO commitment_change (commitment_id, seq, promised, fulfilled, at, by_id) SELECT "
COPY = (
    "INSERT INTO document (agreement_id, number, version, kind, name, media_type, size, sha256, content, "
    "uploaded_at, uploaded_by_id) SELECT agreement_id, {}, kind, name, {}, sha256, content, uploaded_at, "
    "uploaded_by_id FROM document"
)


@pytest.fixture
def town(database: Database) -> Database:
    """An agreement that was renewed, with a bit of everything; and one that was not signed."""
    with database.write() as db:
        anna = add_user(db)
        company, other = (add_company(db, number, responsible=anna) for number in (1, 2))
        companies.add_contact(db, company=other, values={"name": "Per Dam"}, now=NOW)
        agreement = agreements.create(
            db, company=company, programme=programme(db, "code_of_care"), title="To unge", by=anna, now=NOW,
            today=TODAY, signed_on=TODAY - 300 * DAY, valid_to=TODAY, values={"young_people": 2, "mentor": "no"},
        )  # fmt: skip
        for to, ends in (("in_force", None), ("renewed", TODAY + 300 * DAY)):
            agreements.step(
                db, agreement=agreement, to=to, on=TODAY - DAY, by=anna, now=NOW, today=TODAY, valid_to=ends
            )
        agreements.create(
            db,
            company=company,
            programme=programme(db, "code_of_care"),
            title="Måske",
            by=anna,
            now=NOW,
            today=TODAY,
        )
        promised = commitments.promise(
            db, agreement=agreement, what="unge", promised=2, fulfilled=0, by=anna, now=NOW
        )
        commitments.count(db, commitment=promised, promised=2, fulfilled=1, by=anna, now=NOW)
        notes.write_note(db, agreement=agreement, text="God dialog", by=anna, now=NOW)
        documents.add(
            db, agreement=agreement, upload=Upload("a.pdf", PDF), kind="signed", by=anna, now=NOW, megabytes=1
        )
        assert fields.values(db, agreement) == {"young_people": 2, "mentor": "no"}
    return database


BREAKS = {
    "a period without a renewal": f"{PERIOD} (1, 3, '2028-01-01', '2028-01-01', NULL, NULL)",
    "a period made by another step": f"{PERIOD} (1, 3, '2028-01-01', '2028-01-01', NULL, 2)",
    "a second period of one renewal": f"{PERIOD} (1, 3, '2028-01-01', '2028-01-01', NULL, 3)",
    "a number left out": f"{PERIOD} (1, 4, '2028-01-01', '2028-01-01', NULL, 3)",
    "a second first period": f"{PERIOD} (1, 1, '2028-01-01', '2028-01-01', NULL, NULL)",
    "a renewal nobody signed": f"{PERIOD} (1, 3, NULL, '2028-01-01', NULL, 3)",
    "periods that overlap": "UPDATE agreement_period SET valid_to = '2027-01-01' WHERE agreement_id = 1 AND seq = 1",
    "an open period before another": "UPDATE agreement_period SET valid_to = NULL WHERE agreement_id = 1 AND seq = 1",
    "a period that begins in the one before": "UPDATE agreement_period SET valid_from = '2026-11-23' "
    "WHERE agreement_id = 1 AND seq = 2",
    "a period that ends before it begins": "UPDATE agreement_period SET valid_to = '2020-01-01' "
    "WHERE agreement_id = 1 AND seq = 2",
    "a period given to another": "UPDATE agreement_period SET agreement_id = 2 WHERE agreement_id = 1 AND seq = 2",
    "a period given another number": "UPDATE agreement_period SET seq = 5 WHERE agreement_id = 1 AND seq = 2",
    "a period made by nobody": "UPDATE agreement_period SET step_no = NULL WHERE agreement_id = 1 AND seq = 2",
    "a period removed": "DELETE FROM agreement_period WHERE agreement_id = 1 AND seq = 2",
    "a last day before the newest period": "UPDATE agreement SET valid_to = '2026-11-23' WHERE id = 1",
    "a signature taken away": "UPDATE agreement SET signed_on = NULL WHERE id = 1",
    "an end without a cause": f"{STEP} {OF_STEP}, NULL {NEWEST}",
    "an end for no cause there is": f"{STEP} {OF_STEP}, 'kedsomhed' {NEWEST}",
    "another cause without a word": f"{STEP} {OF_STEP}, 'other' {NEWEST}",
    "a cause of an agreement that stands": "UPDATE agreement SET end_cause = 'not_used' WHERE id = 1",
    "a contact of another company": "UPDATE agreement SET company_contact_id = 1 WHERE id = 1",
    "shown by halves": "UPDATE agreement SET shown_to_panel = 2",
    "a field there is not": f"{VALUE} (1, 'shoe_size', 'number', 43, NULL, NULL)",
    "a field of another kind": f"{VALUE} (1, 'hours', 'text', NULL, 'mange', NULL)",
    "a field without a value": f"{VALUE} (1, 'hours', 'number', NULL, NULL, NULL)",
    "a field with two values": f"{VALUE} (1, 'hours', 'number', 8, 'mange', NULL)",
    "a choice there is not": "UPDATE agreement_value SET choice = 'måske' WHERE field = 'mentor'",
    "a number below nothing": "UPDATE agreement_value SET number = -1 WHERE field = 'young_people'",
    "a figure without its change": "UPDATE commitment SET fulfilled = 2",
    "more promised than was written": "UPDATE commitment SET promised = 3",
    "a change rewritten": "UPDATE commitment_change SET fulfilled = 2 WHERE seq = 2",
    "a change removed": "DELETE FROM commitment_change WHERE seq = 2",
    "a change left out": f"{CHANGE} commitment_id, 4, 2, 2, at, by_id FROM commitment_change WHERE seq = 2",
    "a change to less than nothing": f"{CHANGE} commitment_id, 3, 2, -1, at, by_id "
    "FROM commitment_change WHERE seq = 2",
    "a promise of nothing": f"{CHANGE} commitment_id, 3, 0, 1, at, by_id FROM commitment_change WHERE seq = 2",
    "a promise removed": "DELETE FROM commitment",
    "a note rewritten": "UPDATE agreement_note SET text = 'Dårlig dialog'",
    "a note removed": "DELETE FROM agreement_note",
    "a document renamed": "UPDATE document SET name = 'b.pdf'",
    "a document's bytes gone without a word": "UPDATE document SET content = NULL",
    "a document taken away and renamed": "UPDATE document SET content = NULL, name = 'b.pdf', "
    "deleted_at = uploaded_at, deleted_by_id = uploaded_by_id, delete_reason = 'Fejl'",
    "a document's row removed": "DELETE FROM document",
    "a document's version left out": COPY.format("number, 3", "media_type, size"),
    "a document's version twice": COPY.format("number, 1", "media_type, size"),
    "a document that is a page": COPY.format("2, 1", "'text/html', size"),
    "a document of another size": COPY.format("2, 1", "media_type, size + 1"),
    "a document of no period": COPY.format("9, 2, 1", "media_type, size")
    .replace("number, version", "period, number, version"),
    "a programme for ever": "UPDATE programme SET standard_months = 0",
    "a programme that ends before it begins": "UPDATE programme SET valid_from = '2027-01-01', valid_to = '2026-01-01'",
    "an organisation's agreement that ends before it begins": "INSERT INTO partner_agreement (organisation_id, title, "
    "agreed, valid_from, valid_to, created_at, created_by_id, version) SELECT id, 'x', 'x', '2027-01-01', "
    "'2026-01-01', created_at, 1, 1 FROM partner_organisation WHERE id = 1",
    "an organisation twice": "UPDATE partner_organisation SET name = 'Samme'",
}  # fmt: skip


@pytest.mark.parametrize("statement", BREAKS.values(), ids=BREAKS.keys())
def test_the_database_refuses(town: Database, statement: str) -> None:
    with refused(town) as db:
        db.execute(text(statement))


def test_the_own_fields_of_the_house_are_those_of_the_database(database: Database) -> None:
    with database.read() as db:
        known = {row.key: row.kind for row in db.execute(text("SELECT key, kind FROM agreement_field"))}
        choices = {tuple(row) for row in db.execute(text("SELECT field, key FROM agreement_field_choice"))}
    assert known == {key: each.kind for key, each in fields.FIELDS.items()}
    assert choices == {(key, choice) for key, each in fields.FIELDS.items() for choice in each.choices}
