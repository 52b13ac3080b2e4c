"""Lists in a real browser: rows chosen with keys, a file fetched while the page stays, and nothing in anyone's way."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, ONE_ENGINE, PHONE, OpenPage, violations
from tests.town import Town

PAGES = (
    "/virksomheder?alle=1",
    "/virksomheder?kolonner=telefon,mail,koncern,partner,beskyttet",
    "/virksomheder?stoerrelse_fra=mange",
    "/virksomheder?koncern=999",
    "/henvendelser?alle=1",
    "/aftaler?alle=1",
    "/lister/virksomheder/visninger/ny?stille=6",
    "/lister/virksomheder/kontakter?alle=1",
)


@ONE_ENGINE
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_list_with_its_boxes_open_is_accessible(
    open_page: OpenPage, town: Town, size: dict[str, int]
) -> None:
    page = open_page(size=size)
    more = (
        f"/visninger/{town.view}", f"/handlinger/{town.bulk_act}",
        f"/lister/virksomheder/valgte?id={town.bakery_id}", "/lister/virksomheder/valgte",
        f"/lister/henvendelser/valgte?id={town.request}",
    )  # fmt: skip
    found = {}
    for address in (*PAGES, *more):
        page.goto(address)
        page.evaluate("for (const box of document.querySelectorAll('main details.more-of')) box.open = true")
        for box in page.locator("input[data-row-key=x]").all()[:1]:
            box.check()
        if wrong := violations(page):
            found[address] = wrong
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    assert found == {}


def test_rows_are_chosen_and_given_a_follow_up_without_a_mouse(open_page: OpenPage, town: Town) -> None:
    page = open_page()
    page.goto("/virksomheder?alle=1")
    keys = page.keyboard
    for key in ("j", "x", "j", "x"):
        keys.press(key)
    expect(page.locator("[data-picked-count]")).to_have_text(" (2)")
    page.get_by_role("button", name="Gør noget ved de valgte").focus()
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 virksomheder valgt")
    page.get_by_label("Hvad skal der følges op på?").focus()
    keys.type("Ring om elever")
    keys.press("Tab")
    keys.type("i morgen")
    keys.press("Control+Enter")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("får opfølgningen »Ring om elever«")
    page.get_by_role("button", name="Gør det").focus()
    keys.press("Enter")
    expect(page.locator("#besked")).to_contain_text("har fået opfølgningen »Ring om elever«")
    page.locator("#besked").get_by_role("button", name="Fortryd").focus()
    keys.press("Enter")
    expect(page.locator("#besked")).to_contain_text("Alt er, som det var før")


@pytest.mark.parametrize("name", ["Hent som Excel", "Hent som CSV"])
def test_while_a_file_is_fetched_the_page_stays_and_can_fetch_again(
    open_page: OpenPage, town: Town, name: str
) -> None:
    page = open_page()
    page.goto("/virksomheder?alle=1")
    button = page.get_by_role("button", name=name)
    for _ in range(2):
        button.focus()
        with page.expect_download() as fetched:
            page.keyboard.press("Enter")
        assert fetched.value.suggested_filename.startswith("virksomheder-")
        expect(page.locator("[data-download-status]")).to_have_text("Listen er hentet.")
        expect(button).not_to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("heading", level=1)).to_have_text("Virksomheder")
