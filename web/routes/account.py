"""Signing in and out, and one's own settings."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from crm.access import actions, queries
from web.deps import OLD_PAGE, Visit, house_of, read_form, reading, writing
from web.forms import Form
from web.house import House
from web.render import local, page, public_page, redirect

router = APIRouter()
WRONG = "E-mail eller adgangskode er ikke rigtig."
SLOW_DOWN = "Der er prøvet for mange gange. Vent et minut, og prøv igen."
Houses = Annotated[House, Depends(house_of)]


def _sign_in_page(house: House, request: Request, form: Form, status: int = 200) -> Response:
    visitor = request.cookies.get("visitor") or secrets.token_urlsafe(16)
    answer = public_page(
        house, request, "account/sign_in.html", status=status, form=form, csrf=house.sign("csrf", visitor)
    )
    # A mark for this browser, so that nobody can be signed in from another site.
    answer.set_cookie("visitor", visitor, httponly=True, samesite="lax", secure=house.secure)
    if house.session_cookie in request.cookies:
        answer.delete_cookie(house.session_cookie, secure=house.secure)
    return answer


@router.get("/log-ind")
def sign_in_form(house: Houses, request: Request, videre: str = "") -> Response:
    """The form; `videre` is where the user was going."""
    return _sign_in_page(house, request, Form.of({"videre": local(videre)}))


@router.post("/log-ind")
def sign_in(house: Houses, request: Request, form: Annotated[Form, Depends(read_form)]) -> Response:
    """Check the password, slowly for whoever guesses."""
    if not house.signed(form.data.get("csrf", ""), "csrf", request.cookies.get("visitor", "")):
        form.refuse("", OLD_PAGE)
        return _sign_in_page(house, request, form, 403)
    email, password = form.data.get("email", ""), form.data.get("password", "")
    now = house.clock()
    keys = actions.throttle_keys(email, request.client.host if request.client else "")
    with house.database.read() as db:
        full = actions.too_many(db, keys=keys, now=now)
        user = queries.find(db, email[:254])
    if not full:
        # Counted before it is tried, so that many tries at once are no way around.
        with house.database.write() as db:
            full = not actions.take_try(db, keys=keys, now=now)
    if full:
        form.refuse("", SLOW_DOWN)
        return _sign_in_page(house, request, form, 429)
    if not actions.check_password(user, password) or user is None:
        form.refuse("password", WRONG)
        return _sign_in_page(house, request, form, 422)
    with house.database.write(user.email, user.id) as db:
        actions.count_success(db, keys=keys)
        token = actions.sign_in(db, user=user, now=now, hours=house.settings.session_hours)
    answer = RedirectResponse(local(form.data.get("videre")), 303)
    _remember(answer, house, token)
    answer.delete_cookie("visitor", secure=house.secure)
    return answer


def _remember(answer: Response, house: House, token: str) -> None:
    """Let this browser be the session's."""
    answer.set_cookie(
        house.session_cookie,
        token,
        max_age=house.settings.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=house.secure,
    )


@router.post("/log-ud")
def sign_out(visit: Annotated[Visit, writing("own")]) -> Response:
    """End this browser's session."""
    cookie = visit.house.session_cookie
    actions.sign_out(visit.db, token=visit.request.cookies.get(cookie, ""))
    answer = RedirectResponse("/log-ind", 303)
    answer.delete_cookie(cookie, secure=visit.house.secure)
    return answer


@router.get("/konto")
def show(visit: Annotated[Visit, reading("own")]) -> Response:
    """One's own settings."""
    return page(visit, "account/show.html", form=Form.of({"shortcuts": visit.me.shortcuts}))


@router.post("/konto")
def change(visit: Annotated[Visit, writing("own")]) -> Response:
    """Keyboard shortcuts on or off (WCAG 2.1.4)."""
    actions.set_shortcuts(visit.db, user=visit.me, on=visit.form.data.get("shortcuts") == "1")
    return redirect(visit, "/konto", flash="Gemt.")


@router.post("/konto/adgangskode")
def change_password(visit: Annotated[Visit, writing("own")]) -> Response:
    """A new password; every session ends, this one is opened anew."""
    form = visit.form
    if form.data.get("new", "") != form.data.get("again", ""):
        form.refuse("again", "De to adgangskoder er ikke ens.")

    def changed() -> bool:
        actions.change_password(
            visit.db, user=visit.me, old=form.data.get("old", ""), new=form.data.get("new", "")
        )
        return True

    if form.act(visit.db, changed) is None:
        for name in ("old", "new", "again"):
            form.data.pop(name, None)
        form.data["shortcuts"] = str(visit.me.shortcuts)
        return page(visit, "account/show.html", status=form.status, form=form)
    hours = visit.house.settings.session_hours
    token = actions.sign_in(visit.db, user=visit.me, now=visit.now, hours=hours)
    answer = redirect(visit, "/konto", flash="Adgangskoden er ændret. Du er logget ud alle andre steder.")
    _remember(answer, visit.house, token)
    return answer


@router.get("/genveje")
def shortcuts(visit: Annotated[Visit, reading("own")]) -> Response:
    """All keys."""
    return page(visit, "account/shortcuts.html")
