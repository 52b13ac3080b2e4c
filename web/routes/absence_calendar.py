"""Fravær out of a calendar: first what the file proposes, then what its owner says yes to.

Between the two steps nothing is kept here: the page carries the days, sealed, and never what they are for.
"""

from __future__ import annotations

from contextlib import closing
from datetime import date
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.access import queries as users
from crm.errors import Refused
from crm.responsibility.absences.from_calendar import CalendarDays, Plan, Taken, plan, take_in
from importers.calendar import BIGGEST, Hours, LeftOut, Reading, read
from web import absences as spoken
from web.deps import OLD_PAGE, Visit, reading, working, writing
from web.forms import Form
from web.render import page, redirect
from web.routes.absences import chosen_colleague

router = APIRouter(prefix="/fravaer/kalender")
# What stands after a number.
WHY = {
    LeftOut.IN: "er ikke skrevet som »Ikke til stede«",
    LeftOut.PART_OF_DAY: "varer ikke hele dage",
    LeftOut.OVER: "er slut før i dag",
    LeftOut.TOO_LONG: "varer over 400 dage",
    LeftOut.CALLED_OFF: "er aflyst",
    LeftOut.UNREADABLE: "kan ikke læses",
    LeftOut.TOO_MANY: "er der ikke plads til på én gang",
}


def _upload(visit: Visit, form: Form) -> Response:
    status = form.status if form.errors else 200
    return page(visit, "absences/calendar.html", status=status, section="absences", form=form)


@router.get("")
def choose(visit: Annotated[Visit, reading("absences.write")]) -> Response:
    """Choose a file."""
    return _upload(visit, Form())


@router.post("")
def propose(visit: Annotated[Visit, working("absences.write")]) -> Response:
    """Read the file through and show what it proposes. Nothing is stored."""
    form, upload = visit.form, visit.form.files.get("file")
    if upload is None:
        form.refuse("file", "Vælg en fil.")
        return _upload(visit, form)
    settings = visit.house.settings
    hours = Hours(settings.opens_at, settings.closes_at, settings.zone)
    try:
        with closing(upload.file) as file:
            found = read(file.read(BIGGEST + 1), hours, visit.today)
    except Refused as refusal:
        form.refuse(refusal.field, refusal.message)
        return _upload(visit, form)
    titles = {each.days.key: each.title for each in found.proposed}
    return _preview(visit, Form(), [each.days for each in found.proposed], titles, found)


def _preview(
    visit: Visit, form: Form, events: list[CalendarDays], titles: dict[str, str], found: Reading
) -> Response:
    plans = plan(visit.db, user=visit.me, events=events, today=visit.today)
    return page(
        visit,
        "absences/preview.html",
        status=form.status if form.errors else 200,
        section="absences",
        form=form,
        plans=[_shown(visit, each) | {"title": titles.get(each.event.key)} for each in plans],
        left_out=[(number, WHY[why]) for why, number in found.left_out.most_common() if why in WHY],
        recurring=found.left_out[LeftOut.RECURRING],
        colleagues=[(user.id, user.name) for user in users.colleagues(visit.db) if user.id != visit.me.id],
    )


def _shown(visit: Visit, each: Plan) -> dict[str, object]:
    event, known = each.event, each.absence
    return {
        "key": event.key,
        "sealed": _sealed(visit, event),
        "outcome": str(each.outcome),
        "days": spoken.days(event.first_day, event.last_day, visit.today),
        "before": spoken.days(known.first_day, known.last_day, visit.today) if known else None,
        "why": each.why,
    }


def _sealed(visit: Visit, event: CalendarDays) -> str:
    text = f"{event.key}.{event.first_day.isoformat()}.{event.last_day.isoformat()}"
    return f"{text}.{visit.house.sign('calendar', str(visit.me.id), text)}"


def _unsealed(visit: Visit, sealed: str) -> CalendarDays:
    text, _, signature = sealed.rpartition(".")
    if not visit.house.signed(signature, "calendar", str(visit.me.id), text):
        raise Refused("", OLD_PAGE)
    key, first, last = text.split(".")
    return CalendarDays(key, date.fromisoformat(first), date.fromisoformat(last))


@router.post("/udfoer")
def carry_out(visit: Annotated[Visit, writing("absences.write")]) -> Response:
    """Write down the events that were said yes to."""
    form = visit.form
    events = [_unsealed(visit, text) for name, text in form.data.items() if name.startswith("event-")]
    wanted = [event for event in events if form.data.get(f"take-{event.key}") == "1"]
    stand_in = chosen_colleague(visit, form, "stand_in")
    if not wanted:
        form.refuse("", "Vælg mindst ét fravær.")
    taken = form.act(
        visit.db,
        lambda: take_in(
            visit.db, user=visit.me, events=wanted, stand_in=stand_in, today=visit.today, now=visit.now
        ),
    )
    if taken is None:
        return _preview(visit, form, events, {}, Reading())
    return redirect(visit, "/fravaer", flash=_said(taken))


def _said(taken: Taken) -> str:
    parts = []
    if taken.added:
        parts.append(f"{danish.count(len(taken.added), 'fravær', 'fravær')} er skrevet ind.")
    if taken.moved:
        parts.append(f"{danish.count(len(taken.moved), 'fravær', 'fravær')} er flyttet.")
    if taken.blocked:
        kept = danish.count(len(taken.blocked), "fravær", "fravær")
        parts.append(f"{kept} blev ikke taget med: {taken.blocked[0]}")
    return " ".join(parts) or "Kalenderen og dit fravær er allerede ens."
