"""The jobs and their last runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from crm.errors import NotFound
from crm.jobs.catalogue import KINDS
from crm.jobs.models import Job, JobRun

SHOWN = 50


def jobs(db: Session) -> dict[str, Job]:
    """How every known job stands, by its key; those that were never planned are missing."""
    return {job.key: job for job in db.scalars(select(Job).where(Job.key.in_(list(KINDS))))}


def ready(now: datetime) -> ColumnElement[bool]:
    """A job that is due and that nobody has."""
    return and_(Job.due_at <= now, or_(Job.leased_until.is_(None), Job.leased_until <= now))


def due(db: Session, now: datetime) -> set[str]:
    """The keys of the jobs that may be taken now."""
    return set(db.scalars(select(Job.key).where(ready(now))))


def get(db: Session, key: str) -> Job:
    """One job, or NotFound. It cannot change under us until we are done."""
    found = db.get(Job, key, with_for_update=True) if key in KINDS else None
    if found is None:
        raise NotFound("Den opgave findes ikke.")
    return found


def runs(db: Session, limit: int = SHOWN) -> Sequence[JobRun]:
    """What the jobs did, the newest first."""
    newest = select(JobRun).order_by(JobRun.ended_at.desc(), JobRun.id.desc())
    return db.scalars(newest.limit(limit)).all()


def last_seen(found: dict[str, Job]) -> datetime | None:
    """When a worker last ended anything; the mails are looked at every ten seconds."""
    return max((job.ended_at for job in found.values() if job.ended_at), default=None)
