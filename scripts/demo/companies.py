"""Invented companies with their places of work, the people there, and whose they are in the house."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from crm import danish
from crm.companies.actions import with_derived
from crm.numbers import demo_cvr
from crm.responsibility.actions import Distribution
from scripts.demo import people, places
from scripts.demo.days import SINCE, Days
from scripts.demo.industries import INDUSTRIES, WEIGHTS, Industry

Columns = dict[str, Any]
# The register's bands of employees: from, to, and how many of a hundred companies lie there.
BANDS = (
    (0, 0, 14), (1, 1, 30), (2, 4, 21), (5, 9, 13), (10, 19, 10), (20, 49, 7), (50, 99, 3), (100, 199, 1.3),
    (200, 499, 0.7),
)  # fmt: skip
REGISTER_STATES = (("NORMAL", 93.5), ("UNDERREKONSTRUKTION", 1.2), ("UNDERKONKURS", 0.6), ("OPHØRT", 4.7))
HANDOVER_REASONS = (
    "Områderne blev fordelt på ny", "Ny kollega har overtaget branchen", "Efter ønske fra virksomheden",
    "Virksomheden er flyttet til et andet område", "Barselsvikariat er slut",
)  # fmt: skip


@dataclass(slots=True)
class Firm:
    """A company on its way into the database."""

    values: Columns
    industry: Industry
    since: datetime
    assignments: list[Columns]
    units: list[Columns] = field(default_factory=list)
    contacts: list[Columns] = field(default_factory=list)

    @property
    def employees(self) -> int:
        """The lower end of the register's band."""
        return int(self.values["employees_from"])

    @property
    def active(self) -> bool:
        """Whether it still exists."""
        return bool(self.values["active"])

    @property
    def consultant(self) -> int:
        """Whose it is now."""
        return int(self.assignments[-1]["user_id"])

    def consultant_at(self, moment: datetime) -> int:
        """Whose it was then."""
        for row in reversed(self.assignments):
            if row["valid_from"] <= moment:
                return int(row["user_id"])
        return int(self.assignments[0]["user_id"])


class Founder:
    """Founds companies one after another; remembers names and numbers already given."""

    def __init__(self, rng: Random, days: Days, distribution: Distribution, manager_id: int) -> None:
        self.rng, self.days, self.distribution, self.manager_id = rng, days, distribution, manager_id
        self.names: set[str] = set()
        self.founded = self.units = self.people = 0

    def found(self, *, lean: bool) -> Firm:
        """The next company. A lean one has one contact, as the benchmark wants it."""
        rng = self.rng
        industry = rng.choices(INDUSTRIES, WEIGHTS)[0]
        low, high, _ = rng.choices(BANDS, [band[2] for band in BANDS])[0]
        values = self._values(industry, low, high)
        since = self._since()
        firm = Firm(values, industry, since, list(self._chain(values, since)))
        firm.units = list(self._units(firm))
        firm.contacts = [self._contact(firm) for _ in range(1 if lean else self._how_many_people(low))]
        return firm

    def _values(self, industry: Industry, low: int, high: int) -> Columns:
        rng, number = self.rng, self.founded
        self.founded += 1
        where = places.somewhere(rng, employees=low)
        form = self._form(low)
        name = self._name(industry, form)
        status = rng.choices([row[0] for row in REGISTER_STATES], [row[1] for row in REGISTER_STATES])[0]
        slug = danish.fold_company(name).replace(" ", "-")
        founded = self.days.ago(rng.randint(400, 11_000))
        ceased = self.days.ago(rng.randint(10, 390)) if status == "OPHØRT" else None
        return with_derived({
            "cvr": demo_cvr(number), "name": name, "aliases": None, "legal_form": form,
            "street": where.street, "city_part": None, "postal_code": where.postal_code, "city": where.city,
            "municipality_code": where.municipality_code, "phone": people.landline(number),
            "email": f"kontakt@{slug}.test", "website": f"www.{slug}.test" if rng.random() < 0.6 else None,
            "industry_code": industry.code, "industry_text": industry.text,
            "employees_from": low, "employees_to": high, "employees_at": self.days.ago(150).replace(day=1),
            "status": status, "active": int(ceased is None),
            "advertising_protected": int(rng.random() < 0.6), "founded_on": founded, "ceased_on": ceased,
            "register_said_at": self.days.noon(self.days.ago(rng.randint(30, 600))),
            "register_read_at": self.days.noon(self.days.ago(2)), "register_digest": None,
            "source": "register", "kept_by_hand": {}, "has_responsible": 1, "last_contact_at": None, "version": 1,
        })  # fmt: skip

    def _form(self, employees: int) -> str:
        shares = {"ENK": 45, "APS": 50, "I/S": 5} if employees < 5 else {"APS": 72, "A/S": 28}
        return self.rng.choices(list(shares), list(shares.values()))[0]

    def _name(self, industry: Industry, form: str) -> str:
        rng = self.rng
        ending = {"APS": " ApS", "A/S": " A/S", "I/S": " I/S"}.get(form, "")
        while True:
            trade, first = rng.choice(industry.trades), people.family_name(rng)
            pattern = rng.choice(("{first} {trade}", "{first}s {trade}", "{first} & {second} {trade}"))
            name = pattern.format(first=first, trade=trade, second=people.family_name(rng)) + ending
            if name not in self.names:
                self.names.add(name)
                return name

    def _since(self) -> datetime:
        # Most were there when the house began; the rest came one by one.
        days = SINCE if self.rng.random() < 0.8 else self.rng.randint(20, SINCE)
        return self.days.noon(self.days.ago(days))

    def _chain(self, values: Columns, since: datetime) -> Iterator[Columns]:
        """Who had the company before, if anyone, and the one the rules picked."""
        user, reason = self.distribution.pick(values)
        others = [other.id for other in self.distribution.team if other.id != user.id]
        open_days = (self.days.now - since).days - 15
        if others and open_days > 60 and self.rng.random() < 0.12:
            moment = self.days.moment(
                self.rng, self.days.working(self.days.ago(self.rng.randint(10, open_days)))
            )
            yield self._assignment(
                self.rng.choice(others), since, moment, "Fordelt til den med færrest virksomheder"
            )
            yield self._assignment(user.id, moment, None, self.rng.choice(HANDOVER_REASONS)) | {
                "by_id": self.manager_id
            }
        else:
            yield self._assignment(user.id, since, None, reason)

    @staticmethod
    def _assignment(user_id: int, start: datetime, end: datetime | None, reason: str) -> Columns:
        return {
            "user_id": user_id, "valid_from": start, "valid_to": end, "follows_id": None, "reason": reason,
            "by_id": None,
        }  # fmt: skip

    def _units(self, firm: Firm) -> Iterator[Columns]:
        rng = self.rng
        number = rng.randint(10, 14) if firm.employees >= 200 else rng.choices((1, 2, 3), (86, 10, 4))[0]
        yield self._unit(firm, firm.values["name"], places.Where(
            firm.values["street"], firm.values["postal_code"], firm.values["city"],
            firm.values["municipality_code"],
        ))  # fmt: skip
        for _ in range(number - 1):
            where = places.somewhere(rng, employees=firm.employees)
            yield self._unit(firm, f"{firm.values['name']}, {where.city}", where)

    def _unit(self, firm: Firm, name: str, where: places.Where) -> Columns:
        self.units += 1
        taken_over = (
            "industry_code", "industry_text", "employees_at", "status", "active", "advertising_protected",
            "register_said_at", "register_read_at", "register_digest",
        )  # fmt: skip
        share = {key: firm.values[key] for key in taken_over}
        return share | {
            "p_number": str(1_090_000_000 + self.units), "name": name, "street": where.street, "city_part": None,
            "postal_code": where.postal_code, "city": where.city, "municipality_code": where.municipality_code,
            "phone": firm.values["phone"], "phone_e164": firm.values["phone_e164"], "email": None,
            "employees_from": None, "employees_to": None, "created_at": firm.since,
        }  # fmt: skip

    def _how_many_people(self, employees: int) -> int:
        if employees < 2:
            return 1
        return self.rng.randint(1, 2) if employees < 10 else self.rng.randint(2, 4 if employees < 50 else 6)

    def _contact(self, firm: Firm) -> Columns:
        rng = self.rng
        self.people += 1
        name = people.name(rng)
        left = self.days.ago(rng.randint(5, 300)) if firm.contacts and rng.random() < 0.06 else None
        mailbox = danish.fold(name).replace(" ", ".")
        row = with_derived({
            "name": name, "title": people.title(rng, firm.employees), "phone": None,
            "mobile": people.mobile(self.people), "email": f"{mailbox}@{firm.values['email'].split('@')[1]}",
        })  # fmt: skip
        del row["sort_key"]
        started = self.days.later(firm.since, 60 * 24 * rng.randint(0, 30))
        return row | {"production_unit_id": None, "ended_on": left, "created_at": started}
