"""Figures from elsewhere, typed in by hand: what they are now, how they went, and how they are corrected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload

from crm.access.models import User
from crm.errors import NotFound, Refused
from crm.goals.models import Better, Indicator, IndicatorValue

# Enough for ten years of months; older ones are on the indicator's own page.
COURSE = 130
FEW = "Antal under 5 personer skrives ikke ind, for så kan nogen kende den enkelte. Skriv 0, eller lad være."
_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d{1,2}))?")
_WITH_POINT = re.compile(r"(\d+)\.(\d{1,2})")
_PLACE = (
    func.row_number()
    .over(
        partition_by=IndicatorValue.indicator_id,
        order_by=(IndicatorValue.on.desc(), IndicatorValue.id.desc()),
    )
    .label("place")
)
_NEWEST = select(IndicatorValue, _PLACE).subquery()
_VALUE = aliased(IndicatorValue, _NEWEST)
# Ready beforehand: to build a statement takes longer than to ask it.
_COURSES = (
    select(Indicator, _VALUE)
    .outerjoin(_VALUE, (_VALUE.indicator_id == Indicator.id) & (_NEWEST.c.place <= COURSE))
    .order_by(Indicator.position, Indicator.id, _VALUE.on, _VALUE.id)
)


@dataclass(frozen=True)
class Course:
    """An indicator with the value that holds for each day, the oldest first."""

    indicator: Indicator
    values: Sequence[IndicatorValue]

    def on(self, day: date) -> IndicatorValue | None:
        """The newest value of a day or before it."""
        return next((each for each in reversed(self.values) if each.on <= day), None)

    @property
    def last(self) -> IndicatorValue | None:
        """The newest value."""
        return self.values[-1] if self.values else None

    @property
    def points(self) -> list[tuple[date, Decimal]]:
        """The values as days and numbers, for drawing."""
        return [(each.on, each.value) for each in self.values]

    @property
    def went(self) -> str | None:
        """Whether the last step was "good", "bad", "same" or neither; None while there is no step."""
        if len(self.values) < 2:
            return None
        before, now = self.values[-2].hundredths, self.values[-1].hundredths
        if before == now:
            return "same"
        if self.indicator.better == Better.EITHER:
            return "up" if now > before else "down"
        return "good" if (now > before) == (self.indicator.better == Better.UP) else "bad"


def courses(db: Session, *, until: date | None = None) -> list[Course]:
    """Every indicator that is followed, in order, with its newest values; those of one day count once."""
    found: dict[int, tuple[Indicator, dict[date, IndicatorValue]]] = {}
    rows: Iterable[tuple[Indicator, IndicatorValue | None]] = ((a, b) for a, b in db.execute(_COURSES))
    for indicator, value in rows:
        _, values = found.setdefault(indicator.id, (indicator, {}))
        if value is not None and (until is None or value.on <= until):
            values[value.on] = value  # The last one typed in for a day stands.
    return [
        Course(indicator, list(values.values()))
        for indicator, values in found.values()
        if until is None or indicator.valid_to is None or until <= indicator.valid_to
    ]


def get(db: Session, id: int) -> Indicator:
    """One indicator, or NotFound."""
    found = db.get(Indicator, id)
    if found is None:
        raise NotFound("Vi kender ikke det nøgletal.")
    return found


def typed(db: Session, indicator: Indicator, limit: int = 500) -> Sequence[IndicatorValue]:
    """Everything ever typed in, also what was corrected since: by day, the newest first."""
    return db.scalars(
        select(IndicatorValue)
        .options(joinedload(IndicatorValue.by))
        .where(IndicatorValue.indicator_id == indicator.id)
        .order_by(IndicatorValue.on.desc(), IndicatorValue.id.desc())
        .limit(limit)
    ).all()


def read_number(text: str, field: str = "value") -> Decimal:
    """A number as Danes write it: "1.234", "2,7", also "2.7"; not below 0, two decimals at the most."""
    said = "".join(text.replace("%", "").split())
    if said.startswith(("-", "\u2212")):
        raise Refused(field, "Tallet kan ikke være under 0.")
    if found := _NUMBER.fullmatch(said):
        return Decimal(f"{found[1].replace('.', '')}.{found[2] or '0'}")
    if found := _WITH_POINT.fullmatch(said):
        return Decimal(f"{found[1]}.{found[2]}")
    raise Refused(field, "Skriv et tal som 1.234 eller 2,7.")


def add(db: Session, *, name: str, unit: str, source: str, better: str, counts_people: bool) -> Indicator:
    """A new indicator, last in order."""
    values = _checked(db, name, unit, source, better)
    last = max([0, *db.scalars(select(Indicator.position))])
    made = Indicator(**values, counts_people=int(counts_people), position=last + 1)
    db.add(made)
    db.flush()
    return made


def change(db: Session, *, indicator: Indicator, name: str, unit: str, source: str, better: str) -> Indicator:
    """Correct its name, unit, source or good direction. Whether it counts people stays."""
    for field, value in _checked(db, name, unit, source, better, indicator).items():
        setattr(indicator, field, value)
    db.flush()
    return indicator


def _checked(
    db: Session, name: str, unit: str, source: str, better: str, but: Indicator | None = None
) -> dict[str, str]:
    values = {"name": " ".join(name.split()), "unit": unit.strip(), "source": source.strip()}
    asked = {"name": "Skriv, hvad nøgletallet hedder.", "unit": "Skriv enheden, f.eks. personer eller %.",
             "source": "Skriv, hvor tallet kommer fra."}  # fmt: skip
    for field, sentence in asked.items():
        if not values[field]:
            raise Refused(field, sentence)
    if better not in set(Better):
        raise Refused("better", "Vælg fra listen.")
    for each in db.scalars(select(Indicator)):
        if each is not but and each.name.casefold() == values["name"].casefold():
            raise Refused("name", "Der er allerede et nøgletal med det navn.")
    return {**values, "better": better}


def retire(db: Session, *, indicator: Indicator, valid_to: date | None) -> None:
    """Follow it no longer after a day; None follows it again."""
    indicator.valid_to = valid_to
    db.flush()


def type_in(
    db: Session,
    *,
    indicator: Indicator,
    on: date,
    value: Decimal,
    by: User,
    now: datetime,
    today: date,
    note: str | None = None,
) -> IndicatorValue:
    """What it was on a day. Another value for the same day corrects the one before, which stays in the history."""
    if not date(2000, 1, 1) <= on <= today:
        raise Refused("on", "Datoen kan ikke ligge i fremtiden, og tidligst i år 2000.")
    if not 0 <= value <= 1_000_000_000 or value != round(value, 2):
        raise Refused("value", "Skriv et tal fra 0 med højst to decimaler.")
    if indicator.unit == "%" and value > 100:
        raise Refused("value", "En andel kan ikke være over 100 %.")
    if indicator.counts_people and 0 < value < 5:
        raise Refused("value", FEW)
    made = IndicatorValue(
        indicator_id=indicator.id, counts_people=indicator.counts_people, on=on,
        hundredths=int(value * 100), note=note, at=now, by_id=by.id,
    )  # fmt: skip
    db.add(made)
    db.flush()
    return made
