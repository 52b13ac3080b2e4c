"""Every page, at a desk's and a phone's width, looked through by axe-core; and used without a mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, ONE_ENGINE, PHONE, OpenPage, violations
from tests.town import ADAM, ANNA, Town
from tests.web.matrix import address_of
from web.routing import table

PAGES = sorted({row["path"] for row in table() if row["method"] == "GET" and row["path"] != "/soeg/hits"})
# Files are kept, not shown.
PAGES = [
    path
    for path in PAGES
    # The panel's own house is looked through as a member, in test_panel.py.
    if not re.match(r"/api/|/health|/metrics|/dokumenter/|/kalender/|/panel/|.*\.(pdf|ics)$", path)
]


def _addresses(town: Town) -> list[str]:
    found = [address for path in PAGES if (address := address_of(path, town)) and path != "/log-ind"]
    others = [
        "/soeg?q=bageri",
        "/opkald?nummer=29990001&q=bageri",
        f"/virksomheder/{town.ceased}",
        f"/virksomheder/{town.protected}",
        "/virksomheder?postnr=9999",
        "/maal?dag=engang",
        "/findes/ikke",
    ]
    return [*found, *others]


@ONE_ENGINE
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_on_any_page(open_page: OpenPage, town: Town, size: dict[str, int]) -> None:
    page = open_page(ADAM, size=size)
    found = {}
    for address in _addresses(town):
        page.goto(address)
        if wrong := violations(page):
            found[address] = wrong
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{address} scrolls sideways"
        )
    assert found == {}


@ONE_ENGINE
def test_the_log_in_page_is_accessible_also_when_it_refuses(open_page: OpenPage, town: Town) -> None:
    page = open_page(None)
    page.goto("/log-ind")
    assert violations(page) == []
    page.get_by_label("E-mail").fill(ANNA)
    page.get_by_label("Adgangskode").fill("forkert")
    page.keyboard.press("Enter")
    expect(page.locator("[data-error-summary]")).to_contain_text("ikke rigtig")
    assert violations(page) == []


@ONE_ENGINE
def test_a_refused_form_and_the_open_boxes_are_accessible(open_page: OpenPage, town: Town) -> None:
    page = open_page()
    page.goto(f"/virksomheder/{town.protected}")
    page.keyboard.press("Alt+h")
    page.keyboard.press("Alt+f")
    page.get_by_text("Reklamebeskyttet").first.click()
    assert violations(page) == []
    page.locator("#f-summary").fill("070761-4285")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#f-summary-error")).to_be_visible()
    assert violations(page) == []


@ONE_ENGINE
def test_suggestions_are_accessible(open_page: OpenPage, town: Town) -> None:
    page = open_page()
    page.keyboard.press("/")
    page.keyboard.type("bag")
    expect(page.get_by_role("option").first).to_be_visible()
    assert violations(page) == []


@ONE_ENGINE
def test_text_four_times_as_large_needs_no_scrolling_sideways(open_page: OpenPage, town: Town) -> None:
    # 1280 pixels at 400 % are 320 (WCAG 1.4.10).
    page = open_page(ADAM, size={"width": 320, "height": 640})
    for address in (
        "/",
        f"/virksomheder/{town.bakery}",
        "/maal",
        "/maal/youth_employment",
        "/maal/noegletal",
        "/maal/rapport?aar=2026",
        "/opsaetning/maal/youth_employment",
        "/opsaetning/indstillinger",
        "/opsaetning/log",
        "/opsaetning/teams",
        "/opsaetning/rettigheder",
        "/opsaetning/drift",
        "/opsaetning/noegler",
        "/henvendelser",
        "/virksomheder",
        "/aftaler/1",
    ):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def _walk(page: Page, steps: int) -> list[str]:
    seen = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        seen.append(
            str(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.name"))
        )
    return seen


@ONE_ENGINE
def test_the_first_tab_leads_past_the_menu(open_page: OpenPage, town: Town) -> None:
    page = open_page()
    page.goto("/maal")
    assert _walk(page, 1) == ["Gå til indholdet"]
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#indhold"


def test_a_day_is_worked_with_the_keyboard(open_page: OpenPage, town: Town) -> None:
    page = open_page()
    rows = page.locator("[data-row]")
    before = rows.count()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-row][aria-current]")).to_contain_text("Send profiler")
    page.keyboard.press("f")
    expect(page.locator("#besked")).to_contain_text("Klaret")
    expect(rows).to_have_count(before - 1)
    page.get_by_role("button", name="Fortryd").first.press("Enter")
    expect(rows).to_have_count(before)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/virksomheder/{town.bakery}*")


@ONE_ENGINE
def test_shortcuts_can_be_switched_off(open_page: OpenPage, town: Town) -> None:
    page = open_page()
    page.goto("/konto")
    page.get_by_label("Brug genveje på siderne").uncheck()
    page.locator("form", has_text="Tastatur").get_by_role("button", name="Gem").press("Enter")
    expect(page.locator("#besked")).to_contain_text("Gemt")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "soeg"
