"""The command line as a process of its own, as a shell starts it.

Python needs a second to read the whole program in, and the tests call it more than a hundred times. So a server that
has read it in, and nothing more, forks one process for each call.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.steps import ROOT

SECONDS = 120
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["scripts.cli"])


@dataclass(frozen=True)
class Ended:
    """How a call ended, and what it said."""

    returncode: int | None
    stdout: str
    stderr: str


def call(arguments: Sequence[str], environment: Mapping[str, str], typed: str = "") -> Ended:
    """Run `enindgang` with these arguments and this environment; `typed` is what stands on its stdin."""
    with TemporaryDirectory() as folder:
        pipes = [Path(folder, name) for name in ("stdin", "stdout", "stderr")]
        for pipe in pipes:
            pipe.write_text(typed if pipe.name == "stdin" else "", encoding="utf-8")
        process = _processes.Process(target=_run, args=(list(arguments), dict(environment), pipes))
        process.start()
        process.join(SECONDS)
        if process.is_alive():
            process.kill()
            raise TimeoutError(f"{arguments} did not end.")
        return Ended(process.exitcode, *(pipe.read_text(encoding="utf-8") for pipe in pipes[1:]))


def _run(arguments: list[str], environment: dict[str, str], pipes: list[Path]) -> None:
    for number, pipe in enumerate(pipes):
        os.dup2(os.open(pipe, os.O_RDWR), number)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["enindgang", *arguments]
    from scripts.cli import main

    main()
