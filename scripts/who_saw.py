"""Who has looked at a company, or at a person there: for whoever must answer within minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm import danish
from crm.access_log import queries
from crm.access_log.models import AccessEntry, ActorKind, Outcome
from crm.access_log.queries import Names, Wanted
from crm.access_log.store import log_of
from crm.access_log.writer import Entry
from crm.companies.queries import by_cvr
from crm.companies.queries import contact as contact_of
from crm.db import Database
from crm.periods import begins
from crm.settings import Settings
from web.words import LOOKS, looker


def answer(
    settings: Settings,
    database: Database,
    *,
    cvr: str,
    contact: int | None,
    since: date | None,
    now: datetime,
) -> dict[str, Any]:
    """Every row about the company, the newest first. Raises NotFound. That it was asked is in the log first."""
    with database.read() as db:
        company = by_cvr(db, cvr)
        person = contact_of(db, company, contact) if contact is not None else None
        log = log_of(database)
        asked = Entry(
            now,
            ActorKind.COMMAND,
            None,
            Outcome.SHOWN,
            "enindgang who-saw",
            "access_log",
            company=company.cvr,
        )
        log.writer.write(asked)
        wanted = Wanted(
            queries.cvrs_of(db, company),
            contact,
            since=begins(since, settings.zone) if since else None,
            until=now,
        )
        with log.read() as rows:
            found = [entry for some in queries.chunks(rows, wanted) for entry in some]
            first = queries.oldest(rows)
        names = queries.names(db, found)
    return {
        "company": {"cvr": company.cvr, "name": company.name},
        "contact": {"id": person.id, "name": person.name} if person else None,
        "since": since.isoformat() if since else None,
        "log_begins": first.isoformat() if first else None,
        "items": [_item(entry, names) for entry in found],
    }


def _item(entry: AccessEntry, names: Names) -> dict[str, Any]:
    return {
        "at": entry.at.isoformat(),
        "who": {"kind": entry.actor_kind, "id": entry.actor_id, "name": names.actor(entry)},
        "outcome": entry.outcome,
        "route": entry.route,
        "object": {"kind": entry.object_kind, "key": entry.object_key},
        "asked_for": entry.criterion,
    }


def sentences(found: dict[str, Any], zone: ZoneInfo) -> Iterator[str]:
    """The same for people."""
    who = found["contact"] or found["company"]
    number = danish.count(len(found["items"]), "gang", "gange")
    yield f"{who['name']} er slået op {number}" + (f" siden {found['since']}." if found["since"] else ".")
    if found["log_begins"]:
        yield f"Loggen begynder {datetime.fromisoformat(found['log_begins']).astimezone(zone):%d-%m-%Y %H:%M}."
    for each in found["items"]:
        at = datetime.fromisoformat(each["at"]).astimezone(zone)
        name = looker(each["who"]["kind"], each["who"]["name"], each["who"]["id"])
        refused = " (afvist)" if each["outcome"] == Outcome.REFUSED else ""
        kind, key = LOOKS.get(each["object"]["kind"], each["object"]["kind"]), each["object"]["key"]
        yield f"  {at:%d-%m-%Y %H:%M:%S}  {name}: {kind}{f' {key}' if key else ''}{refused}"
