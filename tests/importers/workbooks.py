"""Lists as people save them: xlsx as a program writes it, xlsx and ods built from their parts, and text."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import xlsxwriter

DAY, MOMENT, CLOCK = "dd-mm-yyyy", "dd-mm-yyyy hh:mm", "hh:mm"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def xlsx(*rows: Any, sheets: Mapping[str, Sequence[Sequence[Any]]] | None = None) -> bytes:
    """A workbook with these rows; a text that begins with = is a formula with the value behind the |."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"strings_to_formulas": False, "strings_to_urls": False})
    formats = {form: book.add_format({"num_format": form}) for form in (DAY, MOMENT, CLOCK)}
    for name, content in (sheets or {"Ark1": rows}).items():
        sheet = book.add_worksheet(name)
        for line, row in enumerate(content):
            for place, cell in enumerate(row):
                _write(sheet, line, place, cell, formats)
    book.close()
    return stream.getvalue()


def _write(sheet: Any, line: int, place: int, cell: Any, formats: Mapping[str, Any]) -> None:
    if isinstance(cell, datetime):
        sheet.write_datetime(line, place, cell, formats[MOMENT])
    elif isinstance(cell, date):
        sheet.write_datetime(line, place, cell, formats[DAY])
    elif isinstance(cell, time):
        sheet.write_datetime(line, place, cell, formats[CLOCK])
    elif isinstance(cell, str) and cell.startswith("=") and "|" in cell:
        formula, value = cell.split("|")
        sheet.write_formula(line, place, formula, None, value)
    elif cell is not None:
        sheet.write(line, place, cell)


def text(*rows: Any, sign: str = ";", end: str = "\n") -> str:
    """The rows with a sign between the columns."""
    return "".join(sign.join("" if cell is None else str(cell) for cell in row) + end for row in rows)


def packed(**parts: str | bytes) -> bytes:
    """A zip file with these parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return stream.getvalue()


def xlsx_of(rows: str, shared: str | None = None) -> bytes:
    """A workbook whose rows are written out as XML."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><sheets>'
        '<sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{DOCUMENT}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    if shared is not None:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}"><si><t>{shared}</t></si></sst>'
    return packed(**parts)


def ods_of(rows: str) -> bytes:
    """An OpenDocument spreadsheet whose rows are written out as XML."""
    return packed(**{
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{OASIS}:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" '
        'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
        "</manifest:manifest>",
        "content.xml": f'<office:document-content xmlns:office="{OASIS}:office:1.0" '
        f'xmlns:table="{OASIS}:table:1.0" xmlns:text="{OASIS}:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="A">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>",
    })  # fmt: skip


def ods(*rows: Sequence[str]) -> bytes:
    """An OpenDocument spreadsheet with these texts."""
    return ods_of(
        "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
    )


def ods_cell(content: str, more: str = "") -> str:
    """One cell with a text in it."""
    return f'<table:table-cell office:value-type="string"{more}><text:p>{content}</text:p></table:table-cell>'


def encrypted() -> bytes:
    """What a program saves when a workbook gets a password: an old kind of folder with the real one in it."""
    none, end, fat_sector, sectors = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 8
    streams = ("EncryptedPackage", "EncryptionInfo")
    fat, entries = [fat_sector, end], [_entry("Root Entry", 5, none, 1, end, 0)]
    for n, name in enumerate(streams, 1):
        first = len(fat)
        fat += [*range(first + 1, first + sectors), end]
        entries.append(_entry(name, 2, n + 1 if n < len(streams) else none, none, first, sectors * 512))
    header = struct.pack(
        "<8s16x5H6x10I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6,
        0, 1, 1, 0, 4096, end, 0, end, 0, 0,
    ) + struct.pack("<I", none) * 108  # fmt: skip
    table = struct.pack("<128I", *fat, *[none] * (128 - len(fat)))
    folder = b"".join(entries).ljust(512, b"\x00")
    return header + table + folder + bytes(range(256)) * 2 * sectors * len(streams)


def _entry(name: str, kind: int, right: int, child: int, first: int, size: int) -> bytes:
    """One entry of such a folder."""
    written = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII36xIQ", written, len(written) + 2, kind, 1, 0xFFFFFFFF, right, child, first, size
    )
