"""Passkeys in a real browser, with a device that the browser makes up."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page
from sqlalchemy import select, update

from crm.access.proofs import Passkey
from crm.db import Database
from crm.outbox.models import Mail
from crm.settings import Settings
from tests.browser.conftest import OpenPage, violations
from tests.conftest import PASSWORD
from tests.town import ANNA

HOME = "/konto/sikkerhed"
USE = "Log ind med en adgangsnøgle"


@pytest.fixture
def host() -> str:
    """A name, since browsers make no passkeys for an address of digits."""
    return "localhost"


@pytest.fixture
def settings(tmp_path: Path, listening: socket.socket) -> Settings:
    return Settings(data_dir=tmp_path, base_url=f"http://localhost:{listening.getsockname()[1]}")


def device(page: Page) -> tuple[CDPSession, str]:
    """A device that holds passkeys and has just seen its user."""
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    made: dict[str, Any] = line.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return line, made["authenticatorId"]


def add(page: Page, name: str) -> None:
    page.goto(HOME)
    page.get_by_label("Hvad skal den hedde?").fill(name)
    page.locator("[name=passkey_password]").fill(PASSWORD)
    page.get_by_role("button", name="Tilføj en adgangsnøgle").click()
    page.get_by_role("button", name="Fortsæt").click()
    page.get_by_role("row", name=name).wait_for()


def leave(page: Page) -> None:
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Log ud").click()
    page.wait_for_url("**/log-ind")


def test_a_passkey_is_added_used_alone_and_removed(open_page: OpenPage, database: Database) -> None:
    page = open_page()
    device(page)
    add(page, "Min bærbare")
    assert page.get_by_role("heading", name="Koder på papir").first.is_visible()
    assert violations(page) == []
    leave(page)
    page.goto("/log-ind?videre=/maal")
    assert violations(page) == []
    page.get_by_role("button", name=USE).click()
    page.wait_for_url(lambda url: url.endswith("/maal") and "log-ind" not in url)
    page.goto(HOME)
    assert "Ikke endnu" not in page.get_by_role("row", name="Min bærbare").inner_text()
    page.get_by_label("Hvilken?").select_option(label="Min bærbare")
    page.locator("[name=passkey_remove_password]").fill(PASSWORD)
    page.get_by_role("button", name="Fjern adgangsnøglen").click()
    page.get_by_text("»Min bærbare« er fjernet").wait_for()
    leave(page)
    page.get_by_role("button", name=USE).click()
    page.get_by_text("Adgangsnøglen blev ikke godkendt").wait_for()
    with database.read() as db:
        told = [mail.subject for mail in db.scalars(select(Mail).where(Mail.recipient == ANNA))]
    assert [each.partition(" –")[0] for each in told if "adgangsnøgle" in each] == [
        "En adgangsnøgle er tilføjet",
        "En adgangsnøgle er fjernet",
    ]


def test_after_the_password_the_passkey_is_the_second_factor(open_page: OpenPage) -> None:
    page = open_page()
    device(page)
    add(page, "Telefonen")
    leave(page)
    page.get_by_label("E-mail").fill(ANNA)
    page.get_by_label("Adgangskode").fill(PASSWORD)
    page.get_by_role("button", name="Log ind", exact=True).click()
    page.get_by_role("heading", name="Brug din adgangsnøgle").wait_for()
    assert violations(page) == []
    page.goto("/maal")
    assert "/log-ind" in page.url, "the password alone opens nothing"
    page.goto("/log-ind/kode")
    page.get_by_role("button", name=USE).click()
    page.get_by_role("heading", level=1, name="Min dag").or_(
        page.locator("header details.menu")
    ).first.wait_for()
    page.goto("/maal")
    assert page.url.endswith("/maal")


def test_a_device_that_has_not_seen_its_user_and_one_that_was_copied_are_refused(
    open_page: OpenPage, database: Database
) -> None:
    page = open_page()
    line, its = device(page)
    add(page, "Min bærbare")
    leave(page)
    line.send("WebAuthn.setUserVerified", {"authenticatorId": its, "isUserVerified": False})
    page.get_by_role("button", name=USE).click()
    page.get_by_text("Enheden sagde nej").wait_for()
    line.send("WebAuthn.setUserVerified", {"authenticatorId": its, "isUserVerified": True})
    with database.write() as db:
        db.execute(update(Passkey).values(sign_count=1000))
    page.get_by_role("button", name=USE).click()
    page.get_by_text("Adgangsnøglen blev ikke godkendt").wait_for()


def test_the_same_answer_sent_again_opens_nothing(open_page: OpenPage) -> None:
    page = open_page()
    device(page)
    add(page, "Min bærbare")
    leave(page)
    with page.expect_request(
        lambda sent: sent.method == "POST" and sent.url.endswith("/log-ind/noegle")
    ) as sent:
        page.get_by_role("button", name=USE).click()
        page.wait_for_url("**/")
    again = sent.value.post_data
    assert again
    page.context.clear_cookies()
    page.goto("/log-ind")
    csrf = page.locator("[name=csrf]").first.input_value()
    fields = dict(part.split("=", 1) for part in again.split("&")) | {"csrf": csrf}
    answer = page.context.request.post(
        "/log-ind/noegle", data="&".join(f"{name}={value}" for name, value in fields.items()), max_redirects=0,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert answer.status == 422
    assert "brugt før" in answer.text()


def test_without_javascript_the_pages_say_what_to_do(open_page: OpenPage) -> None:
    page = open_page(None, java_script_enabled=False)
    page.goto("/log-ind")
    assert "Det kræver, at JavaScript er slået til" in page.inner_text("main")
    assert page.get_by_role("button", name=USE).is_disabled()
