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

# Ten of ours, ten of the yardstick's, and so on: what disturbs the machine disturbs both alike.
TURN = 10
CLIENTS = 16
# An endless supply of requests; every client has a supply of its own, by number.
Supply = Callable[[int], Iterator[Call]]


@dataclass(frozen=True)
class Target:
    """A server's port and what to ask it."""

    port: int
    calls: Supply


@dataclass(frozen=True)
class Alone:
    """What one client saw. Times are in milliseconds."""

    median: float
    p99: float
    yardstick: float
    yardstick_p99: float
    kilobytes: float

    @property
    def ratio(self) -> float:
        """The median as a multiple of the yardstick's."""
        return self.median / self.yardstick


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
    with Client(target.port) as ours, Client(yardstick.port) as theirs:
        calls, other_calls = target.calls(0), yardstick.calls(0)
        for _ in range(2):
            _turn(theirs, other_calls, TURN)
            _turn(ours, calls, TURN)
        answers: list[Answer] = []
        other: list[Answer] = []
        while len(answers) < requests:
            number = min(TURN, requests - len(answers))
            other += _turn(theirs, other_calls, number)
            answers += _turn(ours, calls, number)
    return Alone(
        *_middle_and_end(answers),
        *_middle_and_end(other),
        kilobytes=median(len(each.body) for each in answers) / 1024,
    )


def _turn(client: Client, calls: Iterator[Call], number: int) -> list[Answer]:
    return [client.send(next(calls)) for _ in range(number)]


def _middle_and_end(answers: list[Answer]) -> tuple[float, float]:
    times = [1000 * each.seconds for each in answers]
    return median(times), percentile(times, 0.99)


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
