"""Lists as files: nothing is a formula, nothing moves, and our own importer reads back what was written."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import python_calamine as calamine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from importers.spreadsheet.cells import ERRORS, armed, disarmed
from tests.web.nasty import DAYS, TEXTS, as_a_cell, in_a_workbook, read_back, rows_of, sheet_of
from web import sheets
from web.sheets import ABOUT, LONGEST, TooLong, write

ZONE = ZoneInfo("Europe/Copenhagen")
# What a person can have written: anything a column of text takes, with the signs that matter drawn often.
WRITTEN = some.text(
    some.one_of(some.sampled_from("=+-@\t\n'\";,0123456789 ＝"), some.characters(exclude_categories=("Cs", "Cc"))),
    min_size=1, max_size=60,
)  # fmt: skip
WRITTEN_LISTS = some.lists(WRITTEN, min_size=1, max_size=12)
quickly = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _file(tmp_path: Path, texts: list[str], kind: str) -> Path:
    path = tmp_path / f"liste.{kind}"
    rows = rows_of(texts)
    assert write(path, sheet_of(rows, ZONE), kind) == len(rows)
    return path


def _expected(texts: list[str]) -> list[str | None]:
    """As a domain column keeps it: outer blanks are never part of a text."""
    return [as_a_cell(text).strip() or None for text in texts]


def _readable(texts: list[str]) -> list[str]:
    """The importer calls the names that spreadsheets give to errors by their name; nobody is called so."""
    return [text for text in texts if as_a_cell(text).strip().casefold() not in ERRORS]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_our_own_importer_reads_back_every_nasty_text(tmp_path: Path, kind: str) -> None:
    texts = _readable(list(TEXTS))
    found = read_back(_file(tmp_path, texts, kind))
    assert [row["text"] for row in found] == _expected(texts)
    assert {row["cvr"] for row in found} == {"01234567"}
    assert [row["after"] for row in found] == [f"efter {number}" for number in range(len(texts))]
    days = ["23-11-2026", "31-12-1999", "29-02-2028", "29-03-2026 3.30"]
    shown = [row["day"].replace("03:30", "3.30") for row in found if isinstance(row["day"], str)]
    assert shown == [days[number % 4] for number in range(len(texts))]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@quickly
@given(texts=WRITTEN_LISTS)
def test_whatever_anyone_has_written_comes_back(tmp_path: Path, kind: str, texts: list[str]) -> None:
    # A text of nothing but signs that no eye sees is no text.
    texts = [text for text in _readable(texts) if text.strip()]
    found = read_back(_file(tmp_path, texts, kind)) if texts else []
    assert [row["text"] for row in found] == _expected(texts)
    assert [row["after"] for row in found] == [f"efter {number}" for number in range(len(texts))]


@quickly
@given(text=some.one_of(WRITTEN, some.text(some.sampled_from("'=+- \t\n")), some.sampled_from(TEXTS)))
def test_the_guard_comes_off_as_it_went_on_and_leaves_no_formula(text: str) -> None:
    guarded = armed(text)
    assert disarmed(guarded) == text
    assert guarded.lstrip()[:1] not in set("=+-@＝＋－＠")


def test_a_csv_opens_right_in_a_danish_excel(tmp_path: Path) -> None:
    raw = _file(tmp_path, list(TEXTS), "csv").read_bytes()
    assert raw.startswith('\ufeff"CVR-nr.";"Tekst"'.encode())
    text = raw.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))
    assert {len(row) for row in rows} == {4}
    assert len(rows) == len(TEXTS) + 1
    # Every line of the table ends as Windows ends lines, and only those.
    assert raw.count(b"\r\n") == len(rows)
    assert raw.count(b"\r") == len(rows)


def _formulas(path: Path, sign: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell.strip() for row in csv.reader(file, delimiter=sign) for cell in row]
    return [cell for cell in cells if cell[:1] in set("=+-@＝＋－＠")]


@pytest.mark.parametrize("sign", [";", ",", "\t"])
def test_read_with_the_wrong_sign_no_cell_of_a_csv_is_a_formula(tmp_path: Path, sign: str) -> None:
    assert _formulas(_file(tmp_path, list(TEXTS), "csv"), sign) == []


@pytest.mark.parametrize("sign", [";", ",", "\t"])
@quickly
@given(texts=WRITTEN_LISTS)
def test_whatever_anyone_has_written_is_no_formula_with_any_sign(
    tmp_path: Path, sign: str, texts: list[str]
) -> None:
    assert _formulas(_file(tmp_path, texts, "csv"), sign) == []


def test_a_workbook_holds_texts_and_days_and_not_one_formula_or_link(tmp_path: Path) -> None:
    path = _file(tmp_path, list(TEXTS), "xlsx")
    with zipfile.ZipFile(path) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "<f " not in sheet
        assert "<hyperlink" not in sheet
        assert "hyperlink" not in "".join(packed.namelist())
        assert 'state="frozen"' in sheet
    book = calamine.load_workbook(path)
    assert book.sheet_names == ["Liste", ABOUT]
    rows = book.get_sheet_by_name("Liste").to_python()
    assert [row[1] for row in rows[1:]] == [in_a_workbook(text) for text in TEXTS]
    wanted = [day.astimezone(ZONE).replace(tzinfo=None) if isinstance(day, datetime) else day for day in DAYS]
    found = [row[3] for row in rows[1:]]
    assert found == [wanted[number % 4] for number in range(len(TEXTS))]
    assert all(isinstance(each, (date, datetime)) for each in found)
    assert book.get_sheet_by_name(ABOUT).to_python() == [["Rækker", str(len(TEXTS))]]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_no_cell_can_hold_is_cut_and_says_so(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"lang.{kind}"
    write(path, sheet_of(rows_of(["z" * (LONGEST + 1)]), ZONE), kind)
    (found,) = read_back(path)
    said = str(found["text"])
    assert len(said) == LONGEST
    assert said.endswith("(forkortet: en celle kan ikke være længere)")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_more_rows_than_we_could_read_ourselves_are_refused(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    assert write(tmp_path / f"a.{kind}", sheet_of(rows_of(["a"] * 3), ZONE), kind) == 3
    with pytest.raises(TooLong):
        write(tmp_path / f"b.{kind}", sheet_of(rows_of(["a"] * 4), ZONE), kind)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_of_nothing_is_a_head_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"tom.{kind}"
    assert write(path, sheet_of([], ZONE), kind) == 0
    assert read_back(path) == []
