"""Lists kept by hand go in by the same rules as the pages; the same list again changes nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm.access import actions as access
from crm.access.models import User
from crm.access.queries import by_email
from crm.agreements import actions as agreements
from crm.agreements.models import Agreement, AgreementStep
from crm.companies import actions as companies
from crm.companies.models import Company, CompanyContact
from crm.db import Base
from crm.errors import Refused
from crm.interactions.models import Interaction
from crm.numbers import demo_cvr
from crm.responsibility.models import CompanyAssignment
from tests.conftest import NOW, TODAY
from tests.importers import register_documents as register
from tests.importers.conftest import House
from tests.importers.test_register_import import enindgang, figures
from tests.importers.workbooks import text, xlsx

FILES = Path(__file__).parent / "files"
CVR, OTHER = demo_cvr(0), demo_cvr(1)
CPR = "070761-4285"


def stored(house: House, model: type[Base]) -> list[Any]:
    """Every row, detached."""
    with house.database.read() as db:
        rows = list(db.scalars(select(model)))
        db.expunge_all()
        return rows


@pytest.fixture
def two(house: House) -> House:
    """Two companies out of the register."""
    house.take_documents(register.company(0), register.company(1))
    return house


# --- Companies --------------------------------------------------------------------------------------


def test_a_list_of_companies(house: House) -> None:
    rows = [["CVR", "Navn", "Postnr.", "By", "Tlf.", "Ansatte", "Reklamebeskyttet", "Ansvarlig"],
            [12345674, "Bækmølle ApS", 3450, "Allerød", 48100100, "10-19", "ja", "bo@kommune.test"],
            [12345607, "Åens Værft", None, "3540 Lynge", None, None, None, "Anna Bech"]]  # fmt: skip
    receipt = house.take("companies", xlsx(*rows))
    assert figures(receipt) == (2, 2, 0, 0, 0)
    first, second = stored(house, Company)
    assert (first.name, first.postal_line, first.phone_e164) == (
        "Bækmølle ApS",
        "3450 Allerød",
        "+4548100100",
    )
    assert (first.employees_from, first.employees_to, first.source) == (10, 19, "hand")
    assert second.postal_line == "3540 Lynge"
    assert (first.advertising_protected, second.advertising_protected) == (1, 0)
    assert [row.reason for row in stored(house, CompanyAssignment)] == ["Fra en importeret liste"] * 2
    before = house.picture()
    assert figures(house.take("companies", xlsx(*rows))) == (2, 0, 0, 2, 0)
    assert house.picture() == before


def test_a_list_fills_in_what_the_register_does_not_know_and_it_stays(house: House) -> None:
    house.take_documents(register.company(0, telefonNummer=[]))
    receipt = house.take(
        "companies", text(["CVR", "Navn", "Tlf.", "Mail"], [CVR, "Andet navn", "20123456", "a@b.test"])
    )
    assert figures(receipt) == (1, 0, 1, 0, 0)
    found = house.company(0)
    assert (found.name, found.phone_e164, found.email) == (
        register.name_of(0), "+4520123456", "post@virksomhed-0.test",
    )  # fmt: skip
    house.take_documents(register.company(0, telefonNummer=[], sidstOpdateret="2025-01-01T00:00:00Z", navne=[
        {"navn": "Nyt navn", **register.period()}]))  # fmt: skip
    assert (house.company(0).name, house.company(0).phone) == ("Nyt navn", "20123456")


def test_a_list_corrects_a_company_that_came_by_a_list(house: House) -> None:
    house.take("companies", text(["CVR", "Navn", "Tlf."], [CVR, "Gammelt", "20123456"]))
    assert figures(house.take("companies", text(["CVR", "Navn", "Tlf."], [CVR, "Nyt", ""]))) == (
        1,
        0,
        1,
        0,
        0,
    )
    assert (house.company(0).name, house.company(0).phone) == ("Nyt", "20123456")
    assert house.found_by("nyt") == [CVR]


def test_a_list_hands_companies_over(two: House) -> None:
    two.take("companies", text(["CVR", "Navn", "Ansvarlig"], [CVR, "A", "bo@kommune.test"]))
    receipt = two.take(
        "companies", text(["CVR", "Navn", "Ansvarlig"], [CVR, "A", "ANNA@kommune.test"], [OTHER, "B", ""])
    )
    assert figures(receipt) == (2, 0, 1, 1, 0)
    assert two.responsible(0) == "anna@kommune.test"
    assert figures(two.take("companies", text(["CVR", "Navn", "Ansvarlig"], [CVR, "A", "Anna Bech"]))) == (
        1,
        0,
        0,
        1,
        0,
    )


def test_the_same_company_twice_with_two_consultants_ends_with_the_last(two: House) -> None:
    rows = [[CVR, "A", "bo@kommune.test"], [CVR, "A", "anna@kommune.test"], [CVR, "A", "bo@kommune.test"]]
    two.take("companies", text(["CVR", "Navn", "Ansvarlig"], *rows))
    assert two.responsible(0) == "bo@kommune.test"


WRONG_COMPANIES = [
    (["12345678", "A", "", "", ""], "»CVR-nr.«: Det er ikke et gyldigt CVR-nummer. Er der en tastefejl?"),
    (["", "A", "", "", ""], "»CVR-nr.«: Cellen er tom."),
    ([CVR, "", "", "", ""], "»Navn«: Cellen er tom."),
    ([CVR, "A", "ukendt", "", ""], "»Telefon«: Det ligner ikke et telefonnummer."),
    ([CVR, "A", "", "ingen", ""], "»E-mail«: Skriv en e-mailadresse, for eksempel navn@firma.dk."),
    ([CVR, "x" * 301, "", "", ""], "Navn: Teksten er for lang. Der er plads til 300 tegn."),
    (
        [CVR, "A", "", "", "ingen@kommune.test"],
        "Ansvarlig: Der er ingen aktiv bruger, der hedder ingen@kommune.test.",
    ),
]


@pytest.mark.parametrize(("row", "reason"), WRONG_COMPANIES)
def test_a_wrong_company_stays_out_alone(house: House, row: list[str], reason: str) -> None:
    header = ["CVR-nr.", "Navn", "Telefon", "E-mail", "Ansvarlig"]
    receipt = house.take("companies", text(header, ["12345674", "God", "", "", ""], row))
    assert (figures(receipt), receipt.rows) == ((2, 1, 0, 0, 1), [(3, reason)])
    assert [company.name for company in stored(house, Company)] == ["God"]


def test_a_closed_colleague_gets_no_company(house: House) -> None:
    with house.database.write() as db:
        access.close_user(db, user=by_email(db, "bo@kommune.test"), now=NOW)
    receipt = house.take("companies", text(["CVR", "Navn", "Ansvarlig"], [CVR, "A", "bo@kommune.test"]))
    assert receipt.refused == 1


def test_a_number_of_a_person_is_refused_and_never_repeated(house: House) -> None:
    rows = [[CVR, f"Firma {CPR}", ""], [OTHER, "B", f"Vej 1, {CPR}"], [demo_cvr(2), 707614285.0, ""]]
    receipt = house.take("companies", xlsx(["CVR", "Navn", "Adresse"], *rows))
    assert [line for line, _ in receipt.rows] == [2, 3, 4]
    assert [reason.split(":")[0] for _, reason in receipt.rows] == ["Navn", "Adresse", "Navn"]
    assert "070761" not in repr(receipt)
    assert house.count(Company) == (0,)


# --- People at companies ----------------------------------------------------------------------------


def test_a_list_of_people(two: House) -> None:
    code, receipt, _ = enindgang(two, "import", "contacts", FILES / "kontakter.csv", "--json")
    assert (code, receipt["created"]) == (0, 3)
    people = stored(two, CompanyContact)
    assert [(each.name, each.title, each.phone_e164, each.email) for each in people] == [
        ("Søren Ærø", "Direktør", "+4548100101", "soeren@virksomhed-0.test"),
        ("Åse Blåbær", "HR-chef", None, "aase@virksomhed-0.test"),
        ("Jens Østergård", None, "+4520123456", None),
    ]
    assert two.found_by("jens ostergard") == [OTHER]
    before = two.picture()
    code, again, _ = enindgang(two, "import", "contacts", FILES / "kontakter.csv", "--json")
    assert (code, again["unchanged"]) == (0, 3)
    assert two.picture() == before


PEOPLE = ["CVR", "Navn", "Stilling", "Tlf.", "Mail"]


def test_a_person_is_known_by_the_address_even_under_another_name(two: House) -> None:
    two.take("contacts", text(PEOPLE, [CVR, "Åse Bær", "", "", "aase@x.test"]))
    receipt = two.take("contacts", text(PEOPLE, [CVR, "Åse Bær-Holm", "Chef", "", "AASE@x.test"]))
    assert figures(receipt) == (1, 0, 1, 0, 0)
    (person,) = stored(two, CompanyContact)
    assert (person.name, person.title) == ("Åse Bær-Holm", "Chef")
    assert two.found_by("ase baer holm") == [CVR]


def test_a_person_is_known_by_name_and_two_addresses_are_two_people(two: House) -> None:
    two.take("contacts", text(PEOPLE, [CVR, "Jens Hansen", "", "20123456", ""]))
    assert figures(two.take("contacts", text(PEOPLE, [CVR, "jens hansen", "", "", "jens@x.test"]))) == (
        1,
        0,
        1,
        0,
        0,
    )
    assert figures(two.take("contacts", text(PEOPLE, [CVR, "Jens Hansen", "", "", "jh@x.test"]))) == (
        1,
        1,
        0,
        0,
        0,
    )
    receipt = two.take("contacts", text(PEOPLE, [CVR, "Jens Hansen", "Chef", "", ""]))
    assert receipt.rows == [(2, "»Navn«: Der er flere hos virksomheden, det kan være.")]


def test_a_number_many_share_does_not_make_two_people_one(two: House) -> None:
    rows = [[CVR, "Åse", "", "48100100", ""], [CVR, "Bo", "", "48100100", ""],
            [CVR, "", "Chef", "48100100", ""],
            [OTHER, "Åse", "", "48100100", ""], [OTHER, "", "Chef", "48 10 01 00", ""]]  # fmt: skip
    receipt = two.take("contacts", text(PEOPLE, *rows))
    assert figures(receipt) == (5, 3, 1, 0, 1)
    assert receipt.rows == [(4, "»Navn«: Der er flere hos virksomheden, det kan være.")]


def test_who_has_left_is_not_brought_back_by_an_old_list(two: House) -> None:
    content = text(PEOPLE, [CVR, "Åse", "Chef", "", "aase@x.test"])
    two.take("contacts", content)
    with two.database.write() as db:
        companies.end_contact(db, contact=db.scalars(select(CompanyContact)).one(), on=TODAY)
    assert figures(two.take("contacts", text(PEOPLE, [CVR, "Åse", "Direktør", "", "aase@x.test"]))) == (
        1,
        0,
        0,
        1,
        0,
    )
    (person,) = stored(two, CompanyContact)
    assert (person.ended_on, person.title) == (TODAY, "Chef")


WRONG_PEOPLE = [
    (
        [demo_cvr(9), "A", "", "", ""],
        f"»CVR«: Virksomheden med CVR {demo_cvr(9)} er ikke i systemet. Importér den først.",
    ),
    ([CVR, "", "", "", "a@b.test"], "»Navn«: Skriv personens navn."),
    ([CVR, "A", "", "ring", ""], "»Tlf.«: Det ligner ikke et telefonnummer."),
    ([CVR, "A", "", "", "ingen"], "»Mail«: Skriv en e-mailadresse, for eksempel navn@firma.dk."),
    ([CVR, "A", "t" * 101, "", ""], "»Stilling«: Teksten er for lang. Der er plads til 100 tegn."),
]


@pytest.mark.parametrize(("row", "reason"), WRONG_PEOPLE)
def test_a_wrong_person_stays_out_alone(two: House, row: list[str], reason: str) -> None:
    receipt = two.take("contacts", text(PEOPLE, row, [OTHER, "God", "", "", ""]))
    assert (figures(receipt), receipt.rows) == ((2, 1, 0, 0, 1), [(2, reason)])
    assert [person.name for person in stored(two, CompanyContact)] == ["God"]


# --- Agreements -------------------------------------------------------------------------------------

AGREEMENTS = ["CVR", "Program", "Titel", "Underskrevet", "Gælder fra", "Gælder til", "Status", "Konsulent"]


def test_a_list_of_agreements(two: House) -> None:
    rows = [
        [CVR, "Code of Care", "To unge i køkkenet", date(2026, 3, 1), date(2026, 4, 1), date(2027, 4, 1),
         "gældende", "Bo Dahl"],
        [CVR, "sick_leave_prevention", None, "1. juni 2026", None, None, None, None],
        [OTHER, "klar til start", "Forløb", None, None, None, "I dialog", None],
        [OTHER, "Fritidsjob til unge", "Sommer", "01-05-2025", "01-06-2025", "31-08-2025", "afsluttet", None],
    ]  # fmt: skip
    receipt = two.take("agreements", xlsx(AGREEMENTS, *rows))
    assert receipt.rows == []
    assert figures(receipt) == (4, 4, 0, 0, 0)
    assert [(each.title, each.state, each.signed_on, each.valid_from, each.valid_to, each.ended_on)
            for each in stored(two, Agreement)] == [
        ("To unge i køkkenet", "in_force", date(2026, 3, 1), date(2026, 4, 1), date(2027, 4, 1), None),
        ("Sygefraværsforebyggende partnerskab", "signed", date(2026, 6, 1), date(2026, 6, 1), None, None),
        ("Forløb", "in_dialogue", None, None, None, None),
        ("Sommer", "ended", date(2025, 5, 1), date(2025, 6, 1), date(2025, 8, 31), date(2025, 8, 31)),
    ]  # fmt: skip
    with two.database.read() as db:
        steps = db.execute(
            select(AgreementStep.agreement_id, User.name).join(User, User.id == AgreementStep.by_id)
        )
        assert {name for agreement, name in steps if agreement == 1} == {"Bo Dahl"}
    before = two.picture()
    assert figures(two.take("agreements", xlsx(AGREEMENTS, *rows))) == (4, 0, 0, 4, 0)
    assert two.picture() == before


def test_a_known_agreement_gets_a_new_title_and_last_day(two: House) -> None:
    two.take("agreements", text(AGREEMENTS, [CVR, "code_of_care", "To unge", "01-03-2026", "", "", "", ""]))
    receipt = two.take(
        "agreements",
        text(AGREEMENTS, [CVR, "code_of_care", "Tre unge", "01-03-2026", "", "01-03-2028", "", ""]),
    )
    assert figures(receipt) == (1, 0, 1, 0, 0)
    (agreement,) = stored(two, Agreement)
    assert (agreement.title, agreement.valid_to) == ("Tre unge", date(2028, 3, 1))


def test_a_list_does_not_move_an_agreement_the_house_already_has(two: House) -> None:
    row = [CVR, "code_of_care", "To unge", "01-03-2026", "", "01-05-2026", "", ""]
    two.take("agreements", text(AGREEMENTS, row))
    receipt = two.take("agreements", text(AGREEMENTS, [*row[:6], "afsluttet", ""]))
    assert receipt.rows == [(2, "»Status«: Aftalen findes og er underskrevet. Flyt den på dens egen side.")]
    with two.database.write() as db:
        agreements.step(db, agreement=db.scalars(select(Agreement)).one(), to="in_force", on=TODAY,
                        by=db.get_one(User, 1), now=NOW, today=TODAY)  # fmt: skip
    assert figures(two.take("agreements", text(AGREEMENTS, row))) == (1, 0, 0, 1, 0)


WRONG_AGREEMENTS = [
    ([CVR, "Ukendt", "", "", "", "", "", ""], "»Program«: Vi kender ikke programmet Ukendt."),
    ([CVR, "code_of_care", "", "32-13-2026", "", "", "", ""], "»Underskrevet«: Skriv datoen som 23-11-2026."),
    ([CVR, "code_of_care", "", "01-01-1950", "", "", "", ""],
     "»Underskrevet«: Datoen ser forkert ud. Skriv den som 23-11-2026."),
    ([CVR, "code_of_care", "", "", "", "", "gældende", ""],
     "»Underskrevet«: En underskrevet aftale skal have datoen."),
    ([CVR, "code_of_care", "", "01-03-2026", "", "", "i dialog", ""],
     "»Status«: Aftalen er underskrevet, så den kan ikke være i dialog."),
    ([CVR, "code_of_care", "", "01-03-2026", "01-03-2027", "", "gældende", ""],
     "»Status«: Aftalen gælder ikke endnu."),
    ([CVR, "code_of_care", "", "01-03-2026", "", "", "ophørt", ""],
     "»Gælder til«: Skriv, hvornår aftalen sluttede."),
    ([CVR, "code_of_care", "", "01-03-2026", "", "01-02-2026", "", ""],
     "»Gælder til«: Aftalen kan ikke slutte, før den begynder."),
    ([CVR, "code_of_care", "", "01-03-2026", "", "", "måske", ""],
     "»Status«: Skriv et af trinnene: emne, i dialog, tilbudt, underskrevet, gældende, fornyet, afsluttet."),
    ([CVR, "code_of_care", "", "01-03-2026", "", "", "", "Ingen"],
     "»Konsulent«: Der er ingen bruger, der hedder Ingen."),
    ([CVR, "code_of_care", f"For {CPR}", "01-03-2026", "", "", "", ""], "»Titel«: Det ligner et CPR-nummer"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "reason"), WRONG_AGREEMENTS)
def test_a_wrong_agreement_stays_out_alone(two: House, row: list[str], reason: str) -> None:
    good = [OTHER, "code_of_care", "God", "01-03-2026", "", "", "", ""]
    receipt = two.take("agreements", text(AGREEMENTS, row, good))
    assert figures(receipt) == (2, 1, 0, 0, 1)
    assert receipt.rows[0][0] == 2
    assert receipt.rows[0][1].startswith(reason)
    assert [agreement.title for agreement in stored(two, Agreement)] == ["God"]


# --- What has happened ------------------------------------------------------------------------------

HAPPENED = ["CVR", "Dato", "Klokkeslæt", "Type", "Retning", "Tekst", "Konsulent"]


def test_a_list_of_what_has_happened(two: House) -> None:
    rows = [
        [
            CVR,
            date(2026, 11, 20),
            "9.30",
            "Opkald",
            "indgående",
            "Spurgte om praktik.\nRing igen.",
            "bo@kommune.test",
        ],
        [CVR, "12-10-2026", None, "Besøg", None, "Så på værkstedet.", None],
        [
            OTHER,
            datetime.fromisoformat("2026-10-01T13:00"),
            None,
            "notat",
            None,
            "Flytter til foråret.",
            "Anna Bech",
        ],
    ]
    receipt = two.take("interactions", xlsx(HAPPENED, *rows))
    assert receipt.rows == []
    assert [
        (each.kind, each.direction, each.happened_at, each.summary) for each in stored(two, Interaction)
    ] == [
        ("call", "in", datetime(2026, 11, 20, 8, 30, tzinfo=UTC), "Spurgte om praktik.\nRing igen."),
        ("visit", "out", datetime(2026, 10, 12, 6, 0, tzinfo=UTC), "Så på værkstedet."),
        ("note", None, datetime(2026, 10, 1, 11, 0, tzinfo=UTC), "Flytter til foråret."),
    ]
    assert two.company(0).last_contact_at == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert two.company(1).last_contact_at is None
    before = two.picture()
    assert figures(two.take("interactions", xlsx(HAPPENED, *rows))) == (3, 0, 0, 3, 0)
    assert two.picture() == before


def test_who_has_left_the_house_is_still_who_wrote_it(two: House) -> None:
    with two.database.write() as db:
        access.add_user(db, email="carl@kommune.test", name="Carl", role="consultant", now=NOW)
        access.close_user(db, user=by_email(db, "carl@kommune.test"), now=NOW)
    row = [CVR, "20-11-2026", "9.30", "opkald", "ud", "Hej", "carl@kommune.test"]
    assert figures(two.take("interactions", text(HAPPENED, row))) == (1, 1, 0, 0, 0)


def test_without_a_consultant_it_is_whoever_imports_or_the_companys_own(two: House) -> None:
    row = [CVR, "20-11-2026", "9.30", "opkald", "ud", "Hej", ""]
    two.take("interactions", text(HAPPENED, row), user_id=2)
    two.take("interactions", text(HAPPENED, [CVR, "21-11-2026", *row[2:]]))
    first, second = stored(two, Interaction)
    with two.database.read() as db:
        assert db.get_one(User, first.by_id).id == 2
        assert db.get_one(User, second.by_id).email == two.responsible(0)


WRONG_HAPPENINGS = [
    ([CVR, "", "", "opkald", "", "Hej", ""], "»Dato«: Cellen er tom."),
    ([CVR, "24-12-2026", "", "opkald", "", "Hej", ""], "»Dato«: Tidspunktet ligger i fremtiden."),
    ([CVR, "20-11-2026", "25.99", "opkald", "", "Hej", ""], "»Dato«: Skriv klokkeslættet som 9.30."),
    ([CVR, "20-11-2026", "", "brevdue", "", "Hej", ""],
     "»Type«: Skriv opkald, møde, besøg, mail eller notat."),
    ([CVR, "20-11-2026", "", "opkald", "begge veje", "Hej", ""],
     "»Retning«: Skriv indgående eller udgående."),
    ([CVR, "20-11-2026", "", "opkald", "", " ", ""], "»Tekst«: Cellen er tom."),
    ([CVR, "20-11-2026", "", "opkald", "", f"Om {CPR}", ""], "»Tekst«: Det ligner et CPR-nummer"),
    ([CVR, "20-11-2026", "", "opkald", "", "x" * 10_001, ""], "»Tekst«: Teksten er for lang."),
    ([demo_cvr(9), "20-11-2026", "", "opkald", "", "Hej", ""], f"»CVR«: Virksomheden med CVR {demo_cvr(9)}"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "reason"), WRONG_HAPPENINGS)
def test_a_wrong_happening_stays_out_alone(two: House, row: list[str], reason: str) -> None:
    good = [OTHER, "20-11-2026", "9.30", "opkald", "ind", "God", ""]
    receipt = two.take("interactions", text(HAPPENED, row, good))
    assert figures(receipt) == (2, 1, 0, 0, 1)
    assert receipt.rows[0][0] == 2
    assert receipt.rows[0][1].startswith(reason)
    assert CPR not in repr(receipt)
    assert [each.summary for each in stored(two, Interaction)] == ["God"]


# --- All of them ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["companies", "contacts", "agreements", "interactions"])
def test_a_list_without_its_columns_is_refused_by_their_names(house: House, kind: str) -> None:
    with pytest.raises(Refused, match=r"Filen mangler en kolonne med overskriften »CVR«"):
        house.take(kind, text(["Farve", "Antal"], ["blå", "3"]))


def test_columns_left_out_stand_in_the_receipt(house: House) -> None:
    path = house.write(text(["CVR", "Navn", "CPR"], [CVR, "A", CPR]), "l.csv")
    code, receipt, _ = enindgang(house, "import", "companies", path, "--json")
    assert (code, receipt["columns_left_out"], receipt["created"]) == (0, ["CPR"], 1)


def test_several_files_each_for_itself(house: House) -> None:
    good = house.write(text(["CVR", "Navn"], [CVR, "A"]), "god.csv")
    bad = house.write("nej", "ikke.csv")
    code, receipts, said = enindgang(house, "import", "companies", bad, good, "--json")
    assert code == 1
    assert [receipt["created"] for receipt in receipts] == [0, 1]
    assert said.strip().startswith("ikke.csv: Filen mangler en kolonne")
