"""The panel's own house: what a member sees and may say, and that there is nothing else to find."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from icalendar import Calendar
from sqlalchemy import select
from starlette.testclient import TestClient

from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements import commitments
from crm.agreements.queries import programme
from crm.db import Database
from crm.outbox.models import Mail
from crm.panel import meetings, queries, questions, seats
from crm.panel.models import PanelAnswer, PanelLink, PanelReading, PanelRemark
from tests.conftest import NOW, TODAY
from tests.fingerprint import fingerprint
from tests.statements import counted
from tests.town import ANNA, PANEL_LINK, PDF, Town
from tests.web.conftest import BASE, Clock, SignIn, Visitor, main
from tests.web.matrix import address_of
from tests.web.panelling import PANEL, pages

DAY = timedelta(days=1)


# --- Coming in ----------------------------------------------------------------------------------


def _door(app: FastAPI) -> Visitor:
    return Visitor(TestClient(app, base_url=BASE))


def test_a_link_is_looked_at_by_anybody_and_used_by_one_press(
    app: FastAPI, database: Database, town: Town
) -> None:
    link = f"/panel/ind/{PANEL_LINK}"
    before = fingerprint(database)
    scanner = _door(app)
    for method in ("GET", "HEAD", "OPTIONS") * 10:
        scanner.client.request(method, link)
    assert scanner.client.post(link).status_code == 403, "a scanner that presses has no token"
    assert fingerprint(database) == before
    person = _door(app)
    shown = person.get(link)
    assert "Lone Krogh" in main(shown)
    assert "Når du går ind" in main(shown)
    assert person.post(link).headers["location"] == "/panel/"
    assert "Jeres aftaler" in main(person.get("/panel/"))
    again = _door(app)
    assert "virker ikke længere" in main(again.get(link, status=410))
    assert "virker ikke længere" in main(again.post(link, status=410))
    assert again.get("/panel/", status=303).headers["location"] == "/panel/log-ind"


def test_an_old_link_sends_a_new_one_to_the_seats_own_mail_only(
    app: FastAPI, database: Database, town: Town, clock_on_the_wall: Clock
) -> None:
    clock_on_the_wall.now = NOW + timedelta(hours=1)
    visitor = _door(app)
    visitor.get(f"/panel/ind/{PANEL_LINK}", status=410)
    assert "Se i din mail" in main(visitor.post(f"/panel/ind/{PANEL_LINK}/nyt", status=200))
    with database.read() as db:
        assert db.scalars(select(Mail.recipient)).all() == ["lone@bageri.test"]
    visitor.get("/panel/ind/findes-ikke", status=404)


def test_nobody_is_told_whether_an_e_mail_has_a_seat(app: FastAPI, database: Database, town: Town) -> None:
    said = []
    for email in ("lone@bageri.test", "fremmed@bageri.test", ANNA):
        visitor = _door(app)
        visitor.get("/panel/log-ind")
        answer = visitor.post("/panel/log-ind", {"email": email}, status=200)
        said.append((main(answer), {k: v for k, v in answer.headers.items() if k != "set-cookie"}))
    assert said[0] == said[1] == said[2]
    with database.read() as db:
        assert db.scalars(select(Mail.recipient)).all() == ["lone@bageri.test"]


def test_asking_for_links_is_slowed_down(app: FastAPI, database: Database, town: Town) -> None:
    visitor = _door(app)
    visitor.get("/panel/log-ind")
    answers = [
        visitor.client.post(
            "/panel/log-ind", data={"csrf": visitor.csrf, "email": "lone@bageri.test"}
        ).status_code
        for _ in range(30)
    ]
    assert answers.count(200) <= 10
    assert set(answers) == {200, 429}


def test_the_staffs_log_in_is_nothing_at_the_panels_door_and_the_other_way(
    sign_in: SignIn, lone: Visitor, town: Town
) -> None:
    anna = sign_in(ANNA)
    for row in PANEL:
        address = address_of(str(row["path"]), town)
        assert address, row
        answer = anna.client.request(str(row["method"]), address, data={"csrf": anna.csrf}, follow_redirects=False) \
            if row["method"] == "POST" else anna.client.get(address, follow_redirects=False)  # fmt: skip
        assert answer.headers["location"] == "/panel/log-ind", row
    assert lone.get("/", status=303).headers["location"].startswith("/log-ind")
    assert lone.get("/virksomheder", status=303).headers["location"].startswith("/log-ind")
    assert lone.client.get("/api/v1/companies").status_code == 401


@pytest.mark.parametrize("how", ["ended", "last day passed", "log-in expired", "signed out"])
def test_what_ends_ends_at_the_next_request(
    lone: Visitor, town: Town, database: Database, clock_on_the_wall: Clock, how: str
) -> None:
    lone.get("/panel/")
    if how == "ended":
        with database.write() as db:
            seats.end(db, seat=queries.seat(db, town.seat), now=NOW, today=TODAY)
    elif how == "last day passed":
        with database.write() as db:
            queries.seat(db, town.seat).ends_on = TODAY - DAY
    elif how == "log-in expired":
        clock_on_the_wall.now = NOW + timedelta(hours=13)
    else:
        lone.post("/panel/log-ud")
    before = fingerprint(database)
    for row in PANEL:
        address = address_of(str(row["path"]), town) or ""
        answer = lone.client.request(str(row["method"]), address, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/panel/log-ind"), row
    assert fingerprint(database) == before


def test_what_was_written_when_the_log_in_ended_is_shown(
    lone: Visitor, town: Town, clock_on_the_wall: Clock
) -> None:
    clock_on_the_wall.now = NOW + timedelta(hours=13)
    answer = lone.post(f"/panel/spoergsmaal/{town.question}", {"text": "Mit lange svar"}, status=401)
    assert "Mit lange svar" in main(answer)


# --- Looking ------------------------------------------------------------------------------------


def test_every_page_is_shown_and_looking_changes_nothing(
    lone: Visitor, town: Town, database: Database
) -> None:
    before = fingerprint(database)
    for address in pages(town):
        answer = lone.get(address)
        assert "set-cookie" not in answer.headers, address
        assert answer.headers["cache-control"] == "no-store", address
    assert fingerprint(database) == before


def test_the_front_page_says_what_is_theirs(lone: Visitor, town: Town) -> None:
    said = main(lone.get("/panel/"))
    assert "Blovstrød Bageri ApS" in said
    assert "1 af 2 unge i bageriet" in said
    assert "Læs aftalen" in said
    assert "Hvad skal der til?" in said
    assert "0 af 2 har svaret" in said
    assert "Anna Kildeskov" in said
    assert "Referat fra" in said


def test_a_document_comes_as_a_file_that_does_nothing(lone: Visitor, town: Town) -> None:
    answer = lone.get(f"/panel/dokumenter/{town.document}")
    assert answer.content == PDF
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"].startswith("sandbox")


def test_the_calendar_file_is_one_event_in_the_municipalitys_time(lone: Visitor, town: Town) -> None:
    made = Calendar.from_ical(lone.get(f"/panel/moeder/{town.panel_meeting}/kalender.ics").text)
    event: Any = made.walk("VEVENT")[0]
    assert str(event["summary"]) == "Møde i virksomhedspanelet"
    assert event["dtstart"].dt.isoformat().endswith("08:00:00+01:00")


def test_what_is_not_theirs_looks_as_if_it_were_not_there(
    lone: Visitor, sven: Visitor, town: Town, database: Database
) -> None:
    for kind, id in (("aftaler", town.agreement), ("dokumenter", town.document)):
        lone.get(f"/panel/{kind}/{id}")
        asked = []
        for which in (id, 987654):
            with counted(database) as seen:
                answer = sven.client.get(f"/panel/{kind}/{which}")
            asked.append(
                (
                    answer.status_code,
                    answer.text,
                    sorted(answer.headers.items()),
                    [re.sub(r"\d+", "", each) for each in seen],
                )
            )
        assert asked[0] == asked[1]
        assert asked[0][0] == 404
    for absurd in ("1" * 30, "-1", "1' OR 1=1", "%00"):
        assert sven.client.get(f"/panel/aftaler/{absurd}").status_code in {404, 422}


def test_a_page_asks_as_often_for_few_rows_as_for_many(
    lone: Visitor, town: Town, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.house.WHILE", 3600.0)

    def ask() -> dict[str, int]:
        found = {}
        for address in pages(town):
            with counted(database) as seen:
                lone.get(address)
            found[address] = len(seen)
        return found

    # What the house keeps for some seconds is asked for by the first one who comes.
    ask()
    few = ask()
    with database.write() as db:
        anna = db.get_one(User, town.users[ANNA])
        company = queries.seat(db, town.seat).company
        for number in range(20):
            made = agreements.create(
                db, company=company, programme=programme(db, "code_of_care"), title=f"Nr. {number}", by=anna, now=NOW,
                today=TODAY, signed_on=TODAY - number * DAY,
            )  # fmt: skip
            commitments.promise(db, agreement=made, what="unge", promised=2, fulfilled=0, by=anna, now=NOW)
            meetings.announce(
                db, home="https://x.test", now=NOW, today=TODAY,
                meeting=meetings.plan(db, now=NOW, today=TODAY, on=TODAY + number * DAY, starts_at=480, ends_at=500,
                                      place="Her", agenda=None),
            )  # fmt: skip
            questions.ask(
                db, home="https://x.test", now=NOW, today=TODAY,
                question=questions.write(db, now=NOW, today=TODAY, question=f"Nr. {number}?", about=None,
                                         closes_on=TODAY + DAY),
            )  # fmt: skip
    many = ask()
    assert many == few
    assert max(many.values()) <= 12, many


# --- Saying something ---------------------------------------------------------------------------


@pytest.mark.parametrize("forged", ["", "0" * 64, "another's"])
def test_a_form_without_this_members_token_is_refused(
    lone: Visitor, sven: Visitor, town: Town, database: Database, forged: str
) -> None:
    lone.csrf = sven.csrf if forged == "another's" else forged
    before = fingerprint(database)
    for row in PANEL:
        if row["method"] == "POST":
            lone.post(address_of(str(row["path"]), town) or "", {"text": "x"}, status=403)
    lone.csrf = ""
    assert fingerprint(database) == before


def test_an_answer_is_kept_changed_and_read_by_the_house(
    lone: Visitor, town: Town, database: Database, sign_in: SignIn
) -> None:
    page = f"/panel/spoergsmaal/{town.question}"
    lone.get(page)
    assert "Tak. Dit svar er gemt." in main(lone.follow(lone.post(page, {"text": "En mentor", "version": 0})))
    lone.post(page, {"text": "En mentor", "version": 0})
    refused = lone.post(page, {"text": "To mentorer", "version": 0}, status=409)
    assert "et andet sted" in main(refused)
    assert "To mentorer" in main(refused)
    assert "En mentor" in main(refused)
    lone.post(page, {"text": "To mentorer", "version": 1})
    with database.read() as db:
        assert db.scalars(select(PanelAnswer.text)).all() == ["To mentorer"]
    assert "To mentorer" in main(sign_in(ANNA).get(f"/panelet/spoergsmaal/{town.question}"))


@pytest.mark.parametrize("text", ["", "   ", "Ring til 070761-4285"])
def test_what_cannot_be_kept_is_said_beside_the_box_and_stays_in_it(
    lone: Visitor, town: Town, database: Database, text: str
) -> None:
    before = fingerprint(database)
    for page in (f"/panel/spoergsmaal/{town.question}", "/panel/ret"):
        answer = lone.post(page, {"text": text, "about": "virksomheden"}, status=422)
        assert 'id="f-text-error"' in answer.text
        assert text.strip() in answer.text
    assert fingerprint(database) == before


def test_reading_the_minutes_is_one_press_and_kept_once(
    lone: Visitor, town: Town, database: Database
) -> None:
    for _ in range(2):
        answer = lone.post(f"/panel/moeder/{town.panel_meeting}/referat")
        assert "Alle vil gerne tage en ung." in main(lone.get(answer.headers["location"].partition("#")[0]))
    with database.read() as db:
        assert db.scalars(select(PanelReading.seat_id)).all() == [town.seat]
    lone.post("/panel/moeder/987654/referat", status=404)


def test_something_wrong_is_told_answered_and_read(
    lone: Visitor, sven: Visitor, town: Town, database: Database, sign_in: SignIn
) -> None:
    data = {"text": "Vi er flyttet", "about": str(town.agreement)}
    assert "Vi ser på det" in main(lone.follow(lone.post("/panel/ret", data)))
    lone.post("/panel/ret", data)
    with database.read() as db:
        made = db.scalars(select(PanelRemark).order_by(PanelRemark.id.desc())).first()
        assert made
        assert made.about == "Code of Care: To unge i bageriet"
        assert len(db.scalars(select(PanelRemark.id)).all()) == 2
    anna = sign_in(ANNA)
    assert "Lone Krogh" in main(anna.get("/"))
    anna.get("/panelet")
    anna.post(f"/panelet/beskeder/{made.id}", {"answer": ""}, status=422)
    anna.post(f"/panelet/beskeder/{made.id}", {"answer": "Rettet"})
    assert "Rettet" in main(lone.get("/panel/ret"))
    assert "Rettet" not in main(sven.get("/panel/ret"))
    sven.post("/panel/ret", {"text": "x", "about": str(town.agreement)}, status=422)


def test_whatever_a_member_sends_only_the_panels_own_tables_change(
    lone: Visitor, town: Town, database: Database
) -> None:
    allowed = frozenset({
        "panel_answer", "panel_reading", "panel_remark", "panel_session", "follow_up", "audit_event", "audit_head",
        "throttle", "submission",
    })  # fmt: skip
    before = fingerprint(database, without=allowed)
    extra = {
        "id": 2, "seat_id": town.seat + 1, "company_id": 2, "role": "admin", "outcome": "x", "answer": "x", "on": TODAY,
        "version": 0, "shown_to_panel": 1,
    }  # fmt: skip
    for path in (f"spoergsmaal/{town.question}", "ret", f"moeder/{town.panel_meeting}/referat"):
        lone.post(f"/panel/{path}", {"text": "Et svar", "about": "virksomheden", **extra})
    assert fingerprint(database, without=allowed) == before
    with database.read() as db:
        assert db.scalars(select(PanelAnswer.seat_id)).all() == [town.seat]
        assert db.scalars(select(PanelRemark.seat_id)).all() == [town.seat, town.seat]
        assert db.scalars(select(PanelLink.seat_id)).all() == [town.seat]
