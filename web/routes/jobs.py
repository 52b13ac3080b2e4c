"""Opsætning, Faste opgaver: what is done without anybody asking, and how it went."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.jobs import actions, queries
from crm.jobs.catalogue import KINDS
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/opsaetning/opgaver")
HOME = "/opsaetning/opgaver"
# A worker says at least once a minute that it is there.
SILENT = timedelta(minutes=5)


def _index(visit: Visit, form: Form) -> Response:
    found = queries.jobs(visit.db)
    seen = queries.last_seen(found)
    running = {job.key for job in found.values() if job.leased_until and job.leased_until > visit.now}
    return page(
        visit,
        "jobs/index.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        jobs=[(kind, found.get(key)) for key, kind in KINDS.items()],
        running=running,
        seen=seen,
        silent=not running and (seen is None or seen < visit.now - SILENT),
        runs=[(KINDS[run.job_key], run) for run in queries.runs(visit.db) if run.job_key in KINDS],
    )


@router.get("")
def index(visit: Annotated[Visit, reading("jobs.read")]) -> Response:
    """All jobs and their last runs."""
    return _index(visit, Form())


@router.post("/{key}/nu")
def ask(visit: Annotated[Visit, writing("jobs.write")], key: str) -> Response:
    """Have one done at the next opportunity."""
    job = queries.get(visit.db, key)
    if visit.form.act(visit.db, lambda: actions.ask(visit.db, job=job, now=visit.now)) is None:
        return _index(visit, visit.form)
    return redirect(visit, HOME, flash=f"»{KINDS[key].title}« sker ved næste lejlighed.")
