"""Requests: the list by urgency, and one with its steps."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.access import queries as users
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.errors import renamed
from crm.requests import actions, queries, receipts
from crm.requests.actions import NewRequest
from crm.requests.models import NEXT, Request, RequestState
from web import own_fields, words
from web.deps import Visit, reading, working, writing
from web.forms import Form
from web.lists.requests import REQUESTS
from web.lists.showing import list_page
from web.render import page, redirect

router = APIRouter()
# What one who waited says when it is our turn again.
BACK = "Virksomheden har svaret"


@router.get("/henvendelser")
def index(visit: Annotated[Visit, reading()]) -> Response:
    """Open requests, the one to answer first on top; or the closed ones."""
    return list_page(visit, REQUESTS, states=lambda _here, _rows: words.choices(words.REQUEST_STATES))


@router.get("/virksomheder/{cvr}/henvendelser/ny")
def new(
    visit: Annotated[Visit, reading("requests.write")], cvr: str, slags: str = "", kontakt: str = ""
) -> Response:
    """A form for a request that came without a call."""
    form = Form.of({"kind": slags, "company_contact_id": kontakt})
    return _new(visit, companies.by_cvr(visit.db, cvr), form)


@router.post("/virksomheder/{cvr}/henvendelser/felter")
def new_fields(visit: Annotated[Visit, working("requests.write")], cvr: str) -> Response:
    """The same form with the fields of the kind that was chosen; nothing is stored."""
    return _new(visit, companies.by_cvr(visit.db, cvr), visit.form)


def _new(visit: Visit, company: Company, form: Form) -> Response:
    contacts = [each for each in companies.contacts(visit.db, company) if each.ended_on is None]
    if not form.errors:
        own_fields.suggest_address(form, company, contacts)
    return page(
        visit,
        "requests/new.html",
        status=form.status if form.errors else 200,
        section="requests",
        company=company,
        form=form,
        kinds=own_fields.kind_choices(visit),
        asking=own_fields.asking(visit, form.data.get("kind")),
        contacts=contacts,
        colleagues=[(user.id, user.name) for user in users.colleagues(visit.db)],
    )


@router.post("/virksomheder/{cvr}/henvendelser")
def create(visit: Annotated[Visit, writing("requests.write")], cvr: str) -> Response:
    """Take a request in."""
    company, form = companies.by_cvr(visit.db, cvr), visit.form
    asked = NewRequest(
        form.data.get("kind", ""),
        form.data.get("title", ""),
        form.text("description"),
        own=_typed(visit, form),
        receipt=own_fields.receipt(visit, form),
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


def _typed(visit: Visit, form: Form, request: Request | None = None) -> dict[str, Any]:
    """What was typed in the fields of the chosen kind. What another kind asks for is left where it is."""
    key = form.data.get("kind", request.kind if request else "")
    asking = own_fields.asking(visit, key, request)
    return own_fields.typed(visit, form, asking.fields)


def _due(visit: Visit, due: datetime) -> str:
    spoken = danish.spoken_time(due, visit.now, visit.house.settings.zone)
    return f"Gemt. Virksomheden skal have svar inden {spoken}."


@router.get("/henvendelser/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One request, its steps, and what can be done."""
    asked = queries.get(visit.db, id)
    return _show(visit, asked, Form.of(_filled(asked)))


def _filled(asked: Request) -> dict[str, Any]:
    values = {name: getattr(asked, name) for name in ("kind", "title", "description", "owner_id", "version")}
    return values | own_fields.shown(asked)


def _show(visit: Visit, asked: Request, form: Form) -> Response:
    return page(
        visit,
        "requests/show.html",
        status=form.status if form.errors else 200,
        section="requests",
        asked=asked,
        steps=queries.steps(visit.db, asked),
        form=form,
        following=_following(asked),
        kinds=own_fields.kind_choices(visit, asked.of_kind),
        asking=own_fields.asking(visit, form.data.get("kind", asked.kind), asked),
        receipt=receipts.of(visit.db, asked),
        colleagues=[(user.id, user.name) for user in users.colleagues(visit.db)],
    )


def _following(asked: Request) -> list[tuple[RequestState, str]]:
    """Where it can go, in words. Back to us, still without an answer, only while it waits for one."""
    words_of = dict(words.REQUEST_STATES)
    states = NEXT[RequestState(asked.state)]
    if asked.paused_since is not None:
        words_of[RequestState.TAKEN] = BACK
    elif asked.state == RequestState.WAITING:
        states = tuple(state for state in states if state != RequestState.TAKEN)
    return [(state, words_of[state]) for state in states]


@router.post("/henvendelser/{id}/felter")
def fields(visit: Annotated[Visit, working("requests.write")], id: int) -> Response:
    """The page with the fields of the kind that was chosen; nothing is stored."""
    return _show(visit, queries.get(visit.db, id), visit.form)


@router.post("/henvendelser/{id}")
def change(visit: Annotated[Visit, writing("requests.write")], id: int) -> Response:
    """Correct title, kind, owner or the kind's own fields."""
    asked, form = queries.get(visit.db, id), visit.form
    values: dict[str, Any] = {"title": form.data.get("title", ""), "description": form.text("description")}
    values |= {"kind": form.data.get("kind", asked.kind)} | _typed(visit, form, asked)
    owner_id = form.number("owner_id")
    if form.number("version") != asked.version:
        form.refuse("", "En kollega har rettet imens. Din tekst står her; hent siden igen for at se den nye.")
    if owner_id:
        values["owner"] = users.get(visit.db, owner_id)

    def correct() -> Request:
        return actions.change(visit.db, request=asked, values=values, now=visit.now, clock=visit.house.hours)

    if form.act(visit.db, correct) is None:
        return _show(visit, queries.get(visit.db, id), form)
    return redirect(visit, f"/henvendelser/{id}", flash="Rettelsen er gemt.")


@router.post("/henvendelser/{id}/svar")
def answer(visit: Annotated[Visit, writing("requests.write")], id: int) -> Response:
    """The company has its first answer."""
    asked = queries.get(visit.db, id)
    actions.answer(visit.db, request=asked, now=visit.now, clock=visit.house.hours)
    late = " Det kom senere end lovet." if asked.in_time == 0 else ""
    return redirect(visit, f"/henvendelser/{id}", flash=f"Svaret er noteret.{late}")


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
            clock=visit.house.hours,
            note=form.text("note"),
        ),
    )
    if moved is None:
        form.data = Form.of(_filled(asked)).data | form.data
        return _show(visit, asked, form)
    return redirect(
        visit,
        f"/henvendelser/{id}",
        flash=f"Henvendelsen er nu: {words.word(moved.state, 'request_state').lower()}.",
    )
