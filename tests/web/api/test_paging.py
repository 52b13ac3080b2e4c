"""Lists over the API: every row once, a bounded page, a fixed number of questions to the database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm.access.queries import by_email
from crm.agreements import actions as agreements
from crm.agreements.queries import programme
from crm.companies import actions as companies
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.interactions import actions as interactions
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.responsibility import actions as responsibility
from crm.settings import Settings
from tests.conftest import NOW, TODAY, add_company
from tests.statements import counted
from tests.town import ANNA, BO, Town
from tests.web.api.conftest import Program

LISTS = ("companies", *(f"companies/{{}}/{name}" for name in (
    "contacts", "responsibility", "interactions", "requests", "agreements",
)))  # fmt: skip


def grow(database: Database, town: Town, times: int, first: int = 0) -> None:
    """So many more of everything at the garden, several at the same moment, and so many more companies."""
    with database.write("growth") as db:
        anna, bo = by_email(db, ANNA), by_email(db, BO)
        garden, hours = by_cvr(db, town.garden), WorkingHours.of(Settings())
        for number in range(first, first + times):
            moment = NOW - timedelta(hours=number // 3)
            add_company(db, 100 + number, f"Søndergård {number % 3}", responsible=anna)
            companies.add_contact(db, company=garden, values={"name": f"Person {number}"}, now=NOW)
            responsibility.hand_over(
                db, company=garden, to=(anna, bo)[number % 2], reason=f"Nr. {number}", by=None, now=NOW
            )
            interactions.log(
                db, company=garden, by=anna, now=NOW, kind="note", summary=f"Nr. {number}", happened_at=moment
            )
            requests.take_in(
                db, company=garden, asked=NewRequest("guidance", f"Nr. {number}"), by=anna, now=NOW,
                clock=hours, received_at=moment,
            )  # fmt: skip
            agreements.create(
                db, company=garden, programme=programme(db, "code_of_care"), title=f"Nr. {number}", by=anna,
                now=NOW, today=TODAY,
            )  # fmt: skip


def walk(program: Program, path: str, limit: int) -> list[object]:
    """Every item of a list, page by page."""
    found: list[object] = []
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        page = program.get(f"{path}?limit={limit}{more}").json()
        assert len(page["items"]) <= limit
        assert page["items"] or cursor == ""
        found += page["items"]
        cursor = page["next"]
    return found


@pytest.mark.parametrize("pattern", LISTS)
def test_every_row_is_met_once_in_the_same_order_whatever_the_page(
    anna: Program, town: Town, database: Database, pattern: str
) -> None:
    grow(database, town, 11)
    path = pattern.format(town.garden)
    whole = anna.get(f"{path}?limit=200").json()
    assert whole["next"] is None
    assert len(whole["items"]) >= 11
    for limit in (1, 3, len(whole["items"]) - 1, len(whole["items"])):
        assert walk(anna, path, limit) == whole["items"]


def test_what_comes_in_meanwhile_moves_nothing(anna: Program, town: Town, database: Database) -> None:
    grow(database, town, 6)
    for pattern in LISTS:
        path = pattern.format(town.garden)
        before = anna.get(f"{path}?limit=200").json()["items"]
        first = anna.get(f"{path}?limit=2").json()
        grow(database, town, 2, first=20 + 10 * LISTS.index(pattern))
        rest = anna.get(f"{path}?limit=200&cursor={first['next']}").json()["items"]
        met = [each for each in first["items"] + rest if each in before]
        expected = [each for each in before if each in met]
        assert met == expected
        # The present way in has ended meanwhile, so its row reads differently now.
        assert len(met) >= len(before) - 1


def test_a_cursor_of_another_list_is_refused_or_harmless(
    anna: Program, town: Town, database: Database
) -> None:
    grow(database, town, 3)
    cursors = [anna.get(f"{pattern.format(town.garden)}?limit=1").json()["next"] for pattern in LISTS]
    for pattern in LISTS:
        for cursor in cursors:
            answer = anna.client.get(
                f"/api/v1/{pattern.format(town.garden)}?cursor={cursor}",
                headers={"Authorization": f"Bearer {anna.token}"},
            )
            assert answer.status_code in {200, 422}


def test_a_list_asks_the_database_as_much_for_a_hundred_rows_as_for_ten(
    anna: Program, town: Town, database: Database
) -> None:
    def asked(path: str) -> int:
        headers = {"Authorization": f"Bearer {anna.token}"}
        with counted(database) as seen:
            assert anna.client.get(f"/api/v1/{path}", headers=headers).status_code == 200
        return len(seen)

    paths = [f"{pattern.format(town.garden)}?limit=200" for pattern in LISTS]
    paths += ["search?q=sonder", "goals", f"companies/{town.garden}", f"agreements/{town.agreement}"]
    grow(database, town, 10)
    # The first call of the hour also says that the key was used.
    asked(paths[0])
    few = {path: asked(path) for path in paths}
    grow(database, town, 90, first=10)
    assert {path: asked(path) for path in paths} == few
    assert max(few.values()) <= 9
