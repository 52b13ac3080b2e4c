"""The board where it hangs: panes by keyboard, anew by itself, read from afar, and on one sheet of paper."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from crm.access.queries import by_email
from crm.board import agreed, queries, walls
from crm.companies.queries import by_cvr
from crm.db import Database
from tests.browser.conftest import ONE_ENGINE, PHONE, OpenPage, violations
from tests.conftest import NOW, TODAY, add_company
from tests.crm.boarding import House
from tests.town import ANNA, MONA, Town

WALL = {"width": 1920, "height": 1080}
# 400 % of it: a quarter of the width and the height.
FOUR_TIMES = {"width": 480, "height": 270}
PANES = ("overblik", "siden", "aftalt", "virksomheder")
SMALLEST = """() => Math.min(...[...document.querySelectorAll('#tavle *, #lost')]
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
  .filter(e => e.checkVisibility() && !e.closest('.sr-only'))
  .map(e => parseFloat(getComputedStyle(e).fontSize)))"""


@pytest.fixture(autouse=True)
def a_day_like_the_towns(app: FastAPI) -> None:
    """The town's day, on which nothing has been frozen yet."""
    app.state.house.clock = lambda: NOW + timedelta(minutes=1)


def grow(database: Database, town: Town, number: int) -> None:
    """So much on the board that it does not fit."""
    with database.write("growth") as db:
        anna = by_email(db, ANNA)
        made = [
            add_company(
                db,
                500 + each,
                f"Nørremarkens Maskinsnedkeri og Tømrerforretning {each} A/S",
                responsible=anna,
            )
            for each in range(number)
        ]
        house = House(db, anna, anna, made)
        for company in made:
            house.sign(company, NOW)
            house.ask(company, NOW - timedelta(days=4))
        for each in range(number):
            agreed.agree(
                db, text=f"Aftal nr. {each} med alle, der har noget at gøre med det, og fortæl om det på næste møde",
                owner=anna, due=TODAY + timedelta(days=each), by=anna, now=NOW,
            )  # fmt: skip


def shown(page: Page) -> str:
    """Which pane stands there; there is one."""
    found = [pane for pane in PANES if page.locator(f"#{pane}").is_visible()]
    assert len(found) == 1, found
    return found[0]


def test_a_remote_switches_between_the_panes(open_page: OpenPage, town: Town) -> None:
    page = open_page(ANNA, size=WALL)
    page.goto("/tavle/vaeg")
    assert shown(page) == "overblik"
    for key, pane in (
        ("ArrowRight", "siden"), ("PageDown", "aftalt"), ("ArrowRight", "virksomheder"), ("ArrowRight", "overblik"),
        ("ArrowLeft", "virksomheder"), ("PageUp", "aftalt"), ("1", "overblik"), ("2", "siden"),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert shown(page) == pane, key
        assert page.evaluate("location.hash") == f"#{pane}"
        expect(page.locator("[data-pane][aria-current]")).to_have_attribute("data-pane", pane)
    page.reload()
    assert shown(page) == "siden"
    page.get_by_role("link", name="Aftalt").click()
    assert shown(page) == "aftalt"


def test_it_is_anew_every_minute_and_keeps_its_pane(
    open_page: OpenPage, town: Town, database: Database
) -> None:
    page = open_page(ANNA, size=WALL)
    page.clock.install()
    page.goto("/tavle/vaeg")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#aftalt")).not_to_contain_text("Ring til Lone")
    with database.write() as db:
        anna = by_email(db, ANNA)
        agreed.agree(db, text="Ring til Lone", owner=anna, due=TODAY, by=anna, now=NOW)
    page.clock.fast_forward(61_000)
    expect(page.locator("#aftalt")).to_contain_text("Ring til Lone")
    assert shown(page) == "aftalt"
    # And once more: what came in its place looks after itself too.
    with database.write() as db:
        agreed.mark_done(db, action=queries.action(db, town.board_action), by=by_email(db, ANNA), now=NOW)
    page.clock.fast_forward(61_000)
    expect(page.locator("#aftalt s")).to_have_text("Ring til de tre")
    assert shown(page) == "aftalt"


def test_r_fetches_at_once(open_page: OpenPage, town: Town, database: Database) -> None:
    page = open_page(ANNA, size=WALL)
    page.goto("/tavle/vaeg#siden")
    with database.write() as db:
        anna = by_email(db, ANNA)
        House(db, anna, anna, []).sign(by_cvr(db, town.garden), NOW)
    page.keyboard.press("r")
    expect(page.locator("#siden")).to_contain_text("Søndergård")
    assert shown(page) == "siden"


def test_a_lost_connection_is_said_and_passes(open_page: OpenPage, town: Town) -> None:
    page = open_page(ANNA, size=WALL)
    page.goto("/tavle/vaeg")
    page.context.set_offline(True)
    page.keyboard.press("r")
    expect(page.locator("#lost")).to_contain_text("Forbindelsen er væk")
    assert violations(page) == []
    # The figures still stand there, and so does the remote.
    page.keyboard.press("ArrowRight")
    assert shown(page) == "siden"
    page.context.set_offline(False)
    page.keyboard.press("r")
    expect(page.locator("#lost")).to_be_empty()
    assert shown(page) == "siden"


def test_a_screen_needs_no_log_in_and_goes_dark_when_its_link_is_closed(
    open_page: OpenPage, town: Town, database: Database
) -> None:
    page = open_page(None, size=WALL)
    page.goto(f"/tavle/skaerm/{town.wall_token}")
    expect(page.locator("h1")).to_have_text("Tavlemøde 23. november")
    assert page.locator("a:not([href^='#']), form, button, input").count() == 0
    with database.write() as db:
        walls.close(db, link=queries.wall_link(db, town.wall_link), now=NOW)
    page.keyboard.press("r")
    expect(page.locator("#lost")).to_contain_text("kan ikke vises her længere")
    expect(page.locator(".pane")).to_have_count(0)


@ONE_ENGINE
@pytest.mark.parametrize("number", [0, 40], ids=["little", "much"])
def test_everything_on_the_wall_can_be_read_from_afar(
    open_page: OpenPage, town: Town, database: Database, number: int
) -> None:
    grow(database, town, number)
    page = open_page(ANNA, size=WALL)
    for pane in PANES:
        page.goto(f"/tavle/vaeg#{pane}")
        page.reload()
        assert shown(page) == pane
        assert page.evaluate(SMALLEST) >= 28, pane
        assert violations(page) == [], pane
        height = page.evaluate("document.documentElement.scrollHeight")
        assert height <= WALL["height"], (pane, height)


@ONE_ENGINE
@pytest.mark.parametrize(
    "size", [FOUR_TIMES, PHONE, {"width": 320, "height": 640}], ids=["400%", "phone", "320"]
)
def test_enlarged_four_times_nothing_scrolls_sideways(
    open_page: OpenPage, town: Town, database: Database, size: dict[str, int]
) -> None:
    grow(database, town, 5)
    page = open_page(ANNA, size=size)
    for address in (
        "/tavle", *(f"/tavle/vaeg#{pane}" for pane in PANES), "/tavle/ark", "/tavle/moeder", f"/tavle/{town.frozen}",
        f"/tavle/{town.meeting}", "/tavle/aftalt/ny", "/tavle/raekker/nye",
    ):  # fmt: skip
        page.goto(address)
        page.reload()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert violations(page) == [], address


@ONE_ENGINE
def test_without_javascript_the_wall_shows_everything(open_page: OpenPage, town: Town) -> None:
    page = open_page(None, size=WALL, java_script_enabled=False)
    page.goto(f"/tavle/skaerm/{town.wall_token}")
    for pane in PANES:
        expect(page.locator(f"#{pane}")).to_be_visible()


@ONE_ENGINE
@pytest.mark.parametrize("number", [0, 40], ids=["little", "much"])
@pytest.mark.parametrize("paper", ["A4", "A3"])
@pytest.mark.parametrize("which", ["now", "frozen"])
def test_the_board_is_printed_on_one_sheet(
    open_page: OpenPage, town: Town, database: Database, which: str, paper: str, number: int
) -> None:
    grow(database, town, number)
    page = open_page(ANNA)
    page.goto("/tavle/ark" if which == "now" else f"/tavle/{town.frozen}/ark")
    printed = PdfReader(BytesIO(page.pdf(format=paper, landscape=True, print_background=True)))
    assert len(printed.pages) == 1
    text = printed.pages[0].extract_text()
    assert "Aftalt" in text
    assert ("Tavlemøde 23. november 2026" if which == "now" else "Tavlemøde 9. november 2026") in text
    if number and which == "now":
        assert f"og {number + 1 - 11} til" in text
        assert f"{number + 1} ny" in text or "nye henvendelser" in text
    # Portrait is no reason for a second sheet either.
    assert len(PdfReader(BytesIO(page.pdf(format=paper, print_background=True))).pages) == 1


@ONE_ENGINE
@pytest.mark.parametrize(
    "paper", [{"width": 1123, "height": 794}, {"width": 1587, "height": 1123}], ids=["A4", "A3"]
)
def test_nothing_on_the_sheet_is_cut_off(
    open_page: OpenPage, town: Town, database: Database, paper: dict[str, int]
) -> None:
    grow(database, town, 40)
    page = open_page(ANNA, size=paper)
    page.emulate_media(media="print")
    page.goto("/tavle/ark")
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.sheet .card')].filter(card =>
             [...card.children].some(child =>
               child.getBoundingClientRect().bottom > card.getBoundingClientRect().bottom + 1)).length"""
    )
    assert cut == 0
    assert page.locator(".sheet .card").count() == 5


def test_the_board_is_frozen_from_the_page_and_then_stands(open_page: OpenPage, town: Town) -> None:
    page = open_page(MONA)
    page.goto("/tavle")
    page.get_by_role("button", name="Frys tavlen").click()
    page.get_by_role("button", name="Ja").click()
    expect(page.locator("#besked")).to_contain_text("frosset")
    page.wait_for_url(f"**/tavle/{town.meeting}")
    page.get_by_label("Hvad blev sagt og besluttet?").fill("Vi ringer til tre.")
    page.get_by_role("button", name="Udgiv").click()
    expect(page.locator("#besked")).to_contain_text("udgivet")
    expect(page.get_by_text("Vi ringer til tre.").first).to_be_visible()
