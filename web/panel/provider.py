"""Coming in by the panel's identity provider, such as a broker of MitID Erhverv."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from crm.access import sealing
from crm.errors import NotAllowed
from crm.panel import identities
from web import oidc_door
from web.doors import door_page
from web.forms import Form
from web.house import House
from web.middleware import LOG
from web.oidc import NotProven, Unreachable
from web.panel.doors import HOME, SIGN_IN, Houses, remember

router = APIRouter(prefix="/panel/log-ind/udbyder")
DOOR = "panel-udbyder"
BACK = "/panel/log-ind/udbyder/svar"
DOWN = "{} svarer ikke lige nu. Prøv igen om lidt, eller få et link på mail."
BEGIN_AGAIN = "Det lykkedes ikke at logge ind med {}. Prøv igen, eller få et link på mail."


def _over(house: House, request: Request, sentence: str, status: int) -> Response:
    """The way is over, and nobody was signed in or out by it."""
    form = Form()
    form.refuse("", sentence)
    answer = door_page(
        house,
        request,
        "panel/sign_in.html",
        form,
        status,
        member=None,
        asked=False,
        provider=house.panel_provider,
    )
    return oidc_door.forget(house, answer, door=DOOR)


@router.get("")
def go(house: Houses, request: Request) -> Response:
    """To the provider; a link and not a form, since a form may lead to our own pages only."""
    client = house.panel_provider
    if client is None:
        return RedirectResponse(SIGN_IN, 303)
    try:
        return oidc_door.send_away(house, client, door=DOOR, back_to=BACK, onward=HOME)
    except Unreachable as error:
        LOG.warning("provider", why=str(error))
        return _over(house, request, DOWN.format(client.provider.name), 503)


@router.get("/svar")
def come_back(house: Houses, request: Request) -> Response:
    """Back from the provider, with a code that is exchanged for a proof."""
    client, now = house.panel_provider, house.clock()
    if client is None:
        return RedirectResponse(SIGN_IN, 303)
    again = BEGIN_AGAIN.format(client.provider.name)
    try:
        proof, attempt = oidc_door.came_back(
            house, request, client, door=DOOR, back_to=BACK, wanted=("email",)
        )
    except Unreachable as error:
        LOG.warning("provider", why=str(error))
        return _over(house, request, DOWN.format(client.provider.name), 503)
    except NotProven as error:
        LOG.warning("not proven", why=str(error))
        return _over(house, request, again, 403)
    verified = proof.email_is_verified or house.settings.panel_oidc_trust_email
    try:
        with house.database.write("panel") as db:
            if not sealing.spend(db, key=oidc_door.key_of(attempt), until=now + oidc_door.AWAY):
                raise NotAllowed(again)
            session = identities.enter(
                db, issuer=proof.issuer, subject=proof.subject, email=proof.email, is_verified=verified, now=now,
                today=house.today(now),
            )  # fmt: skip
    except NotAllowed as refusal:
        return _over(house, request, refusal.message, 403)
    answer = RedirectResponse(HOME, 303)
    remember(house, answer, session)
    return oidc_door.forget(house, answer, door=DOOR)
