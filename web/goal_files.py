"""Files that leave the house with figures in them: made whole, written down in the audit log, and only then sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.responses import Response

from crm import audit
from crm.danish import long_date
from crm.errors import Refused
from crm.goals.defining import COUNTS_WHEN
from crm.goals.models import CountsWhen, Definition
from crm.goals.queries import Progress
from crm.goals.rows import Behind
from web import sheets
from web.deps import Visit
from web.downloads import download, tell_page
from web.lists.files import take_turn
from web.sheets import Cell, Heading, TooLong

PDF = "application/pdf"
TOO_LONG = "Der er flere rækker, end en fil kan have. Vælg en kortere periode."


def send(
    visit: Visit, name: str, kind: str, make: Callable[[Path], object], told: dict[str, Any]
) -> Response:
    """Make the file, write down that it left and what it held, and send it."""
    if kind not in (*sheets.FORMATS, "pdf"):
        raise Refused("format", "Vælg Excel, CSV eller PDF.")
    take_turn(visit)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"fil.{kind}"
        try:
            make(path)
        except TooLong:
            raise Refused("", TOO_LONG) from None
        content = path.read_bytes()
    # The reading session ends here; the note is a change of its own.
    visit.db.close()
    with visit.house.database.write(visit.me.email, visit.me.id) as db:
        audit.note(db, action="export", kind="goals", id=name, payload=told | {"format": kind})
    answer = download(content, sheets.FORMATS.get(kind, PDF), f"{name}.{kind}")
    tell_page(visit, answer)
    return answer


# --- The rows behind a figure ---------------------------------------------------------------------

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
