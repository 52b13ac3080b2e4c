"""Programmes as data: a manager adds and corrects them; what agreements hold already stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.agreements import paper
from crm.agreements.fields import FIELDS
from crm.agreements.models import Programme
from crm.errors import Conflict, NotFound, Refused

KEY = re.compile(r"[a-z][a-z0-9_]{1,49}")
KINDS = {"company": "Med virksomheder", "partner_organisation": "Med organisationer"}
# What a manager decides; the key is set once, since lists and programs name it.
DECIDED = ("name", "kind", "asks", "standard_months", "template", "panel_sees", "valid_from", "valid_to")


def get(db: Session, id: int) -> Programme:
    """One programme, or NotFound."""
    if (found := db.get(Programme, id)) is None:
        raise NotFound("Vi kender ikke det program.")
    return found


def _check(values: Mapping[str, Any]) -> None:
    if not str(values.get("name") or "").strip():
        raise Refused("name", "Skriv programmets navn.")
    if values.get("kind") not in KINDS:
        raise Refused("kind", "Vælg, hvem aftalerne er med.")
    if set(values.get("asks") or ()) - FIELDS.keys():
        raise Refused("asks", "Vælg felter fra listen.")
    months = values.get("standard_months")
    if months is not None and not 1 <= months <= 120:
        raise Refused("standard_months", "Skriv et antal måneder fra 1 til 120.")
    begins, ends = values.get("valid_from"), values.get("valid_to")
    for field, day in (("valid_from", begins), ("valid_to", ends)):
        if day is not None and not date(2000, 1, 1) <= day <= date(2100, 1, 1):
            raise Refused(field, "Datoen ser forkert ud. Skriv den som 23-11-2026.")
    if begins and ends and ends < begins:
        raise Refused("valid_to", "Programmet kan ikke slutte, før det begynder.")
    if unknown := paper.unknown_places(values.get("template") or ""):
        raise Refused("template", f"Vi kender ikke {{{unknown[0]}}}. Brug navnene på listen.")


def _decided(values: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: values.get(name) for name in DECIDED}
    # In the house's order, whatever the order they were ticked in.
    found["asks"] = [key for key in FIELDS if key in set(values.get("asks") or ())]
    found["panel_sees"] = int(bool(values.get("panel_sees")))
    return found


def add(db: Session, *, key: str, values: Mapping[str, Any]) -> Programme:
    """Add a programme."""
    if not KEY.fullmatch(key):
        raise Refused("key", "Nøglen skal være små bogstaver a-z, tal og _, for eksempel ny_start.")
    if db.scalar(select(Programme.id).where(Programme.key == key)) is not None:
        raise Refused("key", "Nøglen findes allerede.")
    _check(values)
    made = Programme(key=key, **_decided(values))
    db.add(made)
    db.flush()
    return made


def change(
    db: Session, *, programme: Programme, values: Mapping[str, Any], seen: int | None = None
) -> Programme:
    """Decide anew what a programme is. `seen` is the version the writer had before them."""
    if seen is not None and seen != programme.version:
        raise Conflict("En kollega har rettet imens. Din tekst står her; hent siden igen for at se den nye.")
    _check(values)
    if values["kind"] != programme.kind:
        # What has counted would count no more, on every day of the past.
        raise Refused("kind", "Det kan ikke ændres. Lav et nyt program i stedet.")
    for name, value in _decided(values).items():
        if getattr(programme, name) != value:
            setattr(programme, name, value)
    db.flush()
    return programme
