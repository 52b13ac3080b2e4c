"""The second step of signing in, and choosing a new password by a link."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from crm.access import actions, links, passkeys, second_factor
from crm.access import queries as users
from crm.access.models import User
from crm.db import Session
from web.deps import house_of, read_form
from web.doors import SLOW_DOWN, between, door_page, evenly, from_this_browser, let_in, sign_in_page
from web.forms import Form
from web.house import House
from web.render import local, redirect_to

router = APIRouter()
Houses = Annotated[House, Depends(house_of)]
Posted = Annotated[Form, Depends(read_form)]


def picture(user: User, secret: str) -> str:
    """What the app photographs, as an image in the page itself."""
    return segno.make(second_factor.address(user, secret), error="m").svg_data_uri(scale=4, border=2)


def spelled(secret: str) -> str:
    """The secret in groups of four, for typing."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _keys(user: User, request: Request) -> list[str]:
    return actions.throttle_keys(f"code {user.id}", request.client.host if request.client else "")


def _takes_try(house: House, request: Request, user: User, now: datetime) -> bool:
    """Counted before it is tried, in a transaction of its own."""
    with house.database.write() as db:
        return actions.take_try(db, keys=_keys(user, request), now=now)


@router.get("/log-ind/kode")
def code_form(house: Houses, request: Request, videre: str = "") -> Response:
    """The code from the app, or one from paper."""
    with house.database.read() as db:
        user = between(house, request, db, house.clock())
        if user is None:
            return RedirectResponse("/log-ind", 303)
    return _code_page(house, request, user, Form.of({"videre": local(videre)}))


def _code_page(house: House, request: Request, user: User, form: Form, status: int = 200) -> Response:
    with house.database.read() as db:
        app, keys = second_factor.factor_of(db, user) is not None, passkeys.has_any(db, user)
    keys = keys and house.settings.passkeys_possible
    return door_page(house, request, "account/code.html", form, status, app=app, passkeys=keys)


@router.post("/log-ind/kode")
def code(house: Houses, request: Request, form: Posted) -> Response:
    """Check the code, slowly for whoever guesses."""
    now = house.clock()
    with house.database.read() as db:
        user = between(house, request, db, now)
    if not from_this_browser(house, request, form):
        return sign_in_page(house, request, form, 403)
    if user is None:
        return RedirectResponse("/log-ind", 303)
    if not _takes_try(house, request, user, now):
        form.refuse("", SLOW_DOWN)
        return _code_page(house, request, user, form, 429)
    with house.database.write(user.email, user.id) as db:
        user = users.get(db, user.id)
        if second_factor.check(db, user=user, code=form.data.get("code", ""), key=house.key, now=now):
            actions.count_success(db, keys=_keys(user, request))
            return let_in(house, request, db, user, now, local(form.data.get("videre")))[0]
    form.refuse("code", second_factor.WRONG)
    form.data.pop("code", None)
    return _code_page(house, request, user, form, 422)


def _set_up_page(
    house: House, request: Request, db: Session, user: User, form: Form, status: int = 200
) -> Response:
    secret = second_factor.begun(db, user, house.key)
    if secret is None:
        return RedirectResponse("/log-ind", 303)
    shown = {"picture": picture(user, secret), "secret": spelled(secret), "action": "/log-ind/kode-app"}
    return door_page(house, request, "account/set_up.html", form, status, codes=None, **shown)


@router.get("/log-ind/kode-app")
def set_up_form(house: Houses, request: Request, videre: str = "") -> Response:
    """Whoever must have a code app sets it up before they come in."""
    with house.database.read() as db:
        user = between(house, request, db, house.clock())
        if user is None:
            return RedirectResponse("/log-ind", 303)
        return _set_up_page(house, request, db, user, Form.of({"videre": local(videre)}))


@router.post("/log-ind/kode-app")
def set_up(house: Houses, request: Request, form: Posted) -> Response:
    """The first right code opens the door and shows the codes for paper."""
    now = house.clock()
    if not from_this_browser(house, request, form):
        return sign_in_page(house, request, form, 403)
    with house.database.write() as db:
        user = between(house, request, db, now)
        if user is None:
            return RedirectResponse("/log-ind", 303)
        db.info.update(actor=user.email, user_id=user.id)
        typed = form.data.pop("code", "")
        codes = form.act(db, lambda: second_factor.confirm(db, user=user, code=typed, key=house.key, now=now))
        if codes is None:
            return _set_up_page(house, request, db, user, form, form.status)
        onward = local(form.data.get("videre"))
        answer = door_page(house, request, "account/set_up.html", form, codes=codes, onward=onward)
        entered, _token = let_in(house, request, db, user, now, onward)
        answer.raw_headers.extend(header for header in entered.raw_headers if header[0] == b"set-cookie")
        return answer


@router.get("/glemt")
def forgotten_form(house: Houses, request: Request) -> Response:
    """Where to send a link to."""
    return door_page(house, request, "account/forgotten.html", Form(), asked=False)


@router.post("/glemt")
def forgotten(house: Houses, request: Request, form: Posted) -> Response:
    """The same answer whether there is such a user or not."""
    if not from_this_browser(house, request, form):
        return door_page(house, request, "account/forgotten.html", form, 403, asked=False)
    if "@" not in form.data.get("email", ""):
        form.refuse("email", "Skriv din e-mailadresse.")
        return door_page(house, request, "account/forgotten.html", form, 422, asked=False)
    now, email, began = house.clock(), form.data["email"], time.monotonic()
    keys = actions.throttle_keys(f"link {email}", request.client.host if request.client else "")
    with house.database.write() as db:
        if not actions.take_try(db, keys=keys, now=now):
            form.refuse("", SLOW_DOWN)
            return door_page(house, request, "account/forgotten.html", form, 429, asked=False)
        links.ask(
            db, email=email, home=house.settings.base_url, now=now, may_locally=house.settings.lets_in_locally
        )
    evenly(began)
    return door_page(house, request, "account/forgotten.html", form, asked=True)


@router.get("/ny-adgangskode/{token}")
def choose_form(house: Houses, request: Request, token: str) -> Response:
    """Choose a password. Looking does not use the link up: mail scanners look too."""
    with house.database.read() as db:
        links.opened(db, token, house.clock())
    return _private(door_page(house, request, "account/choose.html", Form()))


@router.post("/ny-adgangskode/{token}")
def choose(house: Houses, request: Request, form: Posted, token: str) -> Response:
    """Use the link up."""
    now = house.clock()
    if not from_this_browser(house, request, form):
        return _private(door_page(house, request, "account/choose.html", form, 403))
    new, again = form.data.pop("new", ""), form.data.pop("again", "")
    if new != again:
        form.refuse("again", "De to adgangskoder er ikke ens.")
    with house.database.write() as db:
        link = links.opened(db, token, now, to_use=True)
        db.info.update(actor=link.user.email, user_id=link.user.id)
        done = form.act(db, lambda: links.choose(db, link=link, password=new, now=now))
    if done is None:
        return _private(door_page(house, request, "account/choose.html", form, form.status))
    said = {"text": "Adgangskoden er valgt. Log ind med den.", "kind": "ok", "undo": None}
    return redirect_to(house, "/log-ind", said)


def _private(answer: Response) -> Response:
    """The address is the key: it goes nowhere, and nobody finds the page."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
