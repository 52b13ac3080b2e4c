"""Responsibility against a plain model: in whatever order things happen, every company has its one way in."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from crm.access import actions as access
from crm.access import queries as users
from crm.access.models import Role, User
from crm.companies import actions as companies
from crm.companies.queries import by_cvr
from crm.db import Database, Session
from crm.errors import Conflict, Refused
from crm.numbers import demo_cvr
from crm.responsibility import actions, queries
from crm.responsibility.models import CompanyAssignment
from tests.conftest import NOW, add_company, add_user
from tests.crm.undone import undone

QUICK = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
NUMBERS = itertools.count()
WHO, WHICH = st.integers(0, 4), st.integers(0, 5)


@dataclass
class Firm:
    """A company of the model: everyone who has been its way in, the present one last."""

    cvr: str
    held_by: list[int]
    since: list[datetime] = field(default_factory=list)


class Responsibility(RuleBasedStateMachine):
    """The house does it, the model says it, and after every step the two are compared."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.staff: list[int] = []
        self.closed: set[int] = set()
        self.firms: list[Firm] = []
        self.now = NOW

    def teardown(self) -> None:
        """Those of this run are given nothing in the next one."""
        with self.database.write() as db:
            db.execute(update(User).values(role=Role.ADMIN))

    def _loads(self) -> dict[int, int]:
        found = dict.fromkeys(self.staff, 0)
        for firm in self.firms:
            found[firm.held_by[-1]] += 1
        return found

    def _pick(self, place: int) -> int:
        return self.staff[place % len(self.staff)]

    def _firm(self, place: int) -> Firm:
        return self.firms[place % len(self.firms)]

    @rule(minutes=st.integers(-90, 90))
    def time_goes_and_is_set_back(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: len(self.staff) < 5)
    @rule()
    def hire(self) -> None:
        with self.database.write() as db:
            self.staff.append(add_user(db, f"user{next(NUMBERS)}@kommune.test").id)

    @precondition(lambda self: len(self.staff) > len(self.closed) and len(self.firms) < 6)
    @rule()
    def create_by_the_rules(self) -> None:
        loads = self._loads()
        expected = min(set(self.staff) - self.closed, key=lambda key: (loads[key], key))
        with self.database.write() as db:
            company = add_company(db, next(NUMBERS))
            assert company.responsible.id == expected
            self.firms.append(Firm(company.cvr, [expected]))

    @precondition(lambda self: self.staff and len(self.firms) < 6)
    @rule(to=WHO)
    def create(self, to: int) -> None:
        who, number = self._pick(to), next(NUMBERS)
        try:
            with self.database.write() as db:
                add_company(db, number, responsible=users.get(db, who))
        except Refused:
            assert who in self.closed
        else:
            assert who not in self.closed
            self.firms.append(Firm(demo_cvr(number), [who]))

    def _hand_over(self, db: Session, firm: Firm, who: int) -> None:
        company = by_cvr(db, firm.cvr)
        actions.hand_over(db, company=company, to=users.get(db, who), reason="Prøve", by=None, now=self.now)
        assert company.responsible.id == who

    @precondition(lambda self: self.firms)
    @rule(which=WHICH, to=WHO)
    def hand_over(self, which: int, to: int) -> None:
        firm, who = self._firm(which), self._pick(to)
        try:
            with self.database.write() as db:
                self._hand_over(db, firm, who)
        except Refused:
            assert who in self.closed
        else:
            assert who not in self.closed
            if firm.held_by[-1] != who:
                firm.held_by.append(who)

    @precondition(lambda self: self.firms and len(self.staff) > len(self.closed))
    @rule(which=WHICH, to=WHO)
    def hand_over_and_fail_afterwards(self, which: int, to: int) -> None:
        firm, who = self._firm(which), self._pick(to)
        if who not in self.closed:
            with undone(self.database) as db:
                self._hand_over(db, firm, who)

    @precondition(lambda self: self.firms)
    @rule(which=WHICH, to=st.lists(WHO, min_size=2, max_size=4))
    def hand_over_several_times_in_one_instant(self, which: int, to: list[int]) -> None:
        firm, chain = self._firm(which), [self._pick(place) for place in to]
        if self.closed & set(chain):
            return
        with self.database.write() as db:
            for who in chain:
                self._hand_over(db, firm, who)
                if firm.held_by[-1] != who:
                    firm.held_by.append(who)

    @precondition(lambda self: self.firms)
    @rule(which=WHICH)
    def correct_a_company(self, which: int) -> None:
        with self.database.write() as db:
            company = by_cvr(db, self._firm(which).cvr)
            companies.change(db, company=company, values={"name": f"Nyt navn {next(NUMBERS)}"})

    @precondition(lambda self: self.staff)
    @rule(who=WHO)
    def close(self, who: int) -> None:
        key = self._pick(who)
        try:
            with self.database.write() as db:
                access.close_user(db, user=users.get(db, key), now=self.now)
        except Conflict:
            assert key in self.closed or self._loads()[key]
        else:
            assert key not in self.closed
            assert not self._loads()[key]
            self.closed.add(key)

    @invariant()
    def every_company_has_its_chain_without_gap_or_overlap(self) -> None:
        with self.database.read() as db:
            for firm in self.firms:
                company = by_cvr(db, firm.cvr)
                chain = list(reversed(queries.history(db, company)))
                assert [each.user_id for each in chain] == firm.held_by
                assert company.responsible.id == firm.held_by[-1]
                assert company.current_assignment_id == chain[-1].id
                assert [each.valid_to for each in chain] == [each.valid_from for each in chain[1:]] + [None]
                assert [each.follows_id for each in chain] == [None] + [each.id for each in chain[:-1]]
                assert all(a.valid_from < b.valid_from for a, b in itertools.pairwise(chain))

    @invariant()
    def loads_and_users_are_as_the_model_says(self) -> None:
        with self.database.read() as db:
            loads = queries.loads(db)
            assert {key: loads.get(key, 0) for key in self.staff} == self._loads()
            active = set(db.scalars(select(User.id).where(User.is_active == 1, User.id.in_(self.staff))))
            assert active == set(self.staff) - self.closed
            opened = select(CompanyAssignment.user_id).where(CompanyAssignment.is_open == 1)
            assert not self.closed & set(db.scalars(opened))


def test_responsibility_is_what_a_plain_model_says(database: Database) -> None:
    class Here(Responsibility):
        def __init__(self) -> None:
            super().__init__(database)

    run_state_machine_as_test(Here, settings=QUICK)
