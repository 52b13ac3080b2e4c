"""Lists as people keep them: what leaves as a file is what the list shows, and a saved view never fails."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import python_calamine as calamine
from fastapi import FastAPI
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import select, update

from crm.access.models import User
from crm.access.queries import by_email
from crm.agreements import actions as agreements
from crm.agreements.queries import programme
from crm.audit import AuditEvent, broken_links
from crm.companies import actions as companies
from crm.companies import groups
from crm.companies.models import Company, ProductionUnit
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.interactions.models import FollowUp
from crm.lists.models import SavedView
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.settings import Settings
from importers.spreadsheet.cells import disarmed
from tests.conftest import NOW, TODAY, add_company
from tests.statements import counted
from tests.town import ANNA, BO, CLOSED, MONA, Town
from tests.web.conftest import Clock, SignIn, Visitor, main

MOST = 12
FORMATS = pytest.mark.parametrize("kind", ["csv", "xlsx"])


@pytest.fixture
def many(database: Database, town: Town) -> None:
    """Sixty more companies of all sorts, with requests and agreements at some."""
    with database.write("growth") as db:
        anna, bo, hours = by_email(db, ANNA), by_email(db, BO), WorkingHours.of(Settings())
        for number in range(60):
            company = add_company(
                db, 100 + number, f"{'=-+@'[number % 4]}Firma {number:02} ApS", responsible=(anna, bo)[number % 3 == 0],
                postal_code=("3450", "3540")[number % 2], city="Allerød",
                industry_code=("432100", "561110")[number % 2],
                employees_from=number, phone=f"48 15 01 {number:02}", email=f"firma{number}@firma.test",
                advertising_protected=int(number % 4 == 1), active=int(number % 10 != 9),
            )  # fmt: skip
            company.last_contact_at = NOW - timedelta(days=10 * number) if number % 5 else None
            if number % 6 == 0:
                groups.join(db, company=company, name="Firmaerne", now=NOW)
            asked = requests.take_in(
                db, company=company, asked=NewRequest(("guidance", "ips")[number % 2], f"Nr. {number}"), by=anna,
                now=NOW, clock=hours, received_at=NOW - timedelta(days=number % 20), owner=(anna, bo)[number % 2],
            )  # fmt: skip
            if number % 3 == 0:
                requests.move(db, request=asked, to="resolved", by=anna, now=NOW)
            agreements.create(
                db, company=company, programme=programme(db, ("code_of_care", "after_school_job")[number % 2]),
                title=f"Aftale {number}", by=anna, now=NOW, today=TODAY,
                signed_on=TODAY - timedelta(days=number) if number % 4 else None,
                valid_to=TODAY + timedelta(days=30 * number),
            )  # fmt: skip


def _cells(answer: Response, tmp_path: Path) -> list[list[str]]:
    """The rows of a file, heads first, as texts."""
    if answer.headers["content-type"].startswith("text/csv"):
        text = answer.content.decode("utf-8-sig")
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
        return [[disarmed(cell) for cell in row] for row in rows]
    path = tmp_path / "hentet.xlsx"
    path.write_bytes(answer.content)
    found = calamine.load_workbook(str(path)).get_sheet_by_index(0).to_python()
    return [[str(cell) for cell in row] for row in found]


def _on_the_pages(visitor: Visitor, address: str, pattern: str) -> list[str]:
    """What the links of all pages of a list lead to, in order."""
    found: list[str] = []
    following: str | None = address
    while following:
        text = visitor.get(following).text
        found += re.findall(pattern, text)
        more = re.search(r'href="([^"]+)" rel="next"', text)
        following = more[1].replace("&amp;", "&") if more else None
    return found


COMPANY_FILTERS = some.fixed_dictionaries(
    {},
    optional={
        "navn": some.sampled_from(["firma 1", "firma", "zzz", "blov"]),
        "ansvarlig": some.sampled_from(["mig", "2", "999"]),
        "branche": some.sampled_from(["43", "5", "9"]),
        "postnr": some.sampled_from(["3450", "3540"]),
        "stoerrelse_fra": some.sampled_from(["0", "10", "30"]),
        "stoerrelse_til": some.sampled_from(["20", "59"]),
        "stille": some.sampled_from(["3", "12"]),
        "program": some.sampled_from(["code_of_care", "klar_til_start"]),
        "beskyttet": some.sampled_from(["ja", "nej"]),
        "ophoert": some.just("1"),
    },
)
REQUEST_FILTERS = some.fixed_dictionaries(
    {},
    optional={
        "hvem": some.sampled_from(["mig", "2", "999"]), "slags": some.sampled_from(["ips", "guidance", "nonsens"]),
        "tilstand": some.sampled_from(["new", "resolved"]), "sent": some.just("1"), "lukkede": some.just("1"),
        "fra": some.sampled_from(["10-11-2026", "i dag"]), "til": some.sampled_from(["15-11-2026", "i dag"]),
    },
)  # fmt: skip
AGREEMENT_FILTERS = some.fixed_dictionaries(
    {},
    optional={
        "program": some.sampled_from(["code_of_care", "after_school_job"]),
        "tilstand": some.sampled_from(["signed", "prospect"]), "ansvarlig": some.sampled_from(["mig", "2"]),
        "udloeber": some.sampled_from(["01-06-2027", "01-01-2030"]), "navn": some.sampled_from(["firma 2", "blov"]),
    },
)  # fmt: skip
LISTS = {
    "virksomheder": (COMPANY_FILTERS, r'data-open href="/virksomheder/(\d+)"', "CVR-nr."),
    "henvendelser": (REQUEST_FILTERS, r'data-open href="/henvendelser/\d+"><strong>([^<]+)<', "Henvendelse"),
    "aftaler": (AGREEMENT_FILTERS, r'data-open href="/aftaler/\d+"><strong>([^<]+)<', "Aftale"),
}


@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=some.data())
def test_the_file_is_the_list_with_any_filter(
    sign_in: SignIn, many: None, tmp_path: Path, name: str, clock_on_the_wall: Clock, data: some.DataObject
) -> None:
    filters, pattern, key = LISTS[name]
    query = urlencode(data.draw(filters))
    kind = data.draw(some.sampled_from(["csv", "xlsx"]))
    clock_on_the_wall.now += timedelta(minutes=2)
    visitor = sign_in(ANNA)
    shown = _on_the_pages(visitor, f"/{name}?{query or 'alle=1'}", pattern)
    answer = visitor.post(f"/lister/{name}/hent", {"udvalg": query, "format": kind}, status=200)
    heads, *rows = _cells(answer, tmp_path)
    assert [row[heads.index(key)] for row in rows] == shown
    assert answer.headers["x-rows"] == str(len(shown))


@FORMATS
def test_a_file_is_written_down_before_it_leaves_and_is_inert(
    sign_in: SignIn, many: None, database: Database, kind: str
) -> None:
    visitor = sign_in(ANNA)
    query = urlencode({"postnr": "3540", "navn": "firma", "kolonner": "telefon,koncern"})
    answer = visitor.post("/lister/virksomheder/hent", {"udvalg": query, "format": kind}, status=200)
    assert answer.headers["content-disposition"] == f'attachment; filename="virksomheder-2026-11-23.{kind}"'
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    with database.read() as db:
        entry = db.scalars(select(AuditEvent).where(AuditEvent.action == "export")).one()
        assert (entry.actor, entry.object_kind, entry.object_id) == (ANNA, "list", "virksomheder")
        assert entry.payload == {
            "filter": {"Navnet begynder med": "firma", "Postnummer": "3540"}, "view": None, "format": kind,
            "rows": int(answer.headers["x-rows"]),
            "columns": ["CVR-nr.", "Virksomhed", "Postnr.", "By", "Telefon", "Koncern"],
        }  # fmt: skip
        assert list(broken_links(db)) == []


@FORMATS
def test_how_to_reach_the_protected_does_not_leave_with_a_list(
    sign_in: SignIn, many: None, tmp_path: Path, kind: str
) -> None:
    query = "kolonner=telefon,mail,beskyttet"
    answer = sign_in(ANNA).post("/lister/virksomheder/hent", {"udvalg": query, "format": kind}, status=200)
    heads, *rows = _cells(answer, tmp_path)
    at = [heads.index(name) for name in ("Telefon", "E-mail", "Reklamebeskyttet")]
    protected = [row for row in rows if row[at[2]] == "ja"]
    assert len(protected) > 10
    assert {(row[at[0]], row[at[1]]) for row in protected} == {("", "")}
    assert any(row[at[0]] and row[at[1]] for row in rows)


def test_the_other_sheet_says_what_the_list_is_of_when_and_by_whom(
    sign_in: SignIn, many: None, tmp_path: Path
) -> None:
    answer = sign_in(ANNA).post(
        "/lister/henvendelser/hent", {"udvalg": "hvem=mig", "format": "xlsx"}, status=200
    )
    path = tmp_path / "hentet.xlsx"
    path.write_bytes(answer.content)
    rows = calamine.load_workbook(str(path)).get_sheet_by_name("Om listen").to_python()
    said = {str(row[0]): row[1] for row in rows}
    assert said["Liste"] == "Henvendelser"
    assert said["Udvalg"] == "Hvem: Anna Kildeskov"
    assert said["Hentet"] == "23-11-2026 10:00"
    assert said["Af"] == "Anna Kildeskov (anna@kommune.test)"
    assert said["Rækker"] == answer.headers["x-rows"]


def test_one_who_fetches_without_end_is_stopped_and_others_are_not(
    sign_in: SignIn, town: Town, clock_on_the_wall: Clock
) -> None:
    anna, bo = sign_in(ANNA), sign_in(BO)
    for visitor in (anna, bo):
        visitor.get("/virksomheder")
    codes = [
        anna.client.post(
            "/lister/aftaler/hent", data={"csrf": anna.csrf, "format": "csv"}, follow_redirects=False
        ).status_code
        for _ in range(25)
    ]
    assert codes == [200] * 20 + [429] * 5
    bo.post("/lister/aftaler/hent", {"format": "csv"}, status=200)
    clock_on_the_wall.now += timedelta(minutes=2)
    anna.post("/lister/aftaler/hent", {"format": "csv"}, status=200)


def test_a_file_that_is_too_long_or_cannot_be_read_is_refused_in_a_sentence(
    sign_in: SignIn, many: None, monkeypatch: pytest.MonkeyPatch, app: FastAPI
) -> None:
    visitor = sign_in(ANNA)
    monkeypatch.setattr("web.sheets.MOST_ROWS", 5)
    answer = visitor.post("/lister/virksomheder/hent", {"format": "xlsx"}, status=422)
    assert "Gør udvalget smallere" in main(answer)
    answer = visitor.post(
        "/lister/virksomheder/hent", {"udvalg": "stoerrelse_fra=mange", "format": "csv"}, status=422
    )
    assert "Skriv et helt tal" in main(answer)
    visitor.post("/lister/virksomheder/hent", {"format": "exe"}, status=422)
    assert list((app.state.house.settings.data_dir / "exports").iterdir()) == []


# --- Call and mail lists ----------------------------------------------------------------------------


def _people(visitor: Visitor, tmp_path: Path, **fields: str) -> list[list[str]]:
    form = {"channel": "call", "format": "csv", "udvalg": "navn=firma"} | fields
    return _cells(visitor.post("/lister/virksomheder/kontakter", form, status=200), tmp_path)


def test_the_protected_are_out_of_call_and_mail_lists_unless_a_reason_is_given_and_logged(
    sign_in: SignIn, many: None, database: Database, tmp_path: Path
) -> None:
    visitor = sign_in(ANNA)
    page = main(visitor.get("/lister/virksomheder/kontakter?navn=firma"))
    assert "54 virksomheder i udvalget. 12 er reklamebeskyttet" in page
    for channel in ("call", "mail"):
        heads, *rows = _people(visitor, tmp_path, channel=channel)
        assert {row[heads.index("Reklamebeskyttet")] for row in rows} == {"nej"}
        assert len(rows) == 42
    heads, *rows = _people(visitor, tmp_path, basis="consent", reason="Svarede ja på mødet i maj")
    assert [row[heads.index("Reklamebeskyttet")] for row in rows].count("ja") == 12
    with database.read() as db:
        logged = db.scalars(
            select(AuditEvent).where(AuditEvent.action == "export").order_by(AuditEvent.seq)
        ).all()
        told = [(each.object_id, each.payload["protected_left_out"], each.payload["protected_in_it"],
                 each.payload["protected_basis"], each.payload["protected_reason"]) for each in logged]  # fmt: skip
        assert told == [
            ("ringeliste", 12, 0, None, None), ("mailliste", 12, 0, None, None),
            ("ringeliste", 0, 12, "consent", "Svarede ja på mødet i maj"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"basis": "consent"}, "hvilket samtykke"),
        ({"reason": "Fordi"}, "Vælg, hvad der giver jer lov"),
        ({"basis": "because", "reason": "Fordi"}, "Vælg fra listen"),
        ({"basis": "consent", "reason": "Ja fra 070761-4285"}, "CPR"),
        ({"channel": "fax"}, "Vælg, om I skal ringe"),
    ],
)
def test_half_a_reason_is_none_and_nothing_leaves(
    sign_in: SignIn, many: None, database: Database, fields: dict[str, str], sentence: str
) -> None:
    form = {"channel": "call", "format": "csv", "udvalg": "navn=firma"} | fields
    assert sentence in main(sign_in(ANNA).post("/lister/virksomheder/kontakter", form, status=422))
    with database.read() as db:
        assert db.scalars(select(AuditEvent).where(AuditEvent.action == "export")).all() == []


def test_a_person_at_a_protected_place_of_work_is_left_out_too(
    sign_in: SignIn, town: Town, database: Database, tmp_path: Path
) -> None:
    with database.write() as db:
        bakery = by_cvr(db, town.bakery)
        unit = db.scalars(select(ProductionUnit).where(ProductionUnit.company_id == bakery.id)).one()
        unit.advertising_protected = 1
        companies.add_contact(
            db, company=bakery, now=NOW, values={"name": "Lis Lager", "phone": "48 15 00 99"}
        ).production_unit_id = unit.id
    visitor = sign_in(ANNA)
    names = [row[2] for row in _people(visitor, tmp_path, udvalg="navn=blov")[1:]]
    assert names == ["Lone Krogh"]
    names = [
        row[2]
        for row in _people(visitor, tmp_path, udvalg="navn=blov", basis="agreement", reason="Aftale 1")[1:]
    ]
    assert names == ["Lis Lager", "Lone Krogh"]


# --- Views and columns ------------------------------------------------------------------------------


def _save(visitor: Visitor, name: str, query: str, word: str = "virksomheder", **fields: str) -> str:
    visitor.get(f"/lister/{word}/visninger/ny?{query}")
    answer = visitor.post(f"/lister/{word}/visninger", {"name": name, "udvalg": query} | fields)
    return str(answer.headers["location"])


def test_a_view_keeps_filter_and_columns_and_stands_above_the_list(sign_in: SignIn, many: None) -> None:
    anna, bo = sign_in(ANNA), sign_in(BO)
    address = _save(anna, "Byg i Lynge", "branche=56&postnr=3540&kolonner=mail,koncern", shared="1")
    page = bo.get(address)
    assert "Byg i Lynge" in main(page)
    assert re.findall(r'<th scope="col">([^<]+)</th>', page.text) == ["Virksomhed", "Mail", "Koncern"]
    assert 'value="3540"' in page.text
    mine = _save(bo, "Kun min", "stille=6")
    assert "Kun min" not in main(anna.get("/virksomheder?alle=1"))
    assert "Visningen findes ikke længere" in main(anna.get(mine))


def test_a_view_is_renamed_shared_changed_deleted_and_brought_back(sign_in: SignIn, town: Town) -> None:
    anna = sign_in(ANNA)
    address = _save(anna, "Stille", "stille=6")
    id = address.rpartition("=")[2]
    anna.get(f"/visninger/{id}")
    anna.post(f"/visninger/{id}", {"name": "Meget stille", "shared": "1"})
    assert "Meget stille" in main(sign_in(BO).get("/virksomheder?alle=1"))
    page = anna.get(f"/virksomheder?visning={id}&stille=12")
    version = re.search(r'name="version" value="(\d+)"', page.text)
    assert version
    assert "Gem ændringen i »Meget stille«" in main(page)
    anna.post(f"/visninger/{id}/indhold", {"udvalg": f"visning={id}&stille=12", "version": version[1]})
    assert '<option value="12" selected>' in anna.get(f"/virksomheder?visning={id}").text
    anna.post(f"/visninger/{id}/indhold", {"udvalg": "stille=24", "version": version[1]}, status=409)
    gone = anna.post(f"/visninger/{id}/slet")
    assert "Meget stille" not in main(anna.get("/virksomheder?alle=1")).replace(
        "»Meget stille« er slettet", ""
    )
    assert gone.headers["location"] == "/virksomheder?alle=1"
    anna.post(f"/visninger/{id}/tilbage")
    assert "Meget stille" in main(anna.get("/virksomheder?alle=1"))


def test_a_refused_name_keeps_what_was_typed(sign_in: SignIn, town: Town) -> None:
    anna = sign_in(ANNA)
    _save(anna, "Stille", "stille=6")
    answer = anna.post(
        "/lister/virksomheder/visninger",
        {"name": " STILLE", "udvalg": "stille=12", "shared": "1"},
        status=422,
    )
    assert "Der er allerede en visning" in main(answer)
    assert 'value=" STILLE"' in answer.text
    assert 'name="udvalg" value="stille=12"' in answer.text


def test_only_whoever_may_changes_a_shared_view(sign_in: SignIn, town: Town) -> None:
    id = _save(sign_in(ANNA), "Alles", "stille=6", shared="1").rpartition("=")[2]
    bo, mona = sign_in(BO), sign_in(MONA)
    bo.get(f"/visninger/{id}")
    mona.get(f"/visninger/{id}")
    for path, data in ((f"/visninger/{id}/slet", {}), (f"/visninger/{id}", {"name": "Bos"})):
        assert bo.client.post(path, data={"csrf": bo.csrf} | data, follow_redirects=False).status_code == 403
    mona.post(f"/visninger/{id}", {"name": "Ledernes", "shared": "1"})
    mine = _save(sign_in(ANNA), "Min", "stille=6").rpartition("=")[2]
    assert bo.client.post(f"/visninger/{mine}/slet", data={"csrf": bo.csrf}).status_code == 404
    mona.get(f"/visninger/{mine}", status=404)


@pytest.mark.parametrize(
    ("word", "query", "sentence"),
    [
        ("virksomheder", "ansvarlig={closed}", "Lukket Person er lukket"),
        ("virksomheder", "ansvarlig=987654", "Kollegaen i udvalget findes ikke"),
        ("virksomheder", "koncern=987654", "Koncernen i udvalget findes ikke længere"),
        ("virksomheder", "program=faldet_bort", "Programmet i udvalget findes ikke længere"),
        ("virksomheder", "kolonner=afskaffet&navn=b", "Vis"),
        ("henvendelser", "slags=jobrotation", "Slagsen i udvalget findes ikke længere"),
        ("henvendelser", "hvem={closed}&lukkede=1", "Lukket Person er lukket"),
        ("aftaler", "program=faldet_bort&ansvarlig={closed}", "Programmet i udvalget findes ikke længere"),
    ],
)
def test_a_view_that_no_longer_makes_sense_says_so_and_never_fails(
    sign_in: SignIn, town: Town, database: Database, word: str, query: str, sentence: str
) -> None:
    anna = sign_in(ANNA)
    query = query.format(closed=town.users[CLOSED])
    address = _save(anna, "Gammel", query, word)
    id = int(address.rpartition("=")[2])
    with database.write() as db:
        db.execute(update(SavedView).where(SavedView.id == id).values(query=query))
    assert sentence in main(anna.get(address))
    anna.post(f"/lister/{word}/hent", {"udvalg": f"visning={id}", "format": "csv"}, status=200)


@pytest.mark.parametrize("query", ["stoerrelse_fra=mange", "ansvarlig=abc", "koncern=x", "beskyttet=maaske"])
def test_half_a_filter_shows_nothing_rather_than_the_wrong_rows(
    sign_in: SignIn, town: Town, query: str
) -> None:
    page = sign_in(ANNA).get(f"/virksomheder?{query}")
    assert "data-row" not in page.text.partition("<main")[2].replace("data-row-key", "")
    assert 'class="field-error"' in page.text


def test_a_list_opens_with_the_view_chosen_for_it_and_shows_all_when_asked(
    sign_in: SignIn, town: Town
) -> None:
    anna = sign_in(ANNA)
    id = _save(anna, "Bageriet", "navn=blov").rpartition("=")[2]
    anna.get(f"/visninger/{id}")
    anna.post(f"/visninger/{id}/forrest", {"op": "til"})
    assert "Søndergård" not in main(anna.get("/virksomheder"))
    assert "Søndergård" in main(anna.get("/virksomheder?alle=1"))
    assert "Søndergård" in main(sign_in(BO).get("/virksomheder"))
    anna.post(f"/visninger/{id}/forrest", {"op": "fra"})
    assert "Søndergård" in main(anna.get("/virksomheder"))


def test_chosen_columns_are_remembered_for_the_list(sign_in: SignIn, many: None) -> None:
    anna = sign_in(ANNA)
    anna.get("/virksomheder")
    answer = anna.post(
        "/lister/virksomheder/kolonner", {"kolonne-mail": "1", "kolonne-partner": "1", "udvalg": "navn=firma"}
    )
    assert answer.headers["location"] == "/virksomheder?navn=firma"
    heads = re.findall(r'<th scope="col">([^<]+)</th>', anna.get("/virksomheder").text)
    assert heads == ["Virksomhed", "Mail", "Partner i"]
    anna.post("/lister/virksomheder/kolonner", {"op": "igen"})
    assert "Sidst talt" in anna.get("/virksomheder").text


def test_a_list_asks_as_often_with_everything_on_it(sign_in: SignIn, many: None, database: Database) -> None:
    visitor = sign_in(ANNA)
    every = "adresse,branche,branchekode,stoerrelse,indgang,sidst,telefon,mail,hjemmeside,koncern,partner,beskyttet"
    for address in (
        f"/virksomheder?kolonner={every}",
        f"/virksomheder?kolonner={every}&navn=firma&stille=3&program=code_of_care&stoerrelse_fra=1",
        "/henvendelser?alle=1", "/henvendelser?sent=1&fra=1-1-2026&hvem=2",
        "/aftaler?alle=1", "/aftaler?udloeber=1-1-2030&ansvarlig=mig",
        "/lister/virksomheder/kontakter?alle=1", "/lister/virksomheder/valgte?alt=1&udvalg=navn%3Dfirma",
    ):  # fmt: skip
        with counted(database) as seen:
            visitor.get(address)
        assert len(seen) <= MOST, (address, len(seen))


# --- Many rows at once ------------------------------------------------------------------------------


def _hidden(page: Response, name: str) -> str:
    found = re.findall(rf'name="{name}" value="([^"]*)"', page.text)
    return str(found[0])


def test_what_was_seen_is_done_once_and_taken_back(sign_in: SignIn, many: None, database: Database) -> None:
    anna = sign_in(ANNA)
    page = anna.get("/lister/virksomheder/valgte?alt=1&udvalg=navn%3Dfirma")
    assert "54 virksomheder valgt" in main(page)
    form = {
        "ids": _hidden(page, "ids"),
        "udvalg": "navn=firma",
        "act": "follow_up",
        "text": "Ring",
        "due": "30-11-2026",
    }
    seen = anna.post("/lister/virksomheder/valgte", form | {"op": "vis"}, status=200)
    assert "54 virksomheder får opfølgningen »Ring«" in main(seen)
    sent = form | {"op": "gem", "seen": _hidden(seen, "seen"), "submission": _hidden(seen, "submission")}
    first, second = (anna.post("/lister/virksomheder/valgte", sent) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    with database.read() as db:
        assert len(db.scalars(select(FollowUp).where(FollowUp.text == "Ring")).all()) == 54
    receipt = anna.get(first.headers["location"])
    assert "54 virksomheder har fået opfølgningen »Ring«" in main(receipt)
    anna.post(f"{first.headers['location']}/fortryd")
    with database.read() as db:
        assert db.scalars(select(FollowUp).where(FollowUp.text == "Ring")).all() == []


def test_what_changed_meanwhile_is_shown_anew_and_not_done(
    sign_in: SignIn, many: None, database: Database
) -> None:
    anna = sign_in(ANNA)
    with database.read() as db:
        ids = list(db.scalars(select(Company.id).where(Company.name.like("%Firma 0%")).order_by(Company.id)))
    form = {"ids": ",".join(map(str, ids)), "act": "join_group", "name": "Ny gruppe"}
    anna.get("/virksomheder")
    seen = anna.post("/lister/virksomheder/valgte", form | {"op": "vis"}, status=200)
    with database.write() as db:
        groups.join(db, company=db.get_one(Company, ids[1]), name="En anden", now=NOW)
    again = anna.post(
        "/lister/virksomheder/valgte", form | {"op": "gem", "seen": _hidden(seen, "seen")}, status=409
    )
    assert "ændret, siden du så listen" in main(again)
    assert "hører til En anden" in main(again)
    assert _hidden(again, "seen") != _hidden(seen, "seen")


def test_nothing_ticked_and_too_many_are_said_plainly(
    sign_in: SignIn, many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = sign_in(ANNA)
    assert "Sæt kryds ved mindst én" in main(anna.get("/lister/virksomheder/valgte"))
    monkeypatch.setattr("web.routes.bulk.MOST", 5)
    assert "flere end" in main(anna.get("/lister/virksomheder/valgte?alt=1"))
    anna.get("/lister/aftaler/valgte", status=404)


def test_ticked_companies_can_be_handed_over(sign_in: SignIn, town: Town, database: Database) -> None:
    with database.read() as db:
        garden = by_cvr(db, town.garden)
        user: User = garden.responsible
    page = sign_in(MONA).get(f"/videregiv?valgte={town.bakery_id},{garden.id}&til={town.users[MONA]}")
    assert "2 virksomheder" in main(page)
    assert "Blovstrød Bageri" in main(page)
    one = sign_in(MONA).get(f"/videregiv?valgte={town.bakery_id},{garden.id}&fra={user.id}")
    assert "Blovstrød Bageri" not in main(one)


def test_requests_get_a_new_owner_from_the_list(
    sign_in: SignIn, many: None, town: Town, database: Database
) -> None:
    anna = sign_in(ANNA)
    page = anna.get("/lister/henvendelser/valgte?alt=1&udvalg=hvem%3Dmig")
    form = {"ids": _hidden(page, "ids"), "act": "request_owner", "user_id": str(town.users[BO])}
    seen = anna.post("/lister/henvendelser/valgte", form | {"op": "vis"}, status=200)
    done = anna.post("/lister/henvendelser/valgte", form | {"op": "gem", "seen": _hidden(seen, "seen")})
    assert "har skiftet ejer" in main(anna.follow(done))
    assert "Ingen henvendelser her" in main(anna.get("/henvendelser?hvem=mig"))
