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
from crm.day import actions as day_actions
from crm.day.tasks import Line
from crm.errors import Refused
from crm.interactions import actions, queries
from crm.requests import actions as requests
from crm.requests.actions import Logged, NewRequest, Promise
from crm.requests.kinds import OWN
from web import day, own_fields
from web.deps import Visit, working, writing
from web.forms import Form, read_repeat
from web.render import local, page, redirect
from web.routes.companies import company_page

router = APIRouter()
# What a draft keeps; everything else of the form belongs to the sending of it.
DRAFT = ("summary", "only_team", "kind", "direction", "company_contact_id", "happened_on", "happened_time",
         "request_kind", "request_title", "request_owner", "follow_up_text", "follow_up_due", "follow_up_owner",
         "request_receipt", "request_receipt_to", "follow_up_call_back", "follow_up_repeat_every",
         "follow_up_repeat_unit", *(f"request_{name}" for name in OWN))  # fmt: skip
TYPED = ("summary", "request_title", "follow_up_text", "follow_up_due")


@router.post("/virksomheder/{cvr}/samtaler")
def log(visit: Annotated[Visit, writing("interactions.write")], cvr: str) -> Response:
    """Write down what happened, with the request and the follow-up that came of it."""
    company, form = companies.by_cvr(visit.db, cvr), visit.form
    happened_at = form.moment("happened_on", "happened_time", visit.now, visit.house.settings.zone)
    asked, promised = _request(visit, form), _promise(visit, form)
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
            only_team=form.data.get("only_team") == "1",
        ),
    )
    line = day.line_of(form)
    if logged is None:
        if line is not None:
            return day.log_beside(visit, line, form)
        return company_page(visit, companies.card(visit.db, cvr), form)
    last = {"kind": logged.interaction.kind, "direction": logged.interaction.direction or "in"}
    access.draft_sent(visit.db, user=visit.me, key=f"log:{cvr}", last=last, now=visit.now)
    undo = f"/samtaler/{logged.interaction.id}/fortryd"
    said = _said(visit, company, logged)
    if line is None:
        return redirect(visit, f"/virksomheder/{cvr}", flash=said, undo=undo)
    if form.data.get("linje_klaret") == "1":
        said = f"{said} {day.finished(visit, line, company, note=logged.interaction.summary)}"
        undo = f"{undo}?linje={line}"
    return redirect(visit, "/", flash=said.strip(), undo=undo)


def _request(visit: Visit, form: Form) -> NewRequest | None:
    kind, title = form.text("request_kind"), form.text("request_title")
    if kind is None and title is None:
        return None
    if kind is None:
        form.refuse("request_kind", "Vælg, hvad henvendelsen drejer sig om.")
    asking = own_fields.asking(visit, kind)
    return NewRequest(
        kind or "",
        title or "",
        own=own_fields.typed(visit, form, asking.fields, "request_"),
        receipt=own_fields.receipt(visit, form, "request_"),
    )


@router.post("/virksomheder/{cvr}/samtaler/felter")
def request_fields(visit: Annotated[Visit, working("interactions.write")], cvr: str) -> Response:
    """What the note box asks of a request of the kind that was chosen; nothing is stored."""
    company, form = companies.by_cvr(visit.db, cvr), visit.form
    contacts = [each for each in companies.contacts(visit.db, company) if each.ended_on is None]
    own_fields.suggest_address(form, company, contacts, "request_")
    asking = own_fields.asking(visit, form.data.get("request_kind"))
    return page(visit, "requests/_log_fields.html", form=form, asking=asking)


def _promise(visit: Visit, form: Form) -> Promise | None:
    text, due = form.text("follow_up_text"), form.day("follow_up_due", visit.today)
    call_back, repeat = form.data.get("follow_up_call_back") == "1", read_repeat(form, "follow_up_repeat")
    if text is None and form.text("follow_up_due") is None and not call_back:
        return None
    if due is None:
        form.refuse("follow_up_due", "Skriv hvornår, for eksempel 30-11-2026 eller »i morgen«.")
        return None
    text = text or ("Ring tilbage" if call_back else "")
    return Promise(due, text, _colleague(visit, form, "follow_up_owner"), call_back, repeat)


def _colleague(visit: Visit, form: Form, name: str) -> User | None:
    chosen = form.number(name, "Vælg en kollega fra listen.")
    return users.get(visit.db, chosen) if chosen else None


def _said(visit: Visit, company: Company, logged: Logged) -> str:
    parts = [f"Gemt hos {company.name}."]
    if logged.request:
        due = danish.spoken_time(logged.request.answer_due_at, visit.now, visit.house.settings.zone)
        parts.append(f"Henvendelsen skal have svar inden {due}.")
    if logged.follow_up:
        parts.append(f"Opfølgning {day.spoken_end(logged.follow_up.due, visit.today)}")
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
def take_back(visit: Annotated[Visit, writing("interactions.write")], id: int, linje: str = "") -> Response:
    """Undo what was just written; the text goes back into the note box, and a line of the day stands again."""
    entry = queries.interaction(visit.db, id, reader=visit.me)
    cvr, values = entry.company.cvr, {"summary": entry.text, "kind": entry.kind}
    if entry.only_team:
        values["only_team"] = "1"
    if entry.direction:
        values["direction"] = entry.direction
    requests.take_back(visit.db, entry=entry, by=visit.me, now=visit.now)
    access.save_draft(visit.db, user=visit.me, key=f"log:{cvr}", values=values, now=visit.now)
    if line := Line.read(linje):
        day_actions.take_back(visit.db, line=line, moment=day.moment_of(visit))
        return redirect(visit, "/", flash="Fortrudt. Teksten står i feltet igen, når du logger på linjen.")
    return redirect(visit, f"/virksomheder/{cvr}", flash="Fortrudt. Teksten står i feltet igen.")


@router.post("/opfoelgninger/{id}/faerdig")
def done(visit: Annotated[Visit, writing("interactions.write")], id: int) -> Response:
    """A promise is kept."""
    follow_up = queries.follow_up(visit.db, id)
    following = actions.mark_done(
        visit.db, follow_up=follow_up, by=visit.me, now=visit.now, today=visit.today
    )
    said = f"Klaret. Igen {day.spoken_end(following.due, visit.today)}" if following else "Klaret."
    return redirect(visit, _back(visit), flash=said, undo=f"/opfoelgninger/{id}/aaben")


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
    return redirect(visit, _back(visit), flash=f"Udskudt til {day.spoken_end(due, visit.today)}")


def _back(visit: Visit) -> str:
    """The page the button stood on."""
    path = visit.request.headers.get("referer", "").split("://")[-1].partition("/")[2]
    return local("/" + path)
