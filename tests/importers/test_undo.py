"""An import can be taken back whole, and all is as it was before; or it is refused and nothing changes."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm.access import actions as access
from crm.access.queries import by_email
from crm.agreements import actions as agreements
from crm.agreements.models import Agreement, AgreementStep
from crm.audit import broken_links
from crm.batches import ImportBatch
from crm.companies import actions as companies
from crm.companies.models import Company, CompanyContact, CompanyProfile, ProductionUnit
from crm.errors import Conflict, NotFound
from crm.interactions import actions as interactions
from crm.interactions.models import Interaction
from crm.numbers import demo_cvr
from crm.responsibility import actions as responsibility
from importers.undo import undo
from tests.conftest import NOW, TODAY
from tests.importers import register_documents as register
from tests.importers.conftest import House
from tests.importers.test_register_import import enindgang
from tests.importers.workbooks import text

CVR, OTHER = demo_cvr(0), demo_cvr(1)
# A version counts up for good, so that nobody's open form is taken for fresh.
COUNTED = frozenset({"version"})
LATER = "2025-01-01T00:00:00Z"
LATER_THAT_DAY = timedelta(hours=3)


def the(db: Any, model: Any) -> Any:
    return db.scalars(select(model)).one()


def test_companies_and_places_go_again(house: House) -> None:
    house.take_documents(register.company(5))
    before = house.picture()
    receipt = house.take_documents(
        *(register.company(n) for n in range(4)), register.unit(0), register.unit(5)
    )
    house.take_back(receipt)
    assert house.picture() == before
    assert house.count(Company, ProductionUnit) == (1, 0)
    assert house.found_by(CVR) == []


def test_changed_companies_and_places_are_as_they_were(house: House) -> None:
    house.take_documents(*(register.company(n) for n in range(3)), register.unit(0), register.unit(1))
    before = house.picture(without=COUNTED)
    later = [register.company(0, name="Nyt navn", telefonNummer=[], sidstOpdateret=LATER),
             register.company(1, status="TVANGSOPLØST", sidstOpdateret=LATER,
                              livsforloeb=[register.period("2014-03-01", "2024-12-31")]),
             register.company(2, sidstOpdateret=LATER),
             register.unit(0, of=2, name="Flyttet", sidstOpdateret=LATER)]  # fmt: skip
    receipt = house.take_documents(*later)
    assert (receipt.changed, receipt.unchanged) == (3, 1)
    assert house.picture(without=COUNTED) != before
    house.take_back(receipt)
    assert house.picture(without=COUNTED) == before
    assert (house.found_by("nyt navn"), house.found_by("flyttet")) == ([], [])
    # It can be told again.
    assert house.take_documents(*later).changed == 3


def test_what_changed_twice_in_one_file_goes_back_to_the_first(house: House) -> None:
    house.take_documents(register.company(0))
    before = house.picture(without=COUNTED)
    receipt = house.take_documents(
        *(
            register.company(n % 2, name=f"Navn {n}", sidstOpdateret=f"2025-01-0{n + 1}T00:00:00Z")
            for n in range(6)
        )
    )
    assert (receipt.created, receipt.changed) == (1, 5)
    house.take_back(receipt)
    assert house.picture(without=COUNTED) == before


def test_lists_go_again_one_after_another(house: House) -> None:
    house.take_documents(register.company(0), register.company(1))
    pictures = [house.picture(without=COUNTED)]
    receipts = [
        house.take("companies", text(["CVR", "Navn", "Tlf."], [CVR, "A", ""],
                                     [demo_cvr(2), "B", "20123456"])),
        house.take("contacts", text(["CVR", "Navn", "Mail"], [CVR, "Åse", "aase@x.test"], [OTHER, "Bo", ""])),
        house.take("contacts", text(["CVR", "Navn", "Mail"], [CVR, "Åse Bær", "aase@x.test"],
                                    [OTHER, "Eva", ""])),
        house.take("agreements", text(["CVR", "Program", "Underskrevet", "Gælder til", "Status"],
                                      [CVR, "code_of_care", "01-03-2026", "", "gældende"],
                                      [OTHER, "code_of_care", "", "", "tilbudt"])),
        house.take("agreements", text(["CVR", "Program", "Titel", "Underskrevet"],
                                      [CVR, "code_of_care", "Nyt", "01-03-2026"])),
        house.take("interactions", text(["CVR", "Dato", "Type", "Tekst"],
                                        [CVR, "20-11-2026", "opkald", "Hej"],
                                        [CVR, "10-11-2026", "møde", "Hej"],
                                        [OTHER, "10-11-2026", "notat", "Hej"])),
    ]  # fmt: skip
    assert all(receipt.refused == 0 for receipt in receipts)
    assert house.count(CompanyContact, Agreement, AgreementStep, Interaction) == (3, 2, 5, 3)
    for receipt in reversed(receipts):
        house.take_back(receipt)
    assert house.picture(without=COUNTED) == pictures[0]
    assert house.company(0).last_contact_at is None
    with house.database.read() as db:
        assert list(broken_links(db)) == []


def test_the_last_contact_is_that_of_what_is_left(house: House) -> None:
    house.take_documents(register.company(0))
    header = ["CVR", "Dato", "Klokkeslæt", "Type", "Tekst"]
    house.take("interactions", text(header, [CVR, "01-11-2026", "9.00", "opkald", "Først"]))
    before = house.company(0).last_contact_at
    house.take_back(house.take("interactions", text(header, [CVR, "02-11-2026", "9.00", "opkald", "Så"])))
    assert house.company(0).last_contact_at == before is not None


def test_companies_are_handed_back_and_the_history_keeps_both(house: House) -> None:
    house.take_documents(register.company(0))
    mine = house.responsible(0)
    theirs = {"anna@kommune.test": "bo@kommune.test"}.get(mine, "anna@kommune.test")
    receipt = house.take("companies", text(["CVR", "Navn", "Ansvarlig"], [CVR, "A", theirs]))
    assert house.responsible(0) == theirs
    house.take_back(receipt)
    assert house.responsible(0) == mine


BUILT: dict[str, tuple[str, Any]] = {
    "a call": ("register", lambda db, by: interactions.log(
        db, company=the(db, Company), by=by, now=NOW, kind="call", direction="in", summary="Hej")),
    "a promise": ("register", lambda db, by: interactions.promise(
        db, company=the(db, Company), owner=by, due=TODAY, text="Ring", now=NOW)),
    "a profile": ("register", lambda db, by: companies.save_profile(
        db, company=the(db, Company), values={"needs": "Folk"}, based_on=0, by=by, now=NOW)),
    "a person": ("register", lambda db, by: companies.add_contact(
        db, company=the(db, Company), values={"name": "Åse"}, now=NOW)),
    "a correction": ("register", lambda db, by: companies.change(
        db, company=the(db, Company), values={"city": "Lynge"})),
    "a handover": ("register", lambda db, by: responsibility.hand_over(
        db, company=the(db, Company), to=by_email(db, "bo@kommune.test"), reason="Barsel", by=by,
        now=NOW + timedelta(days=1))),
    "a call with the person": ("contacts", lambda db, by: interactions.log(
        db, company=the(db, Company), by=by, now=NOW, kind="call", direction="in", summary="Hej",
        contact=the(db, CompanyContact))),
    "a person corrected": ("contacts", lambda db, by: companies.change_contact(
        db, contact=the(db, CompanyContact), values={"title": "Chef"})),
    "a person who left": ("contacts", lambda db, by: companies.end_contact(
        db, contact=the(db, CompanyContact), on=TODAY)),
    "a step of the agreement": ("agreements", lambda db, by: agreements.step(
        db, agreement=the(db, Agreement), to="in_force", on=TODAY, by=by, now=NOW, today=TODAY)),
    "an agreement corrected": ("agreements", lambda db, by: agreements.change(
        db, agreement=the(db, Agreement), values={"title": "Andet"}, today=TODAY)),
    "a promise out of the call": ("interactions", lambda db, by: interactions.promise(
        db, company=the(db, Company), owner=by, due=TODAY, text="Ring", now=NOW,
        interaction=the(db, Interaction))),
}  # fmt: skip


@pytest.mark.parametrize(("imported", "build"), BUILT.values(), ids=BUILT.keys())
def test_what_has_been_built_upon_stays(house: House, imported: str, build: Any) -> None:
    receipt = house.take_documents(register.company(0), register.unit(0))
    lists = {
        "contacts": text(["CVR", "Navn"], [CVR, "Åse"]),
        "agreements": text(["CVR", "Program", "Underskrevet"], [CVR, "code_of_care", "01-03-2026"]),
        "interactions": text(["CVR", "Dato", "Type", "Tekst"], [CVR, "20-11-2026", "opkald", "Hej"]),
    }
    if imported in lists:
        receipt = house.take(imported, lists[imported])
    with house.database.write() as db:
        build(db, by_email(db, "anna@kommune.test"))
    before = house.picture()
    with pytest.raises(Conflict, match="arbejdet videre med: Bækmogårdens Køkken"):
        house.take_back(receipt)
    assert house.picture() == before
    with house.database.read() as db:
        assert db.get_one(ImportBatch, receipt.batch).undone_at is None


def test_somebody_who_came_later_is_not_taken_for_who_was_imported(house: House) -> None:
    house.take_documents(register.company(0))
    receipt = house.take("contacts", text(["CVR", "Navn"], [CVR, "Åse"]))
    with house.database.write() as db:
        db.delete(the(db, CompanyContact))
    with house.database.write() as db:
        companies.add_contact(
            db, company=the(db, Company), values={"name": "Bo"}, now=house.now + LATER_THAT_DAY
        )
    # SQLite gives the newcomer the same key; PostgreSQL does not.
    with suppress(Conflict):
        house.take_back(receipt)
    with house.database.read() as db:
        assert the(db, CompanyContact).name == "Bo"


def test_a_later_import_is_taken_back_first(house: House) -> None:
    first = house.take_documents(register.company(0))
    second = house.take_documents(register.company(0, name="Nyt", sidstOpdateret=LATER))
    with pytest.raises(Conflict, match=rf"Import nr\. {second.batch} .* Fortryd den først"):
        house.take_back(first)
    house.take_back(second)
    house.take_back(first)
    assert house.count(Company) == (0,)


def test_a_correction_after_the_import_is_not_thrown_away(house: House) -> None:
    house.take_documents(register.company(0))
    receipt = house.take_documents(register.company(0, name="Nyt", sidstOpdateret=LATER))
    with house.database.write() as db:
        companies.change(db, company=the(db, Company), values={"name": "Vores"})
    with pytest.raises(Conflict, match="Vores er ændret siden"):
        house.take_back(receipt)
    assert house.company(0).name == "Vores"


def test_a_correction_of_something_else_is_kept(house: House) -> None:
    house.take_documents(register.company(0))
    receipt = house.take_documents(register.company(0, name="Nyt", sidstOpdateret=LATER))
    with house.database.write() as db:
        profile = CompanyProfile(company_id=1, version=1, needs="Folk", by_id=1, at=NOW)
        db.add(profile)
    house.take_back(receipt)
    assert house.company(0).name == register.name_of(0)
    assert house.count(CompanyProfile) == (1,)


def test_who_has_left_cannot_get_a_company_back(house: House) -> None:
    house.take("companies", text(["CVR", "Navn", "Ansvarlig"], [CVR, "A", "bo@kommune.test"]))
    receipt = house.take("companies", text(["CVR", "Navn", "Ansvarlig"], [CVR, "A", "anna@kommune.test"]))
    with house.database.write() as db:
        access.close_user(db, user=by_email(db, "bo@kommune.test"), now=NOW)
    before = house.picture()
    with pytest.raises(Exception, match="Bo Dahl er lukket"):
        house.take_back(receipt)
    assert house.picture() == before


def test_an_import_is_taken_back_once(house: House) -> None:
    receipt = house.take_documents(register.company(0))
    house.take_back(receipt)
    with pytest.raises(Conflict, match="allerede fortrudt"):
        house.take_back(receipt)
    with pytest.raises(NotFound), house.database.write() as db:
        undo(db, batch_id=999, now=NOW)


def test_after_taking_back_the_same_file_goes_in_again(house: House) -> None:
    receipt = house.take_documents(register.company(0), register.unit(0))
    house.take_back(receipt)
    again = house.take_documents(register.company(0), register.unit(0))
    assert again.created == 2
    house.take_back(again)
    assert house.count(Company, ProductionUnit) == (0, 0)


def test_from_the_command_line(house: House) -> None:
    receipt = house.take_documents(register.company(0))
    assert enindgang(house, "import", "undo", str(receipt.batch), "--json") == (
        0, {"batch": receipt.batch, "undone": True}, "",
    )  # fmt: skip
    code, _, said = enindgang(house, "import", "undo", str(receipt.batch), "--json")
    assert (code, said.strip()) == (1, "Importen er allerede fortrudt.")
