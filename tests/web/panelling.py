"""A member of the panel at the door, and a town where every other company is full of canaries."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from starlette.testclient import TestClient

from crm.db import Database
from crm.panel import queries, signing
from tests.web.conftest import BASE, Visitor

Seated = Callable[..., Visitor]


def seated(app: FastAPI, database: Database, seat: int) -> Visitor:
    """A browser in which a seat's holder is signed in."""
    with database.write("test") as db:
        token = signing.sign_in(db, seat=queries.seat(db, seat), now=app.state.house.clock())
    visitor = Visitor(TestClient(app, base_url=BASE))
    visitor.client.cookies.set("panel", token)
    visitor.csrf = app.state.house.sign("panel-csrf", token)
    return visitor
