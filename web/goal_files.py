"""Files that leave the house with figures in them: made whole, written down in the audit log, and only then sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter
from starlette.responses import Response

from crm import audit
from crm.errors import Refused
from web import sheets
from web.deps import Visit
from web.lists.files import take_turn
from web.sheets import Cell, Sheet, TooLong

INERT = "sandbox; default-src 'none'"
PDF = "application/pdf"
TOO_LONG = "Der er flere rækker, end en fil kan have. Vælg en kortere periode."
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def send(
    visit: Visit, name: str, kind: str, make: Callable[[Path], object], told: dict[str, Any]
) -> Response:
    """Make the file, write down that it left and what it held, and send it."""
    if kind not in (*sheets.FORMATS, "pdf"):
        raise Refused("format", "Vælg Excel, CSV eller PDF.")
    take_turn(visit)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"fil.{kind}"
        try:
            make(path)
        except TooLong:
            raise Refused("", TOO_LONG) from None
        content = path.read_bytes()
    # The reading session ends here; the note is a change of its own.
    visit.db.close()
    with visit.house.database.write(visit.me.email, visit.me.id) as db:
        audit.note(db, action="export", kind="goals", id=name, payload=told | {"format": kind})
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{kind}"',
        "Content-Security-Policy": INERT,
        "Cache-Control": "no-store",
    }
    answer = Response(content, media_type=sheets.FORMATS.get(kind, PDF), headers=headers)
    # The page that waits for the file looks for this; see app.js.
    if token := visit.form.data.get("hentes", ""):
        answer.set_cookie(
            "hentet",
            token[:40] if token.isalnum() else "1",
            max_age=60,
            samesite="strict",
            secure=visit.house.secure,
        )
    return answer


def write_book(path: Path, pages: Sequence[Sheet]) -> None:
    """Several tables in one XLSX. What people wrote is text, never a formula."""
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": sheets.DAY})
        for sheet in pages:
            _write(book.add_worksheet(sheet.name[:31]), sheet, bold, day)


def _write(page: Any, sheet: Sheet, bold: Any, day: Any) -> None:
    page.freeze_panes(1, 0)
    for column, heading in enumerate(sheet.headings):
        page.set_column(column, column, heading.width)
        page.write_string(0, column, heading.text, bold)
    number = 0
    for number, row in enumerate(sheet.rows, 1):
        if number > sheets.MOST_ROWS:
            raise TooLong
        for column, cell in enumerate(row):
            _put(page, number, column, cell, day)
    page.autofilter(0, 0, number, len(sheet.headings) - 1)
    # CVR numbers are text on purpose.
    page.ignore_errors({"number_stored_as_text": f"A1:XFD{number + 1}"})
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _put(page: Any, row: int, column: int, cell: Cell, day: Any) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        page.write_string(row, column, cell[: sheets.LONGEST])
    elif isinstance(cell, int):
        page.write_number(row, column, cell)
    else:
        page.write_datetime(row, column, cell, day)
