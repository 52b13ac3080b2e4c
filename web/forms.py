"""What was typed, what was wrong with it, and the values it stands for.

A form never raises: a value that cannot be read becomes a Danish sentence beside its field, and
everything typed stays. `act` runs the change inside a savepoint, so that a refusal leaves nothing behind.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData, UploadFile

from crm import danish
from crm.db import Session
from crm.errors import CrmError, Refused
from crm.interactions.repeating import Repeat, repeat_of

T = TypeVar("T")
UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
UNSHOWABLE_SENTENCE = "Teksten har tegn, der ikke kan gemmes. Slet dem og prøv igen."


def new_key() -> str:
    """A key that makes a form count once, however often it is sent."""
    return secrets.token_urlsafe(16)


def read_repeat(form: Form, prefix: str) -> Repeat | None:
    """How something repeats, from a number and a unit. A unit alone is every one of them."""
    every, unit = form.number(f"{prefix}_every"), form.text(f"{prefix}_unit")
    try:
        return repeat_of(1 if unit and every is None else every, unit, f"{prefix}_every")
    except Refused as refusal:
        form.refuse(refusal.field, refusal.message)
        return None


@dataclass
class Form:
    """The fields of a form as text, and the errors by field ("" for the form as a whole)."""

    data: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    files: dict[str, UploadFile] = field(default_factory=dict)
    submission: str = field(default_factory=new_key)
    status: int = 422

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Form:
        """A form filled in beforehand."""
        return cls({key: "" if value is None else str(value) for key, value in values.items()})

    @classmethod
    def posted(cls, posted: FormData) -> Form:
        """What came with a request. Keys sent twice keep the last value.

        Signs that no page can show are refused here and shown as what they are: not readable.
        """
        data = {key: value for key, value in posted.items() if isinstance(value, str)}
        files = {
            key: value for key, value in posted.items() if isinstance(value, UploadFile) and value.filename
        }
        readable = {key: UNSHOWABLE.sub("\ufffd", value) for key, value in data.items()}
        errors = {key: UNSHOWABLE_SENTENCE for key in data if data[key] != readable[key]}
        return cls(readable, errors, files)

    def refuse(self, name: str, message: str) -> None:
        """Say what is wrong beside a field; the first sentence stands."""
        self.errors.setdefault(name, message)

    def text(self, name: str) -> str | None:
        """The text without outer blanks; None when empty."""
        return self.data.get(name, "").strip() or None

    def given(self, *names: str) -> dict[str, str | None]:
        """Several texts by name."""
        return {name: self.text(name) for name in names}

    def number(self, name: str, label: str = "Skriv et helt tal.") -> int | None:
        """A whole number; thousands may be written with a dot."""
        value = (self.text(name) or "").replace(".", "").replace(" ", "")
        if not value:
            return None
        if not value.isdecimal() or len(value) > 9:
            self.refuse(name, label)
            return None
        return int(value)

    def choice(self, name: str, choices: Collection[str], message: str = "Vælg fra listen.") -> str | None:
        """One of these, or nothing."""
        value = self.text(name)
        if value is not None and value not in choices:
            self.refuse(name, message)
            return None
        return value

    def day(self, name: str, today: date) -> date | None:
        """A date in any way Danes write it."""
        if (value := self.text(name)) is None:
            return None
        return self._read(name, lambda: danish.parse_day(value, today, name))

    def clock(self, name: str) -> int | None:
        """A time of day, as minutes after midnight."""
        if (value := self.text(name)) is None:
            return None
        found = danish.parse_clock(value)
        if found is None:
            self.refuse(name, danish.TIME_SENTENCE)
            return None
        return found.hour * 60 + found.minute

    def moment(self, day: str, clock: str, now: datetime, zone: ZoneInfo) -> datetime | None:
        """A moment from a day field and a time field; None when both are empty."""
        if not self.text(day) and not self.text(clock):
            return None
        return self._read(
            day, lambda: danish.parse_moment(self.data.get(day, ""), self.data.get(clock, ""), now, zone, day)
        )

    def _read(self, name: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except Refused as refusal:
            self.refuse(refusal.field or name, refusal.message)
            return None

    def act(self, db: Session, change: Callable[[], T]) -> T | None:
        """Make the change unless something typed cannot be read; None when it was refused."""
        if self.errors:
            return None
        try:
            with db.begin_nested() as attempt:
                made = change()
                if self.errors:  # Something typed turned out to be unreadable on the way.
                    attempt.rollback()
                    return None
                return made
        except Refused as refusal:
            self.refuse(refusal.field, refusal.message)
        except CrmError as refusal:
            self.status = refusal.status
            self.refuse("", refusal.message)
        return None
