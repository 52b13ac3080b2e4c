"""Keys for programs: one's own under the account, and everybody's for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import queries as users
from crm.access import tokens
from crm.access.models import User
from web import words
from web.cursors import cursor, number_of
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter()
OWN, ALL = "/konto/noegler", "/opsaetning/noegler"
ENDED = "Nøglen virker ikke længere."


def _make(visit: Visit, user: User | None, home: str) -> str | None:
    """The new key; None when something typed must be corrected."""
    form = visit.form
    days = form.number("days", "Skriv et antal dage, for eksempel 365.")
    if days is None:
        form.refuse("days", "Skriv, hvor mange dage nøglen skal virke.")
    made = form.act(
        visit.db,
        lambda: tokens.add(
            visit.db, user=user or visit.me, name=form.data.get("name", ""), scope=form.data.get("scope", ""),
            days=days, now=visit.now, told=True,
        ),
    )  # fmt: skip
    if made is not None:
        # Shown this once: whoever sends the form again sees the list, and nothing more is made.
        visit.answer = {"url": home, "flash": {"text": "Nøglen er lavet.", "kind": "ok", "undo": None}}
    return made


# --- One's own ------------------------------------------------------------------------------------


def _own(visit: Visit, form: Form, token: str | None = None) -> Response:
    return page(
        visit,
        "account/tokens.html",
        status=form.status if form.errors else 200,
        form=form,
        tokens=tokens.of_user(visit.db, visit.me),
        scopes=words.choices(words.SCOPES),
        token=token,
    )


@router.get(OWN)
def own(visit: Annotated[Visit, reading("own")]) -> Response:
    """One's own keys, and a form for one more."""
    return _own(visit, Form.of({"scope": "read", "days": tokens.DAYS}))


@router.post(OWN)
def make_own(visit: Annotated[Visit, writing("own")]) -> Response:
    """A new key, shown this once."""
    token = _make(visit, visit.me, OWN)
    return _own(
        visit, visit.form if token is None else Form.of({"scope": "read", "days": tokens.DAYS}), token
    )


@router.post(OWN + "/{id}/slut")
def end_own(visit: Annotated[Visit, writing("own")], id: int) -> Response:
    """End one of one's own."""
    tokens.end(visit.db, token=tokens.get(visit.db, id, of=visit.me))
    return redirect(visit, OWN, flash=ENDED)


# --- Everybody's ----------------------------------------------------------------------------------


def _all(visit: Visit, form: Form, efter: str = "", token: str | None = None) -> Response:
    rows, following = tokens.page(visit.db, before=number_of(efter))
    return page(
        visit,
        "setup/tokens.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        tokens=rows,
        next_url=cursor(ALL, {}, (following,) if following else None),
        scopes=words.choices(words.SCOPES),
        colleagues=[(each.id, each.name) for each in users.colleagues(visit.db)],
        token=token,
    )


@router.get(ALL)
def index(visit: Annotated[Visit, reading("users.write")], efter: str = "") -> Response:
    """Everybody's keys, and a form for one more."""
    return _all(visit, Form.of({"scope": "read", "days": tokens.DAYS}), efter)


@router.post(ALL)
def make(visit: Annotated[Visit, writing("users.write")]) -> Response:
    """A new key for a colleague's program, shown this once; the colleague hears of it."""
    chosen = visit.form.number("user_id", "Vælg en kollega fra listen.")
    if chosen is None:
        visit.form.refuse("user_id", "Vælg, hvem nøglen skal tilhøre.")
    user = users.get(visit.db, chosen) if chosen else None
    token = _make(visit, user, ALL)
    return _all(
        visit, visit.form if token is None else Form.of({"scope": "read", "days": tokens.DAYS}), token=token
    )


@router.post(ALL + "/{id}/slut")
def end(visit: Annotated[Visit, writing("users.write")], id: int) -> Response:
    """End anybody's key."""
    tokens.end(visit.db, token=tokens.get(visit.db, id))
    return redirect(visit, ALL, flash=ENDED)
