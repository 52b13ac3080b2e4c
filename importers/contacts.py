"""Taking a list of people at companies in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import select

from crm import danish, phones
from crm.companies.actions import add_contact, change_contact
from crm.companies.models import Company, CompanyContact
from crm.errors import Refused
from importers.bulk import Columns, fit
from importers.receipt import Batch
from importers.spreadsheet.contacts import ContactRow
from importers.spreadsheet.rows import Row
from importers.spreadsheet.table import Table
from importers.taking import Taken, company_of, take_rows

DERIVED = ("phone_e164", "mobile_e164")


def take_contacts(work: Batch, table: Table, rows: Iterable[Row[ContactRow]]) -> None:
    """Add those who are new, and change what is new about the known. An empty cell changes nothing."""

    def take(said: ContactRow) -> Taken | None:
        company = company_of(work.db, said.cvr)
        values = fit(CompanyContact, said.values)
        known = _known(work, company, values)
        if known is None:
            contact = add_contact(work.db, company=company, values=values, now=work.now)
            return Taken(CompanyContact, contact.id, None, {"version": contact.version})
        # Who has left the company is not brought back by an old list.
        return None if known.ended_on else _change(work, known, values)

    take_rows(work, table, rows, take)


def _change(work: Batch, contact: CompanyContact, values: Columns) -> Taken | None:
    fresh = {name: value for name, value in values.items() if value and value != getattr(contact, name)}
    if not fresh:
        return None
    names = (*fresh, *DERIVED)
    before = {name: getattr(contact, name) for name in names}
    change_contact(work.db, contact=contact, values=fresh)
    return Taken(CompanyContact, contact.id, before, {name: getattr(contact, name) for name in names})


def _known(work: Batch, company: Company, values: Columns) -> CompanyContact | None:
    """Whom the row means: by e-mail, else by name, else by telephone. Raises Refused if it could be two."""
    everyone = work.db.scalars(select(CompanyContact).where(CompanyContact.company_id == company.id)).all()
    for same in _likenesses(values):
        found: Sequence[CompanyContact] = [person for person in everyone if same(person)]
        found = [person for person in found if person.ended_on is None] or found
        if len(found) > 1:
            raise Refused("name", "Der er flere hos virksomheden, det kan være.")
        if found:
            return found[0]
    return None


def _likenesses(values: Columns) -> list[Callable[[CompanyContact], bool]]:
    email, name = (values[key] or "" for key in ("email", "name"))
    numbers = {phones.normalize(values[key]) for key in ("phone", "mobile")} - {None}

    def by_email(person: CompanyContact) -> bool:
        return (person.email or "").casefold() == email.casefold()

    def by_name(person: CompanyContact) -> bool:
        # Two addresses are two people, even if both are called Jens Hansen.
        return danish.fold(person.name) == danish.fold(name) and not (email and person.email)

    def by_phone(person: CompanyContact) -> bool:
        return not numbers.isdisjoint({person.phone_e164, person.mobile_e164})

    if not name:
        # Many share the company's number, so it only counts where there is no name.
        return [by_email if email else by_phone]
    return [by_email, by_name] if email else [by_name]
