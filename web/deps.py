"""Who asks, whether they may, and the one session a request works in.

A writing request is authenticated inside its own transaction, so that a right lost a moment ago is lost
here too. The transaction ends, well or badly, before the answer is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crm.access.models import Submission, User
from crm.access.queries import user_of_session, user_of_token
from crm.access.rights import TABLE, demand, may
from crm.errors import CrmError, NotAllowed, Refused
from web.forms import Form
from web.house import House

# Writers wait for each other without holding a thread; the rest of the threads go on reading.
WRITERS = 4
MOST_FIELDS = 200
API = "/api/"
SENT_BEFORE = "Formularen er allerede gemt én gang. Tryk Gem igen, hvis du vil gemme ændringen som en ny."
OLD_PAGE = "Siden er for gammel eller kom et andet sted fra. Hent den igen og prøv en gang til."


class SignInNeeded(CrmError):
    """Nobody is signed in."""

    status = 401

    def __init__(self) -> None:
        super().__init__("Log ind for at fortsætte.")


class Repeated(Exception):  # noqa: N818  # It is an answer, not an error.
    """The same submission came again: here is what it was answered."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__("repeated")
        self.answer = answer


@dataclass
class Visit:
    """One request: its session, its user and its moment."""

    request: Request
    house: House
    db: Session
    me: User
    now: datetime
    form: Form = field(default_factory=Form)
    submission: Submission | None = None
    answer: dict[str, Any] | None = None

    @property
    def today(self) -> date:
        """Which day it is in the municipality."""
        return self.house.today(self.now)

    def may(self, action: str) -> bool:
        """Whether the user may do this; for showing only what can be done."""
        return may(self.me, action)


def house_of(request: Request) -> House:
    """The installation this request came to."""
    house: House = request.app.state.house
    return house


async def read_form(request: Request) -> Form:
    """The posted form, read before any session is opened, so that a slow sender holds nothing up."""
    if not request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        return Form()
    return Form.posted(await request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=512 * 1024))


async def read_body(request: Request) -> bytes:
    """The raw body, for comparing repeated calls."""
    return await request.body() if request.url.path.startswith(API) else b""


def _authenticate(request: Request, house: House, db: Session, now: datetime) -> User:
    if request.url.path.startswith(API):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        user = user_of_token(db, token.strip(), now) if scheme.lower() == "bearer" else None
    else:
        cookie = request.cookies.get(house.session_cookie, "")
        user = user_of_session(db, cookie, now) if cookie else None
    if user is None:
        raise SignInNeeded
    request.state.user_id = user.id
    return user


def csrf_token(request: Request, house: House) -> str:
    """Ties a form to this browser's log-in (or, before it, to its visit)."""
    cookie = request.cookies.get(house.session_cookie) or request.cookies.get("visitor", "")
    return house.sign("csrf", cookie)


def check_csrf(request: Request, house: House, form: Form) -> None:
    """Refuse a form that was not made for this browser. The API carries no cookies and needs none."""
    if not request.url.path.startswith(API) and not house.signed(
        form.data.get("csrf", ""), "csrf", request.cookies.get(house.session_cookie) or request.cookies.get("visitor", "")
    ):
        raise NotAllowed(OLD_PAGE)


def _writing_session(
    house: Annotated[House, Depends(house_of)],
    form: Annotated[Form, Depends(read_form)],
    body: Annotated[bytes, Depends(read_body)],
) -> Iterator[Session]:
    del form, body  # Read first; only then does the transaction begin.
    with house.database.write() as db:
        yield db


_WRITER = Depends(_writing_session, scope="function", max_concurrency=WRITERS)


class Reading:
    """A dependency that reads: `Annotated[Visit, Depends(Reading("read"), scope="function")]`."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.roles = TABLE[action]

    def __call__(self, request: Request, house: Annotated[House, Depends(house_of)]) -> Iterator[Visit]:
        now = house.clock()
        with house.database.read() as db:
            me = _authenticate(request, house, db, now)
            demand(me, self.action)
            yield Visit(request, house, db, me, now)


class Writing:
    """A dependency that writes. What has a submission key is done once and then answered alike."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.roles = TABLE[action]

    def __call__(
        self,
        request: Request,
        house: Annotated[House, Depends(house_of)],
        form: Annotated[Form, Depends(read_form)],
        body: Annotated[bytes, Depends(read_body)],
        db: Annotated[Session, _WRITER],
    ) -> Iterator[Visit]:
        now = house.clock()
        me = _authenticate(request, house, db, now)
        demand(me, self.action)
        check_csrf(request, house, form)
        db.info.update(actor=me.email, user_id=me.id)
        visit = Visit(request, house, db, me, now, form)
        _claim(visit, body)
        yield visit
        if visit.submission is None:
            return
        if visit.answer is None:
            # Nothing came of it, so the key is free again.
            db.execute(
                delete(Submission).where(Submission.user_id == me.id, Submission.key == visit.submission.key)
            )
        else:
            visit.submission.answer = visit.answer


def _claim(visit: Visit, body: bytes) -> None:
    """Take the submission key, or raise what was answered when it was taken before."""
    request = visit.request
    api = request.url.path.startswith(API)
    key = request.headers.get("idempotency-key", "") if api else visit.form.data.get("submission", "")
    if not key:
        return
    if len(key) > 200:
        raise Refused("Idempotency-Key" if api else "", "Nøglen er for lang.")
    fields = sorted((name, value) for name, value in visit.form.data.items() if name not in {"csrf", "submission"})
    digest = hashlib.sha256(body or repr(fields).encode()).hexdigest()
    route = f"{request.method} {request.url.path}"
    mine = Submission(
        user_id=visit.me.id, key=key, route=route, digest=digest, answer={}, created_at=visit.now
    )
    found = visit.db.get(Submission, (visit.me.id, key))
    if found is None:
        try:
            with visit.db.begin_nested():
                visit.db.add(mine)
                visit.db.flush()
        except IntegrityError:
            found = visit.db.get(Submission, (visit.me.id, key))
    if found is None:
        visit.submission = mine
    elif (found.route, found.digest) == (route, digest) and found.answer:
        raise Repeated(found.answer)
    elif api:
        raise Refused("Idempotency-Key", "Nøglen er allerede brugt til et andet kald.")
    else:
        visit.form.refuse("", SENT_BEFORE)


def reading(action: str = "read") -> Any:
    """Depends on a reading visit by someone who may do `action`."""
    return Depends(Reading(action), scope="function")


def writing(action: str) -> Any:
    """Depends on a writing visit by someone who may do `action`."""
    return Depends(Writing(action), scope="function")
