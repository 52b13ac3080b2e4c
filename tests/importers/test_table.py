"""A list is read alike whatever program it comes from: its header is found, its cells mean what they show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm.companies.register import RegisterCompany
from crm.errors import Refused
from importers.spreadsheet.cells import Cells
from importers.spreadsheet.companies import LAYOUT, companies
from importers.spreadsheet.table import Table, read_table
from importers.store import Incoming
from tests.conftest import NOW, TODAY
from tests.importers.workbooks import ods, text, xlsx

# Cells know no zone.
moment = datetime.fromisoformat
ROWS = [
    ["CVR-nr.", "Virksomhedsnavn", "Vej", "Postnr.", "By"],
    ["12345674", "Bækmølle ApS", "Åvej 1", "0800", "Høje"],
]
ODD_CELL = 'Bækmølle\r\n"Café"; & Æblegård, ApS'
SAVED = {
    "csv with ;": text(*ROWS).encode(),
    "csv with ,": text(*ROWS, sign=",").encode(),
    "csv with tab": text(*ROWS, sign="\t").encode(),
    "csv with BOM": text(*ROWS).encode("utf-8-sig"),
    "csv of Windows": text(*ROWS, end="\r\n").encode("cp1252"),
    "csv of an old Mac": text(*ROWS, end="\r").encode(),
    "unicode text of Excel": text(*ROWS, sign="\t", end="\r\n").encode("utf-16"),
    "csv with a word about its sign": b"sep=;\r\n" + text(*ROWS, end="\r\n").encode("cp1252"),
    "csv with all in quotes": text(*[[f'"{cell}"' for cell in row] for row in ROWS], sign=",").encode(),
    "xlsx": xlsx(*ROWS),
    "ods": ods(*ROWS),
}


@dataclass
class Read:
    """What a file with a list of companies says."""

    table: Table
    rows: list[Incoming]

    @property
    def names(self) -> list[str | None]:
        return [row.said.name if row.said else row.error for row in self.rows]

    @property
    def only(self) -> RegisterCompany:
        (row,) = self.rows
        assert isinstance(row.said, RegisterCompany), row.error
        return row.said


def read(tmp_path: Path, content: bytes | str) -> Read:
    path = tmp_path / "liste"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with read_table(path, LAYOUT) as table:
        return Read(table, list(companies(table)))


@pytest.mark.parametrize("content", SAVED.values(), ids=SAVED.keys())
def test_however_it_was_saved(tmp_path: Path, content: bytes) -> None:
    found = read(tmp_path, content)
    assert (found.only.cvr, found.only.name) == ("12345674", "Bækmølle ApS")
    where = found.only.address
    assert (where.street, where.postal_code, where.city) == ("Åvej 1", "0800", "Høje")
    assert found.table.unknown == []


@pytest.mark.parametrize(
    "cvr", ["CVR", "cvr-nr.", "CVR-nummer", "Cvr nr", "CVRNR", "CVR\nnummer", " CVR (8 cifre) "]
)
@pytest.mark.parametrize(
    "name", ["Navn", "NAVN", "Virksomhedsnavn", "virksomhed", "Virksomhedens navn", "Company"]
)
def test_headers_go_by_many_names(tmp_path: Path, cvr: str, name: str) -> None:
    assert read(tmp_path, xlsx([cvr, name], ["12345674", "A"])).names == ["A"]


def test_a_title_may_stand_above_the_header_and_lines_keep_their_numbers(tmp_path: Path) -> None:
    title: list[list[str | None]] = [["Liste over virksomheder", None], [None], ["pr. 1. maj"]]
    rows = [*title, ["CVR", "Navn"], ["12345674", "A"], [None], [None, " "], ["12345674", "B"]]
    for content in (xlsx(*rows), text(*rows).encode()):
        found = read(tmp_path, content)
        assert ([row.line for row in found.rows], found.names) == ([5, 8], ["A", "B"])


def test_a_cell_of_several_lines_does_not_move_the_others(tmp_path: Path) -> None:
    quoted = ODD_CELL.replace('"', '""')
    content = f'CVR;Navn\r\n12345674;"{quoted}"\r\n12345607;B\r\n'
    found = read(tmp_path, content)
    name = 'Bækmølle "Café"; & Æblegård, ApS'
    assert ([row.line for row in found.rows], found.names) == ([2, 4], [name, "B"])
    assert read(tmp_path, xlsx(["CVR", "Navn"], ["12345674", ODD_CELL])).names == [name]


def test_columns_nobody_knows_are_named(tmp_path: Path) -> None:
    header = ["CVR", "Farve", "Navn", None, "Kaffe\nantal"]
    table = read(tmp_path, xlsx(header, ["12345674", "blå", "A", "x", 3])).table
    assert table.unknown == ["Farve", "Kaffe antal"]
    assert table.headers == {"cvr": "CVR", "name": "Navn"}


def test_the_first_of_two_columns_of_one_kind_counts(tmp_path: Path) -> None:
    header = ["CVR", "Navn", "Tlf.", "Telefon"]
    found = read(tmp_path, xlsx(header, ["12345674", "A", "48100100", "20123456"]))
    assert (found.table.unknown, found.only.phone) == (["Telefon"], "48100100")


def test_the_list_may_stand_on_another_sheet(tmp_path: Path) -> None:
    sheets = {"Forside": [["Velkommen"]], "Virksomheder": [["CVR", "Navn"], ["12345674", "A"]]}
    assert [row.line for row in read(tmp_path, xlsx(sheets=sheets)).rows] == [2]


def test_numbers_are_read_as_they_were_typed(tmp_path: Path) -> None:
    header = ["CVR", "Navn", "Telefon", "Postnr.", "Branchekode", "Ansatte"]
    content = xlsx(header, [12345674, 24.0, 48100100.0, 800, 11110.0, 5.0])
    found = read(tmp_path, content).only
    assert (found.cvr, found.name, found.phone) == ("12345674", "24", "48100100")
    assert (found.address.postal_code, found.industry_code) == ("0800", "011110")
    assert (found.employees_from, found.employees_to) == (5, 5)


def test_of_a_formula_the_value_counts(tmp_path: Path) -> None:
    found = read(tmp_path, xlsx(["CVR", "Navn"], ['="1234"&"5674"|12345674', "=A1|Eksempel"])).only
    assert (found.cvr, found.name) == ("12345674", "Eksempel")


def cells(**values: Any) -> Cells:
    return Cells(2, values)


SPANS = [
    ("12", 12, 12), (12.0, 12, 12), ("12,0", 12, 12), ("1.300", 1300, 1300), ("10-19", 10, 19),
    ("10 - 19", 10, 19),
    ("50 til 99", 50, 99), ("1000+", 1000, None), ("50 eller flere", 50, None), ("ANTAL_10_19", 10, 19),
    ("ANTAL_1000_999999", 1000, None), ("ca. 20 ansatte", 20, 20), (None, None, None), ("", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("said", "least", "most"), SPANS)
def test_numbers_of_employees(said: Any, least: int | None, most: int | None) -> None:
    assert cells(employees=said).span("employees") == (least, most)


@pytest.mark.parametrize("said", ["mange", "-5", "1,5", "12;13", "9" * 20, "1.2.3"])
def test_what_is_no_number_of_employees_is_refused(said: str) -> None:
    with pytest.raises(Refused) as refusal:
        cells(employees=said).span("employees")
    assert refusal.value.field == "employees"


FLAGS = [("Ja", True), ("x", True), (True, True), (1.0, True), ("nej", False), (None, False), (0, False)]


@pytest.mark.parametrize(("said", "flag"), FLAGS)
def test_yes_and_no(said: Any, flag: bool) -> None:
    assert cells(protected=said).flag("protected") is flag


def test_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(Refused, match="ja eller nej"):
        cells(protected="måske").flag("protected")


DAYS = [
    date(2026, 11, 23), moment("2026-11-23T09:30"), 46349.0, "23-11-2026", "23.11.26", "23. november 2026",
    "23/11/2026", "2026-11-23", "2026-11-23 00:00:00", "den 23. nov. 2026", "23112026",
]  # fmt: skip


@pytest.mark.parametrize("said", DAYS)
def test_days(said: Any) -> None:
    assert cells(day=said).day("day", TODAY) == date(2026, 11, 23)


@pytest.mark.parametrize("said", ["32-01-2026", "snart", 5.0, "2026"])
def test_what_is_no_day_is_refused(said: Any) -> None:
    with pytest.raises(Refused):
        cells(day=said).day("day", TODAY)


COPENHAGEN = ZoneInfo("Europe/Copenhagen")
HALF_PAST_NINE = [
    (moment("2026-11-20T09:30"), None), (date(2026, 11, 20), time(9, 30)), (date(2026, 11, 20), "9.30"),
    ("20-11-2026 9.30", None), ("20-11-2026 kl. 09:30", None), ("20. november 2026, 9.30", None),
    ("2026-11-20T09:30", None), ("2026-11-20 09:30:00", None), ("2026-11-20T08:30:00Z", None),
    ("2026-11-20T09:30:00+01:00", None), ("20-11-2026", "09:30"), ("20-11-2026", 9.5 / 24),
    (46346.0, moment("1899-12-31T09:30")), ("20-11-2026 12.00", "9.30"),
]  # fmt: skip


@pytest.mark.parametrize(("day", "clock"), HALF_PAST_NINE)
def test_moments(day: Any, clock: Any) -> None:
    found = cells(day=day, clock=clock).moment("day", "clock", NOW, COPENHAGEN, time(8))
    assert found == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("day", [date(2026, 11, 20), moment("2026-11-20"), "20-11-2026", "20/11-26"])
def test_a_day_alone_counts_from_when_the_house_opens(day: Any) -> None:
    found = cells(day=day).moment("day", "clock", NOW, COPENHAGEN, time(8))
    assert found == datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


def test_an_hour_the_clocks_skip_is_refused() -> None:
    with pytest.raises(Refused, match="sommertid"):
        cells(day="29-03-2026", clock="2.30").moment("day", "clock", NOW, COPENHAGEN, time(8))


def test_what_leaves_the_house_armed_against_formulas_comes_back_as_it_was() -> None:
    for said in ("=2+3", "+45 48100100", "-5", "@anna", "'s Hertog"):
        armed = f"'{said}" if said[0] in "=+-@" else said
        assert cells(name=armed).text("name") == said


@pytest.mark.parametrize("said", ["#N/A", "#I/T", "#REFERENCE!", "#VÆRDI!", "#DIV/0!"])
def test_a_cell_that_shows_a_mistake_is_refused(said: str) -> None:
    with pytest.raises(Refused, match="fejl"):
        cells(name=said).text("name")


@pytest.mark.parametrize(
    ("said", "written"),
    [(True, "ja"), (0.5, "0,5"), (date(2026, 1, 2), "02-01-2026"), (time(9, 5), "9.05"),
     (moment("2026-01-02T09:05"), "02-01-2026 9.05"), (1e20, "1e+20")],
)  # fmt: skip
def test_other_cells_become_text_as_people_write_it(said: Any, written: str) -> None:
    assert cells(name=said).text("name") == written


def test_the_rows_can_be_read_again(tmp_path: Path) -> None:
    for content in SAVED.values():
        (tmp_path / "liste").write_bytes(content)
        with read_table(tmp_path / "liste", LAYOUT) as table:
            assert [row.line for row in table.rows()] == [row.line for row in table.rows()] != []
