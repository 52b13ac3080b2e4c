"""From a closed request to a figure, through a real mail server: asked by mail, answered by its link, counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from crm.db import Database
from crm.goals.queries import progress
from crm.outbox.models import Mail
from crm.settings import Settings
from crm.surveys.models import SurveyReply
from scripts.work import work_round
from tests.conftest import NOW
from tests.crm.paper import EASY
from tests.crm.surveying import DAY, HOUR, closed, firm
from tests.post_office import PostOffice, opened
from web.app import create_app

BASE = "http://127.0.0.1:8000"


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with opened() as office:
        yield office


def test_a_closed_request_becomes_a_mail_an_answer_and_a_figure(
    database: Database, office: PostOffice, tmp_path: Path
) -> None:
    settings = Settings(
        smtp_url=office.url, data_dir=tmp_path, base_url=BASE, municipality="Ærø Kommune", survey_min_n=1
    )
    with database.write() as db:
        closed(db, *firm(db))
    figures = [work_round(database, settings, NOW + hours * HOUR).figures for hours in (0.5, 2, 3)]
    assert [each["companies_asked"] for each in figures] == [0, 1, 0]
    [message] = office.to("lone0@firma.test")
    assert message["Subject"] == "Ét spørgsmål fra Ærø Kommune"
    text = message.get_content()
    [link] = re.findall(r"http\S+", text)
    assert link.startswith(f"{BASE}/svar/")
    # What was sent stands nowhere any more, not even in the outbox.
    with database.read() as db:
        assert link.rpartition("/")[2] not in db.scalars(select(Mail.body)).one()

    app = create_app(settings, database)
    app.state.house.clock = lambda: NOW + DAY
    guest = TestClient(app, base_url=BASE)
    page = guest.get(link)
    csrf = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert csrf
    done = guest.post(link, data={"csrf": csrf[1], "value": "5"})
    assert "Tak for svaret" in done.text
    assert guest.post(link, data={"csrf": csrf[1], "value": "1"}).status_code == 409

    # Nobody who has answered is reminded.
    assert work_round(database, settings, NOW + 9 * DAY).figures["companies_asked"] == 0
    assert len(office.letters) == 1
    with database.read() as db:
        assert db.scalars(select(SurveyReply.value)).all() == [5]
        on = (NOW + DAY).date()
        share = next(each for each in progress(db, on, least=1) if each.objective.key == EASY)
        assert (share.value, share.share and share.share.n) == (100, 1)


def test_a_reminder_is_one_mail_with_a_link_of_its_own(
    database: Database, office: PostOffice, tmp_path: Path
) -> None:
    settings = Settings(smtp_url=office.url, data_dir=tmp_path, base_url=BASE)
    with database.write() as db:
        closed(db, *firm(db))
    for days in range(12):
        work_round(database, settings, NOW + 2 * HOUR + days * DAY)
    first, second = office.to("lone0@firma.test")
    assert str(second["Subject"]).startswith("Husker I vores spørgsmål?")
    assert "I hører ikke mere fra os" in second.get_content()
    links = [re.findall(r"/svar/(\S+)", each.get_content())[0] for each in (first, second)]
    assert len(set(links)) == 2
    app = create_app(settings, database)
    app.state.house.clock = lambda: NOW + 12 * DAY
    guest = TestClient(app, base_url=BASE)
    assert [guest.get(f"/svar/{link}").status_code for link in links] == [200, 200]
