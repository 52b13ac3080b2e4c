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

from crm.access.models import Submission, User
from crm.access.queries import user_of_session, user_of_token
from crm.access.rights import TABLE, demand, may
from crm.access.submissions import claim, release
from crm.db import Session
from crm.errors import CrmError, NotAllowed, NotFound, Refused
from web.forms import Form
from web.house import House

# Writers wait for each other without holding a thread; the rest of the threads go on reading.
WRITERS = 4
MOST_FIELDS = 200
API = "/api/"
# Addresses that programs call: they carry a token instead of a cookie, and are answered in JSON.
FOR_PROGRAMS = (API, "/health/", "/metrics")
# What both engines can hold as a key has at most 18 digits; longer numbers in an address lead nowhere.
LONGEST_KEY = 18
SENT_BEFORE = "Formularen er allerede gemt én gang. Tryk Gem igen, hvis du vil gemme ændringen som en ny."
OLD_PAGE = "Siden er for gammel eller kom et andet sted fra. Hent den igen og prøv en gang til."


class SignInNeeded(CrmError):
    """Nobody is signed in."""

    status = 401

    def __init__(self) -> None:
        super().__init__("Log ind for at fortsætte.")


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


def by_program(request: Request) -> bool:
    """Whether this is an address for programs."""
    return request.url.path.startswith(FOR_PROGRAMS)


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
    if by_program(request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        user = user_of_token(db, token.strip(), now) if scheme.lower() == "bearer" else None
    else:
        cookie = request.cookies.get(house.session_cookie, "")
        user = user_of_session(db, cookie, now) if cookie else None
    if user is None:
        raise SignInNeeded
    request.state.user_id = user.id
    return user


def _admit(request: Request, house: House, db: Session, now: datetime, action: str) -> User:
    """Who asks, if they may. Only then it matters that a number too long to be a key leads nowhere."""
    me = _authenticate(request, house, db, now)
    demand(me, action)
    if any(sum(map(str.isdecimal, str(value))) > LONGEST_KEY for value in request.path_params.values()):
        raise NotFound
    return me


def csrf_token(request: Request, house: House) -> str:
    """Ties a form to this browser's log-in (or, before it, to its visit)."""
    cookie = request.cookies.get(house.session_cookie) or request.cookies.get("visitor", "")
    return house.sign("csrf", cookie)


def check_csrf(request: Request, house: House, form: Form) -> None:
    """Refuse a form that was not made for this browser. The API carries no cookies and needs none."""
    if request.url.path.startswith(API):
        return
    cookie = request.cookies.get(house.session_cookie) or request.cookies.get("visitor", "")
    if not house.signed(form.data.get("csrf", ""), "csrf", cookie):
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
            me = _admit(request, house, db, now, self.action)
            yield Visit(request, house, db, me, now)


class Working:
    """A dependency for posts whose work opens transactions of its own, such as an import."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.roles = TABLE[action]

    def __call__(
        self,
        request: Request,
        house: Annotated[House, Depends(house_of)],
        form: Annotated[Form, Depends(read_form)],
    ) -> Iterator[Visit]:
        now = house.clock()
        with house.database.read() as db:
            me = _admit(request, house, db, now, self.action)
            check_csrf(request, house, form)
            yield Visit(request, house, db, me, now, form)


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
        me = _admit(request, house, db, now, self.action)
        check_csrf(request, house, form)
        db.info.update(actor=me.email, user_id=me.id)
        visit = Visit(request, house, db, me, now, form)
        _claim(visit, body)
        yield visit
        if visit.submission is None:
            return
        if visit.answer is None:
            release(db, visit.submission)
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
    fields = sorted(item for item in visit.form.data.items() if item[0] not in {"csrf", "submission"})
    digest = hashlib.sha256(body or repr(fields).encode()).hexdigest()
    route = f"{request.method} {request.url.path}"
    visit.submission = claim(visit.db, by=visit.me, key=key, route=route, digest=digest, now=visit.now)
    if visit.submission is None and api:
        raise Refused("Idempotency-Key", "Nøglen er allerede brugt til et andet kald.")
    if visit.submission is None:
        visit.form.refuse("", SENT_BEFORE)


def reading(action: str = "read") -> Any:
    """Depends on a reading visit by someone who may do `action`."""
    return Depends(Reading(action), scope="function")


def writing(action: str) -> Any:
    """Depends on a writing visit by someone who may do `action`."""
    return Depends(Writing(action), scope="function")


def working(action: str) -> Any:
    """Depends on a visit by someone who may do `action`, which writes in transactions of its own."""
    return Depends(Working(action), scope="function")
