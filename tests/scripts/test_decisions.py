"""Decisions of docs/decisions that nothing else would hold anyone to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from inspect import iscoroutinefunction
from pathlib import Path

import anyio.to_thread
from fastapi.dependencies.models import Dependant
from sqlalchemy import event

from crm.db import Base, Database
from crm.search.queries import search
from crm.settings import Settings
from scripts.steps import ROOT
from tests.town import build
from web.app import create_app
from web.deps import Reading, Working, Writing
from web.routing import all_routes


def _within(dependant: Dependant) -> Iterator[Dependant]:
    for each in dependant.dependencies:
        yield each
        yield from _within(each)


def test_no_route_is_a_coroutine() -> None:
    assert [route.path for route in all_routes() if iscoroutinefunction(route.endpoint)] == []


def test_every_guard_of_a_route_ends_before_the_answer_is_sent() -> None:
    guards = [
        (route.path, each.scope)
        for route in all_routes()
        for each in _within(route.dependant)
        if isinstance(each.call, (Reading, Writing, Working))
    ]
    assert guards
    assert {scope for _path, scope in guards} == {"function"}


def test_nobody_commits_but_the_database() -> None:
    floors = [file for floor in ("crm", "web", "importers") for file in (ROOT / floor).rglob("*.py")]
    assert [file.name for file in floors if re.search(r"\.commit\(", file.read_text())] == []


def test_every_relationship_says_what_it_does_not_load() -> None:
    relationships = [each for mapper in Base.registry.mappers for each in mapper.relationships]
    assert relationships
    assert [str(each) for each in relationships if each.lazy != "raise"] == []


def test_a_worker_has_as_many_threads_as_the_setting_says(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, threads=3))

    async def threads() -> float:
        async with app.router.lifespan_context(app):
            return anyio.to_thread.current_default_thread_limiter().total_tokens

    # In a thread of its own: a browser test before this one may have left its loop in ours.
    with ThreadPoolExecutor(1) as aside:
        assert aside.submit(anyio.run, threads).result() == 3


def test_no_step_of_a_search_reads_a_whole_table(sqlite_url: str) -> None:
    database, asked = Database(sqlite_url), []
    build(database)
    event.listen(database.reader, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
    for query in (
        "bageri",
        "blovstrød bagri",
        "bageriet lynge",
        "48 15 00 01",
        "1012345678",
        "sort",
        "zzzzqqqq",
    ):
        with database.read() as db:
            search(db, query)
    with database.reader.connect() as connection:
        plans = {
            row.detail
            for statement, values in list(asked)
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        }
    tables = rf"\bSCAN ({'|'.join(Base.metadata.tables)})\b"
    assert any("ix_search_word" in plan for plan in plans)
    assert [plan for plan in plans if re.search(tables, plan)] == []
    database.close()
