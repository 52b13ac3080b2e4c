"""A real server on loopback, a real Chromium, and a keyboard."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

from crm.access import actions as access
from crm.access import queries as users
from crm.db import Database
from crm.settings import Settings
from scripts.chromium import ROOT, launch_options
from tests.town import ANNA, Town
from web.app import create_app

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# For what is only looked at: a page is drawn alike whichever engine its rows come from, and both are read elsewhere.
ONE_ENGINE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
# What WCAG 2.2 AA asks for, and what axe counts as good practice beside it.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for a worker; each test opens a context of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        yield browser
        browser.close()


@pytest.fixture
def host() -> str:
    """The name the town is served under."""
    return "127.0.0.1"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Where the town will be served; known before the town is set up."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """How the town is set up."""
    return Settings(data_dir=tmp_path)


@pytest.fixture
def app(database: Database, settings: Settings) -> FastAPI:
    """The application on this test's database, on the machine's own clock."""
    return create_app(settings, database)


@pytest.fixture
def town(built_town: Town) -> Town:
    """The town, in a database of each engine."""
    return built_town


@pytest.fixture
def address(app: FastAPI, town: Town, listening: socket.socket, host: str) -> Iterator[str]:
    """Where the town is served."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://{host}:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(
    chromium: Browser, address: str, app: FastAPI, database: Database, town: Town
) -> Iterator[OpenPage]:
    """A browser window of somebody who has logged in. A script error or a breach of the CSP fails the test.

    Those tests that are about logging in open it as nobody and type.
    """
    contexts, wrong = [], []

    def opened(email: str | None = ANNA, *, size: dict[str, int] | None = None, **more: Any) -> Page:
        context = chromium.new_context(viewport=size or DESK, locale="da-DK", base_url=address, **more)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None,
        )
        if email:
            house = app.state.house
            with database.write(email) as db:
                token = access.sign_in(db, user=users.by_email(db, email), now=house.clock(), hours=12)
            context.add_cookies([{"name": house.session_cookie, "value": token, "url": address}])
            page.goto("/")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it stands now."""
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
