"""Taking a job, telling how far it is, and ending it.

A worker takes a job by raising its number and stays the one who has it for `LEASE`; every word of progress
renews that. A machine that dies leaves a lease that runs out, and another one starts over. A job therefore
does its work in pieces of which each can be done only once (docs/decisions/0014-jobs.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from crm.db import upsert
from crm.errors import Conflict
from crm.jobs.catalogue import Kind
from crm.jobs.models import Job, JobRun
from crm.jobs.queries import ready
from crm.types import storable

# So long one piece of a job may take.
LEASE = timedelta(minutes=5)
# After a failure the next try comes sooner than the job's own time, but ever later.
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
KEPT = timedelta(days=90)
# A job that is looked at every ten seconds says so now and then.
GLIMPSE = timedelta(minutes=1)
INTERRUPTED = "Afbrudt: maskinen, der var i gang, svarede ikke længere."
_job = cast("Table", Job.__table__)


@dataclass(frozen=True)
class Lease:
    """A job that is the caller's."""

    key: str
    number: int
    started_at: datetime


def plan(db: Session, *, kinds: list[Kind], now: datetime) -> None:
    """See to it that every job has its row; a new one is due at once."""
    values = [{"key": kind.key, "due_at": now} for kind in kinds]
    db.execute(upsert(db, Job).on_conflict_do_nothing(), values)


def take(db: Session, *, kind: Kind, now: datetime) -> Lease | None:
    """The job, if it is due and nobody has it; None otherwise. A lease that ran out is told of."""
    waiting = select(Job).where(Job.key == kind.key, ready(now))
    job = db.scalars(waiting.with_for_update(skip_locked=True)).first()
    if job is None:
        return None
    if job.started_at is not None:
        _tell(db, job, began=job.started_at, figure=0, error=INTERRUPTED, now=now)
    job.lease += 1
    job.started_at, job.leased_until, job.steps_done, job.steps = now, now + LEASE, 0, None
    db.flush()
    return Lease(kind.key, job.lease, now)


def progress(db: Session, *, lease: Lease, done: int, steps: int | None, now: datetime) -> None:
    """Tell how far it is and keep it for a while longer. Raises Conflict when another one has it now."""
    renewed = db.execute(
        update(_job)
        .where(_job.c.key == lease.key, _job.c.lease == lease.number, _job.c.leased_until.is_not(None))
        .values(steps_done=done, steps=steps, leased_until=now + LEASE)
    )
    if cast("Any", renewed).rowcount != 1:
        raise Conflict("En anden maskine har overtaget opgaven.")


def end(
    db: Session, *, lease: Lease, kind: Kind, figure: int, error: str | None = None, now: datetime
) -> None:
    """It is done, well or badly. Whoever has lost the lease meanwhile leaves the job alone."""
    failed = error is not None
    job = db.get(Job, lease.key, with_for_update=True)
    if job is None or job.lease != lease.number:
        return
    job.failures = job.failures + 1 if failed else 0
    pause = min(kind.every, PAUSES[min(job.failures, len(PAUSES)) - 1]) if failed else kind.every
    job.due_at = now + pause
    job.leased_until = job.started_at = None
    job.ended_at, job.figure = now, figure
    job.last_error = storable(error, 500) if error is not None else None
    if figure or failed:
        _tell(db, job, began=lease.started_at, figure=figure, error=job.last_error, now=now)
    db.flush()


def _tell(db: Session, job: Job, *, began: datetime, figure: int, error: str | None, now: datetime) -> None:
    # Machines' clocks differ a little.
    ended = max(now, began)
    db.add(JobRun(job_key=job.key, started_at=began, ended_at=ended, figure=figure, error=error))


def record(
    db: Session, *, kind: Kind, started_at: datetime, figure: int, error: str | None = None, now: datetime
) -> None:
    """How a job went that several may do at once: there is no lease, only the story."""
    job = db.get_one(Job, kind.key, with_for_update=True)
    quiet = not figure and error is None and not job.failures
    if quiet and job.ended_at and now - job.ended_at < GLIMPSE:
        return
    job.started_at = job.leased_until = None
    lease = Lease(kind.key, job.lease, started_at)
    end(db, lease=lease, kind=kind, figure=figure, error=error, now=now)


def ask(db: Session, *, job: Job, now: datetime) -> Job:
    """Have it done at the next opportunity."""
    if job.leased_until and job.leased_until > now:
        raise Conflict("Opgaven er i gang lige nu.")
    job.due_at = now
    db.flush()
    return job


def forget(db: Session, *, now: datetime) -> int:
    """Forget the runs of long ago; how many they were."""
    gone = db.execute(delete(JobRun).where(JobRun.ended_at < now - KEPT))
    return int(cast("Any", gone).rowcount)
