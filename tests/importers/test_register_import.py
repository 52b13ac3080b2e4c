"""A file of the register goes in, its broken documents stay out, and the same file again changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import tracemalloc
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm.exc import StaleDataError

from crm.audit import broken_links
from crm.batches import ImportBatch, ImportRefusal
from crm.companies import actions as companies
from crm.companies.models import Company, ProductionUnit
from crm.db import Database
from crm.errors import Refused
from crm.numbers import demo_cvr
from crm.responsibility.models import CompanyAssignment
from crm.settings import Settings
from importers import batch as batches
from importers.bulk import Change, change
from importers.commands import KINDS
from importers.receipt import Receipt
from tests.conftest import NOW, add_user
from tests.importers import register_documents as register
from tests.importers.breakages import BREAKAGES, CPR, broken
from tests.importers.conftest import House, adds_up

FILES = Path(__file__).parent / "files"
ENINDGANG = Path(sys.executable).with_name("enindgang")
FIGURES = ("read", "created", "changed", "unchanged", "refused")


def figures(receipt: Receipt) -> tuple[int, ...]:
    return tuple(getattr(receipt, name) for name in FIGURES)


def environment(house: House) -> dict[str, str]:
    """What a process of its own needs to know to work on the same database."""
    return os.environ | {
        "ENINDGANG_DATABASE_URL": house.database.url, "ENINDGANG_DATA_DIR": str(house.folder),
    }  # fmt: skip


def enindgang(house: House, *arguments: str | Path) -> tuple[int, Any, str]:
    """The real command line: its exit code, its JSON, and what it says on stderr."""
    done = subprocess.run(
        [ENINDGANG, *map(str, arguments)], env=environment(house), capture_output=True, text=True, check=False
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def a_third_broken() -> tuple[list[str], list[int]]:
    """240 lines of which 30 % are broken, each in its own way, and which these are."""
    lines: list[str] = []
    wrong: list[int] = []
    for n in range(240):
        if n % 10 in {1, 4, 8}:
            lines.append(broken(len(wrong)))
            wrong.append(n + 1)
        else:
            lines.append(register.line(register.unit(n, of=n - 1) if n % 10 == 3 else register.company(n)))
    return lines, wrong


def test_of_a_file_with_a_third_broken_the_rest_goes_in_and_again_changes_nothing(house: House) -> None:
    lines, wrong = a_third_broken()
    assert len(wrong) == 72 > len(BREAKAGES)
    path = house.write("\n".join(lines) + "\n", "register.jsonl")
    code, receipt, said = enindgang(house, "import", "cvr", path, "--json")
    assert code == 1
    assert said.strip() == "register.jsonl: 72 rækker blev afvist."
    assert [row["line"] for row in receipt["rows"]] == wrong
    assert all(row["reason"].strip() for row in receipt["rows"])
    assert CPR not in json.dumps(receipt)
    assert [receipt[name] for name in FIGURES] == [240, 168, 0, 0, 72]
    assert house.count(Company, ProductionUnit, CompanyAssignment) == (144, 24, 144)
    before = house.picture()
    code, again, _ = enindgang(house, "import", "cvr", path, "--json")
    assert code == 1
    assert [again[name] for name in FIGURES] == [240, 0, 0, 168, 72]
    assert again["rows"] == receipt["rows"]
    assert house.picture() == before


def test_every_company_that_came_in_has_its_one_consultant_and_is_found(house: House) -> None:
    house.take_documents(*(register.company(n) for n in range(20)))
    assert {house.responsible(n) for n in range(20)} == {"anna@kommune.test", "bo@kommune.test"}
    assert house.found_by("baekmogardens") == [demo_cvr(n) for n in (0, 6, 12, 18)]
    assert house.found_by(demo_cvr(7)) == [demo_cvr(7)]
    with house.database.read() as db:
        assert list(broken_links(db)) == []


@pytest.mark.parametrize("name", ["answer.json", "documents.jsonl"])
def test_the_files_kept_beside_the_tests_go_in_whole(house: House, name: str) -> None:
    code, receipt, said = enindgang(house, "import", "cvr", FILES / name, "--json")
    assert (code, said) == (0, "")
    assert [receipt[name] for name in FIGURES] == [4, 4, 0, 0, 0]


def test_a_dry_run_says_the_same_and_keeps_nothing(house: House) -> None:
    lines, _ = a_third_broken()
    path = house.write("\n".join(lines), "register.jsonl")
    tried = house.take("cvr", path, dry_run=True)
    assert house.count(Company, ImportBatch) == (0, 0)
    assert tried.batch is None
    done = house.take("cvr", path)
    assert (figures(tried), tried.rows) == (figures(done), done.rows)


def test_the_receipt_is_kept_with_every_refusal(house: House) -> None:
    receipt = house.take_documents(register.company(0), *(broken(n) for n in range(len(BREAKAGES))))
    assert adds_up(receipt)
    with house.database.read() as db:
        kept = db.get_one(ImportBatch, receipt.batch)
        assert (kept.rows_read, kept.created, kept.refused) == (1 + len(BREAKAGES), 1, len(BREAKAGES))
        rows = db.execute(select(ImportRefusal.line, ImportRefusal.reason).order_by(ImportRefusal.seq))
        assert [tuple(row) for row in rows] == receipt.rows


def test_in_an_answer_on_one_line_each_document_has_its_number(house: House) -> None:
    documents = [
        register.company(0),
        register.person(),
        register.company(2, name="x" * 301),
        register.unit(7),
    ]
    receipt = house.take("cvr", register.line(register.answer(documents)))
    assert [(line, reason[:13]) for line, reason in receipt.rows] == [
        (1, "Dokument 2: P"), (1, "Dokument 3: N"), (1, "Dokument 4: V"),
    ]  # fmt: skip


def test_the_database_knows_that_a_receipt_adds_up(house: House) -> None:
    house.take_documents(register.company(0))
    with pytest.raises(Exception, match="sum"), house.database.write() as db:
        db.execute(text("UPDATE import_batch SET refused = refused + 1"))


# --- The same thing twice, in any order -------------------------------------------------------------


def test_a_place_may_come_before_its_company(house: House) -> None:
    assert figures(house.take_documents(register.unit(0), register.company(0))) == (2, 2, 0, 0, 0)
    assert house.units_of(0) == [register.p_number_of(0)]


def test_the_same_document_twice_in_a_file_counts_once(house: House) -> None:
    receipt = house.take_documents(*[register.company(0)] * 3, *[register.unit(0)] * 3)
    assert figures(receipt) == (6, 2, 0, 4, 0)


def test_a_later_word_about_the_same_company_in_a_file_counts(house: House) -> None:
    later = register.company(0, name="Nyt navn", sidstOpdateret="2025-01-01T00:00:00Z")
    assert figures(house.take_documents(register.company(0), later)) == (2, 1, 1, 0, 0)
    assert house.company(0).name == "Nyt navn"
    assert house.found_by("nyt navn") == [demo_cvr(0)]
    assert house.found_by("baekmogardens") == []


def test_an_older_word_changes_nothing_in_whatever_file_it_comes(house: House) -> None:
    new = register.company(0, name="Nyt navn", sidstOpdateret="2025-01-01T00:00:00Z")
    house.take_documents(new)
    before = house.picture()
    assert figures(house.take_documents(register.company(0))) == (1, 0, 0, 1, 0)
    assert figures(house.take_documents(register.unit(0))) == (1, 1, 0, 0, 0)
    old = register.unit(0, name="Gammelt", sidstOpdateret="2020-01-01T00:00:00Z")
    assert figures(house.take_documents(old)) == (1, 0, 0, 1, 0)
    assert house.units_of(0)
    assert house.company(0).name == "Nyt navn"
    assert house.picture() != before


def test_what_was_said_again_later_is_not_undone_by_what_was_said_between(house: House) -> None:
    house.take_documents(register.company(0))
    said_again = register.company(0, sidstOpdateret="2025-06-01T00:00:00Z")
    assert figures(house.take_documents(said_again)) == (1, 0, 0, 1, 0)
    between = register.company(0, name="Imellem", sidstOpdateret="2025-01-01T00:00:00Z")
    assert figures(house.take_documents(between)) == (1, 0, 0, 1, 0)
    assert house.company(0).name == register.name_of(0)


def test_a_place_moves_to_another_company(house: House) -> None:
    house.take_documents(register.company(0), register.company(1), register.unit(0))
    moved = register.unit(0, of=1, name="Æblegården", sidstOpdateret="2025-01-01T00:00:00Z")
    assert figures(house.take_documents(moved)) == (1, 0, 1, 0, 0)
    assert (house.units_of(0), house.units_of(1)) == ([], [register.p_number_of(0)])
    assert house.found_by("aeblegarden") == [demo_cvr(1)]
    assert house.found_by(register.p_number_of(0)) == [demo_cvr(1)]


def test_a_place_of_nobody_we_know_stays_out(house: House) -> None:
    receipt = house.take_documents(register.company(0), register.unit(3))
    assert receipt.rows == [
        (2, f"Virksomheden med CVR {demo_cvr(3)} er hverken i filen eller i systemet.")
    ]  # fmt: skip


def test_what_a_person_has_corrected_survives(house: House) -> None:
    house.take_documents(register.company(0))
    with house.database.write("test") as db:
        company = db.scalars(select(Company)).one()
        companies.change(db, company=company, values={"phone": "20 12 34 56", "name": "Som de siger"})
    later = register.company(0, name="Som registret siger", telefonNummer=[register.said("48999999")],
                             elektroniskPost=[register.said("ny@virksomhed.test")],
                             sidstOpdateret="2025-01-01T00:00:00Z")  # fmt: skip
    assert figures(house.take_documents(later)) == (1, 0, 1, 0, 0)
    found = house.company(0)
    assert (found.name, found.phone, found.phone_e164) == ("Som de siger", "20 12 34 56", "+4520123456")
    assert found.sort_key == "som de siger"
    assert found.email == "ny@virksomhed.test"
    assert found.kept_by_hand == {"name": "Som registret siger", "phone": "48999999"}
    assert figures(house.take_documents(later)) == (1, 0, 0, 1, 0)


def test_a_company_entered_by_hand_keeps_what_the_register_is_silent_about(house: House) -> None:
    house.take(
        "companies", f"CVR;Navn;Telefon;E-mail\n{demo_cvr(0)};Vores navn;20123456;vi@os.test\n", "l.csv"
    )
    house.take_documents(register.company(0, telefonNummer=[]))
    found = house.company(0)
    assert (found.name, found.email) == (register.name_of(0), "post@virksomhed-0.test")
    assert (found.phone, found.phone_e164, found.source) == ("20123456", "+4520123456", "register")


def test_a_company_that_closes_stays_with_its_consultant(house: House) -> None:
    house.take_documents(register.company(0))
    life = [register.period("2014-03-01", "2024-12-31")]
    house.take_documents(
        register.company(0, status="TVANGSOPLØST", livsforloeb=life, sidstOpdateret="2025-01-01T00:00:00Z")
    )
    assert (house.company(0).active, house.company(0).status) == (0, "TVANGSOPLØST")
    assert house.responsible(0)


def test_the_same_companies_in_another_chunk_are_known(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "CHUNK", 7)
    documents = [register.company(n % 25) for n in range(60)] + [register.unit(n % 9) for n in range(30)]
    assert figures(house.take_documents(*documents)) == (90, 34, 0, 56, 0)
    assert house.count(Company, ProductionUnit, CompanyAssignment) == (25, 9, 25)


# --- All or nothing ---------------------------------------------------------------------------------


def test_a_file_that_breaks_off_gives_nothing(house: House) -> None:
    answer = json.dumps(register.answer(register.company(n) for n in range(50)), indent=1)
    before = house.picture()
    code, said, sentence = enindgang(
        house, "import", "cvr", house.write(answer[:-100], "svar.json"), "--json"
    )
    assert code == 1
    assert said["created"] == 0
    assert sentence.strip() == f"svar.json: {said['error']}"
    assert "midt i det hele" in said["error"]
    assert house.picture() == before
    assert house.count(ImportBatch) == (0,)


def test_a_file_without_any_document_gives_nothing(house: House) -> None:
    for content in (
        '{"name": "en pakke", "version": "1"}',
        "[1, 2, 3]",
        '{"error": {"type": "security"}}\n' * 3,
    ):
        with pytest.raises(Refused, match="ingen dokumenter"):
            house.take("cvr", content)
    assert house.count(ImportBatch) == (0,)


def test_a_failure_near_the_end_leaves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("importers.receipt._close", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        house.take_documents(*(register.company(n) for n in range(30)))
    assert house.count(Company, ProductionUnit, CompanyAssignment, ImportBatch) == (0, 0, 0, 0)


def test_without_anyone_to_give_them_to_nothing_comes_in(database: Database, tmp_path: Path) -> None:
    house = House(database, tmp_path)
    with pytest.raises(Refused, match="ingen konsulent"):
        house.take_documents(register.company(0))
    assert house.count(Company, ImportBatch) == (0, 0)


def test_a_hostile_file_name_is_only_a_name(house: House) -> None:
    path = house.write(register.lines([register.company(0)]), "fil.jsonl")
    receipt = house.take("cvr", path, name=f"\ud800{CPR}\x00\r\n" + "x" * 400)
    assert CPR not in receipt.file
    with house.database.read() as db:
        assert db.get_one(ImportBatch, receipt.batch).file_name == receipt.file


# --- Two at once ------------------------------------------------------------------------------------


def test_two_imports_of_one_file_at_once_equal_one(house: House) -> None:
    path = house.write(
        register.lines([*(register.company(n) for n in range(300)), register.unit(5)]), "to.jsonl"
    )
    found: list[Any] = []

    def one() -> None:
        database = Database(house.database.url)
        try:
            found.append(KINDS["cvr"](database, path, now=NOW, settings=Settings()))
        except Exception as error:
            found.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(figures, found)) == [(301, 0, 0, 301, 0)] * 3 + [(301, 301, 0, 0, 0)]
    assert house.count(Company, ProductionUnit, CompanyAssignment) == (300, 1, 300)


def test_two_processes_at_once_equal_one(house: House) -> None:
    path = house.write(register.lines(register.company(n) for n in range(200)), "to.jsonl")
    answers: list[tuple[int, Any, str]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(enindgang(house, "import", "cvr", path, "--json")))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [code for code, _, _ in answers] == [0, 0]
    assert sorted(receipt["created"] for _, receipt, _ in answers) == [0, 200]
    assert house.count(Company) == (200,)


def test_an_import_that_a_colleague_overtakes_does_not_overwrite(house: House) -> None:
    house.take_documents(register.company(0))
    with house.database.read() as db:
        seen = dict(db.execute(select(Company.__table__)).mappings().one())
    with house.database.write("test") as db:
        companies.change(db, company=db.get_one(Company, 1), values={"phone": "20123456"})
    with pytest.raises(StaleDataError), house.database.write("test") as db:
        change(db, Company, [Change(1, seen, {"phone": None})])
    assert house.company(0).phone == "20123456"


def test_an_import_killed_on_the_way_leaves_nothing_or_all(house: House) -> None:
    path = house.write(register.lines(register.company(n) for n in range(4000)), "lang.jsonl")
    for seconds in (1.0, 1.6, 2.2):
        with subprocess.Popen(
            [ENINDGANG, "import", "cvr", path], env=environment(house), stdout=subprocess.DEVNULL
        ) as process:
            time.sleep(seconds)
            process.kill()
        companies, assignments, batches = house.count(Company, CompanyAssignment, ImportBatch)
        assert (companies, assignments, bool(batches)) in {(0, 0, False), (4000, 4000, True)}
    receipt = house.take("cvr", path)
    assert receipt.created + receipt.unchanged == 4000
    assert house.count(Company) == (4000,)


# --- Memory -----------------------------------------------------------------------------------------


def _peak(url: str, path: Path, now: datetime) -> int:
    database = Database(url)
    tracemalloc.start()
    KINDS["cvr"](database, path, now=now, settings=Settings())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    database.close()
    return peak


def test_memory_does_not_grow_with_the_file(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    with database.write("test") as db:
        add_user(db)
    database.close()
    peaks = []
    for number in (5_000, 20_000):
        path = tmp_path / f"{number}.jsonl"
        with path.open("w") as file:
            file.writelines(register.line(_small(n)) + "\n" for n in range(number))
        peaks.append(_peak(sqlite_url, path, NOW + timedelta(hours=number)))
    assert peaks[1] < 1.25 * peaks[0] + 2_000_000


def _small(n: int) -> Any:
    """A document that is quickly made and read."""
    return {
        "Vrvirksomhed": {
            "cvrNummer": int(demo_cvr(n)), "reklamebeskyttet": True,
            "virksomhedMetadata": {"nyesteNavn": {"navn": f"Virksomhed {n}"}, "sammensatStatus": "NORMAL"},
        }
    }  # fmt: skip
