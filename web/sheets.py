"""Lists as files for a spreadsheet: CSV that opens right in a Danish Excel, and XLSX.

Nothing that people wrote is ever taken for a formula. In XLSX every text is a cell of text. In CSV what a
program would take for a formula has an apostrophe before it, which our own importer takes off again.

Rows are written as they come, so that a list of any length needs no more memory than a line of it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from importers.spreadsheet.cells import armed, disarmed

Cell = str | int | date | datetime | None
# More rows than a list we read ourselves may have are not written either.
MOST_ROWS = 100_000
# What a cell of a spreadsheet can hold.
LONGEST = 32_767
CUT = " … (forkortet: en celle kan ikke være længere)"
DAY, MOMENT = "dd-mm-yyyy", "dd-mm-yyyy hh:mm"
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class TooLong(Exception):  # It is a refusal, and the caller has the sentence.
    """There are more rows than a file may have."""


@dataclass(frozen=True)
class Heading:
    """A column's head, and how wide it is in signs."""

    text: str
    width: int = 18


@dataclass(frozen=True)
class Sheet:
    """A table to be written: its name, its heads and its rows, and what to tell of it when all are written."""

    name: str
    headings: Sequence[Heading]
    rows: Iterable[Sequence[Cell]]
    zone: ZoneInfo
    about: Callable[[int], Sequence[tuple[str, str]]] = lambda _number: ()


def write(path: Path, sheet: Sheet, kind: str) -> int:
    """Write the file, "csv" or "xlsx", and say how many rows it has. Raises TooLong."""
    return {"csv": _write_csv, "xlsx": _write_xlsx}[kind](path, sheet)


def _bounded(sheet: Sheet) -> Iterator[Sequence[Cell]]:
    for number, row in enumerate(sheet.rows, 1):
        if number > MOST_ROWS:
            raise TooLong
        yield row


def _fitting(text: str) -> str:
    """Line ends as a cell has them. What no cell can hold is cut, and says so."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain if len(plain) <= LONGEST else plain[: LONGEST - len(CUT)] + CUT


# --- CSV ------------------------------------------------------------------------------------------


def _write_csv(path: Path, sheet: Sheet) -> int:
    number = 0
    # The mark at the beginning tells Excel that æ, ø and å are UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow([armed(heading.text) for heading in sheet.headings])
        for number, row in enumerate(_bounded(sheet), 1):  # noqa: B007  # The last one is how many.
            writer.writerow([_as_text(cell, sheet.zone) for cell in row])
    return number


def _as_text(cell: Cell, zone: ZoneInfo) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return armed(_fitting(cell))
    if isinstance(cell, datetime):
        return f"{cell.astimezone(zone):%d-%m-%Y %H:%M}"
    return f"{cell:%d-%m-%Y}" if isinstance(cell, date) else str(cell)


# --- XLSX -----------------------------------------------------------------------------------------

# Each row is on the disk before the next is made, and no text is taken for anything else.
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": DAY,
}
ABOUT = "Om listen"
A4 = 9
# What the name of a sheet can hold.
LONGEST_NAME = 31


def _write_xlsx(path: Path, sheet: Sheet) -> int:
    return write_book(path, [sheet])


def write_book(path: Path, sheets: Iterable[Sheet]) -> int:
    """Write several tables into one XLSX, and say how many rows they have in all. Raises TooLong."""
    rows = 0
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        days = {DAY: book.add_format({"num_format": DAY}), MOMENT: book.add_format({"num_format": MOMENT})}
        for sheet in sheets:
            number = _write_page(book.add_worksheet(sheet.name[:LONGEST_NAME]), sheet, bold, days)
            rows += number
            if about := sheet.about(number):
                _tell(book, bold, about)
    return rows


def _write_page(page: Any, sheet: Sheet, bold: Any, days: dict[str, Any]) -> int:
    number = 0
    page.freeze_panes(1, 0)
    for column, heading in enumerate(sheet.headings):
        page.set_column(column, column, heading.width)
        page.write_string(0, column, heading.text, bold)
    for number, row in enumerate(_bounded(sheet), 1):
        for column, cell in enumerate(row):
            _put(page, number, column, cell, sheet.zone, days)
    page.autofilter(0, 0, number, len(sheet.headings) - 1)
    # CVR numbers and telephones are text on purpose.
    page.ignore_errors({"number_stored_as_text": f"A1:XFD{number + 1}"})
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    return number


def _put(page: Any, row: int, column: int, cell: Cell, zone: ZoneInfo, days: dict[str, Any]) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        text = _fitting(cell)
        # A guard that somebody wrote themselves would be taken off when the file is read in again.
        page.write_string(row, column, text if disarmed(text) == text else armed(text))
    elif isinstance(cell, datetime):
        page.write_datetime(row, column, cell.astimezone(zone).replace(tzinfo=None), days[MOMENT])
    elif isinstance(cell, date):
        page.write_datetime(row, column, cell, days[DAY])
    else:
        page.write_number(row, column, cell)


def _tell(book: Any, bold: Any, about: Sequence[tuple[str, str]]) -> None:
    page = book.add_worksheet(ABOUT)
    page.set_column(0, 0, 22)
    page.set_column(1, 1, 80)
    for row, (what, said) in enumerate(about):
        page.write_string(row, 0, what, bold)
        page.write_string(row, 1, _fitting(said))
