"""Companies: the list, the page of one, and what is known about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm import numbers
from crm.access import queries as users
from crm.agreements import queries as agreements
from crm.agreements.models import AgreementState
from crm.companies import actions, queries
from crm.companies.models import Company
from crm.companies.queries import Card
from crm.handover import proposals
from crm.handover.models import TransferProposal
from crm.interactions import queries as interactions
from crm.requests import queries as requests
from crm.responsibility import actions as responsibility
from crm.responsibility import beside
from crm.responsibility import queries as assignments
from crm.responsibility.absences import ways as absent
from web import own_fields, words
from web.cursors import cursor, moment_of
from web.deps import Visit, reading, writing
from web.forms import Form
from web.lists.companies import COMPANIES, QUIET, YES_OR_NO
from web.lists.showing import list_page
from web.render import page, redirect
from web.timeline import entries

router = APIRouter()
IN_FORCE = (AgreementState.SIGNED, AgreementState.IN_FORCE, AgreementState.RENEWED)
# So long a proposal's answer is shown to whoever made it.
LATELY = timedelta(days=14)
NUMBERS = ("employees_from", "employees_to")


@router.get("/virksomheder")
def index(visit: Annotated[Visit, reading()]) -> Response:
    """All companies in Danish order, narrowed as asked."""
    return list_page(
        visit,
        COMPANIES,
        ways=lambda here, rows: absent.ways(visit.db, rows, visit.today, absences=here.absences),
        quiet=lambda _here, _rows: QUIET,
        yes_or_no=lambda _here, _rows: YES_OR_NO,
    )


@router.get("/virksomheder/ny")
def new(visit: Annotated[Visit, reading("companies.write")], navn: str = "", telefon: str = "") -> Response:
    """A form for a company the register has not told us about."""
    return _new(visit, Form.of({"name": navn, "phone": telefon}))


def _new(visit: Visit, form: Form) -> Response:
    return page(
        visit,
        "companies/new.html",
        status=form.status if form.errors else 200,
        section="companies",
        form=form,
        colleagues=[(user.id, user.name) for user in users.colleagues(visit.db)],
    )


@router.post("/virksomheder")
def create(visit: Annotated[Visit, writing("companies.write")]) -> Response:
    """Create a company by hand, with its responsible consultant."""
    form = visit.form
    values: dict[str, Any] = form.given("name", "street", "postal_code", "city", "phone", "email", "website")
    values["employees_from"] = values["employees_to"] = form.number("employees_from")
    chosen = form.number("responsible_id")
    made = form.act(
        visit.db,
        lambda: responsibility.create_company(
            visit.db,
            values=values | {"cvr": numbers.cvr(form.data.get("cvr", ""))},
            responsible=users.get(visit.db, chosen) if chosen else None,
            by=visit.me,
            now=visit.now,
        ),
    )
    if made is None:
        return _new(visit, form)
    return redirect(visit, f"/virksomheder/{made.cvr}", flash=f"{made.name} er oprettet.")


@router.get("/virksomheder/{cvr}")
def show(
    visit: Annotated[Visit, reading()],
    cvr: str,
    kontakt: str = "",
    opkald: str = "",
    fra: str = "",
    foer: str = "",
) -> Response:
    """Everything about a company, with the note box in the middle."""
    card = queries.card(visit.db, cvr)
    return company_page(visit, card, log_form(visit, card.company, kontakt, opkald), fra=fra, before=foer)


def log_form(visit: Visit, company: Company, contact: str = "", call: str = "") -> Form:
    """The note box as it was left, or with the kind and direction this user chose last."""
    key = f"log:{company.cvr}"
    found = users.drafts(visit.db, visit.me, key, "last")
    values = {"kind": "call", "direction": "in"} | found.get("last", {}) | found.get(key, {})
    if contact or call:
        # A telephone rings: whatever was done last, this is a call from them.
        values |= {"kind": "call", "direction": "in", "company_contact_id": contact}
    return Form.of(values)


def company_page(visit: Visit, card: Card, form: Form, *, fra: str = "", before: str = "") -> Response:
    """The company with this note box in it."""
    db, company = visit.db, card.company
    team, absences = absent.team(db, visit.today)
    way = absent.ways(db, [company], visit.today, absences=absences)[company.id]
    history = assignments.history(db, company, limit=20)
    happened, older = interactions.timeline(db, company, reader=visit.me, after=moment_of(before))
    asked = requests.of_company(db, company)
    agreed = agreements.of_company(db, company)
    shown = entries(
        happened,
        requests=asked,
        agreements=agreed,
        assignments=history,
        zone=visit.house.settings.zone,
        whole=older is None,
    )
    return page(
        visit,
        "companies/show.html",
        status=form.status if form.errors else 200,
        section="companies",
        company=company,
        since=visit.house.today(history[0].valid_from) if history else None,
        beside=[(words.beside(each), each.user) for each in beside.beside(db, company)],
        way=way,
        leaders=absent.leaders(team, absences, of=company.responsible) if way.nobody else [],
        partner_of=sorted({each.programme.name for each in agreed if each.state in IN_FORCE}),
        contacts=card.contacts,
        kinds=words.choices(words.KINDS),
        directions=words.choices(words.DIRECTIONS),
        request_kinds=own_fields.kind_choices(visit),
        asking=own_fields.asking(visit, form.data.get("request_kind")),
        colleagues=[(user.id, user.name) for user in team],
        form=form,
        entries=shown,
        older_url=cursor(f"/virksomheder/{company.cvr}", {}, older, name="foer"),
        requests=[each for each in asked if each.closed_at is None],
        agreements=[each for each in agreed if each.state != AgreementState.ENDED],
        units=queries.units(db, company),
        profile=card.profile,
        group=card.group,
        proposal=_proposal(visit, company),
        continued=card.continued,
        follow_ups=interactions.open_follow_ups(db, company),
        came_from=fra,
    )


def _proposal(visit: Visit, company: Company) -> TransferProposal | None:
    """The proposal about the company that lies open, or was answered to this visitor lately."""
    if not visit.house.settings.approve_transfers:
        return None
    last = next(iter(proposals.of_company(visit.db, company, limit=1)), None)
    if last is None or last.decided_at is None:
        return last
    return last if last.by_id == visit.me.id and visit.now - last.decided_at < LATELY else None


@router.get("/virksomheder/{cvr}/ret")
def edit(visit: Annotated[Visit, reading("companies.write")], cvr: str) -> Response:
    """A form to correct what is wrong."""
    company = queries.by_cvr(visit.db, cvr)
    values = {field: getattr(company, field) for field in actions.BY_HAND} | {"version": company.version}
    return page(visit, "companies/edit.html", section="companies", company=company, form=Form.of(values))


@router.post("/virksomheder/{cvr}/ret")
def change(visit: Annotated[Visit, writing("companies.write")], cvr: str) -> Response:
    """Correct the company; the register's word is kept beside."""
    company, form = queries.by_cvr(visit.db, cvr), visit.form
    values: dict[str, Any] = form.given(
        *(name for name in actions.BY_HAND if name in form.data and name not in NUMBERS)
    )
    values |= {name: form.number(name) for name in NUMBERS if name in form.data}
    if form.number("version") != company.version:
        form.refuse("", "En kollega har rettet imens. Din tekst står her; hent siden igen for at se den nye.")
    if form.act(visit.db, lambda: actions.change(visit.db, company=company, values=values)) is None:
        return page(visit, "companies/edit.html", status=form.status, section="companies", company=company)
    return redirect(visit, f"/virksomheder/{cvr}", flash="Rettelsen er gemt.")


@router.get("/virksomheder/{cvr}/profil")
def profile(visit: Annotated[Visit, reading("companies.write")], cvr: str) -> Response:
    """What we know about the company, and what it said before."""
    company = queries.by_cvr(visit.db, cvr)
    newest = queries.profile(visit.db, company)
    values = {name: getattr(newest, name) for name in actions.PROFILE} if newest else {}
    return _profile(visit, company, Form.of(values | {"based_on": newest.version if newest else 0}))


def _profile(visit: Visit, company: Company, form: Form) -> Response:
    history = queries.profile_history(visit.db, company)
    status = form.status if form.errors else 200
    return page(
        visit,
        "companies/profile.html",
        status=status,
        section="companies",
        company=company,
        form=form,
        history=history,
    )


@router.post("/virksomheder/{cvr}/profil")
def save_profile(visit: Annotated[Visit, writing("companies.write")], cvr: str) -> Response:
    """Write a new version."""
    company, form = queries.by_cvr(visit.db, cvr), visit.form
    saved = form.act(
        visit.db,
        lambda: actions.save_profile(
            visit.db,
            company=company,
            values=form.given(*actions.PROFILE),
            based_on=form.number("based_on") or 0,
            by=visit.me,
            now=visit.now,
        ),
    )
    if saved is None:
        return _profile(visit, company, form)
    return redirect(visit, f"/virksomheder/{cvr}", flash="Gemt. Det gælder fra nu for alle kolleger.")
