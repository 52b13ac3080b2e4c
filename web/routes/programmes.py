"""Opsætning: the programmes agreements are made under."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm.agreements import paper, programmes, queries
from crm.agreements.fields import FIELDS
from crm.agreements.models import Programme
from web.agreements import typed_day
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/opsaetning/programmer")
# Every own field is a box to tick; its name in the form.
ASKS = {key: f"ask_{key}" for key in FIELDS}


def _page(visit: Visit, form: Form, programme: Programme | None) -> Response:
    return page(
        visit,
        "agreements/programme.html",
        status=form.status if form.errors else 200,
        section="admin",
        programme=programme,
        form=form,
        kinds=list(programmes.KINDS.items()),
        asks=[(ASKS[key], each.label) for key, each in FIELDS.items()],
        places=list(paper.PLACES.items()),
        usual=paper.PLAIN_TEXT,
    )


@router.get("")
def index(visit: Annotated[Visit, reading("programmes.write")]) -> Response:
    """All programmes."""
    return page(
        visit,
        "agreements/programmes.html",
        section="admin",
        programmes=queries.programmes(visit.db),
        fields=FIELDS,
    )


@router.get("/nyt")
def new(visit: Annotated[Visit, reading("programmes.write")]) -> Response:
    """A form for one more."""
    return _page(visit, Form.of({"kind": "company", "panel_sees": "1"}), None)


def _typed(visit: Visit) -> dict[str, Any]:
    form = visit.form
    return {
        "name": form.data.get("name", ""),
        "kind": form.data.get("kind", ""),
        "asks": [key for key, name in ASKS.items() if form.data.get(name)],
        "standard_months": form.number("standard_months"),
        "template": form.text("template"),
        "panel_sees": bool(form.data.get("panel_sees")),
        "valid_from": form.day("valid_from", visit.today),
        "valid_to": form.day("valid_to", visit.today),
    }


@router.post("")
def add(visit: Annotated[Visit, writing("programmes.write")]) -> Response:
    """Add a programme."""
    form, values = visit.form, _typed(visit)
    made = form.act(
        visit.db, lambda: programmes.add(visit.db, key=form.data.get("key", "").strip(), values=values)
    )
    if made is None:
        return _page(visit, form, None)
    return redirect(visit, "/opsaetning/programmer", flash=f"{made.name} er gemt.")


@router.get("/{id}")
def show(visit: Annotated[Visit, reading("programmes.write")], id: int) -> Response:
    """One programme."""
    found = programmes.get(visit.db, id)
    known: dict[str, Any] = {
        name: getattr(found, name)
        for name in ("key", "name", "kind", "standard_months", "template", "version")
    }
    known |= {ASKS[key]: "1" for key in found.asks if key in ASKS}
    known |= {name: typed_day(getattr(found, name)) for name in ("valid_from", "valid_to")}
    return _page(visit, Form.of(known | ({"panel_sees": "1"} if found.panel_sees else {})), found)


@router.post("/{id}")
def change(visit: Annotated[Visit, writing("programmes.write")], id: int) -> Response:
    """Decide anew what a programme is; what its agreements hold stays."""
    found, form, values = programmes.get(visit.db, id), visit.form, _typed(visit)
    done = form.act(
        visit.db,
        lambda: programmes.change(visit.db, programme=found, values=values, seen=form.number("version")),
    )
    if done is None:
        return _page(visit, form, found)
    return redirect(visit, "/opsaetning/programmer", flash=f"{found.name} er gemt.")
