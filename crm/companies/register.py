"""The CompanyRegister port: what the rest of the house knows about a business register.

Adapters (a file of the register's own JSON, later a live connection) live in `importers/`.
Every value here is already cleaned: numbers are zero-padded strings, only current rows are
kept, nothing marked `hemmelig` is included, and dates are real dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RegisterAddress:
    """A postal address as the register states it; `municipality_code` has four digits ("0201")."""

    street: str | None = None  # "Sortemosevej 14, 2. th." – road, number, floor and door in one line
    city_part: str | None = None  # the register's `bynavn`
    postal_code: str | None = None
    city: str | None = None
    co_name: str | None = None
    country: str = "DK"
    municipality_code: str | None = None
    address_id: str | None = None  # DAR uuid


@dataclass(frozen=True, slots=True)
class RegisterUnit:
    """A production unit (P-number) as the register states it."""

    p_number: str
    cvr: str
    name: str
    address: RegisterAddress = RegisterAddress()
    phone: str | None = None
    email: str | None = None
    industry_code: str | None = None
    industry_text: str | None = None
    employees_from: int | None = None  # lower end of the register's band, inclusive
    employees_to: int | None = None  # upper end, inclusive; None with a lower end means "and above"
    employees_at: date | None = None  # first day of the month, quarter or year the band describes
    status: str = "NORMAL"
    active: bool = True
    advertising_protected: bool = False
    updated_at: datetime | None = None  # aware UTC, the register's `sidstOpdateret`


@dataclass(frozen=True, slots=True)
class RegisterCompany:
    """A company (CVR number) as the register states it."""

    cvr: str
    name: str
    aliases: tuple[str, ...] = ()
    address: RegisterAddress = RegisterAddress()
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    industry_code: str | None = None
    industry_text: str | None = None
    legal_form: str | None = None  # short form: "A/S", "APS", "ENK"
    employees_from: int | None = None
    employees_to: int | None = None
    employees_at: date | None = None
    status: str = "NORMAL"
    active: bool = True
    advertising_protected: bool = False
    founded_on: date | None = None
    ceased_on: date | None = None
    updated_at: datetime | None = None


class CompanyRegister(Protocol):
    """Where companies can be looked up. None of its methods writes anything."""

    def lookup(self, cvr: str) -> RegisterCompany | None:
        """The company with this CVR number, or None when the register does not know it."""

    def units(self, cvr: str) -> list[RegisterUnit]:
        """The production units the company has now."""
