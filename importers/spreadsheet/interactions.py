"""A list of what has happened with companies: calls, meetings, visits, mails and notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from crm import danish, numbers
from crm.errors import Refused
from crm.interactions.models import Direction, Kind
from importers.spreadsheet.cells import Cells
from importers.spreadsheet.companies import LAYOUT as COMPANIES
from importers.spreadsheet.rows import Row, rows
from importers.spreadsheet.table import Layout, Table

LAYOUT = Layout(
    {
        "cvr": COMPANIES.headers["cvr"],
        "happened_at": ("Dato", "Tidspunkt", "Dato og tid", "Dato og tidspunkt", "Hvornår", "Dag", "Date",
                        "Happened at"),
        "clock": ("Klokkeslæt", "Kl.", "Klokken", "Tid", "Time"),
        "kind": ("Type", "Slags", "Art", "Kontaktform", "Aktivitet", "Kind"),
        "direction": ("Retning", "Ind/ud", "Direction"),
        "summary": ("Tekst", "Notat", "Referat", "Beskrivelse", "Resume", "Indhold", "Kommentar", "Summary",
                    "Note"),
        "by": ("Konsulent", "Konsulent e-mail", "Medarbejder", "Skrevet af", "Oprettet af", "Ansvarlig",
               "Consultant"),
    },
    needed=("cvr", "happened_at", "kind", "summary"),
)  # fmt: skip
_KINDS = {
    Kind.CALL: ("call", "opkald", "telefon", "telefonopkald", "ringet", "tlf", "samtale", "telefonsamtale"),
    Kind.MEETING: ("meeting", "møde", "online møde", "teams", "teamsmøde"),
    Kind.VISIT: ("visit", "besøg", "virksomhedsbesøg"),
    Kind.EMAIL: ("email", "e-mail", "mail"),
    Kind.NOTE: ("note", "notat", "bemærkning"),
}
_DIRECTIONS = {
    Direction.IN: ("in", "ind", "indgående", "fra virksomheden", "modtaget"),
    Direction.OUT: ("out", "ud", "udgående", "til virksomheden", "sendt"),
}
_KIND_OF = {danish.fold(said): kind for kind, names in _KINDS.items() for said in names}
_DIRECTION_OF = {danish.fold(said): way for way, names in _DIRECTIONS.items() for said in names}


@dataclass(frozen=True, slots=True)
class InteractionRow:
    """Something that happened, as a row says it."""

    cvr: str
    kind: Kind
    direction: Direction | None
    happened_at: datetime
    summary: str
    by: str | None


def interactions(
    table: Table, now: datetime, zone: ZoneInfo, opens_at: time
) -> Iterator[Row[InteractionRow]]:
    """Every row as something that happened. A day without a clock time counts from when the house opens."""
    return rows(table, lambda cells: _interaction(cells, now, zone, opens_at))


def _interaction(cells: Cells, now: datetime, zone: ZoneInfo, opens_at: time) -> InteractionRow:
    cvr = numbers.cvr(cells.needed("cvr"))
    kind = _KIND_OF.get(danish.fold(cells.needed("kind")))
    if kind is None:
        raise Refused("kind", "Skriv opkald, møde, besøg, mail eller notat.")
    happened_at = cells.moment("happened_at", "clock", now, zone, opens_at)
    if happened_at is None:
        raise Refused("happened_at", "Cellen er tom.")
    cells.needed("summary")
    return InteractionRow(
        cvr=cvr,
        kind=kind,
        direction=None if kind == Kind.NOTE else _direction(cells),
        happened_at=happened_at,
        summary=cells.text("summary") or "",
        by=cells.line_of("by"),
    )


def _direction(cells: Cells) -> Direction:
    """Who began. Where the list does not say, the municipality did: it keeps the list."""
    said = cells.line_of("direction")
    if said is None:
        return Direction.OUT
    way = _DIRECTION_OF.get(danish.fold(said))
    if way is None:
        raise Refused("direction", "Skriv indgående eller udgående.")
    return way
