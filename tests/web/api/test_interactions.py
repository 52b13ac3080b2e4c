"""Writing down what happened, with what came of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from crm.db import Database
from crm.interactions.models import FollowUp, Interaction
from crm.requests.models import Request
from tests.town import ANNA, BO, CLOSED, Town
from tests.web.api.conftest import Program

CALL = {"kind": "call", "direction": "in", "summary": "Mangler en bager."}
REQUEST = {"kind": "recruitment", "title": "En bager", "description": "Fra januar", "wanted": 1}
PROMISE = {"due": "2026-12-01", "text": "Send profiler"}


def test_a_call_is_written_down_with_all_that_came_of_it(anna: Program, town: Town) -> None:
    path = f"companies/{town.garden}/interactions"
    made = anna.post(path, CALL | {"request": REQUEST, "follow_up": PROMISE}).json()
    assert made | CALL == made
    assert made["by"]["email"] == ANNA
    assert made["happened_at"] == made["created_at"] == "2026-11-23T09:00:00Z"
    # The garden is Bo's; the promise is the writer's own. Eight working hours from ten o'clock on a Monday.
    assert made["request"] | REQUEST | {"state": "new", "interaction_id": made["id"]} == made["request"]
    assert made["request"]["owner"]["email"] == BO
    assert made["request"]["answer_due_at"] == "2026-11-24T09:00:00Z"
    assert made["follow_up"] | PROMISE | {"done_at": None} == made["follow_up"]
    assert made["follow_up"]["owner"]["email"] == ANNA
    listed = anna.get(path).json()["items"]
    assert listed == [{name: made[name] for name in listed[0]}]
    assert anna.get(f"requests/{made['request']['id']}").json()["title"] == "En bager"


def test_it_can_be_found_where_it_was_put(anna: Program, town: Town) -> None:
    made = anna.post(f"companies/{town.bakery}/interactions", CALL)
    found = anna.get(made.headers["location"]).json()
    assert found == {name: made.json()[name] for name in found}
    anna.get(f"companies/{town.garden}/interactions/{found['id']}", status=404)


def test_others_can_be_named_to_answer(anna: Program, town: Town) -> None:
    body = CALL | {"request": REQUEST | {"owner": ANNA}, "follow_up": PROMISE | {"owner": BO}}
    made = anna.post(f"companies/{town.garden}/interactions", body).json()
    assert made["request"]["owner"]["email"] == ANNA
    assert made["follow_up"]["owner"]["email"] == BO


def test_a_promise_can_be_to_call_back_and_come_again(anna: Program, town: Town) -> None:
    path = f"companies/{town.garden}/interactions"
    made = anna.post(path, CALL | {"follow_up": PROMISE}).json()["follow_up"]
    assert (made["call_back"], made["repeat"]) == (False, None)
    asked = {"call_back": True, "repeat": {"every": 2, "unit": "week"}}
    made = anna.post(path, CALL | {"follow_up": PROMISE | asked}).json()["follow_up"]
    assert {name: made[name] for name in asked} == asked
    once_a_month = PROMISE | {"repeat": {"unit": "month"}}
    made = anna.post(path, CALL | {"follow_up": once_a_month}).json()["follow_up"]
    assert made["repeat"] == {"every": 1, "unit": "month"}


def test_each_kind_can_be_written_down(anna: Program, town: Town) -> None:
    path = f"companies/{town.garden}/interactions"
    for kind in ("call", "meeting", "visit", "email"):
        for direction in ("in", "out"):
            made = anna.post(path, {"kind": kind, "direction": direction, "summary": "Så"}).json()
            assert (made["kind"], made["direction"]) == (kind, direction)
    assert anna.post(path, {"kind": "note", "summary": "Husk"}).json()["direction"] is None
    body = CALL | {"company_contact_id": town.contact}
    made = anna.post(f"companies/{town.bakery}/interactions", body).json()
    assert made["company_contact_id"] == town.contact


def test_a_moment_keeps_its_place_whatever_its_zone(anna: Program, town: Town) -> None:
    path = f"companies/{town.garden}/interactions"
    for said, told in (
        ("2026-11-20T14:30:00+01:00", "2026-11-20T13:30:00Z"),
        ("2026-11-20T13:30:00Z", "2026-11-20T13:30:00Z"),
        ("2026-11-20t13:30:00.25z", "2026-11-20T13:30:00.250000Z"),
        # The hour that comes twice.
        ("2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00Z"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z"),
    ):
        assert anna.post(path, CALL | {"happened_at": said}).json()["happened_at"] == told
    moments = [datetime.fromisoformat(each["happened_at"]) for each in anna.get(path).json()["items"]]
    assert moments == sorted(moments, reverse=True)


IMPOSSIBLE: list[tuple[str, dict[str, object], str]] = [
    ("kind", {"kind": "fax"}, "call (opkald), meeting (møde), visit (besøg), email (mail), note (notat)"),
    ("kind", {"kind": None}, "call (opkald)"),
    ("kind", {"kind": {}}, "call (opkald)"),
    ("direction", {"direction": "op"}, "in (indgående), out (udgående)"),
    ("direction", {"direction": None}, "indgående eller udgående"),
    ("summary", {"summary": ""}, "udfyldes"),
    ("summary", {"summary": " \n "}, "udfyldes"),
    ("summary", {"summary": "x" * 10_001}, "plads til 10.000 tegn"),
    ("summary", {"summary": "Peter 010190-1234 søger job"}, "ligner et CPR-nummer"),
    ("happened_at", {"happened_at": "2026-11-20T14:30:00"}, "mangler en tidszone"),
    ("happened_at", {"happened_at": "2026-11-20"}, "2026-11-23T09:00:00+01:00"),
    ("happened_at", {"happened_at": 1764460800}, "2026-11-23T09:00:00+01:00"),
    ("happened_at", {"happened_at": "0001-01-01T00:00:00+14:00"}, "2026-11-23T09:00:00+01:00"),
    ("happened_at", {"happened_at": "9999-12-31T23:59:59-14:00"}, "2026-11-23T09:00:00+01:00"),
    ("happened_at", {"happened_at": "2026-11-24T09:00:00Z"}, "i fremtiden"),
    ("company_contact_id", {"company_contact_id": 987654}, "kontaktperson"),
    ("company_contact_id", {"company_contact_id": 0}, "mindst 1"),
    ("company_contact_id", {"company_contact_id": 2**63}, "højst"),
    ("company_contact_id", {"company_contact_id": "1"}, "helt tal"),
    ("request", {"request": []}, "JSON-objekt"),
    ("request.kind", {"request": REQUEST | {"kind": "fax"}}, "recruitment (rekruttering)"),
    ("request.kind", {"request": {"title": "En bager"}}, "mangler"),
    ("request.title", {"request": {"kind": "recruitment"}}, "mangler"),
    ("request.title", {"request": REQUEST | {"title": "Til 010190-1234"}}, "CPR-nummer"),
    ("request.description", {"request": REQUEST | {"description": "Til 010190-1234"}}, "CPR-nummer"),
    ("request.wanted", {"request": REQUEST | {"wanted": -1}}, "mindst 0"),
    ("request.wanted", {"request": REQUEST | {"wanted": 10_001}}, "højst være 10.000"),
    ("request.owner", {"request": REQUEST | {"owner": CLOSED}}, "er lukket"),
    ("request.state", {"request": REQUEST | {"state": "resolved"}}, "kendes ikke"),
    ("follow_up.due", {"follow_up": {"text": "Ring"}}, "mangler"),
    ("follow_up.due", {"follow_up": PROMISE | {"due": "i morgen"}}, "2026-11-23"),
    ("follow_up.due", {"follow_up": PROMISE | {"due": "1960-01-01"}}, "næste år"),
    ("follow_up.text", {"follow_up": PROMISE | {"text": "Ring 010190-1234"}}, "CPR-nummer"),
    ("follow_up.text", {"follow_up": PROMISE | {"text": "x" * 501}}, "plads til 500 tegn"),
    ("follow_up.call_back", {"follow_up": PROMISE | {"call_back": "ja"}}, ""),
    ("follow_up.repeat.unit", {"follow_up": PROMISE | {"repeat": {"every": 1}}}, "mangler"),
    ("follow_up.repeat.unit", {"follow_up": PROMISE | {"repeat": {"unit": "year"}}}, "week (uge)"),
    ("follow_up.repeat.every", {"follow_up": PROMISE | {"repeat": {"every": 0, "unit": "day"}}}, "mindst 1"),
    ("follow_up.repeat.every", {"follow_up": PROMISE | {"repeat": {"every": 367, "unit": "day"}}}, "højst"),
    ("follow_up.owner", {"follow_up": PROMISE | {"owner": "ingen@kommune.test"}}, "kender ingen kollega"),
    ("follow_up.done_at", {"follow_up": PROMISE | {"done_at": "2026-11-20T13:30:00Z"}}, "kendes ikke"),
]


def test_what_breaks_a_rule_is_refused_beside_its_field_with_all_that_rides_along(
    anna: Program, town: Town
) -> None:
    whole = CALL | {"request": REQUEST, "follow_up": PROMISE}
    with anna.changing_nothing():
        for field, wrong, said in IMPOSSIBLE:
            body = whole | wrong
            assert said in anna.refused("POST", f"companies/{town.bakery}/interactions", body, field), field


def test_a_person_of_another_company_was_not_there(anna: Program, town: Town) -> None:
    body = CALL | {"company_contact_id": town.contact}
    anna.refused("POST", f"companies/{town.garden}/interactions", body, "company_contact_id")


def test_markup_is_text(anna: Program, town: Town) -> None:
    text = "<script>alert(1)</script> & \"'\u2028\u202e 🥖 =1+1"
    body = CALL | {"summary": text, "request": REQUEST | {"title": text}}
    made = anna.post(f"companies/{town.garden}/interactions", body).json()
    assert made["summary"] == made["request"]["title"] == text


def test_what_was_written_down_is_never_rewritten(anna: Program, town: Town, database: Database) -> None:
    path = f"companies/{town.bakery}/interactions/{town.interaction}"
    for method in ("PATCH", "PUT", "DELETE", "POST"):
        anna.call(method, path, CALL, status=405, match="*")
    with database.read() as db:
        assert [
            db.scalar(select(func.count()).select_from(table)) for table in (Interaction, Request, FollowUp)
        ] == [
            2,
            1,
            1,
        ]
