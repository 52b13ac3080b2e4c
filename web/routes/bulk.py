"""Many rows at once: choose them, see exactly what will happen, do it, and take it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.access import queries as users
from crm.companies import groups
from crm.companies import queries as companies
from crm.errors import NotFound, Refused, renamed
from crm.lists import bulk, requests
from crm.lists import undo as acts
from crm.lists.bulk import MOST, Order, Plan
from crm.lists.models import BulkAct, BulkKind, ListKind
from web.deps import Visit, reading, writing
from web.forms import Form
from web.lists.listing import Listing
from web.lists.showing import Shown, listing, raw_of, shown
from web.render import page, redirect

router = APIRouter()
SHOWN = 50
ACTS = {
    ListKind.COMPANIES: (BulkKind.FOLLOW_UP, BulkKind.JOIN_GROUP, BulkKind.LEAVE_GROUP),
    ListKind.REQUESTS: (BulkKind.REQUEST_OWNER,),
}
TOO_MANY = f"Listen har flere end {danish.number(MOST)} rækker. Gør udvalget smallere, eller vælg rækkerne enkeltvis."
NAMES = {"to": "user_id"}


def _list_of(word: str) -> Listing:
    found = listing(word)
    if found.kind not in ACTS:
        raise NotFound("På den liste kan man ikke gøre noget ved flere rækker på én gang.")
    return found


def _keys(texts: Sequence[str]) -> list[int]:
    """The rows that were ticked. What cannot be a key is none."""
    return sorted({int(text) for text in texts if text.isdecimal() and len(text) < 18})


@dataclass(frozen=True)
class Selection:
    """The rows that were chosen, and the list they were chosen from."""

    here: Shown
    ids: Sequence[int]
    everything: bool

    @property
    def joined(self) -> str:
        """As a hidden field carries them."""
        return ",".join(map(str, self.ids))


@router.get("/lister/{liste}/valgte")
def choose(visit: Annotated[Visit, reading()], liste: str) -> Response:
    """What can be done with the rows that were ticked, or with all of the list."""
    found, params = _list_of(liste), visit.request.query_params
    raw = raw_of(params.get("udvalg"))
    here, form = shown(visit, found, raw), Form()
    everything = params.get("alt") == "1"
    ids = _everything(visit, here, form) if everything else _keys(params.getlist("id"))
    if not ids and not form.errors:
        form.refuse("", "Sæt kryds ved mindst én række, eller vælg alle på listen.")
    # Nothing was sent that could be wrong: it is a page like any other, with a word on what is missing.
    form.status = 200
    return _page(visit, Selection(here, ids, everything), form)


def _everything(visit: Visit, here: Shown, form: Form) -> Sequence[int]:
    if here.form.errors or here.listing.ids is None:
        form.refuse("", "Udvalget kan ikke læses. Gå tilbage til listen og ret det.")
        return []
    ids = here.listing.ids(visit.db, here.wanted, MOST + 1)
    if len(ids) > MOST:
        form.refuse("", TOO_MANY)
        return []
    return ids


def _page(visit: Visit, chosen: Selection, form: Form, *, plan: Plan | None = None) -> Response:
    found = chosen.here.listing
    is_companies = found.kind == ListKind.COMPANIES
    first: Sequence[Any] = []
    if chosen.ids and plan is None:
        first = (
            _companies(visit, chosen.ids) if is_companies else requests.by_ids(visit.db, chosen.ids[:SHOWN])
        )
    return page(
        visit,
        "lists/chosen.html",
        status=form.status if form.errors else 200,
        section=found.section,
        chosen=chosen,
        here=chosen.here,
        form=form,
        plan=plan,
        rows=first,
        is_companies=is_companies,
        acts=ACTS[found.kind],
        names=groups.names(visit.db) if is_companies else (),
        colleagues=chosen.here.team,
        shown=SHOWN,
    )


def _companies(visit: Visit, ids: Sequence[int]) -> Sequence[Any]:
    found = companies.lines(visit.db, list(ids[:SHOWN]))
    return sorted(found.values(), key=lambda each: (each.sort_key, each.id))


@router.post("/lister/{liste}/valgte")
def act(visit: Annotated[Visit, writing("companies.write")], liste: str) -> Response:
    """See what it would do; then do what was seen."""
    found, form = _list_of(liste), visit.form
    here = shown(visit, found, raw_of(form.data.get("udvalg")))
    ids = _keys(form.data.get("ids", "").split(","))
    chosen = Selection(here, ids, form.text("alt") is not None)
    if form.text("op") == "gem":
        done = form.act(visit.db, partial(_do, visit, found, ids))
        if done is not None:
            home = f"/handlinger/{done.id}"
            return redirect(visit, home, flash=said(done, visit), undo=f"{home}/fortryd")
        form.data.pop("op", None)
        if form.status == 409:
            # What was seen has changed: show it as it is now, with the sentence above it.
            sentence, form.errors = form.errors, {}
            plan = form.act(visit.db, partial(_plan, visit, found, ids))
            form.errors = sentence | form.errors
            return _page(visit, chosen, form, plan=plan)
        return _page(visit, chosen, form)
    return _page(visit, chosen, form, plan=form.act(visit.db, partial(_plan, visit, found, ids)))


def _order(visit: Visit, found: Listing) -> Order:
    form = visit.form
    kind = form.choice("act", ACTS[found.kind])
    if kind is None:
        raise Refused("act", "Vælg, hvad der skal gøres.")
    to = form.number("user_id", "Vælg en kollega.")
    said = form.text("name") if kind == BulkKind.JOIN_GROUP else form.text("text")
    wants_said = kind in {BulkKind.FOLLOW_UP, BulkKind.JOIN_GROUP}
    return Order(
        BulkKind(kind),
        said if wants_said else None,
        form.day("due", visit.today) if kind == BulkKind.FOLLOW_UP else None,
        users.get(visit.db, to) if to and kind in {BulkKind.FOLLOW_UP, BulkKind.REQUEST_OWNER} else None,
    )


def _plan(visit: Visit, found: Listing, ids: Sequence[int]) -> Plan | None:
    order = _order(visit, found)
    if visit.form.errors:
        return None
    with renamed(**NAMES):
        return bulk.plan(visit.db, order, ids)


def _do(visit: Visit, found: Listing, ids: Sequence[int]) -> BulkAct | None:
    order = _order(visit, found)
    if visit.form.errors:
        return None
    with renamed(**NAMES):
        return bulk.do(visit.db, order, ids, by=visit.me, now=visit.now, seen=visit.form.data.get("seen", ""))


# --- An act that was done -------------------------------------------------------------------------

_SAID: dict[str, Callable[[str, BulkAct], str]] = {
    BulkKind.FOLLOW_UP: lambda many, act: f"{many} har fået opfølgningen »{act.said}«",
    BulkKind.JOIN_GROUP: lambda many, act: f"{many} hører nu til {act.said}",
    BulkKind.LEAVE_GROUP: lambda many, _act: f"{many} er taget ud af deres koncern",
    BulkKind.REQUEST_OWNER: lambda many, _act: f"{many} har skiftet ejer",
}


def said(act: BulkAct, visit: Visit) -> str:
    """What was done, in a sentence."""
    _, number = acts.companies(visit.db, act, 1)
    request = act.kind == BulkKind.REQUEST_OWNER
    many = danish.count(
        number, *(("henvendelse", "henvendelser") if request else ("virksomhed", "virksomheder"))
    )
    return f"{_SAID[act.kind](many, act)}."


@router.get("/handlinger/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """What an act did, and whether it can be taken back."""
    done = acts.get(visit.db, id)
    rows, number = acts.companies(visit.db, done, SHOWN)
    may_undo = done.undone_at is None and acts.may_undo(visit.me, done)
    return page(
        visit,
        "lists/act.html",
        section="requests" if done.kind == BulkKind.REQUEST_OWNER else "companies",
        act=done,
        said=said(done, visit),
        rows=rows,
        number=number,
        may_undo=may_undo,
        changes=acts.changes(visit.db, done) if may_undo else [],
    )


@router.post("/handlinger/{id}/fortryd")
def take_back(visit: Annotated[Visit, writing("companies.write")], id: int) -> Response:
    """Put everything back, if nobody has built on it."""
    done = acts.get(visit.db, id)
    acts.undo(visit.db, act=done, by=visit.me, now=visit.now)
    return redirect(visit, f"/handlinger/{id}", flash="Det er fortrudt. Alt er, som det var før.")
