"""Reads what a list is to be narrowed to, and says it again in words.

A value that cannot be read is an error beside its field. One that no longer makes sense, such as a colleague
who has left in a view saved long ago, is a sentence above the list: a saved view never fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from crm.access import queries as users
from crm.errors import NotFound
from crm.lists.queries import Choices
from web.deps import Visit
from web.forms import Form

MINE = "mig"


@dataclass
class Reader:
    """The fields of a list's filter, each read once."""

    visit: Visit
    form: Form
    team: Mapping[int, str]
    choices: Choices
    told: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self, name: str, label: str) -> str | None:
        """Words."""
        value = self.form.text(name)
        if value is not None:
            self.told.append((label, value))
        return value

    def flag(self, name: str, label: str) -> bool:
        """A cross."""
        crossed = self.form.text(name) is not None
        if crossed:
            self.told.append((label, "ja"))
        return crossed

    def number(self, name: str, label: str, most: int, unit: str = "") -> int | None:
        """A whole number up to `most`."""
        value = self.form.number(name)
        if value is not None and value > most:
            self.form.refuse(name, f"Skriv et tal fra 0 til {most}.")
            return None
        if value is not None:
            self.told.append((label, f"{value}{unit}"))
        return value

    def day(self, name: str, label: str) -> date | None:
        """A day, in any way Danes write it."""
        value = self.form.day(name, self.visit.today)
        if value is not None:
            self.told.append((label, f"{value:%d-%m-%Y}"))
        return value

    def choice(self, name: str, label: str, known: Mapping[str, str], gone: str) -> str | None:
        """One of these. What is not among them any more is asked for all the same, and `gone` says so."""
        value = self.form.text(name)
        if value is None:
            return None
        if value not in known:
            self.notes.append(gone)
        self.told.append((label, known.get(value, value)))
        return value

    def yes_or_no(self, name: str, label: str) -> bool | None:
        """Only those who are, only those who are not, or all."""
        value = self.form.choice(name, ("ja", "nej"))
        if value is not None:
            self.told.append((label, value))
        return None if value is None else value == "ja"

    def key(self, name: str, label: str, known: Mapping[int, str], gone: str) -> int | None:
        """The key of one of these."""
        value = self.form.text(name)
        if value is None:
            return None
        if not value.isdecimal() or len(value) > 9:
            self.form.refuse(name, "Vælg fra listen.")
            return None
        if int(value) not in known:
            self.notes.append(gone)
        self.told.append((label, known.get(int(value), value)))
        return int(value)

    def user(self, name: str, label: str, closed: str) -> int | None:
        """A colleague, or "mig" for whoever looks. `closed` says what follows from one who has left."""
        value = self.form.text(name)
        if value == MINE:
            self.told.append((label, self.visit.me.name))
            return self.visit.me.id
        if value is None:
            return None
        if not value.isdecimal() or len(value) > 9:
            self.form.refuse(name, "Vælg fra listen.")
            return None
        who = self.team.get(int(value)) or self._former(int(value), closed)
        self.told.append((label, who))
        return int(value)

    def _former(self, id: int, closed: str) -> str:
        try:
            who = users.get(self.visit.db, id).name
        except NotFound:
            who = "Kollegaen i udvalget"
            self.notes.append("Kollegaen i udvalget findes ikke.")
        else:
            self.notes.append(closed.format(who))
        return who
