"""Two managers at one company: somebody is always its one way in, and whoever comes too late is told."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from crm import audit
from crm.access import actions as access
from crm.access import queries as users
from crm.companies.models import Company
from crm.companies.queries import by_cvr
from crm.db import LOST_RACE, Database
from crm.errors import Conflict
from crm.numbers import demo_cvr
from crm.responsibility import actions, queries
from crm.responsibility.models import CompanyAssignment
from tests.conftest import NOW, add_company, add_user
from tests.crm.undone import at_once

CVR = demo_cvr(0)
# A long run takes 500.
TURNS = int(os.environ.get("ENINDGANG_TEST_TURNS", "200"))
# Read as anybody could read it at that moment, without a word of ours in between.
OPEN_ONES = text(
    "SELECT count(*) FROM company c JOIN company_assignment a ON a.company_id = c.id AND a.valid_to IS NULL "
    "WHERE c.cvr = :cvr AND c.current_assignment_id = a.id"
)
ALL_OPEN = text(
    "SELECT count(*) FROM company c JOIN company_assignment a ON a.company_id = c.id "
    "WHERE c.cvr = :cvr AND a.valid_to IS NULL"
)


@pytest.fixture
def town(database: Database) -> Database:
    """Anna has a company; Bo and Carl could have it."""
    with database.write() as db:
        anna, *_ = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo", "carl"))
        add_company(db, 0, responsible=anna)
    return database


class Manager:
    """Gives the company to one colleague after another, over connections of their own."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.done: list[int] = []
        self.told = 0

    def work(self) -> None:
        for turn in range(TURNS):
            try:
                with self.database.write() as db:
                    company = by_cvr(db, CVR)
                    others = [user for user in users.colleagues(db) if user.id != company.responsible.id]
                    given = actions.hand_over(
                        db, company=company, to=others[turn % 2], reason=f"Tur {turn}", by=None, now=NOW
                    )
                self.done.append(given.id)
            except (Conflict, *LOST_RACE):
                self.told += 1


def test_two_managers_and_somebody_who_watches(town: Database) -> None:
    managers = [Manager(town.url), Manager(town.url)]
    watcher, over = Database(town.url), threading.Event()
    seen: list[tuple[int | None, int | None]] = []

    def watch() -> None:
        while not over.is_set():
            with watcher.reader.connect() as connection:
                seen.append(
                    (
                        connection.execute(OPEN_ONES, {"cvr": CVR}).scalar(),
                        connection.execute(ALL_OPEN, {"cvr": CVR}).scalar(),
                    )
                )

    observer = threading.Thread(target=watch)
    observer.start()
    raised = at_once(*(manager.work for manager in managers))
    over.set()
    observer.join()
    for opened in (watcher, *(manager.database for manager in managers)):
        opened.close()

    assert raised == []
    assert set(seen) == {(1, 1)}
    acknowledged = {key for manager in managers for key in manager.done}
    assert len(acknowledged) + sum(manager.told for manager in managers) == 2 * TURNS
    with town.read() as db:
        history = list(reversed(queries.history(db, by_cvr(db, CVR), limit=3 * TURNS)))
        assert {each.id for each in history[1:]} == acknowledged
        for before, after in pairwise(history):
            assert (before.valid_to, before.id) == (after.valid_from, after.follows_id)
        assert history[-1].valid_to is None
        assert list(audit.broken_links(db)) == []


def test_the_same_company_created_by_many_at_once_is_created_once(town: Database) -> None:
    def create(database: Database) -> None:
        with database.write() as db:
            add_company(db, 7, responsible=users.by_email(db, "bo@kommune.test"))

    other = Database(town.url)
    raised = at_once(*[lambda: create(town), lambda: create(other)] * 6)
    other.close()
    assert len(raised) == 11
    assert {type(each) for each in raised} <= {Conflict, IntegrityError}
    with town.read() as db:
        assert db.scalar(select(func.count()).where(Company.cvr == demo_cvr(7))) == 1
        assert db.scalar(select(func.count()).select_from(CompanyAssignment)) == 2


def test_nobody_is_closed_while_a_company_is_given_to_them(town: Database) -> None:
    for turn in range(10):
        with town.write() as db:
            leaver = add_user(db, f"leaver{turn}@kommune.test").id

        def give(database: Database, leaver: int = leaver) -> None:
            with database.write() as db:
                actions.hand_over(db, company=by_cvr(db, CVR), to=users.get(db, leaver), reason="x", by=None,
                                  now=NOW + timedelta(days=1))  # fmt: skip

        def close(database: Database, leaver: int = leaver) -> None:
            with database.write() as db:
                access.close_user(db, user=users.get(db, leaver), now=NOW)

        other = Database(town.url)
        raised = at_once(lambda: give(town), lambda: close(other))  # noqa: B023  # Done before the next turn.
        other.close()
        assert len(raised) == 1
        with town.read() as db:
            is_active, holds = users.get(db, leaver).is_active, queries.loads(db).get(leaver, 0)
            assert is_active == holds
