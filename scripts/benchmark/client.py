"""A keep-alive client that costs next to nothing, so that what is measured is the server."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
SECONDS = 60


class WrongAnswer(Exception):
    """The server answered something else than a measurement of it would mean."""


@dataclass(frozen=True)
class Call:
    """One request and the status it must be answered with."""

    path: str
    status: int = 200
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def form(cls, path: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Call:
        """A posted form, answered with a redirect."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return cls(path, 303, "POST", {**headers, **kind}, urlencode(fields).encode())

    def written(self, port: int) -> bytes:
        """The request as it goes over the wire."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body or self.method == "POST":
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "\r\n"]).encode() + self.body


@dataclass(frozen=True)
class Answer:
    """What came back, and how long the client waited for the last byte of it."""

    status: int
    head: bytes
    body: bytes
    seconds: float


class Client:
    """One connection, kept open."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def send(self, call: Call) -> Answer:
        """The answer to a call; raises WrongAnswer when it is another one than expected."""
        written = call.written(self.port)
        began = time.perf_counter()
        self._socket.sendall(written)
        head, body = self._read()
        answer = Answer(int(head[9:12]), head, body, time.perf_counter() - began)
        if answer.status != call.status:
            shown = body[:300].decode(errors="replace")
            raise WrongAnswer(f"{call.method} {call.path} was answered {answer.status}: {shown}")
        return answer

    def _read(self) -> tuple[bytes, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, body = received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        missing = (int(length[1]) if length else 0) - len(body)
        parts = [body]
        while missing > 0:
            parts.append(self._receive())
            missing -= len(parts[-1])
        return head, b"".join(parts)

    def _receive(self) -> bytes:
        part = self._socket.recv(65536)
        if not part:
            raise WrongAnswer("The server closed the connection in the middle of an answer.")
        return part
