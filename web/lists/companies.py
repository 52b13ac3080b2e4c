"""The list of companies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from crm import phones
from crm.companies import queries
from crm.companies.models import Company
from crm.companies.narrowing import Filter
from crm.db import Session
from crm.lists.models import ListKind
from crm.lists.queries import group_names, programmes_of
from web.cursors import pair_of
from web.lists.listing import Column, Extras, Listing, Part
from web.lists.reading import Reader
from web.sheets import Cell, Heading

MONTH = timedelta(days=365.25 / 12)
QUIET = [("3", "3 måneder"), ("6", "et halvt år"), ("12", "et år"), ("24", "to år")]
YES_OR_NO = [("ja", "Kun de beskyttede"), ("nej", "Kun dem, der ikke er")]


def read(reader: Reader) -> Filter:
    """What the list is narrowed to."""
    months = reader.number("stille", "Måneder uden kontakt", 600)
    return Filter(
        responsible_id=reader.user(
            "ansvarlig", "Indgang", "{} er lukket og er ikke længere indgang for nogen."
        ),
        name=reader.text("navn", "Navnet begynder med"),
        industry=reader.text("branche", "Branchekode begynder med"),
        postal_code=reader.text("postnr", "Postnummer"),
        employees_min=reader.number("stoerrelse_fra", "Mindst", 1_000_000, " ansatte"),
        employees_max=reader.number("stoerrelse_til", "Højst", 1_000_000, " ansatte"),
        quiet_since=reader.visit.now - months * MONTH if months else None,
        ceased=reader.flag("ophoert", "Ophørte"),
        group_id=reader.key(
            "koncern", "Koncern", dict(reader.choices.groups), "Koncernen i udvalget findes ikke længere."
        ),
        programme=reader.choice(
            "program", "Partner i", dict(reader.choices.programmes),
            "Programmet i udvalget findes ikke længere.",
        ),
        protected=reader.yes_or_no("beskyttet", "Reklamebeskyttet"),
    )  # fmt: skip


def _page(db: Session, wanted: Filter, after: Any, limit: int, whole: bool) -> Any:
    return queries.page(db, wanted, after=after, limit=limit, whole=whole)


def _extras(db: Session, rows: Sequence[Company], names: frozenset[str]) -> Extras:
    found: dict[str, Any] = {}
    if "groups" in names:
        found["groups"] = group_names(db, sorted({row.group_id for row in rows if row.group_id}))
    if "programmes" in names:
        found["programmes"] = programmes_of(db, [row.id for row in rows])
    return found


def group_of(company: Company, extras: Extras) -> str | None:
    """The name of the company's group."""
    return extras["groups"].get(company.group_id) if company.group_id else None


def partner_of(company: Company, extras: Extras) -> str | None:
    """The programmes the company is a partner of."""
    return ", ".join(extras["programmes"].get(company.id, ())) or None


def _reached(company: Company, value: str | None) -> Cell:
    """How to reach a company leaves the house only where it has not asked to be left alone."""
    return None if company.advertising_protected else value


def _ids(db: Session, wanted: Filter, limit: int) -> Sequence[int]:
    return queries.ids(db, wanted, limit)


COMPANIES = Listing(
    kind=ListKind.COMPANIES,
    word="virksomheder",
    title="Virksomheder",
    template="companies/index.html",
    section="companies",
    fields=("navn", "ansvarlig", "branche", "postnr", "stoerrelse_fra", "stoerrelse_til", "stille", "koncern",
            "program", "beskyttet", "ophoert"),
    first=(
        Part(Heading("CVR-nr.", 11), lambda row, _: row.cvr),
        Part(Heading("Virksomhed", 34), lambda row, _: row.name),
        Part(Heading("Postnr.", 9), lambda row, _: row.postal_code),
        Part(Heading("By", 18), lambda row, _: row.city),
    ),
    columns=(
        Column("adresse", "Adresse", (Part(Heading("Adresse", 28), lambda row, _: row.street),)),
        Column("branche", "Branche", (Part(Heading("Branche", 34), lambda row, _: row.industry_text),),
               usual=True),
        Column("branchekode", "Branchekode", (Part(Heading("Branchekode", 12), lambda row, _: row.industry_code),),
               whole=True),
        Column("stoerrelse", "Størrelse", (Part(Heading("Ansatte", 16), lambda row, _: row.employees),), usual=True),
        Column("indgang", "Indgang", (Part(Heading("Ansvarlig", 22), lambda row, _: row.responsible.name),),
               usual=True),
        Column("sidst", "Sidst talt", (Part(Heading("Sidst talt", 16), lambda row, _: row.last_contact_at),),
               usual=True),
        Column("telefon", "Telefon",
               (Part(Heading("Telefon", 16), lambda row, _: _reached(row, row.phone and phones.display(row.phone))),),
               whole=True),
        Column("mail", "Mail", (Part(Heading("E-mail", 28), lambda row, _: _reached(row, row.email)),), whole=True),
        Column("hjemmeside", "Hjemmeside", (Part(Heading("Hjemmeside", 24), lambda row, _: row.website),),
               whole=True),
        Column("koncern", "Koncern", (Part(Heading("Koncern", 24), group_of),), whole=True, extra="groups"),
        Column("partner", "Partner i", (Part(Heading("Partner i", 30), partner_of),), extra="programmes"),
        Column("beskyttet", "Reklamebeskyttet",
               (Part(Heading("Reklamebeskyttet", 17), lambda row, _: "ja" if row.advertising_protected else "nej"),),
               whole=True),
    ),
    read=read,
    page=_page,
    place=pair_of,
    extras=_extras,
    ids=_ids,
)  # fmt: skip
