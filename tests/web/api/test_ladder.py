"""What holds for every call, whichever room it belongs to."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import product

import pytest
from structlog import wrap_logger
from structlog.testing import CapturingLogger

from crm.access import actions as access
from crm.access import queries as users
from crm.db import Database
from tests.conftest import NOW
from tests.town import ADAM, ANNA, CLOSED, MONA, Town
from tests.web.api.calls import BODIES, Good, good_calls
from tests.web.api.conftest import V1, Calling, Program, token_of
from tests.web.conftest import Clock
from web.routing import table

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
CANARY = "kanariefugl94011"


def tag_of(program: Program, call: Good) -> str | None:
    """What to send as If-Match, for those calls that need it."""
    return program.tag(call.path) if call.changes else None


def test_every_writing_route_has_its_good_call() -> None:
    writing = {
        (row["method"], str(row["path"]).removeprefix(V1))
        for row in table()
        if str(row["path"]).startswith(V1) and row["method"] != "GET"
    }
    assert writing == set(BODIES)


@pytest.mark.parametrize("email", [ANNA, MONA, ADAM])
def test_every_role_may_do_everything_here(calling: Calling, town: Town, email: str) -> None:
    program = calling(email)
    for call in good_calls(town):
        status = 201 if call.method == "POST" else 200
        program.call(call.method, call.path, call.body, status=status, match=tag_of(program, call))


@pytest.mark.parametrize("who", ["nobody", "a closed user", "an expired token", "an unknown token"])
def test_without_a_valid_token_nothing_is_told_or_done(
    calling: Calling, town: Town, database: Database, clock_on_the_wall: Clock, who: str
) -> None:
    anna = calling(ANNA)
    nobody = calling(None)
    calls = [(call, tag_of(anna, call)) for call in good_calls(town)]
    headers = {"an unknown token": "Bearer ei_gaettet"}
    if who == "a closed user":
        with database.write() as db:
            closed = users.by_email(db, CLOSED)
            closed.is_active, closed.closed_at = 1, None
            db.flush()
            token = access.add_token(db, user=closed, now=NOW)
            closed.is_active, closed.closed_at = 0, NOW
        headers[who] = f"Bearer {token}"
    if who == "an expired token":
        headers[who] = f"Bearer {anna.token}"
        clock_on_the_wall.now = NOW + timedelta(days=366)
    sent = {"Authorization": headers[who]} if who in headers else {}
    with nobody.changing_nothing():
        for call, tag in calls:
            nobody.call(call.method, call.path, call.body, status=401, match=tag, headers=sent)
            nobody.call(call.method, call.absent, call.body, status=401, match=tag, headers=sent)


def test_a_user_closed_a_moment_ago_may_nothing(calling: Calling, town: Town, database: Database) -> None:
    mona = calling(MONA)
    mona.get("companies")
    with database.write() as db:
        access.close_user(db, user=users.by_email(db, MONA), now=NOW)
    mona.get("companies", status=401)
    mona.post(f"companies/{town.bakery}/contacts", {"name": "Pia Holm"}, status=401)


def test_what_is_not_there_is_not_there(anna: Program, town: Town) -> None:
    with anna.changing_nothing():
        for call in good_calls(town):
            if call.absent != call.path.partition("?")[0]:
                anna.call(call.method, call.absent, call.body, status=404, match="*")
                # Nothing to have seen, so that is said and not that the tag is missing.
                anna.call(call.method, call.absent, call.body, status=404)


def test_a_key_that_can_be_none_leads_nowhere(anna: Program, town: Town) -> None:
    paths = (
        "companies/{}", "companies/{}/contacts", "companies/{}/contacts/1", "requests/{}", "agreements/{}",
        "companies/{}/interactions/1", f"companies/{town.bakery}/contacts/{{}}",
        f"companies/{town.bakery}/interactions/{{}}",
    )  # fmt: skip
    keys = ("abc", "0", "-1", "1.5", "%00", "%F0%9F%8D%9E", "9" * 19, "9" * 400, "+" + "9" * 30, "..%2F1")
    with anna.changing_nothing():
        for key, path in product(keys, paths):
            anna.get(path.format(key), status=404)


def test_a_change_says_which_version_it_is_for(anna: Program, town: Town) -> None:
    for call in [call for call in good_calls(town) if call.changes]:
        first = anna.tag(call.path)
        anna.call(call.method, call.path, call.body, status=428)
        for other in ('"0"', "W/" + first, "nonsense", f'"0", W/{first}', '"' + "x" * 5000 + '"'):
            anna.call(call.method, call.path, call.body, status=412, match=other)
        changed = anna.call(call.method, call.path, call.body, status=200, match=f'"0", {first}')
        assert changed.headers["etag"] == anna.tag(call.path) != first
        anna.call(call.method, call.path, call.body, status=412, match=first)
        anna.call(call.method, call.path, call.body, status=200, match="*")


def test_a_field_nobody_knows_is_refused(anna: Program, town: Town) -> None:
    unknown = ("role", "is_admin", "id", "owner_id", "company_id", "version", "created_at", "has_responsible")
    with anna.changing_nothing():
        for call in [call for call in good_calls(town) if call.body]:
            tag = tag_of(anna, call)
            for name in unknown:
                said = anna.refused(call.method, call.path, {**(call.body or {}), name: 1}, name, match=tag)
                assert said == "Feltet kendes ikke."


def test_the_name_of_an_unknown_field_is_told_on_only_when_it_is_a_name(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}/contacts"
    for name in ("010190-1234", "kanariefugl94011", "\ud800", "<script>", "x" * 41):
        content = json.dumps({"name": "Pia Holm", name: 1})
        answer = anna.post(path, status=422, content=content, headers={"Content-Type": "application/json"})
        assert answer.json()["errors"][0]["field"] == ""
        assert name not in answer.text


UNREADABLE = [
    (b"{", "application/json", 400),
    (b"\xff\xfe\x00", "application/json", 400),
    (b"[" * 100_000, "application/json", 400),
    (b"[]", "application/json", 422),
    (b'"x"', "application/json", 422),
    (b"null", "application/json", 422),
    (b"", "application/json", 422),
    (b"name=Pia", "application/x-www-form-urlencoded", 415),
    (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 415),
    (b'{"name": "Pia"}', "text/plain", 415),
    (b'{"name": "Pia"}', "", 415),
]


def test_what_is_no_json_is_refused(anna: Program, town: Town) -> None:
    with anna.changing_nothing():
        for call in [call for call in good_calls(town) if call.body]:
            tag = tag_of(anna, call)
            for content, kind, status in UNREADABLE:
                headers = {"Content-Type": kind} if kind else {}
                anna.call(call.method, call.path, status=status, content=content, headers=headers, match=tag)


def test_what_is_too_much_is_refused(anna: Program, town: Town) -> None:
    body = {"kind": "note", "summary": "x" * 1_100_000}
    path = f"companies/{town.bakery}/interactions"
    anna.post(path, body, status=413)
    # Without saying beforehand how much is coming.
    anna.post(
        path, status=413, content=iter([b"x" * 100_000] * 12), headers={"Content-Type": "application/json"}
    )


def test_other_methods_are_refused_and_told_which_there_are(anna: Program, town: Town) -> None:
    allowed: dict[str, set[str]] = {}
    paths = {}
    for call in good_calls(town):
        paths[call.pattern] = call.path
        allowed.setdefault(call.pattern, set()).add(call.method)
    with anna.changing_nothing():
        for pattern, named in allowed.items():
            there = named | ({"HEAD"} if "GET" in named else set())
            for method in set(METHODS) - there:
                answer = anna.call(method, paths[pattern], status=405)
                assert set(answer.headers["allow"].split(", ")) == there, pattern


def test_head_is_get_without_a_body(anna: Program, calling: Calling, town: Town) -> None:
    with anna.changing_nothing():
        for call in good_calls(town):
            if call.method == "GET":
                whole, head = anna.get(call.path), anna.call("HEAD", call.path, status=200)
                assert head.content == b""
                assert head.headers.get("etag") == whole.headers.get("etag")
        assert calling(None).client.head(f"{V1}/companies").status_code == 401


def test_nothing_that_was_sent_comes_back_in_a_refusal(anna: Program, town: Town) -> None:
    with anna.changing_nothing():
        for call in [call for call in good_calls(town) if call.body]:
            tag = tag_of(anna, call)
            for name in call.body or {}:
                for value in (
                    CANARY * 999,
                    [CANARY],
                    {CANARY: CANARY},
                    CANARY + "\x00",
                    CANARY + " 010190-1234",
                ):
                    body = {**(call.body or {}), name: value}
                    answer = anna.call(call.method, call.path, body, status=422, match=tag)
                    assert CANARY not in answer.text
                    assert "010190" not in answer.text
                    assert [each["field"] for each in answer.json()["errors"]] == [name]


def test_text_that_cannot_be_stored_is_refused_beside_its_field(anna: Program, town: Town) -> None:
    kind = {"Content-Type": "application/json"}
    with anna.changing_nothing():
        for call in [call for call in good_calls(town) if call.body]:
            tag = tag_of(anna, call)
            for name, value in product(call.body or {}, ("\ud800", "a\x00b", "\x1b[31m")):
                content = json.dumps({**(call.body or {}), name: value})
                answer = anna.call(
                    call.method, call.path, status=422, content=content, match=tag, headers=kind
                )
                assert [each["field"] for each in answer.json()["errors"]] == [name]


def test_an_unknown_address_is_a_problem_too(anna: Program, calling: Calling) -> None:
    anna.get("nonsense", status=404)
    calling(None).get("nonsense", status=404)
    anna.get("/api/v2/companies", status=404)


def test_a_token_in_the_address_is_none(calling: Calling, database: Database) -> None:
    token = token_of(database, ANNA)
    nobody = calling(None)
    nobody.get(f"companies?token={token}&access_token={token}", status=401)


def test_a_log_in_cookie_opens_no_api(calling: Calling, database: Database) -> None:
    with database.write() as db:
        cookie = access.sign_in(db, user=users.by_email(db, ADAM), now=NOW, hours=12)
    nobody = calling(None)
    nobody.get("companies", status=401, headers={"Cookie": f"session={cookie}"})


def test_an_error_of_ours_tells_nothing_but_the_number_it_has_in_the_log(
    calling: Calling, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = calling(ANNA)

    def broken(*_args: object, **_more: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("web.api.contacts.actions.add_contact", broken)
    log = CapturingLogger()
    monkeypatch.setattr("web.middleware.LOG", wrap_logger(log, processors=[]))
    answer = anna.post(f"companies/{town.bakery}/contacts", {"name": CANARY}, status=500)
    assert CANARY not in answer.text
    number = answer.json()["detail"].rpartition(" ")[2].rstrip(".")
    (line,) = [call.kwargs for call in log.calls]
    assert (line["number"], line["status"]) == (number, 500)
