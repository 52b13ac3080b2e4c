"""The panel as the house runs it: seats, meetings, minutes, questions, and what came of them."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from crm.db import Database
from crm.outbox.models import Mail
from crm.panel.models import PanelMeeting, PanelQuestion, PanelSeat
from tests.conftest import NOW
from tests.town import ANNA, MONA, Town
from tests.web.conftest import Clock, SignIn, Visitor, main
from tests.web.panelling import seated

MEETING = {
    "on": "10-12-2026", "starts_at": "8", "ends_at": "9.30", "place": "Rådhuset", "agenda": "Velkommen",
}  # fmt: skip


@pytest.fixture
def mona(sign_in: SignIn) -> Visitor:
    """The manager, at the panel's page."""
    visitor = sign_in(MONA)
    visitor.get("/panelet")
    return visitor


def _mails(database: Database, subject: str) -> list[str]:
    with database.read() as db:
        return sorted(db.scalars(select(Mail.recipient).where(Mail.subject == subject)))


def test_a_seat_is_given_corrected_invited_again_and_ended(
    mona: Visitor, town: Town, database: Database, app: FastAPI
) -> None:
    new = {
        "cvr": f"DK {town.protected}",
        "email": "ny@aerlig.test",
        "name": "Ny Person",
        "begins_on": "i dag",
    }
    assert "har fået en plads" in main(mona.follow(mona.post("/panelet/pladser", new)))
    assert _mails(database, "Velkommen til virksomhedspanelet") == ["ny@aerlig.test"]
    with database.read() as db:
        made = db.scalars(select(PanelSeat).where(PanelSeat.email == "ny@aerlig.test")).one()
    member = seated(app, database, made.id)
    assert "Ærlig" in main(member.get("/panel/"))
    page = f"/panelet/pladser/{made.id}"
    mona.get(page)
    mona.post(page, {"name": "Ny Person", "email": "ny@aerlig.test", "ends_on": "31-12-2026"})
    mona.post(f"{page}/link")
    assert len(_mails(database, "Velkommen til virksomhedspanelet")) == 2
    mona.post(f"{page}/afslut")
    member.get("/panel/", status=303)
    mona.post(f"{page}/afslut", status=409)
    mona.post(f"{page}/link", status=409)


@pytest.mark.parametrize(
    ("wrong", "beside"),
    [
        ({"cvr": "123"}, "cvr"), ({"cvr": "99999999"}, "cvr"), ({"email": "nix"}, "email"),
        ({"email": "lone@bageri.test"}, "email"), ({"ends_on": "01-01-2020"}, "ends_on"),
        ({"begins_on": "engang"}, "begins_on"),
    ],
)  # fmt: skip
def test_a_seat_that_cannot_be_is_refused_beside_the_field_with_what_was_typed(
    mona: Visitor, town: Town, database: Database, wrong: dict[str, str], beside: str
) -> None:
    new = {"cvr": town.garden, "email": "ny@planteskole.test", "name": "Ny Person"} | wrong
    answer = mona.post("/panelet/pladser", new, status=422)
    assert f'id="f-{beside}-error"' in answer.text
    assert "Ny Person" in answer.text
    assert _mails(database, "Velkommen til virksomhedspanelet") == []


def test_a_meeting_goes_from_draft_to_minutes_that_are_read(
    mona: Visitor, town: Town, database: Database, app: FastAPI, clock_on_the_wall: Clock, sign_in: SignIn
) -> None:
    page = mona.post("/panelet/moeder", MEETING).headers["location"]
    lone = seated(app, database, town.seat)
    theirs = page.replace("/panelet/", "/panel/")
    lone.get(theirs, status=404)
    mona.get(page)
    mona.post(f"{page}/indkald")
    assert len(_mails(database, "Møde i virksomhedspanelet")) == 2
    assert "Torsdag 10. december, 8.00–9.30" in main(lone.get("/panel/"))
    files = [visitor.get(f"{where}/kalender.ics").text for visitor, where in ((mona, page), (lone, theirs))]
    assert all("DTSTART;TZID=Europe/Copenhagen:20261210T080000" in each for each in files)
    with database.read() as db:
        version = db.scalars(select(PanelMeeting.version).order_by(PanelMeeting.id.desc())).first()
    stale = mona.post(page, MEETING | {"version": "1", "agenda": "Mit"}, status=409)
    assert "Mit" in stale.text
    mona.post(page, MEETING | {"version": str(version), "starts_at": "8.30"})
    assert len(_mails(database, "Panelmødet er flyttet")) == 2
    clock_on_the_wall.now = NOW.replace(month=12, day=10, hour=12)
    mona, lone = sign_in(MONA), seated(app, database, town.seat)
    mona.get(page)
    with database.read() as db:
        version = db.scalars(select(PanelMeeting.version).order_by(PanelMeeting.id.desc())).first()
    mona.post(f"{page}/referat", {"minutes": "Det gik godt", "version": str(version)})
    assert "Det gik godt" not in lone.get(theirs).text
    mona.post(f"{page}/referat", {"minutes": "Tabt", "version": str(version)}, status=409)
    mona.post(
        f"{page}/referat", {"minutes": "Det gik godt", "version": str((version or 0) + 1), "udgiv": "1"}
    )
    assert len(_mails(database, "Referat fra virksomhedspanelet")) == 2
    assert "ikke endnu" in main(mona.get(page))
    lone.post(f"{theirs}/referat")
    assert "Det gik godt" in lone.get(theirs).text
    assert "Lone Krogh, Blovstrød Bageri ApS i dag" in main(mona.get(page))


def test_a_meeting_is_called_off_with_a_reason(
    mona: Visitor, town: Town, database: Database, app: FastAPI
) -> None:
    page = mona.post("/panelet/moeder", MEETING).headers["location"]
    mona.get(page)
    mona.post(f"{page}/indkald")
    mona.post(f"{page}/aflys", {"reason": ""}, status=422)
    mona.post(f"{page}/aflys", {"reason": "For få kan"})
    assert "For få kan" in main(seated(app, database, town.seat).get("/panel/moeder"))
    mona.post(page, MEETING, status=409)


def test_a_question_is_asked_answered_and_told_back(
    mona: Visitor, town: Town, database: Database, app: FastAPI
) -> None:
    asked = {"question": "Hvad nu?", "about": "Fordi", "closes_on": "04-12-2026"}
    mona.post("/panelet/spoergsmaal", asked | {"closes_on": "01-01-2020"}, status=422)
    page = mona.post("/panelet/spoergsmaal", asked).headers["location"]
    theirs = page.replace("/panelet/", "/panel/")
    lone = seated(app, database, town.seat)
    lone.get(theirs, status=404)
    mona.get(page)
    mona.post(f"{page}/udfald", {"outcome": "x"}, status=409)
    mona.post(f"{page}/stil")
    assert len(_mails(database, "Et spørgsmål til virksomhedspanelet")) == 2
    lone.get(theirs)
    lone.post(theirs, {"text": "Mere af det", "version": "0"})
    assert "Mere af det" in main(mona.get(page))
    with database.read() as db:
        version = db.scalars(select(PanelQuestion.version).order_by(PanelQuestion.id.desc())).first()
    mona.post(page, asked | {"question": "Andet?", "version": str(version)}, status=422)
    mona.post(page, asked | {"closes_on": "24-11-2026", "version": str(version)})
    mona.post(f"{page}/udfald", {"said": "Mere af det", "outcome": "Vi gør mere"})
    assert len(_mails(database, "I sagde – vi gjorde")) == 2
    assert "Vi gør mere" in main(lone.get(theirs))


def test_a_consultant_reads_and_answers_but_does_not_run_the_panel(sign_in: SignIn, town: Town) -> None:
    anna = sign_in(ANNA)
    said = main(anna.get("/panelet"))
    assert "Nummeret er gammelt." in said
    assert "Ny plads" not in said
    anna.get(f"/panelet/moeder/{town.panel_meeting}")
    anna.get("/panelet/pladser/ny", status=403)
    anna.post(f"/panelet/beskeder/{town.remark}", {"answer": "Rettet"})
    anna.post(f"/panelet/beskeder/{town.remark}", {"answer": "Igen"}, status=409)
