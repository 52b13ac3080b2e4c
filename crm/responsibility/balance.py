"""Whether the companies are well spread over the team, and what a set of rules would do to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from crm.access.models import User
from crm.access.queries import consultants
from crm.companies.models import Company
from crm.companies.queries import by_ids
from crm.responsibility.actions import fits
from crm.responsibility.models import AssignmentRule, CompanyAssignment
from crm.responsibility.queries import loads, rules

SHOWN = 50


@dataclass(frozen=True)
class Shift:
    """So many companies that could go from one colleague to another."""

    giver: User
    receiver: User
    number: int


@dataclass(frozen=True)
class Balance:
    """How many companies each colleague has, who has too many, and what would even it out."""

    team: Sequence[User]
    loads: dict[int, int]
    limit: int
    quiet: Sequence[Company]
    shifts: Sequence[Shift]

    def over(self, user: User) -> int:
        """How many companies above the limit."""
        return max(0, self.loads.get(user.id, 0) - self.limit)

    @property
    def most(self) -> int:
        """The largest number any one has, and at least one; for drawing."""
        return max([*self.loads.values(), self.limit, 1])


def balance(db: Session, *, limit: int, quiet_since: datetime) -> Balance:
    """The team as it stands, in constant statements, with at most SHOWN of the quiet companies."""
    team, held = consultants(db), loads(db)
    return Balance(team, held, limit, quiet(db, quiet_since), list(_shifts(team, held, limit)))


def quiet(db: Session, since: datetime, limit: int = SHOWN) -> Sequence[Company]:
    """Active companies without contact since then, those never spoken with first, the longest first."""
    return db.scalars(
        select(Company)
        .options(joinedload(Company.responsible))
        .where(Company.active == 1, or_(Company.last_contact_at.is_(None), Company.last_contact_at < since))
        .order_by(Company.last_contact_at.is_not(None), Company.last_contact_at, Company.id)
        .limit(limit)
    ).all()


def _shifts(team: Sequence[User], held: dict[int, int], limit: int) -> Iterator[Shift]:
    """From those above the limit to those with most room, without lifting any of them above it."""
    room = {user.id: limit - held.get(user.id, 0) for user in team}
    people = {user.id: user for user in team}
    for giver in sorted(team, key=lambda user: room[user.id]):
        while room[giver.id] < 0:
            best = max(people, key=lambda id: (room[id], -id))
            number = min(-room[giver.id], room[best])
            if number <= 0:
                return
            yield Shift(giver, people[best], number)
            room[giver.id] += number
            room[best] -= number


@dataclass(frozen=True)
class Move:
    """A company that a rule would give to somebody else than the one it has."""

    company: Company
    to: str
    rule_number: int


@dataclass(frozen=True)
class Trial:
    """What the rules would do to the companies of today, had they been given out by them."""

    number: int
    first: Sequence[Move]
    by_user: dict[int, tuple[int, int]] = field(default_factory=dict)


def trial(db: Session, *, only: AssignmentRule | None = None) -> Trial:
    """Try the rules that are on, and `only` with them, on every active company. Nothing is changed.

    A company that no rule fits stays where it is, and so does one whose responsible is in the team named.
    """
    tried = [rule for rule in rules(db) if rule.is_on or (only is not None and rule.id == only.id)]
    team = consultants(db)
    before, after = Counter[int](), Counter[int]()
    moved: list[tuple[int, User, int]] = []
    number = 0
    for id, has, values in _today(db):
        before[has] += 1
        user, place = _given(tried, team, after, has, values)
        after[user.id if user else has] += 1
        if user is not None and user.id != has and (only is None or tried[place].id == only.id):
            number += 1
            if len(moved) < SHOWN:
                moved.append((id, user, place + 1))
    companies = by_ids(db, [id for id, _, _ in moved])
    first = [Move(companies[id], user.name, place) for id, user, place in moved]
    return Trial(number, first, {id: (before[id], after[id]) for id in {*before, *after}})


def _today(db: Session) -> Iterator[tuple[int, int, dict[str, object]]]:
    """Every active company with its responsible and the columns a rule asks about."""
    rows = db.execute(
        select(
            Company.id, CompanyAssignment.user_id, Company.industry_code, Company.postal_code,
            Company.employees_from,
        )
        .join(CompanyAssignment, CompanyAssignment.id == Company.current_assignment_id)
        .where(Company.active == 1)
        .order_by(Company.id)
    )  # fmt: skip
    for id, has, industry, postal, employees in rows:
        yield id, has, {"industry_code": industry, "postal_code": postal, "employees_from": employees}


def _given(
    tried: Sequence[AssignmentRule],
    team: Sequence[User],
    after: Counter[int],
    has: int,
    values: dict[str, object],
) -> tuple[User | None, int]:
    """Who the first rule that fits gives the company to, and which rule it is; None when it stays."""
    for place, rule in enumerate(tried):
        if not fits(rule, values):
            continue
        if rule.user_id is not None:
            return (rule.user if rule.user and rule.user.is_active else None), place
        able = [user for user in team if user.team_id == rule.team_id]
        if any(user.id == has for user in able):
            return None, place
        return min(able, key=lambda user: (after[user.id], user.id), default=None), place
    return None, -1
