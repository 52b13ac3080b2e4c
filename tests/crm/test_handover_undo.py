"""An act is taken back whole, until anybody has built on it; then not at all, and it is said why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from crm.access import actions as access
from crm.access.models import User
from crm.access.queries import by_email
from crm.agreements import actions as agreements
from crm.agreements.models import Agreement
from crm.companies import actions as companies
from crm.companies.models import Company
from crm.companies.queries import by_cvr
from crm.db import Database, Session
from crm.errors import Conflict, NotAllowed
from crm.handover import queries
from crm.handover.actions import hand_over_list
from crm.handover.letters import BODY, SUBJECT, Letter
from crm.handover.models import Handover, ItemKind
from crm.handover.undo import changes, may_undo, undo
from crm.interactions import actions as interactions
from crm.interactions.models import FollowUp
from crm.outbox import actions as outbox
from crm.requests import actions as requests
from crm.requests.models import Request
from crm.responsibility import actions as responsibility
from crm.responsibility import queries as assignments
from crm.responsibility.beside import beside, beside_history, end_beside, put_beside
from crm.responsibility.models import Absence, AbsenceException, CompanyColleague
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.handing_over import HOURS, LATER, act, away, busy, leave, mails, owners

THEN = LATER + timedelta(hours=2)


def test_everything_is_as_before_and_the_history_tells_both_steps(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    done = act(db, firms, team["carl"])
    undo(db, act=done, by=team["mona"], now=THEN)
    assert [owners(db, company) for company in firms] == [{"Anna"}, {"Anna"}, {"Anna"}, {"Bo"}]
    back, there, first = assignments.history(db, firms[0])
    assert (back.user.name, back.reason, back.by and back.by.name) == (
        "Anna", "Fortrudt: Barsel", "Mona Lindevang",
    )  # fmt: skip
    assert (there.user.name, there.valid_to) == ("Carl", back.valid_from)
    assert (first.user.name, first.valid_to) == ("Anna", there.valid_from)
    assert (done.undone_at, done.undone_by_id) == (THEN, team["mona"].id)


def test_a_leavers_places_and_stand_ins_come_back_too(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    other = add_company(db, 9, responsible=team["mona"])
    for company in (firms[3], other):
        put_beside(db, company=company, user=team["anna"], topic="retention", by=team["mona"], now=NOW)
    absences = [away(db, team[name], team["anna"]) for name in ("carl", "bo")]
    for absence in absences:
        db.add(AbsenceException(absence_id=absence.id, company_id=firms[0].id, stand_in_id=team["anna"].id))
    db.flush()
    before = _all_that(db)
    undo(db, act=leave(db, team["anna"], team["bo"]), by=team["mona"], now=THEN)
    assert _all_that(db) == before
    assert [len(beside_history(db, company)) for company in (firms[3], other)] == [2, 3]


def _all_that(db: Session) -> list[object]:
    """Who is beside whom and who stands in, whatever the rows are."""
    db.expire_all()
    places = select(CompanyColleague.company_id, CompanyColleague.topic, CompanyColleague.user_id).where(
        CompanyColleague.valid_to.is_(None)
    )
    return [
        sorted(db.execute(places)),
        sorted(db.execute(select(Absence.id, Absence.stand_in_id))),
        sorted(db.execute(select(AbsenceException.absence_id, AbsenceException.stand_in_id))),
    ]


def test_once_is_enough(db: Session, team: dict[str, User], firms: list[Company]) -> None:
    done = act(db, firms[:1], team["bo"])
    undo(db, act=done, by=team["mona"], now=THEN)
    with pytest.raises(Conflict, match="allerede fortrudt"):
        undo(db, act=done, by=team["mona"], now=THEN)


def test_only_whoever_did_it_and_managers_may(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    done = act(db, firms[:1], team["bo"], by=team["anna"])
    assert [may_undo(team[name], done) for name in ("anna", "bo", "carl", "mona")] == [
        True,
        False,
        False,
        True,
    ]
    with pytest.raises(NotAllowed):
        undo(db, act=done, by=team["bo"], now=THEN)


Build = Callable[[Session, dict[str, User], Company], object]
REQUEST, FOLLOW_UP = select(Request).order_by(Request.id), select(FollowUp).order_by(FollowUp.id)


def _request(db: Session, company: Company) -> Request:
    return db.scalars(REQUEST.where(Request.company_id == company.id)).first()  # type: ignore[return-value]


def _follow_up(db: Session, company: Company) -> FollowUp:
    return db.scalars(FOLLOW_UP.where(FollowUp.company_id == company.id)).first()  # type: ignore[return-value]


def _agreement(db: Session, company: Company) -> Agreement:
    return db.scalars(select(Agreement).where(Agreement.company_id == company.id)).one()


BUILDS: dict[str, tuple[Build, str]] = {
    "given on again": (
        lambda db, team, company: responsibility.hand_over(
            db, company=company, to=team["carl"], reason="Videre", by=None, now=THEN
        ),
        "Virksomhed 0 ApS er givet videre igen",
    ),
    "a request taken": (
        lambda db, team, company: requests.move(
            db, request=_request(db, company), to="taken", by=team["bo"], now=THEN
        ),
        "henvendelsen »Hjælp til Virksomhed 0 ApS« er ændret",
    ),
    "a request edited": (
        lambda db, team, company: requests.change(
            db, request=_request(db, company), values={"title": "Rettet"}
        ),
        "henvendelsen »Rettet« er ændret",
    ),
    "a request given to another": (
        lambda db, team, company: requests.change(
            db, request=_request(db, company), values={"owner": team["carl"]}
        ),
        "henvendelsen »Hjælp til Virksomhed 0 ApS« er ændret",
    ),
    "a follow-up done": (
        lambda db, team, company: interactions.mark_done(
            db, follow_up=_follow_up(db, company), by=team["bo"], now=THEN
        ),
        "opfølgningen »Ring til Virksomhed 0 ApS« er ændret",
    ),
    "a follow-up put off": (
        lambda db, team, company: interactions.postpone(
            db, follow_up=_follow_up(db, company), due=TODAY + timedelta(days=7)
        ),
        "opfølgningen »Ring til Virksomhed 0 ApS« er ændret",
    ),
    "a follow-up deleted": (
        lambda db, team, company: db.delete(_follow_up(db, company)),
        "opfølgningen »slettet siden« er ændret",
    ),
    "an agreement's step": (
        lambda db, team, company: agreements.step(
            db, agreement=_agreement(db, company), to="in_dialogue", on=TODAY, by=team["bo"], now=THEN,
            today=TODAY,
        ),
        "aftalen »Unge hos Virksomhed 0 ApS« er ændret",
    ),
    "an agreement edited": (
        lambda db, team, company: agreements.change(
            db, agreement=_agreement(db, company), values={"title": "Rettet"}, today=TODAY
        ),
        "aftalen »Rettet« er ændret",
    ),
    "a call by the receiver": (
        lambda db, team, company: interactions.log(
            db, company=company, by=team["bo"], now=THEN, kind="note", summary="Set på sagen"
        ),
        "der er talt med Virksomhed 0 ApS",
    ),
    "a request that came since": (
        lambda db, team, company: requests.take_in(
            db, company=company, asked=requests.NewRequest("guidance", "Ny"), by=team["mona"], now=THEN,
            clock=HOURS, owner=team["bo"],
        ),
        "henvendelsen »Ny« er kommet til",
    ),
    "a promise made since": (
        lambda db, team, company: interactions.promise(
            db, company=company, owner=team["bo"], due=TODAY, text="Nyt løfte", now=THEN
        ),
        "opfølgningen »Nyt løfte« er kommet til",
    ),
}  # fmt: skip


@pytest.mark.parametrize("build", BUILDS)
def test_what_is_built_upon_stays_and_is_named(
    db: Session, team: dict[str, User], firms: list[Company], build: str
) -> None:
    done = act(db, firms[:2], team["bo"])
    assert changes(db, done) == []
    change, said = BUILDS[build]
    change(db, team, firms[0])
    db.flush()
    with pytest.raises(Conflict) as conflict:
        undo(db, act=done, by=team["mona"], now=THEN)
    assert conflict.value.message == f"Det kan ikke fortrydes længere: {said}."
    assert "Bo" in owners(db, firms[1])
    assert "Anna" not in owners(db, firms[1])


def test_what_others_do_meanwhile_stands_in_nobodys_way(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    done = act(db, firms[:1], team["bo"])
    interactions.log(db, company=firms[0], by=team["carl"], now=THEN, kind="note", summary="Hilste på")
    interactions.log(db, company=firms[3], by=team["bo"], now=THEN, kind="note", summary="Et andet sted")
    companies.change(db, company=firms[0], values={"phone": "48 15 00 00"})
    undo(db, act=done, by=team["mona"], now=THEN)
    assert owners(db, firms[0]) == {"Anna"}


def test_no_more_than_five_changes_are_named(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    done = act(db, firms[:3], team["bo"])
    for company in firms[:3]:
        interactions.log(db, company=company, by=team["bo"], now=THEN, kind="note", summary="Set på sagen")
        requests.move(db, request=_request(db, company), to="taken", by=team["bo"], now=THEN)
    with pytest.raises(Conflict, match="og mere") as conflict:
        undo(db, act=done, by=team["mona"], now=THEN)
    assert conflict.value.message.count("Virksomhed") == 5


def test_a_leavers_place_that_was_ended_or_taken_and_an_absence_that_was_moved_are_named(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    other = add_company(db, 9, "Anden ApS", responsible=team["mona"])
    for company in (firms[3], other):
        put_beside(db, company=company, user=team["anna"], topic="retention", by=team["mona"], now=NOW)
    absence = away(db, team["carl"], team["anna"])
    done = leave(db, team["anna"], team["bo"])
    end_beside(db, colleague=beside(db, other)[0], now=THEN)
    put_beside(db, company=firms[3], user=team["carl"], topic="retention", by=team["mona"], now=THEN)
    absence.last_day += timedelta(days=1)
    db.flush()
    assert changes(db, done) == [
        "kollegerne hos Anden ApS er ændret", "kollegerne hos Virksomhed 3 ApS er ændret",
        "et fravær er ændret",
    ]  # fmt: skip


def test_one_who_was_closed_gets_nothing_back(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    done = leave(db, team["anna"], team["bo"])
    access.close_user(db, user=team["anna"], now=THEN)
    with pytest.raises(Conflict, match="Anna er lukket"):
        undo(db, act=done, by=team["mona"], now=THEN)


def test_mails_that_wait_are_stopped_and_both_are_told(
    db: Session, team: dict[str, User], firms: list[Company]
) -> None:
    firms[0].email, firms[1].email = "en@firma.test", "to@firma.test"
    db.flush()
    done = act(db, firms[:2], team["bo"], letter=Letter(SUBJECT, BODY))
    sent = mails(db)
    gone = sent["to@firma.test"]
    outbox.record_sent(db, mail=gone, now=THEN)
    db.expire_all()
    assert undo(db, act=done, by=team["mona"], now=THEN) == 1
    db.expire_all()
    assert (sent["en@firma.test"].state, gone.state) == ("cancelled", "sent")
    told = {mail.recipient: mail for mail in mails(db).values() if mail.act.endswith(":undone")}
    assert set(told) == {"anna@kommune.test", "bo@kommune.test"}
    assert "Det er dit igen." in told["anna@kommune.test"].body


def test_a_refused_undo_changes_nothing(database: Database) -> None:
    with database.write() as db:
        anna, bo, carl = (add_user(db, f"{name}@kommune.test") for name in ("anna", "bo", "carl"))
        add_user(db, "mona@kommune.test", "manager")
        company = add_company(db, 1, responsible=anna)
        busy(db, company, anna)
        id, cvr = company.id, company.cvr
        done = act(db, [company], bo)
    with database.write() as db:
        hand_over_list(db, company_ids=[id], to=carl, note="Videre", by=None, now=THEN)
    with pytest.raises(Conflict, match="givet videre igen"), database.write() as db:
        undo(db, act=queries.get(db, done.id), by=by_email(db, "mona@kommune.test"), now=THEN)
    with database.read() as db:
        assert owners(db, by_cvr(db, cvr)) == {"Carl"}
        assert db.get_one(Handover, done.id).undone_at is None
        assert queries.counts(db, queries.get(db, done.id))[ItemKind.COMPANY] == 1
