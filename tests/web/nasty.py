"""Texts that spreadsheets do something to, each for a reason; and a way to read files back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from importers.spreadsheet.cells import armed, disarmed
from importers.spreadsheet.table import Layout, read_table
from web.sheets import Heading, Sheet

# Formulas, DDE, what begins like one, what looks like a number, a day or an address, and what breaks a line.
TEXTS = (
    "=1+1", "=SUM(A1:A9)", '=HYPERLINK("http://sted.test","Klik")', "=cmd|' /C calc'!A0",
    '=DDE("cmd";"/C calc";"!A0")', "@SUM(1+1)", "+45 48 15 00 01", "-2+3+cmd|' /C calc'!A0", "- ingen", "--1",
    "+", "-", "=", "@", "\t=1+1", "\t", "a\tb", " =1+1", "\xa0=1+1", "\ufeff=1+1", "＝1+1", "＋1", "－1",
    "＠SUM(1)", "'=1+1", "''=1+1", "'", "'navn'", '"=1+1"', '";=1+1;"', "%0A=1+1", "{=1+1}", "#N/A ", "=#REF!",
    "\n=1+1", "Linje 1\nLinje 2", "Linje 1\r\nLinje 2", "a;b;c", "a,b", 'Hun sagde "ja"', '"', '""', '";"',
    ";", ";;", "0012", "00000000", "012345674", "12345674", "1E5", "1e999", "2-4", "10-12", "3/4", "1.2.2026",
    "01-02-2026", "SEPT2", "MARCH1", "TRUE", "SAND", "FALSK", "NULL", "1.300", "1,5", "1.234,50", "50%",
    "12345678901234567890", "kl. 9.30", "09:30", "http://sted.test/?a=1&b=2", "mailto:a@b.test", "a@b.test",
    "\\\\server\\del", "_x0041_", "_x000D_", "&amp;", "<b>fed</b>", "<![CDATA[x]]>", "]]>",
    "Blåbærgrød på Ærø", "ÆØÅæøåÄÖÜß", "Café é (e + ´)", "שלום", "日本語", "👩\u200d👩\u200d👧 familie", "🇩🇰",
    "a,=1+1", "a;=1+1;b", "a\t=1+1", "a\n=1+1", "a\n- et\n- to", 'x,"=1+1",y', "Ring, - og husk", ",=1", "a, '=1+1",
    "a,'-5", "1,\n '=1+1", "a\u200bb", "a\u202eb", "x" * 32_000, "y" * 32_767, "  foran og bag  ",
)  # fmt: skip
MOMENT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
DAYS: tuple[date | datetime, ...] = (date(2026, 11, 23), date(1999, 12, 31), date(2028, 2, 29), MOMENT)
LAYOUT = Layout(
    {"text": ("Tekst",), "after": ("Efter",), "cvr": ("CVR-nr.",), "day": ("Dag",)}, needed=("text", "cvr")
)


def rows_of(texts: Sequence[str]) -> list[list[Any]]:
    """Each text with a sentinel before and after it, so that one that moves a cell shows."""
    return [["01234567", text, f"efter {number}", DAYS[number % 4]] for number, text in enumerate(texts)]


def sheet_of(rows: Sequence[Sequence[Any]], zone: Any) -> Sheet:
    """The rows as a sheet."""
    headings = [Heading(text) for text in ("CVR-nr.", "Tekst", "Efter", "Dag")]
    return Sheet("Liste", headings, rows, zone, lambda number: [("Rækker", str(number))])


def as_a_cell(text: str) -> str:
    """The text as a cell holds it: with one kind of line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def in_a_workbook(text: str) -> str:
    """The text as a workbook shows it: as it is, but for a guard that somebody wrote themselves."""
    plain = as_a_cell(text)
    return plain if disarmed(plain) == plain else armed(plain)


def read_back(path: Path) -> list[dict[str, str | None]]:
    """What our own importer finds in a file."""
    with read_table(path, LAYOUT) as table:
        found = []
        for cells in table.rows():
            found.append({name: cells.text(name) for name in ("text", "cvr", "after", "day")})
        return found
