"""No answer that may tell of a person leaves the house before its row of the access log stands on the disk.

When the row cannot be written, the answer is thrown away and the reader is told to try again: no log, no page
(docs/decisions/0027-access-log.md).
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm.access_log.writer import Unwritten
from web.access_log import needs_thread, row_of
from web.api.problems import problem
from web.house import House
from web.middleware import LOG
from web.panel import doors as panel
from web.render import public_page

# Seconds an answer waits for its row. On SQLite another process may be writing.
PATIENCE = 10.0
UNLOGGED = (
    "Siden kan ikke vises lige nu, fordi det ikke kan skrives i adgangsloggen, at den bliver set. "
    "Prøv igen om lidt; sker det igen, så sig det til jeres it-afdeling."
)


class KeepAccessLog:
    """Holds an answer back until its row stands on the disk."""

    def __init__(self, app: ASGIApp, *, house: House) -> None:
        self.app, self.house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        thrown_away = False

        async def send_when_logged(message: Message) -> None:
            nonlocal thrown_away
            if thrown_away:
                return
            if message["type"] == "http.response.start" and not await self._logged(scope, message):
                thrown_away = True
                await self._unlogged(scope)(scope, receive, send)
                return
            await send(message)

        await self.app(scope, receive, send_when_logged)

    async def _logged(self, scope: Scope, message: Message) -> bool:
        """Whether the answer may go out: it needs no row, or its row is written."""
        try:
            async with asyncio.timeout(PATIENCE):
                if needs_thread(scope):
                    row = await run_in_threadpool(row_of, scope, message, self.house)
                else:
                    row = row_of(scope, message, self.house)
                if row is not None:
                    await asyncio.wrap_future(row)
        # Whatever kept it from being written, nothing may be shown.
        except Exception as error:
            said = error.why if isinstance(error, Unwritten) else ""
            LOG.error("access log", error=type(error).__name__, said=said[:300])
            return False
        return True

    def _unlogged(self, scope: Scope) -> Response:
        status, again = HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "5"}
        if scope["path"].startswith("/api/"):
            return problem(status, UNLOGGED, headers=again)
        request = Request(scope)
        page = (
            panel.error_page(request, int(status), UNLOGGED)
            if panel.is_here(request)
            else public_page(
                self.house, request, "error.html", status=status, code=int(status), message=UNLOGGED
            )
        )
        page.headers.update(again)
        return page
