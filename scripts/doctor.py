"""Looking for what must never be: in the settings, the schema, the rules, the log and the texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, inspect, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from crm import audit, cpr, migrations
from crm.access_log import tidying
from crm.access_log.models import WITHHELD, AccessEntry, AccessHorizon
from crm.access_log.queries import oldest
from crm.access_log.store import AccessLog, log_of
from crm.board import actions as board
from crm.choices.queries import unusable
from crm.companies.models import Company
from crm.db import SAFE_SQLITE, Database, sqlite_module
from crm.providers import RANKS
from crm.responsibility.models import CompanyAssignment
from crm.settings import Settings
from crm.tables import metadata
from crm.types import SafeText
from web.oidc import Client, Unreachable

SHOWN = 20
# The nightly job may be behind by so much before anybody is told.
GRACE = timedelta(days=7)


def examine(settings: Settings, database: Database) -> list[str]:
    """Everything found, as sentences; nothing when all is well."""
    found = [*_settings(settings, database), *_providers(settings)]
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
    return [*found, *_access_log(settings, log_of(database))]


def _access_log(settings: Settings, log: AccessLog) -> Iterator[str]:
    """The log of who looked: there, whole, writable, without CPR numbers, and no older than it should be."""
    if log.file is not None and not log.file.exists():
        yield f"Adgangsloggen {log.file.name} mangler. En ny er tom; find den gamle eller en sikkerhedskopi."
        return
    try:
        with log.read() as rows:
            yield from _log_rows(settings, rows)
        with log.database.writer.connect() as connection, connection.begin() as trial:
            connection.execute(update(AccessHorizon).values(before=AccessHorizon.before))
            trial.rollback()
    except DBAPIError as error:
        yield f"Adgangsloggen svarer ikke, og så vises ingen sider: {str(error.orig).splitlines()[0]}"


def _log_rows(settings: Settings, rows: Session) -> Iterator[str]:
    if rows.get_bind().dialect.name == "sqlite":
        for problem in rows.execute(text("PRAGMA integrity_check(20)")).scalars():
            if problem != "ok":
                yield f"Adgangsloggen er beskadiget: {problem}"
    first = oldest(rows)
    due = tidying.limit(datetime.now(UTC) - GRACE, settings.access_log_months, settings.zone)
    if first is not None and first < due:
        yield f"Adgangsloggen går tilbage til {first:%d-%m-%Y}. Oprydningen er bagud: kører enindgang work?"
    asked = select(AccessEntry.id, AccessEntry.criterion, AccessEntry.object_key)
    for row in rows.execute(asked.execution_options(yield_per=1000)):
        if any(text and text != WITHHELD and cpr.has_cpr(text) for text in (row.criterion, row.object_key)):
            yield f"Række {row.id} i adgangsloggen ser ud til at have et CPR-nummer."


def _settings(settings: Settings, database: Database) -> Iterator[str]:
    if database.dialect == "sqlite" and sqlite_module().sqlite_version_info < SAFE_SQLITE:
        yield f"SQLite er {sqlite_module().sqlite_version}; brug mindst {'.'.join(map(str, SAFE_SQLITE))}."
    if database.dialect != "sqlite" and settings.secret_key is None:
        yield "ENINDGANG_SECRET_KEY er ikke sat; flere servere kan ikke dele log-in."


def _choices(db: Session, settings: Settings) -> Iterator[str]:
    for name in unusable(db, settings):
        yield f"Indstillingen {name}, valgt på siden Indstillinger, passer ikke med de andre og gælder ikke."


def _providers(settings: Settings) -> Iterator[str]:
    """Whether those who vouch for people answer, and whether what is set up fits together."""
    for prefix, provider in (
        ("ENINDGANG_OIDC", settings.staff_provider),
        ("ENINDGANG_PANEL_OIDC", settings.panel_provider),
    ):
        if provider is None:
            continue
        client = Client(provider, lambda: datetime.now(UTC))
        try:
            if not client.line.keys():
                yield f"{prefix}_ISSUER: Udbyderen har ingen nøgler, vi kan bruge."
            unknown = set(provider.scopes.split()) - set(
                client.line.about().get("scopes_supported") or provider.scopes.split()
            )
        except Unreachable as error:
            yield f"{prefix}_ISSUER: Udbyderen {provider.issuer} kan ikke bruges lige nu: {error}."
            continue
        if unknown:
            yield f"{prefix}_SCOPES: Udbyderen kender ikke {', '.join(sorted(unknown))}."
        if settings.base_url.startswith("http:") and not provider.issuer.startswith("http:"):
            yield f"{prefix}: ENINDGANG_BASE_URL skal begynde med https:, ellers sender udbyderen ingen tilbage."
    if settings.staff_provider:
        yield from _groups(settings)


def _groups(settings: Settings) -> Iterator[str]:
    given = [getattr(settings, f"oidc_{role}_groups") for role in RANKS]
    if not any(given):
        yield "ENINDGANG_OIDC_ISSUER er sat, men ingen gruppe giver adgang. Sæt ENINDGANG_OIDC_CONSULTANT_GROUPS."
    for name, times in sorted(Counter(group for groups in given for group in set(groups)).items()):
        if times > 1:
            yield f"Gruppen {name} står ved flere roller; den højeste gælder."
    if "admin" not in settings.oidc_local_roles and not settings.oidc_admin_groups:
        yield "Ingen kan være administrator: ENINDGANG_OIDC_ADMIN_GROUPS er tom, og admin må ikke logge ind lokalt."


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
