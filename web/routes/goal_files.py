"""The list behind a figure as a file that says by which definition, for which day, and the figure's hash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.danish import long_date
from crm.errors import NotFound, Refused
from crm.goals.defining import COUNTS_WHEN
from crm.goals.models import CountsWhen, Definition
from crm.goals.queries import Basis, Progress, progress
from crm.goals.rows import Behind, behind
from web import sheets
from web.deps import Visit, working
from web.goal_files import send
from web.routes.goals import defined_on
from web.sheets import Cell, Heading, Sheet

router = APIRouter(prefix="/maal")
ROWS = (
    Heading("CVR", 10), Heading("Virksomhed", 34), Heading("By", 18), Heading("Program", 30),
    Heading("Aftale nr.", 10), Heading("Underskrevet", 13), Heading("Tæller fra", 13), Heading("Tæller til", 13),
)  # fmt: skip
STAMP = (Heading("Mål", 34), Heading("Dag", 13), Heading("Definition", 60), Heading("Kontrolsum", 68))


def row(each: Behind) -> list[Cell]:
    """An agreement that counts, without what could name a person."""
    company = each.company
    return [
        company.cvr, company.name, company.city, each.agreement.programme.name, each.agreement.id,
        each.agreement.signed_on, each.first, each.last,
    ]  # fmt: skip


def definition_told(definition: Definition | None) -> str:
    """The definition as a file says it."""
    if definition is None:
        return ""
    programmes = ", ".join(each.name for each in definition.programmes)
    rule = COUNTS_WHEN[CountsWhen(definition.counts_when)]
    return f"{definition.words} Aftaler under: {programmes}; {rule}. Gælder fra {long_date(definition.holds_from)}."


def stamp(each: Progress) -> list[Cell]:
    """What makes the figure traceable: objective, day, definition and hash."""
    return [each.objective.name, each.on, definition_told(each.definition), each.hash]


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


def about(each: Progress) -> list[tuple[str, str]]:
    """What the sheet beside the list says."""
    return [
        ("Mål", each.objective.name),
        ("Dag", long_date(each.on)),
        ("Tal", str(each.value)),
        ("Definition", definition_told(each.definition)),
        ("Kontrolsum", each.hash or ""),
        ("Kontrollér", f"enindgang goals --on {each.on.isoformat()} --check {(each.hash or '')[:16]}"),
    ]
