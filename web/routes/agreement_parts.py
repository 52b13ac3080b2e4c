"""The parts of an agreement: what is agreed, promised, noted and promised next; its periods and its paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.agreements import commitments, fields, notes, paper, queries, renewals
from crm.agreements.models import Agreement
from crm.errors import NotFound, renamed
from crm.interactions import actions as interactions
from web import agreements
from web.agreement_paper import agreement_pdf
from web.deps import Visit, reading, writing
from web.downloads import download
from web.render import local, redirect

router = APIRouter(prefix="/aftaler/{id}")


def _done(visit: Visit, agreement: Agreement, part: str, act: Callable[[], Any], said: str) -> Response:
    """Do it, or show the page again with what is wrong in this part."""

    def whole() -> bool:
        act()
        return True

    if visit.form.act(visit.db, whole) is None:
        return agreements.show(visit, agreement, refused=(part, visit.form))
    back = local(visit.form.data.get("tilbage"), f"/aftaler/{agreement.id}")
    return redirect(visit, back, flash=said)


@router.post("/aftalt")
def set_own(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Write down what the programme asks for."""
    agreement = queries.get(visit.db, id)
    new = agreements.own_values(visit, agreement)

    def act() -> None:
        with renamed(**{key: agreements.OWN + key for key in fields.FIELDS}):
            fields.set_values(visit.db, agreement=agreement, new=new)

    return _done(visit, agreement, "own", act, "Det, I har aftalt, er gemt.")


@router.post("/loefter")
def promise(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Write down what is promised."""
    agreement, form = queries.get(visit.db, id), visit.form
    promised, due = form.number("promised"), form.day("due", visit.today)
    if promised is None:
        form.refuse("promised", "Skriv, hvor mange der er lovet.")

    def act() -> None:
        commitments.promise(
            visit.db, agreement=agreement, what=form.data.get("what", ""), promised=promised or 0, due=due,
            by=visit.me, now=visit.now,
        )  # fmt: skip

    return _done(visit, agreement, "commit", act, "Løftet er gemt.")


@router.post("/loefter/{commitment}")
def count(visit: Annotated[Visit, writing("agreements.write")], id: int, commitment: int) -> Response:
    """Say what became of a promise."""
    agreement, form = queries.get(visit.db, id), visit.form
    found = commitments.get(visit.db, agreement, commitment)
    promised, fulfilled = form.number("promised"), form.number("fulfilled")
    for name, value in (("promised", promised), ("fulfilled", fulfilled)):
        if value is None:
            form.refuse(name, "Skriv et helt tal.")

    def act() -> None:
        commitments.count(
            visit.db, commitment=found, promised=promised or 0, fulfilled=fulfilled or 0, by=visit.me,
            now=visit.now, seen=form.number("seen"), note=form.text("why"),
        )  # fmt: skip

    return _done(visit, agreement, f"count-{commitment}", act, f"{found.what}: tallet er gemt.")


@router.post("/noter")
def note(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Write a note about the agreement."""
    agreement = queries.get(visit.db, id)

    def act() -> None:
        text = visit.form.data.get("text", "")
        notes.write_note(visit.db, agreement=agreement, text=text, by=visit.me, now=visit.now)

    return _done(visit, agreement, "note", act, "Notatet er gemt.")


@router.post("/perioder/{period}")
def correct(visit: Annotated[Visit, writing("agreements.write")], id: int, period: int) -> Response:
    """Correct the days of a period."""
    agreement, form = queries.get(visit.db, id), visit.form
    values = {name: form.day(name, visit.today) for name in agreements.DAYS if name in form.data}
    if period not in {each.seq for each in renewals.periods(visit.db, agreement)}:
        raise NotFound("Vi kan ikke finde den periode.")

    def act() -> None:
        renewals.correct(
            visit.db, agreement=agreement, seq=period, values=values, today=visit.today,
            seen=form.number("version"),
        )  # fmt: skip

    return _done(visit, agreement, f"period-{period}", act, "Perioden er rettet.")


@router.post("/opfoelgning")
def follow_up(visit: Annotated[Visit, writing("agreements.write")], id: int) -> Response:
    """Promise the company the next step: a follow-up for whoever is the agreement's contact here."""
    agreement, form = queries.get(visit.db, id), visit.form
    due, text = form.day("due", visit.today), form.text("what")
    if due is None:
        form.refuse("due", "Skriv hvornår, for eksempel 30-11-2026 eller »i morgen«.")

    def act() -> None:
        with renamed(follow_up_text="what", follow_up_due="due"):
            interactions.promise(
                visit.db, company=agreement.company, owner=agreement.consultant or visit.me,
                due=due or visit.today, text=text or "", now=visit.now,
            )  # fmt: skip

    said = f"{agreement.company.name}: opfølgning {danish.spoken_day(due, visit.today)}." if due else ""
    return _done(visit, agreement, "next", act, said)


@router.get("/aftale.pdf")
def pdf(visit: Annotated[Visit, reading()], id: int) -> Response:
    """The agreement on paper, ready to be signed; made when it is asked for, from what stands now."""
    agreement = queries.get(visit.db, id)
    written = paper.write(
        agreement,
        period=renewals.periods(visit.db, agreement)[-1],
        values=fields.values(visit.db, agreement),
        commitments=commitments.of_agreement(visit.db, agreement),
        municipality=visit.house.settings.municipality,
    )
    # The paper is made of what was read; meanwhile others may have the connection.
    visit.finish()
    plain = re.sub(r"[^\w. -]", "", f"{agreement.title} - {agreement.company.name}")
    name = re.sub(r"\s+", " ", plain).strip()[:120]
    return download(agreement_pdf(written), "application/pdf", f"{name or 'aftale'}.pdf")
