"""Colleagues beside the responsible, companies of one owner, and the balance of the team."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crm.access import actions as access
from crm.access.models import User
from crm.access.queries import by_email
from crm.companies import groups
from crm.companies.models import Company, ProductionUnit
from crm.companies.queries import by_cvr, find
from crm.db import Database, Session
from crm.errors import Conflict, NotFound, Refused
from crm.numbers import demo_cvr
from crm.responsibility import actions, balance
from crm.responsibility.beside import beside, beside_history, end_beside, one, put_beside
from tests.conftest import NOW, add_company, add_user
from tests.statements import counted

LATER = NOW + timedelta(days=30)


@pytest.fixture
def firm(db: Session) -> Company:
    """Anna's company with a place of work in Lynge; Bo and Carl are colleagues."""
    anna, _, _ = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo", "carl"))
    company = add_company(db, 1, "Stor Fabrik A/S", responsible=anna)
    db.add(
        ProductionUnit(company_id=company.id, p_number="1012345678", name="Lageret i Lynge", created_at=NOW)
    )
    db.flush()
    return company


def _who(db: Session, name: str) -> User:
    return by_email(db, f"{name}@kommune.test")


def test_a_colleague_beside_never_takes_the_responsibles_place(db: Session, firm: Company) -> None:
    put_beside(db, company=firm, user=_who(db, "bo"), topic="retention", by=_who(db, "anna"), now=NOW)
    assert [(each.topic, each.user.name) for each in beside(db, firm)] == [("retention", "Bo")]
    assert by_cvr(db, firm.cvr).responsible.name == "Anna"


def test_the_next_for_a_topic_follows_the_one_before(db: Session, firm: Company) -> None:
    anna = _who(db, "anna")
    put_beside(db, company=firm, user=_who(db, "bo"), topic="retention", by=anna, now=NOW)
    put_beside(db, company=firm, user=_who(db, "carl"), topic="retention", by=anna, now=LATER)
    newest, before = beside_history(db, firm)
    assert (newest.user.name, newest.valid_to) == ("Carl", None)
    assert (before.user.name, before.valid_to) == ("Bo", newest.valid_from)


def test_the_same_again_changes_nothing(db: Session, firm: Company) -> None:
    anna, bo = _who(db, "anna"), _who(db, "bo")
    first = put_beside(db, company=firm, user=bo, topic="young_people", by=anna, now=NOW)
    assert put_beside(db, company=firm, user=bo, topic="young_people", by=anna, now=LATER) is first


def test_a_place_of_work_and_a_topic_stand_side_by_side(db: Session, firm: Company) -> None:
    anna = _who(db, "anna")
    unit = db.query(ProductionUnit).one()
    put_beside(db, company=firm, user=_who(db, "carl"), topic="recruitment", by=anna, now=NOW)
    put_beside(db, company=firm, user=_who(db, "bo"), unit=unit, by=anna, now=NOW)
    assert [(each.unit.name if each.unit else each.topic) for each in beside(db, firm)] == [
        "Lageret i Lynge",
        "recruitment",
    ]


@pytest.mark.parametrize(
    "what", [{}, {"topic": "guld"}, {"topic": "retention", "unit": "own"}, {"unit": "other's"}]
)
def test_what_is_for_nothing_for_two_things_or_for_anothers_is_refused(
    db: Session, firm: Company, what: dict[str, object]
) -> None:
    other = add_company(db, 2, responsible=_who(db, "anna"))
    theirs = ProductionUnit(company_id=other.id, p_number="1012345679", name="Andres", created_at=NOW)
    db.add(theirs)
    db.flush()
    units = {"own": db.query(ProductionUnit).filter_by(company_id=firm.id).one(), "other's": theirs}
    asked = {key: units.get(str(value), value) for key, value in what.items()}
    with pytest.raises(Refused) as refusal:
        put_beside(db, company=firm, user=_who(db, "bo"), by=_who(db, "anna"), now=NOW, **asked)  # type: ignore[arg-type]
    assert refusal.value.field == "what"


def test_an_ended_one_is_no_longer_beside_and_ending_twice_is_ending(db: Session, firm: Company) -> None:
    found = put_beside(db, company=firm, user=_who(db, "bo"), topic="retention", by=_who(db, "anna"), now=NOW)
    end_beside(db, colleague=found, now=LATER)
    end_beside(db, colleague=found, now=LATER + timedelta(days=1))
    assert (list(beside(db, firm)), found.valid_to) == ([], LATER)


def test_anothers_colleague_is_not_found(db: Session, firm: Company) -> None:
    found = put_beside(db, company=firm, user=_who(db, "bo"), topic="retention", by=_who(db, "anna"), now=NOW)
    with pytest.raises(NotFound):
        one(db, add_company(db, 2, responsible=_who(db, "anna")), found.id)


def test_whoever_is_beside_a_company_cannot_be_closed(db: Session, firm: Company) -> None:
    bo = _who(db, "bo")
    put_beside(db, company=firm, user=bo, topic="retention", by=_who(db, "anna"), now=NOW)
    with pytest.raises(Conflict):
        access.close_user(db, user=bo, now=NOW)


BREAKS = {
    "two for one topic": "INSERT INTO company_colleague (company_id, user_id, topic, valid_from) "
    "SELECT company_id, user_id, topic, valid_from FROM company_colleague",
    "for nothing": "UPDATE company_colleague SET topic = NULL",
    "a topic that is none": "UPDATE company_colleague SET topic = 'guld'",
    "a place of another company": "INSERT INTO company_colleague (company_id, user_id, production_unit_id, "
    "valid_from) SELECT id, (SELECT min(id) FROM user_account), (SELECT id FROM production_unit), created_at "
    "FROM company WHERE cvr = '{other}'",
    "an end before the beginning": "UPDATE company_colleague SET valid_to = valid_from",
    "a closed colleague": "UPDATE user_account SET is_active = 0, closed_at = created_at WHERE name = 'Bo'",
}


@pytest.mark.parametrize("statement", BREAKS.values(), ids=BREAKS.keys())
def test_the_database_refuses(database: Database, statement: str) -> None:
    with database.write() as db:
        anna, bo = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo"))
        firm, other = (add_company(db, number, responsible=anna) for number in (1, 2))
        db.add(ProductionUnit(company_id=firm.id, p_number="1012345678", name="Lager", created_at=NOW))
        put_beside(db, company=firm, user=bo, topic="retention", by=anna, now=NOW)
        cvr = other.cvr
    with pytest.raises(DBAPIError), database.write() as db:
        db.execute(text(statement.replace("{other}", cvr)))


def test_companies_of_one_owner_are_shown_together(db: Session, firm: Company) -> None:
    second = add_company(db, 2, "Anden Fabrik A/S", responsible=_who(db, "bo"))
    group = groups.join(db, company=firm, name="Familien Holding", now=NOW)
    assert groups.join(db, company=second, name="  Familien Holding ", now=NOW).id == group.id
    assert [each.name for each in groups.members(db, group)] == ["Anden Fabrik A/S", "Stor Fabrik A/S"]
    groups.leave(db, company=second)
    assert groups.group_of(db, second) is None
    assert [each.name for each in groups.members(db, group)] == ["Stor Fabrik A/S"]


def test_a_group_needs_a_name(db: Session, firm: Company) -> None:
    with pytest.raises(Refused) as refusal:
        groups.join(db, company=firm, name=" ", now=NOW)
    assert refusal.value.field == "name"


def test_those_above_the_limit_give_to_those_with_most_room(db: Session) -> None:
    anna, bo, carl = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo", "carl"))
    for number in range(9):
        add_company(db, number, responsible=anna if number < 7 else bo)
    found = balance.balance(db, limit=4, quiet_since=NOW)
    assert [(shift.giver.id, shift.receiver.id, shift.number) for shift in found.shifts] == [
        (anna.id, carl.id, 3)
    ]
    assert (found.over(anna), found.over(bo), found.over(carl)) == (3, 0, 0)


def test_nobody_is_lifted_above_the_limit(db: Session) -> None:
    anna, bo = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo"))
    for number in range(9):
        add_company(db, number, responsible=anna if number < 6 else bo)
    found = balance.balance(db, limit=4, quiet_since=NOW)
    assert [(shift.giver.id, shift.number) for shift in found.shifts] == [(anna.id, 1)]


def test_the_quiet_ones_come_longest_first_and_the_ceased_not_at_all(db: Session) -> None:
    anna = add_user(db)
    old, never, fresh, ceased = (add_company(db, number, responsible=anna) for number in range(4))
    old.last_contact_at, fresh.last_contact_at = NOW - timedelta(days=400), NOW
    ceased.active, ceased.status = 0, "OPHØRT"
    db.flush()
    assert [each.id for each in balance.quiet(db, NOW - timedelta(days=182))] == [never.id, old.id]


def test_a_rule_is_tried_on_todays_companies_before_it_is_switched_on(db: Session) -> None:
    anna, bo = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo"))
    for number in range(5):
        add_company(db, number, responsible=anna, industry_code="471110" if number < 3 else "620100")
    rule = actions.add_rule(db, values={"industry_prefix": "47", "user_id": bo.id, "is_on": 0})
    found = balance.trial(db, only=rule)
    assert found.number == 3
    assert {move.to for move in found.first} == {"Bo"}
    assert found.by_user == {anna.id: (5, 2), bo.id: (0, 3)}
    assert {find(db, demo_cvr(number)).responsible.name for number in range(5)} == {"Anna"}  # type: ignore[union-attr]


def test_a_rule_that_is_off_gives_nobody_anything(db: Session) -> None:
    anna, bo = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo"))
    add_company(db, 0, responsible=bo)
    rule = actions.add_rule(db, values={"industry_prefix": "47", "user_id": bo.id, "is_on": 0})
    assert add_company(db, 1, industry_code="471110").responsible.id == anna.id
    actions.switch_rule(db, rule=rule, on=True)
    assert add_company(db, 2, industry_code="471110").responsible.id == bo.id


def test_a_team_rule_moves_nobody_who_is_in_the_team(db: Session) -> None:
    anna, bo = (add_user(db, f"{name}@kommune.test", team_id=1) for name in ("anna", "bo"))
    carl = add_user(db, "carl@kommune.test", team_id=2)
    for number in range(4):
        add_company(db, number, responsible=bo if number < 2 else carl, postal_code="3450")
    rule = actions.add_rule(db, values={"postal_from": "3450", "postal_to": "3450", "team_id": 1, "is_on": 0})
    found = balance.trial(db, only=rule)
    assert found.number == 2
    assert found.by_user[anna.id][1] + found.by_user[bo.id][1] == 4


def test_trying_a_rule_asks_as_often_for_few_companies_as_for_many(database: Database) -> None:
    with database.write() as db:
        anna, bo = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo"))
        actions.add_rule(db, values={"industry_prefix": "47", "user_id": bo.id})
        add_company(db, 0, responsible=anna, industry_code="471110")
    few = _asked(database)
    with database.write() as db:
        anna = by_email(db, "anna@kommune.test")
        for number in range(1, 60):
            add_company(db, number, responsible=anna, industry_code="471110")
    assert _asked(database) == few
    with database.read() as db:
        assert balance.trial(db).number == 60
        assert find(db, demo_cvr(0))


def _asked(database: Database) -> int:
    with counted(database) as seen, database.read() as db:
        balance.trial(db)
    return len(seen)
