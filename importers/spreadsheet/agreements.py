"""A list of agreements: those signed before the system came, or kept elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from crm import danish, numbers
from crm.agreements.actions import NAMES
from crm.agreements.models import AgreementState
from crm.errors import Refused
from importers.spreadsheet.cells import Cells
from importers.spreadsheet.companies import LAYOUT as COMPANIES
from importers.spreadsheet.rows import Row, rows
from importers.spreadsheet.table import Layout, Table

LAYOUT = Layout(
    {
        "cvr": COMPANIES.headers["cvr"],
        "programme": ("Program", "Programme", "Aftaletype", "Type", "Ordning", "Indsats"),
        "title": ("Titel", "Aftale", "Emne", "Beskrivelse", "Indhold", "Title"),
        "signed_on": ("Underskrevet", "Underskrevet den", "Underskriftsdato", "Indgået", "Indgået den",
                      "Aftaledato", "Signed on", "Signed"),
        "valid_from": ("Gælder fra", "Gyldig fra", "Fra", "Start", "Startdato", "Begynder", "Valid from"),
        "valid_to": ("Gælder til", "Gyldig til", "Til", "Slut", "Slutdato", "Udløber", "Udløb", "Valid to"),
        "state": ("Status", "Tilstand", "Trin", "State"),
        "by": ("Konsulent", "Ansvarlig", "Konsulent e-mail", "Consultant"),
    },
    needed=("cvr", "programme"),
)  # fmt: skip
# What people call the steps, besides what the house calls them.
_ALSO = {
    AgreementState.PROSPECT: ("kandidat", "mulig"),
    AgreementState.IN_DIALOGUE: ("dialog",),
    AgreementState.OFFERED: ("tilbud",),
    AgreementState.SIGNED: ("indgået",),
    AgreementState.IN_FORCE: ("i kraft", "aktiv", "gælder", "i gang"),
    AgreementState.RENEWED: ("forlænget",),
    AgreementState.ENDED: ("ophørt", "udløbet", "slut", "opsagt", "stoppet"),
}
_STATES = {
    danish.fold(said): state for state, name in NAMES.items() for said in (name, state.value, *_ALSO[state])
}


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """An agreement as a row says it."""

    cvr: str
    programme: str
    title: str | None
    signed_on: date | None
    valid_from: date | None
    valid_to: date | None
    state: AgreementState | None
    by: str | None


def agreements(table: Table, today: date) -> Iterator[Row[AgreementRow]]:
    """Every row as an agreement."""
    return rows(table, lambda cells: _agreement(cells, today))


def _agreement(cells: Cells, today: date) -> AgreementRow:
    signed_on = cells.day("signed_on", today)
    return AgreementRow(
        cvr=numbers.cvr(cells.needed("cvr")),
        programme=cells.needed("programme"),
        title=cells.line_of("title"),
        signed_on=signed_on,
        valid_from=cells.day("valid_from", today) or signed_on,
        valid_to=cells.day("valid_to", today),
        state=_state(cells),
        by=cells.line_of("by"),
    )


def _state(cells: Cells) -> AgreementState | None:
    said = cells.line_of("state")
    if said is None:
        return None
    state = _STATES.get(danish.fold(said))
    if state is None:
        raise Refused("state", f"Skriv et af trinnene: {', '.join(NAMES.values())}.")
    return state
