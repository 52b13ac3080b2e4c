"""The list of agreements."""

from __future__ import annotations

from typing import Any

from crm.db import Session
from crm.lists import agreements
from crm.lists.agreements import Wanted
from crm.lists.models import ListKind
from web import words
from web.cursors import number_of
from web.lists.listing import Column, Listing, Part
from web.lists.reading import Reader
from web.sheets import Heading


def read(reader: Reader) -> Wanted:
    """What the list is narrowed to."""
    states = {str(state): name for state, name in words.AGREEMENT_STATES.items()}
    return Wanted(
        programme=reader.choice(
            "program",
            "Program",
            dict(reader.choices.programmes),
            "Programmet i udvalget findes ikke længere.",
        ),
        state=reader.choice("tilstand", "Hvor langt", states, "Tilstanden i udvalget findes ikke."),
        responsible_id=reader.user(
            "ansvarlig", "Indgang", "{} er lukket og er ikke længere indgang for nogen."
        ),
        runs_out_before=reader.day("udloeber", "Udløber før"),
        company=reader.text("navn", "Virksomhedens navn begynder med"),
    )


def _page(db: Session, wanted: Wanted, after: Any, limit: int, _whole: bool) -> Any:
    rows, following = agreements.page(db, wanted, before=after, limit=limit)
    return rows, None if following is None else (following,)


AGREEMENTS = Listing(
    kind=ListKind.AGREEMENTS,
    word="aftaler",
    title="Aftaler",
    template="agreements/index.html",
    section="agreements",
    fields=("program", "tilstand", "ansvarlig", "udloeber", "navn"),
    first=(
        Part(Heading("CVR-nr.", 11), lambda row, _: row.company.cvr),
        Part(Heading("Virksomhed", 34), lambda row, _: row.company.name),
        Part(Heading("Aftale", 34), lambda row, _: row.title),
        Part(Heading("Program", 24), lambda row, _: row.programme.name),
    ),
    columns=(
        Column("tilstand", "Hvor langt",
               (Part(Heading("Hvor langt", 16), lambda row, _: words.word(row.state, "agreement_state")),), usual=True),
        Column("gaelder", "Gælder", (
            Part(Heading("Gælder fra", 12), lambda row, _: row.valid_from),
            Part(Heading("Gælder til", 12), lambda row, _: row.valid_to),
            Part(Heading("Afsluttet", 12), lambda row, _: row.ended_on),
        ), usual=True),
        Column("underskrevet", "Underskrevet", (Part(Heading("Underskrevet", 13), lambda row, _: row.signed_on),)),
        Column("indgang", "Indgang", (Part(Heading("Ansvarlig", 22), lambda row, _: row.company.responsible.name),),
               usual=True),
        Column("kontakt", "Aftalens kontakt",
               (Part(Heading("Aftalens kontakt", 22), lambda row, _: row.consultant and row.consultant.name),)),
        Column("by", "By", (
            Part(Heading("Postnr.", 9), lambda row, _: row.company.postal_code),
            Part(Heading("By", 18), lambda row, _: row.company.city),
        )),
        Column("sidst", "Sidst talt", (Part(Heading("Sidst talt", 16), lambda row, _: row.company.last_contact_at),)),
    ),
    read=read,
    page=_page,
    place=number_of,
)  # fmt: skip
