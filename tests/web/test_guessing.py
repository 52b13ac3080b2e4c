"""Two hundred guesses at the door: how many are tried, and whom they keep out."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from crm.db import Database
from crm.settings import Settings
from tests.conftest import PASSWORD
from tests.fingerprint import fingerprint
from tests.town import ANNA, BO, Town
from tests.web.conftest import BASE, Clock, Visitor
from web.app import create_app

HERE, ELSEWHERE = ("192.0.2.1", 5000), ("192.0.2.2", 5000)


def at(app: FastAPI, address: tuple[str, int]) -> Visitor:
    """A browser at this network address, with the log-in page open."""
    visitor = Visitor(TestClient(app, base_url=BASE, client=address))
    visitor.get("/log-ind")
    return visitor


def guess(visitor: Visitor, email: str = ANNA, password: str = "forkert") -> int:
    sent = {"csrf": visitor.csrf, "email": email, "password": password}
    return int(visitor.client.post("/log-ind", data=sent, follow_redirects=False).status_code)


@pytest.fixture
def worker(database: Database, tmp_path: Path, clock_on_the_wall: Clock) -> FastAPI:
    """Another worker on the same database; or the same one, started anew."""
    made = create_app(Settings(data_dir=tmp_path), Database(database.url))
    made.state.house.clock = clock_on_the_wall
    return made


def test_of_two_hundred_wrong_passwords_ten_a_minute_are_tried_and_nobody_else_is_kept_out(
    app: FastAPI, worker: FastAPI, town: Town, database: Database, clock_on_the_wall: Clock
) -> None:
    before = fingerprint(database)
    thief, at_the_other = at(app, HERE), at(worker, HERE)
    answers = Counter(
        guess((thief, at_the_other)[number % 2], password=f"gæt nummer {number}") for number in range(200)
    )
    assert answers == {422: 10, 429: 190}
    assert guess(at_the_other, password=PASSWORD) == 429, "also the right one, and on every worker"
    assert fingerprint(database) == before
    assert guess(at(worker, ELSEWHERE), password=PASSWORD) == 303, "she herself, elsewhere"
    assert guess(at(app, HERE), email=BO, password=PASSWORD) == 303, "a colleague behind the same address"
    clock_on_the_wall.now += timedelta(seconds=61)
    assert guess(thief, password=PASSWORD) == 303
    worker.state.house.database.close()


def test_a_machine_that_tries_one_password_on_everybody_is_slowed_too(app: FastAPI, town: Town) -> None:
    thief = at(app, HERE)
    answers = Counter(guess(thief, email=f"nr{number}@kommune.test") for number in range(80))
    assert answers == {422: 50, 429: 30}
