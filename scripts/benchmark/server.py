"""The servers that are measured, each a process of its own with one worker on loopback."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmark.client import Call, Client, WrongAnswer
from scripts.setup import ENINDGANG
from scripts.steps import ROOT, answer

START_SECONDS = 60
STOP_SECONDS = 30


@dataclass
class Server:
    """A server that answers: where, as which process, and how long it took to its first answer."""

    port: int
    pid: int
    start_seconds: float

    def cpu(self) -> float:
        """The seconds of processor time it has used so far; 0 where the system does not tell."""
        try:
            # The kernel's own number of a process's clock; Python names only those of threads.
            return time.clock_gettime((~self.pid << 3) | 2)
        except (AttributeError, OSError):
            return 0.0

    def memory(self) -> float:
        """The megabytes of memory it holds now."""
        return int((answer("ps", "-o", "rss=", "-p", str(self.pid)) or "0").strip()) / 1024


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def house(url: str, folder: Path) -> Iterator[Server]:
    """The real thing: `enindgang serve` as anyone would start it. Its log goes into the folder."""
    port = free_port()
    environment = {
        "ENINDGANG_DATABASE_URL": url,
        "ENINDGANG_DATA_DIR": str(folder),
        "ENINDGANG_BASE_URL": f"http://127.0.0.1:{port}",
    }
    command = [str(ENINDGANG), "serve", "--port", str(port)]
    with _served(command, port, Call("/log-ind"), folder / "house.log", environment) as server:
        yield server


@contextlib.contextmanager
def yardstick(url: str, folder: Path) -> Iterator[Server]:
    """The yardstick beside it."""
    port = free_port()
    command = [sys.executable, "-m", "scripts.benchmark.yardstick", url, str(port)]
    with _served(command, port, Call("/items/1"), folder / "yardstick.log", {}) as server:
        yield server


@contextlib.contextmanager
def _served(
    command: Sequence[str], port: int, first: Call, log: Path, environment: dict[str, str]
) -> Iterator[Server]:
    # Nothing that happens to be set for another installation may reach this one.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ENINDGANG_")}
    began = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=inherited | environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, port, first, log)
        yield Server(port, process.pid, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, first: Call, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with Client(port) as client:
                client.send(first)
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise WrongAnswer(f"The server did not start:\n{log.read_text()[-2000:]}")
