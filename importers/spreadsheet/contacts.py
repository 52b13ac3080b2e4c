"""A list of people at companies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crm import numbers
from crm.companies.actions import CONTACT
from importers.spreadsheet.cells import Cells
from importers.spreadsheet.companies import LAYOUT as COMPANIES
from importers.spreadsheet.rows import Row, rows
from importers.spreadsheet.table import Layout, Table

LAYOUT = Layout(
    {
        "cvr": COMPANIES.headers["cvr"],
        "name": ("Navn", "Kontaktperson", "Kontakt", "Person", "Kontaktpersonens navn", "Kontaktnavn", "Name",
                 "Fulde navn", "Kontakt i virksomheden"),
        "title": ("Titel", "Stilling", "Funktion", "Rolle", "Stillingsbetegnelse", "Title", "Role"),
        "phone": (*COMPANIES.headers["phone"], "Direkte telefon", "Direkte"),
        "mobile": ("Mobil", "Mobilnr.", "Mobilnummer", "Mobiltelefon", "Mobile", "Cell"),
        "email": COMPANIES.headers["email"],
    },
    needed=("cvr", "name"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A person at a company, as a row says it; None where it says nothing."""

    cvr: str
    values: dict[str, str | None]


def contacts(table: Table) -> Iterator[Row[ContactRow]]:
    """Every row as a person at a company."""
    return rows(table, _contact)


def _contact(cells: Cells) -> ContactRow:
    values = {name: cells.line_of(name) for name in CONTACT}
    return ContactRow(numbers.cvr(cells.needed("cvr")), values)
