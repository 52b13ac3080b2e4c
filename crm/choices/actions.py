"""Choosing settings of daily running; what is said of them stands in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.choices.models import HouseSetting
from crm.choices.queries import DAILY, chosen, locked, with_values, written
from crm.errors import Conflict, Refused
from crm.settings import Settings

_SENTENCES = {
    "closes_at": "Dagen skal slutte, efter den er begyndt.",
    "morning_mail_at": "Mailen skal skrives om formiddagen, før kl. 12.",
    "closed_days": "Skriv hver dag for sig, for eksempel 24-12-2026.",
    "accessibility_url": "Skriv adressen, som den står i browseren, med https:// forrest.",
    "municipality": "Skriv kommunens navn, højst 100 tegn.",
    "second_factor": "Vælg roller fra listen.",
}


def faults(base: Settings, values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with these values, a Danish sentence for each setting; the settings class decides."""
    try:
        with_values(base, dict(values))
    except ValidationError as error:
        return {str(each["loc"][0]): _sentence(str(each["loc"][0]), dict(each)) for each in error.errors()}
    return {}


def _sentence(name: str, fault: dict[str, Any]) -> str:
    limits = fault.get("ctx", {})
    if "ge" in limits:
        return f"Skriv mindst {limits['ge']}."
    if "le" in limits:
        return f"Skriv højst {limits['le']}."
    if fault["type"].startswith("time"):
        return "Skriv et klokkeslæt, for eksempel 8.00."
    return _SENTENCES.get(name, "Skriv et helt tal.")


def choose(db: Session, *, base: Settings, values: Mapping[str, str], by: User, now: datetime) -> list[str]:
    """Let these values hold from now on; the names of those that became others.

    Raises Refused beside the first that the settings class refuses, Conflict for one that is not chosen here.
    """
    if not set(values) <= set(DAILY) - locked(base):
        raise Conflict("Den indstilling bestemmes af serveren og kan ikke ændres her.")
    rows = chosen(db)
    stored = {key: row.value or "" for key, row in rows.items() if key not in locked(base)}
    for name, sentence in faults(base, stored | dict(values)).items():
        raise Refused(name, sentence)
    changed = []
    for name, value in values.items():
        plain = written(getattr(with_values(base, stored | {name: value} | dict(values)), name))
        default = written(Settings.model_fields[name].get_default(call_default_factory=True))
        row = rows.get(name)
        if (default if row is None else row.value or "") == plain:
            continue
        changed.append(name)
        if row is None:
            db.add(HouseSetting(key=name, value=plain, changed_at=now, by_id=by.id))
        else:
            # A row is never taken away: the log says what it was and what it became.
            row.value, row.changed_at, row.by_id = plain, now, by.id
    db.flush()
    return changed
