"""Every route by everyone: whoever may not is turned away, and a refusal changes nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from crm.access import actions as access
from crm.access.models import User
from crm.access.rights import TABLE, may
from crm.db import Database
from tests.conftest import NOW
from tests.fingerprint import fingerprint
from tests.town import ADAM, ANNA, CLOSED, MONA, Town
from tests.web.conftest import Clock, SignIn, Visitor
from tests.web.matrix import address_of
from web.routing import table

ROUTES = table()
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
ROLES = {"consultant": ANNA, "manager": MONA, "admin": ADAM}
LIST = Path(__file__).parent / "who_may.txt"


def _line(row: dict[str, object]) -> str:
    return f"{row['method']:6} {row['path']:60} {' '.join(row['who'])}"  # type: ignore[arg-type]


def _send(visitor: Visitor, row: dict[str, object], address: str, *, csrf: str | None = None) -> int:
    data = {"csrf": visitor.csrf if csrf is None else csrf}
    sent = {"data": data} if row["method"] in WRITES else {}
    answer = visitor.client.request(str(row["method"]), address, follow_redirects=False, **sent)  # type: ignore[arg-type]
    if answer.status_code == 303 and answer.headers["location"].startswith(("/log-ind", "/panel/log-ind")):
        return 401
    return answer.status_code


def _pages() -> list[dict[str, object]]:
    return [row for row in ROUTES if not str(row["path"]).startswith(("/api/", "/metrics"))]


def test_every_route_stands_in_the_list_with_those_who_may() -> None:
    assert "\n".join(_line(row) for row in ROUTES) == LIST.read_text().rstrip("\n"), (
        "A route came, went or changed hands. Read the difference; if it is meant, write it into who_may.txt: "
        "python -m tests.web.test_who_may"
    )


def test_every_action_names_its_roles_and_a_closed_user_may_nothing(database: Database, town: Town) -> None:
    with database.read() as db:
        closed = db.get_one(User, town.users[CLOSED])
        assert [action for action in TABLE if may(closed, action)] == []


@pytest.mark.parametrize("who", ["nobody", "closed", "expired", "unknown cookie", *ROLES])
def test_whoever_may_not_is_turned_away_and_nothing_changes(
    sign_in: SignIn, town: Town, database: Database, clock_on_the_wall: Clock, who: str
) -> None:
    visitor = sign_in({"closed": CLOSED, "expired": ADAM}.get(who) or ROLES.get(who))
    if who == "expired":
        clock_on_the_wall.now = NOW + timedelta(hours=13)
    if who == "unknown cookie":
        visitor.client.cookies.set("session", "gaettet")
    before = fingerprint(database)
    for row in _pages():
        allowed = row["who"] == ["public"] or who in row["who"]  # type: ignore[operator]
        address = address_of(str(row["path"]), town)
        if allowed or address is None:
            continue
        # Whoever is signed in to the house is nobody at the panel's door.
        expected = 403 if who in ROLES and row["who"] != ["panel"] else 401
        assert _send(visitor, row, address) == expected, row
        assert fingerprint(database) == before, row


@pytest.mark.parametrize("who", ROLES)
def test_what_is_not_there_looks_alike_to_all_and_nothing_changes(
    sign_in: SignIn, town: Town, database: Database, who: str
) -> None:
    visitor = sign_in(ROLES[who])
    before = fingerprint(database)
    for row in _pages():
        path = str(row["path"])
        if who in row["who"] and "{" in path:  # type: ignore[operator]
            assert _send(visitor, row, address_of(path, town, absent=True) or "") == 404, row
            assert fingerprint(database) == before, row


@pytest.mark.parametrize("forged", ["", "0" * 64, "another's"])
def test_a_form_without_this_browsers_token_is_refused(
    sign_in: SignIn, town: Town, database: Database, forged: str
) -> None:
    visitor = sign_in(ADAM)
    token = sign_in(ANNA).csrf if forged == "another's" else forged
    before = fingerprint(database)
    for row in _pages():
        address = address_of(str(row["path"]), town)
        if row["method"] in WRITES and address:
            # At the panel's door a token of the house's is nobody's.
            expected = 401 if row["who"] == ["panel"] else 403
            assert _send(visitor, row, address, csrf=token) == expected, row
    assert fingerprint(database) == before


@pytest.mark.parametrize("header", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://ond.test"}])
def test_a_form_from_another_site_is_refused(
    sign_in: SignIn, town: Town, database: Database, header: dict[str, str]
) -> None:
    visitor = sign_in(ADAM)
    before = fingerprint(database)
    for row in _pages():
        address = address_of(str(row["path"]), town)
        if row["method"] in WRITES and address:
            answer = visitor.client.post(
                address, data={"csrf": visitor.csrf}, headers=header, follow_redirects=False
            )
            assert answer.status_code == 403, row
    assert fingerprint(database) == before


def test_rights_that_are_lost_are_lost_at_the_next_request(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(ADAM)
    visitor.get("/opsaetning/brugere")
    with database.write() as db:
        db.get_one(User, town.users[ADAM]).role = "consultant"
    visitor.get("/opsaetning/brugere", status=403)
    with database.write() as db:
        access.close_user(db, user=db.get_one(User, town.users[ADAM]), now=NOW)
    assert visitor.get("/", status=303).headers["location"] == "/log-ind"


if __name__ == "__main__":
    LIST.write_text("\n".join(_line(row) for row in ROUTES) + "\n")
