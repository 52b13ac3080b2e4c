"""Seats of the company panel, the way in, and what a member sees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crm.access.models import User
from crm.access.queries import token_hash
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.errors import Conflict, NotAllowed, NotFound, Refused
from crm.outbox.models import Mail
from crm.panel import identities, members, queries, seats, seen, signing
from crm.panel.models import PanelLink, PanelSeat, PanelSession
from tests.conftest import NOW, TODAY
from tests.crm.panelling import DAY, HOME, enter, seat_of
from tests.town import ANNA, PANEL_LINK, Town

# --- Seats --------------------------------------------------------------------------------------


def test_a_seat_is_given_with_a_mail_and_the_name_the_company_knows(
    database: Database, built_town: Town
) -> None:
    with database.write() as db:
        seats.end(db, seat=seat_of(db, built_town), now=NOW, today=TODAY)
        made = seats.add(
            db,
            company=by_cvr(db, built_town.bakery),
            email=" Lone@Bageri.TEST",
            home=HOME,
            now=NOW,
            today=TODAY,
        )
        assert (made.email, made.name, made.begins_on, made.ends_on) == (
            "lone@bageri.test", "Lone Krogh", TODAY, None,
        )  # fmt: skip
        mail = db.scalars(select(Mail).where(Mail.recipient == made.email)).one()
        assert f"{HOME}/panel/ind/" in mail.body
        assert "Blovstrød Bageri ApS" in mail.body
        unnamed = seats.add(
            db,
            company=by_cvr(db, built_town.garden),
            email="ny@planteskole.test",
            home=HOME,
            now=NOW,
            today=TODAY,
        )
        assert unnamed.name == "ny@planteskole.test"


def test_a_person_has_one_seat_at_a_time(database: Database, built_town: Town) -> None:
    with (
        database.write() as db,
        pytest.raises(Refused, match="har allerede en plads i panelet for Blovstrød"),
    ):
        seats.add(
            db,
            company=by_cvr(db, built_town.garden),
            email="lone@bageri.test",
            home=HOME,
            now=NOW,
            today=TODAY,
        )
    with database.write() as db:
        seat = seat_of(db, built_town)
        seat.ends_on = TODAY - DAY
        db.flush()
        again = seats.add(
            db,
            company=by_cvr(db, built_town.garden),
            email="lone@bageri.test",
            home=HOME,
            now=NOW,
            today=TODAY,
        )
        assert again.is_held(TODAY)
        assert not seat.is_held(TODAY)


@pytest.mark.parametrize("days", [(1, None), (None, -1), (-20, -1)])
def test_a_seat_opens_nothing_before_its_first_day_and_after_its_last(
    database: Database, built_town: Town, days: tuple[int | None, int | None]
) -> None:
    first, last = days
    with database.write() as db:
        cookie, _ = enter(db, built_town)
        seat = seat_of(db, built_town)
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


def test_a_seat_that_ends_ends_its_log_ins_and_links_at_once(database: Database, built_town: Town) -> None:
    with database.write() as db:
        cookie, _ = enter(db, built_town)
        seats.end(db, seat=seat_of(db, built_town), now=NOW, today=TODAY)
        assert members.member(db, cookie, now=NOW, today=TODAY) is None
        assert db.scalars(select(PanelSession)).all() == []
        with pytest.raises(NotFound):
            signing.enter(db, token=PANEL_LINK, now=NOW, today=TODAY)
        with pytest.raises(Conflict):
            seats.end(db, seat=seat_of(db, built_town), now=NOW, today=TODAY)


def test_another_e_mail_ends_the_log_ins_of_the_one_before(database: Database, built_town: Town) -> None:
    vouched: dict[str, Any]
    with database.write() as db:
        cookie, _ = enter(db, built_town)
        seats.change(
            db, seat=seat_of(db, built_town), name="Lone Krogh", email="lone@bageri.test", ends_on=None
        )
        assert members.member(db, cookie, now=NOW, today=TODAY) is not None
        vouched = {
            "issuer": "https://broker.test",
            "subject": "lone",
            "is_verified": True,
            "now": NOW,
            "today": TODAY,
        }
        identities.enter(db, email="lone@bageri.test", **vouched)
        seats.change(db, seat=seat_of(db, built_town), name="Peter Ny", email="peter@ny.test", ends_on=None)
        assert members.member(db, cookie, now=NOW, today=TODAY) is None
        assert seat_of(db, built_town).terms is None, "what she said yes to is not his"
        with pytest.raises(NotAllowed):
            identities.enter(db, email="lone@bageri.test", **vouched)
        assert identities.enter(db, email="peter@ny.test", **(vouched | {"subject": "peter"}))
        with pytest.raises(Refused):
            seats.change(
                db, seat=seat_of(db, built_town), name="L", email="sven@planteskole.test", ends_on=None
            )


# --- The way in ---------------------------------------------------------------------------------


def test_a_link_lets_in_once_and_uses_up_the_others(database: Database, built_town: Town) -> None:
    with database.write() as db:
        signing.ask(db, email="LONE@bageri.test ", home=HOME, now=NOW, today=TODAY)
        links = db.scalars(select(PanelLink).where(PanelLink.seat_id == built_town.seat)).all()
        assert len(links) == 2
        assert all(signing.is_good(link, NOW) for link in links)
        cookie = signing.enter(db, token=PANEL_LINK, now=NOW, today=TODAY)
        found = members.member(db, cookie, now=NOW, today=TODAY)
        assert found is not None
        assert (found.name, found.company) == ("Lone Krogh", "Blovstrød Bageri ApS")
        assert seat_of(db, built_town).terms == signing.TERMS
        db.expire_all()
        assert not any(signing.is_good(link, NOW) for link in links)
        with pytest.raises(NotFound):
            signing.enter(db, token=PANEL_LINK, now=NOW, today=TODAY)


def test_a_link_has_its_time_and_only_its_hash_is_kept(database: Database, built_town: Town) -> None:
    with database.write() as db:
        seat = seat_of(db, built_town)
        link, token = signing.issue(db, seat=seat, now=NOW)
        assert len(token) >= 43
        assert link.token_hash == token_hash(token)
        late = NOW + signing.LIVES[False]
        with pytest.raises(NotFound):
            signing.enter(db, token=token, now=late, today=TODAY)
        assert signing.enter(db, token=token, now=late - timedelta(seconds=1), today=TODAY)


def test_nobody_fills_a_members_mailbox(database: Database, built_town: Town) -> None:
    with database.write() as db:
        for _ in range(20):
            signing.ask(db, email="lone@bageri.test", home=HOME, now=NOW, today=TODAY)
        assert len(db.scalars(select(Mail)).all()) <= signing.MOST_WAITING
        later = NOW + timedelta(hours=1)
        signing.ask(db, email="lone@bageri.test", home=HOME, now=later, today=TODAY)
        assert len(db.scalars(select(Mail)).all()) == signing.MOST_WAITING


def test_an_invitation_to_a_seat_that_begins_later_lives_until_it_has_begun(
    database: Database, built_town: Town
) -> None:
    with database.write() as db:
        first = TODAY + 20 * DAY
        made = seats.add(
            db, company=by_cvr(db, built_town.garden), email="ny@planteskole.test", home=HOME, now=NOW, today=TODAY,
            begins_on=first,
        )  # fmt: skip
        link = db.scalars(select(PanelLink).where(PanelLink.seat_id == made.id)).one()
        assert link.expires_at.date() == first + 3 * DAY


@pytest.mark.parametrize("name", ["@", "@panel", "  Lone  "])
def test_a_letter_can_be_written_to_any_name(name: str) -> None:
    assert signing.first_name(PanelSeat(name=name, email="lone@bageri.test")) in {"lone@bageri.test", "Lone"}


def test_old_log_ins_and_links_are_forgotten(database: Database, built_town: Town) -> None:
    with database.write() as db:
        enter(db, built_town)
        assert signing.forget(db, now=NOW) == 0
        later = NOW + signing.KEPT + DAY
        assert signing.forget(db, now=later) == 2
        assert signing.forget(db, now=later) == 0


# --- What a member sees -------------------------------------------------------------------------


def test_a_member_sees_the_own_signed_agreements_with_promises_and_papers(
    database: Database, built_town: Town
) -> None:
    with database.write() as db:
        _, lone = enter(db, built_town)
        (own,) = seen.agreements(db, lone, TODAY)
        assert (own.id, own.title, own.holds) == (built_town.agreement, "To unge i bageriet", True)
        assert [(each.what, each.promised, each.fulfilled) for each in own.commitments] == [
            ("unge i bageriet", 2, 1)
        ]
        assert [paper.id for paper in own.papers] == [built_town.document]
        assert seen.document(db, lone, built_town.document).content.startswith(b"%PDF")
        sven = signing.sign_in(db, seat=queries.seat(db, built_town.seat + 1), now=NOW)
        other = members.member(db, sven, now=NOW, today=TODAY)
        assert other is not None
        assert seen.agreements(db, other, TODAY) == (), "what was never signed is the house's own thought"
        for look in (
            lambda id: seen.agreement(db, other, id, TODAY),
            lambda id: seen.document(db, other, id),
        ):
            refusals = []
            for id in (built_town.agreement, built_town.document, 987654):
                with pytest.raises(NotFound) as refusal:
                    look(id)
                refusals.append(refusal.value.message)
            assert len(set(refusals)) == 1


def test_a_programme_the_panel_may_not_see_is_seen_by_nobody(database: Database, built_town: Town) -> None:
    with database.write() as db:
        _, lone = enter(db, built_town)
        from crm.agreements.queries import get

        found = get(db, built_town.agreement)
        found.shown_to_panel = 1
        db.flush()
        assert [row.company for row in seen.shared(db, TODAY)] == ["Blovstrød Bageri ApS"]
        found.programme.panel_sees = 0
        db.flush()
        assert seen.agreements(db, lone, TODAY) == ()
        assert seen.shared(db, TODAY) == []
        with pytest.raises(NotFound):
            seen.agreement(db, lone, built_town.agreement, TODAY)
        with pytest.raises(NotFound):
            seen.document(db, lone, built_town.document)


def test_the_shared_list_names_only_those_marked_and_in_force(database: Database, built_town: Town) -> None:
    from crm.agreements.queries import get

    with database.write() as db:
        found = get(db, built_town.agreement)
        assert seen.shared(db, TODAY) == []
        found.shown_to_panel = 1
        db.flush()
        (row,) = seen.shared(db, TODAY)
        assert (row.company, row.since) == ("Blovstrød Bageri ApS", TODAY - timedelta(days=30))
        assert found.valid_to is not None
        assert seen.shared(db, found.valid_to + DAY) == []
        assert seen.shared(db, TODAY - timedelta(days=31)) == []


def test_a_company_that_goes_on_in_another_takes_its_seat_along(database: Database, built_town: Town) -> None:
    from crm.agreements.queries import get
    from crm.merging.actions import merge

    with database.write() as db:
        cookie, _ = enter(db, built_town)
        mona = db.get_one(User, built_town.users[ANNA])
        garden = by_cvr(db, built_town.garden)
        get(db, built_town.agreement).shown_to_panel = 1
        db.flush()
        merge(db, company=by_cvr(db, built_town.bakery), into=garden, on=TODAY, by=mona, now=NOW, today=TODAY)
        found = members.member(db, cookie, now=NOW, today=TODAY)
        assert found is not None
        assert found.company == garden.name
        assert any(each.title == "To unge i bageriet" for each in seen.agreements(db, found, TODAY))
        assert seen.shared(db, TODAY) == [], "the one it goes on in has not been asked"
