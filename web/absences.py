"""Absences in words: their days, and what to know about who stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from crm import danish
from crm.db import Session
from crm.responsibility.absences import queries
from crm.responsibility.models import Absence


@dataclass(frozen=True)
class Line:
    """One absence of a list; see templates/absences/index.html. `warning` is None when all is well."""

    absence: Absence
    days: str
    warning: str | None


def days(first: date, last: date, today: date) -> str:
    """ "23. november", "23.–27. november", "30. november–4. december"; with the year when it is another."""
    ending = f"{last.day}. {danish.MONTHS[last.month - 1]}"
    if (first.year, last.year) != (today.year, today.year):
        ending += f" {last.year}"
    if first == last:
        return ending
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}.–{ending}"
    beginning = f"{first.day}. {danish.MONTHS[first.month - 1]}"
    return f"{beginning} {first.year}–{ending}" if first.year != last.year else f"{beginning}–{ending}"


def lines(db: Session, absences: Sequence[Absence], today: date) -> list[Line]:
    """These absences in words, each with what is wrong with its stand-in."""
    theirs = queries.stand_ins_away(db, absences)
    return [
        Line(each, days(each.first_day, each.last_day, today), _warning(each, theirs.get(each.id, []), today))
        for each in absences
    ]


def _warning(absence: Absence, theirs: Sequence[Absence], today: date) -> str | None:
    if absence.last_day < today:
        return None
    if absence.stand_in is None:
        return "Ingen svarer"
    if not absence.stand_in.is_active:
        return f"{absence.stand_in.first_name} er stoppet, så ingen svarer"
    if not theirs:
        return None
    when = [
        days(max(each.first_day, absence.first_day), min(each.last_day, absence.last_day), today)
        for each in theirs
    ]
    return f"{absence.stand_in.first_name} er selv væk {listed(when)}"


def listed(texts: Sequence[str]) -> str:
    """ "Anna", "Anna og Bo", "Anna, Bo og Carla"."""
    return " og ".join(filter(None, (", ".join(texts[:-1]), texts[-1]))) if texts else ""
