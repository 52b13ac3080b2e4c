"""Everything the domain refuses, with the HTTP status a door should answer with.

The messages are Danish: they are shown to people as they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DontWrapMixin


class CrmError(DontWrapMixin, Exception):
    """A refusal the user can understand. `status` is what a web door answers.

    A column type may refuse in the middle of a statement; it comes out as it is, not as a database error.
    """

    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Refused(CrmError):
    """The input breaks a rule. `field` names the input the message belongs beside."""

    status = 422

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotAllowed(CrmError):
    """The user may not do this."""

    status = 403

    def __init__(self, message: str = "Det har du ikke adgang til.") -> None:
        super().__init__(message)


class NotFound(CrmError):
    """What was asked for does not exist, or must look as if it did not."""

    status = 404

    def __init__(self, message: str = "Vi kan ikke finde det, du leder efter.") -> None:
        super().__init__(message)


class Conflict(CrmError):
    """Someone else was first, or the step is not legal from where the thing stands now."""

    status = 409


@contextmanager
def renamed(**names: str) -> Iterator[None]:
    """Let a refusal name the field as the caller's form calls it: `renamed(title="request_title")`."""
    try:
        yield
    except Refused as refusal:
        raise Refused(names.get(refusal.field, refusal.field), refusal.message) from refusal
