"""A page asks the database a fixed number of questions, however much it shows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm.access.queries import by_email
from crm.agreements import actions as agreements
from crm.agreements.queries import programme
from crm.companies import actions as companies
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.requests import actions as requests
from crm.requests.actions import NewRequest, Promise
from crm.requests.clock import WorkingHours
from crm.settings import Settings
from tests.conftest import NOW, TODAY, add_company
from tests.statements import counted
from tests.town import ADAM, ANNA, BO, Town
from tests.web.conftest import SignIn
from tests.web.matrix import address_of
from web.routing import table

MOST = 12
PAGES = sorted(
    row["path"]
    for row in table()
    if row["method"] == "GET"
    and not row["path"].startswith(("/api/", "/health", "/metrics", "/log-ind", "/was", "/panel/"))
)


# What a consultant may not see is looked at apart.
LEADERS_ONLY = (
    "/import", "/opsaetning", "/forslag", "/tavle/plan", "/tavle/skaerme", "/panelet/pladser", "/panelet/moeder/nyt",
    "/panelet/spoergsmaal/nyt",
)  # fmt: skip


def _grow(database: Database, town: Town, times: int) -> None:
    """So many more of everything, most of it at the bakery and with Anna."""
    with database.write("growth") as db:
        anna, hours = by_email(db, ANNA), WorkingHours.of(Settings())
        bakery = by_cvr(db, town.bakery)
        for number in range(times):
            company = add_company(
                db, 100 + number, f"Bageri nr. {number} ApS", responsible=anna, industry_code="10"
            )
            companies.add_contact(db, company=bakery, values={"name": f"Person {number}"}, now=NOW)
            for each in (bakery, company):
                requests.log_call(
                    db, company=each, by=anna, now=NOW - timedelta(hours=number), clock=hours, kind="call",
                    direction="in", summary="Igen", request=NewRequest("guidance", f"Nr. {number}"),
                    follow_up=Promise(TODAY, "Ring"),
                )  # fmt: skip
            agreements.create(
                db, company=company, programme=programme(db, "code_of_care"), title="Unge", by=anna, now=NOW,
                today=TODAY, signed_on=TODAY - timedelta(days=number),
            )  # fmt: skip


def test_every_page_asks_as_often_for_few_rows_as_for_many(
    sign_in: SignIn, town: Town, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is kept for some seconds must not be asked for anew halfway through on a slow machine.
    monkeypatch.setattr("web.house.WHILE", 3600.0)
    visitor = sign_in(ADAM)
    visitor.client.cookies.set("session", sign_in(ANNA).client.cookies["session"])
    addresses = [address for path in PAGES if (address := address_of(path, town))]
    addresses = [each for each in addresses if not each.startswith(LEADERS_ONLY)]
    addresses = [each for each in addresses if not each.endswith("/fortsaet")]
    addresses += [
        "/soeg?q=bageri",
        "/soeg/hits?q=bageri",
        "/virksomheder?branche=10",
        "/henvendelser?hvem=mig",
        f"/videregiv?fra={town.users[ANNA]}",
        f"/videregiv?fra={town.users[ANNA]}&alt=1&til={town.users[BO]}",
        f"/kolleger/{town.users[ANNA]}?dag=i+dag",
        f"/virksomheder/{town.bakery}/ansvarlig?dag=i+dag",
    ]

    def ask() -> dict[str, int]:
        found = {}
        for address in addresses:
            with counted(database) as seen:
                visitor.get(address, whole="hits" not in address)
            found[address] = len(seen)
        return found

    few = ask()
    _grow(database, town, 30)
    many = ask()
    assert {each: many[each] for each in many if many[each] > few[each]} == {}
    assert {each: number for each, number in many.items() if number > MOST} == {}


def test_the_pages_of_the_house_ask_a_fixed_number_too(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(ADAM)
    for address in (
        "/import",
        "/opsaetning",
        "/opsaetning/brugere",
        "/opsaetning/fordeling",
        "/opsaetning/maal",
        "/opsaetning/opgaver",
        "/opsaetning/post",
        "/forslag",
        f"/virksomheder/{town.bakery}/fortsaet?into={town.garden}",
        "/tavle/plan",
        "/tavle/skaerme",
        "/panelet/pladser/ny",
        f"/panelet/pladser/{town.seat}",
        "/panelet/moeder/nyt",
        "/panelet/spoergsmaal/nyt",
    ):
        with counted(database) as seen:
            visitor.get(address)
        assert len(seen) <= MOST, address
