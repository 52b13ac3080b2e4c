"""Signing in by the municipality's own identity provider, and hearing from it that somebody has logged out."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from crm.access import identities, sealing
from crm.access.identities import Vouched
from crm.errors import CrmError, NotAllowed
from web import oidc_door
from web.deps import house_of, read_form
from web.doors import let_in, sign_in_page
from web.forms import Form
from web.house import House
from web.middleware import LOG
from web.oidc import FRESH, NotProven, Proof, Unreachable
from web.render import local, public_page

router = APIRouter(prefix="/log-ind/kommune")
Houses = Annotated[House, Depends(house_of)]
Posted = Annotated[Form, Depends(read_form)]
DOOR = "kommune"
BACK = "/log-ind/kommune/svar"
DOWN = "Kommunens log ind svarer ikke lige nu. Prøv igen om lidt."
ELSEWHERE = " Haster det, og har du en adgangskode til Én indgang, kan du logge ind med den herunder."
BEGIN_AGAIN = "Det lykkedes ikke at logge ind med kommunens konto. Begynd forfra herunder."
USED = "Du kom tilbage fra kommunens log ind én gang til med det samme svar. Begynd forfra herunder."
# Signs of an address that fit into a cookie.
LONGEST_WAY = 1000


@router.get("")
def go(house: Houses, request: Request, videre: str = "") -> Response:
    """To the provider; a link and not a form, since a form may lead to our own pages only."""
    client, onward = house.staff_provider, local(videre)
    if client is None:
        return RedirectResponse("/log-ind", 303)
    try:
        return oidc_door.send_away(
            house, client, door=DOOR, back_to=BACK, onward=onward if len(onward) <= LONGEST_WAY else "/"
        )
    except Unreachable as error:
        return _down(house, request, error, onward)


@router.get("/svar")
def come_back(house: Houses, request: Request) -> Response:
    """Back from the provider, with a code that is exchanged for a proof."""
    client = house.staff_provider
    if client is None:
        return RedirectResponse("/log-ind", 303)
    claim = house.settings.oidc_groups_claim
    try:
        proof, attempt = oidc_door.came_back(
            house, request, client, door=DOOR, back_to=BACK, wanted=("email", "name", claim)
        )
    except Unreachable as error:
        return _over(house, _down(house, request, error, "/"))
    except NotProven as error:
        LOG.warning("not proven", why=str(error))
        return _again(house, request, BEGIN_AGAIN, 403)
    who = vouched(house, proof)
    if who.role is None:
        _end_lost(house, who)
    now = house.clock()
    try:
        with house.database.write() as db:
            if not sealing.spend(db, key=oidc_door.key_of(attempt), until=now + oidc_door.AWAY):
                raise _Used
            identity = identities.enter(db, who=who, now=now)
            user = identity.user
            db.info.update(actor=user.email, user_id=user.id)
            answer, token = let_in(house, request, db, user, now, local(attempt.onward))
            identities.remember(
                db, token=token, identity=identity, sid=proof.sid, id_token=proof.id_token, key=house.key
            )
    except _Used:
        return _again(house, request, USED, 409)
    except CrmError as refusal:
        many = claim in (proof.claims.get("_claim_names") or {}) and isinstance(refusal, NotAllowed)
        page = public_page(
            house, request, "account/no_way_in.html", status=refusal.status, sentence=refusal.message,
            too_many_groups=many, name=client.provider.name,
        )  # fmt: skip
        return _over(house, page)
    return _over(house, answer)


class _Used(Exception):
    """The answer was used before."""


def vouched(house: House, proof: Proof) -> Vouched:
    """What of the proof is about a user of ours."""
    settings, name = house.settings, proof.claims.get("name")
    return Vouched(
        issuer=proof.issuer,
        subject=proof.subject,
        email=proof.email,
        email_is_verified=proof.email_is_verified or settings.oidc_trust_email,
        name=name.strip()[:100] or None if isinstance(name, str) else None,
        role=settings.role_of(proof.claims.get(settings.oidc_groups_claim)),
    )


def _end_lost(house: House, who: Vouched) -> None:
    """Whoever is in none of our groups any more is out everywhere, at once."""
    with house.database.read() as db:
        known = identities.identity_of(db, who.issuer, who.subject)
    if known is not None:
        with house.database.write("oidc") as db:
            identities.end_sessions(db, issuer=who.issuer, subject=who.subject, sid=None)


def _down(house: House, request: Request, error: Unreachable, onward: str) -> Response:
    LOG.warning("provider", why=str(error))
    form = Form.of({"videre": onward})
    form.refuse("", DOWN + ELSEWHERE)
    return sign_in_page(house, request, form, 503)


def _again(house: House, request: Request, sentence: str, status: int) -> Response:
    """Nobody was signed in or out by this, whoever's browser it is."""
    form = Form.of({"videre": "/"})
    form.refuse("", sentence)
    return _over(house, sign_in_page(house, request, form, status))


def _over(house: House, answer: Response) -> Response:
    return oidc_door.forget(house, answer, door=DOOR)


@router.post("/log-ud")
def ended(house: Houses, form: Posted) -> Response:
    """The provider says that somebody has logged out there: their sessions end here (back-channel log-out)."""
    client, now = house.staff_provider, house.clock()
    if client is None:
        raise NotAllowed
    try:
        word = client.ended(form.data.get("logout_token", ""))
    except NotProven as error:
        LOG.warning("not proven", why=str(error))
        return _told(400, {"error": "invalid_request"})
    except Unreachable as error:
        LOG.warning("provider", why=str(error))
        return _told(503, {"error": "temporarily_unavailable"})
    with house.database.write("oidc") as db:
        once = f"log-out {word.issuer} {word.key}"
        if not sealing.spend(db, key=once, until=now + 2 * timedelta(seconds=FRESH)):
            return _told(400, {"error": "invalid_request", "error_description": "said before"})
        identities.end_sessions(db, issuer=word.issuer, subject=word.subject, sid=word.sid)
    return _told(200, {})


def _told(status: int, words: dict[str, str]) -> Response:
    return JSONResponse(words, status)
