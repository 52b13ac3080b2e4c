"""Finding a company by whatever the caller says."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.access.models import User
from crm.companies import actions as companies
from crm.companies.models import Company, ProductionUnit
from crm.db import Database, Session
from crm.numbers import demo_cvr
from crm.search.queries import Hit, by_phone, search
from tests.conftest import NOW, add_company, add_user
from tests.statements import counted

CVR, P_NUMBER = demo_cvr(0), "1012345678"


@dataclass
class Town:
    """What is there to be found; every test looks, and none changes anything."""

    database: Database
    contact: int

    def find(self, query: str) -> list[str]:
        """The names of the hits, best first."""
        return [hit.company.name for hit in self.hits(query)]

    def hits(self, query: str) -> list[Hit]:
        """The hits, best first."""
        with self.database.read() as db:
            return search(db, query)


def _fill(db: Session) -> int:
    anna = add_user(db)
    garden = add_company(
        db, 0, "Søndergård Planteskole A/S", responsible=anna, street="Sortemosevej 14, 2. th.",
        postal_code="3450",
        city="Allerød", phone="48 10 01 00", aliases="Grønne Hænder\nSøndergaards Have",
    )  # fmt: skip
    db.add(ProductionUnit(company_id=garden.id, p_number=P_NUMBER, name="Butikken på Ærø", created_at=NOW,
                          street="Havnegade 3", postal_code="5970", city="Ærøskøbing",
                          phone="62 52 10 00"))  # fmt: skip
    contact = companies.add_contact(
        db, company=garden, now=NOW,
        values={"name": "Lone Krogh", "title": "Daglig leder", "mobile": "20 11 45 67 / 21 11 45 68",
        "phone": "48150002"},
    )  # fmt: skip
    others: dict[str, dict[str, object]] = {
        "Blovstrød Bageri ApS": {"street": "Kongevejen 7", "city": "Blovstrød", "phone": "+46 8 123 456 78"},
        "Bageren på Hjørnet": {"street": "Torvet 1", "city": "Lynge", "phone": "48 15 99 99"},
        "Det Store Bageri I/S": {"active": 0},
        "Bageri": {},
        "Nordisk Byg & Anlæg": {"street": "Sortemosevej 140"},
        "Ørnebjerg Transport": {},
        "3F Nordsjælland": {},
        "365 Rengøring": {"phone": "36 50 00 00"},
        "Müller & Søn V/Åge Müller": {},
        "Kiropraktorerne": {},
        f"Tallet {demo_cvr(7)}": {"phone": demo_cvr(8)},
        "Kiosken": {"active": 0},
        "Kiosken i Byen": {},
    }
    for number, (name, more) in enumerate(others.items(), 1):
        add_company(db, number, name, responsible=anna, **more)
    return contact.id


@pytest.fixture
def town(database: Database) -> Town:
    with database.write() as db:
        contact = _fill(db)
    return Town(database, contact)


GARDEN = "Søndergård Planteskole A/S"
FOUND: dict[str, tuple[str, ...]] = {
    GARDEN: (
        # Any part of a word, and any way of writing the Danish letters.
        "Søndergård Planteskole A/S", "søndergård", "SØNDERGÅRD", "Soendergaard", "sondergard", "dergård",
        "dergaa", "planteskole", "skole", "plante", "søn", "Søndergård A/S", "so\u0308ndergaard",
        "  søndergård  ",
        "søndergård!",
        # One letter wrong, missing, too many, or two in each other's place.
        "sønderhård", "søndegård", "søndegrård", "planteskoel", "plantesole",
        "plantteskole", "pkanteskole", "plantesskole", "sødnergård", "sødergård planteskole",
        "søndergård plateskole",
        # Its numbers, however they are written.
        CVR, f"{CVR[:2]} {CVR[2:4]} {CVR[4:6]} {CVR[6:]}", f"DK{CVR}", f"CVR {CVR}", f"cvr-nr. {CVR}",
        f"CVR: DK {CVR}", CVR[:7], P_NUMBER, f"P-nr. {P_NUMBER}", f"p {P_NUMBER}",
        "48100100", "48 10 01 00", "4810 0100", "+45 48 10 01 00", "0045 48100100", "(+45) 48100100",
        "45 48100100", "4548100100", "48100100 lok 123", "48100100 lok. 123", "48100100/20123456",
        "tlf. 48 10 01 00",
        "tlf 48100100", "20114567", "21 11 45 68", "48-15-00-02", "62521000", "481001", "20 11 45",
        # People, streets, other names, places of work.
        "Lone Krogh", "krogh", "lone", "Lone Korgh", "Sortemosevej 14", "sortemosevej 14 3450",
        "Sortemosevej 14, Allerød", "Havnegade 3", "Ærøskøbing", "aeroeskoebing", "Grønne Hænder",
        "groenne haender",
        "Søndergaards Have", "Butikken",
        # Words from different places.
        "søndergård sortemosevej", "Krogh Planteskole", "lone søndergård", "planteskole allerød",
        "krogh havnegade",
    ),
    "Blovstrød Bageri ApS": (
        "blovstrød bageri", "Blovstroed", "kongevejen", "+46 8 123 456 78", "0046 8 12345678", "ovstrø",
    ),
    "3F Nordsjælland": ("3F", "3f nord", "nordsjaelland"),
    "365 Rengøring": ("365 Rengøring", "365", "rengoering", "36500000"),
    "Müller & Søn V/Åge Müller": ("Müller og Søn", "Muller & Søn", "mûller", "Åge Müller", "aage muller"),
    "Nordisk Byg & Anlæg": ("nordisk byg og anlæg", "Nordisk Byg & Anlaeg", "byg anlæg", "anlæg nordisk"),
    "Ørnebjerg Transport": ("ørnebjerg", "oernebjerg", "ornebjerg", "ørnebjreg"),
    "Kiropraktorerne": ("kiropraktor", "kiropraktorene", "praktorerne"),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_a_company_is_found_first_by_whatever_is_said(town: Town, name: str) -> None:
    missed = {query: found for query in FOUND[name] if (found := town.find(query))[:1] != [name]}
    assert missed == {}


def test_what_is_not_there_is_not_found(town: Town) -> None:
    for query in ("", " ", "!?*", "zzzz", "99999999", "Kommunekontoret", "ab", "1", "\x00"):
        assert town.find(query) == [], query


def test_the_best_comes_first_and_what_has_closed_last(town: Town) -> None:
    assert town.find("bageri") == ["Bageri", "Blovstrød Bageri ApS", "Det Store Bageri I/S"]
    assert town.find("kiosken") == ["Kiosken i Byen", "Kiosken"]
    assert town.find("bager")[0] in {"Bageri", "Bageren på Hjørnet"}
    assert town.find("bager")[-1] == "Det Store Bageri I/S"
    assert town.find("sortemosevej 14") == [GARDEN, "Nordisk Byg & Anlæg"]
    assert town.find("nord") == ["Nordisk Byg & Anlæg", "3F Nordsjælland"]
    scores = [hit.score for hit in town.hits("bager")]
    assert scores == sorted(scores, reverse=True)


def test_eight_digits_are_tried_both_as_a_company_and_as_a_telephone(town: Town) -> None:
    number = demo_cvr(8)
    hits = town.hits(number)
    assert {(hit.kind, hit.company.name) for hit in hits} >= {
        ("cvr", "365 Rengøring"), ("phone", f"Tallet {demo_cvr(7)}"),
    }  # fmt: skip


def test_a_hit_says_what_it_was_found_by(town: Town) -> None:
    expected = {
        "planteskole": ("name", GARDEN, False),
        "Grønne Hænder": ("alias", "Grønne Hænder", False),
        "søndergaards have": ("alias", "Søndergaards Have", False),
        CVR: ("cvr", CVR, False),
        P_NUMBER: ("p_number", P_NUMBER, False),
        "48100100": ("phone", "48 10 01 00", False),
        "62521000": ("phone", "62 52 10 00", False),
        "krogh": ("contact", "Lone Krogh, Daglig leder", True),
        "48150002": ("phone", "48 15 00 02 Lone Krogh", True),
        "21114568": ("phone", "20 11 45 67 Lone Krogh", True),
        "sortemosevej 14 2 th": ("street", "Sortemosevej 14, 2. th., 3450 Allerød", False),
        "havnegade": ("street", "Havnegade 3, 5970 Ærøskøbing", False),
        "butikken": ("unit", "Butikken på Ærø", False),
    }
    for query, (kind, matched, is_person) in expected.items():
        hit = town.hits(query)[0]
        assert (hit.kind, hit.matched) == (kind, matched)
        assert hit.contact_id == (town.contact if is_person else None)


def test_a_caller_is_known_by_the_number(town: Town) -> None:
    with town.database.read() as db:
        assert by_phone(db, "ukendt nummer") == by_phone(db, "99999999") == by_phone(db, "") == []
        (switchboard,) = by_phone(db, "+4548100100")
        (person,) = by_phone(db, "0045 2011 4567")
        assert (switchboard.company.name, switchboard.contact_id) == (GARDEN, None)
        assert (person.company.name, person.contact_id) == (GARDEN, town.contact)
        assert by_phone(db, "21114568")[0].contact_id == town.contact


def test_a_number_that_several_share_names_them_all(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        for number in range(3):
            company = add_company(db, number, responsible=anna, phone="48 10 01 00")
        person = companies.add_contact(
            db, company=company, values={"name": "Ida", "phone": "48100100"}, now=NOW
        )
    with database.read() as db:
        hits = by_phone(db, "48100100")
        assert len(hits) == 3
        assert (hits[0].contact_id, hits[0].company.id) == (person.id, company.id)


def test_a_unit_with_the_key_of_a_person_is_not_taken_for_them(database: Database) -> None:
    with database.write() as db:
        company = add_company(db, responsible=add_user(db))
        person = companies.add_contact(
            db, company=company, values={"name": "Ida", "phone": "20114567"}, now=NOW
        )
        unit = ProductionUnit(
            company_id=company.id, p_number=P_NUMBER, name="Lager", created_at=NOW, phone="62521000"
        )
        db.add(unit)
        db.flush()
        assert unit.id == person.id
    with database.read() as db:
        (hit,) = by_phone(db, "62521000")
        assert (hit.contact_id, hit.matched) == (None, "62521000")


ODD = [
    '"', '""', '"a" OR "b"', "NEAR(a b)", "a AND b", "NOT a", "(", ")", "((((", "a*", "^a", "a:b", "{a b}",
    "-a", "+",
    "text:byg", "'", "''", "' OR '1'='1", "; DROP TABLE company; --", "%", "_", "%%%", "\\", "\\\\'",
    "a\\", "[a-z]",
    "\x00", "a\x00b", "\ud800", "\U0001f40e", "ﷺ" * 30, "ß" * 100, "İ" * 50, "a" * 10_000, " " * 500,
    "æøå" * 200,
    "\u202eabc", "e\u0301" * 60, "١٢٣٤٥٦٧٨", "１２３４５６７８", "①②③④⑤⑥⑦⑧", "+" * 50, "0" * 300, "/////",
    "4810,0100;2011",
    "a b c d e f g h i j", "byg " * 40, "\n\t\r", "..", "A/S", "ApS", "v/", "&", "&&&", "og",
]  # fmt: skip


def test_no_text_is_too_odd_to_look_for(town: Town) -> None:
    with town.database.read() as db:
        for query in ODD:
            assert isinstance(search(db, query), list)
            by_phone(db, query)


def test_whatever_is_typed_is_answered(town: Town) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.text(max_size=40) | st.text("aåæø\"'%_*()-+ 0123456789", max_size=40))
    def check(query: str) -> None:
        with town.database.read() as db:
            search(db, query)
            by_phone(db, query)

    check()


def test_a_company_with_an_odd_name_is_found_by_it(database: Database) -> None:
    names = [
        name for name in ODD if any(ch.isalnum() for ch in name) and name.isprintable() and len(name) < 60
    ]
    with database.write() as db:
        anna = add_user(db)
        for number, name in enumerate(names):
            add_company(db, number, name, responsible=anna)
    with database.read() as db:
        lost = [name for name in names if name not in {hit.company.name for hit in search(db, name)}]
    assert lost == []


@pytest.mark.parametrize(
    "query", ["søndergård", "sønderhård", "krogh planteskole allerød", CVR, "xyz qrs tuv", "3450"]
)
def test_an_answer_takes_a_bounded_number_of_questions(town: Town, query: str) -> None:
    with town.database.read() as db, counted(town.database) as few:
        search(db, query)
    with town.database.write() as db:
        anna = db.get_one(User, 1)
        for number in range(50, 130):
            company: Company = add_company(
                db, number, f"Søndergård nr. {number}", responsible=anna, street=f"Sortemosevej {number}",
                postal_code="3450",
                phone=f"481{number:05}",
            )  # fmt: skip
            companies.add_contact(db, company=company, values={"name": f"Krogh {number}"}, now=NOW)
    with town.database.read() as db, counted(town.database) as many:
        search(db, query)
    assert len(few) <= 12
    assert len(many) <= 12
