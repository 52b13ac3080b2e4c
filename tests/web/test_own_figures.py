"""One's own figures beside the team's: each opens its rows, and no colleague is named."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from crm.access.models import User
from crm.access.queries import by_email
from crm.companies.queries import by_cvr
from crm.day import figures
from crm.day.figures import Share
from crm.db import Database
from crm.interactions import actions as interactions
from crm.periods import quarter_of
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.requests.models import Request
from crm.settings import Settings
from tests.conftest import NOW
from tests.statements import counted
from tests.town import ANNA, BO, Town
from tests.web.conftest import SignIn, Visitor, main

SETTINGS = Settings()
CLOCK = WorkingHours.of(SETTINGS)
DAY = timedelta(days=1)


@pytest.fixture
def town(town: Town, database: Database) -> Town:
    """Three answers of Anna's, one of them late; one of Bo's in time; contacts of both, some long ago."""
    with database.write() as db:
        company = by_cvr(db, town.bakery)
        for email, days, after in ((ANNA, 9, 1), (ANNA, 8, 1), (ANNA, 7, 100), (BO, 6, 1)):
            owner, received = by_email(db, email), NOW - days * DAY
            asked = requests.take_in(
                db, company=company, asked=NewRequest("guidance", f"For {days}"), by=owner, now=received, clock=CLOCK,
                received_at=received, owner=owner,
            )  # fmt: skip
            requests.move(
                db, request=asked, to="resolved", by=owner, now=received + timedelta(hours=after), clock=CLOCK
            )
        for email, days, kind in ((ANNA, 1, "call"), (ANNA, 2, "visit"), (ANNA, 40, "meeting"), (BO, 3, "call"),
                                  (ANNA, 4, "note"), (ANNA, 4, "email"), (BO, 900, "call")):  # fmt: skip
            interactions.log(
                db, company=company, by=by_email(db, email), now=NOW, kind=kind, direction="out", summary="Talte",
                happened_at=NOW - days * DAY,
            )  # fmt: skip
    return town


@pytest.fixture
def anna(sign_in: SignIn, town: Town) -> Visitor:
    return sign_in(ANNA)


def test_the_figures_are_the_quarters_and_the_teams_beside(town: Town, database: Database) -> None:
    with database.read() as db:
        found = figures.figures(db, db.get_one(User, town.users[ANNA]), now=NOW, zone=SETTINGS.zone)
    assert found.quarter == date(2026, 10, 1)
    assert (found.mine.open, found.mine.new, found.mine.closed) == (1, 4, 3)
    assert (found.team.open, found.team.new, found.team.closed) == (1, 5, 4)
    assert (found.mine.answers, found.mine.answers.percent) == (Share(2, 1), 67)
    assert (found.team.answers, found.team.answers.percent) == (Share(3, 1), 75)
    november, october, *_ = found.months
    assert (november.first, november.mine) == (date(2026, 11, 1), {"call": 2, "meeting": 0, "visit": 1})
    assert (october.my_total, october.team_total) == (1, 1)
    assert november.team_total == november.my_total + 2
    assert len(found.months) == 6


def test_answers_are_counted_as_everywhere_else(town: Town, database: Database) -> None:
    zone = SETTINGS.zone
    quarter = figures.the_quarter(date(2026, 11, 23), zone)
    with database.read() as db:
        anna = db.get_one(User, town.users[ANNA])
        mine = figures.figures(db, anna, now=NOW, zone=zone).mine.answers
        rows = db.scalars(select(Request).where(Request.owner_id == anna.id)).all()
        received = [each for each in rows if quarter.since <= each.received_at < quarter.until]
    in_time = sum(each.in_time == 1 for each in received)
    late = sum(each.in_time == 0 or each.is_overdue(NOW) for each in received)
    assert (mine.in_time, mine.late) == (in_time, late)


def test_every_own_figure_opens_as_many_rows_as_it_says(anna: Visitor) -> None:
    page = anna.get("/mine-tal")
    links = re.findall(r'href="(/mine-tal/[^"]+)">(\d+)', page.text)
    assert len(links) == 3 + 6 + 2
    for address, number in links:
        rows = anna.get(address)
        assert rows.text.count("data-row>") == int(number), address


def test_no_colleague_is_named(anna: Visitor) -> None:
    said = main(anna.get("/mine-tal"))
    assert not re.search(r"\bBo\b|Mona|Adam", said)
    assert "4 kolleger med dig selv" in said


@pytest.mark.parametrize(
    "address", ["noget", "kontakter-", "kontakter-2026-13", "kontakter-2020-01", "2026-11", "open"]
)
def test_a_figure_there_is_not_is_not_found(anna: Visitor, address: str) -> None:
    anna.get(f"/mine-tal/{address}", status=404)


@pytest.mark.parametrize(
    ("today", "first"),
    [(date(2026, 1, 1), date(2026, 1, 1)), (date(2026, 3, 31), date(2026, 1, 1)),
     (date(2026, 12, 31), date(2026, 10, 1))],
)  # fmt: skip
def test_a_quarter_begins_at_midnight_here(today: date, first: date) -> None:
    assert quarter_of(today) == first
    begins = figures.the_quarter(today, SETTINGS.zone).since
    assert begins.astimezone(SETTINGS.zone).replace(tzinfo=None) == datetime.combine(
        first, datetime.min.time()
    )


def test_a_month_across_the_clocks_change_is_whole() -> None:
    october = figures.the_month(date(2026, 10, 1), SETTINGS.zone)
    assert (october.since, october.until) == (
        datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)
    )  # fmt: skip


def test_the_page_asks_a_fixed_number_of_questions(anna: Visitor, database: Database) -> None:
    for address in ("/mine-tal", "/mine-tal/nye", "/mine-tal/kontakter-2026-11"):
        with counted(database) as seen:
            anna.get(address)
        assert len(seen) <= 6, address
