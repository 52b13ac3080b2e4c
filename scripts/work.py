"""What is done without anybody asking, over and over: `enindgang work`.

Several machines may work on one database at once: a lease in the database says who does what
(docs/decisions/0014-jobs.md).
"""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import FrameType

from crm import audit
from crm.access import tidying
from crm.access_log import tidying as access_log
from crm.access_log.spot_checks import draw
from crm.access_log.store import log_of
from crm.access_log.watching import watch
from crm.agreements import reminders
from crm.board import actions as board
from crm.choices.queries import current
from crm.day.mornings import write_morning_mails
from crm.db import BUSY, Database
from crm.errors import Conflict, CrmError
from crm.jobs import actions as jobs
from crm.jobs import queries
from crm.jobs.actions import Lease
from crm.jobs.catalogue import KINDS, Kind
from crm.panel import signing as panel_doors
from crm.requests.clock import WorkingHours
from crm.settings import Settings
from crm.surveys.asking import ask
from scripts.bars import Tell
from scripts.mail import send_due

# `tell(done, steps)` says how far a job is, and answers whether it should go on.
Run = Callable[[Database, Settings, datetime, Tell], int]
ACTOR = "worker"
# Seconds between two words of progress; each is a write.
WORD = 1.0

PAUSE = 10.0
GLANCE = 0.25


class Stop:
    """Whether somebody has asked us to end. A plain flag: a signal may come while a lock is held."""

    asked = False

    def go_on(self) -> bool:
        """Whether there is time for one more."""
        return not self.asked

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Let SIGTERM and Ctrl-C end the work when the thing at hand is done; asked twice, at once."""
        self.asked = False
        before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}

        def ask(number: int, _frame: FrameType | None) -> None:
            self.asked = True
            signal.signal(number, before[signal.Signals(number)])

        for each in before:
            signal.signal(each, ask)
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


STOP = Stop()


def _send_mails(database: Database, settings: Settings, now: datetime, tell: Tell) -> int:
    return send_due(database, settings, now, go_on=lambda: tell(0, None))


def _ask(database: Database, settings: Settings, now: datetime, tell: Tell) -> int:
    return ask(database, settings, now, go_on=lambda: tell(0, None))


def _tidy(database: Database, settings: Settings, now: datetime, tell: Tell) -> int:
    """A little at a time, so that nobody waits for it."""
    old = access_log.limit(now, settings.access_log_months, settings.zone)
    gone = access_log.forget(
        database, log_of(database), before=old, go_on=lambda done: tell(done, None), actor=ACTOR
    )
    while tell(gone, None):
        with database.write(ACTOR) as db:
            some = tidying.forget(db, now=now) + panel_doors.forget(db, now=now)
        gone += some
        if not some:
            break
    with database.write(ACTOR) as db:
        return gone + jobs.forget(db, now=now)


def _write_mornings(database: Database, settings: Settings, now: datetime, tell: Tell) -> int:
    return write_morning_mails(database, settings, now, go_on=tell)


def _expiring(database: Database, settings: Settings, now: datetime, tell: Tell) -> int:
    """Some at a time, so that nobody waits for it."""
    today, booked = now.astimezone(settings.zone).date(), 0
    while tell(booked, None):
        with database.write(ACTOR) as db:
            some = reminders.book(db, now=now, today=today, days=settings.expiry_days)
        booked += some
        if not some:
            break
    return booked


def _check_log(database: Database, _settings: Settings, _now: datetime, _tell: Tell) -> int:
    """The whole chain, once a day; raises Conflict with what is wrong first."""
    with database.read() as db:
        broken = next(audit.broken_links(db), None)
        if broken:
            raise Conflict(f"Loggen er brudt. {broken}")
    return 0


def _plan_meetings(database: Database, settings: Settings, now: datetime, _tell: Tell) -> int:
    """The board's next meetings, so that there are always enough ahead."""
    today = now.astimezone(settings.zone).date()
    with database.write(ACTOR) as db:
        return board.plan_ahead(db, hours=WorkingHours.of(settings), today=today, now=now)


def _watch(database: Database, settings: Settings, now: datetime, _tell: Tell) -> int:
    """Who opened more companies than usual in the last hour."""
    most, home = settings.access_alarm, settings.base_url
    return watch(database, log_of(database), now=now, most=most, home=home, actor=ACTOR)


def _draw(database: Database, settings: Settings, now: datetime, _tell: Tell) -> int:
    """Last month's look-ups for a manager to see, once."""
    log, number = log_of(database), settings.spot_checks
    return draw(database, log, now=now, zone=settings.zone, number=number, actor=ACTOR)


# What is done for each kind of job in the catalogue, in this order: what puts mails down before what sends them.
RUNS: dict[str, Run] = {
    "morning_mails": _write_mornings,
    "companies_asked": _ask,
    "agreements_expiring": _expiring,
    "rows_tidied": _tidy,
    "lookups_watched": _watch,
    "lookups_drawn": _draw,
    "log_checked": _check_log,
    "meetings_planned": _plan_meetings,
    "mails_sent": _send_mails,
}


@dataclass
class Round:
    """What one round did, by job, and what went wrong."""

    figures: dict[str, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """For people; empty when nothing was done."""
        return ", ".join(KINDS[key].said(number) for key, number in self.figures.items() if number)


class Progress:
    """Tells the database and the console how far a job is, and asks whether to go on."""

    def __init__(self, database: Database, lease: Lease | None, show: Tell, began: datetime) -> None:
        self.database, self.lease, self.show = database, lease, show
        self._began, self._start, self._word = began, time.monotonic(), 0.0

    def now(self) -> datetime:
        """The time, counted on from when the round began."""
        return self._began + timedelta(seconds=time.monotonic() - self._start)

    def __call__(self, done: int, steps: int | None) -> bool:
        """One step on. False when the work should end here."""
        self.show(done, steps)
        if self.lease and time.monotonic() - self._word >= WORD:
            self._word = time.monotonic()
            try:
                with self.database.write(ACTOR) as db:
                    jobs.progress(db, lease=self.lease, done=done, steps=steps, now=self.now())
            except Conflict:
                # Somebody thought us dead and has started over.
                return False
        return STOP.go_on()


def _silent(_done: int, _steps: int | None) -> bool:
    return True


def work_round(
    database: Database, settings: Settings, now: datetime, show: Callable[[Kind], Tell] = lambda _: _silent
) -> Round:
    """Do what is due, job by job. One that fails does not keep the others from their work."""
    done = Round()
    try:
        # Only a look, most of the time: whoever is writing is not kept waiting for it.
        with database.read() as db:
            planned, due = queries.jobs(db).keys(), queries.due(db, now)
            settings = current(db, settings)
        if missing := KINDS.keys() - planned:
            with database.write(ACTOR) as db:
                jobs.plan(db, kinds=[KINDS[key] for key in missing], now=now)
    except BUSY as error:
        done.troubles.append(f"Databasen svarer ikke ({type(error).__name__}).")
        return done
    for key, run in RUNS.items():
        if not STOP.go_on():
            break
        if key in due | missing or not KINDS[key].alone:
            _one(database, settings, now, KINDS[key], run, done, show(KINDS[key]))
    return done


def _one(
    database: Database, settings: Settings, now: datetime, kind: Kind, run: Run, done: Round, show: Tell
) -> None:
    lease, figure, trouble = None, 0, None
    try:
        if kind.alone:
            with database.write(ACTOR) as db:
                lease = jobs.take(db, kind=kind, now=now)
            if lease is None:
                return
    except BUSY as error:
        done.troubles.append(f"{kind.key}: databasen svarer ikke ({type(error).__name__}).")
        return
    progress = Progress(database, lease, show, now)
    try:
        figure = done.figures[kind.key] = run(database, settings, now, progress)
    except CrmError as error:
        trouble = error.message
    except BUSY as error:
        trouble = f"databasen svarer ikke ({type(error).__name__})."
    except Exception as error:
        # A fault of ours: whoever mends it needs to know where.
        traceback.print_exc()
        trouble = type(error).__name__
    if trouble:
        done.troubles.append(f"{kind.key}: {trouble}")
    try:
        _end(database, kind, lease, figure, trouble, now, progress.now())
    except BUSY as error:
        # The lease runs out by itself, and the job is done again.
        done.troubles.append(f"{kind.key}: databasen svarer ikke ({type(error).__name__}).")


def _end(
    database: Database, kind: Kind, lease: Lease | None, figure: int, trouble: str | None, began: datetime,
    now: datetime,
) -> None:  # fmt: skip
    with database.write(ACTOR) as db:
        if lease:
            jobs.end(db, lease=lease, kind=kind, figure=figure, error=trouble, now=now)
        else:
            jobs.record(db, kind=kind, started_at=began, figure=figure, error=trouble, now=now)


def work_on(
    database: Database,
    settings: Settings,
    clock: Callable[[], datetime],
    tell: Callable[[Round], None],
    pause: float = PAUSE,
    show: Callable[[Kind], Tell] = lambda _: _silent,
) -> None:
    """Round after round until SIGTERM or Ctrl-C; `tell` hears of those that did something."""
    with STOP.listening():
        while STOP.go_on():
            done = work_round(database, settings, clock(), show)
            if done.troubles or any(done.figures.values()):
                tell(done)
            waited = time.monotonic() + pause
            while STOP.go_on() and time.monotonic() < waited:
                time.sleep(GLANCE)


def work_once(
    database: Database,
    settings: Settings,
    clock: Callable[[], datetime],
    show: Callable[[Kind], Tell] = lambda _: _silent,
) -> Round:
    """One round; asked to end, it ends early and well."""
    with STOP.listening():
        return work_round(database, settings, clock(), show)
