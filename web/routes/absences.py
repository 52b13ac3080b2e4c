"""Fravær: who is away, who stands in, and for which companies somebody else does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish, numbers
from crm.access import queries as users
from crm.access.models import User
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.errors import NotAllowed, NotFound, Refused
from crm.responsibility.absences import actions, queries
from crm.responsibility.absences.ways import covers
from crm.responsibility.models import Absence
from crm.search.queries import search
from web import absences as spoken
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/fravaer")
WEEKS = timedelta(weeks=8)
# What one has just come back from is still of use, to see what was written down.
SHOWN_AFTER = timedelta(days=14)
NOT_YOURS = "Du kan rette dit eget fravær. Kollegers fravær retter en leder."
CHOOSE = "Vælg en kollega fra listen."
OTHER_VERSION = "En kollega har rettet fraværet imens. Hent siden igen for at se det nye."


def chosen_colleague(visit: Visit, form: Form, name: str) -> User | None:
    """The colleague chosen in a field, None for nobody; a key nobody has is refused beside it."""
    key = form.number(name, CHOOSE)
    try:
        return users.get(visit.db, key) if key else None
    except NotFound:
        form.refuse(name, CHOOSE)
        return None


def _index(visit: Visit, form: Form) -> Response:
    db, today = visit.db, visit.today
    own = queries.of_user(db, visit.me, since=today - SHOWN_AFTER)
    coming = queries.between(db, today, today + WEEKS)
    promised = queries.promised_by(db, visit.me, after=today)
    lines = {line.absence.id: line for line in spoken.lines(db, [*own, *coming, *promised], today)}
    covering = covers(db, visit.me, today)
    single = {id for cover in covering for id in cover.only or ()}
    colleagues = [(user.id, user.name) for user in users.colleagues(db)]
    # Whoever writes only for oneself need not see oneself among those who stand in.
    others = (
        colleagues
        if visit.may("absences.others")
        else [each for each in colleagues if each[0] != visit.me.id]
    )
    return page(
        visit,
        "absences/index.html",
        status=form.status if form.errors else 200,
        section="absences",
        form=form,
        own=[lines[each.id] for each in own],
        team=[lines[each.id] for each in coming],
        later=[lines[each.id] for each in promised],
        covering=covering,
        companies=companies.by_ids(db, sorted(single)) if single else {},
        colleagues=colleagues,
        stand_ins=others,
    )


@router.get("")
def index(visit: Annotated[Visit, reading("absences.write")]) -> Response:
    """One's own absences, whom one covers for, and the whole team the next weeks."""
    return _index(visit, Form.of({"user_id": visit.me.id}))


@router.post("")
def add(visit: Annotated[Visit, writing("absences.write")]) -> Response:
    """Write down that someone is to be away: oneself, or for a leader anybody."""
    form = visit.form
    user = chosen_colleague(visit, form, "user_id") or visit.me
    if user.id != visit.me.id and not visit.may("absences.others"):
        raise NotAllowed(NOT_YOURS)
    first, last = _days(visit, form)
    stand_in = chosen_colleague(visit, form, "stand_in")
    made = form.act(
        visit.db,
        lambda: actions.add(
            visit.db,
            user=user,
            first_day=first,
            last_day=last,
            stand_in=stand_in,
            by=visit.me,
            today=visit.today,
            now=visit.now,
        ),
    )
    if made is None:
        return _index(visit, form)
    who = "Du" if user.id == visit.me.id else user.name
    flash = f"{who} er væk {spoken.days(first, last, visit.today)}. {_said(visit, made)}"
    return redirect(visit, "/fravaer", flash=flash, undo=f"/fravaer/{made.id}/fortryd")


def _days(visit: Visit, form: Form) -> tuple[date, date]:
    """The first and the last day; a last day left open is the first one."""
    first = form.day("first_day", visit.today)
    last = form.day("last_day", visit.today)
    if first is None:
        form.refuse("first_day", "Skriv den første dag, for eksempel 23-11-2026 eller »i morgen«.")
    return first or visit.today, last or first or visit.today


def _said(visit: Visit, absence: Absence) -> str:
    """Who stands in, and what to know about it."""
    warning = spoken.lines(visit.db, [absence], visit.today)[0].warning
    if absence.stand_in is None:
        return "Der er ingen stedfortræder, så kollegerne kan se, at ingen svarer."
    answer = "Du svarer" if absence.stand_in.id == visit.me.id else f"{absence.stand_in.first_name} svarer"
    return f"{answer}. Bemærk: {warning}." if warning else f"{answer}."


def _own(visit: Visit, id: int) -> Absence:
    """The absence, if this user may change it."""
    absence = queries.get(visit.db, id)
    if absence.user_id != visit.me.id and not visit.may("absences.others"):
        raise NotAllowed(NOT_YOURS)
    return absence


def _filled(absence: Absence) -> Form:
    values = {name: f"{getattr(absence, name):%d-%m-%Y}" for name in ("first_day", "last_day")}
    return Form.of(values | {"stand_in": absence.stand_in_id, "version": absence.version})


def _show(visit: Visit, absence: Absence, form: Form) -> Response:
    colleagues = [(user.id, user.name) for user in users.colleagues(visit.db) if user.id != absence.user_id]
    chosen = absence.stand_in
    if chosen is not None and not chosen.is_active:
        colleagues.append((chosen.id, f"{chosen.name} (lukket)"))
    return page(
        visit,
        "absences/show.html",
        status=form.status if form.errors else 200,
        section="absences",
        line=spoken.lines(visit.db, [absence], visit.today)[0],
        form=form,
        colleagues=colleagues,
        yesterday=visit.today - actions.DAY,
    )


@router.get("/{id}")
def show(visit: Annotated[Visit, reading("absences.write")], id: int) -> Response:
    """One absence, to be corrected, ended or called off."""
    absence = _own(visit, id)
    return _show(visit, absence, _filled(absence))


@router.post("/{id}")
def change(visit: Annotated[Visit, writing("absences.write")], id: int) -> Response:
    """Other days, or another stand-in."""
    absence, form = _own(visit, id), visit.form
    first, last = _days(visit, form)
    key = form.number("stand_in", CHOOSE)
    stand_in = absence.stand_in if key == absence.stand_in_id else chosen_colleague(visit, form, "stand_in")
    if form.number("version") != absence.version:
        form.refuse("", OTHER_VERSION)
    done = form.act(
        visit.db,
        lambda: actions.change(
            visit.db,
            absence=absence,
            first_day=first,
            last_day=last,
            stand_in=stand_in,
            today=visit.today,
        ),
    )
    if done is None:
        return _show(visit, absence, form)
    return redirect(visit, f"/fravaer/{id}", flash=f"Fraværet er rettet. {_said(visit, done)}")


@router.post("/{id}/slut")
def end(visit: Annotated[Visit, writing("absences.write")], id: int) -> Response:
    """Back before time: today is the last day, or yesterday was."""
    absence = _own(visit, id)
    before = absence.last_day
    last = visit.form.day("last_day", visit.today)
    if last is None:
        raise Refused("last_day", "Vælg, om i dag eller i går er sidste dag.")
    actions.end_early(visit.db, absence=absence, last_day=last, today=visit.today)
    flash = f"Sidste dag er nu {danish.long_day(absence.last_day)}."
    return redirect(visit, "/fravaer", flash=flash, undo=f"/fravaer/{id}/forlaeng?til={before.isoformat()}")


@router.post("/{id}/forlaeng")
def lengthen(visit: Annotated[Visit, writing("absences.write")], id: int, til: str = "") -> Response:
    """Away until the day that was planned after all."""
    absence = _own(visit, id)
    last = danish.parse_day(til, visit.today, "last_day")
    actions.reopen(visit.db, absence=absence, last_day=last, today=visit.today)
    return redirect(visit, "/fravaer", flash=f"Fortrudt. Sidste dag er igen {danish.long_day(last)}.")


@router.post("/{id}/aflys")
def cancel(visit: Annotated[Visit, writing("absences.write")], id: int) -> Response:
    """It comes to nothing; one that has begun ends."""
    absence = _own(visit, id)
    gone = actions.cancel(visit.db, absence=absence, today=visit.today)
    flash = "Fraværet er aflyst." if gone else f"Sidste dag er nu {danish.long_day(absence.last_day)}."
    return redirect(visit, "/fravaer", flash=flash)


@router.post("/{id}/fortryd")
def take_back(visit: Annotated[Visit, writing("absences.write")], id: int) -> Response:
    """Undo what was just written down."""
    actions.take_back(visit.db, absence=_own(visit, id), by=visit.me, now=visit.now)
    return redirect(visit, "/fravaer", flash="Fortrudt. Fraværet er slettet igen.")


@router.post("/{id}/undtagelser")
def set_exception(visit: Annotated[Visit, writing("absences.write")], id: int) -> Response:
    """Let somebody else answer for one company."""
    absence, form = _own(visit, id), visit.form
    company = _company(visit, form)
    stand_in = chosen_colleague(visit, form, "exception_stand_in")

    def act() -> bool:
        if company is not None:
            actions.set_exception(
                visit.db, absence=absence, company=company, stand_in=stand_in, today=visit.today
            )
        return True

    if form.act(visit.db, act) is None or company is None or stand_in is None:
        form.data = _filled(absence).data | form.data
        return _show(visit, absence, form)
    flash = f"{stand_in.name} svarer for {company.name}."
    return redirect(visit, f"/fravaer/{id}", flash=flash)


def _company(visit: Visit, form: Form) -> Company | None:
    """The one company that was written: by its CVR number, or by a name that fits no other."""
    text = form.text("company")
    if text is None:
        form.refuse("company", "Skriv virksomhedens CVR-nummer eller navn.")
        return None
    if numbers.is_cvr(text) and (found := companies.find(visit.db, numbers.cvr(text))):
        return found
    hits = search(visit.db, text, limit=4)
    wanted = danish.fold_company(text)
    same = [hit for hit in hits if danish.fold_company(hit.company.name) == wanted] or hits
    if len(same) == 1:
        return same[0].company
    if not same:
        form.refuse("company", f"Ingen virksomhed passer på »{text}«.")
    else:
        named = ", ".join(f"{hit.company.name} ({hit.company.cvr})" for hit in same)
        form.refuse("company", f"Flere virksomheder passer: {named}. Skriv CVR-nummeret.")
    return None


@router.post("/{id}/undtagelser/{company_id}/slet")
def drop_exception(visit: Annotated[Visit, writing("absences.write")], id: int, company_id: int) -> Response:
    """Let the general stand-in answer for this company too."""
    actions.drop_exception(visit.db, absence=_own(visit, id), company_id=company_id, today=visit.today)
    return redirect(visit, f"/fravaer/{id}", flash="Virksomheden følger den almindelige stedfortræder.")
