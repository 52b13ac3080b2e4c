"""A bar on the console for work that takes a while; nothing where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from crm.jobs.catalogue import Kind

Tell = Callable[[int, int | None], bool]


@contextmanager
def bars() -> Iterator[Callable[[Kind], Tell]]:
    """Gives what shows a job's progress. A bar appears when a job first says how many steps it has."""
    if not sys.stderr.isatty():
        yield lambda _kind: _unseen
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:

        def show(kind: Kind) -> Tell:
            task: TaskID | None = None

            def tell(done: int, steps: int | None) -> bool:
                nonlocal task
                if steps is not None:
                    task = shown.add_task(kind.title, total=steps) if task is None else task
                    shown.update(task, completed=done, total=steps, visible=done < steps)
                return True

            return tell

        yield show


def _unseen(_done: int, _steps: int | None) -> bool:
    return True
