"""The fields of a kind of request in forms: which to show, what was typed in them, and where a receipt goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from crm.companies.models import Company, CompanyContact
from crm.db import Session
from crm.errors import NotFound
from crm.requests import kinds, own
from crm.requests.kinds import KindOfRequest, Scheme
from crm.requests.models import Request
from crm.requests.receipts import Receipt
from web.deps import Visit
from web.forms import Form
from web.render import input_day

# What the house keeps the kinds by, since every company's page has them to choose from.
KINDS = "kinds"
CHOOSE_SCHEME = "Vælg en ordning fra listen."


@dataclass(frozen=True)
class Asking:
    """What a form asks for beside title and description. Without a kind: nothing yet."""

    kind: KindOfRequest | None
    fields: Sequence[str] = ()
    schemes: Sequence[tuple[int, str]] = ()


def kind_choices(visit: Visit, kept: KindOfRequest | None = None) -> list[tuple[str, str]]:
    """The kinds that can be chosen today, and the one a request has already."""
    found = [
        (key, name)
        for key, name, first, last in visit.house.kept(KINDS, lambda: _kinds(visit.db))
        if (first is None or first <= visit.today) and (last is None or visit.today <= last)
    ]
    if kept is not None and (kept.key, kept.name) not in found:
        found.append((kept.key, kept.name))
    return found


def _kinds(db: Session) -> list[tuple[str, str, date | None, date | None]]:
    return [(each.key, each.name, each.valid_from, each.valid_to) for each in kinds.kinds(db)]


def asking(visit: Visit, key: str | None, request: Request | None = None) -> Asking:
    """What a form of this kind asks for today; for a request there is, also what it holds already."""
    kind = kinds.find_kind(visit.db, key or "")
    if kind is None:
        return Asking(None)
    same = request is not None and request.kind == kind.key
    fields = own.fields_of(request, kind) if request is not None and same else kind.fields
    return Asking(kind, fields, _schemes(visit, request) if "scheme" in fields else ())


def _schemes(visit: Visit, request: Request | None) -> list[tuple[int, str]]:
    found = [(each.id, each.name) for each in kinds.schemes(visit.db, visit.today)]
    kept = request.scheme if request is not None else None
    if kept is not None and (kept.id, kept.name) not in found:
        found.append((kept.id, kept.name))
    return found


def typed(visit: Visit, form: Form, names: Iterable[str], prefix: str = "") -> dict[str, Any]:
    """What was typed in these fields, of those the form had. What cannot be read stands beside its field."""
    return {name: _typed(visit, form, name, prefix + name) for name in names if prefix + name in form.data}


def _typed(visit: Visit, form: Form, name: str, field: str) -> Any:
    if name in own.DAYS:
        return form.day(field, visit.today)
    if name in own.TEXTS:
        return form.text(field)
    if name != "scheme":
        return form.number(field)
    chosen = form.number(field, CHOOSE_SCHEME)
    return _scheme(visit, form, chosen, field) if chosen else None


def _scheme(visit: Visit, form: Form, id: int, field: str) -> Scheme | None:
    try:
        return kinds.scheme(visit.db, id)
    except NotFound:
        form.refuse(field, CHOOSE_SCHEME)
        return None


def shown(request: Request) -> dict[str, Any]:
    """A request's own fields as a form shows them."""
    values = {name: own.value_of(request, name) for name in kinds.OWN}
    return values | {name: input_day(values[name]) for name in own.DAYS}


# --- The receipt --------------------------------------------------------------------------------


def receipt(visit: Visit, form: Form, prefix: str = "") -> Receipt | None:
    """The receipt the company wants, if the form says so."""
    if not form.data.get(f"{prefix}receipt"):
        return None
    to = form.text(f"{prefix}receipt_to")
    if to is None:
        form.refuse(f"{prefix}receipt_to", "Skriv den e-mail, kvitteringen skal sendes til.")
        return None
    return Receipt(to, visit.house.settings.municipality)


def suggest_address(
    form: Form, company: Company, contacts: Sequence[CompanyContact], prefix: str = ""
) -> None:
    """Let the receipt's address be that of whoever asked, unless another one was typed."""
    name = f"{prefix}receipt_to"
    emails = {str(each.id): each.email for each in contacts}
    if form.data.get(name, "") not in {"", company.email, *emails.values()}:
        return
    form.data[name] = emails.get(form.data.get("company_contact_id", "")) or company.email or ""
