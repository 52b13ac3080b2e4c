"""The goals as people meet them: a figure that opens its companies, a forecast in words, a list that can be checked."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from crm.access.queries import by_email
from crm.agreements import actions as agreements
from crm.agreements.models import Agreement, AgreementStep
from crm.agreements.queries import programme
from crm.audit import AuditEvent
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.goals import defining
from crm.goals.queries import objective
from tests.conftest import NOW, TODAY
from tests.statements import counted
from tests.town import ANNA, MONA, Town
from tests.web.conftest import SignIn, Visitor, main

PAGE = "/maal/youth_employment"


def _sign(db: Session, cvr: str, key: str, signed: date) -> None:
    agreements.create(
        db, company=by_cvr(db, cvr), programme=programme(db, key), title="x", by=by_email(db, ANNA), now=NOW,
        today=TODAY, signed_on=signed,
    )  # fmt: skip


def test_the_forecast_is_said_in_words(sign_in: SignIn, town: Town) -> None:
    anna = sign_in(ANNA)
    said = main(anna.get("/maal"))
    assert "I dette tempo nås målet ikke inden 31. december; der mangler 9." in said
    assert "næste mål: 25 i 2028" in said
    assert "Efter delmålene skulle der være 6 nu." in said
    assert "Ledighed" in said
    assert "Ned, bedre" in said
    # What is known today of who is on the way was not known then.
    assert "i dialog." not in main(anna.get("/maal?dag=01-11-2026"))


def test_who_came_and_went_stands_beside_the_course_with_the_day(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    with database.write(ANNA) as db:
        _sign(db, town.garden, "code_of_care", date(2026, 9, 1))
    page = sign_in(ANNA).get(PAGE).text
    told = re.findall(
        r'(\+ til|− fra)</span>\s*<a href="/virksomheder/(\d+)">.*?<p class="small muted">([^<]+)</p>',
        page,
        re.DOTALL,
    )
    assert told == [("+ til", town.bakery, "24. oktober 2026"), ("+ til", town.garden, "1. september 2026")]


def test_a_past_day_is_counted_as_today_unless_one_asks_for_as_it_was_then(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    with database.write(MONA) as db:
        _sign(db, town.garden, "klar_til_start", date(2026, 8, 1))
        defining.define(
            db, objective=objective(db, "youth_employment"), words="Også Klar til Start", counts_when="in_force",
            programmes=[programme(db, key) for key in ("code_of_care", "klar_til_start")],
            holds_from=date(2026, 11, 1), by=by_email(db, MONA), now=NOW, today=TODAY,
        )  # fmt: skip
    anna = sign_in(ANNA)
    said = main(anna.get(f"{PAGE}?dag=28-10-2026"))
    assert "2 af 10" in said
    assert "Dagen er talt med dagens definition." in said
    then = main(anna.get(f"{PAGE}?dag=28-10-2026&definition=dengang"))
    assert "1 af 10" in then
    assert "Dagen er talt, som der blev talt dengang." in then
    assert "Dagen er talt" not in main(anna.get(PAGE))


def _fetch(visitor: Visitor, kind: str, day: str = "23-11-2026") -> tuple[bytes, str]:
    answer = visitor.post(f"{PAGE}/hent", {"format": kind, "dag": day}, status=200)
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    return answer.content, answer.headers["content-disposition"]


def test_the_list_says_definition_day_and_hash_and_the_page_and_the_file_agree(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    anna = sign_in(ANNA)
    content, name = _fetch(anna, "csv")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert [(row["CVR"], row["Dag"]) for row in rows] == [(town.bakery, "23-11-2026")]
    assert "Code of Care" in rows[0]["Definition"]
    mark = rows[0]["Kontrolsum"]
    assert f'"youth_employment-2026-11-23-{mark[:8]}.csv"' in name
    assert mark in anna.get(PAGE).text
    assert "Det samme tal" in main(anna.get(f"{PAGE}?kontrol={mark}"))
    with database.write(ANNA) as db:
        _sign(db, town.garden, "code_of_care", date(2026, 9, 1))
        event = db.scalars(select(AuditEvent).where(AuditEvent.action == "export")).one()
        assert (event.actor, event.payload["hash"], event.payload["value"]) == (ANNA, mark, 1)
    assert "Ikke det samme tal" in main(anna.get(f"{PAGE}?kontrol={mark}"))


def test_a_figure_of_none_has_a_file_too(sign_in: SignIn, town: Town) -> None:
    content, _ = _fetch(sign_in(ANNA), "csv", "01-01-2020")
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
    assert (row["CVR"], row["Dag"], len(row["Kontrolsum"])) == ("", "01-01-2020", 64)


def test_the_workbook_says_the_same(sign_in: SignIn, town: Town) -> None:
    content, _ = _fetch(sign_in(ANNA), "xlsx")
    book: Any = CalamineWorkbook.from_filelike(io.BytesIO(content))
    told = dict(book.get_sheet_by_name("Om listen").to_python())
    (head, row) = book.get_sheet_by_name("Virksomheder").to_python()
    assert row[head.index("CVR")] == town.bakery
    assert row[head.index("Kontrolsum")] == told["Kontrolsum"]
    assert told["Tal"] == "1"


def test_what_is_no_list_is_refused(sign_in: SignIn, town: Town) -> None:
    anna = sign_in(ANNA)
    for path, data, status in (
        ("/maal/easy_recruitment/hent", {"format": "csv"}, 404), ("/maal/ukendt/hent", {"format": "csv"}, 404),
        (f"{PAGE}/hent", {"format": "exe"}, 422), (f"{PAGE}/hent", {"format": "csv", "dag": "engang"}, 422),
    ):  # fmt: skip
        anna.post(path, data, status=status)


# --- Setting what is aimed for ----------------------------------------------------------------------------


def test_a_manager_adds_changes_and_retires_an_objective_and_the_page_says_who(
    sign_in: SignIn, town: Town
) -> None:
    mona = sign_in(MONA)
    here = "/opsaetning/maal/klar_til_start"
    new = {"name": "Klar til Start", "words": "Virksomheder med Klar til Start", "program_4": "1",
           "counts_when": "in_force", "value": "5", "due": "31-12-2027"}  # fmt: skip
    assert "Klar til Start" in main(mona.follow(mona.post("/opsaetning/maal/nyt", new)))
    mona.post(f"{here}/navn", {"name": "Klar til job"})
    mona.post(f"{here}/definition", {"words": "Alle unge", "program_1": "1", "program_4": "1", "counts_when": "ever",
                                     "holds_from": "01-01-2027"})  # fmt: skip
    mona.post("/opsaetning/maal", {"objective": "klar_til_start", "value": "8", "due": "31-12-2027",
                                   "line_from": "01-01-2027"})  # fmt: skip
    mona.post(f"{here}/flyt", {"op": "1"})
    mona.post(f"{here}/slut", {"valid_to": "31-12-2028"})
    said = main(mona.get(here))
    for words in ("Klar til job", "Mona Lindevang", "Ny definition", "lige linje fra 1. januar 2027", "nr. 4", "nr. 3",
                  "Målet følges til 31. december 2028.", "Fra 1. januar 2027: Alle unge"):  # fmt: skip
        assert words in said, words
    mona.post(f"{here}/genoptag")
    assert "Følges igen" in main(mona.get(here))
    assert "Klar til job" in main(mona.get("/maal"))


@pytest.mark.parametrize(
    ("path", "data", "field", "sentence"),
    [
        ("/maal/nyt", {"words": "x", "program_1": "1", "counts_when": "in_force", "value": "5", "due": "31-12-2027"},
         "name", "Skriv, hvad målet hedder."),
        ("/maal/nyt", {"name": "Nyt", "words": "x", "counts_when": "in_force", "value": "5", "due": "31-12-2027"},
         "programmes", "Vælg mindst ét program."),
        ("/maal/nyt", {"name": "Nyt", "words": "x", "program_1": "1", "counts_when": "in_force", "value": "",
                       "due": "engang"}, "value", "Skriv et tal."),
        ("/maal/youth_employment/definition", {"words": "x", "program_1": "1", "counts_when": "in_force"},
         "holds_from", "Skriv, fra hvilken dag det gælder."),
        ("/maal/youth_employment/navn", {"name": "Nemt at samarbejde om rekruttering"}, "name", "allerede et mål"),
        ("/maal/youth_employment/slut", {"valid_to": ""}, "valid_to", "Skriv den sidste dag"),
        ("/maaltal/{target}/delmaal", {"value": "11", "due": "30-06-2026"}, "value", "ikke være højere"),
        ("/maaltal/{target}/delmaal", {"value": "3", "due": "30-06-2027"}, "due", "skal ligge før"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field_and_what_was_typed_stays(
    sign_in: SignIn, town: Town, path: str, data: dict[str, str], field: str, sentence: str
) -> None:
    answer = sign_in(MONA).post(f"/opsaetning{path}".format(target=town.target), data, status=422)
    assert sentence in main(answer)
    if typed := data.get(field):
        assert f'value="{typed}"' in answer.text


def test_milestones_come_and_go(sign_in: SignIn, town: Town) -> None:
    mona = sign_in(MONA)
    mona.post(f"/opsaetning/maaltal/{town.target}/delmaal", {"value": "4", "due": "30-06-2026"})
    assert "Delmål: 4 senest 30. juni 2026, 6 senest 30. september 2026." in main(mona.get(PAGE))
    mona.post(f"/opsaetning/delmaal/{town.milestone}/slet")
    assert "Delmål: 4 senest 30. juni 2026." in main(mona.get(PAGE))
    mona.post(f"/opsaetning/delmaal/{town.milestone}/slet", status=404)
    mona.post(f"/opsaetning/maaltal/{town.target}/slet")
    assert "25 senest 31. december 2028" in main(mona.get("/opsaetning/maal"))


# --- Figures typed in by hand -------------------------------------------------------------------------------


def test_a_figure_is_typed_in_with_one_line_and_corrected_by_another(sign_in: SignIn, town: Town) -> None:
    mona, here = sign_in(MONA), f"/maal/noegletal/{town.indicator}"
    mona.post(f"{here}/tal", {"value": "2,3", "on": "23-11-2026"})
    mona.post(f"{here}/tal", {"value": "2,4", "on": "23-11-2026", "note": "Rettet hos kilden", "here": "1"})
    said = main(mona.get(here))
    assert said.count("Rettet siden") == 1
    assert "Rettet hos kilden" in said
    assert "2,4 %" in main(mona.get("/maal"))
    assert "Skriv et tal som" in main(mona.post(f"{here}/tal", {"value": "mange", "on": "i går"}, status=422))
    mona.post(f"{here}/ret", {"name": "Ledige", "unit": "%", "source": "STAR", "better": "down"})
    mona.post(f"{here}/slut")
    assert "følges ikke længere" in main(mona.get(here))
    mona.post(f"{here}/slut", {"op": "igen"})
    assert "Kilde: STAR" in main(sign_in(ANNA).get("/maal/noegletal"))


def test_few_people_are_never_typed_in(sign_in: SignIn, town: Town) -> None:
    mona = sign_in(MONA)
    new = {"name": "På sygedagpenge", "unit": "personer", "source": "Jobindsats.dk", "better": "down"}
    mona.post("/maal/noegletal", new | {"counts_people": "1"})
    here = f"/maal/noegletal/{town.indicator + 1}"
    assert "under 5 personer" in main(mona.post(f"{here}/tal", {"value": "3", "on": "i dag"}, status=422))
    mona.post(f"{here}/tal", {"value": "366", "on": "i dag"})
    assert "allerede et nøgletal" in main(mona.post("/maal/noegletal", new, status=422))


# --- Ten years and ten thousand ----------------------------------------------------------------------------


def test_ten_years_and_ten_thousand_agreements_cost_no_more_statements_than_ten(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    anna = sign_in(ANNA)
    addresses = (
        "/maal",
        f"{PAGE}?aar=10",
        "/maal/rapport?aar=2026",
        "/maal/noegletal",
        "/maal?dag=31-12-2018",
    )

    def ask() -> dict[str, int]:
        found = {}
        for address in addresses:
            with counted(database) as seen:
                anna.get(address, whole=False)
            found[address] = len(seen)
        return found

    anna.get("/maal")  # The first visit of a browser notes that it was here.
    few = ask()
    with database.write("growth") as db:
        start = max(db.scalars(select(Agreement.id)))
        companies = [by_cvr(db, cvr).id for cvr in (town.bakery, town.garden, town.protected, town.ceased)]
        keys = range(start + 1, start + 10_001)
        row = {"title": "x", "state": "signed", "step_no": 1, "created_at": NOW, "version": 1}
        own = [
            {"id": key, "company_id": companies[key % 4], "programme_id": key % 4 + 1,
             "signed_on": day, "valid_from": day, "valid_to": day + timedelta(days=key % 900)}
            for key in keys
            for day in [TODAY - timedelta(days=key * 7 % 3650)]
        ]  # fmt: skip
        db.execute(insert(Agreement), [row | each for each in own])
        step = {
            "seq": 1,
            "from_state": "-",
            "to_state": "signed",
            "on": TODAY,
            "at": NOW,
            "by_id": town.users[ANNA],
        }
        db.execute(insert(AgreementStep), [step | {"agreement_id": key} for key in keys])
    assert ask() == few
    assert max(few.values()) <= 12
