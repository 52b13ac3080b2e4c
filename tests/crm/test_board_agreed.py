"""What was agreed at the board and written down, and who carries it on."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest

from crm.access import actions as access
from crm.access.models import User
from crm.board import actions, agreed, queries
from crm.board.models import BoardMeeting
from crm.db import Database, Session
from crm.errors import Conflict, Refused
from crm.handover.actions import close_leaver, hand_over_leaver
from crm.handover.undo import undo
from tests.conftest import NOW, TODAY, add_user
from tests.crm.boarding import House, later

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
