"""Passkeys: signing in with one, adding and removing one's own."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from crm.access import actions, passkeys, second_factor
from crm.access.passkeys import Purpose, Site
from crm.errors import NotFound, Refused
from web.deps import Visit, house_of, read_form, writing
from web.doors import SLOW_DOWN, from_this_browser, let_in, sign_in_page
from web.forms import Form
from web.house import House
from web.render import local, page, redirect
from web.routes.account import NOT_LOCALLY
from web.routes.security import HOME, has_said_password, security_page

router = APIRouter()
Houses = Annotated[House, Depends(house_of)]
Posted = Annotated[Form, Depends(read_form)]
NO_SCRIPT = "En adgangsnøgle kræver, at JavaScript er slået til i browseren."
NAMELESS = "Giv adgangsnøglen et navn, så du kan kende den igen."
ONLY_LOCAL = "Du logger ind med kommunens konto og har ikke brug for en adgangsnøgle her."
STILL_NEEDED = "Du skal have en kode-app eller en adgangsnøgle. Tilføj en anden først."


def site_of(house: House) -> Site:
    """The house as browsers know it; NotFound where they make no passkeys for its address."""
    parts = urlsplit(house.settings.base_url)
    if not house.settings.passkeys_possible or not parts.hostname:
        raise NotFound
    return Site(parts.hostname, f"{parts.scheme}://{parts.netloc}")


# --- Signing in -----------------------------------------------------------------------------------


@router.get("/log-ind/noegle/spoerg")
def ask(house: Houses) -> Response:
    """A challenge for a passkey, fresh, since the page may have stood open for long."""
    site, asked = site_of(house), passkeys.challenge(Purpose.SIGN_IN)
    options = passkeys.options_to_sign_in(site=site, asked=asked)
    return JSONResponse({"options": options, "sealed": asked.sealed(house.key, house.clock())})


@router.post("/log-ind/noegle")
def sign_in(house: Houses, request: Request, form: Posted) -> Response:
    """In with a passkey alone, which is two factors."""
    if not from_this_browser(house, request, form):
        return sign_in_page(house, request, form, 403)
    site, now = site_of(house), house.clock()
    credential, sealed = form.data.pop("credential", ""), form.data.pop("sealed", "")
    if not credential:
        form.refuse("", NO_SCRIPT)
        return sign_in_page(house, request, form, 422)
    keys = actions.throttle_keys(
        f"passkey {_named(credential)}", request.client.host if request.client else ""
    )
    # Counted, and the challenge used up, before it is tried: many tries at once are no way around.
    with house.database.write() as db:
        if not actions.take_try(db, keys=keys, now=now):
            form.refuse("", SLOW_DOWN)
            return sign_in_page(house, request, form, 429)
        asked = form.act(
            db, lambda: passkeys.opened(db, sealed, purpose=Purpose.SIGN_IN, key=house.key, now=now)
        )
    if asked is None:
        return sign_in_page(house, request, form, form.status)
    try:
        with house.database.write() as db:
            user = passkeys.prove(db, credential=credential, asked=asked, site=site, now=now)
            db.info.update(actor=user.email, user_id=user.id)
            if not house.settings.lets_in_locally(user.role):
                raise Refused("", NOT_LOCALLY)
            actions.count_success(db, keys=keys)
            return let_in(house, request, db, user, now, local(form.data.get("videre")))[0]
    except Refused as refusal:
        form.refuse("", refusal.message)
    return sign_in_page(house, request, form, 422)


def _named(credential: str) -> str:
    """Which passkey it claims to be, for counting tries."""
    try:
        found = json.loads(credential[: passkeys.LARGEST])
    except (ValueError, RecursionError):
        return ""
    return str(found.get("id", ""))[:500] if isinstance(found, dict) else ""


# --- One's own ------------------------------------------------------------------------------------


@router.post(f"{HOME}/noegler")
def name(visit: Annotated[Visit, writing("own")]) -> Response:
    """The name and the password first; then the device is asked."""
    form = visit.form
    if visit.me.password_hash is None:
        form.refuse("", ONLY_LOCAL)
    called = (form.text("passkey_name") or "")[:60]
    if not called:
        form.refuse("passkey_name", NAMELESS)
    if not has_said_password(visit, "passkey_password") or form.errors:
        return security_page(visit, form)
    return _to_device(visit, called)


def _to_device(visit: Visit, called: str) -> Response:
    asked = passkeys.challenge(Purpose.ADD, user=visit.me, called=called)
    options: dict[str, Any] = passkeys.options_to_add(
        visit.db, user=visit.me, site=site_of(visit.house), asked=asked
    )
    sealed = asked.sealed(visit.house.key, visit.now)
    return page(visit, "account/passkey.html", options=json.dumps(options), sealed=sealed, called=called)


@router.post(f"{HOME}/noegler/gem")
def add(visit: Annotated[Visit, writing("own")]) -> Response:
    """Keep what the device has made. With the first proof besides the password come codes for paper."""
    form, site = visit.form, site_of(visit.house)
    credential, sealed = form.data.pop("credential", ""), form.data.pop("sealed", "")
    if not credential:
        form.refuse("", NO_SCRIPT)

    asked = form.act(
        visit.db,
        lambda: passkeys.opened(
            visit.db, sealed, purpose=Purpose.ADD, key=visit.house.key, now=visit.now, user=visit.me
        ),
    )
    if asked is None:
        return security_page(visit, form)
    first = not passkeys.has_any(visit.db, visit.me) and second_factor.factor_of(visit.db, visit.me) is None
    made = form.act(
        visit.db,
        lambda: passkeys.add(
            visit.db, user=visit.me, asked=asked, credential=credential, site=site, now=visit.now
        ),
    )
    if made is None:
        return security_page(visit, form)
    if first:
        return security_page(visit, Form(), second_factor.new_codes(visit.db, user=visit.me))
    return redirect(visit, HOME, flash=f"Adgangsnøglen »{made.name}« er tilføjet.")


@router.post(f"{HOME}/noegler/fjern")
def remove(visit: Annotated[Visit, writing("own")]) -> Response:
    """One less, unless the house asks for one and it is the last proof."""
    form, mine = visit.form, passkeys.of(visit.db, visit.me)
    chosen = form.choice("passkey", [str(each.id) for each in mine], "Vælg en adgangsnøgle.")
    if chosen is None:
        form.refuse("passkey", "Vælg en adgangsnøgle.")
    required = second_factor.is_required(visit.me, visit.house.settings.second_factor)
    if required and len(mine) == 1 and second_factor.factor_of(visit.db, visit.me) is None:
        form.refuse("", STILL_NEEDED)
    if not has_said_password(visit, "passkey_remove_password") or form.errors or chosen is None:
        return security_page(visit, form)
    gone = passkeys.remove(visit.db, user=visit.me, id=int(chosen), now=visit.now)
    return redirect(visit, HOME, flash=f"Adgangsnøglen »{gone}« er fjernet.")
