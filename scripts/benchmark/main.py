"""Measures, prints tables, writes figures; never fails because something is slow."""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from crm.db import Database
from scripts.benchmark import imports, report, statements
from scripts.benchmark.client import WrongAnswer
from scripts.benchmark.data import CACHE, Store, opened
from scripts.benchmark.measure import Target, alone, together
from scripts.benchmark.report import Figures, Run
from scripts.benchmark.samples import draw
from scripts.benchmark.server import Server, house, yardstick
from scripts.benchmark.steps import Step, gets, steps
from scripts.benchmark.yardstick import ROWS
from scripts.steps import say

SIZES = [1_300, 40_000]
WIDTH = 150
BARE = gets(["/bare"], {})
STICK = gets([f"/items/{number}" for number in range(1, ROWS + 1)], {})


class Options:
    """What was asked for, and how thoroughly to measure."""

    def __init__(self, arguments: Sequence[str]) -> None:
        parser = ArgumentParser("scripts/bench", description="Measure every step beside a yardstick.")
        parser.add_argument(
            "--companies",
            type=int,
            nargs="+",
            default=SIZES,
            metavar="N",
            help="how many companies; several show how the times grow (1300 40000)",
        )
        parser.add_argument("--engine", choices=("sqlite", "postgresql", "both"), default="sqlite")
        parser.add_argument("--quick", action="store_true", help="few requests: to see, not to judge")
        parser.add_argument(
            "--only", metavar="TEXT", default="", help="only steps with this text in their name"
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file as well")
        parser.add_argument(
            "--cache",
            type=Path,
            metavar="FOLDER",
            default=CACHE,
            help="where filled databases are kept (.cache/bench)",
        )
        given = parser.parse_args(arguments)  # fmt: skip
        self.companies: list[int] = sorted(given.companies)
        self.engines = ("sqlite", "postgresql") if given.engine == "both" else (given.engine,)
        self.quick: bool = given.quick
        self.only: str = given.only
        self.json: Path | None = given.json
        self.cache: Path = given.cache
        self.requests, self.seconds, self.starts = (30, 0.4, 1) if self.quick else (200, 3.0, 4)
        self.rows, self.documents = (100, 400) if self.quick else (1_000, 4_000)


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for. 0 when it was measured, 1 when it could not be."""
    options = Options(arguments)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    figures: dict[str, Any] = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "runs": []}
    try:
        for engine in options.engines:
            with opened(engine, options.cache) as store:
                figures["runs"] += _measured(store, options, console)
                figures[f"statements_{engine}"] = _statements(store, options, console)
                figures[f"import_{engine}"] = _import(store, options, console)
    except WrongAnswer as wrong:
        print(wrong, file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def _measured(store: Store, options: Options, console: Console) -> list[dict[str, Any]]:
    runs = [_run(store, number, options, console) for number in options.companies]
    for larger in runs[1:]:
        report.show_growth(runs[0], larger, console)
    return [run.plain() for run in runs]


def _run(store: Store, companies: int, options: Options, console: Console) -> Run:
    say(f"{store.engine}, {companies:,} companies")
    run = Run(store.engine, companies)
    with store.copy(companies) as url, store.empty() as other, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        database = Database(url)
        samples = draw(database, datetime.now(UTC))
        database.close()
        starts = [_start(url, folder) for _ in range(options.starts - 1)]
        with house(url, folder) as server, yardstick(other, folder) as theirs:
            run.start_seconds = median([*starts, server.start_seconds])
            stick = Target(theirs, STICK)
            run.bare = alone(Target(theirs, BARE), stick, options.requests).median
            for step in steps(samples, server.port):
                if options.only in step.name:
                    run.steps.append(_figures(step, companies, server, stick, options))
            run.memory = server.memory()
    report.show(run, console)
    return run


def _start(url: str, folder: Path) -> float:
    """Seconds from the command to the first answer."""
    with house(url, folder) as server:
        return server.start_seconds


def _figures(step: Step, companies: int, server: Server, stick: Target, options: Options) -> Figures:
    target = Target(server, step.calls)
    one = alone(target, stick, options.requests)
    figures = Figures(step.name, step.limit(companies), one, together(target, stick, options.seconds))
    say(f"  {step.name:36}{one.median:8.1f} ms {one.ratio:6.1f} ×  {', '.join(figures.over)}")
    return figures


def _statements(store: Store, options: Options, console: Console) -> dict[str, Any]:
    say(f"{store.engine}, statements")
    with tempfile.TemporaryDirectory() as temporary:
        found = statements.count(store, Path(temporary), datetime.now(UTC), options.rows, options.only)
    report.show_statements(store.engine, options.rows, found, console)
    return {name: asdict(each) for name, each in found.items()}


def _import(store: Store, options: Options, console: Console) -> dict[str, Any] | None:
    if options.only not in "import":
        return None
    say(f"{store.engine}, import of {options.documents:,} documents")
    with tempfile.TemporaryDirectory() as temporary:
        found = imports.measure(store, Path(temporary), datetime.now(UTC), options.documents)
    report.show_import(store.engine, found, console)
    return asdict(found) | {"ratio": found.ratio}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
