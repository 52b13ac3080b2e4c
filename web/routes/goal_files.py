"""The list behind a figure as a file that says by which definition, for which day, and the figure's hash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.errors import NotFound, Refused
from crm.goals.queries import Basis, Progress, progress
from crm.goals.rows import Behind, behind
from web import sheets
from web.deps import Visit, working
from web.goal_files import ROWS, STAMP, about, row, send, stamp
from web.routes.goals import defined_on
from web.sheets import Cell, Sheet

router = APIRouter(prefix="/maal")


def _rows(each: Progress, found: Sequence[Behind]) -> Iterator[list[Cell]]:
    """A row for each agreement; a figure of none is told in a row without a company."""
    marks, empty = stamp(each), [None] * len(ROWS)
    yield from ([*row(one), *marks] for one in found)
    if not found:
        yield [*empty, *marks]


@router.post("/{key}/hent")
def fetch(visit: Annotated[Visit, working("exports.run")], key: str) -> Response:
    """The companies behind a figure, CSV or XLSX."""
    form = visit.form
    on = form.day("dag", visit.today) or visit.today
    if form.errors:
        raise Refused("dag", form.errors["dag"])
    basis = Basis.read(visit.db)
    by = defined_on(visit, on, form.data.get("definition", ""))
    found = progress(visit.db, on, defined_on=by, only=key, basis=basis)
    if not found or found[0].hash is None:
        raise NotFound("Det mål tæller ingen virksomheder.")
    each, mark = found[0], found[0].hash
    rows = behind(visit.db, basis, found)[key]
    kind = form.data.get("format", "")
    sheet = Sheet(
        "Virksomheder", [*ROWS, *STAMP], _rows(each, rows), visit.house.settings.zone, lambda _: about(each)
    )

    def make(path: Path) -> int:
        return sheets.write(path, sheet, kind)

    told = {"objective": key, "on": on.isoformat(), "value": each.value, "hash": mark}
    return send(visit, f"{key}-{on.isoformat()}-{mark[:8]}", kind, make, told)
