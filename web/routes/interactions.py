"""Writing down a call with what came of it, and keeping promises."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.access import actions as access
from crm.access import queries as users
from crm.access.models import User
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.errors import Refused
from crm.interactions import actions, queries
from crm.requests import actions as requests
from crm.requests.actions import Logged, NewRequest, Promise
from web.deps import Visit, writing
from web.forms import Form
from web.render import local, redirect
from web.routes.companies import company_page

router = APIRouter()
# What a draft keeps; everything else of the form belongs to the sending of it.
DRAFT = ("summary", "kind", "direction", "company_contact_id", "happened_on", "happened_time", "request_kind",
         "request_title", "request_owner", "follow_up_text", "follow_up_due", "follow_up_owner")  # fmt: skip
TYPED = ("summary", "request_title", "follow_up_text", "follow_up_due")


@router.post("/virksomheder/{cvr}/samtaler")
def log(visit: Annotated[Visit, writing("interactions.write")], cvr: str) -> Response:
    """Write down what happened, with the request and the follow-up that came of it."""
    company, form = companies.by_cvr(visit.db, cvr), visit.form
    happened_at = form.moment("happened_on", "happened_time", visit.now, visit.house.settings.zone)
    asked, promised = _request(form), _promise(visit, form)
    contact_id = form.number("company_contact_id")
    logged = form.act(
        visit.db,
        lambda: requests.log_call(
            visit.db,
            company=company,
            by=visit.me,
            now=visit.now,
            clock=visit.house.hours,
            kind=form.data.get("kind", ""),
            direction=form.text("direction"),
            summary=form.data.get("summary", ""),
            happened_at=happened_at,
            contact=companies.contact(visit.db, company, contact_id) if contact_id else None,
            request=asked,
            follow_up=promised,
            request_owner=_colleague(visit, form, "request_owner"),
        ),
    )
    if logged is None:
        return company_page(visit, companies.card(visit.db, cvr), form)
    last = {"kind": logged.interaction.kind, "direction": logged.interaction.direction or "in"}
    access.draft_sent(visit.db, user=visit.me, key=f"log:{cvr}", last=last, now=visit.now)
    undo = f"/samtaler/{logged.interaction.id}/fortryd"
    return redirect(visit, f"/virksomheder/{cvr}", flash=_said(visit, company, logged), undo=undo)


def _request(form: Form) -> NewRequest | None:
    kind, title = form.text("request_kind"), form.text("request_title")
    if kind is None and title is None:
        return None
    if kind is None:
        form.refuse("request_kind", "Vælg, hvad henvendelsen drejer sig om.")
    return NewRequest(kind or "", title or "", wanted=form.number("request_wanted"))


def _promise(visit: Visit, form: Form) -> Promise | None:
    text, due = form.text("follow_up_text"), form.day("follow_up_due", visit.today)
    if text is None and form.text("follow_up_due") is None:
        return None
    if due is None:
        form.refuse("follow_up_due", "Skriv hvornår, for eksempel 30-11-2026 eller »i morgen«.")
        return None
    return Promise(due, text or "", _colleague(visit, form, "follow_up_owner"))


def _colleague(visit: Visit, form: Form, name: str) -> User | None:
    chosen = form.number(name, "Vælg en kollega fra listen.")
    return users.get(visit.db, chosen) if chosen else None


def _said(visit: Visit, company: Company, logged: Logged) -> str:
    parts = [f"Gemt hos {company.name}."]
    if logged.request:
        due = danish.spoken_time(logged.request.answer_due_at, visit.now, visit.house.settings.zone)
        parts.append(f"Henvendelsen skal have svar inden {due}.")
    if logged.follow_up:
        parts.append(f"Opfølgning {danish.spoken_day(logged.follow_up.due, visit.today)}.")
    return " ".join(parts)


@router.post("/virksomheder/{cvr}/kladde")
def save_draft(visit: Annotated[Visit, writing("interactions.write")], cvr: str) -> Response:
    """Keep what is typed so far, so that a closed tab loses nothing. An empty form forgets it."""
    company, data = companies.by_cvr(visit.db, cvr), visit.form.data
    values = {name: data[name] for name in DRAFT if data.get(name, "").strip()}
    if not any(name in values for name in TYPED):
        values = {}
    access.save_draft(visit.db, user=visit.me, key=f"log:{company.cvr}", values=values, now=visit.now)
    return Response(status_code=204)


@router.post("/samtaler/{id}/fortryd")
def take_back(visit: Annotated[Visit, writing("interactions.write")], id: int) -> Response:
    """Undo what was just written; the text goes back into the note box."""
    entry = queries.interaction(visit.db, id)
    cvr, values = entry.company.cvr, {"summary": entry.summary, "kind": entry.kind}
    if entry.direction:
        values["direction"] = entry.direction
    requests.take_back(visit.db, entry=entry, by=visit.me, now=visit.now)
    access.save_draft(visit.db, user=visit.me, key=f"log:{cvr}", values=values, now=visit.now)
    return redirect(visit, f"/virksomheder/{cvr}", flash="Fortrudt. Teksten står i feltet igen.")


@router.post("/opfoelgninger/{id}/faerdig")
def done(visit: Annotated[Visit, writing("interactions.write")], id: int) -> Response:
    """A promise is kept."""
    follow_up = queries.follow_up(visit.db, id)
    actions.mark_done(visit.db, follow_up=follow_up, by=visit.me, now=visit.now)
    return redirect(visit, _back(visit), flash="Klaret.", undo=f"/opfoelgninger/{id}/aaben")


@router.post("/opfoelgninger/{id}/aaben")
def reopen(visit: Annotated[Visit, writing("interactions.write")], id: int) -> Response:
    """It was not done after all."""
    actions.reopen(visit.db, follow_up=queries.follow_up(visit.db, id))
    return redirect(visit, _back(visit), flash="Opfølgningen er åben igen.")


@router.post("/opfoelgninger/{id}/udskyd")
def postpone(visit: Annotated[Visit, writing("interactions.write")], id: int) -> Response:
    """Promise it for another day."""
    follow_up = queries.follow_up(visit.db, id)
    due = visit.form.day("due", visit.today)
    if due is None:
        raise Refused("due", visit.form.errors.get("due", "Skriv en dag."))
    actions.postpone(visit.db, follow_up=follow_up, due=due)
    return redirect(visit, _back(visit), flash=f"Udskudt til {danish.spoken_day(due, visit.today)}.")


def _back(visit: Visit) -> str:
    """The page the button stood on."""
    path = visit.request.headers.get("referer", "").split("://")[-1].partition("/")[2]
    return local("/" + path)
