"""Giving a company its one way in: when it is created, when it is handed over, and by which rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.access.models import User
from crm.access.queries import consultants
from crm.companies.actions import check_by_hand, require_cvr, with_derived
from crm.companies.models import Company
from crm.db import reserve
from crm.errors import Conflict, Refused
from crm.responsibility.models import AssignmentRule, CompanyAssignment
from crm.responsibility.queries import loads, rules

# A chain goes forward in time: two handovers in one instant are one step of the clock apart.
TICK = timedelta(microseconds=1)
NOBODY = "Der er ingen konsulent at give virksomheden til. Opret en konsulent først."


@dataclass
class Distribution:
    """The rules, the team and its loads, read once; picks for one company or for a hundred thousand."""

    rules: Sequence[AssignmentRule]
    team: Sequence[User]
    loads: dict[int, int] = field(default_factory=dict)

    @classmethod
    def read(cls, db: Session) -> Self:
        """As it stands in the database now."""
        return cls(rules(db), consultants(db), loads(db))

    def pick(self, values: dict[str, Any]) -> tuple[User, str]:
        """Who gets a company with these columns, and the reason as the history will state it."""
        for number, rule in enumerate(self.rules, 1):
            # One that is switched off keeps its number, which is the one on the page of the rules.
            if rule.is_on and fits(rule, values) and (user := self._receiver(rule)):
                return self._given(user), f"Fordelt efter regel {number}"
        user = self._least_loaded(self.team)
        if user is None:
            raise Refused("responsible", NOBODY)
        return self._given(user), "Fordelt til den med færrest virksomheder"

    def _receiver(self, rule: AssignmentRule) -> User | None:
        if rule.user_id is not None:
            return rule.user if rule.user and rule.user.is_active else None
        return self._least_loaded([user for user in self.team if user.team_id == rule.team_id])

    def _least_loaded(self, users: Sequence[User]) -> User | None:
        return min(users, key=lambda user: (self.loads.get(user.id, 0), user.id), default=None)

    def _given(self, user: User) -> User:
        self.loads[user.id] = self.loads.get(user.id, 0) + 1
        return user


def fits(rule: AssignmentRule, values: dict[str, Any]) -> bool:
    """Whether every condition of the rule that is filled in holds for these columns."""
    postal, employees = values.get("postal_code") or "", values.get("employees_from")
    return (
        (values.get("industry_code") or "").startswith(rule.industry_prefix or "")
        and (rule.postal_from is None or rule.postal_from <= postal)
        and (rule.postal_to is None or "" < postal <= rule.postal_to)
        and (rule.employees_min is None or (employees is not None and employees >= rule.employees_min))
        and (rule.employees_max is None or (employees is not None and employees <= rule.employees_max))
    )


def create_company(
    db: Session,
    *,
    values: dict[str, Any],
    now: datetime,
    responsible: User | None = None,
    reason: str | None = None,
    by: User | None = None,
) -> Company:
    """Create a company by hand, with its responsible consultant: the one named, or the one the rules pick."""
    cvr = require_cvr(values.get("cvr") or "")
    values = with_derived(check_by_hand({"name": None} | values | {"cvr": cvr}))
    if db.scalar(select(Company.id).where(Company.cvr == values["cvr"])):
        raise Conflict("Virksomheden findes allerede.")
    if responsible is None:
        responsible, picked = Distribution.read(db).pick(values)
        reason = reason or picked
    _demand_active(responsible)
    company_id, assignment_id = reserve(db, Company, 1)[0], reserve(db, CompanyAssignment, 1)[0]
    company = Company(
        id=company_id, current_assignment_id=assignment_id, created_at=now, kept_by_hand={}, **values
    )
    first = CompanyAssignment(
        id=assignment_id,
        company_id=company_id,
        user_id=responsible.id,
        valid_from=now,
        reason=reason or "Valgt ved oprettelsen",
        by_id=by.id if by else None,
    )
    db.add_all([company, first])
    db.flush()
    db.refresh(company, ["responsible"])
    return company


def _demand_active(user: User, field: str = "responsible") -> None:
    if not user.is_active:
        raise Refused(field, f"{user.name} er lukket og kan ikke være indgang.")


def hand_over(
    db: Session, *, company: Company, to: User, reason: str, by: User | None, now: datetime
) -> CompanyAssignment:
    """Make `to` the company's one way in from now on; the old assignment ends in the same instant.

    Only the company moves. With everything that is open there it moves by `handover.actions.hand_over_list`.
    """
    _demand_active(to)
    _demand_reason(reason)
    current = db.get_one(
        CompanyAssignment, company.current_assignment_id, with_for_update=True, populate_existing=True
    )
    if current.valid_to is not None:
        raise Conflict("En kollega har lige givet virksomheden videre. Hent siden igen.")
    if current.user_id == to.id:
        return current
    moment = max(now, current.valid_from + TICK)
    # The old one must have ended before the new one begins: there is never room for two.
    current.valid_to = moment
    db.flush()
    following = CompanyAssignment(
        id=reserve(db, CompanyAssignment, 1)[0],
        company_id=company.id,
        user_id=to.id,
        valid_from=moment,
        follows_id=current.id,
        reason=reason,
        by_id=by.id if by else None,
    )
    db.add(following)
    db.flush()
    company.current_assignment_id = following.id
    db.flush()
    db.refresh(company, ["responsible"])
    return following


def _demand_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("reason", "Skriv kort hvorfor, så kollegerne kan følge det.")


def _check_rule(values: dict[str, Any]) -> None:
    if not any(values.get(name) not in {None, ""} for name in CONDITIONS):
        raise Refused("industry_prefix", "Skriv mindst én betingelse: branche, postnummer eller størrelse.")
    for name in ("postal_from", "postal_to"):
        if values.get(name) and not re.fullmatch("[0-9]{4}", values[name]):
            raise Refused(name, "Et postnummer har fire cifre.")
    if values.get("industry_prefix") and not re.fullmatch("[0-9]{1,6}", values["industry_prefix"]):
        raise Refused("industry_prefix", "Skriv begyndelsen af branchekoden, for eksempel 41.")
    low, high = values.get("employees_min"), values.get("employees_max")
    if low is not None and high is not None and low > high:
        raise Refused("employees_max", "Det højeste antal kan ikke være mindre end det laveste.")
    if values.get("postal_from") and values.get("postal_to") and values["postal_from"] > values["postal_to"]:
        raise Refused("postal_to", "Det sidste postnummer skal ligge efter det første.")
    if (values.get("user_id") is None) == (values.get("team_id") is None):
        raise Refused("user_id", "Vælg enten en konsulent eller et team.")


CONDITIONS = ("industry_prefix", "postal_from", "postal_to", "employees_min", "employees_max")


def add_rule(db: Session, *, values: dict[str, Any]) -> AssignmentRule:
    """Add a rule at the end. It holds for companies created from now on."""
    _check_rule(values)
    last = max((rule.position for rule in rules(db)), default=0)
    rule = AssignmentRule(position=last + 1, **values)
    db.add(rule)
    db.flush()
    return rule


def delete_rule(db: Session, *, rule: AssignmentRule) -> None:
    """Remove a rule. Companies already given stay where they are."""
    db.delete(rule)
    db.flush()


def switch_rule(db: Session, *, rule: AssignmentRule, on: bool) -> None:
    """Let a rule hold for companies created from now on, or not. Companies already given stay."""
    rule.is_on = int(on)
    db.flush()


def move_rule(db: Session, *, rule: AssignmentRule, up: bool) -> None:
    """Let a rule be tried earlier or later, by changing places with its neighbour."""
    order = list(rules(db))
    place = next((index for index, other in enumerate(order) if other.id == rule.id), None)
    if place is None:
        raise Conflict("En kollega har lige slettet reglen.")
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
        for position, each in enumerate(order, 1):
            each.position = position
        db.flush()
