"""How many statements a page sends to the database, with few rows behind it and with many.

The application runs inside this process, so that every statement can be heard; what is counted does not
depend on the machine. Transactions' beginnings and ends are not counted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import event, select

from crm import danish, migrations
from crm.access.models import Role, User
from crm.agreements import actions as agreements
from crm.agreements.models import Programme
from crm.companies import actions as companies
from crm.companies.models import Company
from crm.db import Database, Session
from crm.requests import actions as requests
from crm.requests.actions import NewRequest, Promise
from crm.requests.clock import WorkingHours
from crm.settings import Settings
from scripts.benchmark.client import Client
from scripts.benchmark.data import Store
from scripts.benchmark.samples import draw
from scripts.benchmark.server import free_port
from scripts.benchmark.steps import Step, steps
from scripts.demo.fill import fill
from web.app import create_app
from web.middleware import AccessLog

FEW = 10
# So many companies, that there is always someone whose absence has to be looked up.
LEAST = 60
START_SECONDS = 20


@dataclass(frozen=True)
class Statements:
    """The most statements any request of a step sent, with few rows and with many."""

    few: int
    many: int


def count(store: Store, folder: Path, now: datetime, many: int, only: str = "") -> dict[str, Statements]:
    """Statements by step. `only` leaves out those without this text in their name."""
    found = [_counted(store, folder, now, rows, only) for rows in (FEW, many)]
    return {name: Statements(found[0][name], found[1][name]) for name in found[0] if name in found[1]}


def _counted(store: Store, folder: Path, now: datetime, rows: int, only: str) -> dict[str, int]:
    with store.empty() as url:
        database = Database(url)
        migrations.upgrade(database)
        fill(database, now, companies=max(rows, LEAST))
        with database.write("bench") as db:
            _crowd(db, now, rows)
        samples = draw(database, now)
        database.close()
        settings = Settings(database_url=url, data_dir=folder, threads=2)
        with _listening(settings) as (port, heard):
            wanted = [each for each in steps(samples, port) if only in each.name]
            return {step.name: _most(step, port, heard) for step in wanted}


def _crowd(db: Session, now: datetime, rows: int) -> None:
    """Give the busiest colleague's company so many of everything that a company can have many of."""
    clock, today = WorkingHours.of(Settings()), now.date()
    company = db.scalars(select(Company).where(Company.active == 1).order_by(Company.id).limit(1)).one()
    programme = db.scalars(select(Programme).where(Programme.kind == "company").limit(1)).one()
    user = db.scalars(select(User).where(User.role == Role.CONSULTANT).order_by(User.id).limit(1)).one()
    for number in range(rows):
        contact = companies.add_contact(
            db, company=company, values={"name": f"Person Nummer {danish.number(number)}"}, now=now
        )
        requests.log_call(
            db, company=company, by=user, now=now, clock=clock, kind="call", direction="in", contact=contact,
            summary=f"Samtale nummer {number}.", happened_at=now - timedelta(hours=number),
            request=NewRequest("guidance", f"Henvendelse nummer {number}"), request_owner=user,
            follow_up=Promise(today - timedelta(days=1), f"Opfølgning nummer {number}", user),
        )  # fmt: skip
        agreements.create(
            db, company=company, programme=programme, title=f"Aftale nummer {number}", by=user, now=now,
            today=today, signed_on=today,
        )  # fmt: skip


@contextmanager
def _listening(settings: Settings) -> Iterator[tuple[int, list[str]]]:
    """The application in a thread of its own; every statement it sends is added to the list."""
    heard: list[str] = []
    database = Database(settings.url, readers=settings.threads)

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            heard.append(statement)

    for engine in {database.reader, database.writer}:
        event.listen(engine, "before_cursor_execute", hear)
    port = free_port()
    app = create_app(settings, database)
    # The log would be written between the lines of the one who waits for the figures.
    loud: Any = AccessLog
    app.user_middleware = [each for each in app.user_middleware if each.cls is not loud]
    server = uvicorn.Server(uvicorn.Config(app, port=port, access_log=False, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        _wait(server)
        yield port, heard
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)


def _wait(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if time.monotonic() > deadline:
            raise RuntimeError("The application did not start inside this process.")
        time.sleep(0.01)


def _most(step: Step, port: int, heard: list[str]) -> int:
    """The most statements of any request; every list of samples is asked through once."""
    most = 0
    calls = step.calls(0)
    with Client(port) as client:
        client.send(next(calls))  # What is read once for the whole process is not the page's.
        for _ in range(20):
            heard.clear()
            client.send(next(calls))
            most = max(most, len(heard))
    return most
