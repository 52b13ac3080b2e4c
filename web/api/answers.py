"""How the API answers: JSON with its version as a tag, lists with a cursor, changes only to what was seen."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import Response

from crm.access import queries as users
from crm.access.models import User
from crm.errors import CrmError, NotFound, Refused
from crm.responsibility.absences.ways import Way
from web.cursors import LONGEST
from web.deps import Visit

V1 = "/api/v1"
PAGE, MOST = 50, 200
BAD_CURSOR = "Markøren kan ikke læses. Brug den, der stod i »next« i det forrige svar."
NO_TAG = "Kaldet ændrer noget og skal sige hvilken udgave: send If-Match med det ETag, du sidst fik."
OTHER_TAG = "En kollega har ændret det imens. Hent den nye udgave, og prøv igen."
NO_COLLEAGUE = "Vi kender ingen kollega med den e-mail."

Item = TypeVar("Item")
Key = TypeVar("Key")
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many items at most.")]
Cursor = Annotated[str | None, Query(max_length=LONGEST, description="`next` of the answer before.")]
# Documents the scheme; who may is decided by the visit, inside its own transaction.
BEARER = Depends(HTTPBearer(auto_error=False, description="A token from `enindgang token add`."))


class Unseen(CrmError):
    """A change that does not say which version it was made for."""

    status = 428


class Outdated(CrmError):
    """A change made for a version that is gone."""

    status = 412


class Answer(BaseModel):
    """Something of the house as programs see it, read from the object of the same shape."""

    model_config = ConfigDict(from_attributes=True)


class Colleague(Answer):
    """Someone employed by the municipality."""

    name: str
    email: str


def standing_in(way: Way) -> Colleague | None:
    """Who answers in the responsible's place today; None when they are in, and when nobody is."""
    return Colleague.model_validate(way.stand_in) if way.stand_in else None


class CompanyBrief(Answer):
    """Enough to know a company again."""

    cvr: str
    name: str
    city: str | None


class Items(BaseModel, Generic[Item]):
    """A list. `next` is the cursor of what follows, null at the end."""

    items: list[Item]
    next: str | None


class Call(APIRoute):
    """A route that reads JSON and nothing else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual one, with a word about what is not JSON at all."""
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError:
                # Said only now, so that nobody unknown learns anything.
                if await request.body() and not _is_json(request):
                    raise HTTPException(415) from None
                raise

        return handle_json


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def room(tag: str) -> APIRouter:
    """The router of one room of the API. Its operations are called by room and route: `requests_create`."""
    prefix = tag.lower().replace(" ", "_")
    return APIRouter(
        prefix=V1,
        tags=[tag],
        dependencies=[BEARER],
        route_class=Call,
        generate_unique_id_function=lambda route: f"{prefix}_{route.name}",
    )


def answer(
    visit: Visit,
    content: BaseModel,
    *,
    status: int = 200,
    version: object = None,
    location: str | None = None,
    kept: BaseModel | None = None,
) -> Response:
    """The answer; it, or `kept` in its place, is kept in case the call is sent again with the same key."""
    headers = {}
    if version is not None:
        headers["ETag"] = f'"{version}"'
    if location is not None:
        headers["Location"] = V1 + location
    body = content.model_dump_json()
    again = body if kept is None else kept.model_dump_json()
    visit.answer = {"body": again, "status": status, "headers": headers}
    visit.finish()
    return Response(body, status, headers, media_type="application/json")


def demand_seen(visit: Visit, version: object) -> None:
    """Raise unless the caller has seen this very version (RFC 9110, 13.1.1)."""
    sent = visit.request.headers.get("if-match", "").strip()
    if not sent:
        raise Unseen(NO_TAG)
    if sent != "*" and f'"{version}"' not in (tag.strip() for tag in sent.split(",")):
        raise Outdated(OTHER_TAG)


def place(cursor: str | None, read: Callable[[str], Key | None]) -> Key | None:
    """The key a cursor stands for; None at the beginning."""
    if cursor is None:
        return None
    key = read(cursor)
    if key is None:
        raise Refused("cursor", BAD_CURSOR)
    return key


def colleague(visit: Visit, email: str | None, field: str) -> User | None:
    """The active colleague with this e-mail, None when none is named; refuses others beside the field."""
    if email is None:
        return None
    found = users.find(visit.db, email)
    if found is None:
        raise Refused(field, NO_COLLEAGUE)
    if not found.is_active:
        raise Refused(field, f"{found.name} er lukket. Vælg en anden.")
    return found


@contextmanager
def beside(field: str) -> Iterator[None]:
    """What a field names and is not there is wrong in the field; the address is right."""
    try:
        yield
    except NotFound as missing:
        raise Refused(field, missing.message) from missing
