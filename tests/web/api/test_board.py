"""Meetings at the board over the API: made, frozen once, and read as they were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from httpx2 import Response

from crm.board import actions
from crm.db import Database
from tests.conftest import NOW, TODAY
from tests.town import ANNA, BO, Town
from tests.web.api.conftest import V1, Calling, Program, token_of
from tests.web.api.test_paging import walk


def test_a_meeting_is_made_frozen_and_read(anna: Program, town: Town) -> None:
    made = anna.post("board/meetings", {"on": "2026-11-20"})
    assert made.headers["location"] == f"{V1}/board/meetings/{made.json()['id']}"
    assert made.json() | {"on": "2026-11-20", "state": "planned", "goals": [], "changes": None} == made.json()
    path = f"board/meetings/{made.json()['id']}"
    frozen = anna.post(f"{path}/freeze").json()
    assert frozen == anna.get(path).json()
    youth = frozen["goals"][0]
    assert (youth["key"], youth["value"], youth["target"], youth["due"]) == (
        "youth_employment",
        1,
        10,
        "2026-12-31",
    )
    assert youth["companies"] == [town.bakery]
    assert (frozen["state"], frozen["changes"]["last_meeting"], len(frozen["hash"])) == (
        "held",
        town.frozen,
        64,
    )


def test_what_was_frozen_does_not_follow_what_happens_afterwards(anna: Program, town: Town) -> None:
    path = f"board/meetings/{town.meeting}"
    before = anna.post(f"{path}/freeze").text
    anna.post(
        f"companies/{town.garden}/agreements",
        {"programme": "code_of_care", "title": "Ny", "signed_on": "2026-11-02"},
    )
    tag = anna.tag(f"companies/{town.bakery}")
    anna.patch(f"companies/{town.bakery}", {"name": "Et andet navn"}, match=tag)
    assert anna.get(path).text == before
    again = anna.post(f"{path}/freeze", status=200)
    assert again.text == before
    assert anna.get("goals?on=2026-11-23").json()["items"][0]["value"] == 2


def test_a_day_has_one_meeting_and_one_to_come_cannot_be_frozen(anna: Program, town: Town) -> None:
    anna.post("board/meetings", {"on": TODAY.isoformat()}, status=409)
    made = anna.post("board/meetings", {"on": "2026-12-01"}).json()
    problem = anna.post(f"board/meetings/{made['id']}/freeze", status=409).json()
    assert "først 1. december 2026" in problem["detail"]
    anna.post("board/meetings/987654/freeze", status=404)
    for wrong in ("i morgen", "2026-02-30", "", None, 7):
        anna.refused("POST", "board/meetings", {"on": wrong}, "on")
    anna.refused("POST", "board/meetings", {"on": "2019-01-01"}, "on")


def test_the_list_is_walked_page_by_page(anna: Program, town: Town, database: Database) -> None:
    with database.write() as db:
        for day in range(1, 12):
            off = actions.add(db, on=TODAY + timedelta(days=200), now=NOW)
            actions.cancel(db, meeting=off, reason=f"Nr. {day}", now=NOW)
    whole = anna.get("board/meetings?limit=200").json()
    assert [each["on"] for each in whole["items"]] == sorted((e["on"] for e in whole["items"]), reverse=True)
    assert {each["state"] for each in whole["items"]} == {"planned", "held", "cancelled"}
    for limit in (1, 3, 14):
        assert walk(anna, "board/meetings", limit) == whole["items"]
    for nonsense in ("x", "W10", "WyJpIGRhZyIsMV0"):
        anna.refused("GET", f"board/meetings?cursor={nonsense}", None, "cursor")


def test_two_who_freeze_at_once_get_the_same(
    crowd: Callable[..., list[Response]], database: Database, town: Town
) -> None:
    tokens = [token_of(database, email) for email in (ANNA, BO)] * 3
    path = f"{V1}/board/meetings/{town.meeting}/freeze"
    answers = crowd(
        [{"method": "POST", "url": path, "headers": {"Authorization": f"Bearer {t}"}} for t in tokens]
    )
    assert sorted(each.status_code for each in answers) == [200] * 5 + [201]
    assert len({each.text for each in answers}) == 1


def test_a_call_sent_again_makes_one_meeting(anna: Program, town: Town, calling: Calling) -> None:
    first = anna.post("board/meetings", {"on": "2026-12-02"}, key="moede-1")
    again = anna.post("board/meetings", {"on": "2026-12-02"}, key="moede-1")
    assert first.json() == again.json()
    assert sum(each["on"] == "2026-12-02" for each in anna.get("board/meetings").json()["items"]) == 1
