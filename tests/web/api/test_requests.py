"""What companies ask for, over the API."""

from __future__ import annotations

from tests.town import ANNA, BO, CLOSED, Town
from tests.web.api.conftest import Program

ASKED = {"kind": "recruitment", "title": "To svende"}


def test_a_request_is_answered_with_when_it_is_due(anna: Program, town: Town) -> None:
    path = f"companies/{town.garden}/requests"
    # Friday afternoon at half past two: an hour and a half that day, the rest on Monday.
    made = anna.post(path, ASKED | {"received_at": "2026-11-20T14:30:00+01:00"})
    found = made.json()
    assert found["answer_due_at"] == "2026-11-23T13:30:00Z"
    assert found | ASKED | {"state": "new", "answered_at": None, "closed_at": None} == found
    assert found["received_at"] == "2026-11-20T13:30:00Z"
    assert found["owner"] == {"name": "Bo Birketoft", "email": BO}
    assert found["company"] == {
        "cvr": town.garden,
        "name": "Søndergård Planteskole A/S",
        "city": "Lynge",
    }
    again = anna.get(made.headers["location"])
    assert (again.json(), again.headers["etag"]) == (found, made.headers["etag"])
    listed = anna.get(path).json()["items"]
    assert listed == [{name: found[name] for name in listed[0]}]


def test_a_request_without_a_moment_came_now(anna: Program, town: Town) -> None:
    body = ASKED | {
        "owner": ANNA,
        "company_contact_id": town.contact,
        "description": "Fra januar",
        "wanted": 2,
    }
    made = anna.post(f"companies/{town.bakery}/requests", body).json()
    assert made["received_at"] == "2026-11-23T09:00:00Z"
    assert made | body | {"owner": made["owner"]} == made
    assert made["owner"]["email"] == ANNA


IMPOSSIBLE: list[tuple[str, object, str]] = [
    ("kind", "fax", "recruitment (rekruttering), retention (fastholdelse), guidance (vejledning)"),
    ("title", " ", "udfyldes"),
    ("title", "x" * 201, "plads til 200 tegn"),
    ("title", "Job til 010190-1234", "ligner et CPR-nummer"),
    ("description", "Job til 010190-1234", "ligner et CPR-nummer"),
    ("wanted", -1, "mindst 0"),
    ("wanted", 1.5, "helt tal"),
    ("owner", CLOSED, "er lukket"),
    ("owner", "ingen@kommune.test", "kender ingen kollega"),
    ("company_contact_id", 987654, "kontaktperson"),
    ("received_at", "2026-11-20T14:30:00", "mangler en tidszone"),
    ("received_at", "2026-11-24T09:00:00Z", "i fremtiden"),
    ("state", "resolved", "kendes ikke"),
]


def test_what_breaks_a_rule_is_refused_beside_its_field(anna: Program, town: Town) -> None:
    with anna.changing_nothing():
        for field, value, said in IMPOSSIBLE:
            body = ASKED | {field: value}
            assert said in anna.refused("POST", f"companies/{town.bakery}/requests", body, field)


def test_a_request_goes_through_its_states(anna: Program, town: Town) -> None:
    path = f"requests/{town.request}"
    taken = anna.patch(path, {"state": "taken"}, match=anna.tag(path))
    assert (taken.json()["state"], taken.json()["answered_at"]) == ("taken", None)
    moved = anna.patch(path, {"state": "in_progress"}, match=taken.headers["etag"])
    assert moved.json()["answered_at"] == "2026-11-23T09:00:00Z"
    waiting = anna.patch(path, {"state": "waiting"}, match=moved.headers["etag"])
    end = {"state": "resolved", "note": "To begyndte i dag", "presented": 3, "hired": 2}
    closed = anna.patch(path, end, match=waiting.headers["etag"])
    found = closed.json()
    assert (found["state"], found["closed_at"], found["hired"]) == ("resolved", "2026-11-23T09:00:00Z", 2)
    again = anna.patch(path, {"state": "in_progress"}, match=closed.headers["etag"]).json()
    assert (again["state"], again["closed_at"]) == ("in_progress", None)


def test_the_same_state_again_changes_nothing(anna: Program, town: Town) -> None:
    path = f"requests/{town.request}"
    before = anna.get(path)
    same = anna.patch(path, {"state": "new"}, match="*")
    assert (same.json(), same.headers["etag"]) == (before.json(), before.headers["etag"])


def test_a_step_that_is_none_is_a_conflict_and_nothing_else_of_the_call_is_done(
    anna: Program, town: Town
) -> None:
    path = f"requests/{town.request}"
    anna.patch(path, {"state": "withdrawn"}, match="*")
    anna.patch(path, {"state": "resolved", "title": "Noget andet"}, status=409, match="*")
    anna.patch(path, {"state": "new", "title": "Noget andet"}, status=409, match="*")
    assert anna.get(path).json()["title"] == "2 bagere"


def test_only_what_is_sent_is_changed(anna: Program, town: Town) -> None:
    path = f"requests/{town.request}"
    before = anna.get(path).json()
    after = anna.patch(path, {"title": "3 bagere", "wanted": 3, "owner": BO}, match="*").json()
    owner = {"name": "Bo Birketoft", "email": BO}
    assert after == before | {"title": "3 bagere", "wanted": 3, "owner": owner} == anna.get(path).json()
    assert anna.patch(path, {"wanted": None, "description": ""}, match="*").json()["wanted"] is None


def test_a_change_that_breaks_a_rule_is_refused_beside_its_field(anna: Program, town: Town) -> None:
    path = f"requests/{town.request}"
    tried: list[tuple[str, dict[str, object], str]] = [
        ("state", {"state": "fundet"}, "new (ny), taken (taget)"),
        ("state", {"state": None}, "new (ny)"),
        ("note", {"note": "Uden tilstand"}, "state"),
        ("note", {"state": "unresolved"}, "hvorfor"),
        ("note", {"state": "unresolved", "note": "Til 010190-1234"}, "CPR-nummer"),
        ("title", {"title": None}, "tekst"),
        ("title", {"title": ""}, "udfyldes"),
        ("owner", {"owner": None}, "tekst"),
        ("owner", {"owner": CLOSED}, "er lukket"),
        ("hired", {"hired": 10_001}, "højst være 10.000"),
        ("presented", {"presented": "1"}, "helt tal"),
        ("received_at", {"received_at": "2026-11-20T13:30:00Z"}, "kendes ikke"),
        ("answer_due_at", {"answer_due_at": "2026-11-20T13:30:00Z"}, "kendes ikke"),
    ]
    with anna.changing_nothing():
        for field, body, said in tried:
            assert said in anna.refused("PATCH", path, body, field, match="*")
