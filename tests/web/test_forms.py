"""Every form: what is right is stored once, what is wrong is said beside its field, kept, and stored nowhere."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select

from crm.access.models import User
from crm.agreements.models import Agreement
from crm.companies.models import Company, CompanyContact, CompanyProfile
from crm.db import Base, Database
from crm.goals.models import Target
from crm.interactions.models import FollowUp, Interaction
from crm.numbers import demo_cvr
from crm.requests.kinds import KindOfRequest, Scheme
from crm.requests.models import Request
from crm.responsibility.models import AssignmentRule, CompanyAssignment
from tests.fingerprint import fingerprint
from tests.town import ADAM, Town
from tests.web.conftest import SignIn, Visitor

CPR = "070761-4285"
FUTURE = "23-11-2140"


@dataclass(frozen=True)
class FormCase:
    """A form, what to fill in, what it makes, and everything that can be wrong with it."""

    path: str
    good: dict[str, str]
    makes: type[Base] | None
    # field → (what is typed, words of the sentence beside it)
    wrong: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    # Where the sentence stands when it is not beside the field of that name.
    beside: dict[str, str] = field(default_factory=dict)
    secret: tuple[str, ...] = ()


FORMS: dict[str, FormCase] = {
    "log a call": FormCase(
        "/virksomheder/{bakery}/samtaler",
        {"summary": "Talte om foråret", "kind": "call", "direction": "in", "request_kind": "recruitment",
         "request_title": "En svend", "follow_up_text": "Ring igen", "follow_up_due": "30-11-2026"},
        Interaction,
        {
            "summary": [("", "Skriv kort"), (f"Hun hedder {CPR}", "CPR"), ("x" * 10001, "for lang"),
                        ("a\x00b", "tegn")],
            "kind": [("brev", "Vælg opkald")],
            "direction": [("op", "indgående eller udgående")],
            "request_kind": [("", "Vælg, hvad henvendelsen"), ("guld", "Vælg, hvad henvendelsen")],
            "request_title": [("", "Skriv kort, hvad"), (CPR, "CPR"), ("x" * 201, "for lang")],
            "request_owner": [("abc", "Vælg en kollega")],
            "follow_up_text": [("", "Skriv, hvad der skal"), (CPR, "CPR")],
            "follow_up_due": [("", "Skriv hvornår"), ("engang", "Skriv datoen"), ("01-01-2150", "de næste år")],
            "happened_on": [("i overimorgen", "Skriv datoen"), ("24-12-2026", "Skriv klokkeslættet")],
            "company_contact_id": [("abc", "helt tal")],
        },
    ),
    "a request": FormCase(
        "/virksomheder/{bakery}/henvendelser",
        {"kind": "recruitment", "title": "To svende", "description": "Fra januar", "wanted": "2", "hours_from": "30",
         "hours_to": "37", "start_on": "04-01-2027", "deadline_on": "15-12-2026", "place": "Bageriet i Lynge",
         "response": "Mail til job@bageri.test", "scheme": "2", "receipt": "1", "receipt_to": "lone@bageri.test"},
        Request,
        {
            "kind": [("", "Vælg, hvad henvendelsen"), ("guld", "Vælg, hvad henvendelsen")],
            "title": [("", "Skriv kort"), (CPR, "CPR"), ("x" * 201, "for lang")],
            "description": [(f"Sagen {CPR}", "CPR"), ("x" * 5001, "for lang")],
            "wanted": [("mange", "helt tal"), ("20000", "mellem 0 og")],
            "hours_from": [("fuld tid", "helt tal"), ("0", "fra 1 til 60")],
            "hours_to": [("61", "fra 1 til 60"), ("20", "ikke være mindre")],
            "start_on": [("snart", "Skriv datoen"), ("01-01-2190", "ser forkert ud")],
            "deadline_on": [("32-13-2026", "Skriv datoen")],
            "place": [("x" * 201, "for lang"), (CPR, "CPR")],
            "response": [("x" * 301, "for lang"), (f"Ring til {CPR}", "CPR")],
            "scheme": [("999", "Vælg en ordning"), ("mentor", "Vælg en ordning"), ("11", "ophørte 30. juni 2026")],
            "receipt_to": [("", "Skriv den e-mail"), ("lone", "Skriv en e-mailadresse")],
            "received_on": [("engang", "Skriv datoen"), ("24-11-2026", "klokkeslættet")],
        },
    ),
    "a request to keep somebody": FormCase(
        "/virksomheder/{bakery}/henvendelser",
        {"kind": "retention", "title": "Fastholdelse", "persons": "1", "case_reference": "26/004512"},
        Request,
        {
            "persons": [("en", "helt tal"), ("20000", "mellem 0 og")],
            "case_reference": [("Per Hansen", "Aldrig et navn"), ("Per", "Aldrig et navn"), (CPR, "CPR"),
                               ("x" * 50 + "1", "for lang")],
        },
    ),
    "a kind of request": FormCase(
        "/opsaetning/henvendelser/slags",
        {"name": "Grønne job", "hint": "Spørg til uddannelse", "answer_hours": "16", "asks_wanted": "1",
         "valid_from": "01-01-2026", "valid_to": "31-12-2027", "position": "4"},
        KindOfRequest,
        {
            "name": [("", "Skriv et navn"), (CPR, "CPR"), ("x" * 101, "for lang")],
            "hint": [(CPR, "CPR"), ("x" * 301, "for lang")],
            "answer_hours": [("to", "helt tal"), ("0", "mellem 1 og 200"), ("201", "mellem 1 og 200")],
            "valid_from": [("engang", "Skriv datoen")],
            "valid_to": [("31-12-2025", "kan ikke ligge før"), ("engang", "Skriv datoen")],
            "position": [("først", "helt tal"), ("20000", "mellem 0 og")],
        },
    ),
    "a scheme": FormCase(
        "/opsaetning/henvendelser/ordninger",
        {"name": "Grønt løntilskud", "valid_from": "01-01-2026", "valid_to": "31-12-2027"},
        Scheme,
        {
            "name": [("", "Skriv et navn"), (CPR, "CPR")],
            "valid_from": [("engang", "Skriv datoen")],
            "valid_to": [("31-12-2025", "kan ikke ligge før")],
        },
    ),
    "an agreement": FormCase(
        "/virksomheder/{garden}/aftaler",
        {"programme": "sick_leave_prevention", "title": "Tidlig indsats", "signed_on": "01-11-2026",
         "valid_from": "01-11-2026", "valid_to": "31-10-2027"},
        Agreement,
        {
            "programme": [("", "Vælg et program"), ("guld", "Vælg et program")],
            "title": [("", "Skriv, hvad aftalen"), (CPR, "CPR")],
            "signed_on": [("engang", "Skriv datoen"), ("01-01-1990", "Datoen ser forkert ud")],
            "valid_from": [("32-13-2026", "Skriv datoen")],
            "valid_to": [("31-10-2025", "kan ikke slutte, før")],
        },
    ),
    "a company": FormCase(
        "/virksomheder",
        {"cvr": demo_cvr(77), "name": "Ny Virksomhed ApS", "phone": "48 15 00 77", "email": "ny@firma.test",
         "postal_code": "3450", "city": "Allerød", "employees_from": "12"},
        Company,
        {
            "cvr": [("", "otte cifre"), ("12345678", "gyldigt CVR"), ("abc", "otte cifre")],
            "name": [("", "Skriv virksomhedens navn"), (CPR, "CPR"), ("x" * 301, "for lang")],
            "phone": [("ring bare", "telefonnummer")],
            "email": [("ingen", "e-mailadresse")],
            "employees_from": [("mange", "helt tal")],
        },
    ),
    "a correction": FormCase(
        "/virksomheder/{bakery}/ret",
        {"name": "Blovstrød Bageri og Café ApS", "phone": "48 15 00 99", "version": "VERSION"},
        None,
        {
            "name": [("", "Skriv virksomhedens navn"), (CPR, "CPR")],
            "phone": [("ring bare", "telefonnummer")],
            "employees_from": [("mange", "helt tal")],
        },
    ),
    "what we know": FormCase(
        "/virksomheder/{bakery}/profil",
        {"needs": "Tre bagersvende", "practical_frames": "Nat og weekend", "based_on": "1"},
        CompanyProfile,
        {
            "needs": [(f"Hun er {CPR}", "CPR"), ("x" * 2001, "for lang")],
            "profiles_wanted": [(CPR, "CPR")],
            "practical_frames": [(CPR, "CPR")],
        },
    ),
    "a person": FormCase(
        "/virksomheder/{bakery}/kontakter",
        {"name": "Per Dam", "title": "Mester", "mobile": "20 11 00 01", "email": "per@bageri.test"},
        CompanyContact,
        {
            "name": [("", "Skriv personens navn"), (CPR, "CPR"), ("x" * 101, "for lang")],
            "mobile": [("ring bare", "telefonnummer")],
            "phone": [("123", "telefonnummer")],
            "email": [("ingen", "e-mailadresse")],
        },
    ),
    "a handover": FormCase(
        "/virksomheder/{garden}/ansvarlig/skift",
        {"user_id": "ANNA", "reason": "Ny branchefordeling"},
        CompanyAssignment,
        {
            "user_id": [("", "Vælg en kollega"), ("abc", "Vælg en kollega")],
            "reason": [("", "Skriv kort hvorfor"), (CPR, "CPR")],
        },
    ),
    "a user": FormCase(
        "/opsaetning/brugere",
        {"name": "Ny Kollega", "email": "ny@kommune.test", "role": "consultant", "password": "en lang ny sætning"},
        User,
        {
            "name": [("", "Skriv navnet")],
            "email": [("ingen", "e-mailadresse"), ("anna@kommune.test", "allerede en bruger")],
            "role": [("konge", "Rollen skal")],
            "password": [("kort", "mindst 12 tegn")],
        },
        secret=("password",),
    ),
    "a rule": FormCase(
        "/opsaetning/fordeling",
        {"industry_prefix": "47", "postal_from": "3450", "postal_to": "3480", "receiver": "uANNA"},
        AssignmentRule,
        {
            "industry_prefix": [("handel", "begyndelsen af branchekoden")],
            "postal_from": [("34", "fire cifre"), ("9999", "")],
            "employees_min": [("mange", "helt tal")],
            "receiver": [("", "Vælg, hvem")],
        },
        beside={"postal_from=9999": "postal_to"},
    ),
    "a target": FormCase(
        "/opsaetning/maal",
        {"objective": "youth_employment", "value": "12", "due": "30-06-2027"},
        Target,
        {
            "value": [("", "Skriv et tal"), ("mange", "helt tal"), ("0", "mellem 1")],
            "due": [("", "hvornår"), ("engang", "Skriv datoen")],
        },
    ),
    "a password": FormCase(
        "/konto/adgangskode",
        {"old": "en god lang sætning", "new": "en anden lang sætning", "again": "en anden lang sætning"},
        None,
        {"old": [("forkert", "ikke rigtig")], "again": [("noget helt andet", "ikke ens")]},
        secret=("old", "new", "again"),
    ),
}  # fmt: skip
WRONG = [
    pytest.param(name, wrong, typed, sentence, id=f"{name}: {wrong}={typed[:18]!r}")
    for name, case in FORMS.items()
    for wrong, rows in case.wrong.items()
    for typed, sentence in rows
]


def _filled(town: Town, database: Database, case: FormCase) -> tuple[str, dict[str, str]]:
    path = case.path.format(bakery=town.bakery, garden=town.garden)
    with database.read() as db:
        version = db.scalar(select(Company.version).where(Company.cvr == town.bakery))
    stand_ins = {"ANNA": str(town.users["anna@kommune.test"]), "VERSION": str(version)}
    data = {
        key: re.sub("ANNA|VERSION", lambda found: stand_ins[found[0]], text)
        for key, text in case.good.items()
    }
    return path, data


def _count(database: Database, table: type[Base] | None) -> int:
    if table is None:
        return 0
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("name", FORMS)
def test_what_is_right_is_stored_once_however_often_it_is_sent(
    sign_in: SignIn, town: Town, database: Database, name: str
) -> None:
    case, visitor = FORMS[name], sign_in(ADAM)
    path, data = _filled(town, database, case)
    before = _count(database, case.makes)
    first = visitor.post(path, data | {"submission": "den-samme-formular"})
    assert visitor.follow(first).status_code == 200
    if name != "a password":  # Its session is another one by now, and so is its token.
        again = visitor.post(path, data | {"submission": "den-samme-formular"})
        assert again.headers["location"] == first.headers["location"]
    assert _count(database, case.makes) - before == bool(case.makes)


@pytest.mark.parametrize(("name", "wrong", "typed", "sentence"), WRONG)
def test_what_is_wrong_is_said_beside_its_field_and_stored_nowhere(
    sign_in: SignIn, town: Town, database: Database, name: str, wrong: str, typed: str, sentence: str
) -> None:
    case, visitor = FORMS[name], sign_in(ADAM)
    path, data = _filled(town, database, case)
    before = fingerprint(database)
    page = visitor.post(path, data | {wrong: typed}, status=422).text
    place = case.beside.get(f"{wrong}={typed}", wrong)
    said = re.search(rf'id="f-{place}-error">(.*?)</p>', page, re.DOTALL)
    assert said, f"nothing beside {place}"
    assert sentence in html.unescape(said[1])
    for key, text in (data | {wrong: typed}).items():
        if key not in case.secret and key not in {"version", "based_on"} and "\x00" not in text:
            assert _stands(page, key, text), f"{key} was not kept"
    assert fingerprint(database) == before


def _stands(page: str, key: str, text: str) -> bool:
    """Whether the field still holds what was typed: in a box, an area, a chosen option or a chosen button."""
    escaped = re.escape(html.escape(text, quote=True).replace("&#x27;", "&#39;"))
    if not text:
        return True
    box = re.search(rf'<input[^>]*name="{key}"[^>]*value="{escaped}"', page)
    area = re.search(rf'<textarea[^>]*name="{key}"[^>]*>\s*{escaped}', page)
    chosen = re.search(rf'<select[^>]*name="{key}".*?</select>', page, re.DOTALL)
    option = bool(chosen) and (f'value="{text}" selected' in chosen[0] or f'value="{text}"' not in chosen[0])  # type: ignore[index]
    radio = re.search(rf'name="{key}" value="{escaped}"', page) or re.search(
        rf'type="radio"[^>]*name="{key}"', page
    )
    return bool(box or area or option or radio)


def test_a_call_with_request_and_follow_up_is_all_or_nothing(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(ADAM)
    before = [_count(database, table) for table in (Interaction, Request, FollowUp)]
    data = {"summary": "Godt", "kind": "call", "direction": "in", "request_kind": "retention", "request_title": "Én",
            "follow_up_text": CPR, "follow_up_due": "+7"}  # fmt: skip
    visitor.post(f"/virksomheder/{town.bakery}/samtaler", data, status=422)
    assert [_count(database, table) for table in (Interaction, Request, FollowUp)] == before


def _version(database: Database, town: Town) -> int:
    with database.read() as db:
        return db.scalar(select(Company.version).where(Company.cvr == town.bakery)) or 0


def test_the_second_editor_is_told_and_loses_nothing(sign_in: SignIn, town: Town, database: Database) -> None:
    first, second = sign_in(ADAM), sign_in("anna@kommune.test")
    seen = _version(database, town)
    path = f"/virksomheder/{town.bakery}/ret"
    first.post(path, {"name": "Først ApS", "version": seen})
    page = second.post(path, {"name": "Anden ApS", "version": seen}, status=422).text
    assert "En kollega har rettet imens" in page
    assert 'value="Anden ApS"' in page
    with database.read() as db:
        assert db.scalar(select(Company.name).where(Company.cvr == town.bakery)) == "Først ApS"


def test_two_who_write_what_we_know_lose_nothing(sign_in: SignIn, town: Town) -> None:
    first, second = sign_in(ADAM), sign_in("anna@kommune.test")
    path = f"/virksomheder/{town.bakery}/profil"
    first.post(path, {"needs": "Fire", "based_on": "1"})
    page = second.post(path, {"needs": "Fem", "based_on": "1"}, status=409).text
    assert "En kollega har skrevet her imens" in page
    assert "Fem" in page


def test_what_a_visitor_sends_beyond_the_form_is_ignored(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor: Visitor = sign_in("anna@kommune.test")
    extra = {"id": "1", "company_id": "2", "cvr": "99999999", "source": "register", "is_active": "0", "role": "admin",
             "active": "0", "advertising_protected": "0", "version": str(_version(database, town))}  # fmt: skip
    visitor.post(f"/virksomheder/{town.bakery}/ret", extra | {"name": "Nyt navn"})
    with database.read() as db:
        company = db.scalars(select(Company).where(Company.cvr == town.bakery)).one()
        assert (company.name, company.source, company.active) == ("Nyt navn", "hand", 1)
        assert db.get_one(User, town.users["anna@kommune.test"]).role == "consultant"
