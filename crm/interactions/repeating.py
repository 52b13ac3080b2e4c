"""When a follow-up that repeats comes again: every so many days, weeks or months."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from crm.errors import Refused

MOST = 366
DECEMBER = 12


class RepeatUnit(StrEnum):
    """What a follow-up that repeats counts in."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Repeat:
    """Every so many days, weeks or months."""

    every: int
    unit: RepeatUnit


def repeat_of(every: int | None, unit: str | None, field: str = "repeat") -> Repeat | None:
    """The repetition that was asked for; None for none. Refused beside `field` when it cannot be one."""
    if every is None and not unit:
        return None
    if unit not in set(RepeatUnit):
        raise Refused(field, "Vælg, om det gentages i dage, uger eller måneder.")
    if every is None or not 1 <= every <= MOST:
        raise Refused(field, f"Skriv et tal mellem 1 og {MOST}.")
    return Repeat(every, RepeatUnit(unit))


def next_day(due: date, repeat: Repeat, today: date, day_of_month: int | None = None) -> date:
    """The first day of the row that begins at `due` that lies after both `due` and today.

    A month too short for `day_of_month` has it on its last day, and the month after has its own again.
    """
    if repeat.unit == RepeatUnit.MONTH:
        return _next_month(due, repeat.every, today, day_of_month or due.day)
    step = repeat.every * (7 if repeat.unit == RepeatUnit.WEEK else 1)
    passed = max(0, (today - due).days // step)
    return due + timedelta(days=step * (passed + 1))


def _next_month(due: date, every: int, today: date, wanted: int) -> date:
    month = due.year * DECEMBER + due.month - 1
    here = today.year * DECEMBER + today.month - 1
    # Begins at the last turn that can still lie before today, and takes one or two from there.
    turn = month + every * max(1, (here - month) // every)
    while (day := _in_month(turn, wanted)) <= today:
        turn += every
    return day


def _in_month(month: int, wanted: int) -> date:
    year, index = divmod(month, DECEMBER)
    return date(year, index + 1, min(wanted, calendar.monthrange(year, index + 1)[1]))
