"""A job is done by one machine at a time, goes on when that one dies, and tells how it went."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from crm.access.models import Draft, Submission, UserSession
from crm.access.tidying import forget
from crm.db import Database
from crm.errors import Conflict
from crm.jobs import actions, queries
from crm.jobs.actions import INTERRUPTED, KEPT, LEASE, PAUSES, Lease
from crm.jobs.catalogue import Kind
from crm.jobs.models import Job, JobRun
from tests.conftest import NOW, add_user

DAILY = Kind("rows_tidied", "Ryd op", "", "række", "rækker", timedelta(days=1))
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def planned(database: Database) -> None:
    with database.write() as db:
        actions.plan(db, kinds=[DAILY], now=NOW)


def take(database: Database, now: datetime = NOW) -> Lease | None:
    with database.write() as db:
        return actions.take(db, kind=DAILY, now=now)


def end(
    database: Database, lease: Lease, now: datetime, *, figure: int = 0, error: str | None = None
) -> None:
    with database.write() as db:
        actions.end(db, lease=lease, kind=DAILY, figure=figure, error=error, now=now)


def tell(database: Database, lease: Lease, done: int, now: datetime) -> None:
    with database.write() as db:
        actions.progress(db, lease=lease, done=done, steps=10, now=now)


def stands(database: Database) -> Job:
    with database.read() as db:
        return db.get_one(Job, DAILY.key)


def told(database: Database) -> list[tuple[int, str | None]]:
    with database.read() as db:
        return [(run.figure, run.error) for run in queries.runs(db)]


def test_a_new_job_is_due_at_once_and_planned_twice_stays_as_it_is(database: Database) -> None:
    lease = take(database)
    assert lease
    with database.write() as db:
        actions.plan(db, kinds=[DAILY], now=NOW + SECOND)
    assert stands(database).due_at == NOW
    assert take(database) is None


def test_of_twenty_machines_at_once_one_gets_it(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: take(database), range(20)))
    assert len([each for each in found if each]) == 1
    assert stands(database).lease == 1


def test_done_it_is_due_again_after_its_time(database: Database) -> None:
    lease = take(database)
    assert lease
    end(database, lease, NOW + SECOND, figure=7)
    assert take(database, NOW + DAILY.every) is None
    assert take(database, NOW + SECOND + DAILY.every)
    assert told(database) == [(7, None)]


def test_what_found_nothing_to_do_leaves_no_line(database: Database) -> None:
    lease = take(database)
    assert lease
    end(database, lease, NOW + SECOND)
    assert told(database) == []
    assert stands(database).ended_at == NOW + SECOND


def test_a_failure_is_tried_again_sooner_and_ever_later(database: Database) -> None:
    now = NOW
    for number, pause in enumerate([*PAUSES, PAUSES[-1]], 1):
        lease = take(database, now)
        assert lease, number
        end(database, lease, now, error="Det gik galt.")
        assert stands(database).failures == number
        assert take(database, now + pause - SECOND) is None
        now += pause
    lease = take(database, now)
    assert lease
    end(database, lease, now, figure=1)
    assert (stands(database).failures, stands(database).last_error) == (0, None)


def test_progress_keeps_it_and_a_machine_that_dies_loses_it(database: Database) -> None:
    lease = take(database)
    assert lease
    tell(database, lease, 4, NOW + LEASE - SECOND)
    assert (stands(database).steps_done, stands(database).steps) == (4, 10)
    assert take(database, NOW + LEASE) is None
    second = take(database, NOW + LEASE * 2)
    assert second
    assert told(database) == [(0, INTERRUPTED)]
    with pytest.raises(Conflict):
        tell(database, lease, 5, NOW + LEASE * 2 + SECOND)
    end(database, lease, NOW + LEASE * 2 + SECOND, figure=5)
    assert stands(database).lease == second.number
    assert stands(database).leased_until is not None, "the one who was late says nothing"
    end(database, second, NOW + LEASE * 2 + SECOND, figure=10)
    assert told(database) == [(10, None), (0, INTERRUPTED)]


def test_asked_for_it_is_due_now_but_not_while_it_runs(database: Database) -> None:
    lease = take(database)
    assert lease
    with database.write() as db, pytest.raises(Conflict):
        actions.ask(db, job=queries.get(db, DAILY.key), now=NOW)
    end(database, lease, NOW)
    with database.write() as db:
        actions.ask(db, job=queries.get(db, DAILY.key), now=NOW + SECOND)
    assert take(database, NOW + SECOND)


def test_a_job_several_share_says_so_once_a_minute_and_whenever_it_did_something(database: Database) -> None:
    for seconds, figure in ((0, 0), (10, 0), (20, 3), (30, 0), (90, 0)):
        with database.write() as db:
            now = NOW + timedelta(seconds=seconds)
            actions.record(db, kind=DAILY, started_at=now, figure=figure, now=now)
    assert told(database) == [(3, None)]
    assert stands(database).ended_at == NOW + timedelta(seconds=90)


def test_runs_of_long_ago_are_forgotten(database: Database) -> None:
    lease = take(database)
    assert lease
    end(database, lease, NOW, figure=1)
    with database.write() as db:
        assert actions.forget(db, now=NOW + KEPT) == 0
        assert actions.forget(db, now=NOW + KEPT + SECOND) == 1


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE job SET leased_until = due_at",
        "UPDATE job SET started_at = due_at",
        "UPDATE job SET steps_done = -1",
        "UPDATE job SET steps = 1, steps_done = 2",
        "UPDATE job SET failures = -1",
        "INSERT INTO job_run (job_key, started_at, ended_at, figure) SELECT 'nobody', due_at, due_at, 1 FROM job",
        "DELETE FROM job",
    ],
)
def test_the_database_knows_what_a_job_can_be(database: Database, broken: str) -> None:
    with database.write() as db:
        db.add(JobRun(job_key=DAILY.key, started_at=NOW, ended_at=NOW, figure=1))
    with pytest.raises(DBAPIError), database.write() as db:
        db.execute(text(broken))


def test_what_was_to_be_remembered_for_a_while_is_forgotten_a_little_at_a_time(database: Database) -> None:
    old, new = NOW - timedelta(days=100), NOW - timedelta(hours=1)
    with database.write() as db:
        anna = add_user(db)
        for number, moment in enumerate([old] * 700 + [new]):
            db.add(
                Submission(
                    user_id=anna.id, key=f"k{number}", route="", digest="", answer={}, created_at=moment
                )
            )
        for token, ends in (("a", new), ("b", NOW + timedelta(hours=1))):
            db.add(UserSession(token_hash=token, user_id=anna.id, created_at=old, expires_at=ends))
        for key, moment in (("last", old), ("log:12345674", old), ("log:87654321", new)):
            db.add(Draft(user_id=anna.id, key=key, values={}, saved_at=moment))
    gone: list[int] = []
    while not gone or gone[-1]:
        with database.write() as db:
            gone.append(forget(db, now=NOW))
    assert gone == [502, 200, 0]
    with database.read() as db:
        assert set(db.scalars(select(Draft.key))) == {"last", "log:87654321"}
        assert db.scalar(select(func.count()).select_from(Submission)) == 1
        assert list(db.scalars(select(UserSession.token_hash))) == ["b"]
