"""What stands on the board, and that what was frozen stays as it was whatever happens afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from crm.access import actions as access
from crm.access.models import User
from crm.agreements.models import Agreement, Programme
from crm.agreements.queries import programme
from crm.board import actions, agreed, queries
from crm.board.content import INDICATORS, Content, Indicator, digest, read, written
from crm.board.models import BoardMeeting, BoardSnapshot
from crm.companies.models import Company
from crm.db import Database, Session
from crm.errors import Conflict, Refused
from crm.goals import actions as goals
from crm.goals import defining
from crm.goals.models import CountsWhen, Objective
from crm.goals.queries import objective
from crm.handover.actions import close_leaver, hand_over_leaver
from crm.handover.undo import undo
from crm.requests.models import Request
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.boarding import ZONE, House, later
from tests.crm.undone import undone
from tests.statements import counted


def goal(content: Content, key: str = "youth_employment") -> Content:
    """One goal of a board."""
    found: Content = next(each for each in content["goals"] if each["key"] == key)
    return found


# --- What is news -------------------------------------------------------------------------------


def test_a_board_says_how_far_the_goals_are_and_what_has_changed_since_last_time(db: Session) -> None:
    house = House.of(db, 4)
    first, second, third, fourth = house.companies
    kept = house.sign(first, later(-40))
    gone = house.sign(second, later(-30))
    house.freeze(house.meeting())
    house.sign(third, later(3))
    house.sign(fourth, later(4), "sick_leave_prevention")
    house.end(gone, later(5))
    found = house.board(later(14)).content
    youth = goal(found)
    assert (youth["value"], youth["before"], youth["target"], youth["due"]) == (2, 2, 10, "2026-12-31")
    assert [each["cvr"] for each in youth["companies"]] == [first.cvr, third.cvr]
    assert [each["cvr"] for each in youth["came"]] == [third.cvr]
    assert [each["cvr"] for each in youth["left"]] == [second.cvr]
    assert [(each["cvr"], each["programme"]) for each in found["agreements"]["signed"]] == [
        (third.cvr, "code_of_care"),
        (fourth.cvr, "sick_leave_prevention"),
    ]
    assert [each["id"] for each in found["agreements"]["ended"]] == [gone.id]
    assert found["last"]["on"] == TODAY.isoformat()
    assert kept.state == "signed"


def test_what_is_entered_late_is_news_once(db: Session) -> None:
    house = House.of(db, 2)
    first, second = (house.meeting(TODAY + timedelta(days=days)) for days in (0, 14))
    house.freeze(first)
    # Signed before the first meeting, and written down after it.
    house.sign(house.companies[0], later(1), signed_on=TODAY - timedelta(days=20))
    then = read(house.freeze(second, later(14)))
    assert [each["cvr"] for each in then["agreements"]["signed"]] == [house.companies[0].cvr]
    assert house.board(later(15)).content["agreements"]["signed"] == []


def test_an_agreement_nobody_ended_runs_out_at_one_meeting(db: Session) -> None:
    house = House.of(db, 1)
    house.sign(house.companies[0], later(-50), valid_to=TODAY + timedelta(days=5))
    for days, runs_out in ((0, 0), (5, 0), (6, 1), (14, 0)):
        day = TODAY + timedelta(days=days)
        found = read(house.freeze(house.meeting(day), later(days)))
        assert len(found["agreements"]["expired"]) == runs_out, day
        assert goal(found)["value"] == (0 if days > 5 else 1)


def test_late_answers_are_counted_and_nobody_is_named(db: Session) -> None:
    house = House.of(db, 1)
    company = house.companies[0]
    house.freeze(house.meeting())
    in_time, late, unanswered, not_yet, closed = (
        house.ask(company, later(days)) for days in (1, 1.01, 1.02, 13.9, 2)
    )
    house.answer(in_time, later(1.1))
    house.answer(late, later(4))
    house.answer(closed, later(2.05), "resolved")
    board = house.board(later(14))
    found = board.content["requests"]
    assert found["received"] == sorted(each.id for each in (in_time, late, unanswered, not_yet, closed))
    assert found["late"] == [late.id, unanswered.id]
    assert found["in_time"] == sorted([in_time.id, closed.id])
    assert found["closed"] == found["solved"] == [closed.id]
    assert "Anna" not in written(board.content)


def test_the_first_board_of_all_looks_a_fortnight_back(db: Session) -> None:
    house = House.of(db, 1)
    old, new = house.ask(house.companies[0], later(-20)), house.ask(house.companies[0], later(-10))
    found = house.board(NOW)
    assert (found.content["requests"]["received"], found.content["last"], found.last_on) == (
        [new.id],
        None,
        None,
    )
    assert old.id < new.id


def test_the_day_a_board_is_frozen_it_shows_what_was_frozen(db: Session) -> None:
    house = House.of(db, 1)
    today, next_time = (house.meeting(TODAY + timedelta(days=days)) for days in (0, 14))
    assert house.board(NOW).meeting == today
    house.freeze(today)
    house.ask(house.companies[0], later(0.01))
    shown = house.board(later(0.1))
    assert (shown.meeting, shown.frozen_at, shown.content["requests"]["received"]) == (today, NOW, [])
    tomorrow = house.board(later(1))
    assert (tomorrow.meeting, tomorrow.frozen_at, len(tomorrow.content["requests"]["received"])) == (
        next_time,
        None,
        1,
    )


def test_a_board_frozen_afterwards_stands_as_at_the_end_of_its_day(db: Session) -> None:
    house = House.of(db, 2)
    before, after = house.sign(house.companies[0], later(0.1)), house.sign(house.companies[1], later(2))
    found = read(house.freeze(house.meeting(), later(3)))
    assert goal(found)["value"] == 1
    assert [each["id"] for each in found["agreements"]["signed"]] == [before.id]
    following = house.board(later(4)).content["agreements"]["signed"]
    assert [each["id"] for each in following] == [after.id]


def test_other_indicators_stand_beside_the_goals(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    sick = Indicator("sick", "Sygedagpenge", "412 personer", "jobindsats", date(2026, 10, 31), "400 personer")
    monkeypatch.setattr("crm.board.content.INDICATORS", (*INDICATORS, lambda _db, _on: [sick]))
    found = House.of(db, 0).board(NOW).content["indicators"]
    assert found[-1] == {
        "key": "sick", "name": "Sygedagpenge", "value": "412 personer", "source": "jobindsats",
        "on": "2026-10-31", "target": "400 personer",
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_late_answers_equal_a_plain_recount(database: Database, seed: int) -> None:
    chance = Random(seed)
    with undone(database) as db:
        house = House.of(db, 2)
        house.freeze(house.meeting())
        for _ in range(60):
            asked_at = NOW + timedelta(minutes=chance.randrange(-60 * 24 * 10, 60 * 24 * 14))
            request = house.ask(chance.choice(house.companies), asked_at)
            if chance.random() < 0.8:
                to = chance.choice(["in_progress", "resolved", "withdrawn", "taken"])
                house.answer(request, asked_at + timedelta(minutes=chance.randrange(1, 60 * 24 * 5)), to)
        until = later(14)
        found = house.board(until).content["requests"]
        everything = db.scalars(select(Request)).all()
        due = [each for each in everything if NOW < each.answer_due_at <= until]
        late = [each.id for each in due if each.answered_at is None or each.answered_at > each.answer_due_at]
        assert found["late"] == sorted(late)
        assert found["in_time"] == sorted({each.id for each in due} - set(late))
        assert found["received"] == sorted(each.id for each in everything if NOW < each.received_at <= until)
        assert found["closed"] == sorted(
            each.id for each in everything if each.closed_at and NOW < each.closed_at <= until
        )


def test_every_request_and_agreement_is_news_at_exactly_one_meeting(db: Session) -> None:
    chance = Random(5)
    house = House.of(db, 6)
    house.freeze(house.meeting())
    told: dict[str, list[int]] = {"signed": [], "received": [], "due": []}
    moments = sorted(chance.randrange(1, 60 * 24 * 70) for _ in range(80))
    for number in range(1, 6):
        while moments and moments[0] <= number * 14 * 24 * 60:
            at = NOW + timedelta(minutes=moments.pop(0))
            house.ask(chance.choice(house.companies), at)
            house.sign(chance.choice(house.companies), at)
        found = read(house.freeze(house.meeting(TODAY + timedelta(days=14 * number)), later(14 * number)))
        told["signed"] += [each["id"] for each in found["agreements"]["signed"]]
        told["received"] += found["requests"]["received"]
        told["due"] += found["requests"]["late"] + found["requests"]["in_time"]
    assert sorted(told["received"]) == list(db.scalars(select(Request.id).order_by(Request.id)))
    assert sorted(told["signed"]) == list(db.scalars(select(Agreement.id).order_by(Agreement.id)))
    assert sorted(told["due"]) == sorted(
        db.scalars(select(Request.id).where(Request.answer_due_at <= later(70)))
    )


# --- Frozen -------------------------------------------------------------------------------------


def _redefine(house: House, chance: Random, number: int) -> None:
    """Another definition from today; a programme that has become an organisation's is refused."""
    counted_by = programme(house.db, chance.choice(["code_of_care", "sick_leave_prevention"]))
    with suppress(Refused):
        defining.define(
            house.db, objective=objective(house.db, "youth_employment"), words=f"Tæller anderledes {number}",
            programmes=[counted_by], counts_when=chance.choice(list(CountsWhen)), holds_from=TODAY, by=house.anna,
            now=NOW, today=TODAY,
        )  # fmt: skip


def _later_change(house: House, chance: Random, number: int) -> None:
    """Something that happens, is corrected or is decided after the board was frozen."""
    db = house.db
    company = chance.choice(house.companies)
    chosen: list[Callable[[], object]] = [
        lambda: house.sign(
            company, later(chance.uniform(0, 5)), chance.choice(["code_of_care", "after_school_job"])
        ),
        lambda: house.sign(company, later(1), signed_on=TODAY - timedelta(days=chance.randrange(1, 400))),
        lambda: db.execute(update(Company).values(name=f"Nyt navn {number}", sort_key=f"nyt {number}")),
        lambda: db.execute(text("UPDATE agreement SET valid_from = '2020-01-01', valid_to = '2020-02-01'")),
        lambda: db.execute(text("UPDATE agreement SET valid_from = '2026-01-01', valid_to = NULL")),
        lambda: db.execute(update(Objective).values(name=f"Mål {number}")),
        lambda: _redefine(house, chance, number),
        lambda: goals.set_target(
            db,
            objective=objective(db, "youth_employment"),
            due=date(2026, 12, 31),
            value=chance.randrange(1, 99),
            by=house.anna,
            now=NOW,
        ),
        lambda: db.execute(update(Programme).values(name=f"Program {number}", kind="partner_organisation")),
        lambda: house.ask(company, later(chance.uniform(-5, 5))),
        lambda: db.execute(update(Request).values(answered_at=None, closed_at=None, state="new")),
        lambda: db.execute(text("UPDATE request SET answer_due_at = '2026-11-20T00:00:00.000000Z'")),
        lambda: house.companies.append(add_company(db, 100 + number, responsible=house.anna)),
        lambda: house.freeze(house.meeting(TODAY + timedelta(days=number + 1)), later(number + 1)),
    ]
    chance.choice(chosen)()
    db.flush()
    db.expire_all()


@given(seed=st.integers(0, 2**32), changes=st.integers(1, 12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_frozen_never_changes_by_a_byte(database: Database, seed: int, changes: int) -> None:
    chance = Random(seed)
    with undone(database) as db:
        house = House.of(db, 3)
        for company in house.companies:
            house.sign(company, later(-20))
            house.ask(company, later(-3))
        meeting = house.meeting()
        frozen = house.freeze(meeting)
        before = (frozen.content, frozen.hash, frozen.frozen_at, frozen.until_at, frozen.on)
        for number in range(changes):
            _later_change(house, chance, number)
        stored = db.execute(
            select(
                BoardSnapshot.content, BoardSnapshot.hash, BoardSnapshot.frozen_at, BoardSnapshot.until_at,
                BoardSnapshot.on,
            ).where(BoardSnapshot.meeting_id == meeting.id)
        ).one()  # fmt: skip
        assert tuple(stored) == before
        assert house.freeze(meeting, later(40)).content == before[0]
        assert stored.hash == digest(meeting.id, stored.on, stored.content)
        assert actions.broken(db) == []


def test_frozen_twice_it_is_the_same(db: Session) -> None:
    house = House.of(db, 1)
    meeting = house.meeting()
    first, again = house.freeze(meeting), house.freeze(meeting, later(9))
    assert first is again
    assert again.frozen_at == NOW


def test_two_who_freeze_at_once_freeze_one_board(url: str, database: Database) -> None:
    with database.write() as db:
        house = House.of(db, 2)
        house.sign(house.companies[0], later(-3))
        id, anna = house.meeting().id, house.anna.id
    begin, got, trouble = threading.Barrier(4), [], []

    def freeze(number: int) -> None:
        mine = Database(url)
        begin.wait(20)
        try:
            with mine.write() as db:
                made, new = actions.freeze(
                    db, meeting=queries.get(db, id), by=db.get(User, anna), now=later(number / 1000), today=TODAY,
                    zone=ZONE,
                )  # fmt: skip
                got.append((made.hash, made.frozen_at, new))
        except Exception as error:
            trouble.append(repr(error))
        mine.close()

    threads = [threading.Thread(target=freeze, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert trouble == []
    assert len({each[:2] for each in got}) == 1
    assert sorted(each[2] for each in got) == [False, False, False, True]
    with database.read() as db:
        assert len(db.scalars(select(BoardSnapshot)).all()) == 1


def test_the_definitions_used_are_frozen_with_the_figures(db: Session) -> None:
    house = House.of(db, 1)
    youth = goal(read(house.freeze(house.meeting())))
    found = objective(db, "youth_employment")
    assert youth["definition"] == found.defined_on(TODAY).words
    assert [each["key"] for each in youth["programmes"]] == ["after_school_job", "code_of_care"]
    assert youth["targets"] == [{"due": "2026-12-31", "value": 10}, {"due": "2028-12-31", "value": 25}]


def test_the_board_asks_as_often_for_few_as_for_many(database: Database) -> None:
    with database.write() as db:
        house = House.of(db, 2)
        house.freeze(house.meeting())
        house.meeting(TODAY + timedelta(days=14))

    def ask() -> int:
        with counted(database) as seen, database.read() as db:
            queries.board(db, later(10), today=TODAY + timedelta(days=10), zone=ZONE)
        return len(seen)

    few = ask()
    with database.write() as db:
        anna = db.scalars(select(User).where(User.email == "anna@kommune.test")).one()
        house = House(db, anna, anna, [add_company(db, 10 + n, responsible=anna) for n in range(40)])
        for company in house.companies:
            house.sign(company, later(2))
            house.ask(company, later(3))
    few += 1  # Companies to name are asked for only where some count.
    assert ask() <= few <= 10


# --- What was agreed ----------------------------------------------------------------------------


def test_what_is_agreed_is_carried_on_until_it_is_done(db: Session) -> None:
    house = House.of(db, 0)
    first, second = house.meeting(), house.meeting(TODAY + timedelta(days=14))
    due = TODAY + timedelta(days=4)
    call = agreed.agree(
        db, text="Ring til de tre", owner=house.bo, due=due, by=house.anna, now=NOW, meeting=first
    )
    meet = agreed.agree(
        db, text="Hold møde", owner=house.anna, due=TODAY, by=house.anna, now=NOW, meeting=first
    )
    agreed.mark_done(db, action=meet, by=house.bo, now=later(1))
    agreed.mark_done(db, action=meet, by=house.anna, now=later(2))
    assert meet.done_at == later(1)
    db.expire_all()
    assert [each.text for each in queries.agreed(db, later(0))] == ["Ring til de tre", "Hold møde"]
    assert [each.text for each in queries.agreed(db, later(3))] == ["Ring til de tre"]
    assert [each.text for each in queries.agreed_at(db, second)] == []
    assert [each.text for each in queries.actions_of(db, house.bo, due)] == ["Ring til de tre"]
    assert queries.actions_of(db, house.bo, due - timedelta(days=1)) == []
    agreed.postpone(db, action=call, due=due + timedelta(days=7))
    assert queries.actions_of(db, house.bo, due) == []
    with pytest.raises(Conflict, match="allerede klaret"):
        agreed.postpone(db, action=meet, due=due)
    agreed.reopen(db, action=meet, by=house.anna)
    assert meet.done_at is None


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("text", {"text": " "}), ("due", {"due": date(1999, 1, 1)}), ("owner", {"owner": "closed"})],
)
def test_what_cannot_be_agreed_is_refused_beside_its_field(
    db: Session, field: str, wrong: dict[str, object]
) -> None:
    house = House.of(db, 0)
    closed = add_user(db, "carl@kommune.test")
    access.close_user(db, user=closed, now=NOW)
    values = {"text": "Ring", "owner": house.bo, "due": TODAY} | wrong
    if values["owner"] == "closed":
        values["owner"] = closed
    with pytest.raises(Refused) as refusal:
        agreed.agree(db, by=house.anna, now=NOW, **values)  # type: ignore[arg-type]
    assert refusal.value.field == field
    assert queries.agreed(db, NOW) == []


def test_a_leavers_part_is_handed_over_and_can_be_given_back(db: Session) -> None:
    house = House.of(db, 1)
    made = agreed.agree(db, text="Ring", owner=house.bo, due=TODAY, by=house.anna, now=NOW)
    with pytest.raises(Conflict, match="1 opgave fra tavlen"):
        access.close_user(db, user=house.bo, now=NOW, today=TODAY)
    act = hand_over_leaver(
        db, leaver=house.bo, to=house.anna, note="Rejser", by=house.anna, now=later(1), today=TODAY
    )
    db.refresh(made)
    assert made.owner_id == house.anna.id
    undo(db, act=act, by=house.anna, now=later(1.1))
    db.refresh(made)
    assert made.owner_id == house.bo.id
    close_leaver(db, leaver=house.bo, to=house.anna, note="Rejser", by=house.anna, now=later(2), today=TODAY)
    db.refresh(made)
    assert (made.owner_id, house.bo.is_active) == (house.anna.id, 0)


def test_an_act_is_not_undone_over_what_was_changed_since(db: Session) -> None:
    house = House.of(db, 0)
    made = agreed.agree(db, text="Ring", owner=house.bo, due=TODAY, by=house.anna, now=NOW)
    act = hand_over_leaver(
        db, leaver=house.bo, to=house.anna, note="Rejser", by=house.anna, now=later(1), today=TODAY
    )
    db.refresh(made)
    agreed.postpone(db, action=made, due=TODAY + timedelta(days=5))
    with pytest.raises(Conflict, match="opgaven »Ring« er ændret"):
        undo(db, act=act, by=house.anna, now=later(1.1))


# --- Minutes ------------------------------------------------------------------------------------


def test_of_two_who_write_minutes_the_second_is_told_and_shown_the_other(db: Session) -> None:
    house = House.of(db, 0)
    meeting = house.meeting()
    first = actions.save_minutes(db, meeting=meeting, text="Annas", based_on=0, by=house.anna, now=NOW)
    with pytest.raises(actions.OtherMinutes, match="Anna har rettet referatet") as told:
        actions.save_minutes(db, meeting=meeting, text="Bos", based_on=0, by=house.bo, now=NOW)
    assert told.value.theirs == "Annas"
    both = actions.save_minutes(
        db,
        meeting=meeting,
        text="Annas og Bos",
        based_on=first.version,
        by=house.bo,
        now=later(0.1),
        publish=True,
    )
    assert (both.text, both.version, both.changed_by.name, both.published_at) == (
        "Annas og Bos",
        2,
        "Bo",
        later(0.1),
    )
    again = actions.save_minutes(db, meeting=meeting, text="Rettet", based_on=2, by=house.anna, now=later(1))
    assert again.published_at == later(0.1)


def test_minutes_are_guarded_like_every_other_text(db: Session) -> None:
    house = House.of(db, 0)
    meeting = house.meeting()
    for wrong in ("", "  ", "070761-4285 kom forbi", "x" * 20_001):
        with pytest.raises(Refused) as refusal, db.begin_nested():
            actions.save_minutes(db, meeting=meeting, text=wrong, based_on=0, by=house.anna, now=NOW)
        assert refusal.value.field == "text"
    assert db.get(BoardMeeting, meeting.id) is not None


def test_two_who_write_the_first_minutes_at_once_lose_neither(url: str, database: Database) -> None:
    with database.write() as db:
        house = House.of(db, 0)
        id, people = house.meeting().id, [house.anna.id, house.bo.id]
    begin, ends = threading.Barrier(2), []

    def save(number: int) -> None:
        mine = Database(url)
        begin.wait(20)
        try:
            with mine.write() as db:
                by = db.get_one(User, people[number])
                actions.save_minutes(
                    db, meeting=queries.get(db, id), text=by.name, based_on=0, by=by, now=NOW
                )
            ends.append("saved")
        except actions.OtherMinutes as told:
            ends.append(told.theirs)
        mine.close()

    threads = [threading.Thread(target=save, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as db:
        kept = queries.get(db, id).minutes
    assert kept is not None
    assert sorted(ends) == sorted(["saved", kept.text])
