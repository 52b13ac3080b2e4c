"""Views and columns as people keep them: a saved view never fails."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from crm.db import Database
from crm.lists.models import SavedView
from tests.statements import counted
from tests.town import ANNA, BO, CLOSED, MONA, Town
from tests.web.conftest import SignIn, Visitor, main

MOST = 12


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
