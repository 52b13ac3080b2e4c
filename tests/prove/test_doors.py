"""Nobody can ask who is a user: not by what is answered, and not by how long it takes."""

from __future__ import annotations

import random
import re
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn

from crm import migrations
from crm.db import Database
from crm.settings import Settings
from tests.conftest import add_user
from tests.town import HASH
from web.app import create_app

NUMBER = 200
KNOWN, UNKNOWN = "kendt{}@kommune.test", "ukendt{}@kommune.test"
# 0.5 is a coin; above this the clock tells who is a user.
HIGHEST = 0.6


@pytest.fixture(params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A real server in front of two hundred users; it believes a proxy here about who calls."""
    database = Database(
        request.getfixturevalue(f"{'postgres' if request.param == 'postgresql' else 'sqlite'}_url")
    )
    migrations.upgrade(database)
    with database.write("proof") as db:
        for number in range(NUMBER):
            add_user(db, KNOWN.format(number), name=f"Kendt {number}").password_hash = HASH
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        app = create_app(Settings(data_dir=tmp_path), database)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()
    database.close()


def area(some: list[float], others: list[float]) -> float:
    """How well the time tells the two apart: the chance that one of these took longer than one of those, from ½ up."""
    wins = sum((one > other) + (one == other) / 2 for one in some for other in others)
    share = wins / (len(some) * len(others))
    return max(share, 1 - share)


def ask(
    client: httpx2.Client, path: str, fields: dict[str, str], number: int
) -> tuple[float, tuple[object, ...]]:
    """How long an answer took, and all that it said."""
    address = f"10.{number // 250}.{number % 250}.1"
    page = client.get(path).text
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found
    began = time.perf_counter()
    answer = client.post(path, data={"csrf": found[1], **fields}, headers={"X-Forwarded-For": address})
    took = time.perf_counter() - began
    headers = {name: value for name, value in answer.headers.items() if name not in {"date", "set-cookie"}}
    body = answer.text.replace(found[1], "").replace(fields["email"], "")
    return took, (answer.status_code, body, tuple(headers.items()) if not number else tuple(headers))


@pytest.mark.parametrize(("path", "fields"), [("/log-ind", {"password": "ikke den rigtige"}), ("/glemt", {})])
def test_known_and_unknown_are_answered_alike_and_as_fast(
    served: str, path: str, fields: dict[str, str]
) -> None:
    order = [(kind, number) for kind in (KNOWN, UNKNOWN) for number in range(NUMBER)]
    random.Random(7).shuffle(order)
    took: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    said: set[object] = set()
    with httpx2.Client(base_url=served, timeout=30) as client:
        for at in range(5):  # The first ones wait for what is loaded once.
            ask(client, path, fields | {"email": f"varm{at}@kommune.test"}, 9000 + at)
        for at, (kind, number) in enumerate(order, start=1):
            seconds, answer = ask(client, path, fields | {"email": kind.format(number)}, at)
            took[kind].append(seconds)
            said.add(answer)
    told = area(took[KNOWN], took[UNKNOWN])
    known, unknown = (statistics.median(took[kind]) * 1000 for kind in (KNOWN, UNKNOWN))
    sys.stdout.write(
        f"{path}: AUC {told:.3f} (at most {HIGHEST}); median {known:.1f} ms known, {unknown:.1f} ms unknown\n"
    )
    assert len(said) == 1
    assert told <= HIGHEST
