"""A row of the access log for each request that may show something of a person, and for each that was refused.

Reading begins its row when it is let in, so that it is on its way to the disk while the page is made. Every other
answer's row is written when the answer is made. `web/logged.py` holds both back until their row stands there.
"""

from __future__ import annotations

from concurrent.futures import Future
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.types import Message, Scope

from crm.access_log.models import ActorKind, Outcome
from crm.access_log.subjects import FINDERS, company_of
from crm.access_log.writer import Entry, kept
from web.api.problems import TYPE
from web.house import House
from web.looks import UNDECIDED, Look, look_of

REFUSED = {401, 403}
# Statuses with which a form is shown again, with what stands beside it.
SHOWN_AGAIN = {409, 410, 422}
# In an address, but no part of what was asked for.
NOT_ASKED = {"efter", "foer", "cursor", "limit", "aabn", "alle", "kolonner", "fra"}


def as_actor(request: Request, kind: ActorKind, id: int | None) -> None:
    """Say who is shown this answer when it is no user who is signed in: a screen, a calendar, a panel member.

    Every guard of its own for outsiders calls this as soon as it knows who asks, also before it refuses.
    """
    request.state.actor = (kind, id)


def criterion(request: Request, words: str) -> None:
    """Say what was asked for, where the address does not."""
    request.state.criterion = words


def begin(request: Request, house: House) -> None:
    """Somebody was let in to read: have their row written while the page is made."""
    scope = request.scope
    look = look_of(scope["route"].path)
    if scope["method"] == "GET" and look is not None and look.kind not in FINDERS:
        entry = _entry(scope, house, look, Outcome.SHOWN)
        request.state.looked = house.access_log.writer.put(entry)


def row_of(scope: Scope, message: Message, house: House) -> Future[None] | None:
    """The row of an answer that is about to begin; None when it needs none.

    It may read which company the answer is about, so it is called on a thread.
    """
    path = getattr(scope.get("route"), "path", None)
    if path is None or _actor(scope) is None:
        # Nobody we know: whoever is not signed in is shown nothing but the way in.
        return None
    look = look_of(path)
    outcome = _outcome(look, message)
    looked: Future[None] | None = scope["state"].get("looked")
    if looked is not None and outcome is not Outcome.REFUSED:
        return looked
    return (
        None
        if outcome is None
        else house.access_log.writer.put(_entry(scope, house, look or UNDECIDED, outcome))
    )


def needs_thread(scope: Scope) -> bool:
    """Whether the row of this answer is still to be made, and asks the database for its company."""
    look = look_of(scope["route"].path) if hasattr(scope.get("route"), "path") else None
    return look is not None and look.kind in FINDERS and scope["state"].get("looked") is None


def _actor(scope: Scope) -> tuple[ActorKind, int | None] | None:
    state = scope.get("state", {})
    if found := state.get("actor"):
        return found  # type: ignore[no-any-return]
    user_id = state.get("user_id")
    return (ActorKind.USER, user_id) if user_id is not None else None


def _entry(scope: Scope, house: House, look: Look, outcome: Outcome) -> Entry:
    actor, params = _actor(scope) or (ActorKind.USER, None), scope.get("path_params", {})
    # A key that looks like a CPR number is no key of ours.
    key = kept(str(params[look.key])) if look.key in params else None
    return Entry(
        at=house.clock(),
        actor_kind=actor[0],
        actor_id=actor[1],
        outcome=outcome,
        route=f"{scope['method']} {scope['route'].path}",
        object_kind=look.kind,
        object_key=key[:60] if key else None,
        company=_company(house, look, key, params),
        criterion=kept(_asked(scope)) if look.asked else None,
    )


def _company(house: House, look: Look, key: str | None, params: dict[str, Any]) -> str | None:
    if "cvr" in params:
        return kept(str(params["cvr"]))
    if key is None or look.kind not in FINDERS:
        return None
    with house.database.read() as db:
        return company_of(db, look.kind, key)


def _outcome(look: Look | None, message: Message) -> Outcome | None:
    """What the answer is to the log; None when it shows nothing of anybody."""
    status = message["status"]
    if status in REFUSED:
        return Outcome.REFUSED
    if look is None or _kind(message).startswith(TYPE):
        return None
    if status in SHOWN_AGAIN or status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome.SHOWN
    # A search that leads straight to its one hit has told of it.
    return Outcome.SHOWN if look.kind == "search" and status == HTTPStatus.SEE_OTHER else None


def _kind(message: Message) -> str:
    return next(
        (value.decode("latin-1") for name, value in message["headers"] if name == b"content-type"), ""
    )


def _asked(scope: Scope) -> str | None:
    """What was asked for: as the route said, or as it stands in the address."""
    if words := scope["state"].get("criterion"):
        return str(words)
    try:
        asked = parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=50)
    except ValueError:
        return None
    return ", ".join(
        value if name == "q" else f"{name}: {value}" for name, value in asked if name not in NOT_ASKED
    )
