"""Every route by everyone: whoever may not is turned away, and a refusal changes nothing.

Pages, parts, feeds, files and the API; by whoever is nobody, closed, late or somebody else; with and without htmx;
by methods that a route has and has not. A route comes into all of it by being a route: it must stand in who_may.txt,
and the town must have something for each name in its path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from crm.access import actions as access
from crm.access import queries as users
from crm.access.models import ApiToken, User
from crm.access.rights import TABLE, may
from crm.batches import ImportBatch
from crm.db import Database
from crm.outbox.models import Mail
from crm.panel import queries as panel
from crm.panel import seats
from tests.conftest import NOW, TODAY
from tests.fingerprint import fingerprint
from tests.town import ADAM, ANNA, BO, CLOSED, MONA, Town
from tests.web.conftest import BASE, Clock, SignIn, Visitor
from tests.web.matrix import address_of
from tests.web.panelling import seated
from web.routing import allowed, table

ROUTES = table()
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WRITES = frozenset(METHODS) - {"GET"}
ROLES = {"consultant": ANNA, "manager": MONA, "admin": ADAM}
LIST = Path(__file__).parent / "who_may.txt"
FOR_PROGRAMS = ("/api/", "/metrics", "/health/")
HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Caller:
    """Somebody at the door: whose cookie and key they have, and the role they really have there; None is none."""

    email: str | None = None
    role: str | None = None
    # Instead of a session of the house.
    cookie: str | None = None
    # A seat in the company panel, which may have ended since.
    seat: bool = False
    ended: bool = False
    # How late they come.
    hours: int = 0
    scope: str = "write"


CALLERS = {
    "nobody": Caller(),
    "closed": Caller(CLOSED),
    "expired": Caller(ADAM, hours=13),
    "unknown cookie": Caller(cookie="gaettet"),
    "panel": Caller(role="panel", seat=True),
    "ended seat": Caller(seat=True, ended=True),
    "consultant": Caller(ANNA, "consultant"),
    "other team": Caller(BO, "consultant"),
    "manager": Caller(MONA, "manager"),
    "admin": Caller(ADAM, "admin"),
}
STAFF = {name for name, caller in CALLERS.items() if caller.role and caller.email}
# What belongs to one user and is nobody else's to change: the route, and what a colleague is answered.
ANOTHERS = {
    ("POST", "/konto/noegler/{id}/slut"): 404,
    ("POST", "/konto/sikkerhed/steder/{id}/slut"): 404,
    ("POST", "/visninger/{id}"): 403,
    ("POST", "/visninger/{id}/slet"): 403,
    ("POST", "/samtaler/{id}/fortryd"): 409,
}


# What the town does not have and `door` puts there: an import, a mail that waits; and its one group of companies.
PUT_THERE = {"import": "1", "post": "1", "koncerner": "1"}


@dataclass
class Door:
    """Somebody who tries addresses, with the cookie and the key they have."""

    caller: Caller
    visitor: Visitor
    program: TestClient
    key: str | None

    def send(
        self, method: str, address: str, *, csrf: str | None = None, headers: dict[str, str] | None = None
    ) -> Response:
        """One request, as a browser or as a program sends it."""
        writes = method in WRITES
        if address.startswith(FOR_PROGRAMS):
            key = {"Authorization": f"Bearer {self.key}"} if self.key else {}
            sent: dict[str, Any] = {"json": {}} if writes else {}
            return self.program.request(
                method, address, headers=key | (headers or {}), follow_redirects=False, **sent
            )
        data = {"csrf": self.visitor.csrf if csrf is None else csrf}
        sent = {"data": data} if writes else {}
        return self.visitor.client.request(method, address, headers=headers, follow_redirects=False, **sent)

    def status(self, method: str, address: str, **more: Any) -> int:
        """How it was answered; being sent to log in is 401."""
        answer = self.send(method, address, **more)
        if answer.status_code == 303 and answer.headers["location"].startswith(
            ("/log-ind", "/panel/log-ind")
        ):
            return 401
        return answer.status_code


Opening = Callable[[str], Door]


@pytest.fixture
def door(app: FastAPI, sign_in: SignIn, town: Town, database: Database, clock_on_the_wall: Clock) -> Opening:
    """Stand before the house as one of CALLERS."""

    with database.write() as db:
        db.add(Mail(id=1, act="prøve:1", recipient="a@kommune.test", subject="Prøve", body="Prøve", next_try_at=NOW,
                    created_at=NOW))  # fmt: skip
        db.add(ImportBatch(id=1, kind="contacts", file_name="k.csv", at=NOW, actor=ADAM, rows_read=0, created=0,
                           changed=0, unchanged=0, refused=0))  # fmt: skip

    def stand(name: str) -> Door:
        caller = CALLERS[name]
        visitor, key = sign_in(caller.email), None
        if caller.email:
            key = _key(database, caller)
        if caller.cookie:
            visitor.client.cookies.set("session", caller.cookie)
            visitor.client.cookies.set("panel", caller.cookie)
            key = caller.cookie
        if caller.seat:
            visitor = seated(app, database, town.seat)
        if caller.ended:
            with database.write() as db:
                seats.end(db, seat=panel.seat(db, town.seat), now=NOW, today=TODAY)
        clock_on_the_wall.now = NOW + timedelta(hours=caller.hours)
        return Door(caller, visitor, TestClient(app, base_url=BASE), key)

    return stand


def _key(database: Database, caller: Caller) -> str:
    """A key that runs out in an hour, also for whoever would not be given one any more."""
    key = f"ei_{caller.email}_{caller.scope}"
    with database.write() as db:
        db.add(
            ApiToken(
                token_hash=users.token_hash(key), user_id=users.by_email(db, caller.email or "").id, name="Prøve",
                scope=caller.scope, created_at=NOW, expires_at=NOW + timedelta(hours=1),
            )
        )  # fmt: skip
    return key


@dataclass(frozen=True)
class Try:
    """One request and the answers that would be right."""

    method: str
    address: str
    right: Sequence[int]
    headers: dict[str, str] | None = None


def hold(door: Door, tries: Sequence[Try], database: Database) -> None:
    """All are answered rightly and nothing is changed.

    The database is looked at once; only when something did change they are sent again, one by one, to find which.
    """
    before = fingerprint(database)
    wrong = []
    for each in tries:
        got = door.status(each.method, each.address, headers=each.headers)
        if got not in each.right:
            wrong.append((each.method, each.address, got, "instead of", *each.right))
    assert wrong == []
    if fingerprint(database) != before:
        assert list(_changing(door, tries, database)) == [], "It changed what it refused to change."
        raise AssertionError("Something was changed, and not again when it was sent again.")


def _changing(door: Door, tries: Sequence[Try], database: Database) -> Iterator[Try]:
    before = fingerprint(database)
    for each in tries:
        door.status(each.method, each.address, headers=each.headers)
        after = fingerprint(database)
        if after != before:
            yield each
        before = after


def _line(row: dict[str, Any]) -> str:
    return f"{row['method']:6} {row['path']:60} {' '.join(row['who'])}"


def _send(visitor: Visitor, row: dict[str, Any], address: str, *, csrf: str) -> int:
    return Door(Caller(), visitor, TestClient(visitor.client.app), None).status(
        row["method"], address, csrf=csrf
    )


def _pages() -> list[dict[str, Any]]:
    return [row for row in ROUTES if not row["path"].startswith(FOR_PROGRAMS)]


def _where(row: dict[str, Any], town: Town, *, absent: bool = False) -> str:
    known = SimpleNamespace(values=town.values | PUT_THERE)
    return address_of(row["path"], known, absent=absent) or ""  # type: ignore[arg-type]


def test_every_route_stands_in_the_list_with_those_who_may() -> None:
    assert "\n".join(_line(row) for row in ROUTES) == LIST.read_text().rstrip("\n"), (
        "A route came, went or changed hands. Read the difference; if it is meant, write it into who_may.txt: "
        "python -m tests.web.test_who_may"
    )


def test_every_route_leads_to_something_in_the_town(built_town: Town) -> None:
    assert [row["path"] for row in ROUTES if not _where(row, built_town)] == []


def test_every_action_names_its_roles_and_a_closed_user_may_nothing(database: Database, town: Town) -> None:
    with database.read() as db:
        closed = db.get_one(User, town.users[CLOSED])
        assert [action for action in TABLE if may(closed, action)] == []


@pytest.mark.parametrize("headers", [None, HTMX], ids=["plain", "htmx"])
@pytest.mark.parametrize("who", CALLERS)
def test_whoever_may_not_is_turned_away_and_nothing_changes(
    door: Opening, town: Town, database: Database, who: str, headers: dict[str, str] | None
) -> None:
    role = CALLERS[who].role
    # At the panel's door whoever works in the house is nobody, and the other way round.
    tries = [
        Try(
            row["method"],
            _where(row, town),
            [403 if who in STAFF and row["who"] != ["panel"] else 401],
            headers,
        )
        for row in ROUTES
        if row["who"] != ["public"] and role not in row["who"]
    ]
    assert tries or role == "admin"
    hold(door(who), tries, database)


@pytest.mark.parametrize("who", [*ROLES, "panel"])
def test_what_is_not_there_looks_alike_to_all_and_nothing_changes(
    door: Opening, town: Town, database: Database, who: str
) -> None:
    tries = []
    for row in ROUTES:
        if "{" in row["path"] and who in row["who"]:
            # A program may also be told that it sent nothing.
            writes = row["path"].startswith(FOR_PROGRAMS) and row["method"] in WRITES
            tries.append(
                Try(row["method"], _where(row, town, absent=True), [404, 422, 428] if writes else [404])
            )
    hold(door(who), tries, database)


def test_what_is_a_colleagues_own_is_not_anothers(
    door: Opening, sign_in: SignIn, town: Town, database: Database
) -> None:
    sign_in(ANNA)
    assert {(row["method"], row["path"]) for row in ROUTES} >= set(ANOTHERS)
    tries = [
        Try(method, address_of(path, town) or "", [status]) for (method, path), status in ANOTHERS.items()
    ]
    hold(door("other team"), tries, database)


@pytest.mark.parametrize("who", ["nobody", "admin"])
def test_a_method_that_an_address_does_not_have_is_answered_with_those_it_has(
    door: Opening, town: Town, database: Database, who: str
) -> None:
    tries = []
    for address in sorted({_where(row, town) for row in ROUTES}):
        tries += [Try(method, address, [405]) for method in METHODS if method not in allowed(address)]
    visitor = door(who)
    hold(visitor, tries, database)
    answer = visitor.send("DELETE", "/virksomheder")
    assert answer.headers["allow"] == ", ".join(allowed("/virksomheder"))


def test_a_key_that_may_only_look_is_refused_every_write(
    door: Opening, town: Town, database: Database
) -> None:
    visitor = door("admin")
    visitor.key = _key(database, Caller(ADAM, "admin", scope="read"))
    writes = [row for row in ROUTES if row["path"].startswith("/api/") and row["method"] in WRITES]
    assert writes
    hold(visitor, [Try(row["method"], _where(row, town), [403]) for row in writes], database)


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
