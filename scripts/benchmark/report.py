"""What the figures say, beside what they may say."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.benchmark.imports import Imported
from scripts.benchmark.measure import Alone, Together
from scripts.benchmark.statements import Statements

STATEMENTS, TAIL, SHARE, GROWTH = 12, 5.0, 0.2, 1.5
MEMORY, START, IMPORT = 200.0, 3.0, 6.0
HEADS = ("median ms", "yardstick", "×", "may be", "CPU ×", "p99 ÷", "req/s at 16", "of yardstick", "kB")


@dataclass(frozen=True)
class Figures:
    """What was measured of one step."""

    name: str
    limit: float
    alone: Alone
    together: Together

    @property
    def tail(self) -> float:
        """The 99th percentile as a multiple of the median."""
        return self.alone.p99 / self.alone.median

    @property
    def over(self) -> list[str]:
        """Which limits it is over."""
        asked = {
            "median": self.alone.ratio > self.limit,
            "p99": self.tail > TAIL,
            "at 16": self.together.ratio < SHARE,
        }
        return [name for name, is_over in asked.items() if is_over]

    def cells(self) -> list[str]:
        """A row of the table."""
        alone, at_once = self.alone, self.together
        return [
            self.name, f"{alone.median:.1f}", f"{alone.yardstick:.1f}", f"{alone.ratio:.1f}",
            f"{self.limit:.0f}", f"{alone.cpu_ratio:.1f}", f"{self.tail:.1f}",
            f"{at_once.rate:.0f}", f"{at_once.ratio:.0%}", f"{alone.kilobytes:.0f}",
            f"over: {', '.join(self.over)}" if self.over else "ok",
        ]  # fmt: skip

    def plain(self) -> dict[str, Any]:
        """For a file."""
        return {
            "name": self.name, "limit": self.limit, "ratio": self.alone.ratio,
            "cpu_ratio": self.alone.cpu_ratio, **asdict(self.alone),
            "rate": self.together.rate, "yardstick_rate": self.together.yardstick, "over": self.over,
        }  # fmt: skip


@dataclass
class Run:
    """Everything measured on one engine with one number of companies. `bare` is a route that does nothing."""

    engine: str
    companies: int
    steps: list[Figures] = field(default_factory=list)
    start_seconds: float = 0.0
    memory: float = 0.0
    bare: float = 0.0

    @property
    def over(self) -> list[str]:
        """What is over a limit, and which."""
        found = [f"{each.name}: {', '.join(each.over)}" for each in self.steps if each.over]
        found += [f"start: {self.start_seconds:.1f} s"] if self.start_seconds > START else []
        return found + ([f"memory: {self.memory:.0f} MB"] if self.memory > MEMORY else [])

    def plain(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self) | {"steps": [each.plain() for each in self.steps], "over": self.over}


def growth(smaller: Run, larger: Run) -> dict[str, float]:
    """How many times longer each step takes with more companies, both times in multiples of the yardstick."""
    before = {each.name: each.alone.ratio for each in smaller.steps}
    return {each.name: each.alone.ratio / before[each.name] for each in larger.steps if each.name in before}


def show(run: Run, console: Console) -> None:
    """The table of one run."""
    table = Table(title=f"{run.engine}, {run.companies:,} companies", title_justify="left")
    table.add_column("step")
    for head in HEADS:
        table.add_column(head, justify="right")
    table.add_column("")
    for each in run.steps:
        table.add_row(*each.cells())
    console.print(table)
    console.print(
        f"Start to the first answer {run.start_seconds:.1f} s (may be {START:.0f}). Memory of the worker at "
        f"the end {run.memory:.0f} MB (may be {MEMORY:.0f}). A bare route takes {run.bare:.2f} ms here."
    )


def show_growth(smaller: Run, larger: Run, console: Console) -> None:
    """The steps that grow most between two runs."""
    found = sorted(growth(smaller, larger).items(), key=lambda pair: -pair[1])
    over = [f"{name} {times:.1f}" for name, times in found if times > GROWTH]
    said = f"over: {', '.join(over)}" if over else "ok"
    sizes = f"{smaller.companies:,} to {larger.companies:,} companies"
    console.print(f"{larger.engine}: growth of the medians from {sizes} (may be {GROWTH}): {said}.")


def show_statements(engine: str, rows: int, found: dict[str, Statements], console: Console) -> None:
    """Statements by step, most first."""
    table = Table(
        "step", "10 rows", f"{rows:,} rows", "", title=f"{engine}: statements", title_justify="left"
    )
    for name, each in sorted(found.items(), key=lambda pair: -pair[1].many):
        # How many steps a search takes depends on what it finds, so only its bound counts.
        verdicts = ["more with more rows"] if each.many > each.few and "search" not in name else []
        verdicts += ["too many"] if each.many > STATEMENTS else []
        table.add_row(name, str(each.few), str(each.many), ", ".join(verdicts) or "ok")
    console.print(table)


def show_import(engine: str, found: Imported, console: Console) -> None:
    """What taking the register's documents in costs."""
    verdict = "over" if found.ratio > IMPORT else "ok"
    console.print(
        f"{engine}: {found.documents:,} documents of the register in {found.seconds:.1f} s, "
        f"{found.ratio:.1f} × the bare work (may be {IMPORT:.0f}): {verdict}. "
        f"Memory {found.megabytes:.0f} MB, for four times as many {found.megabytes_of_four_times:.0f} MB."
    )
