"""The page a link opens: looked at by anyone, answered once, and nothing of its address told on."""

from __future__ import annotations

import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from starlette.testclient import TestClient
from structlog import wrap_logger
from structlog.testing import CapturingLogger

from crm.db import Database
from crm.surveys.models import SurveyLink, SurveyReply, SurveyRound
from tests.conftest import NOW
from tests.fingerprint import fingerprint
from tests.page_guards import complaints
from tests.town import SURVEY, Town
from tests.web.api.conftest import served
from tests.web.conftest import BASE, Clock, Visitor, main

PAGE = f"/svar/{SURVEY}"
SCANNERS = ("Microsoft Office Protection", "Mozilla/5.0 (compatible; ProofpointURLDefense)", "curl/8.5")


@pytest.fixture
def guest(app: FastAPI, town: Town) -> Visitor:
    """A browser without an account."""
    return Visitor(TestClient(app, base_url=BASE))


def replies(database: Database) -> list[tuple[int | None, str | None]]:
    """What the open link was answered; the town's old reply left out."""
    with database.read() as db:
        rows = db.execute(select(SurveyReply.value, SurveyReply.comment).order_by(SurveyReply.id)).all()
    return [(value, comment) for value, comment in rows[1:]]


# --- Looking ------------------------------------------------------------------------------------


def test_the_page_has_one_question_and_leads_nowhere(guest: Visitor) -> None:
    answer = guest.get(PAGE)
    assert "Det var nemt at samarbejde med kommunen om rekruttering" in main(answer)
    assert re.findall(r'name="value" value="(\d)"', answer.text) == ["1", "2", "3", "4", "5", "0"]
    assert "Svaret er ikke anonymt" in main(answer)
    assert "Blovstrød Bageri ApS" in main(answer)
    assert set(re.findall(r'href="(/[^"]*)"', answer.text.partition("<body")[2])) == {"/was"}
    assert "<script" not in answer.text
    assert "Min dag" not in answer.text
    assert "set-cookie" not in answer.headers


def test_scanners_that_open_the_link_do_not_use_it_up(guest: Visitor, database: Database) -> None:
    before = fingerprint(database)
    for number in range(20):
        agent = {"User-Agent": SCANNERS[number % 3]}
        assert guest.client.head(PAGE, headers=agent).status_code == 200
        assert guest.client.get(PAGE, headers=agent).status_code == 200
        assert guest.client.options(PAGE, headers=agent).status_code == 405
        assert guest.client.get(f"{PAGE}?value=5", headers=agent).status_code == 200
    assert fingerprint(database) == before
    guest.get(PAGE)
    guest.post(PAGE, {"value": "5"})
    assert replies(database) == [(5, None)]


@pytest.mark.parametrize("path", [PAGE, "/svar/ukendt", f"{PAGE}/kommentar", "/svar/a/b/c", "/svar/%00"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_no_answer_here_tells_the_address_on_or_is_kept(guest: Visitor, path: str, method: str) -> None:
    headers = guest.client.request(method, path).headers
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow, noarchive"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_the_secret_is_in_no_log(guest: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    log = CapturingLogger()
    monkeypatch.setattr("web.middleware.LOG", wrap_logger(log, processors=[]))
    guest.get(PAGE)
    guest.post(PAGE, {"value": "3"})
    guest.post(f"{PAGE}/kommentar", {"comment": "Fint"})
    guest.client.get(f"/svar/{SURVEY}x")
    guest.client.get(f"/svar/{SURVEY}/mere/endnu")
    told = [call.kwargs["route"] for call in log.calls]
    assert told == ["/svar/{token}", "/svar/{token}", "/svar/{token}/kommentar", "/svar/{token}", "(none)"]
    assert SURVEY not in repr(log.calls)


# --- Answering ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "kept"), [("1", 1), ("4", 4), ("0", None)])
def test_one_click_is_an_answer(guest: Visitor, database: Database, code: str, kept: int | None) -> None:
    guest.get(PAGE)
    answer = guest.follow(guest.post(PAGE, {"value": code}))
    assert "Tak for svaret" in main(answer)
    assert replies(database) == [(kept, None)]


def test_a_comment_can_be_added_once_by_whoever_answered(guest: Visitor, database: Database) -> None:
    guest.get(PAGE)
    guest.follow(guest.post(PAGE, {"value": "2"}))
    wrong = guest.post(f"{PAGE}/kommentar", {"comment": "Om 010180-1234"}, status=422)
    assert "CPR" in main(wrong)
    assert "Om 010180-1234" in main(wrong)
    thanks = guest.follow(guest.post(f"{PAGE}/kommentar", {"comment": "Der gik for lang tid"}))
    assert "Der gik for lang tid" in main(thanks)
    guest.post(f"{PAGE}/kommentar", {"comment": "Noget andet"}, status=409)
    assert replies(database) == [(2, "Der gik for lang tid")]


def test_nobody_else_sees_the_answer_or_adds_to_it(
    guest: Visitor, app: FastAPI, database: Database, clock_on_the_wall: Clock
) -> None:
    guest.get(PAGE)
    guest.post(PAGE, {"value": "1"})
    other = Visitor(TestClient(app, base_url=BASE), guest.csrf)
    seen = other.get(PAGE)
    assert "Der er allerede svaret" in main(seen)
    assert "Helt uenig" not in seen.text
    other.post(f"{PAGE}/kommentar", {"comment": "Fra en anden"}, status=403)
    other.client.cookies.set("svar", guest.client.cookies["svar"].replace(".", ".9", 1))
    other.post(f"{PAGE}/kommentar", {"comment": "Fra en anden"}, status=403)
    clock_on_the_wall.now = NOW + timedelta(minutes=61)
    guest.post(f"{PAGE}/kommentar", {"comment": "For sent"}, status=403)
    assert replies(database) == [(1, None)]


def test_a_second_answer_meets_a_kind_word_and_changes_nothing(guest: Visitor, database: Database) -> None:
    guest.get(PAGE)
    guest.post(PAGE, {"value": "5"})
    assert "gemt" in main(guest.post(PAGE, {"value": "1"}, status=409))
    assert replies(database) == [(5, None)]


@pytest.mark.parametrize("value", ["6", "-1", "", "helt enig", "４"])
def test_what_is_no_answer_is_asked_again(guest: Visitor, database: Database, value: str) -> None:
    guest.get(PAGE)
    assert "Tryk på et af svarene" in main(guest.post(PAGE, {"value": value}, status=422))
    assert replies(database) == []


def test_of_fifty_answers_at_once_one_is_kept(guest: Visitor, app: FastAPI, database: Database) -> None:
    guest.get(PAGE)
    begin = threading.Barrier(50)
    with served(app) as address, httpx2.Client(base_url=address, timeout=60) as client:

        def answer(number: int) -> httpx2.Response:
            begin.wait(30)
            return client.post(PAGE, data={"csrf": guest.csrf, "value": str(1 + number % 5)})

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(answer, range(50)))
    assert Counter(each.status_code for each in answers) == {303: 1, 409: 49}
    assert len(replies(database)) == 1
    for each in answers:
        if each.status_code == 409:
            assert complaints(each.text) == []
            assert "Tak for det" in main(each)


# --- Links that are none ------------------------------------------------------------------------


def test_unknown_and_altered_links_look_alike(guest: Visitor, database: Database) -> None:
    with database.read() as db:
        kept = db.scalars(select(SurveyLink.token_hash)).first() or ""
    guesses = (
        SURVEY[:-1], SURVEY + "x", SURVEY.upper(), kept, "A" * 43, "1", "x" * 3000, "%F0%9F%98%80", "..%2f",
    )  # fmt: skip
    before = fingerprint(database)
    pages = {guest.get(f"/svar/{guess}", status=404).text for guess in guesses if "%2f" not in guess}
    assert len(pages) == 1
    assert "Linket virker ikke" in pages.pop()
    for guess in guesses:
        assert guest.client.post(f"/svar/{guess}", data={"value": "5"}).status_code in {404, 405}
        assert guest.client.post(f"/svar/{guess}/kommentar", data={"comment": "x"}).status_code == 404
    assert fingerprint(database) == before


@pytest.mark.parametrize(("days", "open_"), [(0, True), (30, True), (31, False), (500, False)])
def test_a_link_is_open_to_the_end_of_its_last_day(
    guest: Visitor, database: Database, clock_on_the_wall: Clock, days: int, open_: bool
) -> None:
    guest.get(PAGE)
    clock_on_the_wall.now = NOW + timedelta(days=days, hours=13)
    assert ("Tiden er gået" in main(guest.get(PAGE, status=200 if open_ else 410))) != open_
    guest.post(PAGE, {"value": "4"}, status=303 if open_ else 410)
    assert len(replies(database)) == int(open_)


def test_a_round_that_was_closed_takes_no_answers(guest: Visitor, database: Database) -> None:
    guest.get(PAGE)
    with database.write() as db:
        db.scalars(select(SurveyRound).order_by(SurveyRound.id.desc())).first().closed_at = NOW  # type: ignore[union-attr]
    assert "Tiden er gået" in main(guest.post(PAGE, {"value": "4"}, status=410))
    assert replies(database) == []


# --- From elsewhere -----------------------------------------------------------------------------

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Origin": "https://ond.test"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_form_from_another_site_is_refused(
    guest: Visitor, database: Database, headers: dict[str, str]
) -> None:
    guest.get(PAGE)
    answer = guest.client.post(PAGE, data={"csrf": guest.csrf, "value": "1"}, headers=headers)
    assert answer.status_code == 403
    assert replies(database) == []


@pytest.mark.parametrize(
    "headers", [{"Origin": "null"}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}, {"Origin": BASE}]
)
def test_browsers_that_tell_no_origin_since_we_asked_them_to_may_answer(
    guest: Visitor, database: Database, headers: dict[str, str]
) -> None:
    guest.get(PAGE)
    guest.post(PAGE, {"value": "1"}, headers=headers)
    assert replies(database) == [(1, None)]


@pytest.mark.parametrize("csrf", ["", "0" * 64])
def test_a_form_that_was_not_made_for_this_link_is_refused(
    guest: Visitor, database: Database, csrf: str
) -> None:
    guest.post(PAGE, {"value": "1", "csrf": csrf}, status=403)
    assert replies(database) == []


def test_an_answer_needs_no_cookie_and_signs_nobody_in(guest: Visitor, database: Database) -> None:
    guest.get(PAGE)
    guest.client.cookies.clear()
    answer = guest.post(PAGE, {"value": "5"})
    assert list(answer.cookies) == ["svar"]
    assert guest.get("/", status=303).headers["location"].startswith("/log-ind")
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(SurveyReply)) == 2
