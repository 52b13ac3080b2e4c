"""Coming in and going out: the link by mail."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from crm.access import actions as access
from crm.errors import NotFound
from crm.panel import signing
from web.doors import SLOW_DOWN, door_page, evenly, from_this_browser
from web.forms import Form
from web.house import House
from web.panel.doors import HOME, SIGN_IN, Houses, Sent, Writes, cookie_name, forget, remember

router = APIRouter(prefix="/panel")


def _page(
    house: House, request: Request, template: str, form: Form, status: int = 200, **context: object
) -> Response:
    return door_page(
        house,
        request,
        f"panel/{template}",
        form,
        status,
        member=None,
        provider=house.panel_provider,
        **context,
    )


@router.get("/log-ind")
def ask_form(house: Houses, request: Request) -> Response:
    """Ask for a link."""
    return _page(house, request, "sign_in.html", Form(), asked=False)


@router.post("/log-ind")
def ask(house: Houses, request: Request, form: Sent) -> Response:
    """Mail a link. The same answer whether the e-mail has a seat or not."""
    if not from_this_browser(house, request, form):
        return _page(house, request, "sign_in.html", form, 403, asked=False)
    email, now, began = form.data.get("email", ""), house.clock(), time.monotonic()
    if "@" not in email:
        form.refuse("email", "Skriv din e-mailadresse.")
        return _page(house, request, "sign_in.html", form, 422, asked=False)
    keys = access.throttle_keys(f"panel {email}", request.client.host if request.client else "")
    with house.database.write("panel") as db:
        if not access.take_try(db, keys=keys, now=now):
            form.refuse("", SLOW_DOWN)
            return _page(house, request, "sign_in.html", form, 429, asked=False)
        signing.ask(db, email=email, home=house.settings.base_url, now=now, today=house.today(now))
    evenly(began)
    return _page(house, request, "sign_in.html", form, asked=True)


@router.get("/ind/{token}")
def link(house: Houses, request: Request, token: str) -> Response:
    """What the link opens. Looking does not use it up: mail programs and scanners look too."""
    now = house.clock()
    with house.database.read() as db:
        try:
            found = signing.opened(db, token, today=house.today(now))
        except NotFound:
            return _page(house, request, "link_gone.html", Form(), 404, again=None)
    if not signing.is_good(found, now):
        return _page(house, request, "link_gone.html", Form(), 410, again=f"{HOME}ind/{token}/nyt")
    return _page(house, request, "link.html", Form(), address=f"{HOME}ind/{token}", seat=found.seat)


@router.post("/ind/{token}")
def enter(house: Houses, request: Request, token: str, form: Sent) -> Response:
    """Use the link: this browser is signed in."""
    if not from_this_browser(house, request, form):
        return _page(house, request, "sign_in.html", form, 403, asked=False)
    now = house.clock()
    with house.database.write("panel") as db:
        try:
            session = signing.enter(db, token=token, now=now, today=house.today(now))
        except NotFound:
            return link(house, request, token)
    answer = RedirectResponse(HOME, 303)
    remember(house, answer, session)
    answer.delete_cookie("visitor", secure=house.secure)
    return answer


@router.post("/ind/{token}/nyt")
def again(house: Houses, request: Request, token: str, form: Sent) -> Response:
    """A new link for whoever holds an old one, sent to the seat's own e-mail."""
    if not from_this_browser(house, request, form):
        return _page(house, request, "sign_in.html", form, 403, asked=False)
    now = house.clock()
    keys = access.throttle_keys(f"panel-again {token}", request.client.host if request.client else "")
    with house.database.write("panel") as db:
        if not access.take_try(db, keys=keys, now=now):
            form.refuse("", SLOW_DOWN)
            return _page(house, request, "sign_in.html", form, 429, asked=False)
        try:
            found = signing.opened(db, token, today=house.today(now))
        except NotFound:
            return _page(house, request, "link_gone.html", Form(), 404, again=None)
        signing.send_again(db, link=found, home=house.settings.base_url, now=now)
    return _page(house, request, "sign_in.html", form, asked=True)


@router.post("/log-ud")
def leave(here: Writes) -> Response:
    """End this browser's session."""
    signing.sign_out(here.db, token=here.request.cookies.get(cookie_name(here.house), ""))
    answer = RedirectResponse(SIGN_IN, 303)
    forget(here.house, answer)
    return answer
