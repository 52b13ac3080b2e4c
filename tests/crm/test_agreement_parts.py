"""What stands in an agreement beside its steps: own fields, promises, notes, contacts; programmes and partners."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from crm.access.models import User
from crm.agreements import (
    actions,
    commitments,
    fields,
    notes,
    partners,
    pipeline,
    programmes,
    queries,
    reminders,
)
from crm.agreements.models import Agreement
from crm.agreements.reminders import AgreementReminder
from crm.companies import actions as companies
from crm.companies.models import Company
from crm.db import Database, Session
from crm.errors import Conflict, NotFound, Refused
from crm.goals.nearing import places
from crm.goals.queries import progress
from crm.handover.actions import hand_over_list
from crm.interactions import actions as interactions
from crm.interactions.models import FollowUp
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.test_types import CPR
from tests.crm.undone import at_once
from tests.statements import counted

DAY = timedelta(days=1)


@pytest.fixture
def anna(db: Session) -> User:
    return add_user(db)


@pytest.fixture
def company(db: Session, anna: User) -> Company:
    return add_company(db, responsible=anna)


def new(db: Session, company: Company, by: User, key: str = "code_of_care", **more: Any) -> Agreement:
    values: dict[str, Any] = {"title": "To unge", "programme": queries.programme(db, key)} | more
    return actions.create(db, company=company, by=by, now=NOW, today=TODAY, **values)


def step(db: Session, agreement: Agreement, to: str, by: User, **more: Any) -> Agreement:
    return actions.step(db, agreement=agreement, to=to, on=TODAY, by=by, now=NOW, today=TODAY, **more)


# --- Why it ended -------------------------------------------------------------------------------


def test_an_end_has_a_cause_and_perhaps_a_word(db: Session, company: Company, anna: User) -> None:
    for cause, note, kept in (
        ("not_used", None, "not_used"), ("other", "Brand", "other"), (None, "Flyttet", "not_told"),
    ):  # fmt: skip
        agreement = step(db, new(db, company, anna, signed_on=TODAY), "ended", anna, cause=cause, note=note)
        assert (agreement.end_cause, agreement.end_reason) == (kept, note)
    agreement = new(db, company, anna)
    for cause, field in (("kedsomhed", "cause"), ("other", "note")):
        with pytest.raises(Refused) as refusal:
            step(db, agreement, "ended", anna, cause=cause)
        assert refusal.value.field == field
    assert step(db, agreement, "in_dialogue", anna, cause="not_used").end_cause is None


# --- Contacts and the panel ---------------------------------------------------------------------


def test_whom_to_call_works_at_that_very_company(db: Session, company: Company, anna: User) -> None:
    lone = companies.add_contact(db, company=company, values={"name": "Lone"}, now=NOW)
    other = add_company(db, 1, responsible=anna)
    per = companies.add_contact(db, company=other, values={"name": "Per"}, now=NOW)
    agreement = new(db, company, anna, contact=lone)
    assert queries.get(db, agreement.id).contact == lone
    with pytest.raises(Refused) as refusal:
        new(db, company, anna, contact=per)
    assert refusal.value.field == "company_contact"
    with pytest.raises(Refused) as refusal:
        actions.change(db, agreement=agreement, values={"contact": per}, today=TODAY)
    assert refusal.value.field == "company_contact"
    actions.change(db, agreement=agreement, values={"contact": None}, today=TODAY)
    assert agreement.company_contact_id is None


def test_the_panel_sees_what_its_programme_lets_it_see(db: Session, company: Company, anna: User) -> None:
    frame = queries.programme(db, "code_of_care")
    shown = new(db, company, anna)
    assert shown.shown_to_panel == 0, "nobody has asked the company yet"
    actions.change(db, agreement=shown, values={"shown_to_panel": True}, today=TODAY)
    assert shown.shown_to_panel == 1
    frame.panel_sees = 0
    hidden = new(db, company, anna)
    assert hidden.shown_to_panel == 0
    with pytest.raises(Refused, match="Panelet"):
        actions.change(db, agreement=hidden, values={"shown_to_panel": True}, today=TODAY)


# --- Own fields ---------------------------------------------------------------------------------


def test_own_fields_are_those_of_the_programme_each_of_its_kind(
    db: Session, company: Company, anna: User
) -> None:
    agreement = new(db, company, anna, values={"young_people": 2, "tasks": " Lager ", "mentor": "volunteer"})
    assert fields.values(db, agreement) == {"young_people": 2, "tasks": "Lager", "mentor": "volunteer"}
    fields.set_values(db, agreement=agreement, new={"young_people": 0, "mentor": None, "hours": 12})
    assert fields.values(db, agreement) == {"young_people": 0, "tasks": "Lager", "hours": 12}
    before = fields.values(db, agreement)
    for key, wrong in (
        ("young_people", "to"), ("young_people", -1), ("young_people", 100_001), ("young_people", True),
        ("mentor", "måske"), ("mentor", 1), ("tasks", 3), ("tasks", "x" * 501), ("tasks", f"Til {CPR}"),
        ("courses", 2), ("shoe_size", 43),
    ):  # fmt: skip
        with pytest.raises(Refused) as refusal, db.begin_nested():
            fields.set_values(db, agreement=agreement, new={key: wrong})
        assert refusal.value.field == key
    assert fields.values(db, agreement) == before


def test_what_a_programme_asks_no_longer_stays_where_it_was_agreed(
    db: Session, company: Company, anna: User
) -> None:
    agreement = new(db, company, anna, values={"hours": 12})
    frame = agreement.programme
    decided = {"name": frame.name, "kind": "company", "asks": ["tasks"], "panel_sees": True}
    programmes.change(db, programme=frame, values=decided)
    held = fields.values(db, agreement)
    assert [each.key for each in fields.asked(frame, held)] == ["tasks", "hours"]
    assert fields.set_values(db, agreement=agreement, new={"hours": 10}) == {"hours": 10}
    assert fields.set_values(db, agreement=agreement, new={"hours": None}) == {}
    with pytest.raises(Refused):
        fields.set_values(db, agreement=agreement, new={"hours": 12})


# --- Commitments and notes ----------------------------------------------------------------------


def test_promised_two_placed_one_and_how_it_came_to_that(db: Session, company: Company, anna: User) -> None:
    agreement = new(db, company, anna)
    promised = commitments.promise(
        db, agreement=agreement, what="unge i job", promised=3, by=anna, now=NOW, due=TODAY + 90 * DAY
    )
    commitments.count(db, commitment=promised, promised=2, fulfilled=0, by=anna, now=NOW, note="Én færre")
    commitments.count(db, commitment=promised, promised=2, fulfilled=1, by=anna, now=NOW, seen=2)
    commitments.count(db, commitment=promised, promised=2, fulfilled=1, by=anna, now=NOW)
    assert (promised.promised, promised.fulfilled, promised.missing, promised.change_no) == (2, 1, 1, 3)
    with pytest.raises(Conflict, match="1 af 2"):
        commitments.count(db, commitment=promised, promised=2, fulfilled=2, by=anna, now=NOW, seen=2)
    db.expire_all()
    (found,) = commitments.of_agreement(db, agreement)
    assert [(each.promised, each.fulfilled, each.note) for each in found.changes] == [
        (2, 1, None), (2, 0, "Én færre"), (3, 0, None),
    ]  # fmt: skip
    for field, most, done in (("promised", 0, 1), ("promised", 10_001, 1), ("fulfilled", 2, -1)):
        with pytest.raises(Refused) as refusal:
            commitments.count(db, commitment=found, by=anna, now=NOW, promised=most, fulfilled=done)
        assert refusal.value.field == field
    for field, wrong_new in (("what", {"what": " "}), ("due", {"due": date(1990, 1, 1)})):
        values: dict[str, Any] = {"what": "x", "promised": 1} | wrong_new
        with pytest.raises(Refused) as refusal:
            commitments.promise(db, agreement=agreement, by=anna, now=NOW, **values)
        assert refusal.value.field == field
    with pytest.raises(NotFound):
        commitments.get(db, new(db, company, anna), found.id)


def test_two_who_count_at_once_are_both_in_the_history(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        agreement = new(db, add_company(db, responsible=anna), anna)
        id = commitments.promise(db, agreement=agreement, what="unge", promised=9, by=anna, now=NOW).id
    other = Database(database.url)

    def count(mine: Database, fulfilled: int) -> None:
        with mine.write() as db:
            known = commitments.get(db, db.get_one(Agreement, agreement.id), id)
            commitments.count(
                db, commitment=known, promised=9, fulfilled=fulfilled, by=db.get_one(User, anna.id), now=NOW
            )

    assert at_once(partial(count, database, 1), partial(count, other, 2)) == []
    with database.read() as db:
        (found,) = commitments.of_agreement(db, agreement)
        assert sorted(each.fulfilled for each in found.changes) == [0, 1, 2]
        assert found.fulfilled == found.changes[0].fulfilled
    other.close()


def test_notes_are_kept_in_order_and_hold_no_cpr(db: Session, company: Company, anna: User) -> None:
    agreement = new(db, company, anna)
    for text in ("Først", "Så"):
        notes.write_note(db, agreement=agreement, text=text, by=anna, now=NOW)
    for wrong in (" ", f"Ring om {CPR}"):
        with pytest.raises(Refused):
            notes.write_note(db, agreement=agreement, text=wrong, by=anna, now=NOW)
    assert [(each.text, each.by.name) for each in notes.notes(db, agreement)] == [
        ("Så", "Anna"),
        ("Først", "Anna"),
    ]


# --- Programmes ---------------------------------------------------------------------------------


def test_a_programme_is_added_changed_and_closed(db: Session, company: Company, anna: User) -> None:
    values: dict[str, Any] = {
        "name": "Ny start", "kind": "company", "asks": ["tasks", "young_people"], "standard_months": 6,
        "template": "{virksomhed} og {kommune}: {aftale}", "panel_sees": False,
    }  # fmt: skip
    made = programmes.add(db, key="ny_start", values=values)
    assert (made.asks, made.panel_sees, made.version) == (["young_people", "tasks"], 0, 1)
    assert new(db, company, anna, "ny_start").shown_to_panel == 0
    programmes.change(db, programme=made, values=values | {"valid_to": TODAY - DAY}, seen=1)
    assert made not in queries.offered(db, TODAY)
    with pytest.raises(Refused, match="indgås ikke") as closed:
        new(db, company, anna, "ny_start")
    assert closed.value.field == "programme"
    assert new(db, company, anna, "ny_start", signed_on=TODAY - 10 * DAY).state == "signed"
    with pytest.raises(Conflict):
        programmes.change(db, programme=made, values=values, seen=1)
    cases: list[tuple[str, dict[str, Any]]] = [
        ("name", {"name": " "}), ("kind", {"kind": "citizen"}), ("kind", {"kind": "partner_organisation"}),
        ("asks", {"asks": ["shoe_size"]}), ("standard_months", {"standard_months": 0}),
        ("template", {"template": "Kære {borger}"}), ("valid_from", {"valid_from": date(1990, 1, 1)}),
        ("valid_to", {"valid_from": TODAY, "valid_to": TODAY - DAY}),
    ]  # fmt: skip
    for field, wrong in cases:
        with pytest.raises(Refused) as refusal:
            programmes.change(db, programme=made, values=values | wrong)
        assert refusal.value.field == field
    for key in ("", "Ny", "ny start", "code_of_care", "x" * 51, "æble"):
        with pytest.raises(Refused) as refusal:
            programmes.add(db, key=key, values=values)
        assert refusal.value.field == "key"


# --- Organisations ------------------------------------------------------------------------------


def test_organisations_stand_apart_and_never_count(db: Session, anna: User) -> None:
    before = [each.value for each in progress(db, TODAY)]
    assert {each.name for each in partners.organisations(db)} >= {
        "Code of Care", "Klar til Start", "Gadespejlene", "Talentspejderne",
    }  # fmt: skip
    values: dict[str, Any] = {
        "name": "Ungeforeningen",
        "email": "hej@ungeforeningen.test",
        "phone": "20 11 45 67",
    }
    made = partners.add_organisation(db, values=values, now=NOW)
    what = {
        "title": "Mentorer",
        "agreed": "Ti mentorer om året",
        "valid_from": TODAY,
        "consultant_id": anna.id,
    }
    agreed = partners.agree(db, organisation=made, values=what, by=anna, now=NOW)
    partners.change_agreement(db, agreement=agreed, values=what | {"valid_to": TODAY + 9 * DAY}, seen=1)
    assert [agreed.holds(TODAY + number * DAY) for number in (-1, 0, 9, 10)] == [False, True, True, False]
    assert [each.value for each in progress(db, TODAY)] == before
    assert queries.spans(db) == []
    with pytest.raises(Conflict):
        partners.change_agreement(db, agreement=agreed, values=what, seen=1)
    for field, wrong in (("name", {"name": ""}), ("name", {"name": "Code of Care"}), ("email", {"email": "ingen"}),
                         ("phone", {"phone": "ring"})):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            partners.change_organisation(db, organisation=made, values=values | wrong)
        assert refusal.value.field == field
    cases: list[tuple[str, dict[str, Any]]] = [
        ("title", {"title": ""}), ("agreed", {"agreed": " "}), ("valid_from", {"valid_from": None}),
        ("valid_to", {"valid_to": TODAY - DAY}), ("consultant_id", {"consultant_id": 999}),
        ("valid_from", {"valid_from": date(1990, 1, 1)}),
    ]  # fmt: skip
    for field, wrong in cases:
        with pytest.raises(Refused) as refusal:
            partners.agree(db, organisation=made, values=what | wrong, by=anna, now=NOW)
        assert refusal.value.field == field
    for find in (partners.organisation, partners.agreement):
        with pytest.raises(NotFound):
            find(db, 987)


# --- Reminders ----------------------------------------------------------------------------------


def _booked(db: Session) -> list[tuple[str, date, int]]:
    rows = db.execute(select(FollowUp.text, FollowUp.due, FollowUp.owner_id).order_by(FollowUp.id))
    return [tuple(row) for row in rows]  # type: ignore[misc]


def test_before_an_agreement_runs_out_its_consultant_has_one_follow_up(
    db: Session, company: Company, anna: User
) -> None:
    bo = add_user(db, "bo@kommune.test")
    near = new(db, company, anna, signed_on=TODAY - 300 * DAY, valid_to=TODAY + 60 * DAY, consultant=bo)
    new(db, company, anna, title="Senere", signed_on=TODAY - DAY, valid_to=TODAY + 61 * DAY)
    new(db, company, anna, title="Videre", signed_on=TODAY - DAY)
    new(db, company, anna, title="Ikke endnu", valid_to=TODAY + DAY)
    new(db, company, anna, title="Udløbet", signed_on=TODAY - 300 * DAY, valid_to=TODAY - DAY)
    step(db, new(db, company, anna, title="Slut", signed_on=TODAY, valid_to=TODAY + DAY), "ended", anna)
    assert [reminders.book(db, now=NOW, today=TODAY, days=60) for _ in range(3)] == [1, 0, 0]
    said = "Aftalen »To unge« udløber 22. januar 2027. Skal den fornyes?"
    assert _booked(db) == [(said, TODAY, bo.id)]
    # Renewed, it is another period, and runs out another day.
    step(db, near, "in_force", anna)
    step(db, near, "renewed", anna, valid_to=TODAY + 400 * DAY)
    assert reminders.book(db, now=NOW, today=TODAY, days=60) == 0
    later = TODAY + 350 * DAY
    assert reminders.book(db, now=NOW, today=later, days=60) == 1
    told = select(AgreementReminder).order_by(AgreementReminder.period)
    assert [(row.agreement_id, row.period) for row in db.scalars(told)] == [(near.id, 1), (near.id, 2)]
    assert _booked(db)[1][1] == later


def test_reminders_are_booked_some_at_a_time(db: Session, company: Company, anna: User) -> None:
    for number in range(7):
        new(db, company, anna, title=f"Nr. {number}", signed_on=TODAY, valid_to=TODAY + number * DAY)
    assert [reminders.book(db, now=NOW, today=TODAY, days=60, limit=3) for _ in range(4)] == [3, 3, 1, 0]
    assert len(_booked(db)) == 7


def test_a_company_that_is_handed_over_takes_its_reminder_along(
    db: Session, company: Company, anna: User
) -> None:
    bo = add_user(db, "bo@kommune.test")
    new(db, company, anna, signed_on=TODAY - DAY, valid_to=TODAY + 9 * DAY)
    hand_over_list(db, company_ids=[company.id], to=bo, note="Ny fordeling", by=None, now=NOW)
    assert reminders.book(db, now=NOW, today=TODAY, days=60) == 1
    assert _booked(db)[0][2] == bo.id


# --- Under way ----------------------------------------------------------------------------------


def test_who_would_be_number_ten(database: Database) -> None:
    with database.write() as db:
        anna, bo = add_user(db), add_user(db, "bo@kommune.test")
        firms = [add_company(db, number, responsible=anna) for number in range(14)]
        for firm in firms[:8]:
            new(db, firm, anna, signed_on=TODAY)
        offered = new(db, firms[8], anna, "after_school_job")
        for to in ("in_dialogue", "offered"):
            step(db, offered, to, anna)
        talking = step(db, new(db, firms[9], anna, consultant=bo), "in_dialogue", anna)
        prospect = new(db, firms[10], anna)
        again = new(db, firms[9], anna, "after_school_job", title="Også fritidsjob")
        inside = new(db, firms[0], anna, title="En til")
        sick = new(db, firms[11], anna, "sick_leave_prevention")
        nothing = new(db, firms[12], anna, "klar_til_start")
        for due, text in ((9, "Send tilbud"), (3, "Ring"), (3, "Også")):
            interactions.promise(db, company=firms[8], owner=anna, due=TODAY + due * DAY, text=text, now=NOW)
    with database.read() as db, counted(database) as asked:
        lines = pipeline.under_way(db)
        assert len(asked) == 2
        found = places(lines, progress(db, TODAY))
    said = {id: [(each.number, each.target, each.reaches) for each in of] for id, of in found.items()}
    assert said == {
        offered.id: [(9, 10, False)], talking.id: [(10, 10, True)], prospect.id: [(11, 10, False)],
        again.id: [(10, 10, True)], inside.id: [(None, 10, False)], sick.id: [(1, 25, False)], nothing.id: [],
    }  # fmt: skip
    by_id = {line.agreement.id: line for line in lines}
    following = by_id[offered.id].next
    assert following is not None
    assert (following.text, by_id[offered.id].since, by_id[offered.id].days(TODAY + DAY)) == (
        "Ring",
        TODAY,
        1,
    )
    assert by_id[sick.id].next is None
    with database.read() as db:
        assert [line.agreement.id for line in pipeline.under_way(db, owner=db.get_one(User, bo.id))] == [
            talking.id
        ]
