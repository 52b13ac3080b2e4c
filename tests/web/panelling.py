"""A member of the panel at the door, and the addresses of the panel's house."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import FastAPI
from starlette.testclient import TestClient

from crm.db import Database
from crm.panel import queries, signing
from tests.town import Town
from tests.web.conftest import BASE, Visitor
from tests.web.matrix import address_of
from web.routing import table

PANEL = [row for row in table() if row["who"] == ["panel"]]


def seated(app: FastAPI, database: Database, seat: int) -> Visitor:
    """A browser in which a seat's holder is signed in."""
    with database.write("test") as db:
        token = signing.sign_in(db, seat=queries.seat(db, seat), now=app.state.house.clock())
    visitor = Visitor(TestClient(app, base_url=BASE))
    visitor.client.cookies.set("panel", token)
    visitor.csrf = app.state.house.sign("panel-csrf", token)
    return visitor


def pages(town: Town) -> Iterator[str]:
    """Every address a member can look at, with the town's own keys."""
    for row in PANEL:
        if row["method"] == "GET" and (address := address_of(str(row["path"]), town)):
            yield address
