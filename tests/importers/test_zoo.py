"""A zoo of malformed files: none brings the house down, leaves half a row or takes five seconds."""

from __future__ import annotations

import io
import re
import resource
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from crm.batches import ImportBatch
from crm.companies.models import Company, CompanyContact
from crm.db import Database
from crm.errors import Refused
from crm.numbers import demo_cvr
from importers.spreadsheet.companies import LAYOUT
from importers.spreadsheet.table import read_table
from tests.conftest import add_user
from tests.importers import register_documents as register
from tests.importers import workbooks as made
from tests.importers.conftest import House, adds_up
from tests.importers.workbooks import encrypted, ods, ods_cell, ods_of, packed, text, xlsx, xlsx_of

GOOD = [["CVR", "Navn"], [demo_cvr(0), "Eksempel"]]
XLSX = xlsx(*GOOD)
SECONDS = 5
LINE = register.line(register.company(0))
MANY_CELLS = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 200_001))
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
REPEATED = ' table:number-columns-repeated="16384"'
ENTITIES = (
    '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;">]>'
)


def _rows(content: Sequence[Sequence[object]]) -> str:
    """Rows as a workbook writes them."""
    return "".join(
        f'<row r="{n}">'
        + "".join(
            f'<c r="{column}{n}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for column, cell in zip("ABCDEF", row, strict=False)
        )
        + "</row>"
        for n, row in enumerate(content, 1)
    )


def _locked() -> bytes:
    """A zip file whose table of contents asks for a password."""
    entry = b"PK\x01\x02\x14\x03\x14\x00"
    return packed(**{"xl/workbook.xml": "a"}).replace(entry + b"\x00", entry + b"\x01")


def _lying_about_its_size() -> bytes:
    """A part that unpacks to more than the table of contents says."""
    real = packed(**{"xl/workbook.xml": "x", "xl/worksheets/sheet1.xml": "A" * 50_000_000})
    return real.replace((50_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))


def _bomb() -> bytes:
    """Half a megabyte that unpacks to five hundred."""
    stream = io.BytesIO(packed(**{"xl/workbook.xml": "a"}))
    with (
        zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as file,
        file.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(500):
            part.write(b"\x00" * 1_000_000)
    return stream.getvalue()


# Files that are refused as a whole, as a list of companies.
LISTS: dict[str, Callable[[], bytes]] = {
    "empty": bytes,
    "blank": lambda: b" \n\n",
    "one byte": lambda: b"\x00",
    "nulls": lambda: b"\x00" * 5000,
    "a null in the middle": lambda: text(*GOOD).encode() + b"\x00;\x00\n",
    "noise": lambda: bytes(range(256)) * 50,
    "only a BOM": lambda: b"\xef\xbb\xbf",
    "UTF-16 cut in the middle of a sign": lambda: text(*GOOD).encode("utf-16")[:-1],
    "UTF-32": lambda: text(*GOOD).encode("utf-32"),
    "Danish letters read wrong and saved again": lambda: text(
        ["CVR", "Navn"], [demo_cvr(0), "Bækmølle".encode().decode("cp1252")]
    ).encode(),
    "two alphabets in one file": lambda: "CVR;Navn\n1;Bækmølle\n".encode() + "2;Ærø\n".encode("cp1252"),
    "a PDF": lambda: b"%PDF-1.7\n1 0 obj\n",
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + b"\x00" * 50,
    "a page": lambda: b"<!doctype html><table><tr><td>CVR</td></tr></table>",
    "rich text": lambda: rb"{\rtf1\ansi CVR;Navn}",
    "JSON": LINE.encode,
    "no header": lambda: text([demo_cvr(0), "Eksempel"]).encode(),
    "a header without CVR": lambda: text(["Navn", "By"], ["A", "B"]).encode(),
    "a header without names": lambda: text(["CVR", "By"], ["1", "B"]).encode(),
    "a header far below": lambda: (b"Tekst\n" * 100) + text(*GOOD).encode(),
    "a quote that never ends": lambda: b'CVR;Navn\n1;"' + b"x" * 300_000,
    "a cell of a million characters": lambda: b"CVR;Navn\n1;" + b"x" * 1_000_000,
    "a line of commas": lambda: b"CVR,Navn\n" + b"," * 3_000_000,
    "a thousand columns": lambda: text(*GOOD).encode() + b";" * 1000 + b"x\n",
    "more rows than there is room for": lambda: b"CVR;Navn\n" + b"1;A\n" * 100_002,
    "a file that is too large": lambda: b"CVR;Navn\n" + b"1;A\n" * 14_000_000,
    "a zip": lambda: packed(**{"a.txt": "CVR;Navn"}),
    "an empty zip": packed,
    "a document": lambda: packed(**{"word/document.xml": "<a/>"}),
    "a workbook cut off": lambda: XLSX[: len(XLSX) // 2],
    "a workbook with noise in it": lambda: XLSX[:200] + b"\xff" * 100 + XLSX[300:],
    "a workbook without a sheet": lambda: packed(**{"xl/workbook.xml": "<a/>"}),
    "a workbook with an empty sheet": xlsx,
    "a workbook of broken XML": lambda: xlsx_of("<row"),
    "an unclosed cell": lambda: xlsx_of('<row r="1"><c r="A1"><v>1</v></row>'),
    "a text that is not there": lambda: xlsx_of('<row r="1"><c r="A1" t="s"><v>7</v></c></row>', "en"),
    "a place that is none": lambda: xlsx_of('<row r="1"><c r="ÆØÅ999999999999"><v>1</v></c></row>'),
    "two cells at the ends of the world": lambda: xlsx_of(
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    ),
    "one text two hundred thousand times": lambda: xlsx_of(MANY_CELLS, "x" * 32_000),
    "a bomb of zeros": _bomb,
    "a bomb of parts": lambda: packed(**{"xl/workbook.xml": "a"} | {f"xl/{n}.xml": "" for n in range(3000)}),
    "a part that lies about its size": _lying_about_its_size,
    "entities": lambda: xlsx_of(ENTITIES + "<row><c><v>&d;</v></c></row>"),
    "an entity from outside": lambda: xlsx_of('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><row><c><v>&b;</v></c></row>'),
    "an open document of repeated cells": lambda: ods_of(
        f'<table:table-row table:number-rows-repeated="1048576">{ods_cell("hej", REPEATED)}</table:table-row>'
    ),
    "an open document of broken XML": lambda: ods_of("<table:table-row"),
    "an old workbook cut off": lambda: OLD_WORKBOOK + b"\x00" * 600,
    "an encrypted workbook": encrypted,
    "a zip with a password": _locked,
}  # fmt: skip

# The same as files of the register.
DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "empty": bytes,
    "a workbook": lambda: XLSX,
    "noise": lambda: bytes(range(1, 256)) * 50,
    "a list": lambda: text(*GOOD).encode(),
    "a bracket": lambda: b"[",
    "two hundred thousand brackets": lambda: b"[" * 200_000,
    "a hundred thousand objects": lambda: b'{"hits":' * 100_000,
    "an answer whose hits are none": lambda: b'{"hits":{"hits":null}}',
    "an answer whose hits are a number": lambda: b'{"hits":{"hits":7}}',
    "an answer cut off": lambda: register.line(register.answer([register.company(0)] * 50)).encode()[:-7],
    "an answer with a text that never ends": lambda: (
        b'{"took":1,"hits":{"total":1,"hits":[{"_source":{"a":"' + b"x" * 5_000_000
    ),
    "an endless number": lambda: b'{"took": ' + b"9" * 5_000_000,
    "five million spaces": lambda: b" " * 5_000_000 + b"x",
    "a page of a server": lambda: b"<html>502 Bad Gateway</html>",
    "an error of the register": lambda: b'{"error":{"root_cause":[],"type":"security"},"status":401}',
    "UTF-16": lambda: LINE.encode("utf-16"),
    "bad UTF-8": lambda: b'{"Vrvirksomhed":{"navn":"\xff\xfe"}}',
    "half signs": lambda: b'{"Vrvirksomhed":{"cvrNummer":12345674,"navne":[{"navn":"\\ud83d"}]}}'[:-1],
}  # fmt: skip


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """One consultant, and one company that must be untouched afterwards."""
    database = Database(sqlite_url)
    with database.write("test") as db:
        add_user(db)
    folder = tmp_path / "files"
    folder.mkdir()
    found = House(database, folder)
    found.take_documents(register.company(9))
    yield found
    database.close()


def spent() -> float:
    """The processor's time that we and the processes we started have taken, however busy the machine is."""
    ours, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return ours.ru_utime + ours.ru_stime + theirs.ru_utime + theirs.ru_stime


def refused_whole(house: House, kind: str, content: bytes, name: str) -> None:
    """It is refused in one sentence, soon, and nothing is stored."""
    before, path = house.picture(), house.write(content, name)
    begun = spent()
    with pytest.raises(Refused) as refusal:
        house.take(kind, path)
    assert spent() - begun < SECONDS
    assert refusal.value.field == "file"
    assert 5 < len(refusal.value.message) < 200
    assert "\n" not in refusal.value.message
    assert house.picture() == before
    assert house.count(ImportBatch) == (1,)


@pytest.mark.parametrize("content", LISTS.values(), ids=LISTS.keys())
def test_a_malformed_list_is_refused_whole(house: House, content: Callable[[], bytes]) -> None:
    refused_whole(house, "companies", content(), "liste.xlsx")


@pytest.mark.parametrize("content", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_a_malformed_file_of_the_register_is_refused_whole(
    house: House, content: Callable[[], bytes]
) -> None:
    refused_whole(house, "cvr", content(), "register.json")


def test_a_file_with_a_password_says_so(house: House) -> None:
    for name in ("an encrypted workbook", "a zip with a password"):
        with pytest.raises(Refused, match="adgangskode"):
            house.take("companies", LISTS[name]())


def _most_memory(path: Path) -> int:
    """How much the processes took that read this file, in KiB; asked in a process that has no others."""
    with pytest.raises(Refused), read_table(path, LAYOUT) as table:
        list(table.rows())
    # Not ru_maxrss of its own: that begins with what the process it was started from took.
    own = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return max(int(own[1]) if own else 0, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


@pytest.mark.parametrize(
    "name", ["two cells at the ends of the world", "one text two hundred thousand times"]
)
def test_no_file_makes_a_process_take_the_machine(tmp_path: Path, name: str) -> None:
    path = tmp_path / "liste.xlsx"
    path.write_bytes(LISTS[name]())
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        assert alone.submit(_most_memory, path).result() < 400_000


# Odd, but no more than that: the good row goes in, and each of the others is accounted for.
ODD: dict[str, Callable[[], bytes]] = {
    "rows of different lengths": lambda: text(*GOOD, [demo_cvr(1)], [], ["", "", "", "x"]).encode(),
    "the header again": lambda: text(*GOOD, GOOD[0]).encode(),
    "formulas": lambda: text(*GOOD, [demo_cvr(1), "=2+3+cmd|' /C calc'!A0"]).encode(),
    "control signs": lambda: text(*GOOD, [demo_cvr(1), "A\x07B"]).encode(),
    "signs from right to left": lambda: text(*GOOD, [demo_cvr(1), "\u202eABC"]).encode(),
    "lines ended in every way": f"CVR;Navn\r{demo_cvr(0)};Eksempel\n\r{demo_cvr(1)};B\r\n".encode,
    "spaces without width": lambda: text(
        ["CVR", "Navn"], ["\u200b" + demo_cvr(0), "Eksempel\u200b"]
    ).encode(),
    "numbers beyond all numbers": lambda: xlsx(*GOOD, [1e308, "B"], [-5, "C"], [0.1, "D"]),
    "cells that show mistakes": lambda: xlsx(*GOOD, ["=NA()|#N/A", "B"]),
    "dates for numbers": lambda: xlsx(*GOOD, ["=1|2026-11-23", "B"]),
    "an empty row of an open document repeated a million times": lambda: ods_of(
        f"<table:table-row>{ods_cell('CVR')}{ods_cell('Navn')}</table:table-row>"
        f"<table:table-row>{ods_cell(demo_cvr(0))}{ods_cell('Eksempel')}</table:table-row>"
        '<table:table-row table:number-rows-repeated="1048574"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
    ),
    "a sheet full of nothing": lambda: xlsx_of(
        _rows(GOOD) + "".join(f'<row r="{n}"><c r="A{n}"/></row>' for n in range(3, 5000))
    ),
    "a name like a table": lambda: xlsx(sheets={"; DROP TABLE company; --": GOOD}),
    "another open document": lambda: ods(*[[str(cell) for cell in row] for row in GOOD]),
}  # fmt: skip


@pytest.mark.parametrize("content", ODD.values(), ids=ODD.keys())
def test_an_odd_list_gives_what_is_good_in_it(house: House, content: Callable[[], bytes]) -> None:
    path = house.write(content(), "=cmd|'.csv")
    begun = spent()
    receipt = house.take("companies", path)
    assert spent() - begun < SECONDS
    assert adds_up(receipt)
    assert receipt.created >= 1
    assert house.company(0).name.startswith("Eksempel")
    assert house.count(Company) == (1 + receipt.created,)


def test_every_kind_refuses_what_is_no_list(house: House) -> None:
    for kind in ("contacts", "agreements", "interactions"):
        for name in ("noise", "a zip", "a workbook cut off", "a quote that never ends"):
            refused_whole(house, kind, LISTS[name](), "liste.csv")
    assert house.count(CompanyContact) == (0,)


def test_the_builders_of_the_zoo_build_good_files_too(house: House) -> None:
    assert house.take("companies", made.xlsx_of(_rows(GOOD))).created == 1
