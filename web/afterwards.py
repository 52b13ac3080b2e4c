"""What is left to do when a visit is answered: a program's last use of its key, and settings that were changed."""

from __future__ import annotations

from contextlib import suppress

from anyio import WouldBlock
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from crm.access import tokens
from crm.db import BUSY
from web.house import House


class Afterwards:
    """Notes a key's last use, at most once an hour: no call waits for it, no reading call writes. Reads new settings.

    Where somebody is writing at this moment it is left for the next call.
    """

    def __init__(self, app: ASGIApp, house: House) -> None:
        self.app = app
        self.house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await self.app(scope, receive, send)
        if scope.get("state", {}).get("settings_changed"):
            await run_in_threadpool(self.house.read_settings)
        key = scope.get("state", {}).get("key")
        if key and tokens.is_stale(key[1], self.house.clock()):
            with suppress(WouldBlock):
                self.house.writing_turns.acquire_nowait()
                try:
                    await run_in_threadpool(self._note, key[0])
                finally:
                    self.house.writing_turns.release()

    def _note(self, id: int) -> None:
        with suppress(*BUSY), self.house.database.write() as db:
            tokens.used(db, id=id, now=self.house.clock())
