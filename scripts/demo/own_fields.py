"""What a request of each kind holds besides its title: counts, hours, days and places, and never a person.

The chance is another one than the rest of the demo draws from, so that the rest comes out as it did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from crm.requests.kinds import OWN, Scheme
from crm.requests.models import RequestKind
from scripts.demo.companies import Columns
from scripts.demo.days import CLOCK, Days
from scripts.demo.stories import Happening

_SEED = 4
_FULL_TIME = ((37, None), (37, 37), (30, 37), (25, 37), (25, 30), (15, 25))
_ANSWERS = (
    "Mail med CV til lederen", "Ring mellem 9 og 11", "Ansøgning på virksomhedens hjemmeside",
    "Kom forbi og hils på, gerne om formiddagen",
)  # fmt: skip
_FORMS = (
    "Refusion ved sygdom", "Løntilskud i VITAS", "Praktikaftale i VITAS", "§ 56-aftale", "Mulighedserklæring",
    "Fleksjob: timer og løn", "Personlig assistance",
)  # fmt: skip
# Which schemes a kind leads to, the likeliest first, and how often it leads to one.
_SCHEMES: dict[RequestKind, tuple[float, tuple[str, ...]]] = {
    RequestKind.RECRUITMENT: (0.35, ("wage_subsidy", "work_placement", "adult_apprenticeship", "flex_job")),
    RequestKind.RETENTION: (0.5, ("personal_assistance", "assistive_aid", "section_56_agreement", "mentor")),
    RequestKind.GUIDANCE: (0.3, ("wage_subsidy", "flex_job", "section_56_agreement", "job_rotation")),
    RequestKind.ONBOARDING: (0.4, ("mentor", "assistive_aid")),
    RequestKind.INCLUSION: (0.3, ("flex_job",)),
    RequestKind.WORK_PLACEMENT: (0.9, ("work_placement", "wage_subsidy", "job_rotation")),
}


class Filler:
    """Fills in the own fields of one request after the other."""

    def __init__(self, schemes: Sequence[Scheme]) -> None:
        self.rng = Random(_SEED)  # noqa: S311  # The demo shall come out alike every time.
        self.schemes = {each.key: each for each in schemes}
        self._by_kind: dict[RequestKind, Callable[[Happening], Columns]] = {
            RequestKind.RECRUITMENT: self._recruitment,
            RequestKind.RETENTION: lambda told: self._case(told, 0.6),
            RequestKind.GUIDANCE: lambda _: {"topic": self.rng.choice(_FORMS)},
            RequestKind.ONBOARDING: lambda told: (
                self._case(told, 0.4) | {"start_on": self._ahead(told, 7, 40)}
            ),
            RequestKind.INCLUSION: lambda _: {
                "wanted": self.rng.randint(1, 3),
                "hours_from": 8,
                "hours_to": 12,
            },
            RequestKind.AFTER_SCHOOL_JOB: self._few_hours,
            RequestKind.WORK_PLACEMENT: lambda told: self._position(told, _FULL_TIME[2:]),
            RequestKind.IPS: self._few_hours,
            RequestKind.STRESS_COURSE: lambda told: self._event(told, 6, 25),
            RequestKind.JOB_FAIR: lambda told: self._event(told, 1, 3),
        }

    def fields(self, told: Happening, title: str) -> Columns:
        """Every own field of the request; what its kind does not ask for is None."""
        found: Columns = dict.fromkeys([name for name in OWN if name != "scheme"])
        found |= self._by_kind[told.topic](told)
        if "2 medarbejdere" in title:
            found["persons"] = 2
        return found | {"scheme_id": self._scheme(told.topic, told.at.astimezone(CLOCK.zone).date())}

    def pause(self, days: Days, received: datetime) -> tuple[datetime | None, datetime | None]:
        """From when until when a first answer waited for the company, for one in fifteen."""
        if self.rng.random() > 0.07:
            return None, None
        paused = CLOCK.due(received, 1)
        resumed = CLOCK.due(paused, self.rng.randint(3, 30))
        return (paused, resumed) if resumed < days.now else (None, None)

    def _recruitment(self, told: Happening) -> Columns:
        position = self._position(told, _FULL_TIME) | {"response": self.rng.choice(_ANSWERS)}
        return position | {"deadline_on": self._ahead(told, 7, 21) if self.rng.random() < 0.7 else None}

    def _position(self, told: Happening, hours: Sequence[tuple[int, int | None]]) -> Columns:
        low, high = self.rng.choice(hours)
        return {
            "wanted": told.words["number"], "hours_from": low, "hours_to": high,
            "start_on": self._ahead(told, 21, 70), "place": self._place(told),
        }  # fmt: skip

    def _few_hours(self, told: Happening) -> Columns:
        return self._position(told, ((4, 8), (6, 6), (8, 12)))

    def _case(self, told: Happening, chance: float) -> Columns:
        number = f"{told.at:%y}/{self.rng.randint(1000, 29_999):06}" if self.rng.random() < chance else None
        return {"persons": 1, "case_reference": number}

    def _event(self, told: Happening, least: int, most: int) -> Columns:
        return {"held_on": self._ahead(told, 20, 60), "persons": self.rng.randint(least, most)}

    def _ahead(self, told: Happening, least: int, most: int) -> date:
        day = told.at.date() + timedelta(days=self.rng.randint(least, most))
        while not CLOCK.open_on(day):
            day += timedelta(days=1)
        return day

    def _place(self, told: Happening) -> str | None:
        values: dict[str, Any] = told.firm.values
        if self.rng.random() < 0.4:
            return None
        return ", ".join(filter(None, (values.get("street"), values.get("city")))) or None

    def _scheme(self, kind: RequestKind, day: date) -> int | None:
        chance, keys = _SCHEMES.get(kind, (0.0, ()))
        if self.rng.random() >= chance:
            return None
        weights = range(len(keys), 0, -1)
        scheme = self.schemes.get(self.rng.choices(keys, weights)[0])
        return scheme.id if scheme and scheme.in_force(day) else None
