"""What an objective counts, from when, and who said so: nothing that held once is lost."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from crm.access.models import User
from crm.agreements.queries import programme
from crm.db import Database, Session
from crm.errors import Refused
from crm.goals import actions, defining, queries
from crm.goals.models import Change, Definition, Milestone, Objective, Target
from crm.goals.queries import Progress, progress
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.paper import EASY, SICK, YOUTH, Plain, enter

DAY = timedelta(days=1)
NEXT_YEAR = date(2027, 1, 1)


@pytest.fixture
def town(database: Database) -> Database:
    """Four of Anna's companies: one signed early, one late, one that has ended, one not begun."""
    with database.write() as db:
        anna = add_user(db)
        for number in range(4):
            add_company(db, number, responsible=anna)
        enter(db, Plain(0, "code_of_care", TODAY - 300 * DAY, None, None))
        enter(db, Plain(1, "klar_til_start", TODAY - 100 * DAY, None, None))
        enter(db, Plain(2, "code_of_care", TODAY - 200 * DAY, None, TODAY - 50 * DAY))
        enter(db, Plain(3, "code_of_care", TODAY - 10 * DAY, TODAY + 40 * DAY, None))
    return database


def _define(
    db: Session, *keys: str, holds_from: date = NEXT_YEAR, counts_when: str = "in_force"
) -> Definition:
    return defining.define(
        db, objective=queries.objective(db, YOUTH), words="Unge i det hele taget",
        programmes=[programme(db, key) for key in keys], counts_when=counts_when, holds_from=holds_from,
        by=db.get_one(User, 1), now=NOW, today=TODAY,
    )  # fmt: skip


def _value(db: Session, on: date, defined_on: date | None = None) -> int | None:
    return next(each for each in progress(db, on, defined_on=defined_on) if each.objective.key == YOUTH).value


def test_a_definition_holds_from_its_day_and_a_past_day_can_be_counted_by_either(town: Database) -> None:
    with town.write() as db:
        _define(db, "code_of_care", "klar_til_start")
    with town.read() as db:
        youth = queries.objective(db, YOUTH)
        assert youth.defined_on(NEXT_YEAR - DAY).words.startswith("Virksomheder med")
        assert youth.defined_on(NEXT_YEAR).words == "Unge i det hele taget"
        assert youth.defined_on(date(1999, 1, 1)).id == youth.definitions[0].id
        # Company 0 by the first definition; 0 and 1 by the one to come.
        assert (_value(db, TODAY), _value(db, TODAY, NEXT_YEAR)) == (1, 2)
        assert _value(db, NEXT_YEAR + 30 * DAY) == 3


@pytest.mark.parametrize(
    ("counts_when", "values"),
    [("in_force", (0, 1, 2, 1, 2)), ("signed", (0, 1, 2, 2, 2)), ("ever", (0, 1, 2, 3, 3))],
)
def test_which_state_counts_is_part_of_the_definition(
    town: Database, counts_when: str, values: tuple[int, ...]
) -> None:
    with town.write() as db:
        _define(db, "code_of_care", holds_from=date(2020, 1, 1), counts_when=counts_when)
    with town.read() as db:
        days = (-301, -300, -200, 0, 40)
        assert tuple(_value(db, TODAY + each * DAY, TODAY) for each in days) == values


def test_a_definition_that_cannot_be_is_refused_and_nothing_is_stored(town: Database) -> None:
    with town.write() as db:
        anna = db.get_one(User, 1)
        youth, easy = queries.objective(db, YOUTH), queries.objective(db, EASY)
        care, partner = programme(db, "code_of_care"), programme(db, "partner_organisation")
        right = {
            "objective": youth,
            "words": "x",
            "programmes": [care],
            "counts_when": "in_force",
            "holds_from": TODAY,
        }
        for field, wrong in (
            ("words", {"words": " "}), ("counts_when", {"counts_when": "maybe"}),
            ("holds_from", {"holds_from": date(2019, 1, 1)}), ("programmes", {"programmes": []}),
            ("programmes", {"programmes": [care, partner]}), ("programmes", {"objective": easy}),
        ):  # fmt: skip
            with pytest.raises(Refused) as refusal:
                defining.define(db, **(right | wrong), by=anna, now=NOW, today=TODAY)  # type: ignore[arg-type]
            assert refusal.value.field == field
        assert len(db.scalars(select(Definition)).all()) == 3


def _new(db: Session, name: str) -> Objective:
    return defining.add_objective(
        db, name=name, words="Virksomheder med Klar til Start", programmes=[programme(db, "klar_til_start")],
        counts_when="in_force", due=date(2027, 12, 31), value=5, by=db.get_one(User, 1), now=NOW, today=TODAY,
    )  # fmt: skip


def test_an_objective_can_be_added_named_moved_and_retired_and_each_is_written_down(town: Database) -> None:
    with town.write() as db:
        anna, made = db.get_one(User, 1), _new(db, "Klar  til Østjob")
        assert (made.key, made.name, made.position) == ("klar_til_ostjob", "Klar til Østjob", 4)
        with pytest.raises(Refused, match="allerede"):
            _new(db, "klar TIL østjob")
        defining.rename(db, objective=made, name="Klar til job", by=anna, now=NOW)
        defining.rename(db, objective=made, name="Klar til job", by=anna, now=NOW)
        defining.move(db, objective=made, up=True, by=anna, now=NOW)
        defining.move(db, objective=made, up=False, by=anna, now=NOW)
        defining.move(db, objective=made, up=False, by=anna, now=NOW)
        defining.retire(db, objective=made, valid_to=TODAY, by=anna, now=NOW)
    with town.read() as db:
        told = [(each.what, each.by.name) for each in defining.changes(db, queries.objective(db, made.key))]
        assert told == [
            (Change.RETIRED, "Anna"), (Change.MOVED, "Anna"), (Change.MOVED, "Anna"), (Change.RENAMED, "Anna"),
            (Change.TARGET_SET, "Anna"), (Change.DEFINED, "Anna"), (Change.ADDED, "Anna"),
        ]  # fmt: skip
        keys = [{each.objective.key for each in progress(db, TODAY + days * DAY)} for days in (0, 1)]
        assert keys[0] - keys[1] == {made.key}
        assert [each.value for each in progress(db, TODAY + 9 * DAY, only=made.key)] == [1]
    with town.write() as db:
        defining.resume(db, objective=queries.objective(db, made.key), by=db.get_one(User, 1), now=NOW)
        assert made.key in {each.objective.key for each in progress(db, TODAY + DAY)}


def test_a_name_never_becomes_the_address_of_another_page(town: Database) -> None:
    with town.write() as db:
        assert [_new(db, name).key for name in ("Rapport", "Nøgletal", "Tilfredshed", "?!")] == [
            "rapport_2", "nogletal", "tilfredshed_2", "maal",
        ]  # fmt: skip


# --- Targets and milestones ---------------------------------------------------------------------------


def _youth(db: Session, on: date = TODAY) -> Progress:
    return next(each for each in progress(db, on) if each.objective.key == YOUTH)


def test_milestones_are_a_straight_line_or_the_days_chosen(town: Database) -> None:
    with town.write() as db:
        anna, youth = db.get_one(User, 1), queries.objective(db, YOUTH)
        assert _youth(db).line == []
        actions.set_target(
            db,
            objective=youth,
            due=date(2026, 12, 31),
            value=10,
            line_from=date(2026, 1, 1),
            by=anna,
            now=NOW,
        )
        line = _youth(db).line
        assert [day for day, _ in line] == [
            date(2026, 1, 1), date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31),
        ]  # fmt: skip
        # One counted on the first day already, so nine are to come.
        assert [value for _, value in line] == [0, 2, 5, 7, 10]
        assert _youth(db).expected == 7
        target = youth.targets[0]
        for due, value in ((date(2026, 6, 30), 4), (date(2026, 9, 1), 5), (date(2026, 9, 1), 6)):
            actions.set_milestone(db, objective=youth, target=target, due=due, value=value, by=anna, now=NOW)
        db.expire_all()
        assert _youth(db).line == [(date(2026, 6, 30), 4), (date(2026, 9, 1), 6), (date(2026, 12, 31), 10)]
        for milestone in list(queries.objective(db, YOUTH).targets[0].milestones):
            target = queries.objective(db, YOUTH).targets[0]
            actions.drop_milestone(db, objective=youth, target=target, milestone=milestone, by=anna, now=NOW)
        assert db.scalars(select(Milestone)).all() == []
        told = [(each.what, each.before, each.after) for each in defining.changes(db, youth)]
        assert told[-1] == (
            "target_set", "10 senest 31. december 2026", "10 senest 31. december 2026, lige linje fra 1. januar 2026",
        )  # fmt: skip
        assert told[-4] == ("milestone_set", "5 senest 1. september 2026", "6 senest 1. september 2026")


def test_a_milestone_that_cannot_be_is_refused(town: Database) -> None:
    with town.write() as db:
        anna, youth, easy = db.get_one(User, 1), queries.objective(db, YOUTH), queries.objective(db, EASY)
        target = youth.targets[0]
        for due, value, field in ((target.due, 5, "due"), (TODAY, 11, "value"), (TODAY, 0, "value")):
            with pytest.raises(Refused) as refusal:
                actions.set_milestone(
                    db, objective=youth, target=target, due=due, value=value, by=anna, now=NOW
                )
            assert refusal.value.field == field
        actions.set_milestone(db, objective=youth, target=target, due=TODAY, value=8, by=anna, now=NOW)
        for objective, value, line, field in (
            (youth, 7, None, "value"), (youth, 10, target.due, "line_from"), (easy, 75, TODAY, "line_from"),
        ):  # fmt: skip
            with pytest.raises(Refused) as refusal:
                actions.set_target(
                    db, objective=objective, due=target.due, value=value, line_from=line, by=anna, now=NOW
                )
            assert refusal.value.field == field


def test_a_target_goes_with_its_milestones_and_the_history_remembers_it(town: Database) -> None:
    with town.write() as db:
        anna, sick = db.get_one(User, 1), queries.objective(db, SICK)
        actions.set_target(db, objective=sick, due=date(2028, 1, 1), value=40, by=anna, now=NOW)
        later = next(each for each in sick.targets if each.value == 40)
        actions.set_milestone(
            db, objective=sick, target=later, due=date(2027, 1, 1), value=30, by=anna, now=NOW
        )
        actions.drop_target(db, objective=sick, target=later, by=anna, now=NOW)
        assert db.scalars(select(Milestone)).all() == []
        assert len(db.scalars(select(Target).where(Target.objective_id == sick.id)).all()) == 1
        assert defining.changes(db, sick)[0].before == "40 senest 1. januar 2028"


# --- The database keeps it ------------------------------------------------------------------------------

BREAKS = {
    "an objective deleted": "DELETE FROM objective WHERE key = 'easy_recruitment'",
    "an objective made another": "UPDATE objective SET key = 'noget_andet'",
    "an objective that counts otherwise": "UPDATE objective SET counts = 'share'",
    "a definition rewritten": "UPDATE objective_definition SET words = 'noget andet'",
    "a definition deleted": "DELETE FROM objective_definition",
    "a programme added to a definition": "INSERT INTO objective_definition_programme "
    "(definition_id, programme_id) SELECT min(id), 4 FROM objective_definition",
    "a programme taken from a definition": "DELETE FROM objective_definition_programme",
    "a programme of a definition changed": "UPDATE objective_definition_programme SET programme_id = 4",
    "a rule nobody knows": "INSERT INTO objective_definition (objective_id, holds_from, words, counts_when, "
    "programmes_in_all) VALUES (1, '2026-01-01', 'x', 'sometimes', 0)",
    "history rewritten": "UPDATE objective_change SET before = 'x'",
    "history deleted": "DELETE FROM objective_change",
    "a change nobody knows": "INSERT INTO objective_change (objective_id, at, by_id, what) "
    "SELECT 1, at, by_id, 'guessed' FROM objective_change",
    "a line after its target": "UPDATE target SET line_from = '2099-01-01'",
    "a milestone of nothing": "INSERT INTO milestone (target_id, due, value) VALUES (1, '2026-01-01', 0)",
    "a milestone without a target": "INSERT INTO milestone (target_id, due, value) VALUES (99, '2026-01-01', 5)",
}  # fmt: skip


@pytest.mark.parametrize("statement", BREAKS.values(), ids=BREAKS)
def test_the_database_refuses(town: Database, statement: str) -> None:
    with town.write() as db:
        actions.set_target(
            db,
            objective=queries.objective(db, YOUTH),
            due=date(2027, 1, 1),
            value=12,
            by=db.get_one(User, 1),
            now=NOW,
        )
    with pytest.raises(DBAPIError), town.write() as db:
        db.execute(text(statement))
