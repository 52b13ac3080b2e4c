"""Opsætning, Loggen: who changed what and when. For administrators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import trail
from crm.access import queries as users
from crm.companies import queries as companies
from crm.errors import NotFound, Refused
from crm.jobs import queries as jobs
from crm.periods import begins
from crm.trail import Wanted
from web import sheets
from web.cursors import cursor, number_of
from web.deps import Visit, reading, working
from web.forms import Form
from web.lists import files
from web.log_lines import lines
from web.log_words import ACTS, MACHINES, THINGS
from web.render import page
from web.sheets import Cell, Heading, Sheet

router = APIRouter(prefix="/opsaetning/log")
HOME = "/opsaetning/log"
FIELDS = ("hvem", "slags", "nr", "cvr", "handling", "fra", "til")
DAY = timedelta(days=1)
CHUNK = 1000
HEADS = (
    Heading("Nr.", 10), Heading("Hvornår", 18), Heading("Hvem", 28), Heading("Hvad", 50), Heading("Ændringer", 80),
    Heading("Kontrolsum", 66),
)  # fmt: skip


def _wanted(visit: Visit, form: Form) -> Wanted:
    """What the form asks for; what cannot be read is said beside its field."""
    first, last = form.day("fra", visit.today), form.day("til", visit.today)
    zone = visit.house.settings.zone
    company = None
    if cvr := form.text("cvr"):
        try:
            company = companies.by_cvr(visit.db, cvr.replace(" ", ""))
        except (NotFound, Refused):
            form.refuse("cvr", "Der er ingen virksomhed med det CVR-nummer her.")
    return Wanted(
        actor=form.text("hvem"),
        kind=form.choice("slags", THINGS),
        object_id=form.text("nr"),
        company_id=company.id if company else None,
        action=form.choice("handling", ACTS),
        since=begins(first, zone) if first else None,
        until=begins(last + DAY, zone) if last else None,
    )


@router.get("")
def index(visit: Annotated[Visit, reading("audit.read")], efter: str = "") -> Response:
    """The log, narrowed as one likes, the newest first."""
    given = visit.request.query_params
    form = Form.of({name: given.get(name, "") for name in FIELDS})
    wanted = _wanted(visit, form)
    rows, following = ([], None) if form.errors else trail.page(visit.db, wanted, before=number_of(efter))
    return page(
        visit,
        "setup/log.html",
        status=422 if form.errors else 200,
        section="admin",
        form=form,
        lines=lines(visit.db, rows, visit.house.settings.zone),
        narrowed=wanted != Wanted(),
        next_url=cursor(HOME, form.data, (following,) if following else None),
        people=[
            *(
                (each.email, each.name + ("" if each.is_active else " (lukket)"))
                for each in users.users(visit.db)
            ),
            *MACHINES.items(),
        ],
        things=sorted(THINGS.items(), key=lambda each: each[1]),
        acts=sorted(ACTS.items(), key=lambda each: each[1]),
        checked=jobs.jobs(visit.db).get("log_checked"),
    )


@router.post("/hent")
def fetch(visit: Annotated[Visit, working("audit.read")]) -> Response:
    """The rows that are shown, all of them, as a file. That they were fetched stands in the log too."""
    form = visit.form
    wanted = _wanted(visit, form)
    if form.errors:
        raise Refused("", " ".join(form.errors.values()))
    zone = visit.house.settings.zone
    newest = trail.last(visit.db)

    def make(path: Path) -> int:
        rows = _rows(visit, wanted, newest.seq + 1 if newest else 0)
        return sheets.write(path, Sheet("Log", HEADS, rows, zone), form.data.get("format", ""))

    told = {"filter": {name: form.data[name] for name in FIELDS if form.text(name)}}
    return files.send(visit, "log", form.data.get("format", ""), make, lambda _rows: told)


def _rows(visit: Visit, wanted: Wanted, before: int | None) -> Iterator[Sequence[Cell]]:
    zone = visit.house.settings.zone
    while before is not None:
        rows, before = trail.page(visit.db, replace(wanted), before=before, limit=CHUNK)
        for row, line in zip(rows, lines(visit.db, rows, zone), strict=True):
            yield [line.seq, line.at, line.who, line.sentence, line.told, row.hash]
        visit.db.expunge_all()
