"""Looking for what must never be: in the settings, the schema, the rules, the log and the texts."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import Session

from crm import audit, cpr, migrations
from crm.board import actions as board
from crm.choices.queries import unusable
from crm.companies.models import Company
from crm.db import SAFE_SQLITE, Database, sqlite_module
from crm.responsibility.models import CompanyAssignment
from crm.settings import Settings
from crm.tables import metadata
from crm.types import SafeText

SHOWN = 20


def examine(settings: Settings, database: Database) -> list[str]:
    """Everything found, as sentences; nothing when all is well."""
    found = list(_settings(settings, database))
    with database.reader.connect() as connection:
        stands = migrations.current(connection)
    if stands != migrations.HEAD:
        return [
            *found,
            f"Skemaet står ved {stands}, men programmet kender {migrations.HEAD}. Kør enindgang migrate.",
        ]
    with database.read() as db:
        found += _schema(db)
        found += _choices(db, settings)
        found += _rules(db)
        found += audit.broken_links(db)
        found += board.broken(db)
        found += _numbers_of_people(db)
    return found


def _settings(settings: Settings, database: Database) -> Iterator[str]:
    if database.dialect == "sqlite" and sqlite_module().sqlite_version_info < SAFE_SQLITE:
        yield f"SQLite er {sqlite_module().sqlite_version}; brug mindst {'.'.join(map(str, SAFE_SQLITE))}."
    if database.dialect != "sqlite" and settings.secret_key is None:
        yield "ENINDGANG_SECRET_KEY er ikke sat; flere servere kan ikke dele log-in."


def _choices(db: Session, settings: Settings) -> Iterator[str]:
    for name in unusable(db, settings):
        yield f"Indstillingen {name}, valgt på siden Indstillinger, passer ikke med de andre og gælder ikke."


def _schema(db: Session) -> Iterator[str]:
    there = set(inspect(db.connection()).get_table_names())
    for name in sorted(set(metadata.tables) - there):
        yield f"Tabellen {name} mangler."
    if db.get_bind().dialect.name == "sqlite":
        for problem in db.execute(text("PRAGMA integrity_check(20)")).scalars():
            if problem != "ok":
                yield f"Databasefilen er beskadiget: {problem}"
        for row in db.execute(text("PRAGMA foreign_key_check")).all()[:SHOWN]:
            yield f"En række i {row[0]} peger på noget, der ikke findes."


def _rules(db: Session) -> Iterator[str]:
    opened = (
        select(CompanyAssignment.company_id, func.count().label("number"))
        .where(CompanyAssignment.valid_to.is_(None))
        .group_by(CompanyAssignment.company_id)
        .subquery()
    )
    wrong = (
        select(Company.cvr)
        .outerjoin(opened, opened.c.company_id == Company.id)
        .where(func.coalesce(opened.c.number, 0) != 1)
        .limit(SHOWN)
    )
    for cvr in db.scalars(wrong):
        yield f"Virksomhed {cvr} har ikke netop én indgang."


def _numbers_of_people(db: Session) -> Iterator[str]:
    for table in metadata.sorted_tables:
        guarded = [column for column in table.c if isinstance(column.type, SafeText) and column.type.guard]
        if not guarded:
            continue
        query = select(*table.primary_key, *guarded).execution_options(yield_per=1000)
        for row in db.execute(query).mappings():
            for column in guarded:
                value = row[column]
                if value and cpr.has_cpr(value):
                    keys = "/".join(str(row[key]) for key in table.primary_key)
                    yield f"Feltet {column.name} i {table.name} {keys} ser ud til at have et CPR-nummer."
