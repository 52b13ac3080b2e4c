"""The audit log: a row for every change in its own transaction, and no way to touch it unseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import IntegrityError

from crm import audit
from crm.access import actions as access
from crm.access import queries as users
from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements.queries import programme
from crm.audit import AuditEvent, AuditHead
from crm.companies import actions as companies
from crm.companies.queries import by_cvr
from crm.db import Database, Session
from crm.goals import actions as goals
from crm.goals.queries import objective
from crm.numbers import demo_cvr
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.responsibility import actions as responsibility
from crm.settings import Settings
from tests.conftest import NOW, PASSWORD, TODAY, add_company, add_user
from tests.crm.undone import undone, undone_part

CVR = demo_cvr(0)
DAY = timedelta(days=1)


@pytest.fixture
def town(database: Database) -> Database:
    """Anna, Bo, and Anna's company."""
    with database.write("town") as db:
        anna = add_user(db, password=PASSWORD)
        add_user(db, "bo@kommune.test")
        add_company(db, responsible=anna)
    return database


def _told(database: Database, after: int = 0) -> list[tuple[str, str]]:
    with database.read() as db:
        rows = db.scalars(select(AuditEvent).where(AuditEvent.seq > after).order_by(AuditEvent.seq))
        return [(row.action, row.object_kind) for row in rows]


def _seq(database: Database) -> int:
    with database.read() as db:
        return db.scalar(select(AuditHead.seq)) or 0


def _people(db: Session) -> tuple[User, User]:
    return users.by_email(db, "anna@kommune.test"), users.by_email(db, "bo@kommune.test")


def _log_call(db: Session, clock: WorkingHours) -> requests.Logged:
    anna, _ = _people(db)
    return requests.log_call(
        db, company=by_cvr(db, CVR), by=anna, now=NOW, clock=clock, kind="call", direction="in",
        summary="Ringede", request=NewRequest("recruitment", "To lærlinge"),
        follow_up=requests.Promise(TODAY, "Ring igen"),
    )  # fmt: skip


def _agree(db: Session) -> object:
    return agreements.create(
        db, company=by_cvr(db, CVR), programme=programme(db, "code_of_care"), title="To unge",
        by=_people(db)[0], now=NOW, today=TODAY, signed_on=TODAY,
    )  # fmt: skip


Change = Callable[[Session], object]
CHANGES: dict[str, tuple[set[tuple[str, str]], Change]] = {
    "a company corrected": (
        {("change", "company")},
        lambda db: companies.change(db, company=by_cvr(db, CVR), values={"name": "Nyt navn"}),
    ),
    "a person added": (
        {("create", "company_contact")},
        lambda db: companies.add_contact(db, company=by_cvr(db, CVR), values={"name": "Lone"}, now=NOW),
    ),
    "a profile written": (
        {("create", "company_profile")},
        lambda db: companies.save_profile(
            db, company=by_cvr(db, CVR), values={"needs": "Flere"}, based_on=0, by=_people(db)[0], now=NOW
        ),
    ),
    "a company handed over": (
        {("change", "company"), ("change", "company_assignment"), ("create", "company_assignment")},
        lambda db: responsibility.hand_over(
            db, company=by_cvr(db, CVR), to=_people(db)[1], reason="Barsel", by=None, now=NOW + DAY
        ),
    ),
    "a rule added": (
        {("create", "assignment_rule")},
        lambda db: responsibility.add_rule(
            db, values={"industry_prefix": "41", "user_id": _people(db)[0].id, "team_id": None}
        ),
    ),
    "a call logged": (
        {("create", "interaction"), ("create", "request"), ("create", "follow_up")},
        lambda db: _log_call(db, WorkingHours.of(Settings())),
    ),
    "an agreement signed": ({("create", "agreement"), ("create", "agreement_step")}, _agree),
    "a target set": (
        {("create", "target"), ("create", "objective_change")},
        lambda db: goals.set_target(
            db, objective=objective(db, "youth_employment"), due=TODAY, value=5, by=_people(db)[0], now=NOW
        ),
    ),
    "a user changed": (
        {("change", "user_account")},
        lambda db: access.change_user(
            db, user=_people(db)[0], name="Anna", role="manager", phone=None, title=None
        ),
    ),
    "a user signed in": (
        {("sign_in", "user_account")},
        lambda db: access.sign_in(db, user=_people(db)[0], now=NOW, hours=1),
    ),
    "a token given": (
        {("create", "api_token")},
        lambda db: access.add_token(db, user=_people(db)[0], now=NOW),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("told", "change"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_told_in_its_own_transaction(
    town: Database, told: set[tuple[str, str]], change: Change
) -> None:
    before = _seq(town)
    with town.write("anna@kommune.test", 1) as db:
        change(db)
    assert told <= set(_told(town, before))
    with town.read() as db:
        rows = db.scalars(select(AuditEvent).where(AuditEvent.seq > before)).all()
        assert {(row.actor, row.user_id) for row in rows} == {("anna@kommune.test", 1)}
        assert list(audit.broken_links(db)) == []


def test_a_change_that_is_rolled_back_is_not_told(town: Database) -> None:
    before = _told(town)
    for name, (_, change) in CHANGES.items():
        with undone(town) as db:
            change(db)
        with town.write() as db, undone_part(db):
            change(db)
        # A savepoint that ended well goes with the one around it.
        with town.write() as db, undone_part(db), db.begin_nested():
            change(db)
        assert _told(town) == before, name


def test_what_stays_is_told_when_a_savepoint_beside_it_is_rolled_back(town: Database) -> None:
    before = _seq(town)
    with town.write() as db:
        company = by_cvr(db, CVR)
        companies.change(db, company=company, values={"city": "Lynge"})
        with undone_part(db):
            companies.change(db, company=company, values={"street": "Vej 1"})
        companies.change(db, company=company, values={"postal_code": "3540"})
    with town.read() as db:
        rows = db.scalars(select(AuditEvent).where(AuditEvent.seq > before).order_by(AuditEvent.seq)).all()
        assert [list(row.payload) for row in rows] == [["city"], ["postal_code"]]
        assert rows[0].payload == {"city": [None, "Lynge"]}
        assert by_cvr(db, CVR).street is None


def test_a_flush_that_the_database_refuses_is_not_told(town: Database) -> None:
    def add_a_second_bo(db: Session) -> None:
        db.add(User(email="bo@kommune.test", name="En anden Bo", role="admin", created_at=NOW))
        db.flush()

    before = _told(town)
    with town.write() as db:
        with pytest.raises(IntegrityError), db.begin_nested():
            add_a_second_bo(db)
        assert db.scalar(select(func.count()).select_from(User)) == 2
    assert _told(town) == before


def test_the_same_value_again_is_no_change(town: Database) -> None:
    before = _seq(town)
    with town.write() as db:
        company = by_cvr(db, CVR)
        companies.change(db, company=company, values={"name": company.name, "city": None})
    assert _seq(town) == before


def test_no_secret_is_told(town: Database) -> None:
    with town.write() as db:
        anna, _ = _people(db)
        secrets = [
            access.add_token(db, user=anna, now=NOW),
            access.sign_in(db, user=anna, now=NOW, hours=1),
        ]
        for table in ("api_token", "user_session"):
            secrets += db.execute(text(f"SELECT token_hash FROM {table}")).scalars()
        access.set_password(db, user=anna, password="en helt ny sætning")
        secrets.append(anna.password_hash or "")
    with town.read() as db:
        told = repr(db.scalars(select(AuditEvent.payload)).all())
    assert len(secrets) == 5
    for secret in (*secrets, PASSWORD, "en helt ny sætning"):
        assert secret not in told


def test_rows_are_numbered_without_holes_whatever_fails_in_between(town: Database) -> None:
    for turn in range(6):
        with town.write() as db:
            companies.change(db, company=by_cvr(db, CVR), values={"city": f"By {turn}"})
        with undone(town) as db:
            companies.change(db, company=by_cvr(db, CVR), values={"city": "Aldrig"})
    with town.read() as db:
        numbers = db.scalars(select(AuditEvent.seq).order_by(AuditEvent.seq)).all()
        assert numbers == list(range(1, len(numbers) + 1))


# What a database administrator could do with the guards out of the way.
_OF_FIVE = "(SELECT {0} FROM audit_event WHERE seq = 5)"
TAMPERING = {
    "an actor": "UPDATE audit_event SET actor = 'en anden' WHERE seq = 2",
    "a user": "UPDATE audit_event SET user_id = 99 WHERE seq = 2",
    "a moment": f"UPDATE audit_event SET at = {_OF_FIVE.format('at')} WHERE seq = 2",
    "an action": "UPDATE audit_event SET action = 'note' WHERE seq = 2",
    "an object": "UPDATE audit_event SET object_id = '99' WHERE seq = 2",
    "a payload": f"UPDATE audit_event SET payload = {_OF_FIVE.format('payload')} WHERE seq = 2",
    "a payload with its hash": f"UPDATE audit_event SET payload = {_OF_FIVE.format('payload')}, "
    f"payload_hash = {_OF_FIVE.format('payload_hash')} WHERE seq = 2",
    "a row gone": "DELETE FROM audit_event WHERE seq = 2",
    "the first row gone": "DELETE FROM audit_event WHERE seq = 1",
    "the tail cut": "DELETE FROM audit_event WHERE seq > 3",
    "everything gone": "DELETE FROM audit_event",
    "the end moved": "UPDATE audit_head SET seq = 3",
    "the end gone": "DELETE FROM audit_head",
    "two rows swapped": "UPDATE audit_event SET seq = CASE seq WHEN 902 THEN 3 ELSE 2 END WHERE seq > 900",
}  # fmt: skip


def test_what_is_written_while_the_chain_is_read_is_no_break(town: Database) -> None:
    before = _seq(town)

    def write(*_: object) -> None:
        with town.write() as other:
            access.sign_in(other, user=_people(other)[0], now=NOW, hours=1)

    with town.read() as db:
        event.listen(town.reader, "after_cursor_execute", write, once=True)
        assert list(audit.broken_links(db)) == []
    assert _seq(town) > before


def test_tampering_behind_our_back_is_found(town: Database) -> None:
    with town.write() as db:
        access.sign_in(db, user=_people(db)[0], now=NOW, hours=1)
    on = " ON audit_event" if town.dialect == "postgresql" else ""
    for what, statement in TAMPERING.items():
        with undone(town) as db:
            for trigger in ("audit_no_update", "audit_no_delete"):
                db.execute(text(f"DROP TRIGGER {trigger}{on}"))
            if "swapped" in what:
                db.execute(text("UPDATE audit_event SET seq = seq + 900 WHERE seq IN (2, 3)"))
            assert list(audit.broken_links(db)) == [] or "swapped" in what
            db.expire_all()
            db.execute(text(statement))
            assert list(audit.broken_links(db)) != [], what


def test_the_chain_is_whole_from_the_first_row_to_the_last(town: Database) -> None:
    with town.read() as db:
        assert list(audit.broken_links(db)) == []
        first, *others = db.scalars(select(AuditEvent).order_by(AuditEvent.seq)).all()
        assert first.previous == ""
        assert len({row.hash for row in (first, *others)}) == len(others) + 1
