"""What can be done with any list: fetch it as a file, choose its columns, keep it as a view."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from crm.errors import Conflict
from crm.lists import actions, queries
from crm.lists.models import SavedView
from web.deps import Visit, reading, working, writing
from web.forms import Form
from web.lists.files import send_list
from web.lists.showing import BY_KIND, LONGEST, Shown, listing, raw_of, shown
from web.render import local, page, redirect

router = APIRouter()


# --- Files and columns ----------------------------------------------------------------------------


@router.post("/lister/{liste}/hent")
def fetch(visit: Annotated[Visit, working("exports.run")], liste: str) -> Response:
    """The list as it is shown, whole, as a file."""
    here = shown(visit, listing(liste), raw_of(visit.form.data.get("udvalg")))
    return send_list(visit, here, visit.form.data.get("format", ""))


@router.post("/lister/{liste}/kolonner")
def choose_columns(visit: Annotated[Visit, writing("own")], liste: str) -> Response:
    """Show these columns from now on; none of them is the usual ones again."""
    found, form = listing(liste), visit.form
    chosen = [column.key for column in found.columns if form.text(f"kolonne-{column.key}")]
    if form.text("op") == "igen":
        chosen = []
    raw = raw_of(form.data.get("udvalg"))
    raw.pop("kolonner", None)
    actions.choose_columns(visit.db, kind=str(found.kind), columns=",".join(chosen) or None, by=visit.me)
    if "visning" in raw:
        # The view has columns of its own; these are shown before them until it is saved.
        usual = [column.key for column in found.columns if column.usual]
        raw["kolonner"] = ",".join(chosen or usual)
    return redirect(visit, f"{found.path}?{urlencode(raw)}" if raw else found.path)


# --- Views ----------------------------------------------------------------------------------------


@router.get("/lister/{liste}/visninger/ny")
def new_view(visit: Annotated[Visit, reading("own")], liste: str) -> Response:
    """A form to keep the list under a name."""
    return _new(visit, shown(visit, listing(liste), visit.request.query_params), Form())


def _new(visit: Visit, here: Shown, form: Form) -> Response:
    return page(
        visit, "lists/new_view.html", status=form.status if form.errors else 200, section=here.listing.section,
        here=here, form=form,
    )  # fmt: skip


@router.post("/lister/{liste}/visninger")
def save_view(visit: Annotated[Visit, writing("own")], liste: str) -> Response:
    """Keep the list under a name."""
    form = visit.form
    here = shown(visit, listing(liste), raw_of(form.data.get("udvalg")))
    made = form.act(
        visit.db,
        lambda: actions.save(
            visit.db,
            kind=str(here.listing.kind),
            name=form.data.get("name", ""),
            query=here.query[:LONGEST] or None,
            columns=here.keys,
            shared=form.text("shared") is not None,
            by=visit.me,
            now=visit.now,
        ),
    )
    if made is None:
        return _new(visit, here, form)
    return redirect(visit, _address(made), flash=f"Visningen »{made.name}« er gemt.")


def _address(view: SavedView) -> str:
    return f"{BY_KIND[view.kind].path}?visning={view.id}"


@router.get("/visninger/{id}")
def edit_view(visit: Annotated[Visit, reading("own")], id: int) -> Response:
    """A view's name, whom it is for, and taking it away."""
    view = queries.view(visit.db, visit.me, id)
    return _edit(visit, view, Form.of({"name": view.name, "shared": "1" if view.shared else ""}))


def _edit(visit: Visit, view: SavedView, form: Form) -> Response:
    found = BY_KIND[view.kind]
    here = shown(visit, found, {"visning": str(view.id)})
    return page(
        visit, "lists/view.html", status=form.status if form.errors else 200, section=found.section,
        view=view, here=here, form=form, may_change=queries.may_change(visit.me, view),
        opens=here.shelf.first is not None and here.shelf.first.id == view.id,
    )  # fmt: skip


@router.post("/visninger/{id}")
def change_view(visit: Annotated[Visit, writing("own")], id: int) -> Response:
    """Another name, or for all or only for oneself."""
    view, form = queries.view(visit.db, visit.me, id), visit.form
    done = form.act(
        visit.db,
        lambda: actions.change(
            visit.db,
            view=view,
            name=form.data.get("name", ""),
            shared=form.text("shared") is not None,
            by=visit.me,
        ),
    )
    if done is None:
        visit.db.expire(view)
        return _edit(visit, queries.view(visit.db, visit.me, id), form)
    return redirect(visit, _address(view), flash=f"Visningen »{view.name}« er rettet.")


@router.post("/visninger/{id}/indhold")
def replace_content(visit: Annotated[Visit, writing("own")], id: int) -> Response:
    """Let the view show what the list shows now."""
    view = queries.view(visit.db, visit.me, id)
    here = shown(visit, BY_KIND[view.kind], raw_of(visit.form.data.get("udvalg")))
    if visit.form.number("version") != view.version:
        raise Conflict("En kollega har ændret visningen imens. Hent listen igen og se den nye.")
    content = (here.query[:LONGEST] or None, here.keys)
    actions.change(visit.db, view=view, content=content, by=visit.me)
    return redirect(visit, _address(view), flash=f"Visningen »{view.name}« viser nu dette.")


@router.post("/visninger/{id}/forrest")
def open_with(visit: Annotated[Visit, writing("own")], id: int) -> Response:
    """Let the list open with this view; or with the whole list again."""
    view = queries.view(visit.db, visit.me, id)
    on = visit.form.text("op") != "fra"
    actions.open_with(visit.db, kind=view.kind, view=view if on else None, by=visit.me)
    title = BY_KIND[view.kind].title
    said = f"{title} åbner nu med »{view.name}«." if on else f"{title} åbner nu med hele listen."
    return redirect(visit, _address(view), flash=said)


@router.post("/visninger/{id}/slet")
def delete_view(visit: Annotated[Visit, writing("own")], id: int) -> Response:
    """Take the view away; it can be brought back."""
    view = queries.view(visit.db, visit.me, id)
    actions.delete(visit.db, view=view, by=visit.me, now=visit.now)
    home = local(f"{BY_KIND[view.kind].path}?alle=1")
    return redirect(
        visit, home, flash=f"Visningen »{view.name}« er slettet.", undo=f"/visninger/{id}/tilbage"
    )


@router.post("/visninger/{id}/tilbage")
def bring_back(visit: Annotated[Visit, writing("own")], id: int) -> Response:
    """It was not to be deleted after all."""
    view = queries.view(visit.db, visit.me, id)
    actions.bring_back(visit.db, view=view, by=visit.me)
    return redirect(visit, _address(view), flash=f"Visningen »{view.name}« er her igen.")
