"""The log is append-only, loses nothing, forgets in time and says so, and somebody looks at what it says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError

from crm.access import actions as access
from crm.access.models import User
from crm.access.queries import by_email
from crm.access_log import spot_checks, tidying, watching
from crm.access_log.models import (
    WITHHELD,
    AccessAlarm,
    AccessEntry,
    ActorKind,
    Outcome,
    SpotCheck,
    SpotCheckLook,
)
from crm.access_log.queries import Wanted, horizon, page
from crm.access_log.store import file_of, log_of
from crm.access_log.writer import Entry, Unwritten, Writer, kept
from crm.audit import AuditEvent
from crm.companies.models import Company
from crm.db import Database, Session
from crm.errors import Conflict, NotAllowed
from crm.outbox.models import Mail
from crm.responsibility import beside
from crm.settings import Settings
from scripts.benchmark.client import Call, Client, WrongAnswer
from scripts.benchmark.server import house
from scripts.steps import ROOT
from tests.access_log import entries
from tests.conftest import NOW, add_company, add_user
from tests.town import ADAM, ANNA, BO, MONA, Town

ZONE = Settings().zone
HOUR = timedelta(hours=1)


def entry(**more: object) -> Entry:
    facts: dict[str, object] = {
        "at": NOW, "actor_kind": ActorKind.USER, "actor_id": 1, "outcome": Outcome.SHOWN,
        "route": "GET /virksomheder/{cvr}", "object_kind": "company", "object_key": "90000012",
        "company": "90000012", "criterion": None,
    }  # fmt: skip
    return Entry(**(facts | more))  # type: ignore[arg-type]


def write(database: Database, *rows: Entry) -> None:
    for row in rows:
        log_of(database).writer.write(row)


# --- Append-only ----------------------------------------------------------------------------------


@contextmanager
def refused(database: Database) -> Iterator[Session]:
    with pytest.raises(DBAPIError), log_of(database).write() as rows:
        yield rows


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM access_entry",
        "UPDATE access_entry SET company = '90000013'",
        "UPDATE access_entry SET actor_id = 2",
        "UPDATE access_entry SET actor_id = NULL",
        "UPDATE access_entry SET criterion = 'noget andet'",
        "UPDATE access_entry SET outcome = 'refused', criterion = NULL",
        "UPDATE access_horizon SET before = '1999-01-01T00:00:00.000000Z'",
        "DELETE FROM access_horizon",
        "INSERT INTO access_horizon (id, before) VALUES (2, '2030-01-01T00:00:00.000000Z')",
        "INSERT INTO access_entry (at, actor_kind, outcome, route, object_kind) "
        "VALUES ('2026-11-23T09:00:00.000000Z', 'user', 'perhaps', 'GET /', 'day')",
    ],
)
def test_plain_sql_cannot_change_what_is_written(database: Database, statement: str) -> None:
    write(database, entry(criterion="bageri"))
    with refused(database) as rows:
        rows.execute(text(statement))


def test_postgresql_cannot_empty_it_at_once(database: Database) -> None:
    if database.dialect == "postgresql":
        write(database, entry())
        with refused(database) as rows:
            rows.execute(text("TRUNCATE access_entry"))


def test_what_was_drawn_and_seen_does_not_change(database: Database, built_town: Town) -> None:
    for statement in (
        f"UPDATE spot_check_look SET user_id = {built_town.users[ANNA]}",
        "UPDATE spot_check_look SET seen_at = at",
        "UPDATE spot_check SET outside = 10",
        "INSERT INTO access_alarm (user_id, until, companies) "
        f"VALUES ({built_town.users[ANNA]}, '2026-11-23T09:00:00.000000Z', 0)",
    ):
        with pytest.raises(DBAPIError), database.write() as db:
            db.execute(text(statement))


def test_the_words_of_a_search_can_be_erased_and_nothing_else(database: Database) -> None:
    write(
        database,
        entry(criterion="Lone Krogh"),
        entry(criterion="lone krogh bageri"),
        entry(criterion="100 % _x"),
    )
    log = log_of(database)
    assert tidying.erase_words(log, ["Lone Krogh", ""]) == 2
    assert tidying.erase_words(log, []) == 0
    assert [each.criterion for each in entries(database)] == [None, None, "100 % _x"]
    assert {each.company for each in entries(database)} == {"90000012"}


def test_a_criterion_with_a_cpr_number_is_not_kept(database: Database) -> None:
    assert kept("070761-4285") == WITHHELD
    assert kept("Lone 0707614285 bageri") == WITHHELD
    assert kept("  bageri ") == "bageri"
    assert kept("a\x00b\ud800") == "ab"
    assert kept("x" * 1000) == "x" * 200
    assert [kept(each) for each in (None, "", "  ")] == [None, None, None]


def test_the_log_stands_beside_the_database_for_its_owners_eyes(database: Database) -> None:
    write(database, entry())
    log = log_of(database)
    if log.file is None:
        with database.read() as db:
            assert db.scalar(text("SELECT count(*) FROM access_log.access_entry")) == 1
    else:
        assert log.file == file_of(Path(database.url.removeprefix("sqlite:///")))
        assert log.file.name == "test-access.db"
        assert log.file.stat().st_mode & 0o777 == 0o600
        with log.database.writer.connect() as connection:
            # Flushed about once a second, and not at each look.
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_log_that_is_taken_away_is_not_written_to_in_the_dark(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    write(database, entry())
    log = log_of(database)
    assert log.file
    log.file.rename(log.file.with_name("away"))
    write(database, entry(company="90000099"))
    assert [each.company for each in entries(database)] == ["90000099"]
    database.close()


# --- Nothing is lost ------------------------------------------------------------------------------

_MANY = """
import sys
from datetime import UTC, datetime
from crm.access_log.store import log_of
from crm.access_log.writer import Entry
from crm.db import Database
database, me = Database(sys.argv[1]), sys.argv[2]
rows = [Entry(datetime.now(UTC), "user", int(me), "shown", "GET /", "day", str(n)) for n in range(400)]
waiting = [log_of(database).writer.put(row) for row in rows[:200]]
for row in rows[200:]:
    log_of(database).writer.write(row, 60)
for each in waiting:
    each.result(60)
database.close()
"""


def test_processes_that_write_at_once_lose_nothing(database: Database) -> None:
    command = [sys.executable, "-c", _MANY, database.url]
    processes = [subprocess.Popen([*command, str(number)], cwd=ROOT) for number in (1, 2, 3)]
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    found = Counter((each.actor_id, each.object_key) for each in entries(database))
    assert found == Counter((me, str(number)) for me in (1, 2, 3) for number in range(400))


def test_threads_that_write_at_once_share_a_commit_and_each_waits_for_its_own(database: Database) -> None:
    log, commits = log_of(database), count()
    event.listen(log.database.writer, "commit", lambda _connection: next(commits))
    seen: list[bool] = []

    def one(number: int) -> None:
        log.writer.write(entry(object_key=f"n{number}"))
        seen.append(f"n{number}" in {each.object_key for each in entries(database)})

    threads = [Thread(target=one, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 40
    assert next(commits) < 40


def test_a_row_that_cannot_be_written_is_told_to_whoever_waits_for_it(
    database: Database, tmp_path: Path
) -> None:
    nowhere = database.url if database.dialect == "postgresql" else f"sqlite:///{tmp_path}"
    other = Database(nowhere, schema="nowhere")
    broken = Writer(other, lambda: None)
    for _ in range(2):
        with pytest.raises(Unwritten) as told:
            broken.write(entry(criterion="hemmeligt"))
        assert told.value.why
        assert "hemmeligt" not in told.value.message
    broken.close()
    other.close()


def _read(port: int, cookie: str, words: Iterator[str], sent: list[str]) -> None:
    """Search as fast as one can, until nobody answers; `sent` is what was answered whole."""
    with suppress(OSError, WrongAnswer), Client(port) as client:
        for asked in words:
            client.send(Call(f"/soeg/hits?q={asked}", headers={"Cookie": f"session={cookie}"}))
            sent.append(asked)


@pytest.mark.parametrize("after", [40, 90])
def test_every_page_that_was_sent_has_its_row_however_the_server_ends(
    database: Database, built_town: Town, tmp_path: Path, after: int
) -> None:
    """kill -9 while six readers read as fast as they can."""
    with database.write() as db:
        cookie = access.sign_in(db, user=by_email(db, ANNA), now=datetime.now(UTC), hours=2)
    sent: list[str] = []
    with house(database.url, tmp_path) as server:
        words = [(f"ord{reader}nr{number}" for number in count()) for reader in range(6)]
        threads = [Thread(target=_read, args=(server.port, cookie, each, sent)) for each in words]
        for thread in threads:
            thread.start()
        while len(sent) < after and any(thread.is_alive() for thread in threads):
            threads[0].join(0.005)
        os.kill(server.pid, signal.SIGKILL)
        for thread in threads:
            thread.join(30)
    assert len(sent) >= after
    assert set(sent) <= {each.criterion for each in entries(database)}


# --- Its own time limit ---------------------------------------------------------------------------


def test_what_has_had_its_time_goes_nothing_else_and_the_audit_log_tells(database: Database) -> None:
    old, young = NOW - timedelta(days=400), NOW - timedelta(days=300)
    write(database, *[entry(at=old)] * 3, entry(at=young), entry())
    log, before = log_of(database), tidying.limit(NOW, 12, ZONE)
    assert tidying.forget(database, log, before=before) == 3
    assert [each.at for each in entries(database)] == [young, NOW]
    with log.read() as rows:
        assert horizon(rows) == before
    with database.read() as db:
        (told,) = db.scalars(select(AuditEvent).where(AuditEvent.object_kind == "access_log"))
    assert (told.action, told.payload["rows"]) == ("forget", 3)
    assert tidying.forget(database, log, before=before) == 0
    with database.read() as db:
        assert db.scalar(select(func.count()).where(AuditEvent.object_kind == "access_log")) == 1
    with refused(database) as rows:
        rows.execute(text("DELETE FROM access_entry"))


def test_many_go_some_at_a_time_and_stop_when_asked_to(database: Database) -> None:
    log, old = log_of(database), NOW - timedelta(days=400)
    waiting = [log.writer.put(entry(at=old)) for _ in range(1200)]
    for each in waiting:
        each.result(30)
    before = tidying.limit(NOW, 12, ZONE)
    assert tidying.forget(database, log, before=before, go_on=lambda done: done < 500) == 500
    assert tidying.forget(database, log, before=before) == 700


def test_what_the_main_database_keeps_of_it_goes_with_it(database: Database, built_town: Town) -> None:
    write(database, entry(at=NOW - timedelta(days=800)))
    with database.write() as db:
        db.add(AccessAlarm(user_id=built_town.users[ANNA], until=NOW - timedelta(days=500), companies=99))
    tidying.forget(database, log_of(database), before=NOW + timedelta(days=1))
    with database.read() as db:
        for table in (AccessAlarm, SpotCheck, SpotCheckLook):
            assert db.scalar(select(func.count()).select_from(table)) == 0


# --- Somebody looks -------------------------------------------------------------------------------


def _snoop(database: Database, user: int, number: int, at: datetime) -> None:
    """Open so many companies, one after the other, each twice."""
    log = log_of(database)
    waiting = [
        log.writer.put(entry(at=at, actor_id=user, company=f"9{place:07}", object_key=f"9{place:07}"))
        for place in range(number)
        for _ in range(2)
    ]
    for each in waiting:
        each.result(30)


def test_a_snooper_is_told_of_once_an_hour(database: Database, built_town: Town) -> None:
    bo, log, home = built_town.users[BO], log_of(database), "http://127.0.0.1:8000"
    _snoop(database, bo, 60, NOW)
    # What another hour saw, what a search showed, and what was refused do not count.
    _snoop(database, bo, 61, NOW - 2 * HOUR)
    write(
        database,
        entry(actor_id=bo, object_kind="search", company=None, criterion="x"),
        entry(actor_id=bo, company="91111111", outcome=Outcome.REFUSED),
    )

    def watch(at: datetime, most: int = 60) -> int:
        return watching.watch(database, log, now=at, most=most, home=home)

    assert watch(NOW) == 0
    write(database, entry(actor_id=bo, company="91111112"))
    assert watch(NOW, most=0) == 0
    assert watch(NOW) == 1
    assert watch(NOW + HOUR / 2) == 0
    with database.read() as db:
        (alarm,) = db.scalars(select(AccessAlarm))
        mails = db.scalars(select(Mail).where(Mail.act == f"access-alarm:{alarm.id}")).all()
        assert (alarm.user_id, alarm.companies) == (bo, 61)
        # The closed administrator hears nothing.
        assert [mail.recipient for mail in mails] == [ADAM]
        assert "Bo Birketoft har åbnet 61 virksomheder på en time" in mails[0].body
    _snoop(database, bo, 70, NOW + 3 * HOUR)
    assert watch(NOW + 3 * HOUR) == 1


LAST_MONTH = NOW - timedelta(days=30)


def _looked(database: Database, built_town: Town, who: str, cvr: str, at: datetime = LAST_MONTH) -> None:
    write(database, entry(at=at, actor_id=built_town.users[who], company=cvr, object_key=cvr))


def _draw(database: Database, number: int = 10) -> list[tuple[str, str]]:
    """Draw anew, and who opened what."""
    with database.write() as db:
        db.execute(text("DELETE FROM spot_check_look"))
        db.execute(text("DELETE FROM spot_check"))
    drawn = spot_checks.draw(database, log_of(database), now=NOW, zone=ZONE, number=number)
    with database.read() as db:
        rows = db.execute(
            select(User.email, Company.cvr)
            .join(SpotCheckLook, SpotCheckLook.user_id == User.id)
            .join(Company, Company.id == SpotCheckLook.company_id)
        ).all()
    assert len(rows) == drawn
    return sorted((row[0], row[1]) for row in rows)


def test_only_companies_that_were_not_ones_own_are_drawn(database: Database) -> None:
    with database.write("test") as db:
        anna, bo, mona = (add_user(db, email) for email in (ANNA, BO, MONA))
        own = add_company(db, 1, responsible=anna)
        theirs = add_company(db, 2, responsible=bo)
        shared = add_company(db, 3, responsible=bo)
        beside.put_beside(db, company=shared, user=anna, by=bo, now=NOW, topic="recruitment")
        keys = {ANNA: anna.id, BO: bo.id, MONA: mona.id}
        cvrs = [own.cvr, theirs.cvr, shared.cvr]
    later = NOW + timedelta(days=12)
    at = NOW + timedelta(days=1)
    for cvr in cvrs:
        write(database, *[entry(at=at, actor_id=keys[ANNA], company=cvr)] * 3)
    write(database, entry(at=at, actor_id=keys[ANNA], company=cvrs[1], outcome=Outcome.REFUSED))
    write(database, entry(at=at, actor_id=keys[ANNA], company=cvrs[1], actor_kind=ActorKind.PANEL))
    write(database, entry(at=later, actor_id=keys[ANNA], company=cvrs[1]))
    assert spot_checks.draw(database, log_of(database), now=later, zone=ZONE, number=10) == 1
    # The month is drawn once, however often the job looks.
    assert spot_checks.draw(database, log_of(database), now=later, zone=ZONE, number=10) == 0
    with database.read() as db:
        (look,) = spot_checks.drawn(db, "2026-11")
        assert (look.user_id, look.company.cvr, look.at) == (keys[ANNA], cvrs[1], at)
        (month,) = spot_checks.months(db)
        assert (month.looks, month.outside) == (3, 1)
        assert spot_checks.unseen(db) == 1


def test_whoever_stands_in_looks_at_their_own(database: Database, built_town: Town) -> None:
    """Bo stands in for Anna from 4 to 8 January."""
    january = datetime(2027, 1, 6, 9, tzinfo=UTC)
    for at in (january, january + timedelta(days=7)):
        _looked(database, built_town, BO, built_town.bakery, at)
    now = datetime(2027, 2, 1, 6, tzinfo=UTC)
    assert spot_checks.draw(database, log_of(database), now=now, zone=ZONE, number=10) == 1
    with database.read() as db:
        assert [look.at for look in spot_checks.drawn(db, "2027-01")] == [january + timedelta(days=7)]


def test_no_more_are_drawn_than_the_setting_says_and_any_may_be(database: Database, built_town: Town) -> None:
    for cvr in (built_town.bakery, built_town.garden, built_town.protected, built_town.ceased):
        _looked(database, built_town, MONA, cvr)
    seen = {cvr for _ in range(40) for _, cvr in _draw(database, 1)}
    assert len(seen) == 4
    assert len(_draw(database, 3)) == 3
    assert _draw(database, 0) == []


def test_nobody_sees_to_their_own(database: Database, built_town: Town) -> None:
    with database.write() as db:
        look = spot_checks.get(db, built_town.spot_check)
        bo, mona = (db.get_one(User, built_town.users[email]) for email in (BO, MONA))
        with pytest.raises(NotAllowed):
            spot_checks.see(db, look=look, by=bo, remark=None, now=NOW)
        spot_checks.see(db, look=look, by=mona, remark=None, now=NOW)
        with pytest.raises(Conflict):
            spot_checks.see(db, look=look, by=mona, remark=None, now=NOW)


# --- Reading it -----------------------------------------------------------------------------------


def test_a_page_of_the_log_is_read_by_an_index(database: Database) -> None:
    write(database, *[entry(company=f"9000{number:04}", actor_id=number) for number in range(50)])
    if database.dialect != "sqlite":
        return
    for wanted in (Wanted(), Wanted(companies=("90000012",)), Wanted(user=3), Wanted(since=NOW)):
        plans: list[str] = []
        with log_of(database).read() as rows:
            page(rows, wanted)
            query = str(
                select(AccessEntry.id)
                .where(*wanted.conditions())
                .order_by(AccessEntry.at.desc(), AccessEntry.id.desc())
                .compile(rows.connection(), compile_kwargs={"literal_binds": True})
            )
            plans += [
                row.detail for row in rows.execute(text("EXPLAIN QUERY PLAN " + query.replace(":", "\\:")))
            ]
        assert all("USING" in plan and "TEMP B-TREE" not in plan for plan in plans), plans
