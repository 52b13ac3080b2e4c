"""How far the first answer to a request is, in words: for its page, for lists and for Min dag."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm import danish
from crm.requests.clock import WorkingHours
from crm.requests.models import Request

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True)
class Said:
    """A word for the answer, the tone of its badge, and what is left of the time."""

    tone: str
    text: str
    left: str | None = None


def answering(asked: Request, now: datetime, hours: WorkingHours) -> Said:
    """What to say of it now."""
    if asked.answered_at is not None:
        spoken = danish.spoken_time(asked.answered_at, now, hours.zone)
        if asked.in_time == 0:
            return Said("neutral", f"svar givet {spoken}, for sent")
        return Said("ok", f"svar givet {spoken}")
    due = danish.spoken_time(asked.answer_due_at, now, hours.zone)
    if asked.is_overdue(now):
        return Said("bad", f"svar skulle være givet {due}")
    if asked.paused_since is not None:
        days = [moment.astimezone(hours.zone).date() for moment in (asked.paused_since, now)]
        since = danish.spoken_day(days[0], days[1])
        return Said("neutral", f"på pause siden {since}, mens virksomheden svarer")
    return Said("warn", f"svar inden {due}", _left(hours.worked(now, asked.answer_due_at)))


def _left(left: timedelta) -> str:
    """ "3 timer tilbage": working time, rounded down so that nobody comes too late."""
    if left >= HOUR:
        return f"{danish.count(left // HOUR, 'time', 'timer')} tilbage"
    return f"{danish.count(left // MINUTE, 'minut', 'minutter')} tilbage"
