"""A whole day without a mouse: the list is worked to its end, line by line, and then taken along as a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Download, Page, expect
from sqlalchemy import select

from crm.day.models import PutOff
from crm.db import Database
from crm.interactions.models import FollowUp, Interaction
from crm.requests.models import Request
from tests import busy_day
from tests.browser.conftest import ONE_ENGINE, PHONE, OpenPage, violations
from tests.conftest import NOW
from tests.town import Town

LINES = "[data-keep] tbody:not(.later-lines) [data-row]"
CURRENT = "[data-row][aria-current]"


@pytest.fixture
def busy(app: FastAPI, town: Town, database: Database) -> Town:
    """The town on a busy Monday morning; the clock stands still."""
    app.state.house.clock = lambda: NOW
    busy_day.fill(database, NOW)
    return town


def _focused(page: Page) -> str:
    """The company of the line that has the focus."""
    return str(
        page.evaluate(
            "document.activeElement.closest('[data-row]')?.querySelector('strong').textContent ?? ''"
        )
    )


def _tab_to(page: Page, name: str, *, most: int = 200) -> None:
    """Press Tab until the link or button with this name has the focus; after the last comes the first."""
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "document.activeElement.matches('a, button') && document.activeElement.textContent"
        )
        if at and str(at).strip().startswith(name):
            return
    raise AssertionError(f"Tab never came to {name}.")


def _says(page: Page, text: str) -> None:
    expect(page.locator("#besked")).to_contain_text(text)


def test_a_whole_day_by_keyboard(busy: Town, open_page: OpenPage, database: Database, tmp_path: Path) -> None:
    page = open_page()
    keys = page.keyboard
    expect(page.locator(LINES)).to_have_count(7)
    assert violations(page) == []
    # The first line is the one one stands on, without a press.
    expect(page.locator(CURRENT)).to_contain_text("Egevang Logistik A/S")

    keys.press("l")  # The answer: written down, and so given.
    expect(page.locator("#f-summary")).to_be_focused()
    assert violations(page) == []
    keys.type("Vi finder to til dem.")
    keys.press("Control+Enter")
    _says(page, "Gemt hos Egevang Logistik A/S.")
    expect(page.locator(LINES)).to_have_count(6)
    assert _focused(page) == page.locator(CURRENT).locator("strong").first.text_content()

    while page.locator(LINES).count():
        line = page.locator(CURRENT)
        why = line.locator(".state").first.text_content()
        company = line.locator("strong").first.text_content() or ""
        left = page.locator(LINES).count()
        if why in {"Tæt på aftale", "Skal have svar", "Svar haster", "Svar mangler"}:
            keys.press("u")  # In a week, since that is what stands first.
            keys.press("Enter")
            _says(page, "Udskudt til")
        elif why == "Længe siden":
            keys.press("l")
            expect(page.locator("#f-summary")).to_be_focused()
            keys.type(f"Talte med {company} om foråret.")
            keys.press("Control+Enter")
            _says(page, f"Gemt hos {company}.")
        else:
            keys.press("f")
        expect(page.locator(LINES)).to_have_count(left - 1)
        expect(page.locator("[data-side]")).to_have_count(0)
    expect(page.get_by_text("Der venter ikke mere på dig i dag.")).to_be_visible()
    assert violations(page) == []
    with database.read() as db:
        assert db.scalars(select(Request).where(Request.title.startswith("2 lager"))).one().answered_at
        written = select(Interaction.summary).order_by(Interaction.id.desc()).limit(2)
        assert db.scalars(written).all() == [
            "Talte med Kongevejens Planteskole om foråret.", "Vi finder to til dem."
        ]  # fmt: skip
        done = db.scalars(select(FollowUp).where(FollowUp.done_at.is_not(None))).all()
        assert sorted(row.text for row in done) == [
            "Delvis raskmelding, ønsker møde",
            "Lærling starter 1. dec.",
        ]
        assert db.scalars(select(FollowUp).where(FollowUp.follows_id.is_not(None))).one().call_back == 1
        assert {row.kind for row in db.scalars(select(PutOff))} == {"answer", "expiry", "offer", "quiet"}

    # The next page, and its rows as a file.
    _tab_to(page, "Henvendelser")
    keys.press("Enter")
    page.wait_for_url("**/henvendelser")
    file = _export(page, tmp_path)
    assert file.read_bytes()[:2] == b"PK"


def _export(page: Page, folder: Path) -> Path:
    _tab_to(page, "Hent som Excel")
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    download: Download = coming.value
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


def test_a_line_is_moved_to_a_day_by_keyboard_and_back(
    busy: Town, open_page: OpenPage, database: Database
) -> None:
    page = open_page()
    keys = page.keyboard
    keys.press("j")
    assert _focused(page) == "Nordlys Tandklinik"
    keys.press("u")
    expect(page.get_by_role("button", name="Om en uge").and_(page.locator(":focus"))).to_have_count(1)
    assert violations(page) == []
    keys.press("Tab")
    keys.press("Tab")
    keys.type("i går")
    keys.press("Control+Enter")
    expect(page.locator(".move[open] .field-error")).to_contain_text("Vælg en dag efter i dag")
    expect(page.locator(".move[open] input[name=due]")).to_be_focused()
    expect(page.locator(".move[open] input[name=due]")).to_have_value("i går")
    assert violations(page) == []
    keys.press("Control+a")
    keys.type("+3")
    keys.press("Control+Enter")
    _says(page, "Udskudt til")
    assert _focused(page) == "Lynge Maskinværksted ApS"
    undo = page.get_by_role("button", name="Fortryd").first
    undo.focus()
    keys.press("Enter")
    _says(page, "Fortrudt.")
    expect(page.locator(LINES).nth(1)).to_contain_text("Nordlys Tandklinik")


def test_escape_closes_what_is_open_and_the_focus_is_back_in_the_list(
    busy: Town, open_page: OpenPage
) -> None:
    page = open_page()
    keys = page.keyboard
    keys.press("j")
    keys.press("u")
    keys.press("Escape")
    expect(page.locator(".move[open]")).to_have_count(0)
    assert _focused(page) == "Nordlys Tandklinik"
    keys.press("l")
    expect(page.locator("#f-summary")).to_be_focused()
    keys.type("Halv")
    expect(page.locator("[data-draft-status]")).to_have_text("Kladden er gemt")
    keys.press("Escape")
    expect(page.locator("[data-side]")).to_have_count(0)
    assert _focused(page) == "Nordlys Tandklinik"
    keys.press("l")
    expect(page.locator("#f-summary")).to_have_value("Halv")
    keys.press("Escape")
    keys.press("j")
    assert _focused(page) == "Lynge Maskinværksted ApS"


def test_what_is_refused_stays_beside_the_list(busy: Town, open_page: OpenPage, database: Database) -> None:
    page = open_page()
    keys = page.keyboard
    keys.press("j")
    keys.press("l")
    expect(page.locator("#f-summary")).to_be_focused()
    keys.type("Hedder 070761-4285")
    keys.press("Control+Enter")
    expect(page.locator("[data-side] #f-summary-error")).to_contain_text("Det ligner et CPR-nummer")
    expect(page.locator("#f-summary")).to_have_value("Hedder 070761-4285")
    expect(page.locator(LINES)).to_have_count(7)
    assert violations(page) == []


def test_on_a_phone_the_box_comes_under_its_line(busy: Town, open_page: OpenPage) -> None:
    page = open_page(size=PHONE)
    page.locator(LINES).nth(1).locator("[data-row-key=l]").click()
    expect(page.locator("#f-summary")).to_be_focused()
    assert page.locator("[data-side]").evaluate(
        "side => side.closest('tr').previousElementSibling.querySelector('strong').textContent"
    ) == "Nordlys Tandklinik"  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
    page.locator(LINES).nth(3).locator("[data-row-key=l]").click()
    expect(page.locator("#log-side-title")).to_have_text("Blovstrød Bageri ApS")
    expect(page.locator("[data-side]")).to_have_count(1)
    expect(page.locator("[data-holder]")).to_have_count(1)
    page.locator("#f-summary").fill("Talte med dem.")
    page.locator("[data-side] [data-primary]").click()
    _says(page, "Gemt hos")
    expect(page.locator("[data-holder]")).to_have_count(0)


def test_without_script_every_line_can_be_done_moved_and_logged(busy: Town, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.locator(LINES).nth(2).get_by_role("button", name="Færdig").click()
    _says(page, "Klaret.")
    expect(page.locator(LINES)).to_have_count(6)
    page.get_by_role("button", name="Fortryd").click()
    expect(page.locator(LINES)).to_have_count(7)
    row = page.locator(LINES).nth(1)
    row.locator(".move summary").click()
    row.get_by_role("button", name="I morgen").click()
    _says(page, "Udskudt til i morgen.")
    page.locator(LINES).first.locator("[data-row-key=l]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Egevang Logistik A/S")


@ONE_ENGINE
def test_the_own_pages_have_no_violations(busy: Town, open_page: OpenPage) -> None:
    page = open_page()
    for address in ("/mine-tal", "/mine-tal/aabne", "/konto", f"/opfoelgninger/{busy.follow_up}"):
        page.goto(address)
        assert violations(page) == [], address
