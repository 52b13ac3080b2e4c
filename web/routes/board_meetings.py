"""Meetings at the board: planned, moved, called off, frozen and written down."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.board import actions, queries
from crm.board.content import read
from crm.board.models import BoardMeeting
from crm.errors import Conflict
from web.board import Shown
from web.cursors import cursor, day_of
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import page, redirect

router = APIRouter(prefix="/tavle")
CLOSED_DAY = " Bemærk, at huset er lukket den dag."


def _meetings(visit: Visit, form: Form, before: str = "") -> Response:
    rows, older = queries.page(visit.db, before=day_of(before))
    return page(
        visit,
        "board/meetings.html",
        status=form.status if form.errors else 200,
        section="board",
        form=form,
        to_come=sorted(
            (each for each in rows if each.on >= visit.today), key=lambda each: (each.on, each.id)
        ),
        held=[each for each in rows if each.on < visit.today],
        older_url=cursor("/tavle/moeder", {}, (older[0].isoformat(), older[1]), name="foer")
        if older
        else None,
        plan=queries.plan(visit.db),
    )


@router.get("/moeder")
def meetings(visit: Annotated[Visit, reading()], foer: str = "") -> Response:
    """All meetings: those to come, then those that were."""
    return _meetings(visit, Form(), foer)


@router.post("/moeder")
def add(visit: Annotated[Visit, writing("board.write")]) -> Response:
    """A single meeting beside the rhythm."""
    form = visit.form
    on = form.day("on", visit.today)
    if on is None:
        form.refuse("on", "Skriv en dag.")
    made = form.act(visit.db, lambda: actions.add(visit.db, on=on or visit.today, now=visit.now))
    if made is None:
        return _meetings(visit, form)
    return redirect(visit, "/tavle/moeder", flash=_told(visit, "Mødet er lagt", made.on))


def _told(visit: Visit, what: str, on: date) -> str:
    warning = "" if visit.house.hours.open_on(on) else CLOSED_DAY
    return f"{what} {danish.long_day(on)}.{warning}"


def _show(visit: Visit, meeting: BoardMeeting, form: Form, *, theirs: str | None = None) -> Response:
    plan = queries.plan(visit.db) if meeting.minutes is None else None
    minutes = meeting.minutes
    if "text" not in form.data:
        form.data["text"] = minutes.text if minutes else (plan.agenda or "") if plan else ""
    form.data["based_on"] = str(minutes.version if minutes else 0)
    return page(
        visit,
        "board/meeting.html",
        status=form.status if form.errors else 200,
        section="board",
        meeting=meeting,
        board=Shown.of(read(meeting.snapshot)) if meeting.snapshot else None,
        form=form,
        theirs=theirs,
        agreed=queries.agreed_at(visit.db, meeting),
        carried=queries.carried_to(visit.db, meeting),
    )


@router.get("/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One meeting: what was frozen, the minutes, what was agreed."""
    return _show(visit, queries.get(visit.db, id), Form())


@router.get("/{id}/ark")
def sheet(visit: Annotated[Visit, reading()], id: int) -> Response:
    """A frozen board on one sheet of paper."""
    meeting = queries.get(visit.db, id)
    if meeting.snapshot is None:
        raise Conflict("Tavlen er ikke frosset for det møde. Print den, som den står nu, i stedet.")
    return page(
        visit,
        "board/sheet.html",
        section="board",
        board=Shown.of(read(meeting.snapshot)),
        meeting=meeting,
        frozen_at=meeting.snapshot.frozen_at,
        agreed=queries.agreed_at(visit.db, meeting),
    )


@router.post("/{id}/frys")
def freeze(visit: Annotated[Visit, writing("board.write")], id: int) -> Response:
    """Freeze the board as it stands."""
    meeting = queries.get(visit.db, id)
    _, new = actions.freeze(
        visit.db,
        meeting=meeting,
        by=visit.me,
        now=visit.now,
        today=visit.today,
        zone=visit.house.settings.zone,
    )
    flash = "Tavlen er frosset. Den ændrer sig ikke mere." if new else "Tavlen var allerede frosset."
    return redirect(visit, f"/tavle/{id}", flash=flash)


@router.post("/{id}/flyt")
def move(visit: Annotated[Visit, writing("board.write")], id: int) -> Response:
    """Hold a meeting on another day."""
    meeting, form = queries.get(visit.db, id), visit.form
    on = form.day("on", visit.today)
    if on is None:
        form.refuse("on", "Skriv den nye dag.")

    def change() -> bool:
        actions.move(visit.db, meeting=meeting, on=on or meeting.on, reason=form.text("move_reason"))
        return True

    if form.act(visit.db, change) is None:
        return _show(visit, queries.get(visit.db, id), form)
    return redirect(visit, f"/tavle/{id}", flash=_told(visit, "Mødet er flyttet til", meeting.on))


@router.post("/{id}/aflys")
def cancel(visit: Annotated[Visit, writing("board.write")], id: int) -> Response:
    """Call a meeting off."""
    meeting, form = queries.get(visit.db, id), visit.form

    def change() -> bool:
        actions.cancel(visit.db, meeting=meeting, reason=form.text("reason"), now=visit.now)
        return True

    if form.act(visit.db, change) is None:
        return _show(visit, queries.get(visit.db, id), form)
    return redirect(visit, "/tavle/moeder", flash=f"Mødet {danish.long_day(meeting.on)} er aflyst.")


@router.post("/{id}/referat")
def save_minutes(visit: Annotated[Visit, writing("board.write")], id: int) -> Response:
    """Keep the minutes; whoever was slower is told, and loses nothing."""
    meeting, form = queries.get(visit.db, id), visit.form
    based_on, publish = form.number("based_on") or 0, form.data.get("udgiv") == "1"
    other: list[str] = []

    def change() -> bool:
        try:
            actions.save_minutes(
                visit.db, meeting=meeting, text=form.data.get("text", ""), based_on=based_on, by=visit.me,
                now=visit.now, publish=publish,
            )  # fmt: skip
        except actions.OtherMinutes as told:
            other.append(told.theirs)
            raise
        return True

    if form.act(visit.db, change) is None:
        return _show(visit, queries.get(visit.db, id), form, theirs=other[0] if other else None)
    said = "Referatet er udgivet. Alle i huset kan læse det." if publish else "Referatet er gemt som kladde."
    return redirect(visit, f"/tavle/{id}", flash=said)
