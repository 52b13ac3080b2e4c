"""What a company can ask for, and the schemes it may lead to: data with a first and a last day.

A reform retires some and brings others. What is out of its days cannot be chosen any more; what was asked
under it stays as it was. Each kind asks for its own few fields (`ASKED`), never for a person.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, CheckConstraint, ColumnElement, Integer, Text, bindparam, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm import danish
from crm.db import Base, Row
from crm.errors import NotFound, Refused
from crm.types import Json, SafeText


class Ask(StrEnum):
    """What a kind may ask for besides title and description."""

    WANTED = "wanted"
    HOURS = "hours"
    START = "start_on"
    DEADLINE = "deadline_on"
    PLACE = "place"
    RESPONSE = "response"
    RESULTS = "results"
    PERSONS = "persons"
    CASE = "case_reference"
    TOPIC = "topic"
    HELD = "held_on"
    SCHEME = "scheme"


# The fields of a request behind each.
ASKED: dict[Ask, tuple[str, ...]] = {
    **{ask: (str(ask),) for ask in Ask},
    Ask.HOURS: ("hours_from", "hours_to"),
    Ask.RESULTS: ("presented", "hired"),
}
OWN = tuple(name for names in ASKED.values() for name in names)
_PERIOD = "valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from"


class _Dated:
    """Something that can be chosen from its first to its last day, both included."""

    name: Mapped[str] = mapped_column(SafeText(100))
    hint: Mapped[str | None] = mapped_column(SafeText(300))
    position: Mapped[int] = mapped_column(Integer)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]

    def in_force(self, day: date) -> bool:
        """Whether it can be chosen on this day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


class KindOfRequest(_Dated, Base):
    """Something a company can ask for. Without `answer_hours` the house's own goal holds."""

    __tablename__ = "request_kind"
    __data_class__ = "organisation"
    __table_args__ = (
        CheckConstraint(_PERIOD, name="period"),
        CheckConstraint("answer_hours BETWEEN 1 AND 200", name="answer_hours"),
    )

    key: Mapped[str] = mapped_column(Text, primary_key=True, sort_order=-10)
    answer_hours: Mapped[int | None] = mapped_column(Integer)
    asks: Mapped[list[str]] = mapped_column(Json)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its own fields, in the order a form shows them."""
        return tuple(name for ask in Ask if ask in self.asks for name in ASKED[ask])


class Scheme(_Dated, Row, Base):
    """An instrument of the employment act that a request may lead to, such as løntilskud."""

    __tablename__ = "scheme"
    __data_class__ = "organisation"
    __table_args__ = (CheckConstraint(_PERIOD, name="period"),)

    key: Mapped[str] = mapped_column(SafeText(50), unique=True)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


Dated = KindOfRequest | Scheme

# --- Reads --------------------------------------------------------------------------------------

_KINDS = select(KindOfRequest).order_by(KindOfRequest.position, KindOfRequest.key)
_SCHEMES = select(Scheme).order_by(Scheme.position, Scheme.id)


def _on(thing: type[KindOfRequest | Scheme]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    day: BindParameter[date] = bindparam("day")
    return (
        or_(thing.valid_from.is_(None), thing.valid_from <= day),
        or_(thing.valid_to.is_(None), thing.valid_to >= day),
    )


# Ready beforehand: the company's page and the lists ask for them.
_KINDS_ON, _SCHEMES_ON = _KINDS.where(*_on(KindOfRequest)), _SCHEMES.where(*_on(Scheme))


def kinds(db: Session, on: date | None = None) -> Sequence[KindOfRequest]:
    """Every kind there is or has been; with a day, those that can be chosen on it."""
    return (db.scalars(_KINDS_ON, {"day": on}) if on else db.scalars(_KINDS)).all()


def schemes(db: Session, on: date | None = None) -> Sequence[Scheme]:
    """Every scheme there is or has been; with a day, those that can be chosen on it."""
    return (db.scalars(_SCHEMES_ON, {"day": on}) if on else db.scalars(_SCHEMES)).all()


def find_kind(db: Session, key: str) -> KindOfRequest | None:
    """The kind with this key, if there is one."""
    return db.get(KindOfRequest, key) if re.fullmatch("[a-z0-9_]{1,50}", key) else None


def kind(db: Session, key: str) -> KindOfRequest:
    """The kind with this key, or NotFound."""
    if (found := find_kind(db, key)) is None:
        raise NotFound("Vi kender ikke den slags henvendelse.")
    return found


def scheme(db: Session, id: int) -> Scheme:
    """The scheme with this key, or NotFound."""
    if (found := db.get(Scheme, id)) is None:
        raise NotFound("Vi kender ikke den ordning.")
    return found


def scheme_by_key(db: Session, key: str) -> Scheme | None:
    """The scheme programs know by this word."""
    return db.scalars(select(Scheme).where(Scheme.key == key)).first()


def to_choose(db: Session, key: str, day: date) -> KindOfRequest:
    """The kind with this key as it can be chosen on a day. Refuses beside "kind"."""
    found = find_kind(db, key)
    if found is None:
        raise Refused("kind", "Vælg, hvad henvendelsen handler om.")
    demand_in_force(found, day, "kind")
    return found


def demand_in_force(thing: Dated, day: date, field: str) -> None:
    """Refuses beside `field` what cannot be chosen on this day."""
    if thing.in_force(day):
        return
    if thing.valid_to is not None and day > thing.valid_to:
        raise Refused(field, f"{thing.name} ophørte {danish.long_date(thing.valid_to)} og kan ikke vælges.")
    raise Refused(field, f"{thing.name} kan først vælges fra {danish.long_date(thing.valid_from or day)}.")


# --- Writes -------------------------------------------------------------------------------------

_DATED = {"name", "hint", "position", "valid_from", "valid_to"}


def add_kind(db: Session, *, values: dict[str, Any]) -> KindOfRequest:
    """A new kind at the end of the list; its key follows from its name."""
    _check(values, _DATED | {"answer_hours", "asks"}, needed=True)
    there = kinds(db)
    # "ny" is the address of the form for a new one.
    key = _new_key(str(values["name"]), {"ny", *(each.key for each in there)})
    last = max((each.position for each in there), default=0)
    made = KindOfRequest(key=key, **({"position": last + 1, "asks": []} | values))
    db.add(made)
    db.flush()
    return made


def add_scheme(db: Session, *, values: dict[str, Any]) -> Scheme:
    """A new scheme at the end of the list; its key follows from its name."""
    _check(values, _DATED, needed=True)
    there = schemes(db)
    last = max((each.position for each in there), default=0)
    key = _new_key(str(values["name"]), {each.key for each in there})
    made = Scheme(**({"position": last + 1} | values), key=key)
    db.add(made)
    db.flush()
    return made


def change(db: Session, *, thing: Dated, values: dict[str, Any]) -> None:
    """Correct a kind or a scheme. Requests there are keep what they were promised."""
    own = {"answer_hours", "asks"} if isinstance(thing, KindOfRequest) else set()
    _check(values, _DATED | own)
    _check_period({name: values.get(name, getattr(thing, name)) for name in ("valid_from", "valid_to")})
    for name, value in values.items():
        setattr(thing, name, value)
    db.flush()


def _check(values: dict[str, Any], allowed: Collection[str], *, needed: bool = False) -> None:
    if unknown := set(values) - set(allowed):
        raise Refused(min(unknown), "Det felt kan ikke rettes.")
    if (needed or "name" in values) and not str(values.get("name") or "").strip():
        raise Refused("name", "Skriv et navn.")
    hours = values.get("answer_hours")
    if hours is not None and not 1 <= hours <= 200:
        raise Refused("answer_hours", "Skriv mellem 1 og 200 timer, eller lad feltet stå tomt.")
    position = values.get("position", 0)
    if position is None or not 0 <= position <= 10_000:
        raise Refused("position", "Skriv et tal mellem 0 og 10.000.")
    if any(ask not in set(Ask) for ask in values.get("asks") or ()):
        raise Refused("asks", "Vælg fra listen.")
    for field in ("valid_from", "valid_to"):
        if (day := values.get(field)) is not None and not 1950 <= day.year <= 2200:
            raise Refused(field, "Datoen ser forkert ud. Skriv den som 23-11-2026.")
    _check_period(values)


def _check_period(values: dict[str, Any]) -> None:
    first, last = values.get("valid_from"), values.get("valid_to")
    if first and last and last < first:
        raise Refused("valid_to", "Den sidste dag kan ikke ligge før den første.")


def _new_key(name: str, taken: Collection[str]) -> str:
    plain = "_".join(re.findall("[a-z0-9]+", danish.fold(name)))[:40].strip("_") or "andet"
    number = 1
    while (key := plain if number == 1 else f"{plain}_{number}") in taken:
        number += 1
    return key
