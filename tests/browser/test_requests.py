"""A request in the browser: the fields follow the kind without the page going away, also without a script."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy import select

from crm.db import Database
from crm.requests import queries
from crm.requests.models import Request
from tests.browser.conftest import ONE_ENGINE, PHONE, OpenPage, violations
from tests.town import MONA, Town


def _choose(page: Page, kind: str) -> None:
    page.get_by_label("Hvad drejer det sig om?").select_option(label=kind)


def test_the_fields_follow_the_kind_and_nothing_typed_is_lost(
    open_page: OpenPage, town: Town, database: Database
) -> None:
    page = open_page(size=PHONE)
    page.goto(f"/virksomheder/{town.bakery}/henvendelser/ny")
    page.evaluate("window.still = true")
    page.get_by_label("Kort titel").fill("To svende")
    _choose(page, "Rekruttering")
    page.get_by_label("Hvor mange søges?").fill("2")
    assert violations(page) == []
    _choose(page, "Fastholdelse")
    expect(page.get_by_label("Sagens nummer i fagsystemet")).to_be_visible()
    expect(page.get_by_text("Skriv aldrig navn, CPR-nummer eller diagnose")).to_be_visible()
    expect(page.get_by_label("Hvor mange søges?")).to_have_count(0)
    assert violations(page) == []
    _choose(page, "Rekruttering")
    expect(page.get_by_label("Hvor mange søges?")).to_have_value("2")
    expect(page.get_by_label("Kort titel")).to_have_value("To svende")
    page.get_by_label("Hvem spurgte?").select_option(label="Lone Krogh, Daglig leder")
    expect(page.get_by_label("Kvitteringen sendes til")).to_have_value("lone@bageri.test")
    assert page.evaluate("window.still")
    page.keyboard.press("Tab")
    page.get_by_label("Kort titel").press("Enter")
    page.wait_for_url("**/henvendelser/*")
    with database.read() as db:
        found = queries.get(db, int(page.url.rsplit("/", 1)[1]))
        assert (found.title, found.wanted, found.kind) == ("To svende", 2, "recruitment")


@ONE_ENGINE
def test_without_a_script_a_button_shows_the_fields(
    open_page: OpenPage, town: Town, database: Database
) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"/virksomheder/{town.bakery}/henvendelser/ny")
    page.get_by_label("Kort titel").fill("Fastholdelse")
    _choose(page, "Fastholdelse")
    page.get_by_role("button", name="Vis felterne til det valgte").click()
    expect(page.get_by_label("Kort titel")).to_have_value("Fastholdelse")
    page.get_by_label("Sagens nummer i fagsystemet").fill("26/004512")
    page.get_by_role("button", name="Gem", exact=True).click()
    page.wait_for_url("**/henvendelser/*")
    with database.read() as db:
        found = queries.get(db, int(page.url.rsplit("/", 1)[1]))
        assert (found.kind, found.case_reference) == ("retention", "26/004512")


@ONE_ENGINE
def test_the_note_box_asks_more_when_a_kind_is_chosen(
    open_page: OpenPage, town: Town, database: Database
) -> None:
    page = open_page()
    page.goto(f"/virksomheder/{town.bakery}")
    page.keyboard.type("De mangler to svende.")
    page.keyboard.press("Alt+h")
    _choose(page, "Rekruttering")
    page.get_by_label("Kort titel").fill("To svende")
    page.get_by_label("Arbejdssted").fill("Bageriet i Lynge")
    assert violations(page) == []
    page.keyboard.press("Control+Enter")
    expect(page.locator("#besked")).to_contain_text("Henvendelsen skal have svar inden")
    with database.read() as db:
        newest = db.scalars(select(Request).order_by(Request.id.desc()).limit(1)).one()
        assert (newest.title, newest.place) == ("To svende", "Bageriet i Lynge")


@ONE_ENGINE
def test_the_pages_of_kinds_can_be_read_by_everyone(open_page: OpenPage, town: Town) -> None:
    page = open_page(MONA)
    for path in ("", "/slags/recruitment", "/ordninger/1"):
        page.goto(f"/opsaetning/henvendelser{path}")
        assert violations(page) == [], path
    page.goto(f"/henvendelser/{town.request}")
    assert violations(page) == []
