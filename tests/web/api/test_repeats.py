"""What is sent twice is done once: retries, impatience, and twenty at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from httpx2 import Response

from crm.companies.queries import contact_page, find
from crm.db import Database
from crm.numbers import demo_cvr
from tests.fingerprint import fingerprint
from tests.town import ANNA, BO, Town
from tests.web.api.calls import good_calls
from tests.web.api.conftest import V1, Calling, Program, token_of


def test_every_call_that_makes_something_can_be_sent_again(
    anna: Program, town: Town, database: Database
) -> None:
    for call in [call for call in good_calls(town) if call.method == "POST"]:
        first = anna.post(call.path, call.body, key=f"nøgle {call.pattern}".encode().hex())
        before = fingerprint(database)
        again = anna.post(call.path, call.body, key=f"nøgle {call.pattern}".encode().hex())
        assert again.content == first.content
        assert fingerprint(database) == before
        for name in ("location", "etag", "content-type"):
            assert again.headers.get(name) == first.headers.get(name)


def test_a_key_stands_for_one_body_and_one_address(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}/contacts"
    anna.post(path, {"name": "Pia Holm"}, key="a")
    for other, body in (
        (path, {"name": "Pia Krogh"}),
        (f"companies/{town.garden}/contacts", {"name": "Pia Holm"}),
    ):
        assert anna.refused("POST", other, body, "Idempotency-Key", key="a")


def test_a_key_is_its_users_own(anna: Program, calling: Calling, town: Town) -> None:
    path = f"companies/{town.bakery}/contacts"
    mine = anna.post(path, {"name": "Pia Holm"}, key="a").json()
    assert calling(BO).post(path, {"name": "Pia Holm"}, key="a").json()["id"] != mine["id"]


def test_a_refused_call_leaves_its_key_free(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}/contacts"
    anna.refused("POST", path, {"name": "Pia", "phone": "hos chefen"}, "phone", key="a")
    anna.refused("POST", path, {"navn": "Pia", "name": "Pia"}, "navn", key="a")
    anna.post(f"companies/{town.bakery}/agreements", {"programme": "code_of_care"}, status=422, key="a")
    made = anna.post(path, {"name": "Pia"}, key="a").json()
    assert anna.post(path, {"name": "Pia"}, key="a").json() == made


def test_a_key_that_is_no_key_is_refused(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}/contacts"
    for key in ("", "x" * 201, "a b"):
        assert anna.refused("POST", path, {"name": "Pia"}, "Idempotency-Key", key=key)
    anna.post(path, {"name": "Pia"}, key="x" * 200)


def test_without_a_key_the_same_call_is_another_one(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}/contacts"
    first, second = (anna.post(path, {"name": "Pia Holm"}).json() for _ in range(2))
    assert first["id"] != second["id"]


def test_a_repeat_is_answered_though_the_thing_has_changed_since(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}/contacts"
    made = anna.post(path, {"name": "Pia Holm"}, key="a")
    anna.patch(made.headers["location"], {"name": "Pia Krogh"}, match="*")
    assert anna.post(path, {"name": "Pia Holm"}, key="a").content == made.content


def test_a_change_sent_again_with_its_key_is_answered_again(anna: Program, town: Town) -> None:
    path = f"companies/{town.bakery}"
    tag = anna.tag(path)
    first = anna.patch(path, {"city": "Lynge"}, match=tag, key="a")
    assert anna.patch(path, {"city": "Lynge"}, match=tag, key="a").content == first.content


def test_a_repeat_by_someone_closed_is_not_answered(anna: Program, calling: Calling, town: Town) -> None:
    path = f"companies/{town.bakery}/contacts"
    anna.post(path, {"name": "Pia Holm"}, key="a")
    calling(None).post(path, {"name": "Pia Holm"}, status=401, key="a")


def twenty(token: str, url: str, body: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    """The same call twenty times."""
    sent = {"Authorization": f"Bearer {token}", **headers}
    return [{"method": "POST", "url": f"{V1}/{url}", "json": body, "headers": sent}] * 20


def test_twenty_at_once_with_one_key_make_one_record(
    crowd: Callable[..., list[Response]], town: Town, database: Database
) -> None:
    token = token_of(database, ANNA)
    body = {"name": "Pia Holm"}
    answers = crowd(twenty(token, f"companies/{town.garden}/contacts", body, **{"Idempotency-Key": "a"}))
    assert {answer.status_code for answer in answers} == {201}
    assert len({(answer.content, answer.headers["location"]) for answer in answers}) == 1
    with database.read() as db:
        company = find(db, town.garden)
        assert company is not None
        assert len(contact_page(db, company)[0]) == 1


def test_twenty_at_once_who_create_one_company_make_one(
    crowd: Callable[..., list[Response]], town: Town, database: Database, calling: Calling
) -> None:
    token = token_of(database, ANNA)
    answers = crowd(twenty(token, "companies", {"cvr": demo_cvr(60), "name": "Ny ApS"}))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    found = calling(ANNA).get("companies?name=ny").json()["items"]
    assert [each["cvr"] for each in found] == [demo_cvr(60)]


def test_of_twenty_who_correct_one_version_one_does(
    crowd: Callable[..., list[Response]], town: Town, database: Database, calling: Calling
) -> None:
    anna = calling(ANNA)
    for path, field in (
        (f"companies/{town.bakery}", "city"),
        (f"companies/{town.bakery}/contacts/{town.contact}", "title"),
        (f"requests/{town.request}", "title"),
        (f"agreements/{town.agreement}", "title"),
    ):
        headers = {"Authorization": f"Bearer {anna.token}", "If-Match": anna.tag(path)}
        answers = crowd(
            [
                {
                    "method": "PATCH",
                    "url": f"{V1}/{path}",
                    "json": {field: f"Nr. {number}"},
                    "headers": headers,
                }
                for number in range(20)
            ]
        )
        done = [number for number, answer in enumerate(answers) if answer.status_code == 200]
        assert len(done) == 1
        assert {answer.status_code for answer in answers} <= {200, 409, 412}
        assert anna.get(path).json()[field] == f"Nr. {done[0]}"
