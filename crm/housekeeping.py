"""How the house is: what is cheap to look at, for the page of an administrator.

What must read everything (the whole chain, every text) is `enindgang doctor` and the daily jobs.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm import danish, migrations
from crm.choices.queries import unusable
from crm.db import SAFE_SQLITE, sqlite_module
from crm.jobs import queries as jobs
from crm.jobs.catalogue import KINDS
from crm.outbox import queries as outbox
from crm.settings import Settings

# A worker says at least once a minute that it is there.
SILENT = timedelta(minutes=5)
LATE = timedelta(minutes=10)
BACKUP_LATE = timedelta(days=2)
LITTLE_ROOM = 0.1
GIGABYTE = 1024**3


@dataclass(frozen=True)
class Finding:
    """One line of the page: what was looked at, how it is ("ok", "warn" or "bad"), and where to do something."""

    what: str
    tone: str
    said: str
    url: str | None = None


def health(db: Session, base: Settings, settings: Settings, now: datetime) -> Sequence[Finding]:
    """Everything that is cheap to look at."""
    return [
        *_program(db, base), *_worker(db, now), *_mails(db, settings, now), _chain(db), *_room(db, base),
        _backup(base, now), *_settings(db, base),
    ]  # fmt: skip


def _program(db: Session, base: Settings) -> list[Finding]:
    stands = migrations.current(db.connection())
    right = stands == migrations.HEAD
    engine = db.get_bind().dialect.name
    found = [
        Finding("Program", "ok", f"Version {_version()}"),
        Finding("Skema", "ok" if right else "bad", f"{stands}" if right else f"{stands}, men programmet kender "
                f"{migrations.HEAD}. Kør enindgang migrate."),
    ]  # fmt: skip
    if engine == "sqlite":
        safe = sqlite_module().sqlite_version_info >= SAFE_SQLITE
        wanted = "" if safe else f"; brug mindst {'.'.join(map(str, SAFE_SQLITE))}"
        found.append(
            Finding("Database", "ok" if safe else "warn", f"SQLite {sqlite_module().sqlite_version}{wanted}")
        )
    else:
        found.append(Finding("Database", "ok", f"PostgreSQL {db.scalar(text('SHOW server_version'))}"))
        if base.secret_key is None:
            found.append(
                Finding(
                    "Hemmelig nøgle",
                    "warn",
                    "ENINDGANG_SECRET_KEY er ikke sat; flere servere kan ikke dele log-in.",
                )
            )
    return found


def _version() -> str:
    try:
        return version("enindgang")
    except PackageNotFoundError:
        # Run from a checkout, which is how most do.
        page = Path(__file__).parents[1] / "pyproject.toml"
        return str(tomllib.loads(page.read_text())["project"]["version"]) if page.exists() else "ukendt"


def _worker(db: Session, now: datetime) -> list[Finding]:
    found = jobs.jobs(db)
    seen = jobs.last_seen(found)
    running = any(job.leased_until and job.leased_until > now for job in found.values())
    here = "/opsaetning/opgaver"
    if not running and (seen is None or seen < now - SILENT):
        lines = [Finding("Faste opgaver", "bad", "Ingen har meldt sig. Kører enindgang work?", here)]
    else:
        lines = [Finding("Faste opgaver", "ok", "De bliver gjort", here)]
    behind = [KINDS[key].title for key, job in found.items() if job.due_at < now - LATE]
    if behind:
        lines.append(Finding("Bagud", "warn", ", ".join(sorted(behind)), here))
    failing = [KINDS[key].title for key, job in found.items() if job.failures]
    if failing:
        lines.append(Finding("Fejler", "bad", ", ".join(sorted(failing)), here))
    return lines


def _mails(db: Session, settings: Settings, now: datetime) -> list[Finding]:
    waiting, failed = outbox.numbers(db)
    here = "/opsaetning/post"
    if settings.mail_server is None:
        return [Finding("Mails", "warn", f"Der er ingen mailserver; {waiting} venter", here)]
    if failed:
        return [Finding("Mails", "bad", f"{failed} kunne ikke sendes, {waiting} venter", here)]
    late = any((mail.leased_until or mail.next_try_at) < now - LATE for mail in outbox.waiting(db))
    return [
        Finding(
            "Mails",
            "warn" if late else "ok",
            f"{waiting} venter" + (", nogle for længe" if late else ""),
            here,
        )
    ]


def _chain(db: Session) -> Finding:
    checked, here = jobs.jobs(db).get("log_checked"), "/opsaetning/log"
    if checked is None or checked.ended_at is None:
        return Finding("Loggen", "warn", "Er ikke efterset endnu", here)
    if checked.failures:
        return Finding("Loggen", "bad", checked.last_error or "Er brudt", here)
    return Finding("Loggen", "ok", "Hel, da den sidst blev efterset", here)


def _room(db: Session, base: Settings) -> list[Finding]:
    lines = []
    if base.data_dir.exists():
        disk = shutil.disk_usage(base.data_dir)
        little = disk.free < disk.total * LITTLE_ROOM or disk.free < GIGABYTE
        lines.append(
            Finding(
                "Plads",
                "warn" if little else "ok",
                f"{danish.size(disk.free)} ledig af {danish.size(disk.total)}",
            )
        )
    if db.get_bind().dialect.name == "sqlite":
        pages, each = db.scalar(text("PRAGMA page_count")), db.scalar(text("PRAGMA page_size"))
        taken = int(pages or 0) * int(each or 0)
    else:
        taken = int(db.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    return [*lines, Finding("Databasens størrelse", "ok", danish.size(taken))]


def _backup(base: Settings, now: datetime) -> Finding:
    """`enindgang backup` leaves a mark in the data directory; a backup made otherwise is not known here."""
    mark = base.data_dir / "last-backup"
    try:
        when = datetime.fromtimestamp(mark.stat().st_mtime, tz=now.tzinfo)
    except OSError:
        return Finding(
            "Sikkerhedskopi", "warn", "Ingen kendes. Tages den på en anden måde, kan den ikke ses her"
        )
    old = when < now - BACKUP_LATE
    days = max((now - when).days, 0)
    return Finding(
        "Sikkerhedskopi", "warn" if old else "ok", "I dag" if days == 0 else f"For {days} dage siden"
    )


def _settings(db: Session, base: Settings) -> list[Finding]:
    return [
        Finding(
            "Indstillinger",
            "warn",
            f"{name} passer ikke med de andre og gælder ikke",
            "/opsaetning/indstillinger",
        )
        for name in unusable(db, base)
    ]
