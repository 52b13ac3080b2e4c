"""Opsætning, Adgangslog: who has looked at what, as a page and as a file for the person it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import queries as users
from crm.access_log import queries
from crm.access_log.models import AccessEntry, Outcome
from crm.access_log.queries import Names, Wanted
from crm.companies.models import Company, CompanyContact
from crm.companies.queries import contacts, find
from crm.errors import Refused
from crm.periods import moments_of
from web import sheets, words
from web.cursors import cursor, moment_of
from web.deps import Visit, reading, working
from web.forms import Form
from web.lists.files import about, headings, send, zone
from web.lists.showing import raw_of
from web.render import page
from web.sheets import Cell, Sheet

router = APIRouter(prefix="/opsaetning/adgangslog")
HERE = "/opsaetning/adgangslog"
FIELDS = ("virksomhed", "kontakt", "bruger", "fra", "til")
TITLE = "Adgangslog"


@dataclass(frozen=True)
class Asked:
    """What is asked for, and in words."""

    form: Form
    wanted: Wanted
    company: Company | None
    contacts: Sequence[CompanyContact]
    told: Sequence[tuple[str, str]]

    @property
    def query(self) -> Mapping[str, str]:
        """As it stands in an address."""
        return {name: self.form.data[name] for name in FIELDS if self.form.data.get(name)}


def _asked(visit: Visit, raw: Mapping[str, str]) -> Asked:
    form = Form.of({name: raw.get(name, "").strip() for name in FIELDS})
    cvr = "".join((form.text("virksomhed") or "").split())
    company = find(visit.db, cvr) if cvr else None
    if cvr and company is None:
        form.refuse("virksomhed", "Skriv CVR-nummeret på en virksomhed, vi kender.")
    people = contacts(visit.db, company) if company else []
    contact = form.number("kontakt", "Vælg fra listen.")
    named = {each.id: each.name for each in people}
    if contact not in named:
        # Of another company, chosen before this one was.
        contact = None
        form.data.pop("kontakt")
    user, first, last = (
        form.number("bruger", "Vælg fra listen."),
        _day(form, "fra", visit),
        _day(form, "til", visit),
    )
    since = moments_of(first, zone(visit))[0] if first else None
    until = moments_of(last, zone(visit))[1] if last else None
    if since and until and until <= since:
        form.refuse("til", "Perioden slutter, før den begynder.")
    names = {each.id: each.name for each in users.users(visit.db)}
    told = [
        ("Virksomhed", f"{company.name} ({company.cvr})" if company else None),
        ("Kontakt", named.get(contact or 0)),
        ("Bruger", names.get(user or 0)),
        ("Fra", f"{first:%d-%m-%Y}" if first else None),
        ("Til", f"{last:%d-%m-%Y}" if last else None),
    ]
    wanted = Wanted(queries.cvrs_of(visit.db, company) if company else (), contact, user, since, until)
    return Asked(form, wanted, company, people, [(label, said) for label, said in told if said])


def _day(form: Form, name: str, visit: Visit) -> date | None:
    return form.day(name, visit.today)


@router.get("")
def index(visit: Annotated[Visit, reading("access_log.read")], efter: str = "") -> Response:
    """The log, the newest first."""
    asked = _asked(visit, visit.request.query_params)
    log, rows, older = visit.house.access_log, [], None
    with log.read() as session:
        if not asked.form.errors:
            found, older = queries.page(session, asked.wanted, after=moment_of(efter))
            rows = list(found)
        begins, horizon = queries.oldest(session), queries.horizon(session)
    names = queries.names(visit.db, rows)
    return page(
        visit,
        "access_log/index.html",
        section="admin",
        status=422 if asked.form.errors else 200,
        form=asked.form,
        asked=asked,
        rows=[
            (row, words.looker(row.actor_kind, names.actor(row), row.actor_id), _what(row)) for row in rows
        ],
        names=names,
        begins=max(begins, horizon) if begins else None,
        users=[(user.id, user.name) for user in users.users(visit.db)],
        alarms=[] if asked.query or efter else queries.alarms(visit.db),
        months=visit.house.settings.access_log_months,
        next_url=cursor(HERE, asked.query, (older[0], older[1]) if older else None),
        query=urlencode(asked.query),
    )


def _what(row: AccessEntry) -> str:
    return words.LOOKS.get(row.object_kind, row.object_kind)


# --- As a file ------------------------------------------------------------------------------------

NAMELESS = (
    "Medarbejdernes navne er udeladt. Den, oplysningerne handler om, har ret til at vide hvornår og hvorfor, men "
    "som udgangspunkt ikke hvem (EU-Domstolens dom C-579/21)."
)


@router.post("/hent")
def fetch(visit: Annotated[Visit, working("access_log.read")]) -> Response:
    """What is shown, whole, as a file; names of staff only when they are asked for."""
    asked = _asked(visit, raw_of(visit.form.data.get("udvalg")))
    if asked.form.errors:
        raise Refused("", " ".join(asked.form.errors.values()))
    named, me, kind = visit.form.data.get("navne") == "1", visit.me, visit.form.data.get("format", "")
    heads = headings([("Hvornår", 18), ("Hvem", 26), ("Hvad", 24), ("Nr.", 14), ("Virksomhed", 34), ("CVR-nr.", 11),
                      ("Søgt efter", 30), ("Vist", 10)])  # fmt: skip

    def make(path: Path) -> int:
        told = about(visit, me, TITLE, asked.told, [] if named else [NAMELESS])
        return sheets.write(
            path, Sheet(TITLE, heads, _lines(visit, asked.wanted, named=named), zone(visit), told), kind
        )

    def log(_rows: int) -> dict[str, Any]:
        return {"filter": dict(asked.told), "names": named}

    return send(visit, TITLE.lower(), kind, make, log)


def _lines(visit: Visit, wanted: Wanted, *, named: bool) -> Iterator[Sequence[Cell]]:
    numbers: dict[tuple[str, int | None], int] = {}
    with visit.house.access_log.read() as session:
        for rows in queries.chunks(session, wanted, 500):
            names = queries.names(visit.db, rows)
            for row in rows:
                number = numbers.setdefault((row.actor_kind, row.actor_id), len(numbers) + 1)
                yield _line(row, names, None if named else number)


def _line(row: AccessEntry, names: Names, number: int | None) -> list[Cell]:
    """A row of the file. With a number in the place of a name one still sees how many they were."""
    who = (
        words.looker(row.actor_kind, names.actor(row), row.actor_id)
        if number is None
        else f"Medarbejder {number}"
    )
    return [
        row.at, who, _what(row), row.object_key,
        names.companies.get(row.company or ""), row.company, row.criterion,
        "ja" if row.outcome == Outcome.SHOWN else "afvist",
    ]  # fmt: skip
