"""The question on a phone: no violation, big enough to hit, answered with a finger, by keys and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from crm.db import Database
from crm.surveys.models import SurveyReply
from tests.browser.conftest import DESK, ONE_ENGINE, PHONE, OpenPage, violations
from tests.town import ADAM, SURVEY, Town

PAGE = f"/svar/{SURVEY}"


def _wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@ONE_ENGINE
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_pages_of_a_link_are_accessible(
    open_page: OpenPage, town: Town, database: Database, size: dict[str, int]
) -> None:
    page = open_page(None, size=size)
    page.goto(PAGE)
    assert violations(page) == []
    assert not _wide(page)
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 44
    page.get_by_role("button", name="Hverken enig eller uenig").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tak for svaret")
    assert violations(page) == []
    page.get_by_label("Vil du skrive en kommentar?").fill("Om 010180-1234")
    page.get_by_role("button", name="Send kommentaren").click()
    expect(page.locator(".field-error")).to_contain_text("CPR")
    assert violations(page) == []
    page.get_by_label("Vil du skrive en kommentar?").fill("Det gik fint")
    page.get_by_role("button", name="Send kommentaren").click()
    expect(page.locator("main")).to_contain_text("Dit svar og din kommentar er gemt")
    assert violations(page) == []
    page.goto("/svar/forkert")
    assert violations(page) == []
    with database.read() as db:
        newest = db.query(SurveyReply).order_by(SurveyReply.id.desc()).first()
        assert newest
        assert (newest.value, newest.comment) == (3, "Det gik fint")


def test_an_answer_needs_no_script_and_no_mouse(open_page: OpenPage, town: Town) -> None:
    page = open_page(None, size=PHONE, java_script_enabled=False)
    page.goto(PAGE)
    page.get_by_role("button", name="Helt enig").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tak for svaret")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tak for svaret")


def test_another_browser_sees_only_that_it_is_answered(open_page: OpenPage, town: Town) -> None:
    page = open_page(None)
    page.goto(PAGE)
    page.get_by_role("button", name="Helt uenig").click()
    other = open_page(None)
    other.goto(PAGE)
    expect(other.get_by_role("heading", level=1)).to_have_text("Der er allerede svaret")
    assert violations(other) == []


@ONE_ENGINE
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_pages_of_the_house_are_accessible(open_page: OpenPage, town: Town, size: dict[str, int]) -> None:
    page = open_page(ADAM, size=size)
    for address in (
        "/maal", "/maal/tilfredshed", "/maal/tilfredshed/besvarelser",
        f"/maal/tilfredshed/besvarelser/{town.survey_reply}", "/opsaetning/maalinger",
        "/opsaetning/maalinger/ny", f"/opsaetning/maalinger/{town.survey_round}",
    ):  # fmt: skip
        page.goto(address)
        assert violations(page) == [], address
        assert not _wide(page), address
