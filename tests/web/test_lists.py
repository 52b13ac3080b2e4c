"""What leaves as a file is what the list shows, and call and mail lists leave out the protected."""

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
from sqlalchemy import select

from crm.audit import AuditEvent, broken_links
from crm.companies import actions as companies
from crm.companies.models import ProductionUnit
from crm.companies.queries import by_cvr
from crm.db import Database
from importers.spreadsheet.cells import disarmed
from tests.conftest import NOW
from tests.town import ANNA, BO, Town
from tests.web.conftest import Clock, SignIn, Visitor, main

FORMATS = pytest.mark.parametrize("kind", ["csv", "xlsx"])


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
