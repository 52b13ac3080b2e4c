"""Enough of everything that a list has more than a page."""

from __future__ import annotations

from datetime import timedelta

from crm.access.queries import by_email
from crm.agreements import actions as agreements
from crm.agreements.queries import programme
from crm.companies import groups
from crm.db import Database
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.settings import Settings
from tests.conftest import NOW, TODAY, add_company
from tests.town import ANNA, BO


def grow(database: Database) -> None:
    """Sixty more companies of all sorts, with requests and agreements at some."""
    with database.write("growth") as db:
        anna, bo, hours = by_email(db, ANNA), by_email(db, BO), WorkingHours.of(Settings())
        for number in range(60):
            company = add_company(
                db, 100 + number, f"{'=-+@'[number % 4]}Firma {number:02} ApS", responsible=(anna, bo)[number % 3 == 0],
                postal_code=("3450", "3540")[number % 2], city="Allerød",
                industry_code=("432100", "561110")[number % 2],
                employees_from=number, phone=f"48 15 01 {number:02}", email=f"firma{number}@firma.test",
                advertising_protected=int(number % 4 == 1), active=int(number % 10 != 9),
            )  # fmt: skip
            company.last_contact_at = NOW - timedelta(days=10 * number) if number % 5 else None
            if number % 6 == 0:
                groups.join(db, company=company, name="Firmaerne", now=NOW)
            asked = requests.take_in(
                db, company=company, asked=NewRequest(("guidance", "ips")[number % 2], f"Nr. {number}"), by=anna,
                now=NOW, clock=hours, received_at=NOW - timedelta(days=number % 20), owner=(anna, bo)[number % 2],
            )  # fmt: skip
            if number % 3 == 0:
                requests.move(db, request=asked, to="resolved", by=anna, now=NOW)
            agreements.create(
                db, company=company, programme=programme(db, ("code_of_care", "after_school_job")[number % 2]),
                title=f"Aftale {number}", by=anna, now=NOW, today=TODAY,
                signed_on=TODAY - timedelta(days=number) if number % 4 else None,
                valid_to=TODAY + timedelta(days=30 * number),
            )  # fmt: skip
