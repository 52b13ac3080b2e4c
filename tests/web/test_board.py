"""The board's pages: what they say, whom they let, and that two at once lose nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from structlog import wrap_logger
from structlog.testing import CapturingLogger

from crm.access.queries import by_email
from crm.board import actions, queries
from crm.companies.queries import by_cvr
from crm.db import Database
from tests.conftest import NOW, TODAY
from tests.crm.boarding import House
from tests.fingerprint import fingerprint
from tests.town import ANNA, BO, MONA, Town
from tests.web.conftest import Clock, SignIn, main


def test_the_board_says_how_it_stands_and_what_to_do_today(sign_in: SignIn, town: Town) -> None:
    page = main(sign_in(ANNA).get("/tavle"))
    assert "Møde i dag kl. 9.00" in page
    assert "forrige mandag 9. november" in page
    assert "1 af 10" in page
    assert "Frys tavlen for mødet" in page
    assert "Ring til de tre" in page
    assert "1 ny henvendelse" in page


def test_a_figure_opens_its_rows_and_names_no_colleague(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    with database.write() as db:
        house = House(db, by_email(db, ANNA), by_email(db, BO), [])
        house.ask(by_cvr(db, town.garden), NOW - timedelta(days=5))
    visitor = sign_in(MONA)
    board = visitor.get("/tavle").text
    assert 'href="/tavle/raekker/sene"' in board
    for what in ("nye", "sene"):
        page = main(visitor.get(f"/tavle/raekker/{what}"))
        assert "Søndergård Planteskole A/S" in page
        assert "Bo" not in page.replace("Bornholm", "")
        assert "Anna" not in page
    assert "2 henvendelser" in main(visitor.get("/tavle/raekker/nye"))
    visitor.get("/tavle/raekker/alle", status=404)


def test_frozen_it_stands_whatever_is_corrected_afterwards(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(BO)
    answer = visitor.post(f"/tavle/{town.meeting}/frys")
    assert "frosset" in visitor.follow(answer).text
    before = main(visitor.get(f"/tavle/{town.meeting}"))
    assert "Ny aftale Blovstrød Bageri ApS" in before
    with database.write() as db:
        bakery = by_cvr(db, town.bakery)
        bakery.name = "Et helt andet navn"
        House(db, by_email(db, ANNA), by_email(db, BO), []).sign(by_cvr(db, town.garden), NOW)
    after = main(visitor.get(f"/tavle/{town.meeting}"))
    assert after == before.replace("Tavlen er frosset. Den ændrer sig ikke mere. ", "")
    # Once more is the same, and it can be neither moved nor called off.
    assert "allerede frosset" in visitor.follow(visitor.post(f"/tavle/{town.meeting}/frys")).text
    visitor.post(f"/tavle/{town.meeting}/flyt", {"on": "1-12-2026"}, status=409)
    visitor.post(f"/tavle/{town.meeting}/aflys", {"reason": "Nej"}, status=409)


def test_on_the_day_it_is_frozen_the_board_shows_what_was_frozen(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(ANNA)
    visitor.post(f"/tavle/{town.meeting}/frys")
    with database.write() as db:
        House(db, by_email(db, ANNA), by_email(db, BO), []).ask(by_cvr(db, town.garden), NOW)
    assert "frosset kl. 10.00" in main(visitor.get("/tavle"))
    assert "1 ny henvendelse" in main(visitor.get("/tavle"))
    assert "frosset kl. 10.00" in visitor.get("/tavle/vaeg").text


def test_meetings_are_added_moved_and_called_off(sign_in: SignIn, town: Town, database: Database) -> None:
    visitor = sign_in(ANNA)
    answer = visitor.post("/tavle/moeder", {"on": "25-12-2026"})
    assert "fredag 25. december. Bemærk, at huset er lukket den dag." in main(visitor.follow(answer))
    for wrong in ("", "i overimorgen"):
        assert "dag" in main(visitor.post("/tavle/moeder", {"on": wrong}, status=422))
    assert "allerede et tavlemøde" in main(visitor.post("/tavle/moeder", {"on": "25-12-2026"}, status=409))
    with database.read() as db:
        made = max(queries.to_come(db, TODAY), key=lambda each: each.id)
    visitor.post(f"/tavle/{made.id}/flyt", {"on": "", "move_reason": ""}, status=422)
    answer = visitor.post(f"/tavle/{made.id}/flyt", {"on": "22-12-2026", "move_reason": "Jul"})
    page = main(visitor.follow(answer))
    assert "flyttet fra fredag 25. december: Jul" in page
    assert "Skriv kort hvorfor" in main(visitor.post(f"/tavle/{made.id}/aflys", {"reason": ""}, status=422))
    page = main(visitor.follow(visitor.post(f"/tavle/{made.id}/aflys", {"reason": "Alle er på ferie"})))
    assert "Aflyst" in page
    assert "Alle er på ferie" in page
    visitor.post(f"/tavle/{made.id}/frys", status=409)


def test_a_leader_lays_the_plan_and_nobody_else(sign_in: SignIn, town: Town, database: Database) -> None:
    leader = sign_in(MONA)
    values = {"first_on": "24-11-2026", "every_days": "14", "clock": "8.30", "agenda": "Barometre\nEventuelt"}
    page = main(leader.follow(leader.post("/tavle/plan", values)))
    assert "Hver anden tirsdag" in page
    assert "tirsdag 24. november 8.30" in page
    with database.read() as db:
        planned = [each for each in queries.to_come(db, TODAY) if each.slot_on]
    assert len(planned) == actions.AHEAD
    assert "Barometre Eventuelt" in main(leader.get(f"/tavle/{planned[0].id}"))
    for field, wrong in {"first_on": "juleaften", "clock": "kvart i", "every_days": "5"}.items():
        assert 'aria-invalid="true"' in leader.post("/tavle/plan", values | {field: wrong}, status=422).text
    sign_in(ANNA).post("/tavle/plan", values, status=403)


def test_something_is_agreed_put_off_given_on_and_done(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(ANNA)
    values = {"text": "Hold oplæg", "owner": town.users[BO], "due": "30-11-2026", "meeting": town.meeting}
    answer = visitor.post("/tavle/aftalt", values)
    assert answer.headers["location"] == f"/tavle/{town.meeting}"
    assert "Hold oplæg" in main(visitor.follow(answer))
    with database.read() as db:
        made = queries.agreed_at(db, queries.get(db, town.meeting))[0]
    for field, wrong in {"text": " ", "owner": "", "due": "aldrig"}.items():
        assert (
            'aria-invalid="true"' in visitor.post("/tavle/aftalt", values | {field: wrong}, status=422).text
        )
    visitor.post(
        f"/tavle/aftalt/{made.id}", {"text": "Hold et oplæg", "owner": town.users[ANNA], "due": "2-12-2026"}
    )
    visitor.post(f"/tavle/aftalt/{made.id}/udskyd", {"due": "+7"})
    page = main(visitor.get("/tavle"))
    assert "Hold et oplæg Anna Kildeskov · 30. nov." in page
    answer = visitor.post(f"/tavle/aftalt/{made.id}/klaret", headers={"referer": "http://127.0.0.1:8000/"})
    assert answer.headers["location"] == "/"
    visitor.post(f"/tavle/aftalt/{made.id}/udskyd", {"due": "+7"}, status=409)
    assert "klaret i dag" in main(visitor.get("/tavle"))
    visitor.post(f"/tavle/aftalt/{made.id}/aaben")
    assert "klaret i dag" not in main(visitor.get("/tavle"))


def test_of_two_who_write_minutes_the_slower_keeps_what_was_typed(sign_in: SignIn, town: Town) -> None:
    anna, bo = sign_in(ANNA), sign_in(BO)
    page, home = anna.get(f"/tavle/{town.meeting}").text, f"/tavle/{town.meeting}"
    based_on = re.search(r'name="based_on" value="(\d+)"', page)
    assert based_on is not None
    bo.get(home)
    anna.post(f"{home}/referat", {"text": "Annas ord", "based_on": based_on[1], "udgiv": "0"})
    told = bo.post(
        f"{home}/referat", {"text": "Bos ord", "based_on": based_on[1], "udgiv": "1"}, status=409
    ).text
    assert "Anna har rettet referatet, mens du skrev" in told
    assert "Annas ord" in told
    assert "Bos ord</textarea>" in told
    # What stands there now knows of Anna's.
    based_on = re.search(r'name="based_on" value="(\d+)"', told)
    assert based_on is not None
    bo.post(f"{home}/referat", {"text": "Annas ord og Bos", "based_on": based_on[1], "udgiv": "1"})
    page = main(sign_in(MONA).get(home))
    assert "Udgivet" in page
    assert "Annas ord og Bos" in page


def test_minutes_hold_no_numbers_of_people(sign_in: SignIn, town: Town) -> None:
    page = sign_in(ANNA).post(
        f"/tavle/{town.meeting}/referat", {"text": "070761-4285 kom forbi", "based_on": "0"}, status=422
    )
    assert "CPR-nummer" in page.text


# --- The wall -----------------------------------------------------------------------------------


def test_the_wall_has_none_of_the_houses_own_head(sign_in: SignIn, town: Town) -> None:
    page = sign_in(ANNA).get("/tavle/vaeg").text
    for chrome in ("Hovedmenu", "Log ud", "<form", "csrf", "Anna Kildeskov"):
        assert chrome not in page
    assert 'hx-trigger="every 60s, hent"' in page


def test_a_link_opens_the_wall_and_nothing_else(sign_in: SignIn, town: Town, database: Database) -> None:
    stranger = sign_in()
    before = fingerprint(database)
    page = stranger.get(f"/tavle/skaerm/{town.wall_token}")
    assert "Tavlemøde 23. november" in page.text
    assert re.findall(r'href="(?!/static)([^"#]+)"', page.text) == []
    assert set(page.cookies) == set()
    for other in ("/tavle", "/tavle/vaeg", "/tavle/ark", "/virksomheder", f"/tavle/{town.meeting}"):
        assert stranger.get(other, status=303).headers["location"].startswith("/log-ind")
    assert fingerprint(database) == before
    assert main(page).count("henvendelse") == main(sign_in(ANNA).get("/tavle/vaeg")).count("henvendelse")


@pytest.mark.parametrize("guess", ["gaettet", "a" * 43, "%00", "x" * 3000])
def test_a_guess_opens_nothing(sign_in: SignIn, town: Town, guess: str) -> None:
    page = sign_in().get(f"/tavle/skaerm/{guess}", status=404)
    assert "Linket til tavlen er lukket" in page.text
    assert "af 10" not in page.text


def test_a_link_is_shown_once_kept_as_a_hash_and_closed_at_once(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    leader, screen = sign_in(MONA), sign_in()
    page = leader.post("/tavle/skaerme", {"name": "Kantinen"}, status=200).text
    found = re.search(r"http://127\.0\.0\.1:8000(/tavle/skaerm/([\w-]+))", page)
    assert found is not None
    # 256 bits are 43 signs.
    assert len(found[2]) >= 43
    assert found[2] not in leader.get("/tavle/skaerme").text
    with database.read() as db:
        kept = queries.wall_links(db)[0]
        assert (kept.name, found[2] in kept.token_hash) == ("Kantinen", False)
    screen.get(found[1])
    renewed = leader.post(f"/tavle/skaerme/{kept.id}/forny", status=200).text
    screen.get(found[1], status=404)
    again = re.search(r"/tavle/skaerm/([\w-]+)", renewed)
    assert again is not None
    screen.get(again[0])
    with database.read() as db:
        newest = queries.wall_links(db)[0].id
    leader.post(f"/tavle/skaerme/{newest}/luk")
    screen.get(again[0], status=404)
    leader.post(f"/tavle/skaerme/{newest}/forny", status=409)
    assert 'aria-invalid="true"' in leader.post("/tavle/skaerme", {"name": ""}, status=422).text
    sign_in(ANNA).get("/tavle/skaerme", status=403)


def test_no_log_knows_the_token(
    sign_in: SignIn, town: Town, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    heard = CapturingLogger()
    monkeypatch.setattr("web.middleware.LOG", wrap_logger(heard, processors=[]))
    sign_in().get(f"/tavle/skaerm/{town.wall_token}")
    sign_in().get("/tavle/skaerm/forkert", status=404)
    assert len(heard.calls) == 2
    assert town.wall_token not in repr(heard.calls)
    assert "forkert" not in repr(heard.calls)
    with database.read() as db:
        from crm.audit import AuditEvent

        assert all(town.wall_token not in repr(each.payload) for each in db.query(AuditEvent))


def test_a_wall_whose_session_has_ended_is_told_to_sign_in(
    sign_in: SignIn, town: Town, clock_on_the_wall: Clock, app: FastAPI
) -> None:
    visitor = sign_in(ANNA)
    clock_on_the_wall.now = NOW + timedelta(hours=13)
    answer = visitor.get("/tavle/vaeg", status=401, headers={"hx-request": "true"})
    assert answer.headers["hx-redirect"] == "/log-ind"
