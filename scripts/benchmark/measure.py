"""Taking time: one request after another beside the yardstick, and many at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Any

from scripts.benchmark.client import Answer, Call, Client
from scripts.benchmark.server import Server

# Ten of ours, ten of the yardstick's, and so on: what disturbs the machine disturbs both alike.
TURN, WARM = 10, 2
CLIENTS = 16
# An endless supply of requests; every client has a supply of its own, by number.
Supply = Callable[[int], Iterator[Call]]


@dataclass(frozen=True)
class Target:
    """A server and what to ask it."""

    server: Server
    calls: Supply

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server.port


@dataclass(frozen=True)
class Alone:
    """What one client saw. Times are in milliseconds; those of the processor are the server's own."""

    median: float
    p99: float
    cpu: float
    yardstick: float
    yardstick_p99: float
    yardstick_cpu: float
    kilobytes: float

    @property
    def ratio(self) -> float:
        """The median as a multiple of the yardstick's."""
        return self.median / self.yardstick

    @property
    def cpu_ratio(self) -> float:
        """The processor's time as a multiple of the yardstick's: others on the machine disturb it less."""
        return self.cpu / self.yardstick_cpu if self.yardstick_cpu else 0.0


@dataclass(frozen=True)
class Together:
    """Requests a second that many clients got answered."""

    rate: float
    yardstick: float

    @property
    def ratio(self) -> float:
        """The rate as a share of the yardstick's."""
        return self.rate / self.yardstick


def percentile(values: list[float], share: float) -> float:
    """The value that this share of all values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(1, ceil(share * len(ordered))) - 1]


def alone(target: Target, yardstick: Target, requests: int) -> Alone:
    """Ask both in turns, one request at a time, after as many unmeasured ones as make both warm."""
    with _Asked(target) as ours, _Asked(yardstick) as theirs:
        for _ in range(WARM):
            theirs.turn(TURN, keep=False)
            ours.turn(TURN, keep=False)
        while (missing := requests - len(ours.answers)) > 0:
            theirs.turn(min(TURN, missing))
            ours.turn(min(TURN, missing))
    kilobytes = median(len(each.body) for each in ours.answers) / 1024
    return Alone(*ours.figures(), *theirs.figures(), kilobytes)


class _Asked:
    """One side of the measurement: its answers so far, and the processor's time for them."""

    def __init__(self, target: Target) -> None:
        self.server, self.calls = target.server, target.calls(0)
        self.client = Client(target.port)
        self.answers: list[Answer] = []
        self.cpu = 0.0

    def __enter__(self) -> _Asked:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def turn(self, number: int, *, keep: bool = True) -> None:
        """Ask so many times."""
        before = self.server.cpu()
        answers = [self.client.send(next(self.calls)) for _ in range(number)]
        if keep:
            self.cpu += self.server.cpu() - before
            self.answers += answers

    def figures(self) -> tuple[float, float, float]:
        """Median, 99th percentile and processor time, in milliseconds."""
        times = [1000 * each.seconds for each in self.answers]
        return median(times), percentile(times, 0.99), 1000 * self.cpu / len(times)


def together(target: Target, yardstick: Target, seconds: float) -> Together:
    """Let many clients ask at once, first the yardstick and then the target, twice."""
    half = seconds / 2
    theirs, ours = [], []
    for _ in range(2):
        theirs.append(_rate(yardstick, half))
        ours.append(_rate(target, half))
    return Together(sum(ours) / 2, sum(theirs) / 2)


def _rate(target: Target, seconds: float) -> float:
    clients = [_Asking(target, number) for number in range(1, CLIENTS + 1)]
    began = time.perf_counter()
    deadline = began + seconds
    for each in clients:
        each.deadline = deadline
        each.start()
    for each in clients:
        each.join()
    if failed := next((each.failure for each in clients if each.failure), None):
        raise failed
    return sum(each.answered for each in clients) / (time.perf_counter() - began)


class _Asking(threading.Thread):
    """One of many clients. It asks until the time is up."""

    def __init__(self, target: Target, number: int) -> None:
        super().__init__(daemon=True)
        self.target, self.number = target, number
        self.deadline = 0.0
        self.answered = 0
        self.failure: Exception | None = None

    def run(self) -> None:
        """Ask, and keep what went wrong for the one who waits."""
        try:
            self._ask()
        except Exception as failure:  # It is raised again in the thread that waits.
            self.failure = failure

    def _ask(self) -> Any:
        calls = self.target.calls(self.number)
        with Client(self.target.port) as client:
            while time.perf_counter() < self.deadline:
                client.send(next(calls))
                self.answered += 1
