"""What is sent twice is done once: a double click, a retry, a page sent again with the back button."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, and_, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from crm.access.models import Submission, User
from crm.errors import Refused

_table = cast("Table", Submission.__table__)
_ours = and_(_table.c.user_id == bindparam("by"), _table.c.key == bindparam("claimed"))
# Ready beforehand, and of the table: every form that is sent comes through here.
_CLAIM = {
    "postgresql": postgresql.insert(_table).on_conflict_do_nothing().returning(_table.c.key),
    "sqlite": sqlite.insert(_table).on_conflict_do_nothing().returning(_table.c.key),
}
_ANSWERED = update(_table).where(_ours).values(answer=bindparam("said"))
_RELEASE = delete(_table).where(_ours)


class Repeated(Exception):  # It is an answer, not an error.
    """The same submission came again: here is what it was answered."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__("repeated")
        self.answer = answer


class Claim(NamedTuple):
    """A key that is the caller's, until it is answered or released."""

    user_id: int
    key: str


def claim(db: Session, *, by: User, key: str, route: str, digest: str, now: datetime) -> Claim | None:
    """Take a key for this content, waiting for whoever holds it.

    Raises Repeated when the same content was answered before; None when the key stands for other content.
    """
    if not key.isprintable():
        raise Refused("", "Nøglen har tegn, der ikke kan gemmes.")
    values = {"user_id": by.id, "key": key, "route": route, "digest": digest, "answer": {}, "created_at": now}
    # Of two clicks at once on PostgreSQL the second waits here until the first has been committed.
    if db.execute(_CLAIM[db.get_bind().dialect.name], values).first():
        return Claim(by.id, key)
    found = db.get_one(Submission, (by.id, key))
    if (found.route, found.digest) == (route, digest) and found.answer:
        raise Repeated(found.answer)
    return None


def answered(db: Session, mine: Claim, answer: dict[str, Any]) -> None:
    """Keep what was answered, for whoever sends the same again."""
    db.execute(_ANSWERED, {"by": mine.user_id, "claimed": mine.key, "said": answer})


def release(db: Session, mine: Claim) -> None:
    """Nothing came of it: the key is free again."""
    db.execute(_RELEASE, {"by": mine.user_id, "claimed": mine.key})
