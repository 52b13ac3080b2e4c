"""Whether a target will be reached, and when: the rules, and how they are said.

The pace is what has come, less what has gone, in the last 90 days. It is a sober guess and no promise, so it
is said in words that show what it stands on, and not said at all while there is too little to stand on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from crm.danish import MONTHS, count

# Long enough to be no accident, short enough to be felt.
PACE_OVER = timedelta(days=90)
# Before this much time has passed since the first company, its coming says nothing of a pace.
TOO_SHORT = timedelta(days=30)
# What comes this much too late is not told as a day: nobody plans by it.
TOO_FAR = timedelta(days=366)
# A day this near needs no year.
NEAR = timedelta(days=300)
WEEK = timedelta(days=7)


class Outcome(StrEnum):
    """What can be said of a target."""

    NO_TARGET = "no_target"
    NO_ANSWERS = "no_answers"
    REACHED = "reached"
    MISSED = "missed"
    TOO_LITTLE = "too_little"
    IN_TIME = "in_time"
    LATE = "late"
    NOT_REACHED = "not_reached"
    BEHIND = "behind"  # a share below its target: answers have no pace


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an objective is on a day, and what it was 90 days before.

    `first_on` is the first day anything counted at all. `offered` and `in_dialogue` are companies that do not
    count yet; they are None where they are not known, as on a day that has passed.
    """

    on: date
    value: int | None
    before: int | None = None
    target: int | None = None
    due: date | None = None
    first_on: date | None = None
    offered: int | None = None
    in_dialogue: int | None = None
    is_share: bool = False

    @property
    def missing(self) -> int:
        """How many are missing to the target."""
        return max(0, (self.target or 0) - (self.value or 0))

    @property
    def gained(self) -> int:
        """What the last 90 days gave. Negative when more left than came."""
        return 0 if self.value is None or self.before is None else self.value - self.before


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected, and the sentence that says it."""

    outcome: Outcome
    missing: int
    day: date | None = None
    sentence: str = ""
    pipeline: str = ""

    @property
    def words(self) -> str:
        """All that is said, in one line."""
        return " ".join(filter(None, (self.sentence, self.pipeline)))


def day_reached(standing: Standing) -> date | None:
    """The first day on which the target is reached at the pace of the last 90 days; None when it never is."""
    if not standing.missing or standing.gained <= 0:
        return None
    days = -(-standing.missing * PACE_OVER.days // standing.gained)
    return standing.on + timedelta(days=days) if days < 36_500 else None


def outcome(standing: Standing) -> Outcome:
    """Which of the things that can be said holds."""
    if standing.value is None:
        return Outcome.NO_ANSWERS
    if standing.target is None or standing.due is None:
        return Outcome.NO_TARGET
    if not standing.missing:
        return Outcome.REACHED
    if standing.due < standing.on:
        return Outcome.MISSED
    return Outcome.BEHIND if standing.is_share else _at_this_pace(standing, standing.due)


def _at_this_pace(standing: Standing, due: date) -> Outcome:
    if standing.first_on is None or standing.on - standing.first_on < TOO_SHORT:
        return Outcome.TOO_LITTLE
    day = day_reached(standing)
    if day is None or day > due + TOO_FAR:
        return Outcome.NOT_REACHED
    return Outcome.IN_TIME if day <= due else Outcome.LATE


def forecast(standing: Standing) -> Forecast:
    """What is to be expected of an objective, in words."""
    found = outcome(standing)
    day = day_reached(standing) if found in {Outcome.IN_TIME, Outcome.LATE} else None
    sentence = _sentence(standing, found, day)
    return Forecast(found, standing.missing, day, sentence, _pipeline(standing, found))


def _sentence(standing: Standing, found: Outcome, day: date | None) -> str:
    due = spoken(standing.due, standing.on) if standing.due else ""
    missing = standing.missing
    short = f"{count(missing, 'procentpoint', 'procentpoint')}" if standing.is_share else f"{missing}"
    return {
        Outcome.NO_TARGET: "Der er ikke sat et måltal.",
        Outcome.NO_ANSWERS: "Der er for få svar til at sige noget endnu.",
        Outcome.REACHED: "Målet er nået.",
        Outcome.MISSED: f"Målet blev ikke nået {due}; der mangler {short}.",
        Outcome.TOO_LITTLE: f"{short} mangler. Det er for tidligt at sige, hvornår målet nås.",
        Outcome.IN_TIME: f"{short} mangler. I dette tempo nås målet {spoken(day, standing.on)}.",
        Outcome.LATE: f"{short} mangler. I dette tempo nås målet {spoken(day, standing.on)}, "
        f"{_late(day, standing.due)} for sent.",
        Outcome.NOT_REACHED: f"I dette tempo nås målet ikke inden {due}; der mangler {short}.",
        Outcome.BEHIND: f"{short} mangler. Målet skal være nået {due}.",
    }[found]


def _late(day: date | None, due: date | None) -> str:
    days = (day - due).days if day and due else 0
    return count(days, "dag", "dage") if days < 14 else count(round(days / 7), "uge", "uger")


def _pipeline(standing: Standing, found: Outcome) -> str:
    """Who is on the way, and whether they would be enough."""
    offered, talking = standing.offered or 0, standing.in_dialogue or 0
    silent = {Outcome.NO_ANSWERS, Outcome.NO_TARGET, Outcome.REACHED, Outcome.MISSED}
    if standing.is_share or found in silent or not offered + talking:
        return ""
    parts = [f"{offered} har fået tilbud"] if offered else []
    parts += [f"{talking} er i dialog"] if talking else []
    said = f"{', '.join(parts)}."
    if offered >= standing.missing:
        return f"{said} Siger {_of_them(offered, standing.missing)} ja til tilbuddet, er målet nået."
    if offered + talking >= standing.missing:
        return f"{said} Bliver {_of_them(offered + talking, standing.missing)} til aftaler, er målet nået."
    return f"{said} Også når alle bliver til aftaler, mangler der {standing.missing - offered - talking}."


def _of_them(there: int, needed: int) -> str:
    if there == needed:
        return "den" if there == 1 else "de alle"
    return f"{needed} af dem"


def spoken(day: date | None, today: date) -> str:
    """ "14. februar", and the year where it is not clear which one."""
    if day is None:
        return ""
    near = abs(day - today) <= NEAR
    return f"{day.day}. {MONTHS[day.month - 1]}" + ("" if near else f" {day.year}")
