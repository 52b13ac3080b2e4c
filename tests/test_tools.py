"""The server and the browser that set-up brings do what the tests ask of them."""

from __future__ import annotations

import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import create_engine, text

from scripts.chromium import launch_options
from tests.postgres import server


@pytest.mark.postgres
def test_the_server_starts_with_the_extensions_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ENINDGANG_TEST_POSTGRES_URL", raising=False)
    with server() as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            for extension in ("pg_trgm", "btree_gist"):
                connection.execute(text(f"CREATE EXTENSION {extension}"))
            assert connection.scalar(text("SELECT 'Åse Ø' ILIKE 'åse ø'")) is True
        folder = engine.url.query["host"]
        engine.dispose()
    assert not Path(str(folder)).exists()


def test_a_given_server_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENINDGANG_TEST_POSTGRES_URL", "postgresql+psycopg://somebody@db.example/test")
    with server() as url:
        assert url == "postgresql+psycopg://somebody@db.example/test"


@pytest.mark.browser
def test_the_browser_draws_danish_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        monkeypatch.setenv("ENINDGANG_TEST_BROWSER", "packaged")
    # In a thread of its own: a browser test before this one may have its loop in ours.
    with ThreadPoolExecutor(1) as aside:
        assert aside.submit(_drawn).result() == "Én indgang på Ærø"


def _drawn() -> str:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        page = browser.new_page()
        page.set_content("<h1>Én indgang på Ærø</h1>")
        text = page.get_by_role("heading").inner_text()
        browser.close()
        return text
