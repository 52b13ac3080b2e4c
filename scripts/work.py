"""What is done without anybody asking, over and over: `enindgang work`.

Several machines may work on one database at once; each job sees to it that nothing is done twice.
"""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import FrameType
from typing import NamedTuple

from crm import danish
from crm.db import BUSY, Database
from crm.errors import CrmError
from crm.settings import Settings
from scripts.mail import send_due

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


class Job(NamedTuple):
    """`run` does what is due and says how much: `one` or `many` in Danish, `name` is its key in JSON."""

    name: str
    one: str
    many: str
    run: Callable[[Database, Settings, datetime], int]


STOP = Stop()
JOBS: list[Job] = [
    Job("mails_sent", "mail sendt", "mails sendt", partial(send_due, go_on=STOP.go_on)),
]


@dataclass
class Round:
    """What one round did, by job, and what went wrong."""

    figures: dict[str, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """For people; empty when nothing was done."""
        return ", ".join(
            danish.count(number, job.one, job.many) for job in JOBS if (number := self.figures.get(job.name))
        )


def work_round(database: Database, settings: Settings, now: datetime) -> Round:
    """Do what is due, job by job. One that fails does not keep the others from their work."""
    done = Round()
    for job in JOBS:
        if not STOP.go_on():
            break
        try:
            done.figures[job.name] = job.run(database, settings, now)
        except CrmError as error:
            done.troubles.append(f"{job.name}: {error.message}")
        except BUSY as error:
            done.troubles.append(f"{job.name}: databasen svarer ikke ({type(error).__name__}).")
        except Exception as error:
            # A fault of ours: whoever mends it needs to know where.
            traceback.print_exc()
            done.troubles.append(f"{job.name}: {type(error).__name__}")
    return done


def work_on(
    database: Database,
    settings: Settings,
    clock: Callable[[], datetime],
    tell: Callable[[Round], None],
    pause: float = PAUSE,
) -> None:
    """Round after round until SIGTERM or Ctrl-C; `tell` hears of those that did something."""
    with STOP.listening():
        while STOP.go_on():
            done = work_round(database, settings, clock())
            if done.troubles or any(done.figures.values()):
                tell(done)
            waited = time.monotonic() + pause
            while STOP.go_on() and time.monotonic() < waited:
                time.sleep(GLANCE)


def work_once(database: Database, settings: Settings, clock: Callable[[], datetime]) -> Round:
    """One round; asked to end, it ends early and well."""
    with STOP.listening():
        return work_round(database, settings, clock())
