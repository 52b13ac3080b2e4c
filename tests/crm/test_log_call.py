"""A call with the request and the promise that came of it: written down whole, and taken back whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from crm.access.models import User
from crm.companies import actions as companies
from crm.companies.models import Company
from crm.companies.queries import by_cvr
from crm.db import Database, Session
from crm.errors import Conflict, Refused
from crm.interactions.models import FollowUp, Interaction
from crm.requests import actions
from crm.requests.actions import NewRequest, Promise
from crm.requests.clock import WorkingHours
from crm.requests.models import Request, RequestStep
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.test_types import CPR

DAY = timedelta(days=1)
ASKED = NewRequest("recruitment", "To lærlinge", "Til august", 2)


@pytest.fixture
def anna(db: Session) -> User:
    return add_user(db)


@pytest.fixture
def company(db: Session, anna: User) -> Company:
    return add_company(db, responsible=anna)


def _log(db: Session, company: Company, anna: User, clock: WorkingHours, **more: object) -> actions.Logged:
    values = {
        "kind": "call", "direction": "in", "summary": "Ringede", "request": ASKED,
        "follow_up": Promise(TODAY + DAY, "Ring igen"),
    } | more  # fmt: skip
    return actions.log_call(db, company=company, by=anna, now=NOW, clock=clock, **values)  # type: ignore[arg-type]


def _rows(database: Database) -> list[int | None]:
    with database.read() as db:
        tables = (Interaction, Request, RequestStep, FollowUp)
        return [db.scalar(select(func.count()).select_from(table)) for table in tables]


def test_a_call_its_request_and_its_promise_are_one_act(
    db: Session, company: Company, anna: User, clock: WorkingHours
) -> None:
    lone = companies.add_contact(db, company=company, values={"name": "Lone"}, now=NOW)
    logged = _log(db, company, anna, clock, contact=lone, happened_at=NOW - DAY)
    assert logged.request is not None
    assert logged.follow_up is not None
    assert logged.request.received_at == logged.interaction.happened_at == NOW - DAY
    assert logged.request.interaction_id == logged.follow_up.interaction_id == logged.interaction.id
    assert logged.request.company_contact_id == lone.id
    assert logged.follow_up.owner_id == anna.id
    plain = _log(db, company, anna, clock, request=None, follow_up=None)
    assert (plain.request, plain.follow_up) == (None, None)


WRONG: dict[str, dict[str, object]] = {
    "summary": {"summary": f"Om {CPR}"},
    "request_title": {"request": NewRequest("ips", " ")},
    "request_kind": {"request": NewRequest("x", "To")},
    "request_description": {"request": NewRequest("ips", "To", CPR)},
    "request_wanted": {"request": NewRequest("ips", "To", None, 99_999)},
    "follow_up_text": {"follow_up": Promise(TODAY, CPR)},
    "follow_up_due": {"follow_up": Promise(TODAY.replace(year=2200), "Ring")},
}


def test_a_part_that_is_refused_takes_the_whole_call_with_it(database: Database, clock: WorkingHours) -> None:
    with database.write() as db:
        anna = add_user(db)
        cvr = add_company(db, responsible=anna).cvr
    for field, wrong in WRONG.items():
        with pytest.raises(Refused) as refusal, database.write() as db:
            _log(db, by_cvr(db, cvr), anna, clock, **wrong)
        assert refusal.value.field == field
        with database.write() as db, pytest.raises(Refused), db.begin_nested():
            _log(db, by_cvr(db, cvr), anna, clock, **wrong)
        assert _rows(database) == [0, 0, 0, 0]
        with database.read() as db:
            assert by_cvr(db, cvr).last_contact_at is None


def test_a_call_is_taken_back_with_its_untouched_request(database: Database, clock: WorkingHours) -> None:
    with database.write() as db:
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        logged = _log(db, company, anna, clock)
        actions.take_back(db, entry=logged.interaction, by=anna, now=NOW)
    assert _rows(database) == [0, 0, 0, 0]
    with database.write() as db:
        company = by_cvr(db, company.cvr)
        old, taken = _log(db, company, anna, clock), _log(db, company, anna, clock)
        assert taken.request
        actions.move(db, request=taken.request, to="taken", by=anna, now=NOW)
        with pytest.raises(Conflict, match="allerede taget"):
            actions.take_back(db, entry=taken.interaction, by=anna, now=NOW)
        with pytest.raises(Conflict, match="fortrydes"):
            actions.take_back(db, entry=old.interaction, by=anna, now=NOW + DAY)
    assert _rows(database) == [2, 2, 3, 2]
