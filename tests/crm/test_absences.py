"""Absences: what is refused beside its field, what ends and what goes, and what the database keeps itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from crm.access.models import User
from crm.audit import AuditEvent
from crm.companies.models import Company
from crm.db import Database, Session
from crm.errors import Conflict, NotFound, Refused
from crm.responsibility.absences import actions, queries
from crm.responsibility.absences.ways import away, covers, leaders, team, ways
from crm.responsibility.models import Absence, AbsenceException
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.statements import counted


def day(days: int) -> date:
    """So many days from the Monday it is."""
    return TODAY + timedelta(days=days)


def close(db: Session, user: User) -> None:
    """Close a user past the action, which would ask who stands in instead."""
    user.is_active, user.closed_at = 0, NOW
    db.flush()


@dataclass
class Cast:
    """Anna and her two companies, Bo and Carla beside her, Mona who leads them; nobody is away."""

    db: Session
    anna: User
    bo: User
    carla: User
    mona: User
    bakery: Company
    garden: Company

    def send_away(self, user: User, first: int, last: int, stand_in: User | None = None) -> Absence:
        """An absence between days counted from today."""
        return actions.add(
            self.db,
            user=user,
            first_day=day(first),
            last_day=day(last),
            stand_in=stand_in,
            by=user,
            today=TODAY,
            now=NOW,
        )

    def answer(self, company: Company, days: int = 0) -> tuple[str | None, date | None]:
        """Who stands in for this company's responsible on a day, and until when."""
        way = ways(self.db, [company], day(days))[company.id]
        return way.stand_in.name if way.stand_in else None, way.absent_until


@pytest.fixture
def cast(db: Session) -> Cast:
    """The cast, in a database of each engine."""
    anna, bo, carla = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo", "carla"))
    mona = add_user(db, "mona@kommune.test", "manager")
    bakery, garden = (add_company(db, number, responsible=anna) for number in (1, 2))
    return Cast(db, anna, bo, carla, mona, bakery, garden)


REFUSED = {
    "backwards": (5, 3, "bo", "last_day", "før første dag"),
    "too long": (0, 400, "bo", "last_day", "højst vare 400 dage"),
    "over": (-5, -1, "bo", "last_day", "slut før i dag"),
    "far ahead": (1100, 1110, "bo", "first_day", "næste tre år"),
    "one's own stand-in": (0, 3, "anna", "stand_in", "sin egen stedfortræder"),
    "a closed stand-in": (0, 3, "closed", "stand_in", "er lukket"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_beside_its_field(cast: Cast, name: str) -> None:
    first, last, who, field, sentence = REFUSED[name]
    closed = add_user(cast.db, "lukket@kommune.test")
    close(cast.db, closed)
    with pytest.raises(Refused, match=sentence) as refusal:
        cast.send_away(cast.anna, first, last, {"bo": cast.bo, "anna": cast.anna, "closed": closed}[who])
    assert refusal.value.field == field
    assert cast.db.scalar(select(func.count()).select_from(Absence)) == 0


def test_the_longest_absence_and_the_one_that_ends_today_are_taken(cast: Cast) -> None:
    cast.send_away(cast.anna, 0, 399)
    assert cast.send_away(cast.bo, -399, 0).last_day == TODAY


def test_nobody_is_sent_away_who_is_closed(cast: Cast) -> None:
    close(cast.db, cast.carla)
    with pytest.raises(Refused, match="Carla er lukket"):
        cast.send_away(cast.carla, 0, 1)


@pytest.mark.parametrize(("first", "last"), [(3, 4), (5, 9), (1, 3), (0, 10), (7, 7)])
def test_two_absences_of_one_person_never_overlap_and_the_other_is_named(
    cast: Cast, first: int, last: int
) -> None:
    cast.send_away(cast.anna, 3, 7)
    with pytest.raises(Refused, match=r"fravær 26\. november 2026 til 30\. november 2026") as refusal:
        cast.send_away(cast.anna, first, last)
    assert refusal.value.field == "first_day"
    cast.send_away(cast.bo, first, last)


def test_absences_may_follow_each_other(cast: Cast) -> None:
    cast.send_away(cast.anna, 3, 7)
    cast.send_away(cast.anna, 8, 9)
    cast.send_away(cast.anna, 2, 2)


OVERLAPS = {
    "inserted": "INSERT INTO absence (user_id, first_day, last_day, source, created_at, version) "
    "SELECT user_id, '2026-11-27', '2026-12-24', 'hand', created_at, 1 FROM absence "
    "WHERE first_day = '2026-11-23'",
    "inserted within": "INSERT INTO absence (user_id, first_day, last_day, source, created_at, version) "
    "SELECT user_id, '2026-11-25', '2026-11-25', 'hand', created_at, 1 FROM absence "
    "WHERE first_day = '2026-11-23'",
    "lengthened": "UPDATE absence SET last_day = '2026-12-01' WHERE first_day = '2026-11-23'",
    "moved": "UPDATE absence SET first_day = '2026-11-27' WHERE first_day = '2026-12-01'",
    "given to another": "UPDATE absence SET user_id = (SELECT id FROM user_account WHERE email = "
    "'anna@kommune.test') WHERE user_id = (SELECT id FROM user_account WHERE email = 'bo@kommune.test')",
    "backwards": "UPDATE absence SET last_day = '2026-11-01'",
    "one's own stand-in": "UPDATE absence SET stand_in_id = user_id",
    "an event twice": "UPDATE absence SET source = 'calendar', calendar_key = 'x' WHERE user_id = "
    "(SELECT id FROM user_account WHERE email = 'anna@kommune.test')",
    "from a calendar without an event": "UPDATE absence SET source = 'calendar'",
}


@pytest.mark.parametrize("statement", OVERLAPS.values(), ids=OVERLAPS.keys())
def test_the_database_refuses(database: Database, statement: str) -> None:
    with database.write() as db:
        anna, bo = add_user(db, "anna@kommune.test"), add_user(db, "bo@kommune.test")
        for user, first, last in ((anna, 0, 4), (anna, 8, 9), (bo, 3, 5)):
            actions.add(
                db, user=user, first_day=day(first), last_day=day(last), stand_in=None, by=None,
                today=TODAY, now=NOW,
            )  # fmt: skip
    with pytest.raises(DBAPIError), database.write() as db:
        db.execute(text(statement))


# --- Changing, ending, calling off ----------------------------------------------------------------


def test_one_to_come_can_be_moved_and_given_another_stand_in(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, 3, 7, cast.bo)
    actions.change(
        cast.db, absence=absence, first_day=day(4), last_day=day(8), stand_in=cast.carla, today=TODAY
    )
    assert (absence.first_day, absence.last_day, absence.stand_in) == (day(4), day(8), cast.carla)


def test_a_change_is_checked_like_a_new_one(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, 3, 7, cast.bo)
    cast.send_away(cast.anna, 10, 12)
    for first, last, stand_in, field in (
        (3, 2, cast.bo, "last_day"),
        (3, 10, cast.bo, "first_day"),
        (3, 7, cast.anna, "stand_in"),
    ):
        with pytest.raises(Refused) as refusal:
            actions.change(
                cast.db, absence=absence, first_day=day(first), last_day=day(last), stand_in=stand_in,
                today=TODAY,
            )  # fmt: skip
        assert refusal.value.field == field


def test_one_that_has_begun_keeps_its_first_day(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, -2, 7, cast.bo)
    with pytest.raises(Refused, match="er begyndt"):
        actions.change(
            cast.db, absence=absence, first_day=day(1), last_day=day(7), stand_in=cast.bo, today=TODAY
        )
    actions.change(
        cast.db, absence=absence, first_day=day(-2), last_day=day(3), stand_in=cast.bo, today=TODAY
    )
    assert absence.last_day == day(3)


def test_a_stand_in_closed_later_need_not_be_changed_with_the_days(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, 0, 7, cast.bo)
    close(cast.db, cast.bo)
    actions.change(cast.db, absence=absence, first_day=TODAY, last_day=day(4), stand_in=cast.bo, today=TODAY)
    assert absence.last_day == day(4)


@pytest.mark.parametrize(("began", "ends", "last"), [(-3, 0, 0), (-3, -1, -1), (0, 0, 0), (0, -1, 0)])
def test_one_that_has_begun_is_ended_in_whole_days(cast: Cast, began: int, ends: int, last: int) -> None:
    absence = cast.send_away(cast.anna, began, 7, cast.bo)
    actions.end_early(cast.db, absence=absence, last_day=day(ends), today=TODAY)
    assert (absence.first_day, absence.last_day) == (day(began), day(last))


def test_ending_early_never_lengthens(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, -3, 0)
    actions.end_early(cast.db, absence=absence, last_day=TODAY, today=TODAY)
    assert absence.last_day == TODAY


def test_only_today_and_yesterday_end_it_early(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, -3, 7)
    for days in (-2, 1):
        with pytest.raises(Refused):
            actions.end_early(cast.db, absence=absence, last_day=day(days), today=TODAY)
    with pytest.raises(Conflict, match="ikke begyndt"):
        actions.end_early(cast.db, absence=cast.send_away(cast.bo, 1, 7), last_day=TODAY, today=TODAY)


def test_one_to_come_that_is_called_off_is_gone_and_the_log_says_so(database: Database) -> None:
    with database.write() as db:
        anna, bo = add_user(db, "anna@kommune.test"), add_user(db, "bo@kommune.test")
        absence = actions.add(
            db, user=anna, first_day=day(1), last_day=day(2), stand_in=bo, by=anna, today=TODAY, now=NOW
        )
        company = add_company(db, responsible=anna)
        actions.set_exception(db, absence=absence, company=company, stand_in=bo, today=TODAY)
        key = str(absence.id)
    with database.write() as db:
        assert actions.cancel(db, absence=queries.get(db, int(key)), today=TODAY)
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Absence)) == 0
        assert db.scalar(select(func.count()).select_from(AbsenceException)) == 0
        said = select(AuditEvent.action).where(
            AuditEvent.object_kind == "absence", AuditEvent.object_id == key
        )
        assert list(db.scalars(said.order_by(AuditEvent.seq))) == ["create", "delete"]


def test_one_that_has_begun_and_is_called_off_stays_as_history(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, -3, 7)
    assert not actions.cancel(cast.db, absence=absence, today=TODAY)
    assert (absence.first_day, absence.last_day) == (day(-3), day(-1))
    assert cast.answer(cast.bakery) == (None, None)


def test_what_is_over_stands_as_it_was(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, -3, 0, cast.bo)
    tomorrow = day(1)
    for attempt in (
        lambda: actions.cancel(cast.db, absence=absence, today=tomorrow),
        lambda: actions.end_early(cast.db, absence=absence, last_day=tomorrow, today=tomorrow),
        lambda: actions.change(
            cast.db, absence=absence, first_day=day(-3), last_day=day(5), stand_in=None, today=tomorrow
        ),
        lambda: actions.set_exception(
            cast.db, absence=absence, company=cast.bakery, stand_in=cast.carla, today=tomorrow
        ),
    ):
        with pytest.raises(Conflict, match="allerede slut"):
            attempt()


def test_what_was_just_written_can_be_taken_back_by_whoever_wrote_it(cast: Cast) -> None:
    absence = cast.send_away(cast.anna, 0, 7)
    for who, when in ((cast.bo, NOW), (cast.anna, NOW + timedelta(minutes=16))):
        with pytest.raises(Conflict):
            actions.take_back(cast.db, absence=absence, by=who, now=when)
    actions.take_back(cast.db, absence=absence, by=cast.anna, now=NOW + timedelta(minutes=14))
    assert cast.answer(cast.bakery) == (None, None)


def test_no_reason_has_a_place_to_stand() -> None:
    columns = {column.name for column in Absence.__table__.columns}
    assert columns == {"id", "user_id", "first_day", "last_day", "stand_in_id", "source", "calendar_key",
                       "by_id", "created_at", "version"}  # fmt: skip


# --- Who answers ------------------------------------------------------------------------------------


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
