"""What is sent twice is done once: a double click, a retry, a page sent again with the back button."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm.access.models import Submission, User
from crm.errors import Refused


class Repeated(Exception):  # It is an answer, not an error.
    """The same submission came again: here is what it was answered."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__("repeated")
        self.answer = answer


def claim(db: Session, *, by: User, key: str, route: str, digest: str, now: datetime) -> Submission | None:
    """Take a key for this content, waiting for whoever holds it.

    Raises Repeated when the same content was answered before; None when the key stands for other content.
    """
    if not key.isprintable():
        raise Refused("", "Nøglen har tegn, der ikke kan gemmes.")
    found = db.get(Submission, (by.id, key))
    if found is None:
        mine = Submission(user_id=by.id, key=key, route=route, digest=digest, answer={}, created_at=now)
        try:
            with db.begin_nested():
                db.add(mine)
                db.flush()
        except IntegrityError:
            # Two clicks at once on PostgreSQL: the other one has just been committed.
            found = db.get_one(Submission, (by.id, key))
        else:
            return mine
    if (found.route, found.digest) == (route, digest) and found.answer:
        raise Repeated(found.answer)
    return None


def release(db: Session, submission: Submission) -> None:
    """Nothing came of it: the key is free again."""
    ours = (Submission.user_id == submission.user_id, Submission.key == submission.key)
    db.execute(delete(Submission).where(*ours))
