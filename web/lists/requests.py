"""The list of requests."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from crm.db import Session
from crm.lists import requests
from crm.lists.models import ListKind
from crm.lists.requests import Wanted
from crm.periods import begins
from web import words
from web.cursors import moment_of
from web.lists.listing import Column, Listing, Part
from web.lists.reading import Reader
from web.sheets import Heading

DAY = timedelta(days=1)


def read(reader: Reader) -> Wanted:
    """What the list is narrowed to."""
    states = {str(state): name for state, name in words.REQUEST_STATES.items()}
    late = reader.flag("sent", "Svaret er for sent")
    closed = reader.flag("lukkede", "Afsluttede") and not late
    begins, ends = reader.day("fra", "Modtaget fra"), reader.day("til", "Modtaget til og med")
    return Wanted(
        owner_id=reader.user("hvem", "Hvem", "{} er lukket og har ikke længere noget åbent."),
        kind=reader.choice("slags", "Hvad", reader.choices.kinds, "Slagsen i udvalget findes ikke længere."),
        state=reader.choice("tilstand", "Tilstand", states, "Tilstanden i udvalget findes ikke."),
        late_at=reader.visit.now if late else None,
        received_from=_midnight(reader, begins),
        received_before=_midnight(reader, ends + DAY if ends else None),
        closed=closed,
    )


def _midnight(reader: Reader, day: date | None) -> datetime | None:
    """When a day begins in the municipality."""
    if day is None:
        return None
    return begins(day, reader.visit.house.settings.zone)


def _page(db: Session, wanted: Wanted, after: Any, limit: int, _whole: bool) -> Any:
    return requests.page(db, wanted, after=after, limit=limit)


REQUESTS = Listing(
    kind=ListKind.REQUESTS,
    word="henvendelser",
    title="Henvendelser",
    template="requests/index.html",
    section="requests",
    fields=("hvem", "slags", "tilstand", "sent", "fra", "til", "lukkede"),
    first=(
        Part(Heading("Henvendelse", 40), lambda row, _: row.title),
        Part(Heading("Hvad", 24), lambda row, _: row.kind_name),
        Part(Heading("CVR-nr.", 11), lambda row, _: row.company.cvr),
        Part(Heading("Virksomhed", 34), lambda row, _: row.company.name),
    ),
    columns=(
        Column("virksomhed", "Virksomhed", (), usual=True),
        Column("hvem", "Hvem", (Part(Heading("Hvem", 22), lambda row, _: row.owner.name),), usual=True),
        Column("svar", "Svar", (
            Part(Heading("Tilstand", 16), lambda row, _: words.word(row.state, "request_state")),
            Part(Heading("Svarfrist", 16), lambda row, _: row.answer_due_at),
            Part(Heading("Besvaret", 16), lambda row, _: row.answered_at),
        ), usual=True),
        Column("modtaget", "Modtaget", (Part(Heading("Modtaget", 16), lambda row, _: row.received_at),)),
        Column("afsluttet", "Afsluttet", (Part(Heading("Afsluttet", 16), lambda row, _: row.closed_at),)),
        Column("antal", "Antal", (
            Part(Heading("Ønsket", 9), lambda row, _: row.wanted),
            Part(Heading("Præsenteret", 12), lambda row, _: row.presented),
            Part(Heading("Ansat", 9), lambda row, _: row.hired),
        )),
        Column("indgang", "Indgang", (Part(Heading("Ansvarlig", 22), lambda row, _: row.company.responsible.name),)),
        Column("by", "By", (
            Part(Heading("Postnr.", 9), lambda row, _: row.company.postal_code),
            Part(Heading("By", 18), lambda row, _: row.company.city),
        )),
    ),
    read=read,
    page=_page,
    place=moment_of,
    ids=requests.ids,
)  # fmt: skip
