"""Renewals: a new period of the same agreement, one for each renewal, and corrections that keep the figures true."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import select, text

from crm.access.models import User
from crm.agreements import actions, queries, renewals
from crm.agreements.models import Agreement
from crm.agreements.queries import programme
from crm.audit import AuditEvent
from crm.companies.models import Company
from crm.db import Database, Session
from crm.errors import Conflict, Refused
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.undone import at_once

DAY = timedelta(days=1)
MONTH = 30 * DAY


@pytest.fixture
def anna(db: Session) -> User:
    return add_user(db)


@pytest.fixture
def company(db: Session, anna: User) -> Company:
    return add_company(db, responsible=anna)


def in_force(
    db: Session,
    company: Company,
    by: User,
    begins: date = TODAY - 12 * MONTH,
    ends: date | None = TODAY + MONTH,
) -> Agreement:
    """An agreement that has been in force for a year and ends in a month."""
    made = actions.create(
        db, company=company, programme=programme(db, "code_of_care"), title="To unge", by=by, now=NOW, today=TODAY,
        signed_on=begins, valid_to=ends,
    )  # fmt: skip
    return step(db, made, "in_force", by, begins)


def step(db: Session, agreement: Agreement, to: str, by: User, on: date = TODAY, **more: object) -> Agreement:
    return actions.step(db, agreement=agreement, to=to, on=on, by=by, now=NOW, today=TODAY, **more)  # type: ignore[arg-type]


def days(db: Session, agreement: Agreement) -> list[tuple[date | None, date | None]]:
    return [(each.valid_from, each.valid_to) for each in renewals.periods(db, agreement)]


def counts(db: Session, on: date) -> bool:
    return any(span.holds(on) for span in queries.spans(db))


def test_a_renewal_in_time_goes_on_from_the_day_after(db: Session, company: Company, anna: User) -> None:
    agreement = in_force(db, company, anna)
    step(db, agreement, "renewed", anna, valid_to=TODAY + 13 * MONTH)
    assert days(db, agreement) == [
        (TODAY - 12 * MONTH, TODAY + MONTH), (TODAY + MONTH + DAY, TODAY + 13 * MONTH),
    ]  # fmt: skip
    # The agreement says the whole of it: from the first day of the first to the last of the newest.
    assert (agreement.valid_from, agreement.valid_to) == (TODAY - 12 * MONTH, TODAY + 13 * MONTH)
    assert all(counts(db, TODAY + number * DAY) for number in range(-360, 390))
    assert renewals.periods(db, agreement)[1].signed_on == TODAY


def test_a_renewal_too_late_leaves_the_days_between_uncounted(
    db: Session, company: Company, anna: User
) -> None:
    agreement = in_force(db, company, anna, ends=TODAY - 20 * DAY)
    step(db, agreement, "renewed", anna, TODAY - 5 * DAY, valid_to=TODAY + 12 * MONTH)
    assert days(db, agreement)[1][0] == TODAY - 5 * DAY
    assert counts(db, TODAY - 20 * DAY)
    assert not any(counts(db, TODAY - number * DAY) for number in range(6, 20))
    assert counts(db, TODAY - 5 * DAY)


def test_an_open_period_ends_where_the_renewal_begins(db: Session, company: Company, anna: User) -> None:
    agreement = in_force(db, company, anna, ends=None)
    step(db, agreement, "renewed", anna, valid_to=TODAY + 12 * MONTH)
    assert days(db, agreement) == [(TODAY - 12 * MONTH, TODAY - DAY), (TODAY, TODAY + 12 * MONTH)]
    assert all(counts(db, TODAY + number * DAY) for number in range(-360, 361))


def test_a_renewal_that_ends_before_it_begins_makes_nothing(
    db: Session, company: Company, anna: User
) -> None:
    agreement = in_force(db, company, anna)
    for valid_to in (TODAY, TODAY + MONTH, date(2201, 1, 1)):
        with pytest.raises(Refused) as refusal, db.begin_nested():
            step(db, agreement, "renewed", anna, valid_to=valid_to)
        assert refusal.value.field == "valid_to"
    planned = in_force(db, company, anna, begins=TODAY, ends=None)
    with pytest.raises(Refused, match="ikke begyndt") as refusal, db.begin_nested():
        step(db, planned, "renewed", anna, TODAY, valid_to=TODAY + MONTH)
    assert refusal.value.field == "on"
    db.expire_all()
    assert (len(days(db, agreement)), agreement.state, len(days(db, planned))) == (1, "in_force", 1)


def test_a_renewal_without_a_last_day_leaves_the_days_alone(
    db: Session, company: Company, anna: User
) -> None:
    agreement = in_force(db, company, anna)
    step(db, agreement, "renewed", anna)
    assert days(db, agreement) == [(TODAY - 12 * MONTH, TODAY + MONTH)]


def test_an_agreement_is_renewed_again_and_again_and_ends_once(
    db: Session, company: Company, anna: User
) -> None:
    agreement = in_force(db, company, anna, begins=TODAY - 24 * MONTH, ends=TODAY - 20 * MONTH - DAY)
    for number in range(20, 0, -4):
        step(
            db,
            agreement,
            "renewed",
            anna,
            TODAY - number * MONTH,
            valid_to=TODAY - (number - 4) * MONTH - DAY,
        )
        step(db, agreement, "in_force", anna, TODAY - number * MONTH)
    assert [each.seq for each in renewals.periods(db, agreement)] == [1, 2, 3, 4, 5, 6]
    step(db, agreement, "ended", anna, TODAY - 10 * DAY, cause="not_used")
    assert all(counts(db, TODAY - number * DAY) for number in range(10, 720))
    assert not counts(db, TODAY - 9 * DAY)


def test_a_period_is_corrected_where_it_stands(db: Session, company: Company, anna: User) -> None:
    agreement = in_force(db, company, anna)
    step(db, agreement, "renewed", anna, valid_to=TODAY + 13 * MONTH)
    version = agreement.version
    earlier = {"valid_to": TODAY + 10 * DAY}
    renewals.correct(db, agreement=agreement, seq=1, values=earlier, today=TODAY, seen=version)
    renewals.correct(
        db, agreement=agreement, seq=2, values={"valid_from": TODAY + 11 * DAY, "valid_to": None}, today=TODAY
    )
    assert days(db, agreement) == [(TODAY - 12 * MONTH, TODAY + 10 * DAY), (TODAY + 11 * DAY, None)]
    assert (agreement.valid_to, agreement.version) == (None, version + 2)
    renewals.correct(db, agreement=agreement, seq=1, values={"signed_on": TODAY - 300 * DAY}, today=TODAY)
    assert agreement.signed_on == TODAY - 300 * DAY
    with pytest.raises(Conflict, match="imens"):
        renewals.correct(db, agreement=agreement, seq=1, values=earlier, today=TODAY, seen=version)


def test_the_log_tells_what_a_period_was_before_it_was_corrected(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        agreement = in_force(db, add_company(db, responsible=anna), anna)
        step(db, agreement, "renewed", anna, valid_to=TODAY + 13 * MONTH)
    with database.write() as db:
        known = queries.get(db, agreement.id)
        renewals.correct(db, agreement=known, seq=1, values={"valid_to": TODAY + 10 * DAY}, today=TODAY)
    with database.read() as db:
        logged = db.scalars(select(AuditEvent).where(AuditEvent.object_kind == "agreement_period"))
        changes = [event.payload for event in logged if event.action == "change"]
        assert changes == [{"valid_to": [(TODAY + MONTH).isoformat(), (TODAY + 10 * DAY).isoformat()]}]


def test_periods_cannot_be_corrected_into_each_other(db: Session, company: Company, anna: User) -> None:
    agreement = in_force(db, company, anna)
    step(db, agreement, "renewed", anna, valid_to=TODAY + 13 * MONTH)
    before = days(db, agreement)
    cases: list[tuple[str, int, dict[str, date | None]]] = [
        ("valid_to", 1, {"valid_to": TODAY + 2 * MONTH}), ("valid_to", 1, {"valid_to": None}),
        ("valid_from", 2, {"valid_from": TODAY}), ("valid_from", 2, {"valid_from": None}),
        ("signed_on", 2, {"signed_on": None}), ("signed_on", 1, {"signed_on": TODAY + 400 * DAY}),
        ("valid_to", 2, {"valid_to": TODAY}), ("valid_to", 2, {"valid_to": date(2201, 1, 1)}),
        ("seq", 3, {"valid_to": None}),
    ]  # fmt: skip
    for field, seq, values in cases:
        with pytest.raises(Refused) as refusal:
            renewals.correct(db, agreement=agreement, seq=seq, values=values, today=TODAY)
        assert refusal.value.field == field, (seq, values)
    for field, day in (("valid_from", TODAY + 2 * MONTH), ("valid_to", TODAY)):
        with pytest.raises(Refused) as refusal:
            actions.change(db, agreement=agreement, values={field: day}, today=TODAY)
        assert refusal.value.field == field
    assert days(db, agreement) == before


def test_a_corrected_agreement_and_its_periods_say_the_same(
    db: Session, company: Company, anna: User
) -> None:
    agreement = in_force(db, company, anna)
    step(db, agreement, "renewed", anna, valid_to=TODAY + 13 * MONTH)
    values: dict[str, object] = {
        "signed_on": TODAY - 13 * MONTH, "valid_from": TODAY - 13 * MONTH, "valid_to": TODAY + 20 * MONTH,
    }  # fmt: skip
    actions.change(db, agreement=agreement, values=values, today=TODAY)
    first, second = renewals.periods(db, agreement)
    assert (first.signed_on, first.valid_from, second.valid_to) == tuple(values.values())
    db.execute(text("UPDATE agreement_period SET valid_to = '2030-01-01' WHERE seq = 2"))
    db.expire_all()
    assert agreement.valid_to == date(2030, 1, 1)


def test_a_programmes_length_is_what_a_renewal_suggests(db: Session, company: Company, anna: User) -> None:
    agreement = queries.get(db, in_force(db, company, anna, ends=date(2026, 12, 31)).id)
    (newest,) = renewals.periods(db, agreement)
    assert renewals.suggested(newest, agreement.programme, TODAY) == (date(2027, 1, 1), date(2028, 12, 31))
    agreement.programme.standard_months = None
    assert renewals.suggested(newest, agreement.programme, TODAY)[1] == date(2027, 12, 31)
    assert renewals.last_day(date(2027, 1, 31), 1) == date(2027, 2, 27)
    assert renewals.last_day(date(2028, 2, 29), 12) == date(2029, 2, 27)


def test_two_people_who_renew_at_once_make_one_period(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        keys = [in_force(db, company, anna).id for _ in range(8)]
    other = Database(database.url)

    def renew(mine: Database, key: int) -> None:
        with mine.write() as db:
            step(db, queries.get(db, key), "renewed", db.get_one(User, anna.id), valid_to=TODAY + 13 * MONTH)

    for key in keys:
        raised = at_once(partial(renew, database, key), partial(renew, other, key))
        assert [type(each) for each in raised] == [Conflict]
        with database.read() as db:
            agreement = queries.get(db, key)
            assert [each.seq for each in renewals.periods(db, agreement)] == [1, 2]
            assert [each.to_state for each in queries.steps(db, agreement)][-1] == "renewed"
    other.close()
