"""What holds for every answer and every request, whichever room it belongs to."""

from __future__ import annotations

import re
import secrets
import sys
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.api.problems import problem

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
# Pages that a link from a mail opens: the address is a secret, and nothing of it may be told on.
BY_LINK = "/svar/"
BY_LINK_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive"}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BODY = 1024 * 1024
IMPORT_BODY = 64 * 1024 * 1024
# Where files are taken in.
FILES = ("/import", "/fravaer/kalender")
DOCUMENTS = re.compile(r"/aftaler/[0-9]+/dokumenter|/dokumenter/[0-9]+/version")
LOG = structlog.wrap_logger(
    structlog.PrintLogger(sys.stderr), processors=[structlog.processors.JSONRenderer(ensure_ascii=False)]
)


class Protect:
    """Security headers, a limit on bodies, and no writing from other sites."""

    def __init__(self, app: ASGIApp, *, secure: bool, host: str) -> None:
        self.app = app
        self.secure = secure
        self.host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._headers(scope, MutableHeaders(scope=message))
            await send(message)

        headers = Headers(scope=scope)
        if scope["method"] not in SAFE and not self._from_here(scope, headers):
            await _refusal(scope, 403, "Kald fra et andet sted er ikke tilladt.")(
                scope, receive, send_with_headers
            )
            return
        limit = IMPORT_BODY if _takes_files(scope["path"]) else BODY
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            await _refusal(scope, 413, "Det sendte er for stort.")(scope, receive, send_with_headers)
            return
        await self.app(scope, _limited(receive, limit), send_with_headers)

    def _headers(self, scope: Scope, headers: MutableHeaders) -> None:
        if scope["path"].startswith(BY_LINK):
            headers.update(BY_LINK_HEADERS)
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if self.secure:
            headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        kept = scope["path"].startswith("/static/") and b"v=" in scope["query_string"]
        headers.setdefault("Cache-Control", "public, max-age=31536000, immutable" if kept else "no-store")

    def _from_here(self, scope: Scope, headers: Headers) -> bool:
        """Whether a writing request comes from our own pages. Bearer tokens are never sent by browsers."""
        if scope["path"].startswith("/api/"):
            return True
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        origin = headers.get("origin")
        if origin == "null" and scope["path"].startswith(BY_LINK):
            # So says a browser that is told to send no referrer. Its form carries what only our page has.
            return True
        return origin is None or urlsplit(origin).netloc in {self.host, headers.get("host", "")}


def _takes_files(path: str) -> bool:
    return path.startswith(FILES) or DOCUMENTS.fullmatch(path) is not None


def _refusal(scope: Scope, status: int, message: str) -> Response:
    """As a sentence to people, as a problem to programs."""
    if scope["path"].startswith("/api/"):
        return problem(status, message)
    return PlainTextResponse(message, status)


def _limited(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            # A body without a stated length that never ends: whoever reads it says so.
            raise HTTPException(413)
        return message

    return counted


class Head:
    """HEAD is GET without the body. The routes know GET only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        inner = {**scope, "method": "GET"}
        try:
            await self.app(inner, receive, send_head)
        finally:
            # The layers outside ask which route it was.
            scope.update({**inner, "method": "HEAD"})


class AccessLog:
    """One line a request: who did what, and how long it took. Never what was searched for or typed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self.app(scope, receive, send)
            return
        began, status, number = time.perf_counter(), 500, secrets.token_hex(4)
        # An error tells its number and nothing else; here it is found again.
        scope.setdefault("state", {})["number"] = number

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            route = scope.get("route")
            LOG.info(
                "request",
                at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                method=scope["method"],
                # The pattern and not the address: a number called is nobody's business in a log.
                route=getattr(route, "path", "(none)"),
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 1),
                user=scope["state"].get("user_id"),
                number=number,
            )
