"""A company that goes on in another: what is open moves, what happened stays, and no figure is counted twice."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from crm.access.models import User
from crm.agreements import actions as agreements
from crm.agreements.models import Agreement
from crm.companies import actions as companies
from crm.companies import queries as register
from crm.companies.models import Company, CompanyContinuation
from crm.companies.queries import by_cvr
from crm.db import Database, Session
from crm.errors import Conflict, Refused
from crm.goals.queries import progress
from crm.interactions import queries as interactions
from crm.merging import queries
from crm.merging.actions import merge
from crm.numbers import demo_cvr
from crm.requests import actions as requests
from crm.requests import queries as asked
from crm.requests.actions import NewRequest, Promise
from crm.requests.clock import WorkingHours
from crm.settings import Settings
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.paper import EASY, PROGRAMMES, YOUTH, Plain, enter, recounted
from tests.crm.undone import at_once, undone

DAY = timedelta(days=1)
AWAY = st.integers(-120, 0).map(lambda days: TODAY + days * DAY)


@pytest.fixture
def town(database: Database) -> Database:
    """Four of Anna's companies."""
    with database.write() as db:
        anna = add_user(db)
        for number in range(4):
            add_company(db, number, responsible=anna)
    return database


def company(db: Session, number: int) -> Company:
    return by_cvr(db, demo_cvr(number))


def joined(db: Session, number: int, into: int, on: date = TODAY, **more: str) -> CompanyContinuation:
    by = db.get_one(User, 1)
    return merge(
        db, company=company(db, number), into=company(db, into), on=on, by=by, now=NOW, today=TODAY, **more
    )


def _story(db: Session) -> None:
    first, anna = company(db, 0), db.get_one(User, 1)
    lone = companies.add_contact(
        db, company=first, values={"name": "Lone Krogh", "email": "lone@firma.test"}, now=NOW
    )
    requests.log_call(
        db, company=first, by=anna, now=NOW, clock=WorkingHours.of(Settings()), kind="call", direction="in",
        summary="Mangler to.", request=NewRequest("recruitment", "2 bagere"), contact=lone,
        follow_up=Promise(TODAY + DAY, "Ring igen"),
    )  # fmt: skip


def test_what_is_open_goes_on_there_and_what_happened_stays(town: Database) -> None:
    with town.write() as db:
        _story(db)
        joined(db, 0, 1)
    with town.read() as db:
        old, new = company(db, 0), company(db, 1)
        (request,) = asked.of_company(db, new)
        (contact,) = register.contacts(db, new)
        assert (request.title, request.company_contact_id, contact.name) == (
            "2 bagere",
            contact.id,
            "Lone Krogh",
        )
        assert [each.text for each in interactions.open_follow_ups(db, new)] == ["Ring igen"]
        assert not asked.of_company(db, old)
        assert not interactions.open_follow_ups(db, old)
        assert [each.ended_on for each in register.contacts(db, old)] == [TODAY]
        happened, _ = interactions.timeline(db, old, reader=User(id=0))
        assert [each.kind for each in happened] == ["note", "call"]
        assert "Fortsætter i" in happened[0].summary
        (arrow,) = queries.around(db, new)
        assert (arrow.company.cvr, arrow.by_company.cvr, arrow.on) == (old.cvr, new.cvr, TODAY)


def test_a_person_who_is_known_at_both_is_there_once(town: Database) -> None:
    with town.write() as db:
        _story(db)
        values: dict[str, str | None] = {"name": "Lone krogh", "email": "Lone@firma.test"}
        companies.add_contact(db, company=company(db, 1), values=values, now=NOW)
        joined(db, 0, 1)
    with town.read() as db:
        (contact,) = register.contacts(db, company(db, 1))
        assert asked.of_company(db, company(db, 1))[0].company_contact_id == contact.id


def test_whoever_went_on_in_the_first_goes_on_in_the_last(town: Database) -> None:
    with town.write() as db:
        joined(db, 0, 1)
        joined(db, 1, 2)
    with town.read() as db:
        assert {each.company.cvr for each in queries.around(db, company(db, 2))} == {demo_cvr(0), demo_cvr(1)}


def test_what_makes_no_sense_is_refused(town: Database) -> None:
    with town.write() as db:
        joined(db, 0, 1)
    cases: list[tuple[type[Exception], int, int, date]] = [
        (Conflict, 0, 2, TODAY), (Refused, 2, 0, TODAY), (Refused, 2, 2, TODAY), (Refused, 2, 3, TODAY + DAY),
        (Refused, 2, 3, date(1900, 1, 1)),
    ]  # fmt: skip
    for error, number, into, on in cases:
        with pytest.raises(error), town.write() as db:
            joined(db, number, into, on)


def test_what_has_changed_since_it_was_shown_stops_it(town: Database) -> None:
    with town.read() as db:
        seal = queries.open_at(db, company(db, 0)).seal
    with town.write() as db:
        _story(db)
    with pytest.raises(Conflict, match="imens"), town.write() as db:
        joined(db, 0, 1, seen=seal)


def test_two_that_merge_each_other_at_once_make_no_ring(town: Database) -> None:
    def one(number: int, into: int) -> None:
        with town.write() as db:
            joined(db, number, into)

    raised = at_once(lambda: one(0, 1), lambda: one(1, 0))
    assert len(raised) == 1
    with town.read() as db:
        assert len(queries.around(db, company(db, 0))) == 1


@pytest.mark.parametrize(
    "broken",
    [
        "INSERT INTO company_continuation VALUES (3, 3, '2026-01-01', {at}, 1)",
        "INSERT INTO company_continuation VALUES (3, 1, '2026-01-01', {at}, 1)",
        "INSERT INTO company_continuation VALUES (2, 4, '2026-01-01', {at}, 1)",
        "INSERT INTO company_continuation VALUES (1, 4, '2026-01-01', {at}, 1)",
        "UPDATE company_continuation SET by_company_id = company_id",
    ],
)
def test_the_database_keeps_every_arrow_one_step_long(town: Database, broken: str) -> None:
    with town.write() as db:
        joined(db, 0, 1)
    statement = text(broken.format(at="(SELECT at FROM company_continuation)"))
    with pytest.raises(DBAPIError), town.write() as db:
        db.execute(statement)


def test_an_agreement_renewed_ahead_keeps_its_periods_at_the_other_company(town: Database) -> None:
    end, later = TODAY + 30 * DAY, TODAY + 400 * DAY
    with town.write() as db:
        plain = Plain(0, "code_of_care", TODAY - 60 * DAY, TODAY - 60 * DAY, end)
        made, anna = enter(db, plain), db.get_one(User, 1)
        for to, days, more in (("in_force", 50, None), ("renewed", 20, later)):
            agreements.step(
                db, agreement=made, to=to, on=TODAY - days * DAY, by=anna, now=NOW, today=TODAY, valid_to=more
            )
        joined(db, 0, 1, TODAY - 10 * DAY)
    with town.read() as db:
        for on, there in (
            (TODAY - 60 * DAY, 0), (TODAY - 11 * DAY, 0), (TODAY - 10 * DAY, 1), (end, 1), (end + DAY, 1),
            (later, 1), (later + DAY, None),
        ):  # fmt: skip
            found = next(each for each in progress(db, on) if each.objective.key == YOUTH)
            assert [each.cvr for each in found.companies] == ([] if there is None else [demo_cvr(there)]), on


JOIN = st.tuples(st.just("merge"), st.integers(0, 3), st.integers(0, 3), AWAY)
ENTER = st.tuples(
    st.just("enter"), st.integers(0, 3), st.sampled_from(PROGRAMMES), st.none() | AWAY, st.none() | AWAY
)
STEP = st.tuples(st.just("step"), st.integers(0, 30), AWAY)


def test_on_any_day_a_merged_companys_agreements_count_where_they_were_that_day(town: Database) -> None:
    """Against paper: an agreement is its first company's before the day, and the other one's from it."""

    @settings(
        max_examples=40, deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )  # fmt: skip
    @given(
        st.lists(ENTER | ENTER | STEP | JOIN, min_size=2, max_size=20), st.lists(AWAY, min_size=1, max_size=3)
    )
    def check(history: list[tuple[object, ...]], days: list[date]) -> None:
        with undone(town) as db:
            paper: list[Plain] = []
            for what, *rest in history:
                try:
                    with db.begin_nested():
                        _do(db, paper, what, rest)
                except (Refused, Conflict):
                    continue
            for on in days:
                for found in progress(db, on):
                    if found.objective.key != EASY:
                        counted = {each.cvr for each in found.companies}
                        assert counted == recounted(paper, found.objective.key, on)

    check()


def _do(db: Session, paper: list[Plain], what: object, rest: list[object]) -> None:
    if what == "enter":
        number, programme, signed, begins = rest
        plain = Plain(number, programme, signed, begins, None)  # type: ignore[arg-type]
        enter(db, plain)
        if plain.signed and not plain.begins:
            plain.begins = plain.signed
        paper.append(plain)
    elif what == "merge":
        number, into, on = rest
        joined(db, number, into, on)  # type: ignore[arg-type]
        for plain in [each for each in paper if each.company == number]:
            _split(paper, plain, into, on)  # type: ignore[arg-type]
    elif paper:
        place, on = rest
        assert isinstance(place, int)
        assert isinstance(on, date)
        found = db.scalars(select(Agreement).order_by(Agreement.id)).all()
        agreement = found[place % len(found)]
        # Signing is what `enter` does: on paper the agreement would have to be found again.
        ways = [each for each in agreements.next_states(agreement) if each not in {"ended", "signed"}]
        if ways:
            agreements.step(
                db, agreement=agreement, to=ways[0], on=on, by=db.get_one(User, 1), now=NOW, today=TODAY
            )


def _split(paper: list[Plain], plain: Plain, into: int, on: date) -> None:
    """The same in pencil: the old one ends the day before, a new one begins."""
    begun = max(filter(None, (plain.signed, plain.begins)), default=None)
    if plain.ended is not None or (plain.ends and plain.ends < on):
        return
    if plain.signed is None or begun is None or begun >= on:
        plain.company = into
        return
    paper.append(Plain(into, plain.programme, plain.signed, on, plain.ends))
    plain.ended = on - DAY
