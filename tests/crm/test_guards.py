"""The rules the database keeps, broken with plain SQL: no code stands between the attacker and the table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crm import audit
from crm.agreements import actions as agreements
from crm.agreements.models import Agreement
from crm.agreements.queries import programme
from crm.companies.models import Company
from crm.db import Database, Session
from crm.responsibility import actions as responsibility
from tests.conftest import NOW, TODAY, add_company, add_user


@pytest.fixture
def town(database: Database) -> Database:
    """One company with Anna, handed over to Bo, with a signed agreement."""
    with database.write() as db:
        anna, bo = add_user(db, "anna@kommune.test"), add_user(db, "bo@kommune.test")
        company = add_company(db, responsible=anna)
        responsibility.hand_over(
            db, company=company, to=bo, reason="Barsel", by=None, now=NOW + timedelta(days=1)
        )
        agreements.create(
            db, company=company, programme=programme(db, "code_of_care"), title="To unge", by=anna, now=NOW,
            today=TODAY, signed_on=TODAY,
        )  # fmt: skip
    return database


@contextmanager
def refused(database: Database) -> Iterator[Session]:
    """What is done inside is refused, at once or at the commit."""
    with pytest.raises(DBAPIError), database.write() as db:
        yield db


BREAKS = {
    "two open assignments": "INSERT INTO company_assignment (company_id, user_id, valid_from, reason) "
    "SELECT company_id, user_id, valid_from, 'to' FROM company_assignment WHERE valid_to IS NULL",
    "no open assignment": "UPDATE company_assignment SET valid_to = '2027-01-01T00:00:00.000000Z' "
    "WHERE valid_to IS NULL",
    "a second beginning": "INSERT INTO company_assignment "
    "(company_id, user_id, valid_from, valid_to, reason) "
    "SELECT company_id, user_id, '2020-01-01T00:00:00.000000Z', '2020-02-01T00:00:00.000000Z', 'før' "
    "FROM company_assignment WHERE valid_to IS NULL",
    "a gap before a follower": "INSERT INTO company_assignment (company_id, user_id, valid_from, valid_to, "
    "follows_id, reason) SELECT company_id, user_id, '2030-01-01T00:00:00.000000Z', "
    "'2030-02-01T00:00:00.000000Z', id, 'hul' FROM company_assignment WHERE valid_to IS NULL",
    "history deleted": "DELETE FROM company_assignment WHERE valid_to IS NOT NULL",
    "history moved in time": "UPDATE company_assignment SET valid_to = '2026-12-24T00:00:00.000000Z' "
    "WHERE valid_to IS NOT NULL",
    "history given to another": "UPDATE company_assignment SET user_id = (SELECT max(id) FROM user_account) "
    "WHERE follows_id IS NULL",
    "an assignment of another company": "UPDATE company SET current_assignment_id = "
    "(SELECT id FROM company_assignment WHERE valid_to IS NOT NULL)",
    "a company without": "UPDATE company SET has_responsible = 0",
    "a closed consultant with companies": "UPDATE user_account SET is_active = 0, "
    "closed_at = '2026-12-01T00:00:00.000000Z' WHERE email = 'bo@kommune.test'",
    "a user deleted": "DELETE FROM user_account",
    "a step skipped": "INSERT INTO agreement_step "
    "(agreement_id, seq, from_state, to_state, on_day, at, by_id) "
    "SELECT agreement_id, 2, 'signed', 'renewed', on_day, at, by_id FROM agreement_step",
    "a step from another state": "INSERT INTO agreement_step "
    "(agreement_id, seq, from_state, to_state, on_day, at, by_id) "
    "SELECT agreement_id, 2, 'in_force', 'ended', on_day, at, by_id FROM agreement_step",
    "a step taken twice": "INSERT INTO agreement_step (agreement_id, seq, from_state, to_state, on_day, at, "
    "by_id) SELECT agreement_id, seq, from_state, to_state, on_day, at, by_id FROM agreement_step",
    "a state without a step": "UPDATE agreement SET state = 'in_force'",
    "a step rewritten": "UPDATE agreement_step SET on_day = '2020-01-01'",
    "a step removed": "DELETE FROM agreement_step",
    "a new legal step's shortcut": "UPDATE agreement SET step_no = 0",
    "an audit row changed": "UPDATE audit_event SET actor = 'en anden'",
    "an audit row removed": "DELETE FROM audit_event",
    "a CVR of seven digits": "UPDATE company SET cvr = '1234567'",
}


@pytest.mark.parametrize("statement", BREAKS.values(), ids=BREAKS.keys())
def test_the_database_refuses(town: Database, statement: str) -> None:
    with refused(town) as db:
        db.execute(text(statement))


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["company_assignment", "user_account", "audit_event"])
def test_postgresql_refuses_to_truncate(postgres_url: str, table: str) -> None:
    database = Database(postgres_url)
    with refused(database) as db:
        db.execute(text(f"TRUNCATE {table}"))
    database.close()


def test_an_audit_payload_may_be_erased_and_nothing_else(town: Database) -> None:
    with town.write() as db:
        db.execute(text("UPDATE audit_event SET payload = NULL"))
    with town.read() as db:
        assert list(audit.broken_links(db)) == []


def test_a_state_follows_its_step(town: Database) -> None:
    with town.write() as db:
        db.execute(
            text(
                "INSERT INTO agreement_step (agreement_id, seq, from_state, to_state, on_day, at, by_id, cause) "
                "SELECT agreement_id, 2, 'signed', 'ended', on_day, at, by_id, 'not_used' FROM agreement_step"
            )
        )
    with town.read() as db:
        agreement = db.get_one(Agreement, 1)
        assert (agreement.state, agreement.ended_on) == ("ended", TODAY)


def test_every_company_has_exactly_one_open_assignment(town: Database) -> None:
    with town.read() as db:
        companies = db.query(Company).count()
        opened = db.execute(text("SELECT count(*) FROM company_assignment WHERE valid_to IS NULL")).scalar()
        assert opened == companies == 1
