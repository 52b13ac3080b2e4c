"""What companies ask for, over the API."""

from __future__ import annotations

from sqlalchemy import select

from crm.db import Database
from crm.outbox.models import Mail
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
    ("hours_from", 61, "højst være 60"),
    ("hours_to", "37", "helt tal"),
    ("start_on", "snart", "2026-11-23"),
    ("place", "Hos 010190-1234", "ligner et CPR-nummer"),
    ("scheme", "gratis", "work_placement (virksomhedspraktik)"),
    ("scheme", "job_rotation", "ophørte 30. juni 2026"),
    ("persons", 1, "hører ikke til henvendelser om rekruttering"),
    ("case_reference", "26/004512", "hører ikke til"),
    ("receipt_to", "lone", "Skriv en e-mailadresse"),
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


RECRUITMENT: dict[str, object] = {
    "wanted": 2, "hours_from": 30, "hours_to": 37, "start_on": "2027-01-04", "deadline_on": "2026-12-15",
    "place": "Lynge", "response": "Mail til job@bageri.test", "scheme": "wage_subsidy",
}  # fmt: skip


def test_each_kind_has_its_own_fields(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}/requests"
    made = anna.post(path, ASKED | RECRUITMENT)
    assert made.json() == made.json() | RECRUITMENT | {"persons": None, "topic": None, "held_on": None}
    assert anna.get(made.headers["location"]).json() == made.json()
    own = {"persons": 1, "case_reference": "26/004512"}
    kept = anna.post(path, {"kind": "retention", "title": "Fastholdelse"} | own).json()
    assert kept == kept | own
    for field, name in (("case_reference", "Per Hansen"), ("wanted", 1)):
        said = anna.refused("POST", path, {"kind": "retention", "title": "x", field: name}, field)
        assert "Aldrig et navn" in said or "hører ikke til" in said
    listed = {each["id"]: each for each in anna.get(path).json()["items"]}
    assert listed[made.json()["id"]]["scheme"] == "wage_subsidy"


def test_own_fields_are_corrected_and_belong_to_the_kind(anna: Program, town: Town) -> None:
    path = f"requests/{town.request}"
    after = anna.patch(path, RECRUITMENT, match="*").json()
    assert after == after | RECRUITMENT
    with anna.changing_nothing():
        for field, value in (
            ("persons", 1),
            ("held_on", "2027-01-01"),
            ("hours_to", 20),
            ("scheme", "job_rotation"),
        ):
            anna.refused("PATCH", path, {field: value}, field, match="*")
        anna.refused("PATCH", path, {"presented": 1, "hired": 2}, "hired", match="*")
        assert "recruitment (rekruttering)" in anna.refused("PATCH", path, {"kind": "fax"}, "kind", match="*")
    other = anna.patch(path, {"kind": "retention", "persons": 1}, match="*").json()
    assert (other["kind"], other["wanted"], other["persons"], other["scheme"]) == (
        "retention", None, 1, "wage_subsidy",
    )  # fmt: skip
    assert anna.patch(path, {"scheme": None}, match="*").json()["scheme"] is None


def test_the_clock_is_paused_while_the_company_is_asked_and_stops_when_it_is_answered(
    anna: Program, town: Town
) -> None:
    path = f"requests/{town.request}"
    waiting = anna.patch(path, {"state": "waiting"}, match="*")
    found = waiting.json()
    assert (found["paused_since"], found["answered_at"]) == ("2026-11-23T09:00:00Z", None)
    assert found["answered_in_time"] is None
    answered = anna.patch(path, {"answered": True}, match=waiting.headers["etag"])
    found = answered.json()
    assert (found["state"], found["paused_since"]) == ("waiting", None)
    assert (found["answered_at"], found["answered_in_time"]) == ("2026-11-23T09:00:00Z", True)
    again = anna.patch(path, {"answered": True}, match="*")
    assert (again.json(), again.headers["etag"]) == (found, answered.headers["etag"])
    with anna.changing_nothing():
        said = anna.refused("PATCH", path, {"answered": False}, "answered", match="*")
        assert "kan ikke tages tilbage" in said
        anna.refused("PATCH", path, {"answered": "ja"}, "answered", match="*")
        anna.refused("PATCH", path, {"paused_since": "2026-11-23T09:00:00Z"}, "paused_since", match="*")
        anna.patch(path, {"answered": True}, status=412, match=waiting.headers["etag"])


def test_an_illegal_step_is_a_conflict_and_stores_nothing(anna: Program, town: Town) -> None:
    path = f"requests/{town.request}"
    for state, illegal in (
        ("taken", ("new",)),
        ("in_progress", ("new", "taken")),
        ("resolved", ("new", "taken", "waiting", "unresolved", "withdrawn")),
    ):
        anna.patch(path, {"state": state}, match="*")
        with anna.changing_nothing():
            for step in illegal:
                anna.patch(path, {"state": step, "note": "Fordi"}, status=409, match="*")


def test_a_receipt_is_put_down_with_the_request(anna: Program, town: Town, database: Database) -> None:
    body = ASKED | {"receipt_to": "Lone@bageri.test", "company_contact_id": town.contact}
    made = anna.post(f"companies/{town.bakery}/requests", body).json()
    logged = anna.post(
        f"companies/{town.bakery}/interactions",
        {"kind": "call", "direction": "in", "summary": "Talte", "request": ASKED | {"receipt_to": "job@bageri.test"}},
    ).json()  # fmt: skip
    with database.read() as db:
        mails = db.execute(select(Mail.act, Mail.recipient, Mail.body).order_by(Mail.id)).all()
    assert [(act, to) for act, to, _ in mails] == [
        (f"request-receipt:{made['id']}", "lone@bageri.test"),
        (f"request-receipt:{logged['request']['id']}", "job@bageri.test"),
    ]
    assert "Hej Lone Krogh" in mails[0][2]


def test_what_rides_along_with_a_call_is_refused_beside_its_own_field(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}/interactions"
    call = {"kind": "call", "direction": "in", "summary": "Talte"}
    with anna.changing_nothing():
        for field, value in (
            ("kind", "fax"), ("persons", 1), ("hours_from", 0), ("scheme", "gratis"), ("scheme", "job_rotation"),
            ("receipt_to", "lone"), ("wanted", 20_000), ("start_on", "2190-01-01"),
        ):  # fmt: skip
            anna.refused("POST", path, call | {"request": ASKED | {field: value}}, f"request.{field}")
