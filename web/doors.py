"""What the pages before the log-in share: this browser's mark, the step between password and code, and the way in."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from crm.access import actions, queries
from crm.access.models import User
from crm.db import Session
from crm.errors import NotFound
from web.deps import OLD_PAGE
from web.forms import Form
from web.house import House
from web.render import public_page

# So long one may look for the telephone with the codes.
BETWEEN = timedelta(minutes=10)
SLOW_DOWN = "Der er prøvet for mange gange. Vent et minut, og prøv igen."
# Seconds an answer takes that may have a mail to write.
EVENLY = 0.25
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


def door_page(
    house: House, request: Request, template: str, form: Form, status: int = 200, **context: Any
) -> Response:
    """A page with a form for whoever is not signed in."""
    visitor = request.cookies.get("visitor") or secrets.token_urlsafe(16)
    csrf = house.sign("csrf", visitor)
    answer = public_page(house, request, template, status=status, form=form, csrf=csrf, **context)
    # A mark for this browser, so that nobody can be signed in from another site.
    answer.set_cookie("visitor", visitor, httponly=True, samesite="lax", secure=house.secure)
    return answer


def sign_in_page(house: House, request: Request, form: Form, status: int = 200) -> Response:
    """All ways in: the municipality's own, a passkey, and e-mail with password."""
    return door_page(
        house, request, "account/sign_in.html", form, status, provider=house.settings.staff_provider,
        passkeys=house.settings.passkeys_possible,
    )  # fmt: skip


def from_this_browser(house: House, request: Request, form: Form) -> bool:
    """Whether the form was made for this browser; otherwise the form says so."""
    if house.signed(form.data.get("csrf", ""), "csrf", request.cookies.get("visitor", "")):
        return True
    form.refuse("", OLD_PAGE)
    return False


def evenly(began: float) -> None:
    """Wait until so long has passed since `began` that a mail could have been written.

    A mail takes longer to write than none; whoever holds a stopwatch must not learn which it was (ASVS 6.3.8).
    """
    time.sleep(max(0.0, began + EVENLY - time.monotonic()))


def ask_for_code(house: House, user: User, now: datetime, onward: str, where: str) -> Response:
    """The password was right; the rest of the proof is asked for at `where`."""
    until = str(int((now + BETWEEN).timestamp()))
    mark = house.sign("between", str(user.id), until, user.password_hash or "")
    answer = RedirectResponse(f"{where}?videre={quote(onward, safe='/')}", 303)
    answer.set_cookie(
        "between", f"{user.id}.{until}.{mark}", max_age=int(BETWEEN.total_seconds()), httponly=True,
        samesite="lax", secure=house.secure,
    )  # fmt: skip
    return answer


def between(house: House, request: Request, db: Session, now: datetime) -> User | None:
    """Whose password was right a moment ago in this browser; None when it takes too long, or it has changed."""
    key, _, rest = request.cookies.get("between", "").partition(".")
    until, _, mark = rest.partition(".")
    if not (key.isdecimal() and until.isdecimal() and len(key + until) < 30) or int(until) < now.timestamp():
        return None
    try:
        user = queries.get(db, int(key))
    except NotFound:
        return None
    right = house.signed(mark, "between", key, until, user.password_hash or "")
    return user if right and user.is_active else None


def let_in(
    house: House, request: Request, db: Session, user: User, now: datetime, onward: str
) -> tuple[Response, str]:
    """Everything asked for was right: this browser is signed in. The answer, and the new session's token."""
    answer = RedirectResponse(onward, 303)
    token = remember(house, request, answer, db, user, now)
    for cookie in ("visitor", "between"):
        answer.delete_cookie(cookie, secure=house.secure)
    return answer, token


def remember(house: House, request: Request, answer: Response, db: Session, user: User, now: datetime) -> str:
    """Let this browser be a new session's; the session's token."""
    hours = house.settings.session_hours
    token = actions.sign_in(db, user=user, now=now, hours=hours, browser=browser_of(request))
    answer.set_cookie(
        house.session_cookie, token, max_age=hours * 3600, httponly=True, samesite="lax", secure=house.secure
    )
    return token


def browser_of(request: Request) -> str | None:
    """What one would call the browser, for one's own list; what it says of itself is kept nowhere."""
    said = request.headers.get("user-agent", "")
    name = next((name for sign, name in _BROWSERS if sign in said), None)
    system = next((name for sign, name in _SYSTEMS if sign in said), None)
    return " på ".join(filter(None, (name, system))) or None
