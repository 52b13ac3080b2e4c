"""The command line as a program: what it prints, how it ends, and what stands in the database afterwards."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from sqlalchemy import select, text

from crm import migrations
from crm.companies.models import Company
from crm.db import Database
from crm.numbers import demo_cvr
from tests.scripts.program import call

SECRET = "en lang og god sætning"


class House:
    """An installation of its own: `run` starts the program as a shell would."""

    def __init__(self, url: str, folder: Path) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ENINDGANG_")},
            "ENINDGANG_DATABASE_URL": url,
            "ENINDGANG_DATA_DIR": str(folder),
            "ENINDGANG_SECRET_KEY": "kun til prøver",
        }

    def run(self, *arguments: str, exits: int = 0, typed: str = "", reported: bool = False) -> str:
        """What it prints on stdout; on stderr when it refuses and nothing is `reported`."""
        done = call(arguments, self.environment, typed)
        assert done.returncode == exits, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stdout + done.stderr
        return done.stderr if exits and not reported else done.stdout

    def json(self, *arguments: str, exits: int = 0) -> object:
        """What it reports to a program."""
        return json.loads(self.run(*arguments, "--json", exits=exits, reported=True))


@pytest.fixture
def house(url: str, tmp_path: Path) -> House:
    """A migrated house on each engine."""
    return House(url, tmp_path)


@pytest.fixture
def staffed(house: House) -> House:
    """With a manager and two consultants."""
    for email, role in (
        ("mona@k.test", "manager"),
        ("anna@k.test", "consultant"),
        ("bo@k.test", "consultant"),
    ):
        house.run("user", "add", email, "--name", email.split("@")[0].title(), "--role", role)
    return house


def _list(tmp_path: Path, rows: int = 3) -> Path:
    path = tmp_path / "liste.csv"
    lines = [f"{demo_cvr(number)};Virksomhed {number} ApS;3450;Allerød" for number in range(rows)]
    path.write_text("\n".join(["CVR-nr.;Navn;Postnr.;By", *lines]), encoding="utf-8")
    return path


def test_migrating_twice_is_migrating_once(house: House) -> None:
    assert house.json("migrate") == {"before": migrations.HEAD, "after": migrations.HEAD}


def test_a_database_newer_than_the_program_is_refused_in_one_sentence(house: House, url: str) -> None:
    database = Database(url)
    with database.writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '999_from_the_future'"))
    database.close()
    for command in (["migrate"], ["serve", "--port", "1"]):
        assert "nyere end programmet" in house.run(*command, exits=1)
    assert "Kør først: enindgang migrate" in house.run("goals", exits=1)


def test_a_user_is_added_once_and_the_password_comes_from_stdin(house: House) -> None:
    add = ["user", "add", "ny@k.test", "--name", "Ny Kollega", "--role", "admin"]
    house.run(*add, "--password-stdin", typed=SECRET + "\n")
    assert "allerede en bruger" in house.run(*add, exits=1)
    assert "mindst 12 tegn" in house.run("user", "password", "ny@k.test", typed="kort\n", exits=1)
    house.run("user", "password", "ny@k.test", typed=SECRET + " igen\n")


def test_wrong_usage_ends_with_two(house: House) -> None:
    house.run("user", "add", "ny@k.test", "--name", "Ny", "--role", "konge", exits=2)
    house.run("goals", "--on", "engang", exits=2)
    house.run("findes-ikke", exits=2)


def test_a_leaver_is_closed_only_when_what_they_have_is_given_on(staffed: House, tmp_path: Path) -> None:
    staffed.run("import", "companies", str(_list(tmp_path)))
    refused = staffed.run("user", "close", "anna@k.test", exits=1)
    assert "virksomhed" in refused
    answer = staffed.json("user", "close", "anna@k.test", "--hand-over-to", "bo@k.test")
    assert isinstance(answer, dict)
    assert answer["email"] == "anna@k.test"
    assert "allerede lukket" in staffed.run("user", "close", "anna@k.test", exits=1)
    assert staffed.json("doctor") == {"findings": []}


def test_who_was_never_linked_to_the_municipalitys_account_is_let_go_of_all_the_same(staffed: House) -> None:
    assert "var ikke forbundet" in staffed.run("user", "unlink", "anna@k.test")
    assert "ingen bruger" in staffed.run("user", "unlink", "ukendt@k.test", exits=1)


def test_a_token_is_printed_once_and_works(staffed: House) -> None:
    answer = staffed.json("token", "add", "mona@k.test")
    assert isinstance(answer, dict)
    assert answer["token"].startswith("ei_")
    assert "ingen bruger" in staffed.run("token", "add", "ukendt@k.test", exits=1)


def test_an_import_is_tried_carried_out_and_taken_back(staffed: House, tmp_path: Path, url: str) -> None:
    path = str(_list(tmp_path))
    tried = staffed.json("import", "companies", path, "--dry-run")
    done = staffed.json("import", "companies", path)
    assert isinstance(tried, dict)
    assert isinstance(done, dict)
    assert (tried["created"], done["created"], tried["batch"]) == (3, 3, None)
    assert staffed.json("import", "companies", path)["unchanged"] == 3  # type: ignore[index]
    staffed.run("import", "undo", str(done["batch"]))
    database = Database(url)
    with database.read() as db:
        assert db.scalars(select(Company)).all() == []
    database.close()
    assert "allerede fortrudt" in staffed.run("import", "undo", str(done["batch"]), exits=1)
    assert "findes-ikke.csv" in staffed.run("import", "companies", str(tmp_path / "findes-ikke.csv"), exits=1)


def test_goals_are_said_for_any_day(house: House) -> None:
    answer = house.json("goals", "--on", "2026-06-30")
    assert isinstance(answer, dict)
    assert answer["on"] == "2026-06-30"
    assert [(item["key"], item["value"], item["target"]) for item in answer["items"]] == [
        ("youth_employment", 0, 10),
        ("sick_leave_prevention", 0, 25),
        ("easy_recruitment", None, 75),
    ]
    assert [item["target"] for item in house.json("goals", "--on", "2027-06-30")["items"]][:1] == [25]  # type: ignore[index]


def test_a_list_that_left_the_house_can_be_checked(house: House) -> None:
    answer = house.json("goals", "--on", "2026-06-30")
    assert isinstance(answer, dict)
    mark, forecast = answer["items"][0]["hash"], answer["items"][0]["forecast"]
    assert forecast == "10 mangler. Det er for tidligt at sige, hvornår målet nås."
    assert "Det samme tal" in house.run("goals", "--on", "2026-06-30", "--check", mark[:12])
    assert "Intet tal" in house.run("goals", "--on", "2026-07-01", "--check", mark, exits=1)


def test_the_demo_fills_only_an_empty_database_and_says_who_can_log_in(house: House) -> None:
    said = house.run("demo", "--companies", "40")
    assert "anna@demo.test" in said
    assert "Demodata" in said
    assert "ikke tom" in house.run("demo", exits=1)
    assert "anna@demo.test" in house.run("demo", "--if-empty")
    assert house.json("doctor") == {"findings": []}


def test_a_house_in_use_is_never_filled_with_inventions(staffed: House) -> None:
    assert staffed.run("demo", "--if-empty") == ""
    assert "ikke tom" in staffed.run("demo", exits=1)


def test_a_backup_taken_while_the_house_is_in_use_is_put_back_elsewhere(
    sqlite_url: str, tmp_path: Path
) -> None:
    house = House(sqlite_url, tmp_path)
    house.run("user", "add", "mona@k.test", "--name", "Mona", "--role", "manager")
    house.run("import", "companies", str(_list(tmp_path)))
    copy = tmp_path / "kopi.db"
    writing = Database(sqlite_url)
    with writing.write() as db:
        db.execute(text("UPDATE installation SET is_demo = 0"))
        house.run("backup", str(copy))
    writing.close()
    assert copy.stat().st_mode & 0o777 == 0o600
    elsewhere = House(f"sqlite:///{tmp_path / 'andetsteds' / 'ny.db'}", tmp_path / "andetsteds")
    elsewhere.run("restore", str(copy))
    assert elsewhere.json("doctor") == {"findings": []}
    assert "mona@k.test" in elsewhere.run("token", "add", "mona@k.test", "--json")
    (tmp_path / "ingen.db").write_bytes(b"ikke en database")
    assert "ikke en sikkerhedskopi" in elsewhere.run("restore", str(tmp_path / "ingen.db"), exits=1)


def test_the_doctor_tells_of_what_must_never_be(staffed: House, url: str, tmp_path: Path) -> None:
    staffed.run("import", "companies", str(_list(tmp_path, 1)))
    database = Database(url)
    with database.writer.begin() as connection:
        connection.execute(text("UPDATE company SET name = 'Nielsen 070761-4285'"))
    database.close()
    found = staffed.json("doctor", exits=1)
    assert "ser ud til at have et CPR-nummer" in str(found)
    assert "070761" not in str(found)


def test_routes_name_who_may(house: House) -> None:
    rows = house.json("routes")
    assert isinstance(rows, list)
    assert {"method": "GET", "path": "/log-ind", "who": ["public"]} in rows
    assert {"method": "GET", "path": "/opsaetning/brugere", "who": ["admin"]} in rows
