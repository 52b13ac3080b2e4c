"""A company, what a person corrects, the people there, and what is known about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from crm.access.models import User
from crm.companies import actions, queries
from crm.companies.models import Company, CompanyContact, CompanyProfile
from crm.db import LOST_RACE, Database, Session
from crm.errors import Conflict, NotFound, Refused
from tests.conftest import NOW, TODAY, add_company, add_user


@pytest.fixture
def anna(db: Session) -> User:
    return add_user(db)


@pytest.fixture
def company(db: Session, anna: User) -> Company:
    """From the register, which knows its name and its telephone."""
    return add_company(db, responsible=anna, source="register", phone="48 10 01 00", city="Allerød")


def test_what_no_company_can_have_is_refused_beside_its_field(db: Session, company: Company) -> None:
    impossible: list[tuple[str, object]] = [
        ("name", ""), ("name", None), ("name", "  "), ("email", "uden snabel-a"), ("phone", "ring bare"),
        ("phone", "112"), ("phone", "010137-4287"), ("employees_from", -1), ("employees_to", 1_000_001),
        ("employees_to", 2), ("cvr", "12345675"), ("source", "hand"), ("has_responsible", 0),
    ]  # fmt: skip
    before = {name: getattr(company, name) for name in actions.BY_HAND}
    for field, value in impossible:
        with pytest.raises(Refused) as refusal:
            actions.change(db, company=company, values={"employees_from": 3, field: value})
        assert refusal.value.field == field, value
        db.expire_all()
        assert {name: getattr(company, name) for name in actions.BY_HAND} == before


def test_a_correction_keeps_what_the_register_says_beside_it(db: Session, company: Company) -> None:
    actions.change(db, company=company, values={"phone": "20 11 45 67", "street": "Vej 1"})
    actions.change(db, company=company, values={"phone": "20 11 45 68"})
    assert company.kept_by_hand == {"phone": "48 10 01 00", "street": None}
    assert company.phone_e164 == "+4520114568"
    db.expire_all()
    assert company.kept_by_hand == {"phone": "48 10 01 00", "street": None}


def test_going_back_to_the_registers_word_forgets_the_correction(db: Session, company: Company) -> None:
    actions.change(db, company=company, values={"phone": "20 11 45 67", "city": None})
    actions.change(db, company=company, values={"phone": "48 10 01 00"})
    assert company.kept_by_hand == {"city": "Allerød"}
    assert company.phone_e164 == "+4548100100"


def test_a_company_entered_by_hand_has_no_register_to_keep(db: Session, anna: User) -> None:
    company = add_company(db, responsible=anna, phone="48 10 01 00")
    actions.change(db, company=company, values={"phone": "20 11 45 67"})
    assert company.kept_by_hand == {}


def test_a_new_name_is_sorted_and_only_a_change_makes_a_new_version(db: Session, company: Company) -> None:
    version = company.version
    actions.change(db, company=company, values={"name": company.name, "city": "Allerød", "email": None})
    assert company.version == version
    actions.change(db, company=company, values={"name": "Ærlig Ånd"})
    assert company.version == version + 1
    assert company.sort_key == "{rlig }nd"


def test_what_the_register_said_oddly_does_not_stop_a_correction_of_something_else(
    db: Session, company: Company
) -> None:
    company.phone, company.email = "spørg i kiosken", "ingen"
    values = {"phone": "spørg i kiosken", "email": "ingen", "city": "Lynge"}
    assert actions.change(db, company=company, values=values).city == "Lynge"
    contact = CompanyContact(company_id=company.id, created_at=NOW, name="Lone", phone="spørg i kiosken")
    db.add(contact)
    same = actions.change_contact(
        db, contact=contact, values={"name": "Lone", "phone": "spørg i kiosken", "title": "Leder"}
    )
    assert same.title == "Leder"


def _again(db: Session, company: Company) -> Company:
    """As it was read before, now in this session."""
    db.add(company)
    return company


def test_two_who_correct_at_once_do_not_overwrite_each_other(database: Database) -> None:
    with database.write() as db:
        cvr = add_company(db, responsible=add_user(db)).cvr
    with database.read() as seen:
        mine = queries.by_cvr(seen, cvr)
    with database.write() as db:
        actions.change(db, company=queries.by_cvr(db, cvr), values={"name": "Den ene"})
    with pytest.raises(LOST_RACE), database.write() as db:
        actions.change(db, company=_again(db, mine), values={"name": "Den anden"})
    with database.read() as db:
        assert queries.by_cvr(db, cvr).name == "Den ene"


def test_a_company_is_found_by_its_number_with_its_responsible(db: Session, company: Company) -> None:
    db.expunge_all()
    assert queries.by_cvr(db, company.cvr).responsible.name == "Anna"
    for unknown in ("99999999", "", "1234567", "123456789", company.cvr + " "):
        with pytest.raises(NotFound):
            queries.by_cvr(db, unknown)
        assert queries.find(db, unknown) is None


@pytest.mark.parametrize(
    ("least", "most", "spoken"),
    [
        (None, None, None), (0, 0, "0 ansatte"), (1, 1, "1 ansat"), (82, 82, "82 ansatte"),
        (50, 99, "50-99 ansatte"), (1000, None, "1000 ansatte eller flere"),
    ],
)  # fmt: skip
def test_employees_are_told_as_people_say_it(least: int | None, most: int | None, spoken: str | None) -> None:
    assert Company(employees_from=least, employees_to=most).employees == spoken


def test_an_address_leaves_out_what_is_not_known() -> None:
    assert Company(street="Vej 1", city_part="Blovstrød", postal_code="3450", city="Allerød").address == (
        "Vej 1, Blovstrød, 3450 Allerød"
    )
    assert Company(postal_code="3450").address == "3450"
    assert Company().address == ""


# --- People ---------------------------------------------------------------------------------------


def test_a_person_that_cannot_be_is_refused_beside_the_field(db: Session, company: Company) -> None:
    impossible: list[tuple[str, dict[str, str | None]]] = [
        ("name", {"title": "Leder"}), ("name", {"name": " "}), ("phone", {"name": "Lone", "phone": "ukendt"}),
        ("mobile", {"name": "Lone", "mobile": "1234"}), ("email", {"name": "Lone", "email": "lone"}),
        ("ended_on", {"name": "Lone", "ended_on": None}), ("company_id", {"name": "Lone", "company_id": "2"}),
        ("mobile", {"name": "Lone", "mobile": "20 11 45 67 / 010137-4287"}),
    ]  # fmt: skip
    for field, values in impossible:
        with pytest.raises(Refused) as refusal:
            actions.add_contact(db, company=company, values=values, now=NOW)
        assert refusal.value.field == field, values
    assert queries.contacts(db, company) == []


def test_a_person_is_added_corrected_ended_and_comes_back(db: Session, company: Company) -> None:
    lone = actions.add_contact(
        db, company=company, values={"name": "Lone Krogh", "mobile": "20114567"}, now=NOW
    )
    ida = actions.add_contact(db, company=company, values={"name": "Ida", "title": "Direktør"}, now=NOW)
    assert (lone.mobile_e164, ida.label, lone.label) == ("+4520114567", "Ida, Direktør", "Lone Krogh")
    actions.change_contact(db, contact=lone, values={"mobile": None, "phone": "48 10 01 00"})
    assert (lone.mobile_e164, lone.phone_e164) == (None, "+4548100100")
    actions.end_contact(db, contact=ida, on=TODAY)
    assert [person.name for person in queries.contacts(db, company)] == ["Lone Krogh", "Ida"]
    actions.return_contact(db, contact=ida)
    assert [person.name for person in queries.contacts(db, company)] == ["Ida", "Lone Krogh"]
    assert queries.contacts_by_phone(db, "+4548100100") == [lone]


def test_a_person_of_another_company_does_not_exist_here(db: Session, anna: User, company: Company) -> None:
    other = add_company(db, 1, responsible=anna)
    lone = actions.add_contact(db, company=company, values={"name": "Lone"}, now=NOW)
    assert queries.contact(db, company, lone.id) is lone
    with pytest.raises(NotFound):
        queries.contact(db, other, lone.id)
    with pytest.raises(NotFound):
        queries.contact(db, company, lone.id + 1)


# --- What is known ----------------------------------------------------------------------------------


def test_what_is_known_is_written_in_versions_and_nothing_is_lost(
    db: Session, company: Company, anna: User
) -> None:
    assert queries.profile(db, company) is None
    first = actions.save_profile(
        db, company=company, values={"needs": "Faglærte", "practical_frames": "Skiftehold"}, based_on=0,
        by=anna, now=NOW,
    )  # fmt: skip
    again = actions.save_profile(
        db, company=company, values={"needs": " Faglærte ", "practical_frames": "Skiftehold"}, based_on=1,
        by=anna, now=NOW,
    )  # fmt: skip
    assert again is first
    actions.save_profile(
        db, company=company, values={"needs": "Elever"}, based_on=1, by=anna, now=NOW + timedelta(days=1)
    )
    newest = queries.profile(db, company)
    assert newest is not None
    assert (newest.version, newest.needs, newest.practical_frames, newest.by.name) == (
        2,
        "Elever",
        None,
        "Anna",
    )
    assert [each.needs for each in queries.profile_history(db, company)] == ["Elever", "Faglærte"]


def test_whoever_read_an_older_version_is_told(db: Session, company: Company, anna: User) -> None:
    for based_on, needs in ((0, "En"), (1, "To")):
        actions.save_profile(
            db, company=company, values={"needs": needs}, based_on=based_on, by=anna, now=NOW
        )
    for based_on in (0, 1, 3):
        with pytest.raises(Conflict, match="imens"):
            actions.save_profile(
                db, company=company, values={"needs": "Tre"}, based_on=based_on, by=anna, now=NOW
            )
    assert len(db.scalars(select(CompanyProfile)).all()) == 2
