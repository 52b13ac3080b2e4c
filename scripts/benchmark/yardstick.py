"""The yardstick: the least a FastAPI page with a database can be, and what every figure is a multiple of.

A plain `def` endpoint reads one row by key through an ORM session and renders a page of ten kilobytes with
22 table rows, as FastAPI's own documentation does both. No log-in, no log, no headers of its own. Started
as `python -m scripts.benchmark.yardstick DATABASE_URL PORT`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.templating import Jinja2Templates
from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from starlette.responses import Response

from crm.db import sqlite_module

ROWS = 1000
LINES = 22
TEMPLATES = Path(__file__).parent / "templates"
WORDS = ("navn", "sted", "antal", "person")
TABLE: list[dict[str, Any]] = [
    {"number": n, "name": f"Linje nummer {n} & noget mere", "street": f"Eksempelvej {n}",
     "city": "3450 Allerød", "amount": n * 17, "person": "Anna Kildeskov", "late": n % 3 == 0}
    for n in range(LINES)
]  # fmt: skip


class Base(DeclarativeBase):
    """The yardstick's own table, in a database of its own."""


class Item(Base):
    """One row by key."""

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    text: Mapped[str]


def engine_of(url: str) -> Engine:
    """SQLAlchemy as it comes; on SQLite with the same SQLite as the house has."""
    module = {"module": sqlite_module()} if url.startswith("sqlite") else {}
    return create_engine(url, **module)


def fill(engine: Engine) -> None:
    """Create the table with its rows."""
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    text = "En linje tekst om denne ting, som den står i databasen. " * 14
    with engine.begin() as connection:
        rows = [{"id": n, "name": f"Ting nummer {n}", "text": text} for n in range(1, ROWS + 1)]
        connection.execute(insert(Item), rows)


def session(request: Request) -> Iterator[Session]:
    """The request's session."""
    with Session(request.app.state.engine) as opened:
        yield opened


def app_of(engine: Engine) -> FastAPI:
    """The whole application: the page, and a bare route that shows what the server alone takes."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.engine = engine
    templates = Jinja2Templates(TEMPLATES)

    @app.get("/items/{id}")
    def show(request: Request, id: int, db: Annotated[Session, Depends(session)]) -> Response:
        shown = {"item": db.get_one(Item, id), "lines": TABLE, "words": WORDS}
        return templates.TemplateResponse(request, "item.html", shown)

    @app.get("/bare")
    def bare() -> Response:
        return Response(b"bare")

    return app


def main(url: str, port: str) -> None:
    """Fill the database and serve."""
    engine = engine_of(url)
    fill(engine)
    uvicorn.run(app_of(engine), host="127.0.0.1", port=int(port), access_log=False, log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
