"""The panel's meetings, what it is asked, and what its members tell us."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from crm.access.models import User
from crm.db import Database, Session
from crm.errors import Conflict, NotFound, Refused
from crm.interactions.models import FollowUp
from crm.outbox.models import Mail
from crm.panel import meetings, queries, questions, remarks, told
from crm.panel.models import PanelMeeting, PanelQuestion
from tests.conftest import NOW, TODAY
from tests.crm.panelling import DAY, HOME, enter
from tests.town import ANNA, Town

# --- Meetings -----------------------------------------------------------------------------------

WHEN = {
    "on": TODAY + 10 * DAY,
    "starts_at": 480,
    "ends_at": 570,
    "place": "Rådhuset",
    "agenda": "1. Velkommen",
}


def _mails(db: Session, subject: str) -> int:
    return len(db.scalars(select(Mail).where(Mail.subject == subject)).all())


def test_a_meeting_is_seen_once_it_is_announced_and_its_minutes_once_they_are_out(
    database: Database, built_town: Town
) -> None:
    with database.write() as db:
        _, lone = enter(db, built_town)
        made = meetings.plan(db, now=NOW, today=TODAY, **WHEN)
        with pytest.raises(NotFound):
            told.meeting(db, lone, made.id)
        assert meetings.announce(db, meeting=made, home=HOME, now=NOW, today=TODAY) == 2
        assert meetings.announce(db, meeting=made, home=HOME, now=NOW, today=TODAY) == 0
        assert _mails(db, "Møde i virksomhedspanelet") == 2
        assert told.meeting(db, lone, made.id).agenda == "1. Velkommen"
        with pytest.raises(Conflict, match="ikke holdt endnu"):
            meetings.write_minutes(db, meeting=made, text="Godt", based_on=made.version, today=TODAY)
        held = made.on
        meetings.write_minutes(db, meeting=made, text="Godt", based_on=made.version, today=held)
        assert told.meeting(db, lone, made.id).minutes is None
        assert meetings.publish_minutes(db, meeting=made, home=HOME, now=NOW, today=held) == 2
        assert meetings.publish_minutes(db, meeting=made, home=HOME, now=NOW, today=held) == 0
        assert told.meeting(db, lone, made.id).minutes == "Godt"


def test_members_hear_when_a_meeting_moves_or_is_called_off_and_not_of_a_new_agenda(
    database: Database, built_town: Town
) -> None:
    with database.write() as db:
        made = meetings.plan(db, now=NOW, today=TODAY, **WHEN)
        meetings.announce(db, meeting=made, home=HOME, now=NOW, today=TODAY)

        def change(**values: object) -> None:
            meetings.change(
                db, meeting=made, based_on=made.version, home=HOME, now=NOW, today=TODAY, **(WHEN | values)
            )

        change(agenda="2. Farvel")
        assert _mails(db, "Panelmødet er flyttet") == 0
        change(starts_at=540)
        assert _mails(db, "Panelmødet er flyttet") == 2
        with pytest.raises(Conflict):
            meetings.change(db, meeting=made, based_on=1, home=HOME, now=NOW, today=TODAY, **WHEN)
        with pytest.raises(Refused):
            meetings.cancel(db, meeting=made, reason=" ", home=HOME, now=NOW, today=TODAY)
        meetings.cancel(db, meeting=made, reason="For få kan", home=HOME, now=NOW, today=TODAY)
        assert _mails(db, "Panelmødet er aflyst") == 2


def test_who_has_read_the_minutes_is_kept_once(database: Database, built_town: Town) -> None:
    with database.write() as db:
        held = db.get_one(PanelMeeting, built_town.panel_meeting)
        for moment in (NOW, NOW + DAY):
            meetings.mark_read(db, meeting_id=held.id, seat_id=built_town.seat, now=moment)
        found = {each.seat.id: each.read_at for each in queries.readers(db, held, TODAY)}
        assert found == {built_town.seat: NOW, built_town.seat + 1: None}


@pytest.mark.parametrize(
    "wrong", [{"on": TODAY - DAY}, {"on": None}, {"starts_at": None}, {"ends_at": 480}, {"place": None}]
)
def test_a_meeting_that_cannot_be_is_refused_beside_its_field(
    database: Database, built_town: Town, wrong: dict[str, object]
) -> None:
    with database.write() as db, pytest.raises(Refused) as refusal:
        meetings.plan(db, now=NOW, today=TODAY, **(WHEN | wrong))
    assert refusal.value.field == next(iter(wrong))


# --- Questions ----------------------------------------------------------------------------------


def _answer(db: Session, built_town: Town, text: str, based_on: int = 0, on: int = 0) -> int:
    made = questions.answer(
        db,
        question_id=built_town.question,
        seat_id=built_town.seat,
        text=text,
        based_on=based_on,
        now=NOW,
        today=TODAY + on * DAY,
    )
    return made.version


def test_an_answer_can_be_changed_while_the_question_is_open_and_never_unseen(
    database: Database, built_town: Town
) -> None:
    with database.write() as db:
        _, lone = enter(db, built_town)
        assert _answer(db, built_town, "En mentor") == 1
        assert _answer(db, built_town, "En mentor") == 1, "sent twice it is one answer"
        with pytest.raises(Conflict, match="et andet sted"):
            _answer(db, built_town, "To mentorer")
        assert _answer(db, built_town, "To mentorer", based_on=1) == 2
        found = told.question(db, lone, built_town.question, TODAY)
        assert (found.mine, found.mine_version, found.answered, found.seats) == ("To mentorer", 2, 1, 2)
        with pytest.raises(Conflict, match="Fristen er gået"):
            _answer(db, built_town, "For sent", based_on=2, on=11)
        with pytest.raises(Refused):
            _answer(db, built_town, " ", based_on=2)
        assert [
            each.text for each in queries.answers(db, db.get_one(PanelQuestion, built_town.question))
        ] == ["To mentorer"]


def test_a_draft_is_seen_by_nobody_and_what_was_asked_stands(database: Database, built_town: Town) -> None:
    with database.write() as db:
        _, lone = enter(db, built_town)
        words = {"question": "Hvad nu?", "about": None, "closes_on": TODAY + 5 * DAY}
        draft = questions.write(db, now=NOW, today=TODAY, **words)
        with pytest.raises(NotFound):
            told.question(db, lone, draft.id, TODAY)
        with pytest.raises(Conflict):
            questions.tell_outcome(
                db, question=draft, said=None, outcome="Alt", home=HOME, now=NOW, today=TODAY
            )
        assert questions.ask(db, question=draft, home=HOME, now=NOW, today=TODAY) == 2
        assert questions.ask(db, question=draft, home=HOME, now=NOW, today=TODAY) == 0
        with pytest.raises(Refused, match="er stillet"):
            questions.change(
                db, asked=draft, based_on=draft.version, today=TODAY, **(words | {"question": "Andet?"})
            )
        questions.change(
            db,
            asked=draft,
            based_on=draft.version,
            today=TODAY,
            **(words | {"closes_on": TODAY + 9 * DAY}),
        )
        assert told.question(db, lone, draft.id, TODAY).closes_on == TODAY + 9 * DAY
        for mails in (2, 0):
            told_to = questions.tell_outcome(
                db, question=draft, said="Mere tid", outcome="Mere tid", home=HOME, now=NOW, today=TODAY
            )
            assert told_to == mails
        assert told.question(db, lone, draft.id, TODAY).outcome == "Mere tid"


# --- Remarks ------------------------------------------------------------------------------------


def test_a_remark_lands_with_the_companys_way_in_and_is_answered_once(
    database: Database, built_town: Town
) -> None:
    with database.write() as db:
        _, lone = enter(db, built_town)
        anna = db.get_one(User, built_town.users[ANNA])

        def make(text: str) -> int:
            return remarks.make(db, member=lone, about=None, text=text, now=NOW, today=TODAY).id

        made = make("Adressen er gammel")
        assert make("Adressen er gammel") == made, "a double click is one remark"
        found = queries.remark(db, made)
        booked = db.get_one(FollowUp, found.follow_up_id)
        assert (booked.owner_id, booked.due) == (anna.id, TODAY)
        with pytest.raises(Refused):
            remarks.answer(db, remark=found, text=" ", by=anna, now=NOW, today=TODAY)
        remarks.answer(db, remark=found, text="Rettet. Tak.", by=anna, now=NOW, today=TODAY)
        assert booked.done_at is not None
        assert told.remarks(db, lone)[0].answer == "Rettet. Tak."
        with pytest.raises(Conflict):
            remarks.answer(db, remark=found, text="Igen", by=anna, now=NOW, today=TODAY)
        for number in range(remarks.MOST_OPEN - 1):
            make(f"Noget andet {number}")
        with pytest.raises(Conflict, match="Ring til jeres indgang"):
            make("Endnu noget")
