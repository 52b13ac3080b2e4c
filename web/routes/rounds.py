"""Opsætning, Målinger: the question's wording, and rounds to chosen companies."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.periods import begins, months_after
from crm.surveys import actions, queries, rounds
from crm.surveys.rounds import Preview, Whom, WhyNot, Wish
from web import words
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/opsaetning/maalinger")
HOME = "/opsaetning/maalinger"
WHOM = [
    (Whom.PARTNERS, "Alle partnervirksomheder"),
    (Whom.REQUESTS, "Virksomheder med en henvendelse om rekruttering"),
    (Whom.LIST, "En liste af CVR-numre"),
]
WHY_NOT = {
    WhyNot.QUIET: "spurgt for nylig",
    WhyNot.PROTECTED: "reklamebeskyttet",
    WhyNot.NO_MAIL: "uden kontakt med mail",
}


def _index(visit: Visit, form: Form) -> Response:
    versions = queries.versions(visit.db)
    return page(
        visit,
        "surveys/rounds.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        versions=versions,
        current=queries.in_use(versions, visit.today),
        rounds=queries.rounds(visit.db),
        settings=visit.house.settings,
    )


@router.get("")
def index(visit: Annotated[Visit, reading("surveys.write")]) -> Response:
    """The question as it is worded, and the rounds."""
    return _index(visit, Form.of({"valid_from": _day(visit)}))


def _day(visit: Visit, days: int = 0) -> str:
    """A day counted from today, as a form shows it."""
    return f"{visit.today + timedelta(days=days):%d-%m-%Y}"


@router.post("/ordlyd")
def reword(visit: Annotated[Visit, writing("surveys.write")]) -> Response:
    """Ask in other words from a day on."""
    form = visit.form
    begins = form.day("valid_from", visit.today)
    if begins is None:
        form.refuse("valid_from", "Skriv, fra hvilken dag ordlyden gælder.")
    made = form.act(
        visit.db,
        lambda: actions.reword(
            visit.db, wording=form.data.get("wording", ""), valid_from=begins or visit.today, by=visit.me,
            now=visit.now, today=visit.today,
        ),
    )  # fmt: skip
    if made is None:
        return _index(visit, form)
    flash = f"Ordlyd {made.version} gælder fra {danish.long_date(made.valid_from)}. Tallet begynder forfra med den."
    return redirect(visit, HOME, flash=flash)


def _new(visit: Visit, form: Form, found: Preview | None = None) -> Response:
    return page(
        visit,
        "surveys/round_new.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        whom=WHOM,
        preview=found,
        why_not=WHY_NOT,
        months=visit.house.settings.survey_months,
        question=queries.in_use(queries.versions(visit.db), visit.today),
    )


@router.get("/ny")
def new(visit: Annotated[Visit, reading("surveys.write")]) -> Response:
    """Whom to ask, and until when."""
    year_ago = months_after(visit.today, -12)
    return _new(
        visit,
        Form.of({
            "whom": Whom.PARTNERS, "since": f"{year_ago:%d-%m-%Y}", "closes_on": _day(visit, 28),
            "remind_on": _day(visit, 14),
        }),
    )  # fmt: skip


@router.post("/ny")
def preview_or_send(visit: Annotated[Visit, writing("surveys.write")]) -> Response:
    """First who would be asked; when that has been seen, asking them."""
    form = visit.form
    wish = _wish(visit, form)
    closes, reminds = form.day("closes_on", visit.today), form.day("remind_on", visit.today)
    if closes is None:
        form.refuse("closes_on", "Skriv, hvilken dag runden slutter.")
    if form.data.get("do") != "send":
        found = form.act(visit.db, lambda: rounds.preview(visit.db, wish, today=visit.today))
        return _new(visit, form, found)
    made = form.act(
        visit.db,
        lambda: rounds.send(
            visit.db, name=form.data.get("name", ""), wish=wish, closes_on=closes or visit.today,
            remind_on=reminds, by=visit.me, now=visit.now, today=visit.today,
            months=visit.house.settings.survey_months, seen=form.data.get("seen", ""),
        ),
    )  # fmt: skip
    if made is None:
        return _new(visit, form, rounds.preview(visit.db, wish, today=visit.today))
    return redirect(visit, f"{HOME}/{made.id}", flash="Runden er i gang. Mailene sendes i løbet af kort tid.")


def _wish(visit: Visit, form: Form) -> Wish:
    whom = form.choice("whom", [str(code) for code, _ in WHOM])
    if whom is None:
        form.refuse("whom", "Vælg, hvem der skal spørges.")
    since = form.day("since", visit.today)
    moment = begins(since, visit.house.settings.zone) if since else None
    return Wish(
        Whom(whom or Whom.PARTNERS), moment, form.data.get("cvrs", ""),
        despite_quiet=form.data.get("despite_quiet") == "1", protected_reason=form.text("protected_reason"),
    )  # fmt: skip


def _round(visit: Visit, id: int, form: Form) -> Response:
    standing = queries.round_of(visit.db, id)
    return page(
        visit,
        "surveys/round.html",
        status=form.status if form.errors else 200,
        section="admin",
        form=form,
        standing=standing,
        invited=queries.invited(visit.db, standing.round),
        answers=words.SURVEY_ANSWERS,
    )


@router.get("/{id}")
def show(visit: Annotated[Visit, reading("surveys.write")], id: int) -> Response:
    """How far a round has come."""
    return _round(visit, id, Form())


@router.post("/{id}/luk")
def close(visit: Annotated[Visit, writing("surveys.write")], id: int) -> Response:
    """End a round before its day."""
    standing = queries.round_of(visit.db, id)
    if visit.form.act(visit.db, lambda: rounds.close(visit.db, within=standing.round, now=visit.now)) is None:
        return _round(visit, id, visit.form)
    return redirect(visit, f"{HOME}/{id}", flash="Runden er afsluttet. Linkene kan ikke besvares længere.")
