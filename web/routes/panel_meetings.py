"""The panel's meetings: planned, announced, moved, called off, and their minutes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from crm import danish
from crm.panel import meetings, queries
from crm.panel.models import PanelMeeting
from web.deps import Visit, reading, writing
from web.forms import Form
from web.ics import calendar_file, panel_meeting
from web.render import input_day, page, redirect

router = APIRouter(prefix="/panelet/moeder")


def _values(form: Form, visit: Visit) -> dict[str, Any]:
    return {
        "on": form.day("on", visit.today), "starts_at": form.clock("starts_at"), "ends_at": form.clock("ends_at"),
        "place": form.text("place"), "agenda": form.text("agenda"),
    }  # fmt: skip


def _version(form: Form) -> int:
    return form.number("version") or 0


def _new(visit: Visit, form: Form) -> Response:
    status = form.status if form.errors else 200
    return page(visit, "panel_desk/meeting_new.html", status=status, section="panel", form=form)


@router.get("/nyt")
def new(visit: Annotated[Visit, reading("panel.write")]) -> Response:
    """When and where."""
    return _new(visit, Form.of({"starts_at": "8.00", "ends_at": "9.30"}))


@router.post("")
def plan(visit: Annotated[Visit, writing("panel.write")]) -> Response:
    """Plan it; the members see it once it is announced."""
    form = visit.form
    values = _values(form, visit)
    made = form.act(visit.db, lambda: meetings.plan(visit.db, now=visit.now, today=visit.today, **values))
    if made is None:
        return _new(visit, form)
    return redirect(
        visit, f"/panelet/moeder/{made.id}", flash="Mødet er gemt. Indkald, når dagsordenen er klar."
    )


def _show(visit: Visit, meeting: PanelMeeting, refused: tuple[str, Form] | None = None) -> Response:
    forms = {
        "details": Form.of({
            "on": input_day(meeting.on), "starts_at": danish.clock(meeting.starts_at),
            "ends_at": danish.clock(meeting.ends_at), "place": meeting.place, "agenda": meeting.agenda,
        }),
        "minutes": Form.of({"minutes": meeting.minutes}),
        "cancel": Form(),
    }  # fmt: skip
    if refused:
        forms[refused[0]] = refused[1]
    for form in forms.values():
        form.data["version"] = str(meeting.version)
    return page(
        visit,
        "panel_desk/meeting.html",
        status=refused[1].status if refused else 200,
        section="panel",
        meeting=meeting,
        forms=forms,
        readers=queries.readers(visit.db, meeting, visit.today) if meeting.minutes_published_at else [],
    )


@router.get("/{id}")
def show(visit: Annotated[Visit, reading()], id: int) -> Response:
    """One meeting: what the members see of it, the minutes, and who has read them."""
    return _show(visit, queries.meeting(visit.db, id))


@router.post("/{id}")
def change(visit: Annotated[Visit, writing("panel.write")], id: int) -> Response:
    """Correct it. The members hear of another day, hour or place."""
    found, form, home = queries.meeting(visit.db, id), visit.form, visit.house.settings.base_url
    values, version = _values(form, visit), _version(form)
    done = form.act(
        visit.db,
        lambda: meetings.change(
            visit.db, meeting=found, based_on=version, home=home, now=visit.now, today=visit.today, **values
        ),
    )
    if done is None:
        return _show(visit, found, ("details", form))
    return redirect(visit, f"/panelet/moeder/{id}", flash="Mødet er gemt.")


@router.get("/{id}/kalender.ics")
def calendar(visit: Annotated[Visit, reading()], id: int) -> Response:
    """The meeting for one's own calendar."""
    found, home = queries.meeting(visit.db, id), visit.house.settings.base_url.rstrip("/")
    url, cancelled = f"{home}/panelet/moeder/{found.id}", found.cancelled_at is not None
    return calendar_file(
        panel_meeting(found, url=url, cancelled=cancelled, now=visit.now, zone=visit.house.settings.zone)
    )


@router.post("/{id}/indkald")
def announce(visit: Annotated[Visit, writing("panel.write")], id: int) -> Response:
    """Show it to the members and write to them."""
    found, form, home = queries.meeting(visit.db, id), visit.form, visit.house.settings.base_url
    told = form.act(
        visit.db,
        lambda: (meetings.announce(visit.db, meeting=found, home=home, now=visit.now, today=visit.today),),
    )
    if told is None:
        return _show(visit, found, ("details", form))
    many = danish.count(told[0], "medlem", "medlemmer")
    return redirect(visit, f"/panelet/moeder/{id}", flash=f"Mødet er vist i panelet, og {many} får en mail.")


@router.post("/{id}/aflys")
def cancel(visit: Annotated[Visit, writing("panel.write")], id: int) -> Response:
    """Call it off."""
    found, form, home = queries.meeting(visit.db, id), visit.form, visit.house.settings.base_url
    done = form.act(
        visit.db,
        lambda: meetings.cancel(
            visit.db,
            meeting=found,
            reason=form.data.get("reason", ""),
            home=home,
            now=visit.now,
            today=visit.today,
        ),
    )
    if done is None:
        return _show(visit, found, ("cancel", form))
    return redirect(visit, f"/panelet/moeder/{id}", flash="Mødet er aflyst.")


@router.post("/{id}/referat")
def minutes(visit: Annotated[Visit, writing("panel.write")], id: int) -> Response:
    """Keep the minutes, and publish them if that was asked for."""
    found, form, home = queries.meeting(visit.db, id), visit.form, visit.house.settings.base_url
    publish, version = form.data.get("udgiv") == "1", _version(form)

    def act() -> tuple[int]:
        meetings.write_minutes(
            visit.db, meeting=found, text=form.data.get("minutes", ""), based_on=version, today=visit.today
        )
        if not publish:
            return (0,)
        return (
            meetings.publish_minutes(visit.db, meeting=found, home=home, now=visit.now, today=visit.today),
        )

    told = form.act(visit.db, act)
    if told is None:
        return _show(visit, found, ("minutes", form))
    many = danish.count(told[0], "medlem får", "medlemmer får")
    said = f"Referatet er udgivet, og {many} en mail." if told[0] else "Referatet er gemt."
    return redirect(visit, f"/panelet/moeder/{id}", flash=said)
