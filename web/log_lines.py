"""The rows of the audit log as sentences: who did what with which, and what was changed from what to what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm import danish, trail
from crm.audit import AuditEvent
from crm.db import Base, Session
from web.log_words import ACTS, CODES, FIELDS, MACHINES, PLACES, THINGS, UNSAID, YES_NO

NAMED = ("user_account", "company", "team")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
Names = Mapping[tuple[str, int], str]


@dataclass(frozen=True)
class Line:
    """A row in words. `changes` are (field, before or None, after)."""

    seq: int
    at: datetime
    who: str
    did: str
    thing: str
    url: str | None
    changes: Sequence[tuple[str, str | None, str]]
    erased: bool

    @property
    def sentence(self) -> str:
        """All of it on one line, for a file."""
        return f"{self.did} {self.thing}"

    @property
    def told(self) -> str:
        """The changes on one line, for a file."""
        return "; ".join(
            f"{field}: {new}" if old is None else f"{field}: {old} → {new}"
            for field, old, new in self.changes
        )


def lines(db: Session, rows: Sequence[AuditEvent], zone: ZoneInfo) -> list[Line]:
    """The rows in words; the names in them are read in three questions at most, however many rows there are."""
    names = _names(db, rows)
    return [_line(row, names, zone) for row in rows]


def _line(row: AuditEvent, names: Names, zone: ZoneInfo) -> Line:
    kind, payload = row.object_kind, row.payload or {}
    thing = THINGS.get(kind, kind)
    name = _named(names, kind, row.object_id) or _own_name(kind, payload)
    label = f"{thing} »{name}«" if name else f"{thing} nr. {row.object_id}"
    url = PLACES[kind].format(row.object_id) if kind in PLACES and row.action != "delete" else None
    who = MACHINES.get(row.actor) or _named(names, "user_account", row.user_id) or row.actor
    return Line(
        row.seq, row.at, who, ACTS.get(row.action, row.action), label, url,
        list(_changes(row, names, zone)), row.payload is None,
    )  # fmt: skip


def _own_name(kind: str, payload: Mapping[str, Any]) -> str | None:
    found = payload.get("key" if kind == "house_setting" else "name")
    found = found[1] if isinstance(found, list) and len(found) == 2 else found
    return found if isinstance(found, str) else None


def _changes(row: AuditEvent, names: Names, zone: ZoneInfo) -> Iterator[tuple[str, str | None, str]]:
    payload: dict[str, Any] = row.payload if isinstance(row.payload, dict) else {}
    for column, value in payload.items():
        if column in UNSAID:
            continue
        said = FIELDS.get(column, column)
        target = _target(row.object_kind, column)

        def say(value: Any, column: str = column, target: str | None = target) -> str:
            return _said(row.object_kind, column, target, value, names, zone)

        if row.action == "change" and isinstance(value, list) and len(value) == 2:
            yield said, say(value[0]), say(value[1])
        else:
            yield said, None, say(value)


def _said(kind: str, column: str, target: str | None, value: Any, names: Names, zone: ZoneInfo) -> str:
    if value is None or value in ("", [], {}):
        return "tomt"
    if target is not None:
        return _named(names, target, value) or f"nr. {value}"
    if column in YES_NO:
        return "ja" if value else "nej"
    codes = CODES.get((kind, column), {})
    return codes[value] if isinstance(value, str) and value in codes else _plain(value, zone)


def _plain(value: Any, zone: ZoneInfo) -> str:
    """A value as people write it: days and times in words, collections with commas."""
    if isinstance(value, str) and MOMENT.fullmatch(value):
        local = datetime.fromisoformat(value).astimezone(zone)
        return f"{danish.long_date(local.date())} kl. {local.hour}.{local.minute:02}"
    if isinstance(value, str) and DAY.fullmatch(value):
        return danish.long_date(date.fromisoformat(value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {inner}" for key, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


# --- Names ----------------------------------------------------------------------------------------


def _target(kind: str, column: str) -> str | None:
    """The table a column names a row of."""
    table = Base.metadata.tables.get(kind)
    if table is None or column not in table.c:
        return None
    return next(
        (key.column.table.name for key in table.c[column].foreign_keys if key.column.name == "id"), None
    )


def _named(names: Names, kind: str, id: object) -> str | None:
    return names.get((kind, int(str(id)))) if str(id).isdecimal() else None


def _names(db: Session, rows: Iterable[AuditEvent]) -> Names:
    wanted: dict[str, set[int]] = {name: set() for name in NAMED}
    for row in rows:
        if row.user_id is not None:
            wanted["user_account"].add(row.user_id)
        _want(wanted, row.object_kind, [row.object_id])
        payload = row.payload if isinstance(row.payload, dict) else {}
        for column, value in payload.items():
            if target := _target(row.object_kind, column):
                _want(wanted, target, value if isinstance(value, list) else [value])
    return trail.names(db, wanted)


def _want(wanted: dict[str, set[int]], kind: str, ids: Iterable[object]) -> None:
    if kind in wanted:
        wanted[kind] |= {int(str(id)) for id in ids if str(id).isdecimal() and len(str(id)) < 18}
