"""The whole way through a certified identity provider, in a real browser, on another site than ours."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import playwright
import pytest
from playwright.sync_api import Page

from crm.access.queries import by_email
from crm.db import Database
from crm.settings import Settings
from scripts.chromium import ROOT
from tests.browser.conftest import PHONE, OpenPage, violations

CLIENT, SECRET = "en-indgang", "hemmelig+%2F og lang nok til alle"


@pytest.fixture
def host() -> str:
    """Another site than the provider's, as in the world: cookies and forms are told apart by it."""
    return "localhost"


def _node() -> str:
    found = os.environ.get("PLAYWRIGHT_NODEJS_PATH") or shutil.which("node")
    return found or str(Path(playwright.__file__).parent / "driver" / "node")


@pytest.fixture
def issuer(listening: socket.socket) -> Iterator[str]:
    """The certified provider, with us as its client."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = listening.getsockname()[1]
    told = {"port": port, "client": CLIENT, "secret": SECRET, "home": f"http://localhost:{ours}",
            "heard": f"http://127.0.0.1:{ours}"}  # fmt: skip
    script = ROOT / "tests" / "browser" / "certified_provider.mjs"
    running = subprocess.Popen(
        [_node(), str(script)], cwd=ROOT, env={**os.environ, "PROVIDER": json.dumps(told)},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stdout
    while (line := running.stdout.readline()) != "listening\n":
        assert line, "the provider did not start"
    yield f"http://127.0.0.1:{port}"
    running.terminate()
    running.wait(10)
    running.stdout.close()


@pytest.fixture
def settings(tmp_path: Path, listening: socket.socket, issuer: str) -> Settings:
    return Settings(
        data_dir=tmp_path, base_url=f"http://localhost:{listening.getsockname()[1]}", oidc_issuer=issuer,
        oidc_client_id=CLIENT, oidc_client_secret=SECRET, oidc_scopes="openid profile email groups",
        oidc_consultant_groups="crm-konsulenter", oidc_manager_groups="crm-ledere",
    )  # fmt: skip


def enter(page: Page, who: str, onward: str = "/maal") -> None:
    """Press the button, and log in over there."""
    page.goto(onward)
    page.get_by_role("link", name="Log ind med kommunens konto").click()
    page.wait_for_url("http://127.0.0.1:*/**")
    page.fill("[name=login]", who)
    page.fill("[name=password]", "her er alle rigtige")
    page.click("[type=submit]")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("http://localhost:*/**")


def test_in_by_the_municipalitys_account_and_out_of_both(open_page: OpenPage, database: Database) -> None:
    page = open_page(None)
    enter(page, "anna")
    page.wait_for_url("**/maal")
    assert "Anna Kildeskov" in page.inner_text("header")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Log ud").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    page.wait_for_url("http://localhost:*/log-ind")
    page.goto("/maal")
    assert page.url.endswith("/log-ind?videre=/maal")
    page.get_by_role("link", name="Log ind med kommunens konto").click()
    page.wait_for_selector("[name=login]")  # It asks anew who it is.


def test_the_groups_say_who_one_is_and_somebody_new_is_created(
    open_page: OpenPage, database: Database
) -> None:
    page = open_page(None)
    enter(page, "ny", "/opsaetning")
    page.wait_for_url("**/opsaetning")
    with database.read() as db:
        assert by_email(db, "ny@kommune.test").role == "manager"


def test_without_a_group_of_ours_there_is_no_way_in(open_page: OpenPage) -> None:
    page = open_page(None)
    enter(page, "fremmed")
    assert page.get_by_role("heading", level=1).inner_text() == "Du har ikke adgang"
    assert violations(page) == []
    page.goto("/")
    assert "/log-ind" in page.url


def test_logged_out_elsewhere_is_logged_out_here_at_once(open_page: OpenPage, issuer: str) -> None:
    page, other = open_page(None), open_page(None)
    for each in (page, other):
        enter(each, "anna")
        each.wait_for_url("**/maal")
    # Another program of the municipality's logs her out in this browser, and the provider tells us.
    page.goto(f"{issuer}/session/end")
    page.get_by_role("button", name="Yes, sign me out").click()
    page.get_by_text("Sign-out Success").wait_for()
    page.goto("/maal")
    assert "/log-ind" in page.url
    other.goto("/maal")
    assert other.url.endswith("/maal")


def test_the_log_in_page_offers_the_provider_first_and_folds_the_rest(open_page: OpenPage) -> None:
    for size in (None, PHONE):
        page = open_page(None, size=size)
        page.goto("/log-ind")
        assert not page.get_by_label("E-mail").is_visible()
        page.get_by_text("Log ind på en anden måde").click()
        assert page.get_by_label("E-mail").is_visible()
        assert violations(page) == []
