"""Handing over in a real browser: seen, asked, done, told, and taken back; by keyboard, and for everyone to read."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from crm.companies.queries import by_cvr
from crm.db import Database
from tests.browser.conftest import PHONE, OpenPage, violations
from tests.town import ADAM, ANNA, BO, MONA, Town


def _responsible(database: Database, cvr: str) -> str:
    with database.read() as db:
        return by_cvr(db, cvr).responsible.email


def _say_yes(page: Page) -> None:
    """The question before something large is answered with the keyboard."""
    expect(page.locator("dialog#spoerg")).to_be_visible()
    page.get_by_role("button", name="Ja").press("Enter")


def test_a_company_is_given_on_by_keyboard_and_taken_back(
    open_page: OpenPage, town: Town, database: Database
) -> None:
    page = open_page(ANNA)
    page.goto(f"/virksomheder/{town.bakery}/ansvarlig/skift")
    expect(page.get_by_text("Send profiler")).to_be_visible()
    page.get_by_label("Ny indgang").select_option(label="Bo Birketoft")
    page.get_by_label("Hvorfor?").focus()
    page.keyboard.type("Barsel")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/virksomheder/{town.bakery}")
    expect(page.locator("#besked")).to_contain_text("Bo Birketoft er nu indgang i stedet for Anna Kildeskov.")
    assert _responsible(database, town.bakery) == BO
    page.locator("#besked").get_by_role("button", name="Fortryd").press("Enter")
    expect(page.locator("#besked")).to_contain_text("Alt er, som det var før.")
    assert _responsible(database, town.bakery) == ANNA


def test_a_leaver_is_seen_through_written_about_and_closed(
    open_page: OpenPage, town: Town, database: Database
) -> None:
    page = open_page(ADAM)
    page.goto(f"/opsaetning/brugere/{town.users[ANNA]}")
    page.get_by_role("button", name="Luk brugeren").click()
    _say_yes(page)
    expect(page.locator("[data-error-summary]")).to_contain_text("Anna Kildeskov har stadig 2 virksomheder")
    page.get_by_role("link", name="giv det videre").click()
    page.get_by_label("Hvem overtager?").select_option(label="Bo Birketoft")
    page.get_by_label("Hvorfor?").fill("Nyt job")
    page.get_by_text("Mail til virksomheden").click()
    page.get_by_role("button", name="Se mailen først").click()
    expect(page.locator("#eksempel")).to_contain_text("Kære Blovstrød Bageri ApS")
    expect(page.locator("#eksempel")).to_contain_text("1 reklamebeskyttet får ingen")
    assert violations(page) == []
    page.get_by_role("button", name="Giv videre").click()
    _say_yes(page)
    page.wait_for_url("**/videregivelser/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Givet videre til Bo Birketoft")
    assert violations(page) == []
    page.get_by_role("link", name="Luk Anna Kildeskov").click()
    page.get_by_role("button", name="Luk brugeren").click()
    _say_yes(page)
    expect(page.locator("#besked")).to_contain_text("Anna Kildeskov er lukket.")


def test_a_refused_list_is_accessible_and_keeps_what_was_typed(open_page: OpenPage, town: Town) -> None:
    page = open_page(MONA, size=PHONE)
    page.goto(f"/videregiv?fra={town.users[ANNA]}")
    page.get_by_label("Hvorfor?").fill("Ny fordeling")
    page.get_by_role("button", name="Giv videre").click()
    _say_yes(page)
    expect(page.locator("#f-user_id-error")).to_be_visible()
    expect(page.get_by_label("Hvorfor?")).to_have_value("Ny fordeling")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_a_proposal_is_declined_with_a_word(open_page: OpenPage, town: Town) -> None:
    page = open_page(MONA)
    expect(page.get_by_role("link", name="1 forslag venter på dig")).to_be_visible()
    page.get_by_role("link", name="1 forslag venter på dig").click()
    page.locator("summary", has_text="Afvis").click()
    assert violations(page) == []
    page.get_by_label("Hvorfor ikke?").fill("Bo er midt i en sag")
    page.locator("details button", has_text="Afvis").click()
    expect(page.locator("#besked")).to_contain_text("Forslaget er afvist")
    expect(page.get_by_text("Bo er midt i en sag")).to_be_visible()


def test_a_colleagues_day_is_asked_for(open_page: OpenPage, town: Town) -> None:
    page = open_page(MONA)
    page.goto(f"/kolleger/{town.users[ANNA]}")
    page.get_by_label("Hvilke var det den dag?").fill("i dag")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="var Anna indgang")).to_be_visible()
    assert violations(page) == []
