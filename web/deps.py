"""Who asks, whether they may, and the one session a request works in.

A writing request is authenticated inside its own transaction, so that a right lost a moment ago is lost
here too. The transaction ends, well or badly, before the answer is sent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from anyio import Semaphore, WouldBlock, fail_after
from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from crm.access.models import Scope, User
from crm.access.queries import opened_token, user_of_session
from crm.access.rights import TABLE, demand, may
from crm.access.submissions import Claim, answered, claim, release
from crm.db import Session
from crm.errors import CrmError, NotAllowed, NotFound, Refused
from web import access_log
from web.forms import Form
from web.house import House

# Seconds a visit waits for its turn before it is told that the house is busy.
PATIENCE = 15
MOST_FIELDS = 200
API = "/api/"
# Addresses that programs call: they carry a token instead of a cookie, and are answered in JSON.
FOR_PROGRAMS = (API, "/health/", "/metrics")
# What both engines can hold as a key has at most 18 digits; longer numbers in an address lead nowhere.
LONGEST_KEY = 18
# What makes a call or a form count once: visible ASCII, as the description of the API says.
KEY = re.compile("[!-~]{1,200}")
SENT_BEFORE = "Formularen er allerede gemt én gang. Tryk Gem igen, hvis du vil gemme ændringen som en ny."
BUSY_SENTENCE = "Der er travlt lige nu. Vent et øjeblik og prøv igen; det, du skrev, er ikke gået tabt."
READS_ONLY = "Nøglen må kun læse. Lav en, der også må skrive."
LOOKING = frozenset({"GET", "HEAD"})
OLD_PAGE = "Siden er for gammel eller kom et andet sted fra. Hent den igen og prøv en gang til."


class SignInNeeded(CrmError):
    """Nobody is signed in."""

    status = 401

    def __init__(self) -> None:
        super().__init__("Log ind for at fortsætte.")


class TooBusy(CrmError):
    """The turn did not come in time."""

    status = 503

    def __init__(self) -> None:
        super().__init__(BUSY_SENTENCE)


@dataclass
class Visit:
    """One request: its session, its user and its moment."""

    request: Request
    house: House
    db: Session
    me: User
    now: datetime
    form: Form = field(default_factory=Form)
    submission: Claim | None = None
    answer: dict[str, Any] | None = None
    reads: bool = False

    @property
    def today(self) -> date:
        """Which day it is in the municipality."""
        return self.house.today(self.now)

    def may(self, action: str) -> bool:
        """Whether the user may do this; for showing only what can be done."""
        return may(self.me, action)

    def finish(self) -> None:
        """The answer is made. What only read gives its connection back; what wrote is still to be committed."""
        if self.reads:
            self.db.close()


def by_program(request: Request) -> bool:
    """Whether this is an address for programs."""
    return request.url.path.startswith(FOR_PROGRAMS)


def house_of(request: Request) -> House:
    """The installation this request came to."""
    house: House = request.app.state.house
    return house


async def read_form(request: Request) -> Form:
    """The posted form, read before any session is opened, so that a slow sender holds nothing up."""
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data")
    if by_program(request) or not request.headers.get("content-type", "").startswith(kinds):
        return Form()
    return Form.posted(await request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=512 * 1024))


async def read_body(request: Request) -> bytes:
    """The raw body, for comparing repeated calls."""
    return await request.body() if request.url.path.startswith(API) else b""


def signed_in(request: Request) -> User | None:
    """Whose browser this is, looked up anew; for a page that anyone may see."""
    house = house_of(request)
    cookie = request.cookies.get(house.session_cookie, "")
    if not cookie:
        return None
    with house.database.read() as db:
        return user_of_session(db, cookie, house.clock())


def _authenticate(request: Request, house: House, db: Session, now: datetime) -> User:
    if by_program(request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        key = opened_token(db, token.strip(), now) if scheme.lower() == "bearer" else None
        if key is not None and key.scope == Scope.READ and request.method not in LOOKING:
            raise NotAllowed(READS_ONLY)
        # Plain values, since the row is forgotten when a call is refused.
        request.state.key = (key.id, key.last_used_at) if key else None
        user = key.user if key else None
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


class Guard:
    """What stands before a route: a dependency that lets in whoever may do `action`.

    A visit waits for its turn before it takes a thread, and there are as many turns as threads and
    connections: were a thread to wait for a connection, the ones who have it could be waiting for a thread.
    """

    def __init__(self, action: str) -> None:
        self.action = action
        self.roles = TABLE[action]

    def _admitted(self, request: Request, db: Session, form: Form | None) -> Visit:
        house = house_of(request)
        now = house.clock()
        visit = Visit(request, house, db, _admit(request, house, db, now, self.action), now, form or Form())
        if form is not None:
            check_csrf(request, house, form)
        return visit

    @asynccontextmanager
    async def _reads(self, request: Request, form: Form | None = None) -> AsyncIterator[Visit]:
        house = house_of(request)
        async with _turn(house.turns):
            session = ExitStack()
            db = session.enter_context(house.database.read())
            try:
                visit = await run_in_threadpool(self._admitted, request, db, form)
                visit.reads = True
                access_log.begin(request, house)
                yield visit
            finally:
                if db.in_transaction():
                    await run_in_threadpool(session.close)
                else:
                    # The answer was made, and the connection given back on the thread that made it.
                    session.close()


class Reading(Guard):
    """Reads: `Annotated[Visit, Depends(Reading("read"), scope="function")]`."""

    async def __call__(self, request: Request) -> AsyncIterator[Visit]:
        async with self._reads(request) as visit:
            yield visit


class Working(Guard):
    """For posts whose work opens transactions of its own, such as an import."""

    async def __call__(
        self, request: Request, form: Annotated[Form, Depends(read_form)]
    ) -> AsyncIterator[Visit]:
        async with self._reads(request, form) as visit:
            yield visit


class Writing(Guard):
    """Writes. What has a submission key is done once and then answered alike."""

    async def __call__(
        self,
        request: Request,
        form: Annotated[Form, Depends(read_form)],
        body: Annotated[bytes, Depends(read_body)],
    ) -> AsyncIterator[Visit]:
        house = house_of(request)
        # What was sent has been read; only now the transaction begins.
        async with _turn(house.writing_turns), _turn(house.turns):
            visit, transaction = await run_in_threadpool(self._begin, request, form, body)
            try:
                yield visit
            except BaseException as error:
                await run_in_threadpool(transaction.__exit__, type(error), error, error.__traceback__)
                raise
            await run_in_threadpool(_end, visit, transaction)

    def _begin(self, request: Request, form: Form, body: bytes) -> tuple[Visit, ExitStack]:
        with ExitStack() as transaction:
            db = transaction.enter_context(house_of(request).database.write())
            visit = self._admitted(request, db, form)
            db.info.update(actor=visit.me.email, user_id=visit.me.id)
            _claim(visit, body)
            return visit, transaction.pop_all()


def _end(visit: Visit, transaction: ExitStack) -> None:
    """Keep the answer with its key, and commit."""
    with transaction:
        if visit.submission is None:
            return
        if visit.answer is None:
            release(visit.db, visit.submission)
        else:
            answered(visit.db, visit.submission, visit.answer)


@asynccontextmanager
async def _turn(turns: Semaphore) -> AsyncIterator[None]:
    try:
        turns.acquire_nowait()
    except WouldBlock:
        await _wait(turns)
    try:
        yield
    finally:
        turns.release()


async def reading_turn(request: Request) -> AsyncIterator[None]:
    """For a page without a user that reads: it waits for its turn as every visit does."""
    async with _turn(house_of(request).turns):
        yield


async def writing_turn(request: Request, form: Annotated[Form, Depends(read_form)]) -> AsyncIterator[Form]:
    """For a page without a user that writes: the form, which was read before its turn came."""
    house = house_of(request)
    async with _turn(house.writing_turns), _turn(house.turns):
        yield form


async def _wait(turns: Semaphore) -> None:
    try:
        with fail_after(PATIENCE):
            await turns.acquire()
    except TimeoutError:
        raise TooBusy from None


def _claim(visit: Visit, body: bytes) -> None:
    """Take the submission key, or raise what was answered when it was taken before."""
    request = visit.request
    api = request.url.path.startswith(API)
    key = request.headers.get("idempotency-key") if api else visit.form.data.get("submission") or None
    if key is None:
        return
    if not KEY.fullmatch(key):
        raise Refused("Idempotency-Key" if api else "", "Nøglen skal være højst 200 tegn uden blanke og æøå.")
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
