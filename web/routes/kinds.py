"""Opsætning: what a company can ask for, what is asked of it, how soon it is answered; and the schemes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm.requests import kinds
from crm.requests.kinds import Ask, KindOfRequest, Scheme
from web import words
from web.deps import Visit, reading, writing
from web.forms import Form
from web.own_fields import KINDS
from web.render import input_day, page, redirect

router = APIRouter(prefix="/opsaetning/henvendelser")
HOME = router.prefix
CHANGED = "En kollega har rettet imens. Din tekst står her; hent siden igen for at se den nye."


@router.get("")
def index(visit: Annotated[Visit, reading("requests.kinds")]) -> Response:
    """Every kind and every scheme, also those that are over."""
    return page(
        visit,
        "requests/kinds.html",
        section="admin",
        kinds=kinds.kinds(visit.db),
        schemes=kinds.schemes(visit.db),
        house_hours=visit.house.settings.answer_hours,
        asks=words.ASKS,
    )


# --- Kinds --------------------------------------------------------------------------------------


@router.get("/slags/ny")
def new_kind(visit: Annotated[Visit, reading("requests.kinds")]) -> Response:
    """A form for one more kind."""
    return _kind(visit, None, Form.of({"valid_from": input_day(visit.today)}))


@router.post("/slags")
def add_kind(visit: Annotated[Visit, writing("requests.kinds")]) -> Response:
    """Add a kind."""
    form = visit.form
    values = _dated(visit, form) | _asked(form)
    made = form.act(visit.db, lambda: kinds.add_kind(visit.db, values=values))
    if made is None:
        return _kind(visit, None, form)
    visit.house.forget(KINDS)
    return redirect(
        visit, HOME, flash=f"{made.name} kan vælges fra nu af." if made.in_force(visit.today) else "Gemt."
    )


@router.get("/slags/{key}")
def show_kind(visit: Annotated[Visit, reading("requests.kinds")], key: str) -> Response:
    """One kind."""
    found = kinds.kind(visit.db, key)
    ticked = {f"asks_{ask}": "1" for ask in found.asks}
    return _kind(visit, found, Form.of(_filled(found) | ticked | {"answer_hours": found.answer_hours}))


@router.post("/slags/{key}")
def change_kind(visit: Annotated[Visit, writing("requests.kinds")], key: str) -> Response:
    """Correct a kind: what it is called, what it asks for, how soon it is answered, from when to when."""
    found, form = kinds.kind(visit.db, key), visit.form
    return _changed(visit, found, _dated(visit, form) | _asked(form)) or _kind(visit, found, form)


def _kind(visit: Visit, found: KindOfRequest | None, form: Form) -> Response:
    return page(
        visit,
        "requests/kind.html",
        status=form.status if form.errors else 200,
        section="admin",
        kind=found,
        form=form,
        asks=words.ASKS,
        house_hours=visit.house.settings.answer_hours,
    )


def _asked(form: Form) -> dict[str, Any]:
    asks = [str(ask) for ask in Ask if form.data.get(f"asks_{ask}")]
    return {"answer_hours": form.number("answer_hours"), "asks": asks}


# --- Schemes ------------------------------------------------------------------------------------


@router.get("/ordninger/ny")
def new_scheme(visit: Annotated[Visit, reading("requests.kinds")]) -> Response:
    """A form for one more scheme."""
    return _scheme(visit, None, Form.of({"valid_from": input_day(visit.today)}))


@router.post("/ordninger")
def add_scheme(visit: Annotated[Visit, writing("requests.kinds")]) -> Response:
    """Add a scheme."""
    form = visit.form
    values = _dated(visit, form)
    made = form.act(visit.db, lambda: kinds.add_scheme(visit.db, values=values))
    if made is None:
        return _scheme(visit, None, form)
    return redirect(visit, HOME, flash=f"{made.name} er oprettet.")


@router.get("/ordninger/{id}")
def show_scheme(visit: Annotated[Visit, reading("requests.kinds")], id: int) -> Response:
    """One scheme."""
    found = kinds.scheme(visit.db, id)
    return _scheme(visit, found, Form.of(_filled(found)))


@router.post("/ordninger/{id}")
def change_scheme(visit: Annotated[Visit, writing("requests.kinds")], id: int) -> Response:
    """Correct a scheme, or let it end."""
    found, form = kinds.scheme(visit.db, id), visit.form
    return _changed(visit, found, _dated(visit, form)) or _scheme(visit, found, form)


def _scheme(visit: Visit, found: Scheme | None, form: Form) -> Response:
    status = form.status if form.errors else 200
    return page(visit, "requests/scheme.html", status=status, section="admin", scheme=found, form=form)


# --- Both ---------------------------------------------------------------------------------------


def _filled(found: KindOfRequest | Scheme) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(found, name) for name in ("name", "hint", "position", "version")}
    return values | {name: input_day(getattr(found, name)) for name in ("valid_from", "valid_to")}


def _dated(visit: Visit, form: Form) -> dict[str, Any]:
    values: dict[str, Any] = {"name": form.data.get("name", ""), "hint": form.text("hint")}
    values |= {name: form.day(name, visit.today) for name in ("valid_from", "valid_to")}
    if (position := form.number("position")) is not None:
        values["position"] = position
    return values


def _changed(visit: Visit, found: KindOfRequest | Scheme, values: dict[str, Any]) -> Response | None:
    """The answer when it was changed; None when the form has to be shown again."""
    form = visit.form
    if form.number("version") != found.version:
        form.refuse("", CHANGED)

    def change() -> bool:
        kinds.change(visit.db, thing=found, values=values)
        return True

    if form.act(visit.db, change) is None:
        return None
    visit.house.forget(KINDS)
    return redirect(visit, HOME, flash=f"{found.name} er rettet.")
