"""Handing a company over by the API: always one way in, never two, never a gap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

from httpx2 import Response

from crm.db import Database
from tests.town import ADAM, ANNA, BO, CLOSED, MONA, Town
from tests.web.api.conftest import V1, Calling, Program, token_of


def test_the_way_in_is_shown_with_since_when_and_why(anna: Program, town: Town) -> None:
    assert anna.get(f"companies/{town.bakery}/responsible").json() == {
        "email": ANNA,
        "name": "Anna Kildeskov",
        "reason": "Valgt ved oprettelsen",
        "valid_from": "2026-11-23T09:00:00Z",
        "standing_in": None,
        "absent_until": None,
    }


def test_a_handover_is_seen_everywhere_at_once(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}"
    done = anna.put(f"{path}/responsible", {"email": BO, "reason": "Barsel"}, match=anna.tag(path))
    assert done.json() | {"email": BO, "reason": "Barsel"} == done.json()
    assert done.headers["etag"] == anna.tag(path) == anna.tag(f"{path}/responsible")
    assert anna.get(path).json()["responsible"]["email"] == BO
    assert anna.get("search?q=bageri").json()["items"][0]["responsible"]["email"] == BO
    assert [each["name"] for each in anna.get(f"companies?responsible={BO}").json()["items"]] == [
        "Blovstrød Bageri ApS",
        "Søndergård Planteskole A/S",
    ]
    now, before = anna.get(f"{path}/responsibility").json()["items"]
    assert now == {
        "responsible": {"name": "Bo Birketoft", "email": BO},
        "production_unit": None,
        "valid_from": before["valid_to"],
        "valid_to": None,
        "reason": "Barsel",
    }
    assert before["responsible"]["email"] == ANNA


def test_given_to_the_one_who_has_it_nothing_changes(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}/responsible"
    before = anna.get(path)
    same = anna.put(path, {"email": ANNA, "reason": "Igen"}, match=before.headers["etag"])
    assert (same.json(), same.headers["etag"]) == (before.json(), before.headers["etag"])


def test_nobody_unknown_or_gone_is_a_way_in(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}/responsible"
    tried = [
        ("email", {"email": "ingen@kommune.test", "reason": "Barsel"}, "kender ingen kollega"),
        ("email", {"email": CLOSED, "reason": "Barsel"}, "er lukket"),
        ("email", {"reason": "Barsel"}, "mangler"),
        ("email", {"email": None, "reason": "Barsel"}, "tekst"),
        ("reason", {"email": BO}, "mangler"),
        ("reason", {"email": BO, "reason": " "}, "udfyldes"),
        ("reason", {"email": BO, "reason": "Ring 010190-1234"}, "CPR-nummer"),
        ("reason", {"email": BO, "reason": "x" * 501}, "plads til 500 tegn"),
    ]
    with anna.changing_nothing():
        for field, body, said in tried:
            assert said in anna.refused("PUT", path, body, field, match="*")


def test_of_fifty_handovers_at_once_one_is_done_and_all_others_are_told(
    crowd: Callable[..., list[Response]], town: Town, database: Database, calling: Calling
) -> None:
    path = f"companies/{town.bakery}/responsible"
    anna = calling(ANNA)
    tag = anna.tag(path)
    tokens = [token_of(database, ANNA), token_of(database, MONA)]
    calls = [
        {
            "method": "PUT",
            "url": f"{V1}/{path}",
            "json": {"email": (BO, MONA, ADAM)[number % 3], "reason": f"Nr. {number}"},
            "headers": {"Authorization": f"Bearer {tokens[number % 2]}", "If-Match": tag},
        }
        for number in range(50)
    ]
    answers = crowd(calls)
    done = [number for number, answer in enumerate(answers) if answer.status_code == 200]
    assert len(done) == 1
    assert {answer.status_code for answer in answers} <= {200, 409, 412}
    check_history(anna, town, 2)
    assert anna.get(path).json()["reason"] == f"Nr. {done[0]}"


def test_of_fifty_handovers_without_a_version_each_is_done_or_told(
    crowd: Callable[..., list[Response]], town: Town, database: Database, calling: Calling
) -> None:
    path = f"companies/{town.bakery}/responsible"
    tokens = [token_of(database, ANNA), token_of(database, MONA)]
    calls = [
        {
            "method": "PUT",
            "url": f"{V1}/{path}",
            "json": {"email": (BO, MONA)[number % 2], "reason": f"Nr. {number}"},
            "headers": {"Authorization": f"Bearer {tokens[number % 2]}", "If-Match": "*"},
        }
        for number in range(50)
    ]
    answers = crowd(calls)
    assert {answer.status_code for answer in answers} <= {200, 409}
    shown = [answer.json() for answer in answers if answer.status_code == 200]
    history = check_history(calling(ANNA), town, None)
    # Everyone who was told "done" stands in the history, or found it done already.
    assert {each["reason"] for each in shown} <= {each["reason"] for each in history}
    told = {answer.json()["detail"] for answer in answers if answer.status_code == 409}
    assert all(sentence.startswith("En kollega ") for sentence in told)


def check_history(anna: Program, town: Town, length: int | None) -> list[dict[str, str]]:
    """One is open, each begins the moment the one before ended."""
    items: list[dict[str, str]] = anna.get(f"companies/{town.bakery}/responsibility?limit=200").json()[
        "items"
    ]
    assert length in {None, len(items)}
    assert [each["valid_to"] for each in items].count(None) == 1  # type: ignore[arg-type]
    assert items[0]["valid_to"] is None
    for later, earlier in pairwise(items):
        assert later["valid_from"] == earlier["valid_to"]
        assert datetime.fromisoformat(earlier["valid_from"]) < datetime.fromisoformat(earlier["valid_to"])
    return items
