"""A list kept by hand, whatever program it was saved with: where its header stands, and the rows below it.

Workbooks (xlsx, xlsm, xlsb, xls, ods) are read by a process of their own; text with ; , or tab between the
columns is read here, as UTF-8, UTF-16 or the Windows alphabet (cp1252).
"""

from __future__ import annotations

import codecs
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import IO, Any

from crm import danish
from crm.errors import Refused
from importers.spreadsheet import workbook
from importers.spreadsheet.cells import Cell, Cells

MOST_BYTES = 50 << 20
MOST_UNPACKED = 250 << 20
MOST_PARTS = 2000
LONGEST_CELL = 32_767
LONGEST_LINE = 1 << 20
# A title and an empty line or two may stand above the header.
LOOK = 30
SECONDS = 30
DELIMITERS = ";,\t"

NO_SPREADSHEET = "Filen er ikke et regneark eller en CSV-fil."
DAMAGED = "Filen er beskadiget og kan ikke læses."
LOCKED = "Filen er beskyttet med en adgangskode. Fjern den, og prøv igen."
TOO_LARGE = (
    f"Filen er for stor. Der er plads til {danish.number(workbook.MOST_ROWS)} rækker og "
    f"{workbook.MOST_COLUMNS} kolonner."
)
LONG_CELL = (
    "Linje {line} har en celle med flere tegn, end et regneark kan have. Mangler der et citationstegn?"
)
BROKEN_LETTERS = "Æ, ø og å er gået i stykker i filen. Gem den som CSV UTF-8, og prøv igen."
EMPTY = "Filen er tom."

Line = tuple[int, Sequence[Cell]]
Sheet = Callable[[], Iterator[Line]]


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of list: field → the headers it goes by. `needed` must be there."""

    headers: Mapping[str, Sequence[str]]
    needed: Sequence[str]

    @cached_property
    def _fields(self) -> dict[str, str]:
        return {_folded(name): field for field, names in self.headers.items() for name in names}

    def field_of(self, header: Cell) -> str | None:
        """The field this header stands for, however it is written and whatever it adds in brackets."""
        if not isinstance(header, str):
            return None
        whole, without_brackets = _folded(header[:200]), _folded(re.sub(r"\([^)]*\)", "", header[:200]))
        return self._fields.get(whole) or self._fields.get(without_brackets)


@dataclass(frozen=True)
class Table:
    """The rows of a list by field, and which of its columns nobody knows."""

    rows: Callable[[], Iterator[Cells]]
    headers: Mapping[str, str]
    unknown: list[str] = field(default_factory=list)

    def place(self, name: str) -> str:
        """How a refusal names the column: as the file does."""
        return f"»{self.headers[name]}«: " if name in self.headers else ""


def _folded(header: str) -> str:
    return danish.fold(header).replace(" ", "")


@contextmanager
def read_table(path: Path, layout: Layout) -> Iterator[Table]:
    """The list in the file, to be read inside. Raises Refused, in one sentence, when there is none."""
    with ExitStack() as opened:
        yield _find_table(_sheets(path, layout, opened), layout)


def _find_table(sheets: Iterable[Sheet], layout: Layout) -> Table:
    missing: list[str] = list(layout.needed)
    for sheet in sheets:
        for line, cells in islice(sheet(), LOOK):
            fields = _fields(layout, cells)
            left = [name for name in layout.needed if name not in fields]
            if not left:
                return _table(sheet, line, cells, fields)
            if len(left) < len(missing):
                missing = left
    names = " og ".join(f"»{layout.headers[name][0]}«" for name in missing)
    raise Refused("file", f"Filen mangler en kolonne med overskriften {names}.")


def _fields(layout: Layout, cells: Sequence[Cell]) -> dict[str, int]:
    """Field → the place of its column. Of two columns that go by one field's names the first counts."""
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        if (name := layout.field_of(cell)) is not None:
            found.setdefault(name, place)
    return found


def _table(sheet: Sheet, header_line: int, header: Sequence[Cell], fields: dict[str, int]) -> Table:
    said = {place: " ".join(str(cell).split()) for place, cell in enumerate(header) if cell is not None}

    def rows() -> Iterator[Cells]:
        for line, cells in sheet():
            if line > header_line:
                yield Cells(
                    line, {name: cells[at] if at < len(cells) else None for name, at in fields.items()}
                )

    known = set(fields.values())
    return Table(
        rows,
        {name: said[place] for name, place in fields.items()},
        [text for place, text in said.items() if place not in known],
    )


# --- What kind of file it is ----------------------------------------------------------------------


def _sheets(path: Path, layout: Layout, opened: ExitStack) -> Iterable[Sheet]:
    with path.open("rb") as file:
        start = file.read(4096)
    if path.stat().st_size > MOST_BYTES:
        raise Refused("file", TOO_LARGE)
    if not start.removeprefix(codecs.BOM_UTF8).strip():
        raise Refused("file", EMPTY)
    if start.startswith(b"PK"):
        _check_parts(path)
        return _workbook(path, opened)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        # A workbook with a password is a folder of the old kind, with the real one locked in.
        if "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
            raise Refused("file", LOCKED)
        return _workbook(path, opened)
    return [_text(path, start, layout)]


def _check_parts(path: Path) -> None:
    """Refuses what only looks like a workbook, and what unpacks to more than a list can be."""
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
            if any(part.flag_bits & 1 for part in parts):
                raise Refused("file", LOCKED)
            if not {"xl/workbook.xml", "xl/workbook.bin", "content.xml"} & {part.filename for part in parts}:
                raise Refused("file", NO_SPREADSHEET)
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise Refused("file", TOO_LARGE)
            # Unpacks each part once, to no more than it says it holds.
            whole = packed.testzip() is None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError) as error:
        raise Refused("file", DAMAGED) from error
    if not whole:
        raise Refused("file", DAMAGED)


# --- Workbooks ------------------------------------------------------------------------------------

_REASONS = {"password": LOCKED, "too large": TOO_LARGE, "unreadable": DAMAGED}


def _workbook(path: Path, opened: ExitStack) -> list[Sheet]:
    """The sheets, as a process of its own has written them down."""
    output = opened.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # The stack closes it.
    command = [sys.executable, workbook.__file__, str(path.resolve())]
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONIOENCODING": "utf-8", "RUST_BACKTRACE": "0"}
    try:
        done = subprocess.run(  # noqa: S603  # Our own program, and a path.
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL, env=environment,
            timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Refused("file", TOO_LARGE) from None
    if done.returncode != 0:
        # The system ends it when it wants more memory or time than it may have.
        raise Refused("file", TOO_LARGE if done.returncode < 0 else DAMAGED)
    return [partial(_lines, output, start) for start in _sheet_starts(output)]


def _sheet_starts(output: IO[bytes]) -> list[int]:
    """Where the rows of each sheet begin. Raises Refused when the process says why there are none."""
    starts = []
    output.seek(0)
    while raw := output.readline():
        if raw.startswith(b"{"):
            said = json.loads(raw)
            if "error" in said:
                raise Refused("file", _REASONS[said["error"]])
            starts.append(output.tell())
    return starts


def _lines(output: IO[bytes], start: int) -> Iterator[Line]:
    output.seek(start)
    while (raw := output.readline()) and raw.startswith(b"["):
        line, cells = json.loads(raw)
        yield _checked(line, [_cell(cell) for cell in cells])


def _cell(value: Any) -> Cell:
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]  # JSON has no more kinds than a cell has.
    (kind, text), *_ = value.items()
    read: dict[str, Callable[[str], Cell]] = {
        "day": date.fromisoformat,
        "moment": datetime.fromisoformat,
        "time": time.fromisoformat,
    }
    return read[kind](text)


def _checked(line: int, cells: Sequence[Cell]) -> Line:
    if any(isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in cells):
        raise Refused("file", LONG_CELL.format(line=line))
    return line, cells


# --- Text with a sign between the columns ---------------------------------------------------------


def _text(path: Path, start: bytes, layout: Layout) -> Sheet:
    encoding = _encoding(path, start)
    sheets = {sign: _separated(path, encoding, sign) for sign in DELIMITERS}

    def known_columns(sign: str) -> int:
        try:
            return max((len(_fields(layout, cells)) for _, cells in islice(sheets[sign](), LOOK)), default=0)
        except Refused:
            return 0

    sheet = sheets[max(DELIMITERS, key=known_columns)]
    # What is wrong with it as a whole shows before anything is taken in.
    for _ in sheet():
        pass
    return sheet


def _encoding(path: Path, start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and b"\0\0" not in start:
        return "utf-16"
    if b"\0" in start or start.startswith((b"%PDF", b"\x1f\x8b", b"{\\rtf")):
        raise Refused("file", NO_SPREADSHEET)
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            if _has_broken_letters(path, encoding):
                raise Refused("file", BROKEN_LETTERS)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Refused("file", NO_SPREADSHEET)


# What Danish letters look like when UTF-8 has been read as the Windows alphabet, or was lost on the way.
_BROKEN = re.compile("Ã[¦¸¥†˜…]|\ufffd")


def _has_broken_letters(path: Path, encoding: str) -> bool:
    with path.open(encoding=encoding, newline="") as file:
        return any(_BROKEN.search(part) for part in iter(lambda: file.read(1 << 20), ""))


def _separated(path: Path, encoding: str, sign: str) -> Sheet:
    def lines() -> Iterator[Line]:
        number = 0
        try:
            with path.open(encoding=encoding, newline="") as file:
                reader = csv.reader(_short_lines(file), delimiter=sign)
                begins = 1
                for row in reader:
                    line, begins = begins, reader.line_num + 1
                    cells = [cell if cell.strip() else None for cell in row]
                    if any(cells):
                        number += 1
                        if number > workbook.MOST_ROWS or len(cells) > workbook.MOST_COLUMNS:
                            raise Refused("file", TOO_LARGE)
                        yield _checked(line, cells)
        except csv.Error:
            raise Refused("file", LONG_CELL.format(line=begins)) from None
        except UnicodeError:
            raise Refused("file", NO_SPREADSHEET) from None

    return lines


def _short_lines(file: IO[str]) -> Iterator[str]:
    for line in file:
        if len(line) > LONGEST_LINE:
            raise Refused("file", TOO_LARGE)
        yield line
