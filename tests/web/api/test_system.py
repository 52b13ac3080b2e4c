"""Health, figures and the description of the API."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from starlette.testclient import TestClient

from crm.db import Database
from crm.settings import Settings
from tests.conftest import add_user
from tests.town import ADAM, ANNA, MONA, Town
from tests.web.api.calls import good_calls
from tests.web.api.conftest import V1, Calling, token_of
from tests.web.conftest import BASE
from web.app import create_app


def test_it_lives_and_is_ready_without_a_token(calling: Calling) -> None:
    nobody = calling(None)
    for path in ("/health/live", "/health/ready"):
        assert nobody.get(path).json() == {"status": "ok"}
        nobody.call("HEAD", path, status=200)
        nobody.call("POST", path, status=405)


def test_it_is_not_ready_on_another_schema(calling: Calling, database: Database) -> None:
    with database.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '000'"))
    nobody = calling(None)
    answer = nobody.get("/health/ready", status=503)
    assert answer.json()["detail"] == "Databasen er ikke bragt ajour. Kør: enindgang migrate"
    nobody.get("/health/live")


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all/enindgang.db", "postgresql+psycopg://x@127.0.0.1:1/x"]
)
def test_it_lives_without_a_database_and_says_that_it_cannot_work(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "mkdir", lambda *_args, **_more: None)
    database = Database(url)
    monkeypatch.undo()
    app = create_app(Settings(data_dir=tmp_path), database)
    client = TestClient(app, base_url=BASE, raise_server_exceptions=False)
    assert client.get("/health/live").status_code == 200
    for path, headers in (("/health/ready", {}), (f"{V1}/companies", {"Authorization": "Bearer ei_x"})):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "2"
        assert url not in answer.text
    database.close()


def test_figures_are_for_administrators(calling: Calling) -> None:
    calling(None).get("/metrics", status=401)
    calling(ANNA).get("/metrics", status=403)
    calling(MONA).get("/metrics", status=403)


def test_calls_are_counted_by_pattern_and_status_and_never_by_address(
    calling: Calling, app: FastAPI, town: Town
) -> None:
    adam = calling(ADAM)
    for _ in range(3):
        adam.get(f"companies/{town.bakery}")
    adam.get("companies/99999999", status=404)
    adam.call("HEAD", f"companies/{town.bakery}", status=200)
    adam.client.request("BREW", f"{V1}/companies/{town.bakery}")
    adam.client.get("/nowhere")
    answer = adam.client.get("/metrics", headers={"Authorization": f"Bearer {adam.token}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    counts = {
        tuple(sample.labels.get(name) for name in ("method", "route", "status")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == "enindgang_request_seconds_count"
    }
    route = f"{V1}/companies/{{cvr}}"
    assert counts["GET", route, "200"] == 3
    assert counts["GET", route, "404"] == counts["HEAD", route, "200"] == counts["other", route, "405"] == 1
    assert counts["GET", "(none)", "404"] == 1
    assert town.bakery not in answer.text
    assert "process_resident_memory_bytes" in answer.text


def test_the_figures_of_all_workers_are_added_up(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    with database.write() as db:
        add_user(db, ADAM, "admin")
    token = token_of(database, ADAM)
    database.close()
    settings = {"ENINDGANG_DATABASE_URL": sqlite_url, "ENINDGANG_DATA_DIR": str(tmp_path)}
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("enindgang")),
        "serve",
        "--port",
        str(port),
        "--workers",
        "2",
    ]
    server = subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/health/ready")
        for _ in range(40):
            # Each on a connection of its own, so that both workers have their share.
            assert httpx2.get(f"{address}/health/live").status_code == 200
        answers = [
            httpx2.get(f"{address}/metrics", headers={"Authorization": f"Bearer {token}"}) for _ in range(6)
        ]
        line = 'enindgang_request_seconds_count{method="GET",route="/health/live",status="200"} 40.0'
        assert all(line in answer.text for answer in answers)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(url: str) -> None:
    """Return at the first good answer."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(url).status_code == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(url)


def test_the_description_names_every_route_and_what_may_go_wrong(calling: Calling, town: Town) -> None:
    found = calling(None).get(f"{V1}/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    assert found["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    described = {
        (method.upper(), path): operation
        for path, operations in found["paths"].items()
        for method, operation in operations.items()
    }
    calls = good_calls(town)
    assert {(call.method, V1 + call.pattern) for call in calls} | {
        ("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/metrics"),
    } == set(described)  # fmt: skip
    for call in calls:
        operation = described[call.method, V1 + call.pattern]
        problems = {status for status in operation["responses"] if status >= "400"}
        assert {"401", "403", "422", "503"} <= problems
        assert ("404" in problems) == ("{" in call.pattern)
        assert {"412", "428"} <= problems or not call.changes
        for status in problems:
            assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
        good = operation["responses"]["201" if call.method == "POST" else "200"]
        assert "$ref" in good["content"]["application/json"]["schema"]
        assert operation["security"] == [{"HTTPBearer": []}]
        headers = {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}
        assert headers == (
            {"If-Match"} if call.changes else {"Idempotency-Key"} if call.method == "POST" else set()
        )
    assert "security" not in described["GET", "/health/live"]
    names = [operation["operationId"] for operation in described.values()]
    assert len(set(names)) == len(names)
    assert "requests_create" in names


def test_no_page_stands_in_the_description_and_no_documentation_is_served(calling: Calling) -> None:
    nobody = calling(None)
    found = nobody.get(f"{V1}/openapi.json").json()
    assert not [path for path in found["paths"] if not path.startswith((V1, "/health", "/metrics"))]
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert nobody.client.get(path).status_code == 404
