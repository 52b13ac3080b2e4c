"""Signing in and out, and one's own settings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from crm.access import actions, identities, passkeys, queries, second_factor
from crm.access.models import User
from crm.day.queries import choice
from web.deps import Visit, house_of, read_form, reading, working, writing
from web.doors import SLOW_DOWN, ask_for_code, from_this_browser, let_in, remember, sign_in_page
from web.forms import Form
from web.house import House
from web.oidc import Unreachable
from web.oidc_door import address
from web.render import local, page, public_page, redirect

router = APIRouter()
WRONG = "E-mail eller adgangskode er ikke rigtig."
NOT_LOCALLY = "Du skal logge ind med kommunens konto."
Houses = Annotated[House, Depends(house_of)]


def _sign_in_page(house: House, request: Request, form: Form, status: int = 200) -> Response:
    answer = sign_in_page(house, request, form, status)
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
    if not from_this_browser(house, request, form):
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
    return _let_on(house, request, form, user, keys)


def _let_on(house: House, request: Request, form: Form, user: User, keys: list[str]) -> Response:
    """The password was right: in, or to the rest of the proof."""
    if not house.settings.lets_in_locally(user.role):
        form.refuse("", NOT_LOCALLY)
        return _sign_in_page(house, request, form, 403)
    now, onward = house.clock(), local(form.data.get("videre"))
    with house.database.write(user.email, user.id) as db:
        actions.count_success(db, keys=keys)
        if second_factor.factor_of(db, user) or passkeys.has_any(db, user):
            return ask_for_code(house, user, now, onward, "/log-ind/kode")
        if second_factor.is_required(user, house.settings.second_factor):
            second_factor.begin(db, user=user, key=house.key, now=now)
            return ask_for_code(house, user, now, onward, "/log-ind/kode-app")
        return let_in(house, request, db, user, now, onward)[0]


@router.post("/log-ud")
def sign_out(visit: Annotated[Visit, working("own")]) -> Response:
    """End this browser's session, and at the provider that vouched for it the log-in there."""
    house, cookie = visit.house, visit.house.session_cookie
    token = visit.request.cookies.get(cookie, "")
    id_token = identities.id_token_of(visit.db, token, house.key)
    visit.finish()
    with house.database.write(visit.me.email, visit.me.id) as db:
        actions.sign_out(db, token=token)
    # Only now the provider is asked: nobody waits for it with the writer in hand.
    elsewhere = _provider_s_end(house, id_token) if id_token else None
    answer: Response = RedirectResponse("/log-ind", 303)
    if elsewhere:
        # A form may lead to our own pages only (CSP), so the page goes on by itself.
        answer = public_page(house, visit.request, "account/signed_out.html", elsewhere=elsewhere)
    answer.delete_cookie(cookie, secure=house.secure)
    return answer


def _provider_s_end(house: House, id_token: str) -> str | None:
    if house.staff_provider is None:
        return None
    try:
        return house.staff_provider.log_out(id_token=id_token, back_to=address(house, "/log-ind"))
    except Unreachable:
        return None


@router.get("/konto")
def show(visit: Annotated[Visit, reading("own")]) -> Response:
    """One's own settings."""
    return account_page(visit)


def account_page(visit: Visit, form: Form | None = None, *, calendar_address: str | None = None) -> Response:
    """One's own settings; `form` is the password's when it was refused. A calendar's address is shown once."""
    chosen = choice(visit.db, visit.me)
    form = form or Form()
    form.data |= {
        "shortcuts": str(visit.me.shortcuts),
        "morning_mail": str(chosen.morning_mail if chosen else 0),
    }
    return page(
        visit,
        "account/show.html",
        status=form.status if form.errors else 200,
        form=form,
        choice=chosen,
        morning_at=visit.house.settings.morning_mail_at,
        calendar_address=calendar_address,
    )


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
            visit.db, user=visit.me, old=form.data.get("old", ""), new=form.data.get("new", ""), now=visit.now
        )
        return True

    if form.act(visit.db, changed) is None:
        for name in ("old", "new", "again"):
            form.data.pop(name, None)
        return account_page(visit, form)
    answer = redirect(visit, "/konto", flash="Adgangskoden er ændret. Du er logget ud alle andre steder.")
    remember(visit.house, visit.request, answer, visit.db, visit.me, visit.now)
    return answer


@router.get("/genveje")
def shortcuts(visit: Annotated[Visit, reading("own")]) -> Response:
    """All keys."""
    return page(visit, "account/shortcuts.html")
