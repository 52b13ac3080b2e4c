"""Who is a company's way in: its history, and giving it to a colleague or proposing that."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import queries as users
from crm.access.models import User
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.errors import renamed
from crm.handover import actions, proposals
from crm.handover.models import Handover, HandoverKind, ItemKind, TransferProposal
from crm.handover.preview import preview
from crm.handover.scope import Scope
from crm.periods import moments_of
from crm.responsibility import queries
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect
from web.routes.colleagues import past_day
from web.routes.handover import NAMES, REASONS, example, handed_over, letter_of, receiver, with_letter

router = APIRouter(prefix="/virksomheder/{cvr}/ansvarlig")
SENT = "Forslaget er sendt til lederen. Du kan se her på siden, hvad svaret bliver."


def must_ask(visit: Visit, company: Company) -> bool:
    """Whether this user may only propose."""
    return proposals.must_ask(visit.me, company, approve_transfers=visit.house.settings.approve_transfers)


@router.get("")
def history(visit: Annotated[Visit, reading()], cvr: str, dag: str = "") -> Response:
    """Everyone who has been the way in, and who it was on a day."""
    company, form = companies.by_cvr(visit.db, cvr), Form.of({"dag": dag})
    rows = queries.history(visit.db, company)
    day = past_day(form, "dag", visit.today)
    first, next_one = moments_of(day or visit.today, visit.house.settings.zone)
    return page(
        visit,
        "responsibility/history.html",
        status=form.status if form.errors else 200,
        section="companies",
        company=company,
        history=rows,
        proposals=proposals.of_company(visit.db, company),
        form=form,
        day=day,
        on_the_day=[
            each
            for each in rows
            if each.valid_from < next_one and (each.valid_to is None or each.valid_to > first)
        ],
    )


def _form(
    visit: Visit, company: Company, form: Form, *, to: User | None = None, mail: Any = None
) -> Response:
    chosen = Scope(ids=[company.id])
    return page(
        visit,
        "responsibility/change.html",
        status=form.status if form.errors else 200,
        section="companies",
        company=company,
        form=with_letter(form),
        preview=preview(visit.db, chosen, today=visit.today),
        kinds=ItemKind,
        mail=mail,
        reasons=REASONS,
        asks=must_ask(visit, company),
        proposal=next(iter(proposals.of_company(visit.db, company, limit=1)), None),
        colleagues=[
            (user.id, user.name) for user in users.colleagues(visit.db) if user.id != company.responsible.id
        ],
    )


@router.get("/skift")
def choose(visit: Annotated[Visit, reading("responsibility.write")], cvr: str) -> Response:
    """A form to give the company to a colleague, and what follows it."""
    return _form(visit, companies.by_cvr(visit.db, cvr), Form())


@router.post("/skift")
def change(visit: Annotated[Visit, writing("responsibility.write")], cvr: str) -> Response:
    """Give the company to a colleague from now on; or propose it, where a manager decides."""
    company, form = companies.by_cvr(visit.db, cvr), visit.form
    to, before, home = receiver(visit, form), company.responsible, f"/virksomheder/{cvr}"
    if form.text("op") == "vis" and to is not None:
        found = preview(visit.db, Scope(ids=[company.id]), today=visit.today)
        form.data["mail"] = "1"
        return _form(visit, company, form, to=to, mail=example(visit, form, to, found))
    if must_ask(visit, company):
        asked = form.act(visit.db, partial(_propose, visit, company, to)) if to else None
        return (
            _form(visit, company, form) if asked is None else redirect(visit, f"{home}/ansvarlig", flash=SENT)
        )
    done = form.act(visit.db, partial(_hand_over, visit, company, to)) if to else None
    if done is None:
        return _form(visit, companies.by_cvr(visit.db, cvr), form)
    now = users.get(visit.db, done.to_id)
    return handed_over(visit, done, home, f"{now.name} er nu indgang i stedet for {before.name}.")


def _propose(visit: Visit, company: Company, to: User) -> TransferProposal:
    with renamed(**NAMES):
        return proposals.propose(
            visit.db,
            company=company,
            to=to,
            reason=visit.form.data.get("reason", ""),
            by=visit.me,
            now=visit.now,
        )


def _hand_over(visit: Visit, company: Company, to: User) -> Handover:
    with renamed(**NAMES):
        return actions.hand_over_list(
            visit.db,
            company_ids=[company.id],
            to=to,
            note=visit.form.data.get("reason", ""),
            by=visit.me,
            now=visit.now,
            home=visit.house.settings.base_url,
            kind=HandoverKind.COMPANY,
            seen=visit.form.text("seen"),
            letter=letter_of(visit.form),
        )
