"""A consultant's day: what stands in it and why, in which order, and what becomes of each line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

import pytest
from sqlalchemy.orm import joinedload

from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements.queries import programme
from crm.companies import actions as companies
from crm.companies.models import Company
from crm.day import actions, queries
from crm.day.actions import Moment
from crm.day.models import PutOff, Reason
from crm.day.queries import QUIET_A_DAY, Plan, plan
from crm.day.tasks import Line, Task, Urgency
from crm.db import Database, Session
from crm.errors import Conflict, NotFound, Refused
from crm.interactions import actions as interactions
from crm.interactions.models import FollowUp
from crm.requests import actions as requests
from crm.requests.actions import NewRequest
from crm.requests.clock import WorkingHours
from crm.requests.models import Request
from crm.responsibility.absences import actions as absences
from crm.settings import Settings
from crm.surveys.models import SurveyReply
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.statements import counted
from tests.town import build

SETTINGS = Settings()
CLOCK = WorkingHours.of(SETTINGS)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)


@dataclass
class Desk:
    """Anna, her bakery that was spoken with today, and a colleague."""

    db: Session
    anna: User
    bo: User
    bakery: Company

    @classmethod
    def of(cls, db: Session) -> Self:
        anna, bo = add_user(db), add_user(db, "bo@kommune.test")
        bakery = add_company(db, 1, "Blovstrød Bageri ApS", responsible=anna, phone="48 15 00 01")
        bakery.last_contact_at = NOW
        db.flush()
        return cls(db, anna, bo, bakery)

    def plan(self, user: User | None = None, days: int = 0) -> Plan:
        return plan(self.db, user or self.anna, settings=SETTINGS, now=NOW + days * DAY)

    def why(self, days: int = 0) -> list[str]:
        return [task.why for task in self.plan(days=days).now]

    def promise(self, days: int, text: str = "Send profiler", **more: object) -> FollowUp:
        values = {"owner": self.anna, "company": self.bakery} | more
        return interactions.promise(self.db, due=TODAY + days * DAY, text=text, now=NOW, **values)  # type: ignore[arg-type]

    def ask(self, hours: int, title: str = "To bagere", owner: User | None = None) -> Request:
        """A request received so many hours ago."""
        return requests.take_in(
            self.db, company=self.bakery, asked=NewRequest("guidance", title), by=self.anna, now=NOW, clock=CLOCK,
            received_at=NOW - timedelta(hours=hours), owner=owner,
        )  # fmt: skip

    def agree(self, *, valid_to: date | None = None, state: str = "signed", by: User | None = None) -> int:
        signed = TODAY - YEAR if state == "signed" else None
        made = agreements.create(
            self.db, company=self.bakery, programme=programme(self.db, "code_of_care"), title="Unge", now=NOW,
            by=by or self.anna, today=TODAY, signed_on=signed, valid_to=valid_to, consultant=by or self.anna,
        )  # fmt: skip
        if state == "offered":
            for to in ("in_dialogue", "offered"):
                agreements.step(
                    self.db, agreement=made, to=to, on=TODAY - 12 * DAY, by=self.anna, now=NOW, today=TODAY
                )
        return made.id

    def quiet(self, number: int, employees: int | None = None, days: int = 300, **more: object) -> Company:
        """A company of Anna's that was last spoken with so many days ago."""
        values = {"responsible": self.anna, "employees_from": employees, "employees_to": employees} | more
        made = add_company(self.db, 100 + number, f"Stille {number} ApS", **values)
        made.created_at, made.last_contact_at = NOW - 3 * YEAR, NOW - days * DAY
        self.db.flush()
        return made

    @property
    def moment(self) -> Moment:
        return Moment(self.anna, NOW, SETTINGS)

    def finish(self, task: Task, **more: object) -> date | None:
        return actions.finish(self.db, line=task.line, moment=self.moment, **more)  # type: ignore[arg-type]

    def move(self, task: Task, days: int) -> date | None:
        return actions.move(self.db, line=task.line, until=TODAY + days * DAY, moment=self.moment)

    def back(self, task: Task, due: date | None = None) -> None:
        actions.take_back(self.db, line=task.line, moment=self.moment, due=due)


@pytest.fixture
def desk(db: Session) -> Desk:
    return Desk.of(db)


def test_a_day_without_anything_is_empty(desk: Desk) -> None:
    assert desk.plan().tasks == []


def test_everything_stands_in_one_list_the_most_urgent_first(desk: Desk) -> None:
    desk.quiet(1, 24)
    desk.agree(state="offered")
    desk.agree(valid_to=TODAY + 30 * DAY)
    desk.promise(3, "Kommer")
    desk.promise(0, "I dag")
    desk.promise(0, "Ring", call_back=True)
    desk.promise(-2, "Glemt")
    desk.ask(0, "I morgen")
    desk.ask(18, "I dag")
    desk.ask(200, "For sent")
    found = desk.plan()
    assert [(task.urgency, task.why) for task in found.now] == [
        (Urgency.LATE, "Svar mangler"),
        (Urgency.LATE, "Over tid"),
        (Urgency.ANSWER_TODAY, "Svar haster"),
        (Urgency.CALL_BACK, "Ring tilbage"),
        (Urgency.TODAY, "I dag"),
        (Urgency.ANSWER_SOON, "Skal have svar"),
        (Urgency.RUNS_OUT, "Aftale udløber"),
        (Urgency.QUIET, "Længe siden"),
        (Urgency.NEAR, "Tæt på aftale"),
    ]
    assert [task.what for task in found.later] == ["Kommer"]
    assert found.urgent == 3


def test_a_line_says_what_and_when_as_a_colleague_would(desk: Desk) -> None:
    desk.quiet(1, 24, 213)
    desk.agree(state="offered")
    desk.agree(valid_to=TODAY + 38 * DAY)
    said = {task.why: (task.what, task.when) for task in desk.plan().now}
    assert said == {
        "Aftale udløber": ("Code of Care: Unge, til 31. dec.", "om 38 dage"),
        "Længe siden": ("Ingen kontakt i 7 måneder · 24 ansatte", "når det passer"),
        "Tæt på aftale": ("Code of Care: tilbud sendt 11. nov.", "for 12 dage siden"),
    }


def test_a_line_names_who_was_spoken_with_and_how_to_reach_them(desk: Desk) -> None:
    lone = companies.add_contact(
        desk.db, company=desk.bakery, values={"name": "Lone Krogh", "mobile": "20 11 45 67"}, now=NOW
    )
    call = interactions.log(
        desk.db, company=desk.bakery, by=desk.anna, now=NOW, kind="call", direction="in", summary="Ringede",
        contact=lone,
    )  # fmt: skip
    desk.promise(0, interaction=call)
    desk.promise(0, "Uden person")
    desk.db.expire_all()
    assert [(task.person, task.phone) for task in desk.plan().now] == [
        ("Lone Krogh", "20 11 45 67"),
        (None, "48 15 00 01"),
    ]


def test_what_waits_for_the_company_is_shown_as_waiting_and_not_as_due(desk: Desk) -> None:
    waiting, begun = desk.ask(200, "Venter"), desk.ask(200, "I gang")
    requests.move(desk.db, request=waiting, to="waiting", by=desk.anna, now=NOW - 100 * DAY, clock=CLOCK)
    requests.move(desk.db, request=begun, to="in_progress", by=desk.anna, now=NOW, clock=CLOCK)
    found = desk.plan()
    assert found.now == []
    assert [(task.why, task.what) for task in found.later] == [("I gang", "I gang"), ("Afventer", "Venter")]
    assert not any(task.can_be_done or task.can_be_moved for task in found.later)


def test_others_matters_are_not_mine(desk: Desk) -> None:
    desk.promise(0, owner=desk.bo)
    desk.ask(20, owner=desk.bo)
    desk.agree(valid_to=TODAY + DAY, by=desk.bo)
    desk.quiet(1, responsible=desk.bo)
    assert desk.plan().tasks == []
    assert len(desk.plan(desk.bo).now) == 4


def test_what_is_covered_for_a_colleague_is_in_the_list_with_their_name(desk: Desk) -> None:
    absences.add(
        desk.db, user=desk.bo, first_day=TODAY, last_day=TODAY + DAY, stand_in=desk.anna, by=desk.bo, today=TODAY,
        now=NOW,
    )  # fmt: skip
    desk.promise(0, "Bos", owner=desk.bo)
    desk.ask(0, "Bos", owner=desk.bo)
    desk.promise(0, "Min")
    found = desk.plan()
    assert [(task.what, task.on_behalf_of) for task in found.now] == [
        ("Min", None), ("Bos", "Bo"), ("Bos", "Bo")
    ]  # fmt: skip
    assert [(name, cover.until) for name, cover in found.covering] == [("Bo", TODAY + DAY)]
    assert found.absence is None
    assert desk.plan(desk.bo).absence is not None


@pytest.mark.parametrize(
    ("days", "why"),
    [(61, []), (60, ["Aftale udløber"]), (1, ["Aftale udløber"]), (0, ["Aftale udløber"]),
     (-1, ["Aftale udløbet"]), (-60, ["Aftale udløbet"]), (-61, [])],
)  # fmt: skip
def test_an_agreement_is_told_of_before_it_runs_out_and_a_while_after(
    desk: Desk, days: int, why: list[str]
) -> None:
    desk.agree(valid_to=TODAY + days * DAY)
    assert desk.why() == why


def test_an_agreement_without_an_end_never_runs_out(desk: Desk) -> None:
    desk.agree()
    assert desk.why() == []


@pytest.mark.parametrize(("days", "quiet"), [(182, False), (184, True)])
def test_a_company_is_quiet_after_so_many_months(desk: Desk, days: int, quiet: bool) -> None:
    desk.quiet(1, days=days)
    assert bool(desk.why()) == quiet


def test_a_company_that_just_came_is_not_quiet_though_nobody_has_spoken_with_it(desk: Desk) -> None:
    new = add_company(desk.db, 7, responsible=desk.anna)
    assert desk.why() == []
    new.created_at = NOW - YEAR
    desk.db.flush()
    assert [task.what for task in desk.plan().now] == ["Ikke talt med endnu"]


def test_a_company_that_has_ceased_is_left_in_peace(desk: Desk) -> None:
    desk.quiet(1).active = 0
    desk.db.flush()
    assert desk.why() == []


def test_the_largest_quiet_companies_come_first_and_only_some_a_day(desk: Desk) -> None:
    for number in range(9):
        desk.quiet(number, employees=number or None)
    shown = [task.company.employees_from for task in desk.plan().now]
    assert shown == [8, 7, 6, 5, 4]
    assert len(shown) == QUIET_A_DAY


def test_those_seen_to_leave_their_place_empty_until_tomorrow(desk: Desk) -> None:
    for number in range(9):
        desk.quiet(number, employees=number)
    first, second, *_ = desk.plan().now
    desk.finish(first)
    desk.move(second, 7)
    assert [task.company.employees_from for task in desk.plan().now] == [6, 5, 4]
    assert [task.company.employees_from for task in desk.plan(days=1).now] == [6, 5, 4, 3, 2]
    assert 7 in [task.company.employees_from for task in desk.plan(days=7).now]
    assert 8 not in [task.company.employees_from for task in desk.plan(days=150).now]


def test_a_protected_company_says_so(desk: Desk) -> None:
    desk.quiet(1).advertising_protected = 1
    desk.db.flush()
    assert desk.plan().now[0].what.endswith("reklamebeskyttet")


def test_what_is_done_is_gone_and_what_is_taken_back_stands_again(desk: Desk) -> None:
    desk.promise(0)
    desk.agree(valid_to=TODAY + DAY)
    desk.quiet(1)
    before = desk.plan().now
    for task in before:
        desk.finish(task)
    assert desk.plan().now == []
    for task in before:
        desk.back(task)
    assert [task.line for task in desk.plan().now] == [task.line for task in before]


def test_what_is_moved_comes_back_on_its_day(desk: Desk) -> None:
    desk.promise(0)
    desk.ask(20)
    desk.agree(valid_to=TODAY + 20 * DAY)
    desk.agree(state="offered")
    desk.quiet(1)
    before = desk.plan().now
    former = [desk.move(task, 3) for task in before]
    assert desk.plan().now == []
    assert {task.line for task in desk.plan(days=2).now} == set()
    assert {task.line for task in desk.plan(days=3).now} == {task.line for task in before}
    for task, due in zip(before, former, strict=True):
        desk.back(task, due)
    assert [task.line for task in desk.plan().now] == [task.line for task in before]


def test_an_agreement_seen_to_stands_again_when_it_is_renewed(desk: Desk) -> None:
    desk.agree(valid_to=TODAY + 10 * DAY)
    desk.finish(desk.plan().now[0])
    assert [desk.why(days) for days in (1, 10, 70, 71)] == [[], [], [], []]


@pytest.mark.parametrize("days", [0, -1])
def test_nothing_is_moved_to_a_day_that_has_come(desk: Desk, days: int) -> None:
    desk.promise(0)
    desk.quiet(1)
    for task in desk.plan().now:
        with pytest.raises(Refused):
            desk.move(task, days)


def test_an_answer_that_was_given_is_under_way_and_cannot_be_taken_back(desk: Desk) -> None:
    request = desk.ask(20)
    task = desk.plan().now[0]
    desk.finish(task)
    assert request.answered_at == NOW
    desk.finish(task)
    desk.back(task)
    assert (desk.plan().now, [each.why for each in desk.plan().later]) == ([], ["I gang"])


def test_an_offer_is_not_done_by_saying_so(desk: Desk) -> None:
    desk.agree(state="offered")
    task = desk.plan().now[0]
    assert not task.can_be_done
    with pytest.raises(Conflict):
        desk.finish(task)
    desk.finish(task, note="Talte med dem")
    assert [desk.why(), desk.why(6), desk.why(7)] == [[], [], ["Tæt på aftale"]]


@pytest.mark.parametrize("reason", list(Reason))
def test_a_line_about_nothing_is_not_found(desk: Desk, reason: Reason) -> None:
    line = Line(reason, 987654)
    for act in (
        lambda: actions.finish(desk.db, line=line, moment=desk.moment, note="Talte"),
        lambda: actions.move(desk.db, line=line, until=TODAY + DAY, moment=desk.moment),
        lambda: actions.take_back(desk.db, line=line, moment=desk.moment),
        lambda: actions.company_of(desk.db, line),
    ):
        with pytest.raises(NotFound):
            act()
    assert desk.db.query(PutOff).count() == 0


def test_one_colleagues_wish_is_not_anothers(desk: Desk) -> None:
    company = desk.quiet(1)
    desk.move(desk.plan().now[0], 7)
    assert desk.why() == []
    assert not desk.db.get(PutOff, (desk.bo.id, "quiet", company.id))


def test_old_wishes_are_forgotten(desk: Desk) -> None:
    desk.quiet(1)
    desk.move(desk.plan().now[0], 1)
    later = Moment(desk.anna, NOW + 30 * DAY, SETTINGS)
    other = desk.quiet(2)
    actions.move(desk.db, line=Line(Reason.QUIET, other.id), until=TODAY + 40 * DAY, moment=later)
    assert [row.subject_id for row in desk.db.query(PutOff)] == [other.id]


@pytest.mark.parametrize(
    "text", ["", "svar", "svar-", "svar-x", "svar--1", "svar-1 ", "svar-" + "1" * 19, "noget-1", "svar-١"]
)
def test_what_names_no_line_is_none(text: str) -> None:
    assert Line.read(text) is None


@pytest.mark.parametrize("reason", list(Reason))
def test_a_line_is_found_again_by_its_name(reason: Reason) -> None:
    assert Line.read(str(Line(reason, 12))) == Line(reason, 12)


def test_a_day_is_so_many_questions_however_full(database: Database) -> None:
    with database.write() as db:
        desk = Desk.of(db)
        anna = desk.anna
        absences.add(
            db, user=desk.bo, first_day=TODAY, last_day=TODAY, stand_in=anna, by=desk.bo, today=TODAY, now=NOW
        )

    def asked() -> int:
        with database.read() as db, counted(database) as seen:
            plan(db, db.get_one(User, anna.id), settings=SETTINGS, now=NOW)
        return len(seen)

    few = asked()
    with database.write() as db:
        desk.db = db
        for number in range(30):
            desk.promise(number % 3 - 1)
            desk.promise(0, owner=desk.bo)
            desk.ask(number)
            desk.agree(valid_to=TODAY + number * DAY)
            desk.quiet(number)
    assert (asked(), few <= 11) == (few, True)


def test_a_list_is_bounded_and_says_that_there_is_more(desk: Desk) -> None:
    for _ in range(queries.MOST + 5):
        desk.promise(0)
    found = desk.plan()
    assert (len(found.now), found.more) == (queries.MOST, True)


def test_a_comment_about_the_cooperation_waits_until_somebody_has_followed_up(database: Database) -> None:
    town = build(database)
    with database.write() as db:
        reply = db.get_one(SurveyReply, town.survey_reply)
        reply.handled_at = reply.handled_by_id = reply.handled_note = None
        db.flush()
        company = db.get_one(Company, reply.company_id, options=[joinedload(Company.responsible)])
        moment = Moment(company.responsible, NOW, SETTINGS)
        line = Line(Reason.COMMENT, reply.id)

        def shown(days: int = 0) -> Task | None:
            found = plan(db, company.responsible, settings=SETTINGS, now=NOW + days * DAY)
            return queries.find(found, line)

        task = shown()
        assert task is not None
        assert (task.why, task.what) == ("Svar fra måling", f"»{reply.comment}«")
        actions.move(db, line=line, until=TODAY + 2 * DAY, moment=moment)
        assert (shown() is None, shown(2) is None) == (True, False)
        actions.take_back(db, line=line, moment=moment)
        with pytest.raises(Refused):
            actions.finish(db, line=line, moment=moment)
        actions.finish(db, line=line, moment=moment, note="Ringede og talte det igennem.")
        assert shown() is None
        assert reply.handled_note == "Ringede og talte det igennem."
