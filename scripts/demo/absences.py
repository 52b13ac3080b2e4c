"""Who is away in the demo: one colleague today, with another standing in, and one next week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from crm.access.models import User
from scripts.demo.companies import Columns
from scripts.demo.days import Days

# Places in the team: who is away, who stands in, how many days from now it begins, and how long it lasts.
PLANNED = ((1, 0, -1, 4), (2, 4, 7, 5))


def planned(days: Days, users: Sequence[User]) -> list[Columns]:
    """The absences as rows."""
    return [
        {
            "user_id": users[who].id,
            "stand_in_id": users[stand_in].id,
            "first_day": days.today + timedelta(days=begins),
            "last_day": days.today + timedelta(days=begins + lasts - 1),
            "source": "hand",
            "by_id": users[who].id,
            "created_at": days.noon(days.ago(14)),
            "version": 1,
        }
        for who, stand_in, begins, lasts in PLANNED
    ]
