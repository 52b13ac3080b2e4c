"""The command that works on its own: in processes of its own, several at once, ended by a signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crm.db import Database
from crm.errors import Conflict
from crm.jobs.catalogue import KINDS, Kind
from crm.outbox import actions as outbox
from crm.outbox.actions import LEASE
from crm.outbox.models import Mail
from crm.settings import Settings
from scripts import work
from scripts.cli import app
from scripts.mail import send_due
from tests.post_office import PostOffice, opened

WORK = [sys.executable, "-c", "from scripts.cli import main; main()", "work"]
SECONDS = 60


def put(database: Database, number: int = 1) -> None:
    with database.write() as db:
        outbox.put(
            db,
            act=f"handover:{number}",
            to=f"bo{number}@kommune.test",
            subject="Ny virksomhed",
            body="Hej",
            now=datetime.now(UTC),
        )


@pytest.fixture
def environment(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A house of this test's own."""
    monkeypatch.setenv("ENINDGANG_DATABASE_URL", url)
    monkeypatch.setenv("ENINDGANG_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("ENINDGANG_SMTP_URL", raising=False)
    return dict(os.environ)


def start(environment: dict[str, str], office: PostOffice, *options: str) -> subprocess.Popen[str]:
    settings = environment | {"ENINDGANG_SMTP_URL": office.url}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*WORK, *options], env=settings, **pipes)


def until(reached: Any) -> None:
    deadline = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def state(database: Database) -> set[str]:
    with database.read() as db:
        return {mail.state for mail in db.query(Mail)}


def test_once_does_what_is_due_says_so_and_ends(
    database: Database, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened() as office:
        monkeypatch.setenv("ENINDGANG_SMTP_URL", office.url)
        put(database, 1)
        put(database, 2)
        said = CliRunner().invoke(app, ["work", "--once"])
        assert (said.exit_code, said.stdout, said.stderr) == (0, "2 mails sendt\n", "")
        said = CliRunner().invoke(app, ["work", "--once"])
        assert (said.exit_code, said.stdout) == (0, "Der var ikke noget at gøre.\n")
        put(database, 3)
        said = CliRunner().invoke(app, ["work", "--once", "--json"])
        assert (said.exit_code, json.loads(said.stdout)["mails_sent"]) == (0, 1)
    assert len(office.letters) == 3


def test_without_a_mail_server_it_says_that_mails_wait(
    database: Database, environment: dict[str, str]
) -> None:
    put(database)
    said = CliRunner().invoke(app, ["work", "--once"])
    assert said.exit_code == 0
    assert "ENINDGANG_SMTP_URL" in said.stderr
    assert state(database) == {"queued"}


def test_a_job_that_fails_does_not_keep_the_others_from_their_work(
    database: Database, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise Conflict("Det går ikke i dag.")

    def break_down(*_: object) -> int:
        raise ZeroDivisionError

    hourly = {"title": "", "purpose": "", "one": "", "many": "", "every": timedelta(hours=1)}
    kinds = {key: Kind(key, **hourly) for key in ("refused", "broken")}  # type: ignore[arg-type]
    monkeypatch.setattr(work, "KINDS", kinds | KINDS)
    monkeypatch.setattr(work, "RUNS", {"refused": refuse, "broken": break_down} | work.RUNS)
    put(database)
    with opened() as office:
        monkeypatch.setenv("ENINDGANG_SMTP_URL", office.url)
        said = CliRunner().invoke(app, ["work", "--once"])
    assert (said.exit_code, said.stdout) == (1, "1 mail sendt\n")
    assert "refused: Det går ikke i dag." in said.stderr
    assert "broken: ZeroDivisionError" in said.stderr
    assert len(office.letters) == 1


def test_two_processes_send_each_mail_once(database: Database, environment: dict[str, str]) -> None:
    for number in range(200):
        put(database, number)
    with opened() as office:
        workers = [start(environment, office, "--once", "--json") for _ in range(2)]
        said = [worker.communicate(timeout=SECONDS) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], said
    assert sum(json.loads(out)["mails_sent"] for out, _ in said) == 200
    came = Counter(recipient for letter in office.letters for recipient in letter.recipients)
    assert came == Counter(f"bo{number}@kommune.test" for number in range(200))
    assert state(database) == {"sent"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_goes_on_until_a_signal_and_ends_well(
    database: Database, environment: dict[str, str], number: signal.Signals
) -> None:
    put(database)
    with opened() as office:
        worker = start(environment, office, "--json")
        until(lambda: office.letters)
        until(lambda: state(database) == {"sent"})
        assert worker.poll() is None
        asked = time.monotonic()
        worker.send_signal(number)
        out, err = worker.communicate(timeout=SECONDS)
    assert time.monotonic() - asked < work.PAUSE
    assert (worker.returncode, json.loads(out)["mails_sent"], err) == (0, 1, "")


def test_asked_to_end_while_a_mail_is_under_way_it_records_that_one_and_begins_no_other(
    database: Database, environment: dict[str, str]
) -> None:
    put(database, 1)
    put(database, 2)
    under_way, signalled = threading.Event(), threading.Event()

    async def take(*_: object) -> str:
        under_way.set()
        assert signalled.wait(SECONDS)
        return "250 OK"

    with opened() as office:
        office.handle_DATA = take  # type: ignore[method-assign, assignment]
        worker = start(environment, office, "--once", "--json")
        assert under_way.wait(SECONDS)
        worker.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        signalled.set()
        out, err = worker.communicate(timeout=SECONDS)
    assert (worker.returncode, json.loads(out)["mails_sent"], err) == (0, 1, "")
    assert state(database) == {"sent", "queued"}


def test_a_worker_killed_after_the_server_took_the_mail_leaves_a_twin_with_the_same_id(
    database: Database, environment: dict[str, str]
) -> None:
    put(database)
    taken, killed = threading.Event(), threading.Event()
    with opened() as office:
        keep = office.handle_DATA

        async def take(server: Any, session: Any, envelope: Any) -> str:
            answer = await keep(server, session, envelope)
            taken.set()
            assert killed.wait(SECONDS)
            return answer

        office.handle_DATA = take  # type: ignore[method-assign]
        worker = start(environment, office)
        assert taken.wait(SECONDS)
        worker.kill()
        worker.communicate(timeout=SECONDS)
        killed.set()
        assert state(database) == {"sending"}
        now, settings = datetime.now(UTC), Settings(smtp_url=office.url)
        assert send_due(database, settings, now) == 0
        assert send_due(database, settings, now + LEASE + timedelta(seconds=1)) == 1
    first, twin = office.to("bo1@kommune.test")
    assert first["Message-ID"] == twin["Message-ID"]
    assert state(database) == {"sent"}
