"""Requests: the list by urgency, and one with its steps."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.access import queries as users
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.errors import renamed
from crm.requests import actions, queries
from crm.requests.actions import NewRequest
from crm.requests.models import NEXT, Request, RequestKind, RequestState
from web import words
from web.cursors import cursor, moment_of
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter()


@router.get("/henvendelser")
def index(
    visit: Annotated[Visit, reading()], hvem: str = "", slags: str = "", lukkede: str = "", efter: str = ""
) -> Response:
    """Open requests, the one to answer first on top; or the closed ones."""
    chosen = {"hvem": hvem, "slags": slags, "lukkede": lukkede}
    owner = (
        users.get(visit.db, int(hvem))
        if hvem.isdecimal() and len(hvem) < 10
        else visit.me
        if hvem == "mig"
        else None
    )
    find = queries.closed_ones if lukkede else queries.open_ones
    kind = slags if slags in set(RequestKind) else None
    rows, following = find(visit.db, owner=owner, kind=kind, after=moment_of(efter))
    return page(
        visit,
        "requests/index.html",
        section="requests",
        requests=rows,
        next_url=cursor("/henvendelser", chosen, following),
        form=Form.of(chosen),
        closed=bool(lukkede),
        kinds=words.choices(words.REQUEST_KINDS),
        colleagues=[("mig", "Mig")] + [(str(user.id), user.name) for user in users.colleagues(visit.db)],
    )


@router.get("/virksomheder/{cvr}/henvendelser/ny")
def new(visit: Annotated[Visit, reading("requests.write")], cvr: str) -> Response:
    """A form for a request that came without a call."""
    return _new(visit, companies.by_cvr(visit.db, cvr), Form())


def _new(visit: Visit, company: Company, form: Form) -> Response:
    return page(
        visit,
        "requests/new.html",
        status=form.status if form.errors else 200,
        section="requests",
        company=company,
        form=form,
        kinds=words.choices(words.REQUEST_KINDS),
        contacts=[each for each in companies.contacts(visit.db, company) if each.ended_on is None],
        colleagues=[(user.id, user.name) for user in users.colleagues(visit.db)],
    )


@router.post("/virksomheder/{cvr}/henvendelser")
def create(visit: Annotated[Visit, writing("requests.write")], cvr: str) -> Response:
    """Take a request in."""
    company, form = companies.by_cvr(visit.db, cvr), visit.form
    asked = NewRequest(
        form.data.get("kind", ""), form.data.get("title", ""), form.text("description"), form.number("wanted")
    )
    owner_id, contact_id = form.number("owner_id"), form.number("company_contact_id")
    received = form.moment("received_on", "received_time", visit.now, visit.house.settings.zone)

    def take_in() -> Request:
        with renamed(received_at="received_on"):
            return actions.take_in(
                visit.db,
                company=company,
                asked=asked,
                by=visit.me,
                now=visit.now,
                clock=visit.house.hours,
                received_at=received,
                owner=users.get(visit.db, owner_id) if owner_id else None,
                contact=companies.contact(visit.db, company, contact_id) if contact_id else None,
            )

    made = form.act(visit.db, take_in)
    if made is None:
        return _new(visit, company, form)
    return redirect(visit, f"/henvendelser/{made.id}", flash=_due(visit, made.answer_due_at))


def _due(visit: Visit, due: datetime) -> str:
    spoken = danish.spoken_time(due, visit.now, visit.house.settings.zone)
    return f"Gemt. Virksomheden skal have svar inden {spoken}."


@router.get("/henvendelser/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One request, its steps, and what can be done."""
    asked = queries.get(visit.db, id)
    values = {name: getattr(asked, name) for name in ("title", "description", "version", *actions.FIGURES)}
    return _show(visit, asked, Form.of(values | {"owner_id": asked.owner_id}))


def _show(visit: Visit, asked: Request, form: Form) -> Response:
    return page(
        visit,
        "requests/show.html",
        status=form.status if form.errors else 200,
        section="requests",
        asked=asked,
        steps=queries.steps(visit.db, asked),
        form=form,
        following=[(state, words.REQUEST_STATES[state]) for state in NEXT[RequestState(asked.state)]],
        colleagues=[(user.id, user.name) for user in users.colleagues(visit.db)],
    )


@router.post("/henvendelser/{id}")
def change(visit: Annotated[Visit, writing("requests.write")], id: int) -> Response:
    """Correct title, owner or figures."""
    asked, form = queries.get(visit.db, id), visit.form
    values: dict[str, object] = {"title": form.data.get("title", ""), "description": form.text("description")}
    values |= {name: form.number(name) for name in actions.FIGURES}
    owner_id = form.number("owner_id")
    if form.number("version") != asked.version:
        form.refuse("", "En kollega har rettet imens. Din tekst står her; hent siden igen for at se den nye.")
    if owner_id:
        values["owner"] = users.get(visit.db, owner_id)
    if form.act(visit.db, lambda: actions.change(visit.db, request=asked, values=values)) is None:
        return _show(visit, asked, form)
    return redirect(visit, f"/henvendelser/{id}", flash="Rettelsen er gemt.")


@router.post("/henvendelser/{id}/skridt")
def step(visit: Annotated[Visit, writing("requests.write")], id: int) -> Response:
    """Move the request on."""
    asked, form = queries.get(visit.db, id), visit.form
    moved = form.act(
        visit.db,
        lambda: actions.move(
            visit.db,
            request=asked,
            to=form.data.get("to", ""),
            by=visit.me,
            now=visit.now,
            note=form.text("note"),
        ),
    )
    if moved is None:
        values = {
            name: getattr(asked, name) for name in ("title", "description", "version", *actions.FIGURES)
        }
        form.data = {key: str(value or "") for key, value in values.items()} | form.data
        return _show(visit, asked, form)
    return redirect(
        visit,
        f"/henvendelser/{id}",
        flash=f"Henvendelsen er nu: {words.word(moved.state, 'request_state').lower()}.",
    )
