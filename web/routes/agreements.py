"""Agreements: the list, one with its steps, and entering a new one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import queries as users
from crm.access.models import User
from crm.agreements import actions, queries
from crm.agreements.models import Agreement, AgreementState
from crm.companies import queries as companies
from crm.companies.models import Company
from web import words
from web.deps import Visit, reading, writing
from web.forms import Form
from web.lists.agreements import AGREEMENTS
from web.lists.showing import list_page
from web.render import page, redirect

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
        programmes=[(each.key, each.name) for each in queries.programmes(visit.db)],
        colleagues=[(user.id, user.name) for user in users.colleagues(visit.db)],
    )


def _consultant(visit: Visit) -> User | None:
    """The colleague chosen as the municipality's contact, if one is."""
    key = visit.form.number("consultant", "Vælg en kollega.")
    return users.get(visit.db, key) if key else None


@router.post("/virksomheder/{cvr}/aftaler")
def create(visit: Annotated[Visit, writing("agreements.write")], cvr: str) -> Response:
    """Enter an agreement: signed when it has a day of signing, else a prospect."""
    company, form = companies.by_cvr(visit.db, cvr), visit.form
    signed, begins, ends = (form.day(name, visit.today) for name in ("signed_on", "valid_from", "valid_to"))
    key = form.text("programme")
    if key not in {each.key for each in queries.programmes(visit.db)}:
        form.refuse("programme", "Vælg et program.")
    made = form.act(
        visit.db,
        lambda: actions.create(
            visit.db,
            company=company,
            programme=queries.programme(visit.db, key or ""),
            title=form.data.get("title", ""),
            by=visit.me,
            now=visit.now,
            today=visit.today,
            signed_on=signed,
            valid_from=begins,
            valid_to=ends,
            consultant=_consultant(visit),
        ),
    )
    if made is None:
        return _new(visit, company, form)
    return redirect(visit, f"/aftaler/{made.id}", flash="Aftalen er gemt.")


@router.get("/aftaler/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One agreement, its steps, and what can come next."""
    agreement = queries.get(visit.db, id)
    return _show(visit, agreement, _filled(agreement))


def _filled(agreement: Agreement) -> Form:
    days = {name: getattr(agreement, name) for name in ("signed_on", "valid_from", "valid_to")}
    shown = {name: f"{day:%d-%m-%Y}" if day else "" for name, day in days.items()}
    known = {"title": agreement.title, "version": agreement.version, "consultant": agreement.consultant_id}
    return Form.of(known | shown)


def _show(visit: Visit, agreement: Agreement, form: Form) -> Response:
    following = actions.next_states(agreement)
    team = {user.id: user.name for user in users.colleagues(visit.db)}
    if agreement.consultant is not None:
        # Who has left since still stands on what has ended.
        team.setdefault(agreement.consultant.id, agreement.consultant.name)
    return page(
        visit,
        "agreements/show.html",
        status=form.status if form.errors else 200,
        section="agreements",
        agreement=agreement,
        steps=queries.steps(visit.db, agreement),
        form=form,
        following=[(state, words.AGREEMENT_STATES[AgreementState(state)]) for state in following],
        colleagues=list(team.items()),
    )


@router.post("/aftaler/{id}")
def change(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Correct title, dates or who is the municipality's contact."""
    agreement, form = queries.get(visit.db, id), visit.form
    values: dict[str, object] = {
        name: form.day(name, visit.today) for name in ("signed_on", "valid_from", "valid_to")
    }
    values["title"] = form.data.get("title", "")
    if form.number("version") != agreement.version:
        form.refuse("", "En kollega har rettet imens. Din tekst står her; hent siden igen for at se den nye.")

    def correct() -> Agreement:
        if (consultant := _consultant(visit)) is not None:
            values["consultant"] = consultant
        return actions.change(visit.db, agreement=agreement, values=values, today=visit.today)

    done = form.act(visit.db, correct)
    if done is None:
        return _show(visit, agreement, form)
    return redirect(visit, f"/aftaler/{id}", flash="Rettelsen er gemt.")


@router.post("/aftaler/{id}/skridt")
def step(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Move the agreement one step."""
    agreement, form = queries.get(visit.db, id), visit.form
    on = form.day("on", visit.today) or visit.today
    moved = form.act(
        visit.db,
        lambda: actions.step(
            visit.db,
            agreement=agreement,
            to=form.data.get("to", ""),
            on=on,
            by=visit.me,
            now=visit.now,
            today=visit.today,
            note=form.text("note"),
        ),
    )
    if moved is None:
        form.data = _filled(agreement).data | form.data
        return _show(visit, agreement, form)
    name = words.word(moved.state, "agreement_state").lower()
    return redirect(visit, f"/aftaler/{id}", flash=f"Aftalen er nu {name}.")
