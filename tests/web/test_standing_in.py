"""Who answers while someone is away: on the card, in the search, in the API, and in both persons' Min dag."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from crm.access import queries as users
from crm.access.actions import add_token
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.interactions import actions as interactions
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.responsibility.absences import actions
from crm.responsibility.models import Absence
from crm.settings import Settings
from tests.conftest import NOW, TODAY, add_company
from tests.statements import counted
from tests.town import ADAM, ANNA, BO, MONA, Town
from tests.web.conftest import Clock, SignIn, main
from tests.web.test_absences import day, said, send_away


def test_the_card_names_the_stand_in_and_the_day_and_then_no_more(
    sign_in: SignIn, town: Town, database: Database, clock_on_the_wall: Clock
) -> None:
    send_away(database, BO, 1, 4, ANNA)
    path = f"/virksomheder/{town.garden}"
    assert "væk" not in said(sign_in(MONA), path)
    clock_on_the_wall.now = NOW + timedelta(days=1)
    assert "Bo er væk til og med fredag. Anna Kildeskov svarer, 48 15 20 11" in said(sign_in(MONA), path)
    assert "Bo er væk til og med fredag. Du svarer." in said(sign_in(ANNA), path)
    clock_on_the_wall.now = NOW + timedelta(days=5)
    assert "væk" not in said(sign_in(MONA), path)


@pytest.mark.parametrize(
    ("at", "away"), [("2026-11-23T22:59:00+00:00", False), ("2026-11-23T23:00:00+00:00", True)]
)
def test_a_day_begins_at_midnight_in_the_municipality(
    sign_in: SignIn, town: Town, database: Database, clock_on_the_wall: Clock, at: str, away: bool
) -> None:
    send_away(database, BO, 1, 1, ANNA)
    clock_on_the_wall.now = clock_on_the_wall.now.fromisoformat(at)
    assert ("Bo er væk" in said(sign_in(MONA), f"/virksomheder/{town.garden}")) == away


def test_a_chain_is_named_and_without_anyone_the_leader_is(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    send_away(database, BO, 0, 4, ANNA)
    second = send_away(database, ANNA, 0, 1, MONA)
    path = f"/virksomheder/{town.garden}"
    seen = said(sign_in(ADAM), path)
    assert (
        "Bo er væk til og med fredag. Anna Kildeskov er også væk. Mona Lindevang svarer, 48 15 20 11" in seen
    )
    with database.write() as db:
        db.execute(text("UPDATE absence SET stand_in_id = NULL WHERE id = :id"), {"id": second})
    seen = said(sign_in(ADAM), path)
    assert "Anna Kildeskov er også væk. Ingen svarer i stedet. Ring til Mona Lindevang, 48 15 20 11" in seen
    send_away(database, MONA, 0, 0)
    assert "Heller ingen leder er inde i dag." in said(sign_in(ADAM), path)


def test_the_stand_in_is_heard_of_before_the_company_is_opened(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    send_away(database, BO, 0, 4, ANNA)
    visitor = sign_in(MONA)
    sentence = "Bo Birketoft væk til og med fredag, Anna Kildeskov svarer"
    for path in ("/soeg?q=planteskole", "/virksomheder", "/opkald?nummer=29990001&q=planteskole"):
        assert sentence in said(visitor, path), path
    assert sentence in main(visitor.get("/soeg/hits?q=planteskole", whole=False))
    assert "du svarer" in main(sign_in(ANNA).get("/soeg/hits?q=planteskole", whole=False))
    with database.write() as db:
        db.execute(text("UPDATE absence SET stand_in_id = NULL"))
    assert "væk til og med fredag, ingen svarer" in said(visitor, "/soeg?q=planteskole")


def test_a_shared_number_tells_who_answers_for_each(sign_in: SignIn, town: Town, database: Database) -> None:
    with database.write() as db:
        by_cvr(db, town.garden).phone = by_cvr(db, town.bakery).phone
    send_away(database, BO, 0, 4, ANNA)
    seen = said(sign_in(MONA), "/opkald?nummer=48150001")
    assert "Bo Birketoft væk til og med fredag, Anna Kildeskov svarer" in seen
    assert seen.count("væk til og med") == 1


def test_the_api_names_the_stand_in(sign_in: SignIn, town: Town, database: Database) -> None:
    absence = send_away(database, BO, 0, 4, ANNA)
    with database.write() as db:
        token = add_token(db, user=users.by_email(db, MONA), now=NOW)
    client = sign_in().client

    def get(path: str) -> dict[str, object]:
        answer = client.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        found: dict[str, object] = answer.json()
        return found

    anna = {"name": "Anna Kildeskov", "email": ANNA}
    for path in (f"companies/{town.garden}", f"companies/{town.garden}/responsible"):
        found = get(path)
        assert (found["standing_in"], found["absent_until"]) == (anna, "2026-11-27")
    items: list[dict[str, object]] = get("search?q=planteskole")["items"]  # type: ignore[assignment]
    assert items[0]["standing_in"] == anna
    listed: list[dict[str, object]] = get("companies?name=S")["items"]  # type: ignore[assignment]
    assert listed[0]["standing_in"] == anna
    with database.write() as db:
        db.execute(text("UPDATE absence SET stand_in_id = NULL WHERE id = :id"), {"id": absence})
    found = get(f"companies/{town.garden}")
    assert (found["standing_in"], found["absent_until"]) == (None, "2026-11-27")
    found = get(f"companies/{town.bakery}")
    assert (found["standing_in"], found["absent_until"]) == (None, None)


# --- Min dag --------------------------------------------------------------------------------------


def _work_for_bo(database: Database, town: Town) -> None:
    """Requests and follow-ups of Bo's: some for his days away, some not."""
    with database.write() as db:
        bo, hours = users.by_email(db, BO), WorkingHours.of(Settings())
        garden, ceased = by_cvr(db, town.garden), by_cvr(db, town.ceased)
        for title, ago, state, company in (
            ("Ubesvaret", 9, None, ceased),
            ("Kom under fraværet", 0, "in_progress", garden),
            ("Gammel og i gang", 9, "in_progress", garden),
            ("Løst", 0, "resolved", garden),
        ):
            asked = requests.take_in(
                db,
                company=company,
                asked=NewRequest("guidance", title),
                by=bo,
                now=NOW,
                clock=hours,
                received_at=NOW - timedelta(days=ago),
                owner=bo,
            )
            if state:
                requests.move(db, request=asked, to=state, by=bo, now=NOW)
        for words, due in (("Før", -1), ("Imens", 2), ("Bagefter", 5)):
            interactions.promise(db, company=garden, owner=bo, due=day(due), text=f"Ring: {words}", now=NOW)


def test_both_see_what_comes_while_one_is_away_and_it_falls_away_by_itself(
    sign_in: SignIn, town: Town, database: Database, clock_on_the_wall: Clock
) -> None:
    _work_for_bo(database, town)
    send_away(database, BO, 0, 4, ANNA)
    mine, his = said(sign_in(ANNA), "/"), said(sign_in(BO), "/")
    assert "Du dækker for Bo til og med fredag" in mine
    assert "Du står som væk til og med fredag" in his
    for title in ("Ubesvaret", "Kom under fraværet", "Ring: Imens"):
        assert re.search(rf"For Bo [^A-ZÆØÅ]*[A-ZÆØÅ][^|]*{title}", mine), title
        assert title in his
    for title in ("Gammel og i gang", "Ring: Før", "Ring: Bagefter"):
        assert title not in mine
        assert title in his
    assert "Løst" not in mine
    assert mine.count("For Bo") == 3
    assert "For " not in his
    clock_on_the_wall.now = NOW + timedelta(days=5)
    assert "Bo" not in said(sign_in(ANNA), "/")


def test_only_the_companies_one_covers_for_are_shown(sign_in: SignIn, town: Town, database: Database) -> None:
    _work_for_bo(database, town)
    id = send_away(database, BO, 0, 4, ANNA)
    with database.write() as db:
        absence = db.get_one(Absence, id)
        db.refresh(absence, ["user"])
        actions.set_exception(
            db,
            absence=absence,
            company=by_cvr(db, town.garden),
            stand_in=users.by_email(db, MONA),
            today=TODAY,
        )
    annas, monas = said(sign_in(ANNA), "/"), said(sign_in(MONA), "/")
    assert "Ubesvaret" in annas
    assert "Kom under fraværet" not in annas
    assert "Du dækker for Bo til og med fredag, hos 1 virksomhed" in monas
    assert "Kom under fraværet" in monas
    assert "Ubesvaret" not in monas
    assert "til og med fredag, kun for Søndergård Planteskole A/S" in said(sign_in(MONA), "/fravaer")
    assert "til og med fredag, undtagen 1 virksomhed" in said(sign_in(ANNA), "/fravaer")


def test_two_of_the_same_name_are_told_apart(sign_in: SignIn, town: Town, database: Database) -> None:
    with database.write() as db:
        users.by_email(db, ADAM).name = "Bo Sandgren"
    for who in (BO, ADAM):
        send_away(database, who, 0, 4, ANNA)
    seen = said(sign_in(ANNA), "/")
    assert "Du dækker for Bo Birketoft" in seen
    assert "Du dækker for Bo Sandgren" in seen


# --- The team, and how often is asked --------------------------------------------------------------


def test_the_team_sees_eight_weeks_ahead_and_who_stands_in(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    send_away(database, BO, 0, 4, ANNA)
    send_away(database, MONA, 30, 60)
    send_away(database, ADAM, 57, 58, BO)
    seen = said(sign_in(ANNA), "/fravaer").partition("Nyt fravær")[0]
    assert "Bo Birketoft nu 23.–27. november Anna Kildeskov" in seen
    assert "Mona Lindevang 23. december 2026–22. januar 2027 Ingen svarer" in seen
    assert "Adam Sandgren" not in seen
    assert "Du dækker for Bo Birketoft nu til og med fredag" in seen
    assert "Anna Kildeskov 4.–8. januar 2027 Bo Birketoft" in seen


def test_the_menu_leads_there(sign_in: SignIn) -> None:
    assert '<a href="/fravaer">Fravær</a>' in sign_in(ANNA).get("/").text


def test_pages_ask_as_often_for_few_absences_as_for_many(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    def ask() -> dict[str, int]:
        found, visitor = {}, sign_in(ANNA)
        for path in (
            "/",
            "/fravaer",
            f"/fravaer/{town.absence}",
            "/virksomheder",
            "/soeg?q=a",
            f"/virksomheder/{town.garden}",
        ):
            with counted(database) as seen:
                visitor.get(path)
            found[path] = len(seen)
        return found

    single = send_away(database, BO, 0, 4, ANNA)
    _except(database, single, town.garden)
    few = ask()
    for number in range(20):
        send_away(database, ANNA, 100 + 2 * number, 100 + 2 * number, BO)
        send_away(database, MONA, 7 + 2 * number, 7 + 2 * number, ANNA)
        send_away(database, BO, 7 + 2 * number, 7 + 2 * number, ANNA)
    with database.write() as db:
        bo = users.by_email(db, BO)
        companies = [add_company(db, 200 + number, responsible=bo).cvr for number in range(20)]
    for cvr in companies:
        _except(database, single, cvr)
    many = ask()
    assert {path: many[path] for path in many if many[path] > few[path]} == {}
    assert {path: number for path, number in many.items() if number > 12} == {}


def _except(database: Database, id: int, cvr: str) -> None:
    with database.write() as db:
        absence = db.get_one(Absence, id)
        db.refresh(absence, ["user"])
        actions.set_exception(
            db, absence=absence, company=by_cvr(db, cvr), stand_in=users.by_email(db, MONA), today=TODAY
        )
