"""Databases of both engines, a municipality small enough to hold in the head, and a clock that stands still."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from crm import migrations
from crm.access import actions as access
from crm.access.models import User
from crm.access_log.store import file_of
from crm.companies.models import Company
from crm.db import Database, Session
from crm.numbers import demo_cvr
from crm.requests.clock import WorkingHours
from crm.responsibility import actions as responsibility
from crm.settings import Settings
from tests import postgres

if TYPE_CHECKING:
    from tests.town import Town

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
PASSWORD = "en god lang sætning"


def pytest_collection_finish() -> None:
    """What stands now stands to the end; looking through it for garbage again and again took a tenth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    database.close()
    return path


def copy(template: Path, path: Path) -> None:
    """A database with the access log that stands beside it, in place of one that may stand there."""
    for file in path.parent.glob(f"{path.stem}*"):
        # A file anew, and not written over: somebody may still have the former one open.
        file.unlink()
    shutil.copy(template, path)
    shutil.copy(file_of(template), file_of(path))


@pytest.fixture(scope="session")
def _postgres_template(_postgres: str) -> str:
    name = f"template_{uuid4().hex[:12]}"
    _run(_postgres, f"CREATE DATABASE {name}")
    database = Database(_url(_postgres, name))
    migrations.upgrade(database)
    database.close()
    return name


def _url(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _run(server: str, statement: str) -> None:
    plain = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture(scope="session")
def _sqlite_town(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Town]:
    path = tmp_path_factory.mktemp("town") / "town.db"
    copy(_sqlite_template, path)
    return path, _built(f"sqlite:///{path}")


@pytest.fixture(scope="session")
def _postgres_town(_postgres: str, _postgres_template: str) -> tuple[str, Town]:
    name = f"town_{uuid4().hex[:12]}"
    _run(_postgres, f"CREATE DATABASE {name} TEMPLATE {_postgres_template} STRATEGY FILE_COPY")
    return name, _built(_url(_postgres, name))


def _built(url: str) -> Town:
    from tests.town import build

    database = Database(url)
    town = build(database)
    database.close()
    return town


@pytest.fixture
def built_town(request: pytest.FixtureRequest, database: Database) -> Town:
    """The town of tests/town.py, built once and copied for each test that asks for it."""
    name = "_sqlite_town" if database.dialect == "sqlite" else "_postgres_town"
    town: Town = request.getfixturevalue(name)[1]
    return town


@pytest.fixture(scope="session")
def _sqlite_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("place") / "test.db"


@pytest.fixture(scope="session")
def _postgres_place() -> str:
    return f"test_{uuid4().hex[:12]}"


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, _sqlite_template: Path, _sqlite_place: Path) -> str:
    """A fresh, migrated SQLite database; with the town in it for a test that asks for that."""
    with_town = "built_town" in request.fixturenames
    template = request.getfixturevalue("_sqlite_town")[0] if with_town else _sqlite_template
    copy(template, _sqlite_place)
    return f"sqlite:///{_sqlite_place}"


@pytest.fixture
def postgres_url(
    request: pytest.FixtureRequest, _postgres: str, _postgres_template: str, _postgres_place: str
) -> str:
    """A fresh, migrated PostgreSQL database; with the town in it for a test that asks for that."""
    with_town = "built_town" in request.fixturenames
    template = request.getfixturevalue("_postgres_town")[0] if with_town else _postgres_template
    _run(_postgres, f"DROP DATABASE IF EXISTS {_postgres_place} WITH (FORCE)")
    # Copied as files, since writing it all to the log first takes twice as long.
    _run(_postgres, f"CREATE DATABASE {_postgres_place} TEMPLATE {template} STRATEGY FILE_COPY")
    return _url(_postgres, _postgres_place)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """A database of each engine: a test that asks for this runs twice."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    found: str = request.getfixturevalue(name)
    return found


@pytest.fixture(scope="session")
def _opened() -> dict[str, Database]:
    """Each test has a database of its own, at the same address as the one before it.

    SQLAlchemy compiles a statement once for each engine, and that takes longer than most tests do.
    """
    return {}


@pytest.fixture
def database(url: str, _opened: dict[str, Database]) -> Iterator[Database]:
    """A migrated database of each engine."""
    opened = _opened.get(url) or _opened.setdefault(url, Database(url))
    yield opened
    opened.close()


@pytest.fixture
def db(database: Database) -> Iterator[Session]:
    """A writing session. It commits when the test ends well; most tests never come so far on purpose."""
    with database.write("test") as session:
        yield session


@pytest.fixture
def clock() -> WorkingHours:
    """Open from 8 to 16 on working days, with eight hours to answer in."""
    return WorkingHours.of(Settings())


AddUser = Callable[..., User]
AddCompany = Callable[..., Company]


def add_user(db: Session, email: str = "anna@kommune.test", role: str = "consultant", **more: object) -> User:
    """A user whose name follows from the e-mail."""
    name = str(more.pop("name", email.split("@", maxsplit=1)[0].replace(".", " ").title()))
    return access.add_user(db, email=email, name=name, role=role, now=NOW, **more)  # type: ignore[arg-type]


def add_company(db: Session, number: int = 0, name: str | None = None, **values: object) -> Company:
    """A company with the number-th invented CVR; needs a consultant."""
    responsible = values.pop("responsible", None)
    columns = {"cvr": demo_cvr(number), "name": name or f"Virksomhed {number} ApS", **values}
    return responsibility.create_company(
        db,
        values=columns,
        now=NOW,
        responsible=responsible,  # type: ignore[arg-type]
    )
