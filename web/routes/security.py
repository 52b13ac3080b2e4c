"""One's own security: the code app, the codes on paper, and where one is signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.access import actions, identities, passkeys, queries, second_factor
from crm.access.passwords import check_password
from web.deps import Visit, reading, writing
from web.doors import browser_of
from web.forms import Form
from web.render import page, redirect
from web.routes.codes import picture, spelled

router = APIRouter(prefix="/konto/sikkerhed")
HOME = "/konto/sikkerhed"
OWN_PASSWORD = "Adgangskoden er ikke rigtig."  # noqa: S105  # A sentence, not a password.


def _this(visit: Visit) -> str:
    return visit.request.cookies.get(visit.house.session_cookie, "")


def security_page(visit: Visit, form: Form, codes: list[str] | None = None) -> Response:
    """How one's log-in is kept safe; `form` is the one that was refused, `codes` are shown this once."""
    factor, keys = second_factor.factor_of(visit.db, visit.me), passkeys.of(visit.db, visit.me)
    form.data.setdefault("passkey_name", browser_of(visit.request) or "")
    return page(
        visit,
        "account/security.html",
        status=form.status if form.errors else 200,
        form=form,
        factor=factor,
        required=second_factor.is_required(visit.me, visit.house.settings.second_factor),
        left=second_factor.left(visit.db, visit.me) if factor or keys else 0,
        passkeys=keys,
        passkey_choices=[(each.id, each.name) for each in keys],
        passkeys_possible=visit.house.settings.passkeys_possible,
        identity=identities.identity_at(visit.db, visit.me),
        codes=codes,
        sessions=queries.sessions(visit.db, visit.me, visit.now),
        this=queries.token_hash(_this(visit)),
    )


@router.get("")
def show(visit: Annotated[Visit, reading("own")]) -> Response:
    """How one's log-in is kept safe."""
    return security_page(visit, Form())


def _set_up(visit: Visit, form: Form) -> Response:
    secret = second_factor.begun(visit.db, visit.me, visit.house.key)
    if secret is None:
        return security_page(visit, form)
    return page(
        visit,
        "account/set_up.html",
        status=form.status if form.errors else 200,
        form=form,
        picture=picture(visit.me, secret),
        secret=spelled(secret),
        action=f"{HOME}/kode-app/bekraeft",
        codes=None,
    )


@router.post("/kode-app")
def begin(visit: Annotated[Visit, writing("own")]) -> Response:
    """A new secret for the app."""
    begun = visit.form.act(
        visit.db,
        lambda: second_factor.begin(visit.db, user=visit.me, key=visit.house.key, now=visit.now),
    )
    return security_page(visit, visit.form) if begun is None else redirect(visit, f"{HOME}/kode-app")


@router.get("/kode-app")
def set_up(visit: Annotated[Visit, reading("own")]) -> Response:
    """The picture for the app, and a field for its first code."""
    return _set_up(visit, Form())


@router.post("/kode-app/bekraeft")
def confirm(visit: Annotated[Visit, writing("own")]) -> Response:
    """The first right code brings it into use; the codes for paper are shown this once."""
    form = visit.form
    typed = form.data.pop("code", "")
    codes = form.act(
        visit.db,
        lambda: second_factor.confirm(
            visit.db, user=visit.me, code=typed, key=visit.house.key, now=visit.now
        ),
    )
    return _set_up(visit, form) if codes is None else security_page(visit, Form(), codes)


def has_said_password(visit: Visit, field: str) -> bool:
    """Nobody changes these at a browser that was left open."""
    if check_password(visit.me, visit.form.data.pop(field, "")):
        return True
    visit.form.refuse(field, OWN_PASSWORD)
    return False


@router.post("/koder")
def new_codes(visit: Annotated[Visit, writing("own")]) -> Response:
    """Ten new codes for paper; the old ones work no longer."""
    proven = second_factor.factor_of(visit.db, visit.me) or passkeys.has_any(visit.db, visit.me)
    if not proven or not has_said_password(visit, "codes_password"):
        return security_page(visit, visit.form)
    return security_page(visit, Form(), second_factor.new_codes(visit.db, user=visit.me))


@router.post("/kode-app/fjern")
def remove(visit: Annotated[Visit, writing("own")]) -> Response:
    """Without a code app, unless the house asks for one."""
    required = second_factor.is_required(visit.me, visit.house.settings.second_factor)
    if required and not passkeys.has_any(visit.db, visit.me):
        visit.form.refuse(
            "", "Du skal have en kode-app. Har du fået ny telefon, så bed en administrator om hjælp."
        )
    if visit.form.errors or not has_said_password(visit, "remove_password"):
        return security_page(visit, visit.form)
    second_factor.remove(visit.db, user=visit.me, now=visit.now)
    return redirect(visit, HOME, flash="Kode-appen er fjernet.")


@router.post("/steder/{id}/slut")
def end(visit: Annotated[Visit, writing("own")], id: int) -> Response:
    """Sign out somewhere else."""
    actions.end_session(visit.db, user=visit.me, id=id)
    return redirect(visit, HOME, flash="Du er logget ud der.")


@router.post("/steder/andre")
def end_others(visit: Annotated[Visit, writing("own")]) -> Response:
    """Sign out everywhere else."""
    number = actions.end_other_sessions(visit.db, user=visit.me, token=_this(visit))
    return redirect(
        visit, HOME, flash=f"Du er logget ud {danish.count(number, 'andet sted', 'andre steder')}."
    )
