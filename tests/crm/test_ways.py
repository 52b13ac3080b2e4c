"""Who answers for a company on a day, whom someone covers for, and how often the database is asked."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from crm.db import Database, Session
from crm.errors import NotFound, Refused
from crm.responsibility.absences import actions, queries
from crm.responsibility.absences.ways import away, covers, leaders, team, ways
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.cast import Cast, close, day
from tests.statements import counted


@pytest.fixture
def cast(db: Session) -> Cast:
    """The cast, in a database of each engine."""
    return Cast.of(db)


def test_a_stand_in_answers_from_the_first_day_to_the_last_and_then_no_more(cast: Cast) -> None:
    cast.send_away(cast.anna, 1, 3, cast.bo)
    assert [cast.answer(cast.bakery, days) for days in range(5)] == [
        (None, None), ("Bo", day(3)), ("Bo", day(3)), ("Bo", day(3)), (None, None),
    ]  # fmt: skip


def test_a_chain_goes_on_to_whoever_is_in(cast: Cast) -> None:
    cast.send_away(cast.anna, 0, 4, cast.bo)
    cast.send_away(cast.bo, 0, 1, cast.carla)
    way = ways(cast.db, [cast.bakery], TODAY)[cast.bakery.id]
    assert (way.stand_in, way.path, way.also_away) == (
        cast.carla,
        (cast.anna, cast.bo, cast.carla),
        (cast.bo,),
    )
    assert cast.answer(cast.bakery, 2) == ("Bo", day(4))


def test_a_chain_in_a_ring_leads_to_nobody(cast: Cast) -> None:
    cast.send_away(cast.anna, 0, 4, cast.bo)
    cast.send_away(cast.bo, 0, 4, cast.carla)
    cast.send_away(cast.carla, 0, 4, cast.anna)
    way = ways(cast.db, [cast.bakery], TODAY)[cast.bakery.id]
    assert way.nobody
    assert (way.path, way.also_away) == ((cast.anna, cast.bo, cast.carla), (cast.bo, cast.carla))


def test_without_a_stand_in_nobody_is_in(cast: Cast) -> None:
    cast.send_away(cast.anna, 0, 4)
    assert ways(cast.db, [cast.bakery], TODAY)[cast.bakery.id].nobody
    assert not ways(cast.db, [cast.bakery], day(5))[cast.bakery.id].nobody


def test_a_stand_in_closed_later_answers_nobody(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, 0, 4, cast.bo)
    actions.set_exception(cast.db, absence=absence, company=cast.garden, stand_in=cast.carla, today=TODAY)
    close(cast.db, cast.bo)
    assert cast.answer(cast.bakery) == (None, day(4))
    assert cast.answer(cast.garden) == ("Carla", day(4))


def test_an_exception_goes_before_the_general_stand_in_at_every_link(cast: Cast) -> None:
    first = cast.send_away(cast.anna, 0, 4, cast.bo)
    second = cast.send_away(cast.bo, 0, 4, cast.carla)
    actions.set_exception(cast.db, absence=second, company=cast.bakery, stand_in=cast.mona, today=TODAY)
    assert cast.answer(cast.bakery) == ("Mona", day(4))
    assert cast.answer(cast.garden) == ("Carla", day(4))
    actions.set_exception(cast.db, absence=first, company=cast.bakery, stand_in=cast.carla, today=TODAY)
    assert cast.answer(cast.bakery) == ("Carla", day(4))
    actions.drop_exception(cast.db, absence=first, company_id=cast.bakery.id, today=TODAY)
    assert cast.answer(cast.bakery) == ("Mona", day(4))
    with pytest.raises(NotFound):
        actions.drop_exception(cast.db, absence=first, company_id=cast.bakery.id, today=TODAY)


def test_an_exception_is_refused_beside_its_own_field(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, 0, 4, cast.bo)
    for stand_in in (None, cast.anna):
        with pytest.raises(Refused) as refusal:
            actions.set_exception(
                cast.db, absence=absence, company=cast.bakery, stand_in=stand_in, today=TODAY
            )
        assert refusal.value.field == "exception_stand_in"


def test_an_exception_chosen_again_replaces_the_first(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, 0, 4, cast.bo)
    for stand_in in (cast.mona, cast.carla):
        actions.set_exception(cast.db, absence=absence, company=cast.bakery, stand_in=stand_in, today=TODAY)
    cast.db.expire(absence)
    assert [each.stand_in.name for each in queries.get(cast.db, absence.id).exceptions] == ["Carla"]


def test_absences_with_only_a_weekend_between_are_one_to_whoever_calls(cast: Cast) -> None:
    cast.send_away(cast.anna, 0, 4, cast.bo)  # Monday to Friday
    cast.send_away(cast.anna, 7, 8)  # Monday and Tuesday
    cast.send_away(cast.anna, 10, 11)  # A Wednesday lies between.
    assert cast.answer(cast.bakery) == ("Bo", day(8))
    assert cast.answer(cast.bakery, 5) == (None, None)


def test_leaders_who_are_in_are_named_and_those_of_the_own_team_first(cast: Cast) -> None:
    teams = [row[0] for row in cast.db.execute(text("SELECT id FROM team ORDER BY id"))]
    other = add_user(cast.db, "otto@kommune.test", "manager", team_id=teams[1])
    cast.anna.team_id = cast.mona.team_id = teams[0]
    everyone, gone = team(cast.db, TODAY)
    assert leaders(everyone, gone, of=cast.anna) == [cast.mona]
    cast.send_away(cast.mona, 0, 1)
    everyone, gone = team(cast.db, TODAY)
    assert leaders(everyone, gone, of=cast.anna) == [other]
    cast.send_away(other, 0, 1)
    everyone, gone = team(cast.db, TODAY)
    assert leaders(everyone, gone, of=cast.anna) == []


def test_the_whole_team_and_its_absences_come_in_one_question(cast: Cast, database: Database) -> None:
    absence = cast.send_away(cast.anna, 0, 4, cast.bo)
    cast.send_away(cast.bo, 1, 4)
    cast.db.flush()
    with counted(database) as seen:
        everyone, gone = team(cast.db, TODAY)
    assert len(seen) == 1
    assert [user.name for user in everyone] == ["Anna", "Bo", "Carla", "Mona"]
    assert [(each.user.name, each.stand_in) for each in gone] == [("Anna", cast.bo)]
    assert list(gone) == list(away(cast.db, TODAY)) == [absence]


# --- Whom someone covers for ------------------------------------------------------------------------


def test_a_cover_tells_whom_until_when_and_for_what(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, -1, 4, cast.bo)
    actions.set_exception(cast.db, absence=absence, company=cast.garden, stand_in=cast.carla, today=TODAY)
    (mine,), (hers,) = covers(cast.db, cast.bo, TODAY), covers(cast.db, cast.carla, TODAY)
    assert (mine.colleague, mine.since, mine.until, mine.only, mine.but) == (
        cast.anna, day(-1), day(4), None, frozenset({cast.garden.id}),
    )  # fmt: skip
    assert (hers.colleague, hers.until, hers.only) == (cast.anna, day(4), frozenset({cast.garden.id}))
    assert covers(cast.db, cast.mona, TODAY) == covers(cast.db, cast.bo, day(5)) == []


def test_a_cover_through_a_chain_lasts_until_the_first_of_them_is_back(cast: Cast) -> None:
    cast.send_away(cast.anna, 0, 4, cast.bo)
    cast.send_away(cast.bo, 0, 2, cast.carla)
    assert [(each.colleague.name, each.until) for each in covers(cast.db, cast.carla, TODAY)] == [
        ("Anna", day(2)),
        ("Bo", day(2)),
    ]
    assert covers(cast.db, cast.bo, TODAY) == []
    assert [each.colleague.name for each in covers(cast.db, cast.bo, day(3))] == ["Anna"]


# --- How often is asked -----------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 40, 600])
def test_any_number_of_companies_takes_the_same_questions(
    db: Session, database: Database, number: int
) -> None:
    anna, bo, carla = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo", "carla"))
    companies = [add_company(db, each, responsible=anna) for each in range(number)]
    with counted(database) as seen:
        ways(db, companies, TODAY)
    assert len(seen) == 1
    absence = actions.add(
        db, user=anna, first_day=TODAY, last_day=day(4), stand_in=bo, by=None, today=TODAY, now=NOW
    )
    actions.add(db, user=bo, first_day=TODAY, last_day=day(4), stand_in=carla, by=None, today=TODAY, now=NOW)
    actions.set_exception(db, absence=absence, company=companies[-1], stand_in=carla, today=TODAY)
    with counted(database) as seen:
        found = ways(db, companies, TODAY)
    assert len(seen) == 2
    assert {way.stand_in for way in found.values()} == {carla}
    with counted(database) as seen:
        covers(db, carla, TODAY)
    assert len(seen) == 2


def test_a_company_whose_own_responsible_is_in_asks_no_more(cast: Cast, database: Database) -> None:
    cast.send_away(cast.bo, 0, 4)
    cast.db.flush()
    with counted(database) as seen:
        assert cast.answer(cast.bakery) == (None, None)
    assert len(seen) == 1


# --- Lists ------------------------------------------------------------------------------------------


def test_lists_are_in_the_order_of_their_days(cast: Cast) -> None:
    later, soon = cast.send_away(cast.anna, 20, 21), cast.send_away(cast.anna, 3, 4, cast.bo)
    bos = cast.send_away(cast.bo, 4, 4)
    far = cast.send_away(cast.anna, 100, 101, cast.bo)
    assert list(queries.of_user(cast.db, cast.anna, since=TODAY)) == [soon, later, far]
    assert list(queries.of_user(cast.db, cast.anna, since=day(5))) == [later, far]
    assert list(queries.between(cast.db, TODAY, day(56))) == [soon, bos, later]
    assert list(queries.promised_by(cast.db, cast.bo, after=TODAY)) == [soon, far]
    assert queries.stand_ins_away(cast.db, [soon, later, far]) == {soon.id: [bos]}
    assert queries.stand_ins_away(cast.db, [later]) == {}


def test_a_single_company_is_a_promise_too(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, 3, 4, cast.bo)
    actions.set_exception(cast.db, absence=absence, company=cast.garden, stand_in=cast.carla, today=TODAY)
    assert list(queries.promised_by(cast.db, cast.carla, after=TODAY)) == [absence]


def test_a_closed_colleague_is_no_longer_on_the_list(cast: Cast) -> None:
    cast.send_away(cast.carla, 3, 4)
    close(cast.db, cast.carla)
    assert list(queries.between(cast.db, TODAY, day(56))) == []


def test_an_absence_that_is_not_there(cast: Cast) -> None:
    with pytest.raises(NotFound):
        queries.get(cast.db, 999)
