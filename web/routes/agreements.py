"""Agreements: the list, one with its steps, and entering a new one."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import queries as users
from crm.agreements import actions, queries
from crm.agreements.models import Agreement, AgreementState, Programme
from crm.agreements.renewals import last_day
from crm.companies import queries as companies
from crm.companies.models import Company
from web import agreements, words
from web.deps import Visit, reading, writing
from web.forms import Form
from web.lists.agreements import AGREEMENTS
from web.lists.showing import list_page
from web.render import local, page, redirect

router = APIRouter()


@router.get("/aftaler")
def index(visit: Annotated[Visit, reading()]) -> Response:
    """Agreements, the newest first."""
    return list_page(visit, AGREEMENTS, states=lambda _here, _rows: words.choices(words.AGREEMENT_STATES))


@router.get("/virksomheder/{cvr}/aftaler/ny")
def new(visit: Annotated[Visit, reading("agreements.write")], cvr: str) -> Response:
    """A form for an agreement."""
    return _new(visit, companies.by_cvr(visit.db, cvr), Form())


def _new(visit: Visit, company: Company, form: Form) -> Response:
    return page(
        visit,
        "agreements/new.html",
        status=form.status if form.errors else 200,
        section="agreements",
        company=company,
        form=form,
        programmes=[(each.key, _with_length(each)) for each in queries.offered(visit.db, visit.today)],
        colleagues=[(user.id, user.name) for user in users.colleagues(visit.db)],
        contacts=[(each.id, each.label) for each in companies.contacts(visit.db, company)],
    )


def _with_length(programme: Programme) -> str:
    months = programme.standard_months
    return f"{programme.name} ({months} måneder)" if months else programme.name


@router.post("/virksomheder/{cvr}/aftaler")
def create(visit: Annotated[Visit, writing("agreements.write")], cvr: str) -> Response:
    """Enter an agreement: signed when it has a day of signing, else a prospect."""
    company, form = companies.by_cvr(visit.db, cvr), visit.form
    signed, begins, ends = (form.day(name, visit.today) for name in agreements.DAYS)
    known = {each.key: each for each in queries.offered(visit.db, visit.today)}
    programme = known.get(form.text("programme") or "")
    if programme is None:
        form.refuse("programme", "Vælg et program.")
    person = form.number("company_contact", "Vælg en person.")

    def enter() -> Agreement:
        return actions.create(
            visit.db,
            company=company,
            programme=programme or queries.programme(visit.db, ""),
            title=form.data.get("title", ""),
            by=visit.me,
            now=visit.now,
            today=visit.today,
            signed_on=signed,
            valid_from=begins,
            valid_to=ends or _usual_end(form, programme, begins or signed),
            consultant=agreements.consultant(visit),
            contact=companies.contact(visit.db, company, person) if person else None,
        )

    made = form.act(visit.db, enter)
    if made is None:
        return _new(visit, company, form)
    return redirect(visit, f"/aftaler/{made.id}", flash="Aftalen er gemt. Skriv nu, hvad I har aftalt.")


def _usual_end(form: Form, programme: Programme | None, begins: date | None) -> date | None:
    """The last day as the programme's agreements usually have it, unless it is to be open."""
    if (
        programme is None
        or begins is None
        or programme.standard_months is None
        or form.data.get("open_ended")
    ):
        return None
    return last_day(begins, programme.standard_months)


@router.get("/aftaler/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One agreement, its steps, and what can come next."""
    return agreements.show(visit, queries.get(visit.db, id))


@router.post("/aftaler/{id}")
def change(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Correct title, dates, who is whose contact, or whether the panel sees it."""
    agreement, form = queries.get(visit.db, id), visit.form
    # Days the page did not have, since periods have forms of their own, stay.
    values: dict[str, Any] = {
        name: form.day(name, visit.today) for name in agreements.DAYS if name in form.data
    }
    values["title"] = form.data.get("title", "")
    if "panel" in form.data:
        values["shown_to_panel"] = bool(form.data.get("shown_to_panel"))
    if form.number("version") != agreement.version:
        form.refuse("", agreements.CHANGED)

    def correct() -> Agreement:
        if (consultant := agreements.consultant(visit)) is not None:
            values["consultant"] = consultant
        if "company_contact" in form.data:
            values["contact"] = agreements.contact(visit, agreement)
        return actions.change(visit.db, agreement=agreement, values=values, today=visit.today)

    if form.act(visit.db, correct) is None:
        return agreements.show(visit, agreement, refused=("details", form))
    return redirect(visit, f"/aftaler/{id}", flash="Rettelsen er gemt.")


@router.post("/aftaler/{id}/skridt")
def step(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Move the agreement one step. Who ends it says why, and who renews it until when."""
    agreement, form = queries.get(visit.db, id), visit.form
    to, on = form.data.get("to", ""), form.day("on", visit.today) or visit.today
    ends = form.day("valid_to", visit.today)
    if to == AgreementState.SIGNED and agreement.valid_to is None:
        ends = ends or _usual_end(form, agreement.programme, agreement.valid_from or on)
    cause = form.text("cause")
    if to == AgreementState.ENDED and cause is None:
        form.refuse("cause", "Vælg, hvorfor aftalen slutter.")
    if to == AgreementState.RENEWED and ends is None:
        form.refuse("valid_to", "Skriv, hvornår den nye periode slutter.")
    moved = form.act(
        visit.db,
        lambda: actions.step(
            visit.db,
            agreement=agreement,
            to=to,
            on=on,
            by=visit.me,
            now=visit.now,
            today=visit.today,
            note=form.text("note"),
            valid_to=ends,
            cause=cause,
        ),
    )
    if moved is None:
        active = {"ended": "end", "renewed": "renew"}.get(to, "step")
        return agreements.show(visit, agreement, refused=(active, form))
    name = words.word(moved.state, "agreement_state").lower()
    back = local(form.data.get("tilbage"), f"/aftaler/{id}")
    return redirect(visit, back, flash=f"{moved.company.name}: aftalen er nu {name}.")
