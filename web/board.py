"""The board as pages show it: sentences and days made of what crm/board gives, running or frozen alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from crm import danish
from crm.board.content import Content

# What a figure opens, as the address calls it → what it is in the content.
ROWS = {"nye": "received", "sene": "late", "i-tide": "in_time", "afsluttede": "closed", "loeste": "solved"}
HEADINGS = {
    "nye": "Nye henvendelser",
    "sene": "Svar, der kom for sent",
    "i-tide": "Svar i tide",
    "afsluttede": "Afsluttede henvendelser",
    "loeste": "Løste henvendelser",
}
# What became of an agreement: word, sign, and the colour that only helps.
BECAME = {
    "signed": ("Ny aftale", "plus", "ok"),
    "renewed": ("Fornyet", "again", "info"),
    "ended": ("Afsluttet", "minus", "neutral"),
    "expired": ("Udløbet", "minus", "neutral"),
}
# The programmes that ship, as one says them in a hurry; others by their name.
SHORTLY = {
    "code_of_care": "Code of Care",
    "after_school_job": "Fritidsjob",
    "sick_leave_prevention": "Sygefravær",
    "klar_til_start": "Klar til Start",
}
WEEK = 7


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@dataclass(frozen=True)
class Line:
    """An agreement that became something."""

    what: str
    sign: str
    tone: str
    id: int
    cvr: str
    name: str
    programme_key: str
    programme: str
    on: date

    @property
    def shortly(self) -> str:
        """The programme in few words."""
        return SHORTLY.get(self.programme_key, self.programme)


@dataclass(frozen=True)
class Goal:
    """One barometer: target, now, last time and pace, in words."""

    facts: dict[str, Any]
    on: date

    @property
    def share(self) -> bool:
        """Whether it is a share in per cent."""
        return bool(self.facts["counts"] == "share")

    @property
    def unit(self) -> str:
        """What stands behind its figures."""
        return " %" if self.share else ""

    @property
    def due(self) -> date | None:
        """When the target is due."""
        return _day(self.facts["due"])

    @property
    def reached(self) -> bool:
        """Whether the target is reached."""
        return (
            self.facts["target"] is not None and self.facts["value"] is not None and not self.facts["missing"]
        )

    @property
    def moved(self) -> str:
        """How it has moved since last time; empty when there is no last time."""
        before, value = self.facts["before"], self.facts["value"]
        if before is None or value is None:
            return ""
        if value == before:
            return "uændret siden sidst"
        return f"{abs(value - before)}{' procentpoint' if self.share else ''} siden sidst"

    @property
    def way(self) -> str:
        """Up, down or same, for a sign beside the word."""
        before, value = self.facts["before"], self.facts["value"]
        if before is None or value is None or before == value:
            return "same"
        return "up" if value > before else "down"

    @property
    def last_time(self) -> str:
        """What stood there last time; empty when there is no last time."""
        before = self.facts["before"]
        return "" if before is None else f"sidst {before}{self.unit}"

    @property
    def missing(self) -> str:
        """How far there is to go."""
        if self.reached:
            return "nået"
        return f"{self.facts['missing']}{self.unit} mangler" if self.facts["target"] is not None else ""

    @property
    def pace(self) -> str:
        """Where the pace of the last quarter leads."""
        if self.facts["value"] is None or self.facts["target"] is None or self.reached:
            return ""
        reached, due = _day(self.facts["reached_on"]), self.due
        if reached is None or due is None:
            return "I dette tempo nås målet ikke."
        sentence = f"I dette tempo nås målet {danish.long_date(reached)}"
        if reached <= due:
            return f"{sentence}."
        weeks = -(-(reached - due).days // WEEK)
        return f"{sentence}, {danish.count(weeks, 'uge', 'uger')} for sent."

    @property
    def pace_shortly(self) -> str:
        """The same in few words, for a wall."""
        if not self.pace:
            return ""
        reached = _day(self.facts["reached_on"])
        return (
            f"i dette tempo nås det {danish.long_date(reached)}" if reached else "i dette tempo nås det ikke"
        )

    @property
    def needed(self) -> str:
        """The pace there was, beside the one there must be."""
        if self.facts["pace_needed"] is None or self.share:
            return ""
        had, needed = (f"{self.facts[name]:.1f}".replace(".", ",") for name in ("pace_had", "pace_needed"))
        return f"Tempo: {had} om måneden. Der skal {needed} til."


@dataclass(frozen=True)
class Shown:
    """A board ready to be shown."""

    content: Content
    goals: Sequence[Goal]
    lines: Sequence[Line]

    @classmethod
    def of(cls, content: Content) -> Shown:
        """From what was frozen, or from what stands there now."""
        on = date.fromisoformat(content["on"])
        return cls(content, [Goal(each, on) for each in content["goals"]], list(_lines(content)))

    @property
    def on(self) -> date:
        """The day it is of."""
        return date.fromisoformat(self.content["on"])

    @property
    def last_on(self) -> date | None:
        """The day of the meeting before; None for the first."""
        return _day(self.content["last"]["on"]) if self.content["last"] else None

    @property
    def since(self) -> str:
        """Since when things are news."""
        return f"siden {danish.long_day(self.last_on)}" if self.last_on else "de seneste 14 dage"

    def number(self, rows: str) -> int:
        """How many requests are behind one of the figures, by the name its address has."""
        return len(self.content["requests"][ROWS[rows]])

    @property
    def answered_in_time(self) -> int | None:
        """The share of answers that came in time; None when none was due."""
        in_time, late = self.number("i-tide"), self.number("sene")
        return round(100 * in_time / (in_time + late)) if in_time + late else None

    @property
    def satisfaction(self) -> dict[str, Any] | None:
        """The share that finds it easy, when anybody has answered."""
        found: dict[str, Any] | None = self.content["satisfaction"]
        return found if found and found["value"] is not None else None


def _lines(content: Content) -> Sequence[Line]:
    return [
        Line(
            *BECAME[what], each["id"], each["cvr"], each["name"], each["programme"], each["programme_name"],
            date.fromisoformat(each["on"]),
        )
        for what in BECAME
        for each in content["agreements"][what]
    ]  # fmt: skip
