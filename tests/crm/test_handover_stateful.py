"""Any sequence of giving, handing over, leaving, working and undoing, beside a model that fits in the head.

The model knows who has what and how often each thing was touched. After every step the database must say the
same, and every company's history must be one chain without a gap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count, pairwise
from typing import Any, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from crm.access import actions as access
from crm.access import holdings
from crm.access.models import User
from crm.companies.models import Company
from crm.db import Database, Session
from crm.errors import CrmError
from crm.handover.actions import close_leaver, hand_over_leaver, hand_over_list
from crm.handover.models import Handover
from crm.handover.undo import undo
from crm.interactions import actions as interactions
from crm.interactions.models import FollowUp
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.models import Request
from crm.responsibility import actions as responsibility
from crm.responsibility.models import Absence, CompanyAssignment
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.handing_over import HOURS

# Few enough that the steps meet each other.
TEAM, FIRMS = 3, 3
EXAMPLES = 25
_numbers = count(1)
WORK = st.sampled_from(["ask", "promise", "talk"])
WHO, WHICH = st.integers(0, TEAM - 1), st.integers(0, FIRMS - 1)
Thing = tuple[str, int]


@dataclass
class Act:
    """An act as the model remembers it: what moved from whom, how often each thing was touched by then."""

    id: int
    to: int
    at: int
    moved: dict[Thing, int]
    touched: dict[Thing, int] = field(default_factory=dict)
    undone: bool = False


class Talk(NamedTuple):
    """Somebody wrote something down at a company."""

    company: int
    user: int
    at: int


@dataclass
class Model:
    """Who has what: the plainest possible."""

    has: dict[Thing, int | None] = field(default_factory=dict)
    at: dict[Thing, int | None] = field(default_factory=dict)  # which company a thing belongs to
    touched: dict[Thing, int] = field(default_factory=dict)
    born: dict[Thing, int] = field(default_factory=dict)
    named: dict[Thing, int] = field(default_factory=dict)  # whose name stands on it, also when it is finished
    closed: set[int] = field(default_factory=set)
    history: dict[int, list[int]] = field(default_factory=dict)
    talks: list[Talk] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)

    def put(self, thing: Thing, owner: int, company: int | None, tick: int) -> None:
        self.has[thing], self.at[thing], self.touched[thing] = owner, company, 0
        self.born[thing], self.named[thing] = tick, owner

    def give(self, thing: Thing, to: int | None) -> None:
        self.has[thing] = to
        self.touched[thing] += 1
        if to is not None:
            self.named[thing] = to
        if thing[0] == "company" and to is not None:
            self.history[thing[1]].append(to)

    def held(self, user: int) -> list[Thing]:
        return [thing for thing, owner in self.has.items() if owner == user]

    def of_companies(self, companies: set[int], to: int) -> list[Thing]:
        """These companies and what their responsible has there, but for what is `to`'s already."""
        return [
            thing
            for thing, owner in self.has.items()
            if (company := self.at[thing]) in companies
            and owner not in {None, to}
            and owner == self.has["company", company]
        ]

    def changed_since(self, act: Act) -> bool:
        companies = {id for kind, id in act.moved if kind == "company"}
        return (
            any(self.touched[thing] != act.touched[thing] for thing in act.moved)
            or any(
                talk.company in companies and talk.user == act.to and talk.at > act.at for talk in self.talks
            )
            or any(
                self.at[thing] in companies and self.named[thing] == act.to and born > act.at
                for thing, born in self.born.items()
            )
            or any(owner in self.closed for owner in act.moved.values())
        )


class House(RuleBasedStateMachine):
    """The same steps in the database and in the model."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.model = Model()
        self.tick = 0

    @property
    def now(self) -> Any:
        return NOW + timedelta(minutes=self.tick)

    @initialize()
    def begin(self) -> None:
        with self.database.write() as db:
            run = next(_numbers)
            people = [add_user(db, f"p{number}.{run}@kommune.test") for number in range(TEAM)]
            firms = [
                add_company(db, run * FIRMS + number, responsible=people[number % TEAM])
                for number in range(FIRMS)
            ]
            self.people, self.firms = [user.id for user in people], [company.id for company in firms]
            for company, id in zip(firms, self.firms, strict=True):
                self.model.put(("company", id), company.responsible.id, id, 0)
                self.model.history[id] = [company.responsible.id]

    def _step(self, change: Callable[[Session], Any]) -> Any:
        """Do it a minute later, in a transaction of its own; None when it was refused."""
        self.tick += 1
        try:
            with self.database.write() as db:
                return change(db)
        except CrmError:
            return None

    # --- Work ---

    @rule(what=WORK, firm=WHICH, who=WHO)
    def work(self, what: str, firm: int, who: int) -> None:
        """A company asks for something, is promised something, or is talked with."""
        self._work(what, self.firms[firm], self.people[who])

    @rule(what=WORK)
    def build_upon(self, what: str) -> None:
        """Whoever got a company last works for it."""
        if self.model.acts:
            act = self.model.acts[-1]
            for kind, id in [*act.moved][:1]:
                if kind == "company":
                    self._work(what, id, act.to)

    def _work(self, what: str, company: int, user: int) -> None:

        def change(db: Session) -> int:
            found, owner = db.get_one(Company, company), db.get_one(User, user)
            values: dict[str, Any] = {"company": found, "now": self.now}
            if what == "ask":
                asked = NewRequest("guidance", "Hjælp")
                return requests.take_in(db, asked=asked, by=owner, owner=owner, clock=HOURS, **values).id
            if what == "promise":
                return interactions.promise(db, owner=owner, due=TODAY, text="Ring", **values).id
            return interactions.log(db, by=owner, kind="note", summary="Talt", **values).id

        id = self._step(change)
        if what == "talk":
            self.model.talks.append(Talk(company, user, self.tick))
            return
        assert (id is None) == (user in self.model.closed)
        if id is not None:
            kind = "request" if what == "ask" else "follow_up"
            self.model.put((kind, id), user, company, self.tick)

    @rule(which=st.integers(0, 50))
    def finish(self, which: int) -> None:
        """A request is resolved or a follow-up done: it is in nobody's hands any longer."""
        things = sorted(
            thing for thing, owner in self.model.has.items() if owner and thing[0] in {"request", "follow_up"}
        )
        if not things:
            return
        kind, id = thing = things[which % len(things)]

        def change(db: Session) -> None:
            if kind == "request":
                request = db.get_one(Request, id)
                by = db.get_one(User, request.owner_id)
                requests.move(db, request=request, to="resolved", by=by, now=self.now)
            else:
                follow_up = db.get_one(FollowUp, id)
                by = db.get_one(User, follow_up.owner_id)
                interactions.mark_done(db, follow_up=follow_up, by=by, now=self.now)

        self._step(change)
        self.model.give(thing, None)

    @rule(who=WHO, stand_in=WHO)
    def be_away(self, who: int, stand_in: int) -> None:
        """Someone is away on a day of their own, and a colleague stands in."""
        user, other = self.people[who], self.people[stand_in]
        if user == other or {user, other} & self.model.closed:
            return
        day = TODAY + timedelta(days=self.tick + 1)

        def change(db: Session) -> int:
            absence = Absence(
                user_id=user, first_day=day, last_day=day, stand_in_id=other, created_at=self.now
            )
            db.add(absence)
            db.flush()
            return absence.id

        self.model.put(("absence", self._step(change)), other, None, self.tick)

    # --- Giving ---

    @rule(firm=WHICH, who=WHO)
    def give_one(self, firm: int, who: int) -> None:
        """A company alone goes to a colleague; what is open there stays."""
        company, to = self.firms[firm], self.people[who]
        done = self._step(
            lambda db: responsibility.hand_over(
                db, company=db.get_one(Company, company), to=db.get_one(User, to), reason="En", by=None,
                now=self.now,
            )
        )  # fmt: skip
        assert (done is None) == (to in self.model.closed)
        if done is not None and self.model.has["company", company] != to:
            self.model.give(("company", company), to)

    @rule(firms=st.sets(WHICH, min_size=1), who=WHO)
    def give_list(self, firms: set[int], who: int) -> None:
        """Several companies go to a colleague with what is open there."""
        companies, to = {self.firms[firm] for firm in firms}, self.people[who]
        moved = [] if to in self.model.closed else self.model.of_companies(companies, to)
        done = self._step(
            lambda db: (
                hand_over_list(
                    db,
                    company_ids=sorted(companies),
                    to=db.get_one(User, to),
                    note="Liste",
                    by=None,
                    now=self.now,
                ).id
            )
        )
        assert (done is None) == (not moved)
        self._remember(done, to, moved)

    @rule(who=WHO, receiver=WHO, close=st.booleans())
    def leave(self, who: int, receiver: int, close: bool) -> None:
        """Everything of one colleague goes to another; perhaps they are closed at once."""
        leaver, to = self.people[who], self.people[receiver]
        moved = [] if leaver == to or to in self.model.closed else self.model.held(leaver)

        def change(db: Session) -> Any:
            values: dict[str, Any] = {"note": "Stoppet", "by": None, "now": self.now, "today": TODAY}
            people: dict[str, Any] = {"leaver": db.get_one(User, leaver), "to": db.get_one(User, to)}
            if close:
                act = close_leaver(db, **people, **values)
                return act.id if act else 0
            return hand_over_leaver(db, **people, **values).id

        held, done = self.model.held(leaver), self._step(change)
        if close:
            assert (done is None) == (leaver in self.model.closed or bool(held and not moved))
        else:
            assert (done is None) == (not moved)
        self._remember(done, to, moved)
        if close and done is not None:
            self.model.closed.add(leaver)

    def _remember(self, id: int | None, to: int, moved: list[Thing]) -> None:
        if not id:
            return
        act = Act(id, to, self.tick, {thing: self.model.has[thing] or 0 for thing in moved})
        for thing in moved:
            own = thing[0] == "absence" and self._away(thing[1]) == to
            self.model.give(thing, None if own else to)
        act.touched = {thing: self.model.touched[thing] for thing in moved}
        self.model.acts.append(act)

    def _away(self, absence: int) -> int:
        with self.database.read() as db:
            return db.get_one(Absence, absence).user_id

    @rule()
    def think_better_of_it(self) -> None:
        """The last act is taken back, if nobody has built on it."""
        self.take_back(1)

    @rule(back=st.integers(1, 4))
    def take_back(self, back: int) -> None:
        """One of the last acts is taken back, if nobody has built on it."""
        if back > len(self.model.acts):
            return
        act = self.model.acts[-back]
        allowed = not act.undone and not self.model.changed_since(act)

        def change(db: Session) -> bool:
            by = db.get_one(User, self.people[0])
            by.role = "manager"
            undo(db, act=db.get_one(Handover, act.id), by=by, now=self.now)
            return True

        done = self._step(change)
        assert bool(done) == (allowed and self.people[0] not in self.model.closed)
        if done:
            act.undone = True
            for thing, owner in act.moved.items():
                self.model.give(thing, owner)

    @rule(who=WHO)
    def close(self, who: int) -> None:
        """Nobody is closed with anything in hand."""
        user = self.people[who]

        def change(db: Session) -> bool:
            access.close_user(db, user=db.get_one(User, user), now=self.now, today=TODAY)
            return True

        done = self._step(change)
        assert bool(done) == (user not in self.model.closed and not self.model.held(user))
        if done:
            self.model.closed.add(user)

    # --- What must hold after every step ---

    @invariant()
    def everything_is_where_the_model_has_it(self) -> None:
        with self.database.read() as db:
            for kind, table, owner in (
                ("request", Request, Request.owner_id),
                ("follow_up", FollowUp, FollowUp.owner_id),
                ("absence", Absence, Absence.stand_in_id),
            ):
                wanted = {thing[1]: who for thing, who in self.model.has.items() if thing[0] == kind}
                stands = select(table.id, owner).where(table.id.in_(wanted))
                found = dict(db.execute(stands).all())
                # What is finished is in nobody's hands, whoever's name stands on it.
                assert {id: found[id] for id, who in wanted.items() if who or kind == "absence"} == {
                    id: who for id, who in wanted.items() if who or kind == "absence"
                }
            for number, user in enumerate(self.people):
                names = {"company": "company_assignment"}
                held = holdings.held(db, db.get_one(User, user), TODAY)
                mine = [names.get(kind, kind) for kind, _ in self.model.held(user)]
                assert held == {name: mine.count(name) for name in held}, number
                assert set(mine) == set(held)

    @invariant()
    def every_history_is_one_chain(self) -> None:
        with self.database.read() as db:
            for company, owners in self.model.history.items():
                chain = db.scalars(
                    select(CompanyAssignment)
                    .where(CompanyAssignment.company_id == company)
                    .order_by(CompanyAssignment.valid_from)
                ).all()
                assert [row.user_id for row in chain] == owners
                for before, after in pairwise(chain):
                    assert (before.valid_to, before.id) == (after.valid_from, after.follows_id)
                assert chain[-1].valid_to is None
                assert db.get_one(Company, company).current_assignment_id == chain[-1].id


def test_any_sequence_of_steps_ends_where_the_model_ends(database: Database) -> None:
    run_state_machine_as_test(
        lambda: House(database),  # type: ignore[arg-type]  # It is called, and may be anything that makes one.
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
