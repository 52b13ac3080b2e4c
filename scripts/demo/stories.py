"""What happened with the invented companies: calls and visits, what was written down and what was promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from crm.interactions.models import Direction, Kind
from crm.requests.models import RequestKind
from scripts.demo import phrases
from scripts.demo.companies import Columns, Firm
from scripts.demo.days import Days

_KINDS = (
    (Kind.CALL, 56, 0.5),
    (Kind.EMAIL, 17, 0.5),
    (Kind.MEETING, 9, 0.25),
    (Kind.VISIT, 9, 0.2),
    (Kind.NOTE, 9, 0),
)
_NUMBERS = {2: "to", 3: "tre", 4: "fire", 5: "fem"}
# How many things are written down about a company in two years, by its number of employees.
_LIVELINESS = ((50, 21.0), (10, 10.0), (2, 4.4), (0, 1.8))
LEAN_CALLS = 3
ASKS, LEAN_ASKS = 0.41, 0.1


@dataclass(slots=True)
class Happening:
    """One interaction, and what it was about. `asks` says that a request came of it."""

    firm: Firm
    columns: Columns
    topic: RequestKind
    words: dict[str, Any]
    asks: bool = False

    @property
    def at(self) -> datetime:
        """When it happened."""
        moment: datetime = self.columns["happened_at"]
        return moment

    @property
    def contact_id(self) -> int | None:
        """Who it was with."""
        found: int | None = self.columns["company_contact_id"]
        return found

    def say(self, pieces: tuple[str, ...], rng: Random) -> str:
        """One of the pieces with the words filled in, beginning with a capital."""
        said = rng.choice(pieces).format(**self.words)
        return said[0].upper() + said[1:]


class Teller:
    """Tells what happened with one company after another."""

    def __init__(self, rng: Random, days: Days, colleagues: list[int]) -> None:
        self.rng, self.days, self.colleagues = rng, days, colleagues
        self._topics = list(phrases.TOPICS)
        self._weights = [topic.weight for topic in phrases.TOPICS.values()]

    def two_years(self, firm: Firm, *, lean: bool) -> Iterator[Happening]:
        """Everything that was written down about a company."""
        gone = (self.days.today - firm.values["ceased_on"]).days if firm.values["ceased_on"] else 0
        # A week is left out at the beginning, so that a closed day moved back lies inside the time as well.
        span = (self.days.now - firm.since).days - 8 - gone
        if span <= 0:
            return
        for _ in range(LEAN_CALLS if lean else self._how_often(firm.employees, span)):
            day = self.days.working(self.days.ago(gone + int(span * self.rng.random() ** 1.35)))
            if lean:
                asks = self.rng.random() < LEAN_ASKS
                yield self.happen(firm, self.days.moment(self.rng, day), Kind.CALL, Direction.IN, asks=asks)
            else:
                yield self._anything(firm, self.days.moment(self.rng, day))

    def _how_often(self, employees: int, span: int) -> int:
        mean = next(often for least, often in _LIVELINESS if employees >= least)
        return min(60, round(self.rng.expovariate(1 / mean) * min(1.0, span / 500)))

    def _anything(self, firm: Firm, at: datetime) -> Happening:
        kind, _, coming_in = self.rng.choices(_KINDS, [row[1] for row in _KINDS])[0]
        if kind is Kind.NOTE:
            return self.happen(firm, at, kind, None, asks=False)
        direction = Direction.IN if self.rng.random() < coming_in else Direction.OUT
        asks = direction is Direction.IN and firm.active and self.rng.random() < ASKS
        return self.happen(firm, at, kind, direction, asks=asks)

    def happen(
        self,
        firm: Firm,
        at: datetime,
        kind: Kind,
        direction: Direction | None,
        *,
        asks: bool,
        by: int | None = None,
    ) -> Happening:
        """One thing that happened, in the words of whoever wrote it down."""
        rng = self.rng
        topic = rng.choices(self._topics, self._weights)[0]
        role = rng.choice(firm.industry.roles)
        number = rng.choices((1, 2, 3, 4, 5), (62, 22, 9, 4, 3))[0]
        people = role.one if number == 1 else f"{_NUMBERS[number]} {role.many}"
        words = {"one": role.one, "many": role.many, "people": people, "number": number}
        there = [row for row in firm.contacts if row["ended_on"] is None and row["created_at"] <= at]
        contact = rng.choice(there) if there and kind is not Kind.NOTE and rng.random() < 0.85 else None
        writer = by or (firm.consultant_at(at) if rng.random() < 0.93 else rng.choice(self.colleagues))
        happening = Happening(firm, {
            "company_id": firm.values["id"], "kind": str(kind), "direction": str(direction) if direction else None,
            "summary": "", "happened_at": at, "company_contact_id": contact["id"] if contact else None,
            "by_id": writer, "created_at": self.days.later(at, rng.randint(1, 15)),
        }, topic, words, asks)  # fmt: skip
        happening.columns["summary"] = self._summary(happening, kind, direction)
        return happening

    def _summary(self, happening: Happening, kind: Kind, direction: Direction | None) -> str:
        rng, topic = self.rng, phrases.TOPICS[happening.topic]
        if kind is Kind.NOTE:
            return happening.say(phrases.NOTES, rng)
        if happening.asks:
            return f"{happening.say(topic.asked, rng)} {happening.say(topic.following, rng)}"
        chance = rng.random()
        if kind is Kind.CALL and direction is Direction.OUT and chance < 0.12:
            return happening.say(phrases.MISSED, rng)
        if chance < 0.35:
            return happening.say(phrases.GREETINGS, rng)
        said = happening.say(topic.talked, rng)
        return f"{said} {happening.say(topic.following, rng)}" if chance < 0.55 else said

    def promised(self, happening: Happening) -> Columns | None:
        """The follow-up that came of it, if any; done when its day is over."""
        if self.rng.random() >= 0.14 or not happening.firm.active or happening.columns["kind"] == Kind.NOTE:
            return None
        day = self.days.working(happening.at.date() + timedelta(days=self.rng.randint(8, 45)))
        row = self.follow_up(happening.firm, day, happening)
        if day < self.days.today:
            done_at = self.days.moment(self.rng, day)
            row |= {"done_at": done_at, "done_by_id": happening.firm.consultant_at(done_at)}
        return row

    def follow_up(
        self, firm: Firm, day: date, happening: Happening | None, owner: int | None = None
    ) -> Columns:
        """An open follow-up for a day. Its interaction is filled in once it has its key."""
        told = happening or self.happen(firm, self.days.now, Kind.CALL, Direction.OUT, asks=False)
        made = happening.columns["created_at"] if happening else self.days.noon(self.days.working_ago(9))
        text = told.say(phrases.TOPICS[told.topic].promises, self.rng)
        return {
            "company_id": firm.values["id"], "interaction_id": None,
            "owner_id": owner or firm.consultant, "due": day,
            "text": text, "created_at": made, "done_at": None, "done_by_id": None, "told": happening,
            "call_back": int(text.startswith("Ring ")), "moves": 0,
        }  # fmt: skip

    def profile(self, firm: Firm) -> Iterator[Columns]:
        """What we know about the company, for the ones we know well; some in two versions."""
        if not firm.active or self.rng.random() >= (0.42 if firm.employees >= 10 else 0.035):
            return
        known = (self.days.now - firm.since).days
        days = sorted(
            (self.rng.randint(1, max(1, known - 1)) for _ in range(self.rng.choice((1, 1, 1, 2)))),
            reverse=True,
        )
        told = self.happen(firm, self.days.now, Kind.NOTE, None, asks=False)
        for version, ago in enumerate(dict.fromkeys(days), 1):
            at = self.days.moment(self.rng, self.days.ago(ago))
            yield {
                "company_id": firm.values["id"], "version": version, "needs": told.say(phrases.NEEDS, self.rng),
                "profiles_wanted": told.say(phrases.PROFILES, self.rng),
                "practical_frames": told.say(phrases.FRAMES, self.rng), "by_id": firm.consultant_at(at), "at": at,
            }  # fmt: skip
