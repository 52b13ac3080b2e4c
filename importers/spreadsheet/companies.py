"""A list of companies kept by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crm import numbers
from crm.companies.actions import check_by_hand, company_values
from crm.companies.register import RegisterAddress, RegisterCompany
from crm.errors import Refused
from importers.spreadsheet.cells import Cells
from importers.spreadsheet.rows import rows
from importers.spreadsheet.table import Layout, Table
from importers.store import Incoming

LAYOUT = Layout(
    {
        "cvr": ("CVR", "CVR-nr.", "CVR-nummer", "CVR no.", "CVR number", "Virksomhedens CVR", "VAT"),
        "name": ("Navn", "Virksomhedsnavn", "Virksomhed", "Virksomhedens navn", "Firma", "Firmanavn", "Name",
                 "Company", "Company name"),
        "street": ("Adresse", "Vej", "Vejnavn", "Gade", "Gadenavn", "Vej og nr.", "Vejnavn og nr.", "Address",
                   "Street", "Beliggenhedsadresse"),
        "postal_code": ("Postnr.", "Postnummer", "Post nr.", "Zip", "Zip code", "Postal code"),
        "city": ("By", "Bynavn", "Postdistrikt", "City"),
        "postal_line": ("Postnr. og by", "Postnr./by", "Postnummer og by", "Postnr by"),
        "phone": ("Telefon", "Tlf.", "Tlf. nr.", "Telefonnr.", "Telefonnummer", "Phone", "Hovednummer"),
        "email": ("E-mail", "Mail", "E-mailadresse", "Mailadresse", "E-post"),
        "website": ("Hjemmeside", "Web", "Website", "Webside", "Webadresse", "www"),
        "industry_code": ("Branchekode", "Hovedbranche kode", "Industry code"),
        "industry_text": ("Branche", "Branchetekst", "Hovedbranche", "Industry"),
        "employees": ("Ansatte", "Antal ansatte", "Medarbejdere", "Antal medarbejdere", "Employees",
                      "Størrelse"),
        "legal_form": ("Virksomhedsform", "Selskabsform", "Form"),
        "protected": ("Reklamebeskyttet", "Reklamebeskyttelse", "Advertising protected"),
        "responsible": ("Ansvarlig", "Konsulent", "Ansvarlig konsulent", "Virksomhedskonsulent",
                        "Responsible", "Kontaktperson i kommunen", "Ansvarlig e-mail", "Konsulent e-mail"),
    },
    needed=("cvr", "name"),
)  # fmt: skip
_POSTAL_LINE = re.compile(r"(?:DK-?\s*)?(\d{4})\s+(.+)", re.IGNORECASE)
_CODE_BEFORE_TEXT = re.compile(r"(\d{5,6})\s+(\D.*)")


def companies(table: Table) -> Iterator[Incoming]:
    """Every row as a company, checked as if it had been typed in, and whose it shall be."""
    for row in rows(table, lambda cells: (_company(cells), cells.line_of("responsible"))):
        company, responsible = row.said or (None, None)
        yield Incoming(row.line, company, row.error, responsible)


def _company(cells: Cells) -> RegisterCompany:
    least, most = cells.span("employees")
    code, trade = _industry(cells)
    company = RegisterCompany(
        cvr=numbers.cvr(cells.needed("cvr")),
        name=cells.needed("name"),
        address=_address(cells),
        phone=cells.line_of("phone"),
        email=cells.line_of("email"),
        website=cells.line_of("website"),
        industry_code=code,
        industry_text=trade,
        legal_form=cells.line_of("legal_form"),
        employees_from=least,
        employees_to=most,
        advertising_protected=cells.flag("protected"),
    )
    try:
        check_by_hand(company_values(company))
    except Refused as refusal:
        at_employees = refusal.field.startswith("employees")
        raise Refused("employees" if at_employees else refusal.field, refusal.message) from refusal
    return company


def _industry(cells: Cells) -> tuple[str | None, str | None]:
    """Code and text of the trade, which some lists hold in one cell."""
    code, text = cells.digits("industry_code", 6), cells.line_of("industry_text")
    if text and code is None and (found := _CODE_BEFORE_TEXT.fullmatch(text)):
        return found[1].zfill(6), found[2]
    if text and code is None and text.isascii() and text.isdecimal():
        return text.zfill(6), None
    return code, text


def _address(cells: Cells) -> RegisterAddress:
    postal_code, city = cells.digits("postal_code", 4), cells.line_of("city")
    together = cells.line_of("postal_line") or (city if postal_code is None else None)
    if together and (found := _POSTAL_LINE.fullmatch(together)):
        postal_code, city = postal_code or found[1], found[2]
    return RegisterAddress(street=cells.line_of("street"), postal_code=postal_code, city=city)
