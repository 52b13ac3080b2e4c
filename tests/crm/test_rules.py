"""Who a new company is given to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from crm.access import actions as access
from crm.access import queries as users
from crm.access.models import User
from crm.db import Database, Session
from crm.errors import Conflict, NotFound, Refused
from crm.numbers import demo_cvr
from crm.responsibility import actions, queries
from crm.responsibility.models import AssignmentRule, CompanyAssignment
from tests.conftest import NOW, add_company, add_user
from tests.crm.undone import undone

LEAST = "Fordelt til den med færrest virksomheder"


@pytest.fixture
def staff(db: Session) -> dict[str, User]:
    """Anna and Bo in one team, Carl in the other, and their manager Mona."""
    first, second = users.teams(db)
    return {
        "anna": add_user(db, "anna@kommune.test", team_id=first.id),
        "bo": add_user(db, "bo@kommune.test", team_id=first.id),
        "carl": add_user(db, "carl@kommune.test", team_id=second.id),
        "mona": add_user(db, "mona@kommune.test", "manager"),
    }


def _rule(db: Session, to: User | None = None, **values: object) -> AssignmentRule:
    return actions.add_rule(db, values={"user_id": to.id if to else None, "team_id": None, **values})


def _reason(db: Session, company_id: int) -> str:
    found = db.scalars(select(CompanyAssignment).where(CompanyAssignment.company_id == company_id)).one()
    return found.reason


def test_without_rules_the_least_loaded_consultant_gets_the_company(
    db: Session, staff: dict[str, User]
) -> None:
    given = [add_company(db, number) for number in range(7)]
    names = [company.responsible.name for company in given]
    assert names == ["Anna", "Bo", "Carl", "Anna", "Bo", "Carl", "Anna"]
    assert {_reason(db, company.id) for company in given} == {LEAST}
    assert queries.loads(db) == {staff["anna"].id: 3, staff["bo"].id: 2, staff["carl"].id: 2}
    assert (queries.load(db, staff["anna"]), queries.load(db, staff["anna"], most=2)) == (3, 2)
    assert queries.load(db, staff["mona"]) == 0


FITS: list[tuple[dict[str, object], dict[str, object], bool]] = [
    ({"industry_prefix": "41"}, {"industry_code": "410000"}, True),
    ({"industry_prefix": "41"}, {"industry_code": "432100"}, False),
    ({"industry_prefix": "41"}, {}, False),
    ({"postal_from": "3400", "postal_to": "3499"}, {"postal_code": "3400"}, True),
    ({"postal_from": "3400", "postal_to": "3499"}, {"postal_code": "3499"}, True),
    ({"postal_from": "3400", "postal_to": "3499"}, {"postal_code": "3500"}, False),
    ({"postal_to": "3499"}, {"postal_code": "0999"}, True),
    ({"postal_to": "3499"}, {}, False),
    ({"postal_from": "3400"}, {}, False),
    ({"employees_min": 10}, {"employees_from": 10}, True),
    ({"employees_min": 10}, {"employees_from": 9, "employees_to": 50}, False),
    ({"employees_max": 10}, {"employees_from": 10, "employees_to": 19}, True),
    ({"employees_max": 10}, {"employees_from": 11}, False),
    ({"employees_max": 10}, {}, False),
    ({"employees_min": 0, "employees_max": 0}, {"employees_from": 0}, True),
    ({"industry_prefix": "41", "postal_from": "3450"}, {"industry_code": "41", "postal_code": "3450"}, True),
    ({"industry_prefix": "41", "postal_from": "3450"}, {"industry_code": "41", "postal_code": "3400"}, False),
]


@pytest.mark.parametrize(("conditions", "values", "holds"), FITS)
def test_every_condition_that_is_filled_in_must_hold(
    conditions: dict[str, object], values: dict[str, object], holds: bool
) -> None:
    assert actions.fits(AssignmentRule(**conditions), values) == holds


def test_a_rule_gives_a_company_to_its_colleague_and_the_history_says_so(
    db: Session, staff: dict[str, User]
) -> None:
    _rule(db, staff["mona"], industry_prefix="41")
    for number, (code, name, reason) in enumerate(
        (("410000", "Mona", "Fordelt efter regel 1"), ("43", "Anna", LEAST))
    ):
        company = add_company(db, number, industry_code=code)
        assert (company.responsible.name, _reason(db, company.id)) == (name, reason)


def test_the_first_rule_that_fits_decides(db: Session, staff: dict[str, User]) -> None:
    broad = _rule(db, staff["anna"], industry_prefix="4")
    narrow = _rule(db, staff["bo"], industry_prefix="41")
    assert add_company(db, 0, industry_code="410000").responsible is staff["anna"]
    actions.move_rule(db, rule=narrow, up=True)
    assert queries.rules(db) == [narrow, broad]
    assert add_company(db, 1, industry_code="410000").responsible is staff["bo"]
    assert add_company(db, 2, industry_code="432100").responsible is staff["anna"]
    actions.move_rule(db, rule=narrow, up=True)
    actions.move_rule(db, rule=broad, up=False)
    assert queries.rules(db) == [narrow, broad]
    actions.move_rule(db, rule=narrow, up=False)
    assert queries.rules(db) == [broad, narrow]


def test_a_team_shares_by_who_has_fewest(db: Session, staff: dict[str, User]) -> None:
    _rule(db, team_id=staff["anna"].team_id, industry_prefix="41")
    add_company(db, 0, responsible=staff["anna"])
    given = [add_company(db, number, industry_code="410000").responsible for number in range(1, 5)]
    assert given == [staff["bo"], staff["anna"], staff["bo"], staff["anna"]]


def test_a_rule_for_a_closed_user_or_an_empty_team_is_passed_over(
    db: Session, staff: dict[str, User]
) -> None:
    _rule(db, staff["carl"], industry_prefix="41")
    _rule(db, team_id=staff["carl"].team_id, industry_prefix="41")
    _rule(db, staff["bo"], industry_prefix="41")
    access.close_user(db, user=staff["carl"], now=NOW)
    company = add_company(db, 0, industry_code="410000")
    assert company.responsible is staff["bo"]
    assert _reason(db, company.id) == "Fordelt efter regel 3"


def test_a_rule_that_is_switched_off_or_deleted_does_not_hold(db: Session, staff: dict[str, User]) -> None:
    first, second = (
        _rule(db, staff["bo"], industry_prefix="41"),
        _rule(db, staff["carl"], industry_prefix="41"),
    )
    actions.switch_rule(db, rule=first, on=False)
    company = add_company(db, 0, industry_code="410000")
    assert company.responsible is staff["carl"]
    assert _reason(db, company.id) == "Fordelt efter regel 2"
    actions.switch_rule(db, rule=first, on=True)
    assert add_company(db, 1, industry_code="410000").responsible is staff["bo"]
    key = first.id
    for rule in (first, second):
        actions.delete_rule(db, rule=rule)
    assert queries.rules(db) == []
    assert company.responsible is staff["carl"]
    with pytest.raises(NotFound):
        queries.rule(db, key)
    with pytest.raises(Conflict):
        actions.move_rule(db, rule=first, up=True)


IMPOSSIBLE: list[tuple[str, dict[str, object]]] = [
    ("industry_prefix", {}),
    ("industry_prefix", {"industry_prefix": ""}),
    ("industry_prefix", {"industry_prefix": "4a"}),
    ("industry_prefix", {"industry_prefix": "4100001"}),
    ("industry_prefix", {"industry_prefix": "٤١"}),
    ("postal_from", {"postal_from": "345"}),
    ("postal_to", {"postal_to": "34500"}),
    ("postal_to", {"postal_from": "3500", "postal_to": "3400"}),
    ("employees_max", {"employees_min": 10, "employees_max": 9}),
    ("user_id", {"industry_prefix": "41", "user_id": None}),
    ("user_id", {"industry_prefix": "41", "team_id": 1}),
]


def test_a_rule_that_cannot_be_is_refused_beside_its_field(db: Session, staff: dict[str, User]) -> None:
    for field, values in IMPOSSIBLE:
        with pytest.raises(Refused) as refusal:
            _rule(db, staff["anna"], **values)
        assert refusal.value.field == field, values
    assert queries.rules(db) == []


def test_without_anyone_to_give_it_to_a_company_is_refused(db: Session) -> None:
    with pytest.raises(Refused, match="ingen konsulent") as refusal:
        add_company(db)
    assert refusal.value.field == "responsible"


# --- Creating a company -----------------------------------------------------------------------------


def test_a_company_that_cannot_be_is_not_created(db: Session, staff: dict[str, User]) -> None:
    impossible: list[dict[str, object]] = [
        {"cvr": ""}, {"cvr": "12345675"}, {"cvr": None}, {"name": None}, {"name": " "}, {"phone": "ring"},
        {"employees_from": -1},
    ]  # fmt: skip
    for wrong in impossible:
        values = {"cvr": demo_cvr(0), "name": "Ny", **wrong}
        with pytest.raises(Refused) as refusal:
            actions.create_company(db, values=values, now=NOW, responsible=staff["anna"])
        assert refusal.value.field in wrong
    assert queries.loads(db) == {}


def test_a_company_is_created_once_however_its_number_is_written(db: Session, staff: dict[str, User]) -> None:
    number = demo_cvr(0)
    written = f"DK {number[:2]} {number[2:4]} {number[4:6]} {number[6:]}"
    company = actions.create_company(
        db, values={"cvr": written, "name": "Ny"}, now=NOW, responsible=staff["bo"], by=staff["mona"]
    )
    assert (company.cvr, company.responsible, company.version) == (number, staff["bo"], 1)
    first = queries.history(db, company)
    assert [(each.user.name, each.reason, each.by and each.by.name) for each in first] == [
        ("Bo", "Valgt ved oprettelsen", "Mona")
    ]
    with pytest.raises(Conflict, match="findes allerede"):
        add_company(db, 0, responsible=staff["anna"])


def test_a_closed_colleague_is_no_ones_way_in(db: Session, staff: dict[str, User]) -> None:
    access.close_user(db, user=staff["carl"], now=NOW)
    company = add_company(db, 0, responsible=staff["anna"])
    with pytest.raises(Refused, match="Carl er lukket"):
        add_company(db, 1, responsible=staff["carl"])
    with pytest.raises(Refused, match="Carl er lukket"):
        actions.hand_over(
            db, company=company, to=staff["carl"], reason="x", by=None, now=NOW + timedelta(days=1)
        )


def test_a_company_that_is_rolled_back_leaves_its_number_free(database: Database) -> None:
    with undone(database) as db:
        add_company(db, 0, responsible=add_user(db))
    with database.write() as db:
        add_company(db, 0, responsible=add_user(db))
