"""What the manager has set for the goals: a line towards the first target, and figures from elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from crm.access.models import User
from crm.db import Session
from crm.goals import indicators
from crm.goals.actions import set_target
from crm.goals.queries import objectives

# Name, unit, source, the good direction, whether it counts people, and its invented course by month.
FIGURES = (
    ("Ledighed", "%", "Jobindsats.dk", "down", False, "2,9 2,9 2,8 2,8 2,7 2,6 2,6 2,7 2,6 2,5 2,5 2,4"),
    ("Personer på sygedagpenge", "personer", "Jobindsats.dk", "down", True,
     "412 420 415 409 398 391 386 380 384 379 371 366"),
    ("Unge på ydelse, andel", "%", "Kommunens fagsystem", "down", False,
     "6,1 6,2 6,2 6,0 5,9 5,9 5,8 5,6 5,7 5,6 5,5 5,4"),
)  # fmt: skip


def lay_out(db: Session, today: date, now: datetime, by: User) -> dict[str, int]:
    """Write it all down, and say how many rows it was."""
    youth = objectives(db)[0]
    for target in youth.targets[:1]:
        begins = date(target.due.year, 1, 1)
        set_target(db, objective=youth, due=target.due, value=target.value, line_from=begins, by=by, now=now)
    number = 0
    for name, unit, source, better, people, course in FIGURES:
        made = indicators.add(db, name=name, unit=unit, source=source, better=better, counts_people=people)
        for on, said in zip(_month_ends(today, 12), course.split(), strict=True):
            indicators.type_in(
                db, indicator=made, on=on, value=Decimal(said.replace(",", ".")), by=by, now=now, today=today
            )
            number += 1
    return {"indicator": len(FIGURES), "indicator_value": number}


def _month_ends(today: date, number: int) -> list[date]:
    """The last days of the months before this one, the oldest first."""
    months = [today.year * 12 + today.month - 1 - back for back in range(number)]
    firsts = [date(month // 12, month % 12 + 1, 1) for month in reversed(months)]
    return [date.fromordinal(first.toordinal() - 1) for first in firsts]
