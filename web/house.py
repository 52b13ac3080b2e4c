"""What every request needs to know of the installation. Settings chosen on a page follow within seconds."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

from anyio import Semaphore

from crm.access.queries import is_demo
from crm.access_log.store import AccessLog, log_of
from crm.choices.queries import current
from crm.db import NOT_READY, Database
from crm.requests.clock import WorkingHours
from crm.settings import Settings
from web.oidc import Client

STATIC = Path(__file__).parent / "static"
# Seconds for which other workers may not have heard of what a manager has set up.
WHILE = 10.0
# Seconds between two looks at what was chosen on a page.
LOOK = 2.0
T = TypeVar("T")


def utc_now() -> datetime:
    """The clock of the house."""
    return datetime.now(UTC)


@dataclass
class House:
    """Settings, database, working hours, keys and the clock."""

    base: Settings
    database: Database
    clock: Callable[[], datetime] = utc_now
    settings: Settings = field(init=False)
    _digests: dict[str, str] = field(default_factory=dict)
    _kept: dict[str, tuple[float, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings = self._found = self.base
        self.hours = WorkingHours.of(self.base)
        self.read_settings()

    def read_settings(self) -> None:
        """What was chosen on a page since the last time; a database that is not there leaves all as it was."""
        with suppress(*NOT_READY), self.database.read() as db:
            found = current(db, self.base)
            if found != self._found:
                self.settings, self.hours, self._found = found, WorkingHours.of(found), found

    @cached_property
    def key(self) -> bytes:
        """Signs CSRF tokens and messages to the next page."""
        return self.base.key()

    @cached_property
    def access_log(self) -> AccessLog:
        """Who looked at what; closed with the database."""
        return log_of(self.database)

    @cached_property
    def staff_provider(self) -> Client | None:
        """Who vouches for staff, if the municipality has set that up."""
        provider = self.settings.staff_provider
        return Client(provider, self.clock) if provider else None

    @cached_property
    def panel_provider(self) -> Client | None:
        """Who vouches for members of the company panel, if that is set up."""
        provider = self.settings.panel_provider
        return Client(provider, self.clock) if provider else None

    @cached_property
    def demo(self) -> bool:
        """Whether every page must say that the data are invented."""
        with self.database.read() as db:
            return is_demo(db)

    @cached_property
    def turns(self) -> Semaphore:
        """As many visits at once as there are threads to work in and connections to read by."""
        return Semaphore(self.settings.threads)

    @cached_property
    def writing_turns(self) -> Semaphore:
        """How many of them may write. SQLite has one writer, so the others wait here and not on a thread."""
        return Semaphore(1 if self.database.dialect == "sqlite" else max(1, self.settings.threads // 2))

    @property
    def secure(self) -> bool:
        """Whether users come by https."""
        return self.settings.base_url.startswith("https:")

    @property
    def session_cookie(self) -> str:
        """The name of the log-in cookie. The prefix makes browsers refuse it without https."""
        return "__Host-session" if self.secure else "session"

    def today(self, now: datetime) -> date:
        """Which day it is in the municipality."""
        return now.astimezone(self.settings.zone).date()

    def sign(self, *parts: str) -> str:
        """A signature of these parts that only this house can make."""
        return hmac.new(self.key, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()

    def signed(self, signature: str, *parts: str) -> bool:
        """Whether the signature is ours."""
        return hmac.compare_digest(signature.encode(), self.sign(*parts).encode())

    def kept(self, name: str, read: Callable[[], T]) -> T:
        """What every page needs and a manager seldom changes: read anew when it is some seconds old."""
        at, kept = self._kept.get(name, (0.0, None))
        if kept is not None and time.monotonic() - at < WHILE:
            return cast("T", kept)
        found = read()
        self._kept[name] = (time.monotonic(), found)
        return found

    def forget(self, name: str) -> None:
        """Have it read anew at once, since it was just changed here."""
        self._kept.pop(name, None)

    def static(self, path: str) -> str:
        """The address of a static file, with a digest so that browsers may keep it for ever."""
        if path not in self._digests:
            self._digests[path] = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
        return f"/static/{path}?v={self._digests[path]}"
