"""A consultant's day as one list, the most urgent first: for the page, the morning mail and the calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.access.queries import token_hash
from crm.agreements.models import AgreementState
from crm.board.models import BoardAction
from crm.board.queries import actions_of
from crm.day import sources
from crm.day.models import DayChoice
from crm.day.tasks import (
    Line,
    Speech,
    Task,
    of_comment,
    of_expiry,
    of_follow_up,
    of_offer,
    of_quiet,
    of_request,
)
from crm.interactions.repeating import Repeat, RepeatUnit, next_day
from crm.periods import begins
from crm.requests.covered import covered_follow_ups, covered_requests
from crm.responsibility.absences import ways as absences
from crm.responsibility.absences.ways import Cover
from crm.responsibility.models import Absence
from crm.settings import Settings

# So far ahead a day shows what is coming.
AHEAD = timedelta(days=7)
# At most so many lines of each source.
MOST = 40
QUIET_A_DAY = 5
# A calendar reaches further, and shows more.
CALENDAR_AHEAD, CALENDAR_MOST = timedelta(days=366), 300


@dataclass(frozen=True)
class Plan:
    """A day: what to do now, and what is to come, under way or waiting. Both by urgency.

    `covering` are the colleagues who are covered today, with what to call them; `absence` is the user's own.
    With `more` there was more of something than a day shows. `agreed` is what was agreed at the board; it belongs to
    no company, and is done and moved there.
    """

    now: list[Task]
    later: list[Task]
    covering: list[tuple[str, Cover]]
    absence: Absence | None
    more: bool
    agreed: Sequence[BoardAction] = ()

    @property
    def urgent(self) -> int:
        """How much of it cannot wait."""
        return sum(task.tone == "bad" for task in self.now)

    @property
    def tasks(self) -> list[Task]:
        """Everything, in order."""
        return [*self.now, *self.later]


@dataclass(frozen=True)
class _Asked:
    """Whose day is asked for, and when it is."""

    db: Session
    user: User
    settings: Settings
    speech: Speech
    covers: Sequence[Cover]

    @property
    def today(self) -> date:
        return self.speech.today

    @property
    def began(self) -> datetime:
        """When the day began."""
        return begins(self.today, self.speech.zone)


def plan(db: Session, user: User, *, settings: Settings, now: datetime) -> Plan:
    """This user's day, with what is covered for colleagues who are away."""
    zone = settings.zone
    today = now.astimezone(zone).date()
    away = absences.away(db, today)
    covers = absences.covers(db, user, today, absences=away)
    names = names_of([cover.colleague for cover in covers])
    asked = _Asked(db, user, settings, Speech(now, zone, names), covers)
    lists = [source(asked) for source in SOURCES]
    found = sorted((task for each in lists for task in each), key=lambda task: (task.urgency, task.order))
    return Plan(
        now=[task for task in found if not task.later],
        later=[task for task in found if task.later],
        covering=[(names[cover.colleague.id], cover) for cover in covers],
        absence=next((each for each in away if each.user_id == user.id), None),
        more=any(len(each) >= MOST for each in lists),
        agreed=actions_of(db, user, today + AHEAD),
    )


def names_of(colleagues: Sequence[User]) -> dict[int, str]:
    """What to call these colleagues: by their first names, by the whole name where two have the same."""
    firsts = Counter(each.first_name for each in colleagues)
    return {each.id: each.first_name if firsts[each.first_name] == 1 else each.name for each in colleagues}


def _requests(asked: _Asked) -> list[Task]:
    found = sources.requests(asked.db, asked.user, asked.today, MOST)
    return [of_request(each, asked.speech) for each in found]


def _covered_requests(asked: _Asked) -> list[Task]:
    found = covered_requests(asked.db, asked.covers, zone=asked.speech.zone)
    return [of_request(each, asked.speech) for each in found]


def _follow_ups(asked: _Asked) -> list[Task]:
    found = sources.follow_ups(asked.db, asked.user, asked.today + AHEAD, MOST)
    return [of_follow_up(each, asked.speech) for each in found]


def _covered_follow_ups(asked: _Asked) -> list[Task]:
    found = covered_follow_ups(asked.db, asked.covers, until=asked.today + AHEAD)
    return [of_follow_up(each, asked.speech) for each in found]


def _agreements(asked: _Asked) -> list[Task]:
    margin = timedelta(days=asked.settings.expiry_days)
    found = sources.agreements(
        asked.db,
        asked.user,
        since=asked.today - margin,
        until=asked.today + margin,
        today=asked.today,
        limit=MOST,
    )
    return [
        of_offer(each, on, asked.speech)
        if each.state == AgreementState.OFFERED
        else of_expiry(each, asked.speech)
        for each, on in found
    ]


def _quiet(asked: _Asked) -> list[Task]:
    found = sources.quiet_companies(
        asked.db,
        asked.user,
        quiet_since=quiet_since(asked.settings, asked.speech.now),
        began=asked.began,
        today=asked.today,
        limit=QUIET_A_DAY,
    )
    return [of_quiet(each, asked.speech, place) for place, each in enumerate(found)]


def _comments(asked: _Asked) -> list[Task]:
    found = sources.comments(asked.db, asked.user, asked.today, MOST)
    return [of_comment(each, asked.speech) for each in found]


# A new kind of line is one function, and its name here.
SOURCES = (_requests, _covered_requests, _follow_ups, _covered_follow_ups, _agreements, _quiet, _comments)


def quiet_since(settings: Settings, now: datetime) -> datetime:
    """A company that was last spoken with before this is quiet."""
    return now - timedelta(days=round(settings.quiet_months * 30.44))


def quiet_again(settings: Settings, today: date) -> date:
    """The day a quiet company that was seen to may be quiet again."""
    return next_day(today, Repeat(settings.quiet_months, RepeatUnit.MONTH), today)


def with_days(db: Session, user: User, *, settings: Settings, now: datetime) -> list[Task]:
    """Everything of the user's that has a day in the year to come, or whose day has passed."""
    speech = Speech(now, settings.zone)
    today = speech.today
    tasks = [of_request(each, speech) for each in sources.requests(db, user, date.max, CALENDAR_MOST)]
    promised = sources.follow_ups(db, user, today + CALENDAR_AHEAD, CALENDAR_MOST)
    tasks += [of_follow_up(each, speech) for each in promised]
    ending = sources.agreements(
        db, user, since=today, until=today + CALENDAR_AHEAD, today=date.max, limit=CALENDAR_MOST
    )
    tasks += [of_expiry(each, speech) for each, _ in ending if each.state != AgreementState.OFFERED]
    return [task for task in tasks if task.due is not None]


def find(plan: Plan, line: Line) -> Task | None:
    """The line with this name in a plan."""
    return next((task for task in plan.tasks if task.line == line), None)


# --- How somebody wants to be told ----------------------------------------------------------------

_OF_CALENDAR = (
    select(User)
    .join(DayChoice, DayChoice.user_id == User.id)
    .where(DayChoice.calendar_hash == bindparam("hash"), User.is_active == 1)
)


def choice(db: Session, user: User) -> DayChoice | None:
    """What the user has chosen; None when nothing yet."""
    return db.get(DayChoice, user.id)


def user_of_calendar(db: Session, token: str) -> User | None:
    """Whose calendar has this secret; None when nobody's, or when the user was closed."""
    return db.scalars(_OF_CALENDAR, {"hash": token_hash(token)}).first()
