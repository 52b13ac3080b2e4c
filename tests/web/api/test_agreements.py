"""Agreements over the API, along their legal steps only."""

from __future__ import annotations

from collections.abc import Callable

from httpx2 import Response

from crm.agreements.models import LEGAL_STEPS, AgreementState
from crm.db import Database
from tests.town import ANNA, BO, Town
from tests.web.api.conftest import V1, Calling, Program, token_of

SIGNED = {"programme": "code_of_care", "title": "To unge", "signed_on": "2026-11-20"}


def test_a_signed_agreement_is_valid_from_its_signing(anna: Program, town: Town) -> None:
    made = anna.post(f"companies/{town.garden}/agreements", SIGNED)
    found = made.json()
    assert found | SIGNED | {"state": "signed", "valid_from": "2026-11-20", "valid_to": None} == found
    assert found["company"]["cvr"] == town.garden
    assert [(each["to"], each["on"], each["by"]["email"]) for each in found["steps"]] == [
        ("signed", "2026-11-20", ANNA)
    ]
    again = anna.get(made.headers["location"])
    assert (again.json(), again.headers["etag"]) == (found, made.headers["etag"])
    listed = anna.get(f"companies/{town.garden}/agreements").json()["items"]
    assert listed[0] == {name: found[name] for name in listed[0]}


def test_without_a_signing_it_is_a_prospect(anna: Program, town: Town) -> None:
    body = {"programme": "after_school_job", "title": "Fritidsjob", "valid_from": "2027-01-01"}
    made = anna.post(f"companies/{town.garden}/agreements", body).json()
    assert made | body | {"state": "prospect", "signed_on": None} == made


IMPOSSIBLE: list[tuple[str, object, str]] = [
    ("programme", "findes_ikke", "kender ikke det program"),
    ("programme", "", "udfyldes"),
    ("programme", "x" * 51, "plads til 50 tegn"),
    ("title", "", "udfyldes"),
    ("title", "Til 010190-1234", "ligner et CPR-nummer"),
    ("signed_on", "20-11-2026", "2026-11-23"),
    ("signed_on", "2026-11-20T00:00:00Z", "2026-11-23"),
    ("signed_on", "1999-12-31", "ser forkert ud"),
    ("valid_from", "2030-01-01", "ser forkert ud"),
    ("valid_to", "2026-11-19", "slutte, før den begynder"),
    ("state", "signed", "kendes ikke"),
    ("ended_on", "2026-11-20", "kendes ikke"),
]


def test_what_breaks_a_rule_is_refused_beside_its_field(anna: Program, town: Town) -> None:
    with anna.changing_nothing():
        for field, value, said in IMPOSSIBLE:
            body = SIGNED | {field: value}
            assert said in anna.refused("POST", f"companies/{town.garden}/agreements", body, field)


def test_only_what_is_sent_is_changed(anna: Program, town: Town) -> None:
    path = f"agreements/{town.agreement}"
    before = anna.get(path).json()
    after = anna.patch(path, {"title": "Tre unge", "valid_to": None}, match=anna.tag(path)).json()
    (period,) = before["periods"]
    changed = {"title": "Tre unge", "valid_to": None, "periods": [period | {"valid_to": None}]}
    assert after == before | changed == anna.get(path).json()
    assert "skal have datoen" in anna.refused("PATCH", path, {"signed_on": None}, "signed_on", match="*")
    assert "tekst" in anna.refused("PATCH", path, {"title": None}, "title", match="*")
    assert "kendes" in anna.refused("PATCH", path, {"state": "ended"}, "state", match="*")


def test_an_agreement_goes_all_the_way(anna: Program, town: Town) -> None:
    body = {"programme": "code_of_care", "title": "To unge"}
    path = anna.post(f"companies/{town.garden}/agreements", body).headers["location"]
    way = ["in_dialogue", "offered", "signed", "in_force", "renewed", "in_force", "ended"]
    for number, state in enumerate(way):
        moved = anna.post(f"{path}/steps", {"to": state, "on": f"2026-11-{23 + number}"})
        assert moved.headers["location"] == path
        assert moved.json()["state"] == state
        assert moved.headers["etag"] == anna.tag(path)
    found = anna.get(path).json()
    assert [each["to"] for each in found["steps"]] == ["prospect", *way]
    assert (found["signed_on"], found["ended_on"]) == ("2026-11-25", "2026-11-29")


def test_every_illegal_step_is_a_conflict(anna: Program, town: Town) -> None:
    path = anna.post(f"companies/{town.garden}/agreements", SIGNED).headers["location"]
    for state in ("signed", "in_force", "ended"):
        if state != "signed":
            anna.post(f"{path}/steps", {"to": state})
        illegal = set(AgreementState) - {new for old, new in LEGAL_STEPS if old == state}
        for to in illegal:
            said = anna.post(f"{path}/steps", {"to": to, "on": "2026-11-25"}, status=409).json()["detail"]
            assert said.startswith("Aftalen er ")


def test_a_step_that_breaks_a_rule_is_refused_beside_its_field(anna: Program, town: Town) -> None:
    path = f"agreements/{town.agreement}/steps"
    tried: list[tuple[str, dict[str, object], str]] = [
        ("to", {"to": "underskrevet"}, "prospect (emne), in_dialogue (i dialog)"),
        ("to", {"on": "2026-11-23"}, "mangler"),
        ("on", {"to": "in_force", "on": "i dag"}, "2026-11-23"),
        ("on", {"to": "in_force", "on": "2026-01-01"}, "før det forrige trin"),
        ("on", {"to": "in_force", "on": "2190-01-01"}, "ser forkert ud"),
        ("note", {"to": "ended", "note": "Til 010190-1234"}, "CPR-nummer"),
        ("valid_to", {"to": "in_force", "valid_to": "2020-01-01"}, "før den begynder"),
    ]
    with anna.changing_nothing():
        for field, body, said in tried:
            assert said in anna.refused("POST", path, body, field)


def test_a_step_says_today_by_itself_and_why_it_ended(anna: Program, town: Town) -> None:
    moved = anna.post(f"agreements/{town.agreement}/steps", {"to": "ended", "note": "Flyttet"}).json()
    assert (moved["ended_on"], moved["end_reason"]) == ("2026-11-23", "Flyttet")


def test_whoever_corrects_has_seen_the_last_step(anna: Program, town: Town) -> None:
    path = f"agreements/{town.agreement}"
    tag = anna.tag(path)
    anna.post(f"{path}/steps", {"to": "in_force"})
    anna.patch(path, {"title": "Tre unge"}, status=412, match=tag)


def test_of_twenty_who_take_the_same_step_one_does(
    crowd: Callable[..., list[Response]], town: Town, database: Database, calling: Calling
) -> None:
    tokens = [token_of(database, ANNA), token_of(database, BO)]
    answers = crowd(
        [
            {
                "method": "POST",
                "url": f"{V1}/agreements/{town.agreement}/steps",
                "json": {"to": "in_force", "on": "2026-11-23"},
                "headers": {"Authorization": f"Bearer {tokens[number % 2]}"},
            }
            for number in range(20)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    steps = calling(ANNA).get(f"agreements/{town.agreement}").json()["steps"]
    assert [each["to"] for each in steps] == ["signed", "in_force"]


def test_a_renewal_is_a_period_and_an_end_has_a_cause(anna: Program, town: Town) -> None:
    path = f"agreements/{town.agreement}"
    before = anna.get(path).json()
    anna.post(f"{path}/steps", {"to": "in_force"})
    renewed = anna.post(f"{path}/steps", {"to": "renewed", "valid_to": "2028-12-31"}).json()
    assert (renewed["signed_on"], renewed["valid_from"], renewed["valid_to"]) == (
        before["signed_on"], before["valid_from"], "2028-12-31",
    )  # fmt: skip
    assert [(each["seq"], each["valid_from"], each["valid_to"]) for each in renewed["periods"]] == [
        (1, before["valid_from"], before["valid_to"]), (2, "2027-09-20", "2028-12-31"),
    ]  # fmt: skip
    anna.refused("POST", f"{path}/steps", {"to": "ended", "cause": "kedsomhed"}, "cause")
    ended = anna.post(f"{path}/steps", {"to": "ended", "cause": "not_used", "note": "Ingen tid"}).json()
    assert (ended["end_cause"], ended["end_reason"]) == ("not_used", "Ingen tid")


def test_what_an_agreement_holds_is_read_and_written(anna: Program, town: Town) -> None:
    body = SIGNED | {"values": {"young_people": 2, "tasks": "Bagning", "mentor": "no"}}
    made = anna.post(f"companies/{town.bakery}/agreements", body)
    path = made.headers["location"]
    assert made.json()["values"] == body["values"]
    new = {"values": {"young_people": 3, "mentor": None}, "company_contact_id": town.contact}
    tag = anna.tag(path)
    changed = anna.patch(path, new | {"shown_to_panel": False}, match=tag).json()
    # Whoever has seen the values before is told, also when nothing else was changed.
    anna.patch(path, {"values": {"hours": 8}}, match=tag, status=412)
    tag = anna.tag(path)
    anna.patch(path, {"values": {"hours": 8}}, match=tag)
    anna.patch(path, {"values": {"hours": 9}}, match=tag, status=412)
    anna.patch(path, {"values": {"hours": None}}, match="*")
    assert changed["values"] == {"young_people": 3, "tasks": "Bagning"}
    assert (changed["company_contact_id"], changed["shown_to_panel"]) == (town.contact, False)
    assert anna.get(f"agreements/{town.agreement}").json()["commitments"][0]["fulfilled"] == 1
    for wrong, field in (
        ({"values": {"courses": 1}}, "values.courses"), ({"values": {"mentor": "måske"}}, "values.mentor"),
        ({"company_contact_id": 987654}, "company_contact_id"),
    ):  # fmt: skip
        anna.refused("PATCH", path, wrong, field, match="*")
