"""Partner organisations and the agreements with them, apart from those with companies."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm.access import queries as users
from crm.agreements import partners
from crm.agreements.partners import AGREEMENT, ORGANISATION, PartnerAgreement, PartnerOrganisation
from web.agreements import typed_day
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter()
HOME = "/aftaler/partnere"


def _index(visit: Visit, form: Form) -> Response:
    return page(
        visit,
        "agreements/partners.html",
        status=form.status if form.errors else 200,
        section="agreements",
        organisations=partners.organisations(visit.db),
        form=form,
    )


@router.get(HOME)
def index(visit: Annotated[Visit, reading()]) -> Response:
    """All organisations we work together with."""
    return _index(visit, Form())


@router.post(HOME)
def add(visit: Annotated[Visit, writing("agreements.write")]) -> Response:
    """Write down one more."""
    form = visit.form
    values = form.given(*ORGANISATION)
    made = form.act(visit.db, lambda: partners.add_organisation(visit.db, values=values, now=visit.now))
    if made is None:
        return _index(visit, form)
    return redirect(visit, f"{HOME}/{made.id}", flash=f"{made.name} er gemt.")


def _one(
    visit: Visit, found: PartnerOrganisation, *, known: Form | None = None, new: Form | None = None
) -> Response:
    known = known or Form.of({name: getattr(found, name) for name in (*ORGANISATION, "version")})
    new = new or Form()
    refused = known if known.errors else new
    return page(
        visit,
        "agreements/partner.html",
        status=refused.status if refused.errors else 200,
        section="agreements",
        organisation=found,
        known=known,
        new=new,
        form=refused,
        colleagues=[(user.id, user.name) for user in users.colleagues(visit.db)],
    )


@router.get(f"{HOME}/{{id}}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One organisation and what is agreed with it."""
    return _one(visit, partners.organisation(visit.db, id))


@router.post(f"{HOME}/{{id}}")
def change(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Correct what we know of it."""
    found, form = partners.organisation(visit.db, id), visit.form

    def act() -> bool:
        partners.change_organisation(
            visit.db, organisation=found, values=form.given(*ORGANISATION), seen=form.number("version")
        )
        return True

    if form.act(visit.db, act) is None:
        return _one(visit, found, known=form)
    return redirect(visit, f"{HOME}/{id}", flash="Rettelsen er gemt.")


def _typed(visit: Visit) -> dict[str, Any]:
    form = visit.form
    return {
        **form.given("title", "agreed", "contact", "notes"),
        "valid_from": form.day("valid_from", visit.today),
        "valid_to": form.day("valid_to", visit.today),
        "consultant_id": form.number("consultant_id", "Vælg en kollega."),
    }


@router.post(f"{HOME}/{{id}}/aftaler")
def agree(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Write down an agreement with it."""
    found, form, values = partners.organisation(visit.db, id), visit.form, _typed(visit)
    made = form.act(
        visit.db,
        lambda: partners.agree(visit.db, organisation=found, values=values, by=visit.me, now=visit.now),
    )
    if made is None:
        return _one(visit, found, new=form)
    return redirect(visit, f"{HOME}/{id}", flash="Aftalen er gemt.")


def _agreement(visit: Visit, found: PartnerAgreement, form: Form) -> Response:
    team = {user.id: user.name for user in users.colleagues(visit.db)}
    if found.consultant is not None:
        team.setdefault(found.consultant.id, found.consultant.name)
    return page(
        visit,
        "agreements/partner_agreement.html",
        status=form.status if form.errors else 200,
        section="agreements",
        agreement=found,
        form=form,
        colleagues=list(team.items()),
    )


@router.get("/partneraftaler/{id}")
def show_agreement(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One agreement with an organisation."""
    found = partners.agreement(visit.db, id)
    days = {name: typed_day(getattr(found, name)) for name in ("valid_from", "valid_to")}
    return _agreement(
        visit, found, Form.of({name: getattr(found, name) for name in (*AGREEMENT, "version")} | days)
    )


@router.post("/partneraftaler/{id}")
def change_agreement(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Correct it, or let it end by its last day."""
    found, form, values = partners.agreement(visit.db, id), visit.form, _typed(visit)

    def act() -> bool:
        partners.change_agreement(visit.db, agreement=found, values=values, seen=form.number("version"))
        return True

    if form.act(visit.db, act) is None:
        return _agreement(visit, found, form)
    return redirect(visit, f"{HOME}/{found.organisation_id}", flash="Rettelsen er gemt.")
