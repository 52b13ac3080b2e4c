"""The day in one's own calendar program: at a secret address that can be renewed and closed, with titles only."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import select
from structlog import wrap_logger
from structlog.testing import CapturingLogger

from crm.access import actions as access
from crm.access.models import User
from crm.access.queries import by_email, token_hash
from crm.agreements.models import Agreement
from crm.audit import AuditEvent
from crm.day.models import DayChoice
from crm.db import Database
from crm.interactions import actions as interactions
from crm.interactions.models import FollowUp
from tests import busy_day
from tests.conftest import NOW, TODAY
from tests.statements import counted
from tests.town import ANNA, BO, CALENDAR, CLOSED, Town
from tests.web.conftest import SignIn, Visitor, main

FEED = f"/kalender/{CALENDAR}.ics"
DAY = timedelta(days=1)


@pytest.fixture
def nobody(sign_in: SignIn, town: Town) -> Visitor:
    """A calendar program: it is not signed in."""
    return sign_in()


def _events(visitor: Visitor, address: str = FEED) -> dict[str, Any]:
    """The events by their titles, read by a library as any program would."""
    calendar = Calendar.from_ical(visitor.get(address).content)
    return {str(event["summary"]): event for event in calendar.walk("VEVENT")}


def test_what_has_a_day_stands_in_the_calendar(nobody: Visitor, database: Database) -> None:
    busy_day.fill(database, NOW)
    found = {title: (event.start, event.end) for title, event in _events(nobody).items()}
    assert found["Ring tilbage: Nordlys Tandklinik"] == (TODAY, TODAY + DAY)
    assert found["Opfølgning: Blovstrød Bageri ApS"] == (TODAY + 2 * DAY, TODAY + 3 * DAY)
    assert found["Aftale udløber: Engholm Bageri"] == (TODAY + 38 * DAY, TODAY + 39 * DAY)
    start, end = found["Svar: Blovstrød Bageri ApS"]
    assert end == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert (str(end.tzinfo), end - start) == ("Europe/Copenhagen", timedelta(minutes=30))
    assert "Allerød" not in str(found)
    assert len(found) == 6


def test_titles_say_what_and_which_company_and_nothing_of_what_was_talked_about(
    nobody: Visitor, database: Database
) -> None:
    busy_day.fill(database, NOW)
    text = nobody.get(FEED).text.replace("\r\n ", "")
    for secret in (
        "raskmelding",
        "Eva Friis",
        "Lone",
        "lagermedarbejdere",
        "48173012",
        "DESCRIPTION",
        "profiler",
    ):
        assert secret not in text
    assert max(len(str(title)) for title in _events(nobody)) <= 70


def test_a_title_is_short_however_long_a_company_is_called(
    nobody: Visitor, town: Town, database: Database
) -> None:
    with database.write() as db:
        found = db.get_one(FollowUp, town.follow_up)
        db.refresh(found, ["company"])
        found.company.name = "Æbleskiver " * 20
    assert max(map(len, _events(nobody))) == 70


def test_events_keep_their_names_and_count_their_moves(
    nobody: Visitor, town: Town, database: Database
) -> None:
    before = _events(nobody)["Opfølgning: Blovstrød Bageri ApS"]
    with database.write() as db:
        for days in (4, 5):
            interactions.postpone(db, follow_up=db.get_one(FollowUp, town.follow_up), due=TODAY + days * DAY)
    after = _events(nobody)["Opfølgning: Blovstrød Bageri ApS"]
    assert str(before["uid"]) == str(after["uid"]) == f"opfoelgning-{town.follow_up}@127.0.0.1"
    assert (before["sequence"], after["sequence"]) == (0, 2)
    assert (before.start, after.start) == (TODAY + 2 * DAY, TODAY + 5 * DAY)
    assert after["dtstamp"].dt == NOW
    uids = [str(event["uid"]) for event in _events(nobody).values()]
    assert len(uids) == len(set(uids))


def test_what_is_done_is_gone(nobody: Visitor, town: Town, database: Database) -> None:
    with database.write() as db:
        interactions.mark_done(
            db, follow_up=db.get_one(FollowUp, town.follow_up), by=by_email(db, ANNA), now=NOW, today=TODAY
        )
    assert "Opfølgning: Blovstrød Bageri ApS" not in _events(nobody)


@pytest.mark.parametrize(
    "moment", [datetime(2027, 3, 28, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]
)
def test_it_can_be_read_in_the_nights_the_clocks_change(
    nobody: Visitor, clock_on_the_wall: Any, moment: datetime
) -> None:
    clock_on_the_wall.now = moment
    assert _events(nobody)


def test_the_answer_is_kept_nowhere_and_found_by_no_search_engine(nobody: Visitor) -> None:
    headers = nobody.get(FEED).headers
    assert headers["content-type"] == "text/calendar; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert nobody.client.head(FEED).status_code == 200


@pytest.mark.parametrize(
    "secret",
    ["", "x", "a" * 43, "a" * 4000, "%00", "../kalender", CALENDAR + "x", CALENDAR.upper(), "1" * 30],
)
def test_any_other_address_shows_nothing(nobody: Visitor, secret: str) -> None:
    assert nobody.client.get(f"/kalender/{secret}.ics").status_code == 404


def test_a_user_who_was_closed_has_no_calendar_and_it_looks_like_any_other(
    nobody: Visitor, town: Town, database: Database
) -> None:
    with database.write() as db:
        db.add(DayChoice(user_id=town.users[CLOSED], calendar_hash=token_hash("lukket"), calendar_since=NOW))
    closed, unknown = (
        nobody.get("/kalender/lukket.ics", status=404),
        nobody.get("/kalender/ukendt.ics", status=404),
    )
    assert main(closed) == main(unknown)


def test_one_makes_an_address_that_ends_the_one_before(
    sign_in: SignIn, town: Town, database: Database, nobody: Visitor
) -> None:
    anna = sign_in(ANNA)
    anna.get("/konto")
    secrets = []
    for _ in range(2):
        page = anna.post("/konto/kalender", status=200)
        found = re.search(r"http://127\.0\.0\.1:8000(/kalender/([\w-]+)\.ics)", page.text)
        assert found
        secrets.append(found[1])
        assert len(found[2]) >= 43
        assert found[2] not in anna.get("/konto").text
        with database.read() as db:
            kept = db.scalars(select(DayChoice)).one()
            assert kept.calendar_hash == token_hash(found[2])
    nobody.get(FEED, status=404)
    nobody.get(secrets[0], status=404)
    assert _events(nobody, secrets[1])
    anna.post("/konto/kalender/luk")
    nobody.get(secrets[1], status=404)
    assert "Lav en ny adresse" in main(anna.get("/konto"))


def test_the_secret_stands_in_no_log_and_in_no_audit(
    sign_in: SignIn, town: Town, database: Database, nobody: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = CapturingLogger()
    for place in ("web.middleware.LOG", "web.errors.LOG"):
        monkeypatch.setattr(place, wrap_logger(log, processors=[]))
    anna = sign_in(ANNA)
    anna.get("/konto")
    page = anna.post("/konto/kalender", status=200)
    found = re.search(r"/kalender/([\w-]+)\.ics", page.text)
    assert found
    nobody.get(f"/kalender/{found[1]}.ics")
    nobody.get(f"/kalender/{found[1]}x.ics", status=404)
    said = str(log.calls)
    assert said.count("/kalender/{noegle}.ics") == 2
    assert found[1] not in said
    with database.read() as db:
        told = str([row.payload for row in db.scalars(select(AuditEvent))])
        assert found[1] not in told
        assert token_hash(found[1]) not in told


def test_it_asks_a_fixed_number_of_questions(nobody: Visitor, town: Town, database: Database) -> None:
    with counted(database) as few:
        nobody.get(FEED)
    with database.write() as db:
        anna = by_email(db, ANNA)
        company = db.get_one(FollowUp, town.follow_up).company_id
        db.add_all(
            FollowUp(company_id=company, owner_id=anna.id, due=TODAY + n * DAY, text="Ring", created_at=NOW)
            for n in range(80)
        )
    with counted(database) as many:
        assert len(Calendar.from_ical(nobody.get(FEED).content).walk("VEVENT")) >= 80
    assert len(many) == len(few) <= 5


def test_another_colleagues_matters_are_not_in_it(nobody: Visitor, town: Town, database: Database) -> None:
    with database.write() as db:
        for agreement in db.scalars(select(Agreement)):
            agreement.consultant_id = town.users[BO]
        for promised in db.scalars(select(FollowUp)):
            promised.owner_id = town.users[BO]
    assert list(_events(nobody)) == ["Svar: Blovstrød Bageri ApS"]


@pytest.mark.parametrize("wanted", [True, False])
def test_one_chooses_the_mail_in_the_morning(
    sign_in: SignIn, town: Town, database: Database, wanted: bool
) -> None:
    bo = sign_in(BO)
    bo.get("/konto")
    answer = bo.post("/konto/morgenmail", {"morning_mail": "1"} if wanted else {})
    page = bo.follow(answer)
    assert ("Du får en mail" if wanted else "Du får ingen mail") in main(page)
    assert bool(re.search(r'name="morning_mail" value="1"\s+checked', page.text)) == wanted
    with database.read() as db:
        assert db.get_one(DayChoice, town.users[BO]).morning_mail == wanted


def test_whoever_leaves_takes_the_calendar_with_them(nobody: Visitor, town: Town, database: Database) -> None:
    with database.write() as db:
        carla = access.add_user(db, email="carla@kommune.test", name="Carla", role="consultant", now=NOW)
        db.add(DayChoice(user_id=carla.id, calendar_hash=token_hash("carla"), calendar_since=NOW))
    assert _events(nobody, "/kalender/carla.ics") == {}
    with database.write() as db:
        access.close_user(db, user=db.get_one(User, carla.id), now=NOW, today=date(2026, 11, 23))
    nobody.get("/kalender/carla.ics", status=404)
