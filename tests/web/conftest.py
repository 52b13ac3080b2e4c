"""A served town, and a visitor who looks at every page as a strict reader would."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from crm.access import actions as access
from crm.access import queries as users
from crm.db import Database
from crm.settings import Settings
from tests.conftest import NOW
from tests.page_guards import complaints
from tests.town import Town
from web.app import create_app

BASE = "http://127.0.0.1:8000"


@pytest.fixture(scope="session", autouse=True)
def _one_loop() -> Iterator[None]:
    """All requests run in one event loop, as in a server; by itself a client makes a loop anew for each."""
    with start_blocking_portal() as portal:
        TestClient.portal = portal
        yield
        TestClient.portal = None


@pytest.fixture
def town(built_town: Town) -> Town:
    """The town, in a database of each engine."""
    return built_town


@dataclass
class Clock:
    """A clock that stands until it is set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now


@pytest.fixture
def clock_on_the_wall() -> Clock:
    """The clock the application looks at."""
    return Clock()


@pytest.fixture
def app(database: Database, tmp_path: Path, clock_on_the_wall: Clock) -> FastAPI:
    """The whole application on this test's database."""
    made = create_app(Settings(data_dir=tmp_path), database)
    made.state.house.clock = clock_on_the_wall
    return made


@dataclass
class Visitor:
    """A browser. Every HTML answer is checked against the page guards; `errors=True` expects a refusal."""

    client: TestClient
    csrf: str = ""
    seen: list[str] = field(default_factory=list)

    def get(self, path: str, *, status: int = 200, whole: bool = True, **more: object) -> Response:
        """Go to a page."""
        return self._checked(self.client.get(path, follow_redirects=False, **more), status, whole)  # type: ignore[arg-type]

    def post(
        self,
        path: str,
        data: Mapping[str, object] | None = None,
        *,
        status: int = 303,
        whole: bool = True,
        **more: object,
    ) -> Response:
        """Send a form with this visitor's token in it."""
        fields = {"csrf": self.csrf} | {key: str(value) for key, value in (data or {}).items()}
        answer = self.client.post(path, data=fields, follow_redirects=False, **more)  # type: ignore[arg-type]
        return self._checked(answer, status, whole)

    def follow(self, answer: Response, *, status: int = 200) -> Response:
        """Go where a redirect points."""
        return self.get(answer.headers["location"], status=status)

    def _checked(self, answer: Response, status: int, whole: bool) -> Response:
        assert answer.status_code == status, (
            answer.status_code,
            answer.headers.get("location"),
            main(answer),
        )
        if whole and answer.headers.get("content-type", "").startswith("text/html"):
            assert complaints(answer.text) == [], answer.request.url
            found = re.search(r'name="csrf" value="([0-9a-f]+)"', answer.text)
            self.csrf = found[1] if found else self.csrf
        return answer


def main(answer: Response) -> str:
    """What a page says in its main part, without the tags; the shortest way to look for words."""
    inside = answer.text.partition("<main")[2].partition("</main>")[0] or answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", inside)).strip()


SignIn = Callable[..., Visitor]


@pytest.fixture
def sign_in(app: FastAPI, database: Database, town: Town) -> SignIn:
    """Open a browser for someone; nobody without an e-mail."""

    def open_browser(email: str | None = None, **settings: object) -> Visitor:
        client = TestClient(app, base_url=BASE, raise_server_exceptions=bool(settings.get("strict", True)))
        visitor = Visitor(client)
        if email:
            with database.write(email) as db:
                user = users.by_email(db, email)
                token = access.sign_in(db, user=user, now=app.state.house.clock(), hours=12)
            client.cookies.set("session", token)
            visitor.csrf = app.state.house.sign("csrf", token)
        return visitor

    return open_browser


@pytest.fixture
def lone(app: FastAPI, database: Database, town: Town) -> Visitor:
    """The bakery's member of the company panel."""
    from tests.web.panelling import seated

    return seated(app, database, town.seat)


@pytest.fixture
def sven(app: FastAPI, database: Database, town: Town) -> Visitor:
    """The garden's member of the company panel."""
    from tests.web.panelling import seated

    return seated(app, database, town.seat + 1)


@pytest.fixture
def many(database: Database, town: Town) -> None:
    """Sixty more companies of all sorts, with requests and agreements at some."""
    from tests.web.listing import grow

    grow(database)
