"""The figures of the plan: on any day what a plain recount of the agreements says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements.models import Agreement, AgreementStep
from crm.agreements.queries import Span, programme
from crm.companies.models import Company, ProductionUnit
from crm.companies.queries import by_cvr
from crm.db import Database, Session
from crm.errors import NotFound, Refused
from crm.goals import actions, queries
from crm.goals.history import moves, weekly
from crm.goals.models import Definition, DefinitionProgramme, Objective, Target
from crm.goals.queries import Progress, progress
from crm.numbers import demo_cvr
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.paper import EASY, PROGRAMMES, SICK, YOUTH, Plain, enter
from tests.statements import counted

DAY = timedelta(days=1)


@pytest.fixture
def town(database: Database) -> Database:
    """Four of Anna's companies."""
    with database.write() as db:
        anna = add_user(db)
        for number in range(4):
            add_company(db, number, responsible=anna)
    return database


def _of(found: list[Progress]) -> dict[str, Progress]:
    return {each.objective.key: each for each in found}


def _sign(
    db: Session,
    number: int,
    programme: str,
    signed: date,
    *,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Agreement:
    return enter(db, Plain(number, programme, signed, valid_from, valid_to))


def _end(db: Session, agreement: Agreement, on: date) -> None:
    agreements.step(db, agreement=agreement, to="ended", on=on, by=db.get_one(User, 1), now=NOW, today=TODAY)


def test_a_company_counts_from_the_first_day_to_the_last_and_on_no_other(town: Database) -> None:
    with town.write() as db:
        _sign(db, 0, "code_of_care", TODAY - 20 * DAY, valid_from=TODAY - 10 * DAY, valid_to=TODAY)
        _sign(db, 1, "code_of_care", TODAY - 5 * DAY, valid_from=TODAY - 30 * DAY, valid_to=TODAY + 90 * DAY)
        _end(db, _sign(db, 2, "code_of_care", TODAY - 8 * DAY, valid_to=TODAY + 90 * DAY), TODAY - 2 * DAY)
    expected = {-11: 0, -10: 1, -9: 1, -8: 2, -5: 3, -2: 3, -1: 2, 0: 2, 1: 1, 90: 1, 91: 0}
    with town.read() as db:
        found = {days: _of(progress(db, TODAY + days * DAY))[YOUTH].value for days in expected}
    assert found == expected


def test_a_chain_counts_once_and_a_partner_organisation_never(town: Database) -> None:
    with town.write() as db:
        # Not even when somebody lets the programme count.
        partner = programme(db, "partner_organisation")
        youth = queries.objective(db, YOUTH).defined_on(TODAY)
        wider = Definition(
            objective_id=youth.objective_id, holds_from=TODAY, words="Alle", programmes_in_all=3,
            counts_when="in_force",
        )  # fmt: skip
        db.add(wider)
        db.flush()
        ours = [partner.id, *(each.id for each in youth.programmes)]
        db.add_all([DefinitionProgramme(definition_id=wider.id, programme_id=id) for id in ours])
        company = by_cvr(db, demo_cvr(0))
        for number in range(3):
            db.add(
                ProductionUnit(
                    company_id=company.id, p_number=f"101234567{number}", name="Butik", created_at=NOW
                )
            )
        for key in (*PROGRAMMES, *PROGRAMMES):
            _sign(db, 0, key, TODAY)
        _sign(db, 1, "partner_organisation", TODAY)
        _sign(db, 2, "klar_til_start", TODAY)
    with town.read() as db:
        found = _of(progress(db, TODAY))
        assert (found[YOUTH].value, found[SICK].value, found[EASY].value) == (1, 1, None)
        assert [company.cvr for company in found[YOUTH].companies] == [demo_cvr(0)]
        assert found[YOUTH].companies[0].responsible.name == "Anna"
        assert found[EASY].companies == ()


# --- Pace and targets ---------------------------------------------------------------------------------


def _progress(value: int | None, before: int | None = 0, target: int = 10, ahead: int = 38) -> Progress:
    due = Target(due=TODAY + ahead * DAY, value=target)
    objective = Objective(key=YOUTH, counts="companies")
    return Progress(objective, TODAY, value, due, value_before=before, first_on=TODAY - 200 * DAY)


@pytest.mark.parametrize(
    ("found", "missing", "had", "needed", "reached"),
    [
        (_progress(6, 3), 4, 1.01, 3.2, 120),
        (_progress(10, 3), 0, 2.37, None, None),
        (_progress(12, 12), 0, 0, None, None),
        (_progress(4, 4), 6, 0, 4.81, None),
        (_progress(3, 9), 7, -2.03, 5.61, None),
        (_progress(6, 3, ahead=-1), 4, 1.01, None, 120),
        (_progress(None, None), 10, 0, 8.01, None),
        (_progress(1, 0, target=100_000), 99_999, 0.34, 80_097.9, None),
    ],
)
def test_pace_had_pace_needed_and_the_day_it_is_reached(
    found: Progress, missing: int, had: float, needed: float | None, reached: int | None
) -> None:
    assert found.missing == missing
    assert found.pace_had == pytest.approx(had, abs=0.01)
    assert found.pace_needed == (needed if needed is None else pytest.approx(needed, abs=0.1))
    day = found.reached_on
    assert (day is None) == (reached is None)
    assert day is None or reached is None or abs((day - TODAY).days - reached) <= 1


def test_without_a_target_nothing_is_missing() -> None:
    found = Progress(Objective(key=YOUTH, counts="companies"), TODAY, 3, None)
    assert (found.missing, found.pace_needed, found.reached_on) == (0, None, None)


def test_the_target_of_a_day_is_the_next_one_due_or_the_last(db: Session) -> None:
    youth = queries.objective(db, YOUTH)
    for on, value in ((TODAY, 10), (date(2026, 12, 31), 10), (date(2027, 1, 1), 25), (date(2030, 1, 1), 25)):
        target = queries.target_on(youth, on)
        assert target is not None
        assert target.value == value
    anna = add_user(db)
    actions.set_target(db, objective=youth, due=date(2027, 6, 30), value=15, by=anna, now=NOW)
    assert (queries.target_on(youth, date(2027, 1, 1)) or Target(value=0)).value == 15
    actions.set_target(db, objective=youth, due=date(2027, 6, 30), value=17, by=anna, now=NOW)
    db.expire_all()
    again = queries.objective(db, YOUTH)
    assert [(target.due.year, target.value) for target in again.targets] == [
        (2026, 10),
        (2027, 17),
        (2028, 25),
    ]
    assert queries.target_on(Objective(targets=[]), TODAY) is None


def test_an_objective_keeps_at_least_one_target_and_none_that_cannot_be(db: Session) -> None:
    youth, easy, anna = queries.objective(db, YOUTH), queries.objective(db, EASY), add_user(db)
    for objective, field, due, value in (
        (youth, "value", TODAY, 0), (youth, "value", TODAY, 100_001), (easy, "value", TODAY, 101),
        (youth, "due", date(2019, 12, 31), 5), (youth, "due", date(2100, 1, 2), 5),
    ):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            actions.set_target(db, objective=objective, due=due, value=value, by=anna, now=NOW)
        assert refusal.value.field == field
    actions.drop_target(db, objective=youth, target=youth.targets[0], by=anna, now=NOW)
    assert [target.value for target in youth.targets] == [25]
    with pytest.raises(Refused, match="mindst ét"):
        actions.drop_target(db, objective=youth, target=youth.targets[0], by=anna, now=NOW)
    db.expire_all()
    assert [target.value for target in queries.objective(db, YOUTH).targets] == [25]
    with pytest.raises(NotFound):
        queries.objective(db, "ukendt")


def test_the_weeks_end_on_the_day_asked_for(town: Database) -> None:
    with town.read() as db:
        for since, days in ((TODAY - 15 * DAY, [-15, -8, -1, 0]), (TODAY, [0]), (TODAY + DAY, [0])):
            found = _of(progress(db, TODAY, since=since))[YOUTH]
            assert [point for point, _ in found.points] == [TODAY + each * DAY for each in days]


SPANS = st.builds(
    lambda company, first, length: Span(
        1, 1, company, TODAY + first * DAY, None if length > 60 else TODAY + (first + length) * DAY
    ),
    st.integers(1, 3),
    st.integers(-60, 60),
    st.integers(-3, 70),
)


@given(st.lists(SPANS, max_size=12), st.integers(-70, 70), st.integers(0, 80))
def test_the_weeks_are_what_each_day_says(spans: list[Span], start: int, length: int) -> None:
    since = TODAY + start * DAY
    for day, value in weekly(moves(spans), since, since + length * DAY):
        assert value == len({span.company_id for span in spans if span.holds(day)})


def test_the_figures_take_as_many_questions_for_ten_thousand_agreements_as_for_ten(town: Database) -> None:
    asked = []
    for number in (10, 10_000):
        with town.write() as db:
            start = db.query(Agreement).count()
            keys = range(start + 1, start + number + 1)
            row = {
                "title": "x",
                "signed_on": TODAY,
                "state": "signed",
                "step_no": 1,
                "created_at": NOW,
                "version": 1,
            }
            own = [
                {"id": key, "company_id": key % 4 + 1, "programme_id": key % 3 + 1,
                 "valid_from": TODAY - key % 300 * DAY} for key in keys
            ]  # fmt: skip
            db.execute(insert(Agreement), [row | each for each in own])
            step = {"seq": 1, "from_state": "-", "to_state": "signed", "on": TODAY, "at": NOW, "by_id": 1}
            db.execute(insert(AgreementStep), [step | {"agreement_id": key} for key in keys])
        with town.read() as db, counted(town) as statements:
            assert _of(progress(db, TODAY, since=TODAY - 365 * DAY))[YOUTH].value == 4
        asked.append(len(statements))
    assert asked[0] == asked[1] <= 8


def test_every_company_counted_is_there_in_danish_order(town: Database) -> None:
    with town.write() as db:
        for number, name in enumerate(("Ørsted", "Åby", "Ærø", "Zoo")):
            company = by_cvr(db, demo_cvr(number))
            company.name, company.sort_key = (
                name,
                Company(sort_key={"Ø": "|", "Å": "}", "Æ": "{", "Z": "z"}[name[0]]).sort_key,
            )
            _sign(db, number, "code_of_care", TODAY)
    with town.read() as db:
        assert [each.name for each in _of(progress(db, TODAY))[YOUTH].companies] == [
            "Zoo",
            "Ærø",
            "Ørsted",
            "Åby",
        ]
