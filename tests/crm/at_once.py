"""Many at once on one database: managers who reassign, colleagues who work, and one who only watches.

Everyone has connections of their own, as if each were another process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from random import Random

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.db import LOST_RACE, Database
from crm.errors import CrmError
from crm.handover.actions import hand_over_list
from crm.handover.models import HandoverItem, ItemKind
from crm.handover.preview import preview
from crm.handover.scope import Scope
from crm.interactions import queries as interactions
from crm.interactions.models import Interaction
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.models import Request
from crm.responsibility.models import CompanyAssignment
from tests.conftest import TODAY, add_company, add_user
from tests.crm.handing_over import HOURS, busy

# Of every company: how many are its way in, and whether the one it names is.
WATCHED = text(
    "SELECT count(*) FROM company c WHERE "
    "(SELECT count(*) FROM company_assignment a WHERE a.company_id = c.id AND a.valid_to IS NULL) <> 1 "
    "OR NOT EXISTS (SELECT 1 FROM company_assignment a WHERE a.id = c.current_assignment_id "
    "AND a.company_id = c.id AND a.valid_to IS NULL)"
)


@dataclass
class Seen:
    """What came of it all."""

    done: int = 0
    told: int = 0
    polls: int = 0
    violations: int = 0
    calls: int = 0
    reads: int = 0
    slowest: float = 0.0
    took: float = 0.0
    trouble: list[str] = field(default_factory=list)


def running(work: Callable[[], None], trouble: list[str]) -> threading.Thread:
    """The work on a thread of its own; whatever it raises is trouble."""

    def careful() -> None:
        try:
            work()
        except Exception as error:
            trouble.append(repr(error))

    thread = threading.Thread(target=careful)
    thread.start()
    return thread


@contextmanager
def watched(url: str, seen: Seen) -> Iterator[None]:
    """While this lasts, someone looks again and again whether any company has none or two."""
    stop = threading.Event()

    def watch() -> None:
        database = Database(url)
        while not stop.is_set():
            with database.read() as db:
                seen.violations += db.scalar(WATCHED) or 0
            seen.polls += 1
        database.close()

    watching = running(watch, seen.trouble)
    try:
        yield
    finally:
        stop.set()
        watching.join()


def reassign(url: str, times: int) -> Seen:
    """Two managers reassign one company, each so many times, from what they have seen on their page."""
    seen, database = Seen(), Database(url)
    with database.write() as db:
        team = [add_user(db, f"{name}@kommune.test").id for name in ("anna", "bo", "carl", "dorte")]
        company = add_company(db, 1, responsible=db.get_one(User, team[0]))
        busy(db, company, db.get_one(User, team[0]))
        id = company.id
    lock, begin = threading.Lock(), threading.Barrier(2)

    def manage(number: int) -> None:
        chance, mine = Random(number), Database(url)  # No secret.
        begin.wait()
        for _ in range(times):
            with mine.read() as db:
                page = preview(db, Scope(ids=[id]), today=TODAY)
            done = _tried(mine, id, chance.choice(team), page.seal)
            with lock:
                seen.done += done
                seen.told += not done
        mine.close()

    with watched(url, seen):
        for thread in [running(partial(manage, number), seen.trouble) for number in (1, 2)]:
            thread.join()
    with database.read() as db:
        check_chain(db, id, seen.done)
    database.close()
    return seen


def _tried(database: Database, company: int, to: int, seal: str) -> bool:
    """One reassignment; False when the manager was told that it did not happen."""
    try:
        with database.write("manager") as db:
            hand_over_list(
                db, company_ids=[company], to=db.get_one(User, to), note="Skift", by=None,
                now=datetime.now(UTC), seen=seal,
            )  # fmt: skip
    except (CrmError, *LOST_RACE):
        return False
    return True


def check_chain(db: Session, company: int, handovers: int) -> None:
    """As many rows as were acknowledged, one after the other, the last one open and named."""
    chain = db.scalars(
        select(CompanyAssignment)
        .where(CompanyAssignment.company_id == company)
        .order_by(CompanyAssignment.valid_from)
    ).all()
    assert len(chain) == handovers + 1
    assert [(a.valid_to, a.id) for a in chain[:-1]] == [(b.valid_from, b.follows_id) for b in chain[1:]]
    assert all(before.valid_from < after.valid_from for before, after in pairwise(chain))
    assert chain[-1].valid_to is None
    assert db.get_one(Company, company).current_assignment_id == chain[-1].id
    moved = select(func.count()).where(
        HandoverItem.kind == ItemKind.COMPANY, HandoverItem.object_id == company
    )
    assert db.scalar(moved) == handovers


def hand_over_in_use(url: str, number: int) -> Seen:
    """Anna's companies go to Bo in one act while colleagues read, log calls and take requests in."""
    seen, database = Seen(), Database(url)
    with database.write() as db:
        anna, bo = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo"))
        made = [add_company(db, each, responsible=anna) for each in range(number)]
        for company in made[:: max(1, number // 200)]:
            busy(db, company, anna)
        ids, cvrs = [company.id for company in made], [company.cvr for company in made]
        givers, receiver = anna.id, bo.id
    stop = threading.Event()
    started = datetime.now(UTC)

    def log_calls(number: int) -> None:
        chance, mine = Random(number), Database(url)  # No secret.
        while not stop.is_set():
            begun = time.perf_counter()
            with mine.write("consultant") as db:
                company = companies.by_cvr(db, chance.choice(cvrs))
                requests.log_call(
                    db, company=company, by=db.get_one(User, receiver), now=datetime.now(UTC), clock=HOURS,
                    kind="call", direction="in", summary="Midt i det hele",
                    request=NewRequest("guidance", "Haster"),
                )  # fmt: skip
            seen.calls += 1
            seen.slowest = max(seen.slowest, time.perf_counter() - begun)
        mine.close()

    def read() -> None:
        chance, mine = Random(3), Database(url)  # No secret.
        while not stop.is_set():
            with mine.read() as db:
                company = companies.by_cvr(db, chance.choice(cvrs))
                interactions.timeline(db, company, reader=company.responsible)
            seen.reads += 1
        mine.close()

    with watched(url, seen):
        threads = [running(lambda: log_calls(1), seen.trouble), running(read, seen.trouble)]
        time.sleep(0.3)
        begun = time.perf_counter()
        with database.write("manager") as db:
            hand_over_list(
                db, company_ids=ids, to=db.get_one(User, receiver), note="Ny fordeling", by=None,
                now=datetime.now(UTC),
            )  # fmt: skip
        seen.took = time.perf_counter() - begun
        seen.done = number
        time.sleep(0.3)
        stop.set()
        for thread in threads:
            thread.join()
    with database.read() as db:
        _check_all(db, seen, givers, receiver, started)
    database.close()
    return seen


def _check_all(db: Session, seen: Seen, giver: int, receiver: int, started: datetime) -> None:
    """Nobody was left behind, and everything that was written down is there."""
    opened = select(CompanyAssignment.user_id, func.count()).where(CompanyAssignment.is_open == 1)
    assert db.execute(opened.group_by(CompanyAssignment.user_id)).all() == [(receiver, seen.done)]
    left = select(func.count()).where(Request.owner_id == giver, Request.closed_at.is_(None))
    assert db.scalar(left) == 0
    logged = select(func.count()).where(Interaction.created_at >= started - timedelta(seconds=1))
    assert db.scalar(logged) == seen.calls
