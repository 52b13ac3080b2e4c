"""Who has looked, asked on the command line; and the log in copies of the database and in the doctor's eyes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from crm.access_log.models import ActorKind, Outcome
from crm.access_log.store import log_of
from crm.access_log.writer import Entry
from crm.db import Database
from tests.access_log import entries
from tests.conftest import NOW
from tests.scripts.test_cli import House
from tests.town import BO, Town


@pytest.fixture
def house(url: str, tmp_path: Path) -> House:
    """The town's house, asked on the command line."""
    return House(url, tmp_path)


def look(database: Database, town: Town, cvr: str, at: datetime = NOW, **more: object) -> None:
    facts: dict[str, object] = {
        "at": at, "actor_kind": ActorKind.USER, "actor_id": town.users[BO], "outcome": Outcome.SHOWN,
        "route": "GET /virksomheder/{cvr}", "object_kind": "company", "object_key": cvr, "company": cvr,
    }  # fmt: skip
    log_of(database).writer.write(Entry(**(facts | more)))  # type: ignore[arg-type]


def test_it_says_who_saw_a_company_since_a_day(house: House, database: Database, built_town: Town) -> None:
    look(database, built_town, built_town.bakery, NOW - timedelta(days=40))
    look(database, built_town, built_town.bakery)
    look(database, built_town, built_town.garden)
    found = house.json("who-saw", "--company", built_town.bakery, "--since", "2026-11-01")
    assert isinstance(found, dict)
    assert found["company"] == {"cvr": built_town.bakery, "name": "Blovstrød Bageri ApS"}
    (item,) = found["items"]
    assert (item["who"]["name"], item["outcome"]) == ("Bo Birketoft", "shown")
    assert (item["route"], item["object"]["key"]) == ("GET /virksomheder/{cvr}", built_town.bakery)
    plain = house.run("who-saw", "--company", built_town.bakery)
    assert "Blovstrød Bageri ApS er slået op" in plain
    assert "23-11-2026 10:00:00  Bo Birketoft: Virksomhed" in plain
    asked = [each for each in entries(database) if each.actor_kind == ActorKind.COMMAND]
    assert [(each.object_kind, each.company) for each in asked] == [("access_log", built_town.bakery)] * 2


def test_it_says_who_saw_one_person_there(house: House, database: Database, built_town: Town) -> None:
    for key in (built_town.contact, 987654):
        look(database, built_town, built_town.bakery, object_kind="contact", object_key=str(key))
    found = house.json("who-saw", "--company", built_town.bakery, "--contact", str(built_town.contact))
    assert isinstance(found, dict)
    assert found["contact"] == {"id": built_town.contact, "name": "Lone Krogh"}
    assert [each["object"]["key"] for each in found["items"]] == [str(built_town.contact)]


def test_it_refuses_what_is_not_there_and_what_cannot_be_read(house: House, built_town: Town) -> None:
    house.run("who-saw", "--company", "99999999", exits=1)
    house.run("who-saw", "--company", built_town.bakery, "--contact", "987654", exits=1)
    house.run("who-saw", "--company", built_town.bakery, "--since", "i går", exits=2)
    house.run("who-saw", exits=2)


def test_a_copy_holds_the_log_and_going_back_forgets_nobody_who_looked_since(
    sqlite_url: str, built_town: Town, tmp_path: Path
) -> None:
    database, house, copy = Database(sqlite_url), House(sqlite_url, tmp_path), tmp_path / "kopi.db"
    look(database, built_town, built_town.bakery, object_key="før")
    house.run("backup", str(copy))
    look(database, built_town, built_town.bakery, object_key="efter")
    database.close()
    house.run("restore", str(copy))
    again = Database(sqlite_url)
    assert [each.object_key for each in entries(again)] == ["før", "efter"]
    again.close()
    house.run("restore", str(copy))
    elsewhere = tmp_path / "andetsteds"
    House(f"sqlite:///{elsewhere / 'ny.db'}", elsewhere).run("restore", str(copy))
    other = Database(f"sqlite:///{elsewhere / 'ny.db'}")
    assert [each.object_key for each in entries(other)] == ["før"]
    with other.read() as db:
        there = db.scalars(text("SELECT name FROM sqlite_master WHERE name LIKE 'access_entry%'")).all()
    assert there == []
    # A log that is not the one the copy was made of keeps its own rows beside the copy's.
    log_of(other).file.unlink()  # type: ignore[union-attr]
    look(other, built_town, built_town.garden, NOW - timedelta(days=1), object_key="en andens")
    other.close()
    House(f"sqlite:///{elsewhere / 'ny.db'}", elsewhere).run("restore", str(copy))
    merged = Database(f"sqlite:///{elsewhere / 'ny.db'}")
    assert {each.object_key for each in entries(merged)} == {"en andens", "før"}
    merged.close()


def test_the_doctor_looks_at_the_log_too(house: House, database: Database, built_town: Town) -> None:
    def found() -> str:
        return house.run("doctor", exits=1, reported=True)

    old = datetime.now(UTC) - timedelta(days=500)
    look(database, built_town, built_town.bakery, old)
    assert "Oprydningen er bagud" in found()
    with log_of(database).database.writer.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO access_entry (at, actor_kind, outcome, route, object_kind, criterion) "
                "VALUES ('2026-11-23T09:00:00.000000Z', 'user', 'shown', 'GET /soeg', 'search', '070761-4285')"
            )
        )
    said = found()
    assert "i adgangsloggen ser ud til at have et CPR-nummer" in said
    assert "070761" not in said
    log = log_of(database)
    if log.file is not None:
        log.file.unlink()
        assert "mangler" in found()
    else:
        with log.database.writer.begin() as connection:
            connection.execute(text("DROP TABLE access_entry"))
        assert "svarer ikke, og så vises ingen sider" in found()
