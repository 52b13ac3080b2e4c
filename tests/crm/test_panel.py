"""Seats, the way in, meetings, questions and remarks of the company panel."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm.access.models import User
from crm.access.queries import token_hash
from crm.companies.queries import by_cvr
from crm.db import Database, Session
from crm.errors import Conflict, NotAllowed, NotFound, Refused
from crm.interactions.models import FollowUp
from crm.outbox.models import Mail
from crm.panel import identities, meetings, members, queries, questions, remarks, seats, seen, signing, told
from crm.panel.members import Member
from crm.panel.models import PanelLink, PanelMeeting, PanelQuestion, PanelSeat, PanelSession
from tests.conftest import NOW, TODAY
from tests.town import ANNA, PANEL_LINK, Town

HOME = "https://indgang.test"
DAY = timedelta(days=1)


@pytest.fixture
def town(built_town: Town) -> Town:
    """The town, whose bakery and garden have a seat each."""
    return built_town


def _seat(db: Session, town: Town) -> PanelSeat:
    return queries.seat(db, town.seat)


def _enter(db: Session, town: Town) -> tuple[str, Member]:
    cookie = signing.sign_in(db, seat=_seat(db, town), now=NOW)
    found = members.member(db, cookie, now=NOW, today=TODAY)
    assert found is not None
    return cookie, found


# --- Seats --------------------------------------------------------------------------------------


def test_a_seat_is_given_with_a_mail_and_the_name_the_company_knows(database: Database, town: Town) -> None:
    with database.write() as db:
        seats.end(db, seat=_seat(db, town), now=NOW, today=TODAY)
        made = seats.add(
            db, company=by_cvr(db, town.bakery), email=" Lone@Bageri.TEST", home=HOME, now=NOW, today=TODAY
        )
        assert (made.email, made.name, made.begins_on, made.ends_on) == (
            "lone@bageri.test", "Lone Krogh", TODAY, None,
        )  # fmt: skip
        mail = db.scalars(select(Mail).where(Mail.recipient == made.email)).one()
        assert f"{HOME}/panel/ind/" in mail.body
        assert "Blovstrød Bageri ApS" in mail.body
        unnamed = seats.add(
            db, company=by_cvr(db, town.garden), email="ny@planteskole.test", home=HOME, now=NOW, today=TODAY
        )
        assert unnamed.name == "ny@planteskole.test"


def test_a_person_has_one_seat_at_a_time(database: Database, town: Town) -> None:
    with (
        database.write() as db,
        pytest.raises(Refused, match="har allerede en plads i panelet for Blovstrød"),
    ):
        seats.add(
            db, company=by_cvr(db, town.garden), email="lone@bageri.test", home=HOME, now=NOW, today=TODAY
        )
    with database.write() as db:
        seat = _seat(db, town)
        seat.ends_on = TODAY - DAY
        db.flush()
        again = seats.add(
            db, company=by_cvr(db, town.garden), email="lone@bageri.test", home=HOME, now=NOW, today=TODAY
        )
        assert again.is_held(TODAY)
        assert not seat.is_held(TODAY)


@pytest.mark.parametrize("days", [(1, None), (None, -1), (-20, -1)])
def test_a_seat_opens_nothing_before_its_first_day_and_after_its_last(
    database: Database, town: Town, days: tuple[int | None, int | None]
) -> None:
    first, last = days
    with database.write() as db:
        cookie, _ = _enter(db, town)
        seat = _seat(db, town)
        seat.begins_on = TODAY + first * DAY if first is not None else seat.begins_on
        seat.ends_on = TODAY + last * DAY if last is not None else None
        db.flush()
        assert members.member(db, cookie, now=NOW, today=TODAY) is None
        with pytest.raises(NotFound):
            signing.opened(db, PANEL_LINK, today=TODAY)
        with pytest.raises(NotFound):
            signing.enter(db, token=PANEL_LINK, now=NOW, today=TODAY)
        before = len(db.scalars(select(Mail)).all())
        signing.ask(db, email=seat.email, home=HOME, now=NOW, today=TODAY)
        assert len(db.scalars(select(Mail)).all()) == before
        db.rollback()


def test_a_seat_that_ends_ends_its_log_ins_and_links_at_once(database: Database, town: Town) -> None:
    with database.write() as db:
        cookie, _ = _enter(db, town)
        seats.end(db, seat=_seat(db, town), now=NOW, today=TODAY)
        assert members.member(db, cookie, now=NOW, today=TODAY) is None
        assert db.scalars(select(PanelSession)).all() == []
        with pytest.raises(NotFound):
            signing.enter(db, token=PANEL_LINK, now=NOW, today=TODAY)
        with pytest.raises(Conflict):
            seats.end(db, seat=_seat(db, town), now=NOW, today=TODAY)


def test_another_e_mail_ends_the_log_ins_of_the_one_before(database: Database, town: Town) -> None:
    vouched: dict[str, Any]
    with database.write() as db:
        cookie, _ = _enter(db, town)
        seats.change(db, seat=_seat(db, town), name="Lone Krogh", email="lone@bageri.test", ends_on=None)
        assert members.member(db, cookie, now=NOW, today=TODAY) is not None
        vouched = {
            "issuer": "https://broker.test",
            "subject": "lone",
            "is_verified": True,
            "now": NOW,
            "today": TODAY,
        }
        identities.enter(db, email="lone@bageri.test", **vouched)
        seats.change(db, seat=_seat(db, town), name="Peter Ny", email="peter@ny.test", ends_on=None)
        assert members.member(db, cookie, now=NOW, today=TODAY) is None
        assert _seat(db, town).terms is None, "what she said yes to is not his"
        with pytest.raises(NotAllowed):
            identities.enter(db, email="lone@bageri.test", **vouched)
        assert identities.enter(db, email="peter@ny.test", **(vouched | {"subject": "peter"}))
        with pytest.raises(Refused):
            seats.change(db, seat=_seat(db, town), name="L", email="sven@planteskole.test", ends_on=None)


# --- The way in ---------------------------------------------------------------------------------


def test_a_link_lets_in_once_and_uses_up_the_others(database: Database, town: Town) -> None:
    with database.write() as db:
        signing.ask(db, email="LONE@bageri.test ", home=HOME, now=NOW, today=TODAY)
        links = db.scalars(select(PanelLink).where(PanelLink.seat_id == town.seat)).all()
        assert len(links) == 2
        assert all(signing.is_good(link, NOW) for link in links)
        cookie = signing.enter(db, token=PANEL_LINK, now=NOW, today=TODAY)
        found = members.member(db, cookie, now=NOW, today=TODAY)
        assert found is not None
        assert (found.name, found.company) == ("Lone Krogh", "Blovstrød Bageri ApS")
        assert _seat(db, town).terms == signing.TERMS
        db.expire_all()
        assert not any(signing.is_good(link, NOW) for link in links)
        with pytest.raises(NotFound):
            signing.enter(db, token=PANEL_LINK, now=NOW, today=TODAY)


def test_a_link_has_its_time_and_only_its_hash_is_kept(database: Database, town: Town) -> None:
    with database.write() as db:
        seat = _seat(db, town)
        link, token = signing.issue(db, seat=seat, now=NOW)
        assert len(token) >= 43
        assert link.token_hash == token_hash(token)
        late = NOW + signing.LIVES[False]
        with pytest.raises(NotFound):
            signing.enter(db, token=token, now=late, today=TODAY)
        assert signing.enter(db, token=token, now=late - timedelta(seconds=1), today=TODAY)


def test_nobody_fills_a_members_mailbox(database: Database, town: Town) -> None:
    with database.write() as db:
        for _ in range(20):
            signing.ask(db, email="lone@bageri.test", home=HOME, now=NOW, today=TODAY)
        assert len(db.scalars(select(Mail)).all()) <= signing.MOST_WAITING
        later = NOW + timedelta(hours=1)
        signing.ask(db, email="lone@bageri.test", home=HOME, now=later, today=TODAY)
        assert len(db.scalars(select(Mail)).all()) == signing.MOST_WAITING


def test_an_invitation_to_a_seat_that_begins_later_lives_until_it_has_begun(
    database: Database, town: Town
) -> None:
    with database.write() as db:
        first = TODAY + 20 * DAY
        made = seats.add(
            db, company=by_cvr(db, town.garden), email="ny@planteskole.test", home=HOME, now=NOW, today=TODAY,
            begins_on=first,
        )  # fmt: skip
        link = db.scalars(select(PanelLink).where(PanelLink.seat_id == made.id)).one()
        assert link.expires_at.date() == first + 3 * DAY


@pytest.mark.parametrize("name", ["@", "@panel", "  Lone  "])
def test_a_letter_can_be_written_to_any_name(name: str) -> None:
    assert signing.first_name(PanelSeat(name=name, email="lone@bageri.test")) in {"lone@bageri.test", "Lone"}


def test_old_log_ins_and_links_are_forgotten(database: Database, town: Town) -> None:
    with database.write() as db:
        _enter(db, town)
        assert signing.forget(db, now=NOW) == 0
        later = NOW + signing.KEPT + DAY
        assert signing.forget(db, now=later) == 2
        assert signing.forget(db, now=later) == 0


# --- What a member sees -------------------------------------------------------------------------


def test_a_member_sees_the_own_signed_agreements_with_promises_and_papers(
    database: Database, town: Town
) -> None:
    with database.write() as db:
        _, lone = _enter(db, town)
        (own,) = seen.agreements(db, lone, TODAY)
        assert (own.id, own.title, own.holds) == (town.agreement, "To unge i bageriet", True)
        assert [(each.what, each.promised, each.fulfilled) for each in own.commitments] == [
            ("unge i bageriet", 2, 1)
        ]
        assert [paper.id for paper in own.papers] == [town.document]
        assert seen.document(db, lone, town.document).content.startswith(b"%PDF")
        sven = signing.sign_in(db, seat=queries.seat(db, town.seat + 1), now=NOW)
        other = members.member(db, sven, now=NOW, today=TODAY)
        assert other is not None
        assert seen.agreements(db, other, TODAY) == (), "what was never signed is the house's own thought"
        for look in (
            lambda id: seen.agreement(db, other, id, TODAY),
            lambda id: seen.document(db, other, id),
        ):
            refusals = []
            for id in (town.agreement, town.document, 987654):
                with pytest.raises(NotFound) as refusal:
                    look(id)
                refusals.append(refusal.value.message)
            assert len(set(refusals)) == 1


def test_a_programme_the_panel_may_not_see_is_seen_by_nobody(database: Database, town: Town) -> None:
    with database.write() as db:
        _, lone = _enter(db, town)
        from crm.agreements.queries import get

        found = get(db, town.agreement)
        found.shown_to_panel = 1
        db.flush()
        assert [row.company for row in seen.shared(db, TODAY)] == ["Blovstrød Bageri ApS"]
        found.programme.panel_sees = 0
        db.flush()
        assert seen.agreements(db, lone, TODAY) == ()
        assert seen.shared(db, TODAY) == []
        with pytest.raises(NotFound):
            seen.agreement(db, lone, town.agreement, TODAY)
        with pytest.raises(NotFound):
            seen.document(db, lone, town.document)


def test_the_shared_list_names_only_those_marked_and_in_force(database: Database, town: Town) -> None:
    from crm.agreements.queries import get

    with database.write() as db:
        found = get(db, town.agreement)
        assert seen.shared(db, TODAY) == []
        found.shown_to_panel = 1
        db.flush()
        (row,) = seen.shared(db, TODAY)
        assert (row.company, row.since) == ("Blovstrød Bageri ApS", TODAY - timedelta(days=30))
        assert found.valid_to is not None
        assert seen.shared(db, found.valid_to + DAY) == []
        assert seen.shared(db, TODAY - timedelta(days=31)) == []


def test_a_company_that_goes_on_in_another_takes_its_seat_along(database: Database, town: Town) -> None:
    from crm.agreements.queries import get
    from crm.merging.actions import merge

    with database.write() as db:
        cookie, _ = _enter(db, town)
        mona = db.get_one(User, town.users[ANNA])
        garden = by_cvr(db, town.garden)
        get(db, town.agreement).shown_to_panel = 1
        db.flush()
        merge(db, company=by_cvr(db, town.bakery), into=garden, on=TODAY, by=mona, now=NOW, today=TODAY)
        found = members.member(db, cookie, now=NOW, today=TODAY)
        assert found is not None
        assert found.company == garden.name
        assert any(each.title == "To unge i bageriet" for each in seen.agreements(db, found, TODAY))
        assert seen.shared(db, TODAY) == [], "the one it goes on in has not been asked"


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
    database: Database, town: Town
) -> None:
    with database.write() as db:
        _, lone = _enter(db, town)
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
    database: Database, town: Town
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


def test_who_has_read_the_minutes_is_kept_once(database: Database, town: Town) -> None:
    with database.write() as db:
        held = db.get_one(PanelMeeting, town.panel_meeting)
        for moment in (NOW, NOW + DAY):
            meetings.mark_read(db, meeting=held, seat_id=town.seat, now=moment)
        found = {each.seat.id: each.read_at for each in queries.readers(db, held, TODAY)}
        assert found == {town.seat: NOW, town.seat + 1: None}


@pytest.mark.parametrize(
    "wrong", [{"on": TODAY - DAY}, {"on": None}, {"starts_at": None}, {"ends_at": 480}, {"place": None}]
)
def test_a_meeting_that_cannot_be_is_refused_beside_its_field(
    database: Database, town: Town, wrong: dict[str, object]
) -> None:
    with database.write() as db, pytest.raises(Refused) as refusal:
        meetings.plan(db, now=NOW, today=TODAY, **(WHEN | wrong))
    assert refusal.value.field == next(iter(wrong))


# --- Questions ----------------------------------------------------------------------------------


def _answer(db: Session, town: Town, text: str, based_on: int = 0, on: int = 0) -> int:
    asked = db.get_one(PanelQuestion, town.question)
    made = questions.answer(
        db, question=asked, seat_id=town.seat, text=text, based_on=based_on, now=NOW, today=TODAY + on * DAY
    )
    return made.version


def test_an_answer_can_be_changed_while_the_question_is_open_and_never_unseen(
    database: Database, town: Town
) -> None:
    with database.write() as db:
        _, lone = _enter(db, town)
        assert _answer(db, town, "En mentor") == 1
        assert _answer(db, town, "En mentor") == 1, "sent twice it is one answer"
        with pytest.raises(Conflict, match="et andet sted"):
            _answer(db, town, "To mentorer")
        assert _answer(db, town, "To mentorer", based_on=1) == 2
        found = told.question(db, lone, town.question, TODAY)
        assert (found.mine, found.mine_version, found.answered, found.seats) == ("To mentorer", 2, 1, 2)
        with pytest.raises(Conflict, match="Fristen er gået"):
            _answer(db, town, "For sent", based_on=2, on=11)
        with pytest.raises(Refused):
            _answer(db, town, " ", based_on=2)
        assert [each.text for each in queries.answers(db, db.get_one(PanelQuestion, town.question))] == [
            "To mentorer"
        ]


def test_a_draft_is_seen_by_nobody_and_what_was_asked_stands(database: Database, town: Town) -> None:
    with database.write() as db:
        _, lone = _enter(db, town)
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


def test_a_remark_lands_with_the_companys_way_in_and_is_answered_once(database: Database, town: Town) -> None:
    with database.write() as db:
        _, lone = _enter(db, town)
        anna = db.get_one(User, town.users[ANNA])

        def make(text: str) -> int:
            return remarks.make(
                db, seat_id=lone.seat_id, name=lone.name, company_id=lone.company_id, about=None, text=text,
                waiting=queries.waiting(db, lone.seat_id), now=NOW, today=TODAY,
            ).id  # fmt: skip

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
