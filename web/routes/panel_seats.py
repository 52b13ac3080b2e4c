"""The company panel as the house sees it: who sits in it, and what its members have told us."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from crm import numbers
from crm.companies import queries as companies
from crm.companies.models import Company
from crm.errors import CrmError, Refused
from crm.panel import queries, remarks, seats, signing
from crm.panel.models import PanelRemark, PanelSeat
from web.deps import Visit, reading, writing
from web.forms import Form
from web.render import input_day, page, redirect

router = APIRouter(prefix="/panelet")
UNKNOWN = "Vi kender ikke en virksomhed med det CVR-nummer."


@router.get("")
def index(visit: Annotated[Visit, reading()]) -> Response:
    """Seats, what waits for an answer, meetings and questions."""
    return _index(visit)


def _index(visit: Visit, refused: tuple[int, Form] | None = None) -> Response:
    return page(
        visit,
        "panel_desk/index.html",
        status=refused[1].status if refused else 200,
        section="panel",
        seats=queries.seats(visit.db),
        remarks=queries.remarks(visit.db),
        meetings=queries.meetings(visit.db),
        questions=queries.questions(visit.db),
        refused=refused,
    )


@router.post("/beskeder/{id}")
def answer(visit: Annotated[Visit, writing("panel.answer")], id: int) -> Response:
    """Answer a member who told us that something is wrong."""
    found, form = queries.remark(visit.db, id), visit.form

    def act() -> PanelRemark:
        text = form.data.get("answer", "")
        return remarks.answer(
            visit.db, remark=found, text=text, by=visit.me, now=visit.now, today=visit.today
        )

    if form.act(visit.db, act) is None:
        return _index(visit, (found.id, form))
    return redirect(visit, "/panelet", flash=f"{found.seat.name} kan læse dit svar i panelet.")


# --- Seats --------------------------------------------------------------------------------------


def _company(visit: Visit, form: Form) -> Company | None:
    """The company named in the form; what is wrong with it is said beside the field."""
    try:
        return companies.by_cvr(visit.db, numbers.cvr(form.data.get("cvr", "")))
    except CrmError as refusal:
        form.refuse("cvr", refusal.message if isinstance(refusal, Refused) else UNKNOWN)
        return None


def _seat_page(visit: Visit, form: Form, seat: PanelSeat | None) -> Response:
    return page(
        visit,
        "panel_desk/seat.html",
        status=form.status if form.errors else 200,
        section="panel",
        form=form,
        seat=seat,
    )


@router.get("/pladser/ny")
def new_seat(visit: Annotated[Visit, reading("panel.write")], cvr: str = "") -> Response:
    """Who gets a seat, and for which company."""
    return _seat_page(visit, Form.of({"cvr": cvr, "begins_on": input_day(visit.today)}), None)


@router.post("/pladser")
def add_seat(visit: Annotated[Visit, writing("panel.write")]) -> Response:
    """Give the seat, and mail the way in."""
    form = visit.form
    company = _company(visit, form)
    begins_on, ends_on = form.day("begins_on", visit.today), form.day("ends_on", visit.today)

    def act() -> PanelSeat:
        assert company is not None  # noqa: S101  # A form with an error never acts.
        return seats.add(
            visit.db, company=company, email=form.data.get("email", ""), name=form.text("name"),
            begins_on=begins_on, ends_on=ends_on, home=visit.house.settings.base_url, now=visit.now,
            today=visit.today,
        )  # fmt: skip

    made = form.act(visit.db, act)
    if made is None:
        return _seat_page(visit, form, None)
    return redirect(
        visit, "/panelet", flash=f"{made.name} har fået en plads. Et link er på vej til {made.email}."
    )


@router.get("/pladser/{id}")
def seat(visit: Annotated[Visit, reading("panel.write")], id: int) -> Response:
    """One seat, to be corrected or ended."""
    found = queries.seat(visit.db, id)
    return _seat_page(
        visit, Form.of({"name": found.name, "email": found.email, "ends_on": input_day(found.ends_on)}), found
    )


@router.post("/pladser/{id}")
def change_seat(visit: Annotated[Visit, writing("panel.write")], id: int) -> Response:
    """Correct the name or the e-mail, or plan the last day."""
    found, form = queries.seat(visit.db, id), visit.form
    ends_on = form.day("ends_on", visit.today)
    done = form.act(
        visit.db,
        lambda: seats.change(
            visit.db, seat=found, name=form.text("name"), email=form.data.get("email", ""), ends_on=ends_on
        ),
    )
    return (
        _seat_page(visit, form, found)
        if done is None
        else redirect(visit, "/panelet", flash="Pladsen er gemt.")
    )


@router.post("/pladser/{id}/afslut")
def end_seat(visit: Annotated[Visit, writing("panel.write")], id: int) -> Response:
    """End a seat at once."""
    found, form = queries.seat(visit.db, id), visit.form
    if form.act(visit.db, lambda: seats.end(visit.db, seat=found, now=visit.now, today=visit.today)) is None:
        return _seat_page(visit, form, found)
    return redirect(visit, "/panelet", flash=f"Pladsen er afsluttet. {found.name} kan ikke komme ind mere.")


@router.post("/pladser/{id}/link")
def invite_again(visit: Annotated[Visit, writing("panel.write")], id: int) -> Response:
    """Mail the holder a new way in."""
    found, form = queries.seat(visit.db, id), visit.form
    home = visit.house.settings.base_url

    def act() -> bool:
        seats.demand_held(found, visit.today)
        signing.invite(visit.db, seat=found, home=home, now=visit.now)
        return True

    if form.act(visit.db, act) is None:
        return _seat_page(visit, form, found)
    return redirect(visit, "/panelet", flash=f"Et nyt link er på vej til {found.email}.")
