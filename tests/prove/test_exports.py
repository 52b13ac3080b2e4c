"""Lists opened by LibreOffice, and lists of forty thousand rows: nothing is live, nothing moves, nothing grows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert
from starlette.testclient import TestClient

from crm import migrations
from crm.access import actions as access
from crm.access.queries import by_email
from crm.companies.models import Company
from crm.danish import sort_key
from crm.db import Database, Session
from crm.numbers import demo_cvr
from crm.responsibility.models import CompanyAssignment
from crm.settings import Settings
from importers.spreadsheet.cells import armed, disarmed
from tests.conftest import add_company, add_user
from tests.web.nasty import TEXTS, as_a_cell, in_a_workbook, rows_of, sheet_of
from web.app import create_app
from web.sheets import write

ZONE = ZoneInfo("Europe/Copenhagen")
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
# Its own numbers for: the sign between columns, the sign around texts, UTF-8, from line 1, Danish, quoted means text.
AS_TEXT = "CSV:{sign},34,76,1,,1030,true,false"
# As above, but it may take what it likes for numbers, days and, where it dares, formulas.
DETECTING = "CSV:{sign},34,76,1,,1030,false,true,,,,,true"
LONG = 40_000


def _tell(figures: str) -> None:
    sys.stdout.write(f"{figures}\n")


def _office() -> str:
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found is None:
        pytest.skip(
            "LibreOffice is not on this machine, so nobody has opened the files with it. Install it and run again: "
            "apt-get install -y --no-install-recommends libreoffice-calc"
        )
    return found


def _opened(path: Path, folder: Path, infilter: str | None = None) -> list[list[tuple[str, str, str]]]:
    """What LibreOffice makes of a file: each cell's kind, its text and its formula."""
    command = [
        _office(),
        f"-env:UserInstallation=file://{folder / 'profile'}",
        "--headless",
        "--convert-to",
        "fods",
    ]
    command += [f"--infilter={infilter}"] if infilter else []
    subprocess.run(
        [*command, "--outdir", str(folder), str(path)], check=True, capture_output=True, timeout=300
    )
    tree = Xml.parse(folder / f"{path.stem}.fods")  # It is our own.
    table = next(tree.iter(f"{TABLE}table"))
    return [row for row in _rows(table) if any(text for _, text, _ in row)]


def _rows(table: Any) -> Iterator[list[tuple[str, str, str]]]:
    for row in table.iter(f"{TABLE}table-row"):
        cells: list[tuple[str, str, str]] = []
        for cell in row.findall(f"{TABLE}table-cell"):
            times = int(cell.get(f"{TABLE}number-columns-repeated", "1"))
            kind = cell.get(f"{OFFICE}value-type", "")
            value = cell.get(f"{OFFICE}date-value") if kind == "date" else _text(cell)
            found = (kind, value or "", cell.get(f"{TABLE}formula", ""))
            cells += [found] * (times if times < 50 else 0)
        yield cells


def _text(cell: Any) -> str:
    return "\n".join(_inside(paragraph) for paragraph in cell.findall(f"{TEXT}p"))


def _inside(element: Any) -> str:
    """The text of a paragraph; blanks in a row and tabs are elements of their own."""
    found = element.text or ""
    for child in element:
        if child.tag == f"{TEXT}s":
            found += " " * int(child.get(f"{TEXT}c", "1"))
        elif child.tag == f"{TEXT}tab":
            found += "\t"
        elif child.tag == f"{TEXT}line-break":
            found += "\n"
        else:
            found += _inside(child)
        found += child.tail or ""
    return found


# Of a cell with several lines LibreOffice drops the tabs as it reads, whatever wrote it; none is in the corpus.
def _written(tmp_path: Path, kind: str, texts: Sequence[str]) -> Path:
    path = tmp_path / f"liste.{kind}"
    write(path, sheet_of(rows_of(texts), ZONE), kind)
    return path


def _judge(
    rows: list[list[tuple[str, str, str]]], texts: Sequence[str], shown: Callable[[str], str]
) -> dict[str, int]:
    """How many formulas live, how many cells stand elsewhere, and how many values are not what was written."""
    body = rows[1:]
    moved = sum(
        row[0][1] != "01234567" or row[2][1] != f"efter {number}" or len(row) < 4
        for number, row in enumerate(body)
    ) + abs(len(body) - len(texts))
    changed = sum(row[1][1] != shown(text) for row, text in zip(body, texts, strict=False))
    live = sum(bool(formula) for row in rows for _, _, formula in row)
    return {"rows": len(body), "live": live, "moved": moved, "changed": changed}


def test_libreoffice_opens_a_workbook_without_one_live_formula(tmp_path: Path) -> None:
    rows = _opened(_written(tmp_path, "xlsx", TEXTS), tmp_path)
    found = _judge(rows, TEXTS, in_a_workbook)
    days = sum(row[3][0] == "date" for row in rows[1:])
    texts = sum(row[1][0] == "string" for row in rows[1:])
    _tell(f"\nXLSX in LibreOffice: {found}, real days {days}, texts {texts}")
    assert found == {"rows": len(TEXTS), "live": 0, "moved": 0, "changed": 0}
    assert days == len(TEXTS)
    assert {row[1][0] for row in rows[1:]} == {"string"}


def test_libreoffice_opens_a_csv_without_one_live_formula(tmp_path: Path) -> None:
    path = _written(tmp_path, "csv", TEXTS)
    rows = _opened(path, tmp_path, AS_TEXT.format(sign=59))
    found = _judge(rows, TEXTS, lambda text: armed(as_a_cell(text)))
    back = sum(disarmed(row[1][1]) != as_a_cell(text) for row, text in zip(rows[1:], TEXTS, strict=False))
    _tell(f"\nCSV in LibreOffice: {found}, guard off again and not as written {back}")
    assert found == {"rows": len(TEXTS), "live": 0, "moved": 0, "changed": 0}
    assert back == 0


@pytest.mark.parametrize("sign", [59, 44, 9], ids=["semicolon", "comma", "tab"])
def test_no_formula_lives_whichever_sign_a_csv_is_opened_with(tmp_path: Path, sign: int) -> None:
    rows = _opened(_written(tmp_path, "csv", TEXTS), tmp_path, DETECTING.format(sign=sign))
    live = [cell for row in rows for cell in row if cell[2]]
    _tell(f"\nCSV with sign {sign}, formulas let loose: {len(rows)} lines, live {len(live)}")
    assert live == []


def test_a_naked_formula_does_live_there(tmp_path: Path) -> None:
    """The proof can tell: the same texts without the guard come alive."""
    path = tmp_path / "naked.csv"
    path.write_text('"CVR-nr.";"Tekst"\n"01234567";"=1+1"\n', encoding="utf-8-sig")
    rows = _opened(path, tmp_path, DETECTING.format(sign=59))
    live = sum(bool(formula) for row in rows for _, _, formula in row)
    _tell(f"\nWithout the guard: live {live}")
    assert live == 1


def _peak() -> int:
    """The most memory this process has had since it was last asked, in bytes."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _forget_the_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_list(tmp_path: Path, kind: str) -> None:
    if os.name != "posix" or not Path("/proc/self/clear_refs").exists():
        pytest.skip("This machine does not tell how much memory was taken.")

    def taken(number: int) -> tuple[int, float]:
        rows = (["01234567", f"Virksomhed nr. {n} på Ærø", f"efter {n}", None] for n in range(number))
        _forget_the_peak()
        before, began = _peak(), time.perf_counter()
        assert write(tmp_path / f"{number}.{kind}", sheet_of(rows, ZONE), kind) == number  # type: ignore[arg-type]
        return _peak() - before, time.perf_counter() - began

    taken(1_000)
    few, _ = taken(4_000)
    many, seconds = taken(LONG)
    _tell(f"\n{kind}: {few / 1e6:.1f} MB for 4,000 rows, {many / 1e6:.1f} MB for {LONG:,} in {seconds:.1f} s")
    assert many < few + 8e6


def test_forty_thousand_companies_leave_the_database_without_filling_memory(tmp_path: Path) -> None:
    """The whole way: keyset pages of one moment, columns that need more, both kinds of file."""
    url = f"sqlite:///{tmp_path / 'many.db'}"
    # Filled by a process of its own, so that what that took is not there to be used again.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        email = beside.submit(_filled, url).result()
    database = Database(url)
    app = create_app(Settings(data_dir=tmp_path), database)
    with database.write() as db:
        token = access.sign_in(db, user=by_email(db, email), now=datetime.now(UTC), hours=1)
    client = TestClient(app, base_url="http://127.0.0.1:8000")
    client.cookies.set("session", token)
    csrf = app.state.house.sign("csrf", token)
    for kind in ("csv", "xlsx"):
        for query, number in (
            ("navn=Firma 1", 11_111),
            ("kolonner=branche,telefon,koncern,partner,sidst", LONG),
        ):
            _forget_the_peak()
            before, began = _peak(), time.perf_counter()
            form = {"csrf": csrf, "udvalg": query, "format": kind}
            with client.stream("POST", "/lister/virksomheder/hent", data=form) as answer:
                size = sum(len(part) for part in answer.iter_bytes())
            taken, seconds = _peak() - before, time.perf_counter() - began
            assert answer.status_code == 200
            rows = int(answer.headers["x-rows"])
            _tell(
                f"\n{kind}, {rows:,} companies: {taken / 1e6:.0f} MB more, {size / 1e6:.1f} MB file, {seconds:.1f} s"
            )
            assert rows == number
            assert taken < 60e6


def _filled(url: str) -> str:
    """A database of many companies; whose they are."""
    database = Database(url)
    migrations.upgrade(database)
    with database.write() as db:
        anna = add_user(db)
        add_company(db, 0, "Den første ApS", responsible=anna)
        _many_more(db, anna.id, LONG - 1)
    database.close()
    return anna.email


def _many_more(db: Session, user: int, number: int) -> None:
    """So many companies, written in bulk past the rules that cost a statement each."""
    first = 1_000_000
    companies = [
        {
            "id": first + n, "cvr": demo_cvr(n + 1), "name": f"Firma {n} ApS", "sort_key": sort_key(f"Firma {n} ApS"),
            "current_assignment_id": first + n, "has_responsible": 1, "created_at": datetime.now(UTC), "version": 1,
            "kept_by_hand": {}, "source": "hand", "status": "NORMAL", "active": 1, "advertising_protected": n % 3 % 2,
            "industry_text": "Murerarbejde", "industry_code": "433100", "phone": "48 15 00 01", "postal_code": "3450",
        }
        for n in range(1, number + 1)
    ]  # fmt: skip
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assignments = [
        {"id": each["id"], "company_id": each["id"], "user_id": user, "valid_from": moment, "reason": "x"}
        for each in companies
    ]
    db.execute(insert(Company.__table__), companies)  # type: ignore[arg-type]  # It is a table.
    db.execute(insert(CompanyAssignment.__table__), assignments)  # type: ignore[arg-type]
