"""Changing what we know about companies and the people there.

A company comes into the world with its responsible consultant: see `responsibility.actions.create_company`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from crm import danish, numbers, phones
from crm.access.models import User
from crm.companies.models import Company, CompanyContact, CompanyProfile
from crm.companies.queries import profile
from crm.companies.register import RegisterCompany, RegisterUnit
from crm.errors import Conflict, Refused

# What a person may correct by hand. The register's next word does not overwrite it, but is kept beside it.
BY_HAND = ("name", "street", "city_part", "postal_code", "city", "phone", "email", "website", "industry_code",
           "industry_text", "employees_from", "employees_to")  # fmt: skip
PROFILE = ("needs", "profiles_wanted", "practical_frames")
CONTACT = ("name", "title", "phone", "mobile", "email")
EMAIL_SENTENCE = "Skriv en e-mailadresse, for eksempel navn@firma.dk."


def with_derived(values: dict[str, Any]) -> dict[str, Any]:
    """The values with what follows from them: the sorting key and the number as telephones know it."""
    found = dict(values)
    if "name" in found:
        found["sort_key"] = danish.sort_key(found["name"])
    for field in ("phone", "mobile"):
        if field in found:
            found[f"{field}_e164"] = phones.normalize(found[field])
    return found


def place_values(said: RegisterCompany | RegisterUnit) -> dict[str, Any]:
    """What the register says, as columns of a company or production unit."""
    where = said.address
    street = where.street if not where.co_name else f"c/o {where.co_name}, {where.street or ''}".rstrip(", ")
    return {
        "name": said.name, "street": street, "city_part": where.city_part, "postal_code": where.postal_code,
        "city": where.city, "municipality_code": where.municipality_code, "phone": said.phone,
        "phone_e164": phones.normalize(said.phone), "email": said.email, "industry_code": said.industry_code,
        "industry_text": said.industry_text, "employees_from": said.employees_from,
        "employees_to": said.employees_to, "employees_at": said.employees_at, "status": said.status,
        "active": int(said.active), "advertising_protected": int(said.advertising_protected),
        "register_said_at": said.updated_at,
    }  # fmt: skip


def company_values(said: RegisterCompany) -> dict[str, Any]:
    """What the register says, as columns of a company."""
    return place_values(said) | {
        "cvr": said.cvr, "aliases": "\n".join(said.aliases) or None, "sort_key": danish.sort_key(said.name),
        "website": said.website, "legal_form": said.legal_form, "founded_on": said.founded_on,
        "ceased_on": said.ceased_on,
    }  # fmt: skip


def check_by_hand(values: dict[str, Any]) -> dict[str, Any]:
    """Refuses what no company can have: no name, a telephone that is none, employees below zero."""
    if "name" in values and not (values["name"] or "").strip():
        raise Refused("name", "Skriv virksomhedens navn.")
    if values.get("email") and "@" not in values["email"]:
        raise Refused("email", EMAIL_SENTENCE)
    if values.get("phone") and phones.normalize(values["phone"]) is None:
        raise Refused("phone", "Det ligner ikke et telefonnummer.")
    for field in ("employees_from", "employees_to"):
        if values.get(field) is not None and not 0 <= values[field] <= 1_000_000:
            raise Refused(field, "Antallet af ansatte skal være mellem 0 og 1.000.000.")
    least, most = values.get("employees_from"), values.get("employees_to")
    if least is not None and most is not None and most < least:
        raise Refused("employees_to", "Det højeste antal kan ikke være mindre end det laveste.")
    return values


def change(db: Session, *, company: Company, values: dict[str, Any]) -> Company:
    """Correct a company by hand. Unknown fields are refused; equal values change nothing."""
    if unknown := set(values) - set(BY_HAND):
        raise Refused(min(unknown), "Det felt kan ikke rettes.")
    # What nobody touched is not judged: a form sends every field back, and the register may say odd things.
    values = {field: value for field, value in values.items() if value != getattr(company, field)}
    check_by_hand({field: getattr(company, field) for field in ("employees_from", "employees_to")} | values)
    kept = dict(company.kept_by_hand)
    for field, value in values.items():
        old = getattr(company, field)
        setattr(company, field, value)
        if company.source == "register" and getattr(company, field) != old:
            kept.setdefault(field, old)
            if kept[field] == getattr(company, field):
                del kept[field]
    for field, value in with_derived({key: getattr(company, key) for key in values}).items():
        if getattr(company, field) != value:
            setattr(company, field, value)
    if kept != company.kept_by_hand:
        company.kept_by_hand = kept
    db.flush()
    return company


def _set_contact(contact: CompanyContact, values: dict[str, str | None]) -> None:
    if unknown := set(values) - set(CONTACT):
        raise Refused(min(unknown), "Det felt kan ikke rettes.")
    if "name" in values and not (values["name"] or "").strip():
        raise Refused("name", "Skriv personens navn.")
    values = {field: value for field, value in values.items() if value != getattr(contact, field)}
    if (email := values.get("email")) and "@" not in email:
        raise Refused("email", EMAIL_SENTENCE)
    for field in ("phone", "mobile"):
        if values.get(field) and phones.normalize(values[field]) is None:
            raise Refused(field, "Det ligner ikke et telefonnummer.")
    for field, value in with_derived(dict(values)).items():
        if field != "sort_key":
            setattr(contact, field, value)


def add_contact(
    db: Session, *, company: Company, values: dict[str, str | None], now: datetime
) -> CompanyContact:
    """Add a person at the company."""
    contact = CompanyContact(company_id=company.id, created_at=now)
    unnamed: dict[str, str | None] = {"name": None}
    _set_contact(contact, unnamed | values)
    db.add(contact)
    db.flush()
    return contact


def change_contact(db: Session, *, contact: CompanyContact, values: dict[str, str | None]) -> CompanyContact:
    """Correct a person's details."""
    _set_contact(contact, values)
    db.flush()
    return contact


def end_contact(db: Session, *, contact: CompanyContact, on: date) -> None:
    """The person has left the company; what was said with them stays."""
    contact.ended_on = on
    db.flush()


def return_contact(db: Session, *, contact: CompanyContact) -> None:
    """It was a mistake, or they came back."""
    contact.ended_on = None
    db.flush()


def save_profile(
    db: Session,
    *,
    company: Company,
    values: dict[str, str | None],
    based_on: int,
    by: User,
    now: datetime,
) -> CompanyProfile:
    """Write a new version of what we know. `based_on` is the version the writer saw (0 for none).

    Raises Conflict when a colleague wrote one in between. The same text again makes no new version.
    """
    newest = profile(db, company)
    if (newest.version if newest else 0) != based_on:
        raise Conflict("En kollega har skrevet her imens. Læs den nye tekst, og ret derefter.")
    fresh = CompanyProfile(company_id=company.id, version=based_on + 1, by_id=by.id, at=now)
    for field in PROFILE:
        setattr(fresh, field, values.get(field))
    if newest and all(getattr(fresh, field) == getattr(newest, field) for field in PROFILE):
        return newest
    db.add(fresh)
    db.flush()
    return fresh


def require_cvr(value: str) -> str:
    """A CVR number that passes its check digit, however it is written."""
    return numbers.cvr(value)
