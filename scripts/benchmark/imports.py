"""Taking documents of the register in, beside the least such work could be.

The least is: parse the JSON of every document and write one row for each with one bare `executemany`.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, Table, Text

from crm import migrations
from crm.db import Database
from crm.settings import Settings
from importers.commands import KINDS
from scripts.benchmark.client import WrongAnswer
from scripts.benchmark.data import Store
from scripts.demo.fill import fill
from scripts.setup import ENINDGANG
from scripts.steps import ROOT

# The tests' documents have the register's own keys, and nothing but invented values.
from tests.importers.register_documents import company, line, unit

# Companies that the demo does not have.
FIRST = 100_000
DEMO = 10
TURNS = 3
BARE = Table(
    "bare", MetaData(), Column("number", Integer), *(Column(name, Text) for name in ("name", "street"))
)


@dataclass(frozen=True)
class Imported:
    """How long so many documents took, and the most memory for them and for four times as many."""

    documents: int
    seconds: float
    bare: float
    megabytes: float
    megabytes_of_four_times: float

    @property
    def ratio(self) -> float:
        """The time as a multiple of the least it could be."""
        return self.seconds / self.bare


def measure(store: Store, folder: Path, now: datetime, documents: int) -> Imported:
    """Take the documents in on a small municipality; the quickest of a few turns counts, for both alike."""
    file, larger = folder / "documents.json", folder / "four-times.json"
    _write(file, documents)
    _write(larger, 4 * documents)
    seconds, bare = [], []
    for _ in range(TURNS):
        with _town(store, now) as url:
            bare.append(_bare(url, file))
            seconds.append(_taken_in(url, folder, file, now))
    memory = []
    for each in (file, larger):
        with _town(store, now) as url:
            memory.append(_memory(url, folder, each))
    return Imported(documents, min(seconds), min(bare), *memory)


def _write(file: Path, documents: int) -> None:
    """Half of them companies, half of them their places of work, one document a line."""
    with file.open("w") as written:
        for number in range(FIRST, FIRST + documents // 2):
            written.write(f"{line(company(number))}\n{line(unit(number))}\n")


@contextmanager
def _town(store: Store, now: datetime) -> Iterator[str]:
    with store.empty() as url:
        database = Database(url)
        migrations.upgrade(database)
        fill(database, now, companies=DEMO)
        database.close()
        yield url


def _bare(url: str, file: Path) -> float:
    database = Database(url)
    BARE.create(database.writer)
    began = time.perf_counter()
    rows = []
    with file.open() as lines:
        for text in lines:
            (document,) = json.loads(text).values()
            street = document["beliggenhedsadresse"][-1]["vejnavn"]
            number = document.get("cvrNummer") or document["pNummer"]
            rows.append({"number": number, "name": document["navne"][-1]["navn"], "street": street})
    with database.writer.begin() as connection:
        connection.execute(BARE.insert(), rows)
    seconds = time.perf_counter() - began
    BARE.drop(database.writer)
    database.close()
    return seconds


def _taken_in(url: str, folder: Path, file: Path, now: datetime) -> float:
    database = Database(url)
    settings = Settings(database_url=url, data_dir=folder)
    began = time.perf_counter()
    receipt = KINDS["cvr"](database, file, now=now, settings=settings)
    seconds = time.perf_counter() - began
    database.close()
    if receipt.refused or receipt.created != receipt.read:
        raise WrongAnswer(f"Of {receipt.read} documents only {receipt.created} were taken in.")
    return seconds


def _memory(url: str, folder: Path, file: Path) -> float:
    """The most memory that the command held at once."""
    environment = os.environ | {"ENINDGANG_DATABASE_URL": url, "ENINDGANG_DATA_DIR": str(folder)}
    command = [str(ENINDGANG), "import", "cvr", "--json", str(file)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise WrongAnswer("The command did not take the documents in.")
    return used.ru_maxrss / 1024
