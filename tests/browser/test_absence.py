"""One person to call on a holiday too: somebody stands in, is named to whoever takes a call, then no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from crm.companies import actions as companies
from crm.companies.queries import by_cvr
from crm.db import Database
from tests.browser.conftest import DESK, ONE_ENGINE, PHONE, OpenPage, violations
from tests.conftest import NOW
from tests.importers.calendars import OOF, calendar, whole
from tests.town import ADAM, ANNA, BO, MONA, Town


@dataclass
class Clock:
    """The clock on the wall; nothing else is touched when a day passes."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now


@pytest.fixture
def clock(app: FastAPI) -> Clock:
    """Monday, in the house that is served."""
    made = Clock()
    app.state.house.clock = made
    return made


@pytest.fixture
def caller(town: Town, database: Database) -> str:
    """The number of someone at the company that is Bo's."""
    with database.write() as db:
        garden = by_cvr(db, town.garden)
        companies.add_contact(
            db, company=garden, now=NOW, values={"name": "Ove Gartner", "mobile": "29990001"}
        )
    return "29990001"


def _card(page: Page, town: Town) -> str:
    page.goto(f"/virksomheder/{town.garden}")
    return page.get_by_role("complementary", name="Virksomhedens indgang").inner_text()


def test_an_absence_begins_a_call_comes_in_the_stand_in_is_named_and_the_absence_ends(
    open_page: OpenPage, town: Town, clock: Clock, caller: str
) -> None:
    # Monday: Bo writes that he is away from tomorrow, by keyboard.
    page = open_page(BO)
    page.goto("/fravaer")
    page.get_by_label("Første dag").focus()
    page.keyboard.type("i morgen")
    page.keyboard.press("Tab")
    page.keyboard.type("torsdag")
    page.keyboard.press("Tab")
    page.keyboard.type("Anna")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#besked")).to_contain_text("Du er væk 24.–26. november. Anna svarer.")
    assert "væk" not in _card(open_page(MONA), town)

    # Tuesday: nobody has done anything, and the company calls.
    clock.now += timedelta(days=1)
    mona = open_page(MONA)
    mona.keyboard.press("/")
    mona.keyboard.type("planteskole")
    expect(mona.get_by_role("option").first).to_contain_text("væk til og med torsdag, Anna Kildeskov svarer")
    mona.goto(f"/opkald?nummer={caller}")
    mona.wait_for_url(f"**/virksomheder/{town.garden}*")
    card = mona.get_by_role("complementary", name="Virksomhedens indgang")
    expect(card).to_contain_text("Bo er væk til og med torsdag. Anna Kildeskov svarer, 48 15 20 11")
    assert card.get_by_role("link", name="48 15 20 11").last.get_attribute("href") == "tel:+4548152011"
    anna = open_page(ANNA)
    anna.goto(f"/opkald?nummer={caller}")
    anna.wait_for_url(f"**/virksomheder/{town.garden}*")
    expect(anna.locator("#f-company_contact_id option:checked")).to_have_text("Ove Gartner")
    expect(anna.get_by_role("complementary", name="Virksomhedens indgang")).to_contain_text("Du svarer.")
    anna.keyboard.type("Mangler en gartner fra marts.")
    anna.keyboard.press("Alt+h")
    anna.keyboard.type("Rekr")
    anna.keyboard.press("Tab")
    anna.keyboard.type("1 gartner")
    _let_bo_have_it(anna)
    anna.keyboard.press("Control+Enter")
    expect(anna.locator("#besked")).to_contain_text("Gemt hos Søndergård Planteskole A/S.")

    # It waits for both of them.
    anna.goto("/")
    expect(anna.get_by_role("main")).to_contain_text("Du dækker for Bo til og med torsdag")
    expect(anna.get_by_role("row", name="1 gartner")).to_contain_text("For Bo")
    bo = open_page(BO)
    expect(bo.get_by_role("row", name="1 gartner")).to_be_visible()

    # Friday: by the clock alone he is back, and it is his.
    clock.now += timedelta(days=3)
    assert "væk" not in _card(open_page(MONA), town)
    anna = open_page(ANNA)
    expect(anna.get_by_role("row", name="Blovstrød Bageri").first).to_be_visible()
    expect(anna.get_by_role("row", name="1 gartner")).to_have_count(0)
    expect(anna.get_by_role("main")).not_to_contain_text("dækker")
    expect(open_page(BO).get_by_role("row", name="1 gartner")).to_be_visible()


def _let_bo_have_it(page: Page) -> None:
    page.get_by_label("Hvem tager den?").select_option("Bo Birketoft")


@ONE_ENGINE
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_pages_that_only_a_form_leads_to_are_accessible(
    open_page: OpenPage, town: Town, clock: Clock, size: dict[str, int]
) -> None:
    page = open_page(BO, size=size)
    page.goto("/fravaer")
    page.get_by_label("Første dag").fill("engang")
    page.get_by_role("button", name="Gem fravær").click()
    expect(page.locator("#f-first_day-error")).to_contain_text("Skriv datoen")
    assert violations(page) == []
    page.goto("/fravaer/kalender")
    page.get_by_label("Kalenderfil").set_input_files(
        {"name": "min.ics", "mimeType": "text/calendar", "buffer": calendar(
            whole("20261130", "20261205", "SUMMARY:Ferie", OOF), whole("20261201", uid="b"),
            whole("20261127", None, "RRULE:FREQ=WEEKLY", OOF, uid="c"),
        )}
    )  # fmt: skip
    page.get_by_role("button", name="Læs filen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fravær i kalenderen")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("Stedfortræder").select_option("Anna Kildeskov")
    page.get_by_role("button", name="Skriv ind").click()
    expect(page.locator("#besked")).to_contain_text("1 fravær er skrevet ind.")
    expect(page.get_by_role("region", name="Dit fravær")).to_contain_text("30. november–4. december")


def test_a_card_without_anyone_says_so_and_names_the_leader(
    open_page: OpenPage, town: Town, clock: Clock
) -> None:
    page = open_page(MONA)
    page.goto("/fravaer")
    page.get_by_label("Hvem er væk?").select_option("Bo Birketoft")
    page.get_by_label("Første dag").fill("i dag")
    page.get_by_role("button", name="Gem fravær").click()
    expect(page.locator("#besked")).to_contain_text("Bo Birketoft er væk 23. november.")
    adam = open_page(ADAM, size=PHONE)
    assert "Ingen svarer i stedet." in _card(adam, town)
    expect(adam.get_by_role("complementary")).to_contain_text("Ring til Mona Lindevang, 48 15 20 11")
    assert violations(adam) == []
    # One press takes it back, also on the day it began.
    page.get_by_role("button", name="Fortryd").first.press("Enter")
    expect(page.locator("#besked")).to_contain_text("slettet igen")
    assert "væk" not in _card(adam, town)
