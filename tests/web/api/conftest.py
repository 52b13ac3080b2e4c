"""Programs that call the API, each with a token, and a server they can really connect to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from crm.access import actions as access
from crm.access import queries as users
from crm.db import Database
from tests.conftest import NOW
from tests.fingerprint import fingerprint
from tests.town import ANNA, Town
from tests.web.conftest import BASE

V1 = "/api/v1"
PROBLEM = "application/problem+json"
HEADERS = ("content-security-policy", "x-content-type-options", "cache-control")


@dataclass
class Program:
    """A caller. Every answer is looked at: its kind, its shape, and that a refusal changed nothing."""

    client: httpx2.Client
    database: Database
    token: str | None
    before: str | None = None

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        status: int,
        match: str | None = None,
        key: str | None = None,
        **more: Any,
    ) -> Response:
        """Send one call and expect this status."""
        headers = dict(more.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if match is not None:
            headers["If-Match"] = match
        if key is not None:
            headers["Idempotency-Key"] = key
        if body is not None:
            more["json"] = body
        reads = status >= 400 or method in {"GET", "HEAD"}
        before = (self.before or fingerprint(self.database)) if reads else None
        answer = self.client.request(
            method, path if path.startswith("/") else f"{V1}/{path}", headers=headers, **more
        )
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        check_shape(answer, status)
        if before is not None:
            assert fingerprint(self.database) == before
        return answer

    @contextmanager
    def changing_nothing(self) -> Iterator[None]:
        """For many refusals in a row: each is compared with how it was at the beginning."""
        self.before = fingerprint(self.database)
        yield
        self.before = None

    def get(self, path: str, *, status: int = 200, **more: Any) -> Response:
        """Read."""
        return self.call("GET", path, status=status, **more)

    def post(self, path: str, body: object = None, *, status: int = 201, **more: Any) -> Response:
        """Make something."""
        return self.call("POST", path, body, status=status, **more)

    def patch(self, path: str, body: object, *, status: int = 200, **more: Any) -> Response:
        """Change something; `match` is the tag of the version that was seen."""
        return self.call("PATCH", path, body, status=status, **more)

    def put(self, path: str, body: object, *, status: int = 200, **more: Any) -> Response:
        """Set something."""
        return self.call("PUT", path, body, status=status, **more)

    def tag(self, path: str) -> str:
        """The version something stands at."""
        found: str = self.get(path).headers["etag"]
        return found

    def refused(self, method: str, path: str, body: object, field: str, **more: Any) -> str:
        """Send what breaks a rule; the sentence beside this very field."""
        answer = self.call(method, path, body, status=422, **more)
        found = {each["field"]: each["message"] for each in answer.json()["errors"]}
        assert list(found) == [field], found
        message: str = found[field]
        return message


def check_shape(answer: Response, status: int) -> None:
    """JSON when it went well, a problem when not, the headers of the house on both."""
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind == (PROBLEM if status >= 400 else "application/json"), kind
    assert all(name in answer.headers for name in HEADERS), answer.headers
    if status >= 400 and answer.request.method != "HEAD":
        found = answer.json()
        assert set(found) == {"type", "title", "status", "detail", "errors"}
        assert found["status"] == status
        assert all(set(each) == {"field", "message"} and each["message"] for each in found["errors"])
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")
    if status == 201:
        assert answer.headers["location"].startswith(V1 + "/")


def token_of(database: Database, email: str) -> str:
    """A new key for a program of this user's."""
    with database.write(email) as db:
        return access.add_token(db, user=users.by_email(db, email), now=NOW)


Calling = Callable[..., Program]


@pytest.fixture
def calling(app: FastAPI, database: Database, town: Town) -> Calling:
    """A program of someone's; without an e-mail it has no token."""
    client = TestClient(app, base_url=BASE, raise_server_exceptions=False)

    def of(email: str | None = ANNA) -> Program:
        return Program(client, database, token_of(database, email) if email else None)

    return of


@pytest.fixture
def anna(calling: Calling) -> Program:
    """Anna's program; she is a consultant."""
    return calling(ANNA)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """A real server on this machine; the address it answers at."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def crowd(app: FastAPI, database: Database, town: Town) -> Iterator[Callable[..., list[Response]]]:
    """Sends many calls at the same moment to a real server."""
    with served(app) as address, httpx2.Client(base_url=address, timeout=60) as client:

        def send(calls: list[dict[str, Any]]) -> list[Response]:
            start = threading.Barrier(len(calls))

            def one(call: dict[str, Any]) -> Response:
                start.wait(30)
                return client.request(**call)

            with ThreadPoolExecutor(len(calls)) as pool:
                return list(pool.map(one, calls))

        yield send
