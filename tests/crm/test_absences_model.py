"""Absences against a plain model: whatever is written in whatever order, the same person answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select

from crm.access.models import User
from crm.companies.models import Company
from crm.db import Database, Session
from crm.errors import Conflict, Refused
from crm.responsibility.absences import actions
from crm.responsibility.absences.ways import covers, ways
from crm.responsibility.models import Absence, AbsenceException
from tests.conftest import NOW, TODAY, add_company, add_user

USERS, COMPANIES = 5, 4
# Those who hold no company, and can be closed.
CLOSABLE = (3, 4)
WHO = st.integers(0, USERS - 1)
WHICH = st.integers(0, COMPANIES - 1)
DAYS = st.integers(0, 24)
QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Away:
    """One absence of the model: days counted from today, and users and companies by number."""

    who: int
    first: int
    last: int
    stand_in: int | None
    exceptions: dict[int, int] = field(default_factory=dict)


@dataclass
class Model:
    """What is true, said as plainly as it can be."""

    absences: list[Away] = field(default_factory=list)
    closed: frozenset[int] = frozenset()

    def absence(self, who: int, day: int) -> Away | None:
        """The absence someone has on a day."""
        return next(
            (each for each in self.absences if each.who == who and each.first <= day <= each.last), None
        )

    def free(self, who: int, first: int, last: int, but: Away | None = None) -> bool:
        """Whether someone has no other absence on any of these days."""
        return not any(
            each.who == who
            and each is not but
            and any(first <= day <= last for day in range(each.first, each.last + 1))
            for each in self.absences
        )

    def answers(self, responsible: int, company: int, day: int) -> int | None:
        """Who answers for a company whose responsible is away, by asking one after the other."""
        asked, who = {responsible}, responsible
        while absence := self.absence(who, day):
            following = absence.exceptions.get(company, absence.stand_in)
            if following is None or following in self.closed or following in asked:
                return None
            asked.add(following)
            who = following
        return who

    def back_after(self, who: int, day: int) -> int | None:
        """The last day away; a day in between counts unless it is a Saturday or Sunday."""
        last = None
        while True:
            if self.absence(who, day):
                last = day
            elif last is None or day_of(day).weekday() < 5:
                return last
            day += 1


def day_of(days: int) -> date:
    """So many days from the Monday it is."""
    return TODAY + timedelta(days=days)


@dataclass
class Cast:
    """The same users and companies in a database. Company n is user n mod 3's."""

    db: Session
    users: list[User]
    companies: list[Company]

    def agrees(self, model: Model, day: int) -> None:
        """Every answer of the database is the model's, asked from either side."""
        found = ways(self.db, self.companies, day_of(day))
        for number, company in enumerate(self.companies):
            responsible, way = number % 3, found[company.id]
            assert way.responsible == self.users[responsible]
            back = model.back_after(responsible, day)
            assert way.absent_until == (None if back is None else day_of(back))
            expected = None if back is None else model.answers(responsible, number, day)
            assert way.stand_in == (None if expected is None else self.users[expected])
            assert way.nobody == (back is not None and expected is None)
        self._covers_agree(model, day)

    def _covers_agree(self, model: Model, day: int) -> None:
        for who, user in enumerate(self.users):
            if who in model.closed:
                continue
            theirs = {cover.colleague.id: cover for cover in covers(self.db, user, day_of(day))}
            for colleague in range(USERS):
                cover = theirs.get(self.users[colleague].id)
                for number, company in enumerate(self.companies):
                    covered = cover is not None and (
                        company.id not in cover.but if cover.only is None else company.id in cover.only
                    )
                    away = model.absence(colleague, day) is not None
                    assert covered == (away and model.answers(colleague, number, day) == who)


def cast_in(db: Session) -> Cast:
    """A cast in an empty database."""
    users = [add_user(db, f"bruger.{number}@kommune.test") for number in range(USERS)]
    companies = [add_company(db, number, responsible=users[number % 3]) for number in range(COMPANIES)]
    return Cast(db, users, companies)


class _Forget(Exception):  # It ends a transaction on purpose.
    pass


@contextmanager
def forgotten(database: Database, keys: tuple[list[int], list[int]]) -> Iterator[Cast]:
    """The cast in a transaction that leaves nothing."""
    try:
        with database.write("model") as db:
            users = {user.id: user for user in db.scalars(select(User))}
            with_all = [db.get_one(Company, key) for key in keys[1]]
            for company in with_all:
                db.refresh(company, ["responsible"])
            yield Cast(db, [users[key] for key in keys[0]], with_all)
            raise _Forget
    except _Forget:
        pass


AWAY = st.builds(
    Away,
    WHO,
    DAYS,
    st.integers(0, 12),
    st.none() | WHO,
    st.dictionaries(WHICH, WHO, max_size=3),
)


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Any absences that do not overlap, with any stand-ins but oneself: chains, rings, exceptions."""
    model = Model(closed=draw(st.frozensets(st.sampled_from(CLOSABLE))))
    for each in draw(st.lists(AWAY, max_size=12)):
        away = Away(
            each.who,
            each.first,
            each.first + each.last,
            None if each.stand_in == each.who else each.stand_in,
            {company: who for company, who in each.exceptions.items() if who != each.who},
        )
        if model.free(away.who, away.first, away.last):
            model.absences.append(away)
    return model


def _write(cast: Cast, model: Model) -> None:
    for number in model.closed:
        cast.users[number].is_active, cast.users[number].closed_at = 0, NOW
    for each in model.absences:
        absence = Absence(
            user_id=cast.users[each.who].id,
            first_day=day_of(each.first),
            last_day=day_of(each.last),
            stand_in_id=None if each.stand_in is None else cast.users[each.stand_in].id,
            created_at=NOW,
        )
        cast.db.add(absence)
        cast.db.flush()
        cast.db.add_all(
            AbsenceException(
                absence_id=absence.id, company_id=cast.companies[company].id, stand_in_id=cast.users[who].id
            )
            for company, who in each.exceptions.items()
        )
    cast.db.flush()


def test_whatever_is_written_the_same_person_answers(database: Database) -> None:
    with database.write("model") as db:
        cast = cast_in(db)
        keys = [user.id for user in cast.users], [company.id for company in cast.companies]

    @QUICK
    @given(model=models(), day=DAYS)
    def holds(model: Model, day: int) -> None:
        with forgotten(database, keys) as cast:
            _write(cast, model)
            cast.agrees(model, day)

    holds()


class Absences(RuleBasedStateMachine):
    """Everything one can do to an absence, while days pass. What is refused changes nothing."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.session = self.database.write("model")
        db = self.session.__enter__()
        if not (users := list(db.scalars(select(User).order_by(User.id)))):
            self.cast = cast_in(db)
        else:
            companies = list(db.scalars(select(Company).order_by(Company.id)))
            for company in companies:
                db.refresh(company, ["responsible"])
            self.cast = Cast(db, users, companies)
        db.execute(delete(AbsenceException))
        db.execute(delete(Absence))
        self.model = Model()
        self.rows: dict[int, Absence] = {}
        self.today = 0

    def teardown(self) -> None:
        self.session.__exit__(None, None, None)

    def _absence(self, number: int) -> tuple[Away, Absence]:
        away = self.model.absences[number % len(self.model.absences)]
        return away, self.rows[id(away)]

    def _user(self, who: int | None) -> User | None:
        return None if who is None else self.cast.users[who]

    def _may(self, away: Away, but: Away | None = None) -> bool:
        return (
            away.first <= away.last
            and away.last >= self.today
            and away.stand_in != away.who
            and self.model.free(away.who, away.first, away.last, but)
        )

    @rule(who=WHO, first=st.integers(-3, 20), length=st.integers(-1, 9), stand_in=st.none() | WHO)
    def add(self, who: int, first: int, length: int, stand_in: int | None) -> None:
        """Someone is to be away."""
        first += self.today
        away = Away(who, first, first + length, stand_in)
        try:
            row = actions.add(
                self.cast.db, user=self.cast.users[who], first_day=day_of(first), last_day=day_of(away.last),
                stand_in=self._user(stand_in), by=None, today=day_of(self.today), now=NOW,
            )  # fmt: skip
        except Refused:
            assert not self._may(away)
        else:
            assert self._may(away)
            self.model.absences.append(away)
            self.rows[id(away)] = row

    @precondition(lambda self: self.model.absences)
    @rule(
        number=st.integers(0), first=st.integers(-3, 9), length=st.integers(-1, 9), stand_in=st.none() | WHO
    )
    def change(self, number: int, first: int, length: int, stand_in: int | None) -> None:
        """Other days, another stand-in."""
        away, row = self._absence(number)
        first += self.today
        wanted = Away(away.who, first, first + length, stand_in)
        fixed = away.first <= self.today and wanted.first != away.first
        allowed = away.last >= self.today and not fixed and self._may(wanted, away)
        try:
            actions.change(
                self.cast.db, absence=row, first_day=day_of(wanted.first), last_day=day_of(wanted.last),
                stand_in=self._user(stand_in), today=day_of(self.today),
            )  # fmt: skip
        except (Refused, Conflict):
            assert not allowed
        else:
            assert allowed
            away.first, away.last, away.stand_in = wanted.first, wanted.last, wanted.stand_in

    @precondition(lambda self: self.model.absences)
    @rule(number=st.integers(0), ago=st.sampled_from([0, 1]))
    def end_early(self, number: int, ago: int) -> None:
        """They are back."""
        away, row = self._absence(number)
        try:
            actions.end_early(
                self.cast.db, absence=row, last_day=day_of(self.today - ago), today=day_of(self.today)
            )
        except Conflict:
            assert not away.first <= self.today <= away.last
        else:
            assert away.first <= self.today <= away.last
            away.last = max(away.first, self.today - ago)

    @precondition(lambda self: self.model.absences)
    @rule(number=st.integers(0))
    def cancel(self, number: int) -> None:
        """It comes to nothing."""
        away, row = self._absence(number)
        try:
            gone = actions.cancel(self.cast.db, absence=row, today=day_of(self.today))
        except Conflict:
            assert away.last < self.today
            return
        assert gone == (away.first > self.today)
        if gone:
            self.model.absences.remove(away)
        else:
            away.last = max(away.first, self.today - 1)

    @precondition(lambda self: self.model.absences)
    @rule(number=st.integers(0), company=WHICH, stand_in=WHO)
    def set_exception(self, number: int, company: int, stand_in: int) -> None:
        """Another answers for one company."""
        away, row = self._absence(number)
        try:
            actions.set_exception(
                self.cast.db, absence=row, company=self.cast.companies[company],
                stand_in=self.cast.users[stand_in], today=day_of(self.today),
            )  # fmt: skip
        except (Refused, Conflict):
            assert stand_in == away.who or away.last < self.today
        else:
            away.exceptions[company] = stand_in

    @rule(days=st.integers(1, 4))
    def days_pass(self, days: int) -> None:
        """Nobody does anything."""
        self.today += days

    @invariant()
    def the_same_person_answers(self) -> None:
        """Today, tomorrow, and a week from now."""
        for ahead in (0, 1, 7):
            self.cast.agrees(self.model, self.today + ahead)


def test_whatever_is_done_in_whatever_order_the_same_person_answers(database: Database) -> None:
    machine: Any = type("OnThisDatabase", (Absences,), {"database": database})
    run_state_machine_as_test(
        machine,
        settings=settings(QUICK, max_examples=25, stateful_step_count=25),
    )
