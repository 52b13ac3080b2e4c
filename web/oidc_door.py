"""The browser's way to an identity provider and back: what it carries meanwhile, and that it is the same browser.

The attempt travels in an encrypted cookie that lives for some minutes, so that nothing is written for a visitor
who may never come back. What a visitor comes back with is good for once: `key_of` names it for `spend`.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import timedelta
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from fastapi import Request
from starlette.responses import RedirectResponse, Response

from crm.access.sealing import box
from web.house import House
from web.oidc import Attempt, Client, NotProven, Proof

# So long one may take at the provider.
AWAY = timedelta(minutes=10)


def cookie_name(house: House, door: str) -> str:
    """One for each door; the prefix makes browsers refuse it without https."""
    return f"{'__Host-' if house.secure else ''}{door}"


def address(house: House, path: str) -> str:
    """A path of ours as the provider must know it."""
    parts = urlsplit(house.settings.base_url)
    return f"{parts.scheme}://{parts.netloc}{path}"


def send_away(house: House, client: Client, *, door: str, back_to: str, onward: str) -> Response:
    """To the provider. `back_to` is a path of ours, `onward` where the visitor was going. Unreachable is raised."""
    url, attempt = client.begin(redirect_uri=address(house, back_to), onward=onward)
    answer = RedirectResponse(url, 303)
    sealed = box(f"oidc {door}", house.key).encrypt_at_time(json.dumps(attempt.plain()).encode(), attempt.at)
    answer.set_cookie(
        cookie_name(house, door), sealed.decode(), max_age=int(AWAY.total_seconds()), httponly=True,
        # Lax goes along when the provider sends the browser back, and with no form from elsewhere.
        samesite="lax", secure=house.secure,
    )  # fmt: skip
    return answer


def came_back(
    house: House, request: Request, client: Client, *, door: str, back_to: str, wanted: Collection[str] = ()
) -> tuple[Proof, Attempt]:
    """Who came back, in the browser that was sent away. NotProven and Unreachable are raised."""
    attempt = _attempt(house, request, door)
    if len(request.query_params.multi_items()) != len(request.query_params):
        raise NotProven("the answer says something twice")
    proof = client.finish(
        dict(request.query_params), attempt, redirect_uri=address(house, back_to), wanted=wanted
    )
    return proof, attempt


def forget(house: House, answer: Response, *, door: str) -> Response:
    """The way is over, well or badly."""
    answer.delete_cookie(cookie_name(house, door), secure=house.secure)
    return answer


def key_of(attempt: Attempt) -> str:
    """What `crm.access.sealing.spend` knows this way by."""
    return f"oidc {attempt.state}"


def _attempt(house: House, request: Request, door: str) -> Attempt:
    sealed = request.cookies.get(cookie_name(house, door), "")
    try:
        plain = box(f"oidc {door}", house.key).decrypt_at_time(
            sealed.encode(), int(AWAY.total_seconds()), int(house.clock().timestamp())
        )
        return Attempt(**json.loads(plain))
    except (InvalidToken, ValueError, TypeError) as error:
        raise NotProven("this browser was not sent away, or too long ago") from error
