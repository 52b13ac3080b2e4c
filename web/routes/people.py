"""Call and mail lists of companies' people. Those protected from advertising are out unless a reason is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish, phones
from crm.lists import people
from crm.lists.people import Audience, Basis, Channel, Person
from crm.types import storable
from web import sheets
from web.deps import Visit, reading, working
from web.forms import Form
from web.lists.companies import COMPANIES
from web.lists.files import about, headings, send, zone
from web.lists.showing import Shown, raw_of, shown
from web.render import page
from web.sheets import Cell, Sheet

router = APIRouter(prefix="/lister/virksomheder/kontakter")
TITLES = {Channel.CALL: "Ringeliste", Channel.MAIL: "Mailliste"}
BASES = {
    Basis.CONSENT: "De har givet samtykke",
    Basis.OWN_REQUEST: "De har selv henvendt sig",
    Basis.AGREEMENT: "Det følger af vores aftale",
}
HEADINGS = {
    Channel.CALL: [("Mobil", 16), ("Telefon", 16), ("E-mail", 28)],
    Channel.MAIL: [("E-mail", 28), ("Mobil", 16), ("Telefon", 16)],
}


@router.get("")
def choose(visit: Annotated[Visit, reading("exports.run")]) -> Response:
    """Choose what the list is for, and see how many are left out."""
    return _page(visit, shown(visit, COMPANIES, visit.request.query_params), Form.of({"channel": "call"}))


def _page(visit: Visit, here: Shown, form: Form) -> Response:
    total, protected = (0, 0) if here.form.errors else people.outlook(visit.db, here.wanted)
    return page(
        visit,
        "lists/people.html",
        status=form.status if form.errors else 200,
        section="companies",
        here=here,
        form=form,
        total=total,
        protected=protected,
        channels=[(str(key), text) for key, text in TITLES.items()],
        bases=[(str(key), text) for key, text in BASES.items()],
    )


@router.post("")
def fetch(visit: Annotated[Visit, working("exports.run")]) -> Response:
    """The list as a file. Why protected companies are in it stands in the audit log."""
    form = visit.form
    here = shown(visit, COMPANIES, raw_of(form.data.get("udvalg")))
    channel = form.choice("channel", set(Channel), "Vælg, om I skal ringe eller skrive.")
    why = form.act(visit.db, lambda: (people.reason(form.text("basis"), form.text("reason")),))
    if channel is None or here.form.errors:
        form.refuse("channel", "Vælg, om I skal ringe eller skrive.")
    if form.errors or why is None or channel is None:
        return _page(visit, here, form)
    reason, way, found = why[0], Channel(channel), Audience()
    kind, me, title = form.data.get("format", ""), visit.me, TITLES[Channel(channel)]
    told = [*here.told]
    if reason is not None:
        told.append(("De reklamebeskyttede er med", f"{BASES[Basis(reason.basis)]}: {reason.text}"))

    def make(path: Path) -> int:
        rows = _lines(people.people(visit.db, here.wanted, way, reason, found), way)
        heads = headings([("Virksomhed", 34), ("CVR-nr.", 11), ("Navn", 26), ("Rolle", 24), *HEADINGS[way],
                          ("By", 18), ("Ansvarlig", 22), ("Sidst talt", 16), ("Reklamebeskyttet", 17)])  # fmt: skip

        def tell(number: int) -> Sequence[tuple[str, str]]:
            return about(visit, me, title, told, _remarks(found))(number)

        return sheets.write(path, Sheet(title, heads, rows, zone(visit), tell), kind)

    def log(_rows: int) -> dict[str, Any]:
        return {
            "filter": {label: storable(text, 200) for label, text in here.told},
            "companies": found.companies,
            "protected_left_out": found.protected_left_out,
            "protected_in_it": found.protected_in_it,
            "protected_basis": reason.basis if reason else None,
            "protected_reason": reason.text if reason else None,
        }

    return send(visit, title.lower(), kind, make, log)


def _remarks(found: Audience) -> list[str]:
    said = [f"{danish.count(found.companies, 'virksomhed', 'virksomheder')} er med."]
    if found.protected_left_out:
        many = danish.count(
            found.protected_left_out, "reklamebeskyttet virksomhed", "reklamebeskyttede virksomheder"
        )
        said.append(f"{many} er udeladt.")
    if found.protected_in_it:
        many = danish.count(
            found.protected_in_it, "reklamebeskyttet virksomhed", "reklamebeskyttede virksomheder"
        )
        said.append(f"{many} er med af den grund, der står ovenfor.")
    if found.unreachable:
        said.append(
            f"{danish.count(found.unreachable, 'virksomhed', 'virksomheder')} kan ikke nås på den måde."
        )
    return said


def _lines(found: Iterator[Person], channel: Channel) -> Iterator[Sequence[Cell]]:
    for each in found:
        company = each.company
        mobile, phone = (phones.display(text) if text else None for text in (each.mobile, each.phone))
        reached: list[Cell] = (
            [mobile, phone, each.email] if channel == Channel.CALL else [each.email, mobile, phone]
        )
        yield [
            company.name, company.cvr, each.name, each.title or (None if each.name else "Hovednummer"), *reached,
            company.city, company.responsible.name, company.last_contact_at,
            "ja" if company.advertising_protected else "nej",
        ]  # fmt: skip
