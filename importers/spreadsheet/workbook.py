"""Reads a workbook in a process of its own, as a file of two kilobytes may ask for more than the machine has.

Run as a program with the path of a workbook. Writes every sheet that is not hidden: its name, then row by row
the number and the cells, each on a line of JSON. What it cannot read it says in one last line. When it is
ended because it wanted too much memory or time, only this process is.

It imports nothing of the house, so that it starts in no time.
"""

from __future__ import annotations

import json
import resource
import sys
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine as calamine

MEGABYTE = 1 << 20
MEMORY = 256 * MEGABYTE
OUTPUT = 256 * MEGABYTE
SECONDS = 20
MOST_ROWS = 100_000
MOST_COLUMNS = 300
MOST_SHEETS = 20


def limit() -> None:
    """Take no more than a list of a hundred thousand rows needs."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        # Some systems have no such limit to set; the clock of whoever started this still runs.
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def tell(value: Any) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True) + "\n")


def plain(cell: Any) -> Any:
    """A cell as JSON: days and times as {"day": …}, {"moment": …} and {"time": …}."""
    if isinstance(cell, str):
        return cell if cell.strip() else None
    if isinstance(cell, datetime):
        return {"moment": cell.isoformat()}
    if isinstance(cell, date):
        return {"day": cell.isoformat()}
    if isinstance(cell, timedelta):
        return {"time": str(cell % timedelta(days=1)).zfill(8)}
    return {"time": cell.isoformat()} if isinstance(cell, time) else cell


def tell_rows(sheet: calamine.CalamineSheet) -> None:
    """Every row that is not empty, with the number it has in the sheet."""
    number = 0
    for line, row in enumerate(sheet.iter_rows(), 1):
        cells = [plain(cell) for cell in row]
        if any(cell is not None for cell in cells):
            number += 1
            tell([line, cells])
        if number > MOST_ROWS:
            raise MemoryError


def main(path: str) -> None:
    """Read the workbook; a reason in one word when that cannot be done."""
    try:
        book = calamine.load_workbook(path)
        shown = [each for each in book.sheets_metadata if each.visible == calamine.SheetVisibleEnum.Visible]
        for each in shown[:MOST_SHEETS]:
            if each.typ == calamine.SheetTypeEnum.WorkSheet:
                sheet = book.get_sheet_by_name(each.name)
                if sheet.total_width > MOST_COLUMNS:
                    raise MemoryError
                tell({"sheet": each.name})
                tell_rows(sheet)
    except calamine.PasswordError:
        tell({"error": "password"})
    except MemoryError:
        tell({"error": "too large"})
    except (calamine.CalamineError, OSError, ValueError, OverflowError):
        tell({"error": "unreadable"})


if __name__ == "__main__":
    limit()
    main(sys.argv[1])
