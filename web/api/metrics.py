"""How many calls and how long they take, as Prometheus reads it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.process_collector import ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Read by prometheus-client when it is imported, which the workers do after this is set.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The figures of one application.

    With several workers the figures of all are added up in the folder they share.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "enindgang_request_seconds",
            "Seconds from a request to its answer, by route.",
            ("method", "route", "status"),
            registry=self._registry,
            buckets=BUCKETS,
        )
        if not _shared():
            ProcessCollector(registry=self._registry)

    def count(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Note one request."""
        self._requests.labels(method if method in METHODS else "other", route, str(status)).observe(seconds)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        if not _shared():
            return generate_latest(self._registry)
        added_up = CollectorRegistry()
        MultiProcessCollector(added_up)  # type: ignore[no-untyped-call]
        return generate_latest(added_up)


def _shared() -> bool:
    return FOLDER in os.environ


@contextmanager
def shared_by(workers: int) -> Iterator[None]:
    """Give several workers a folder to add up their figures in, as long as they run."""
    if workers == 1 or _shared():
        yield
        return
    with TemporaryDirectory(prefix="enindgang-figures-") as folder:
        os.environ[FOLDER] = folder
        yield


class Measure:
    """Counts every request under its route's pattern, never under its address."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            route = getattr(scope.get("route"), "path", "(none)")
            seconds = time.perf_counter() - began
            self.metrics.count(method=scope["method"], route=route, status=status, seconds=seconds)
