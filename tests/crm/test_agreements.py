"""Agreements: the legal steps, their days, and the corrections that keep the figures true."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from crm.access.models import User
from crm.agreements import actions, queries
from crm.agreements.models import (
    LEGAL_STEPS,
    START,
    Agreement,
    AgreementLegalStep,
    AgreementState,
    AgreementStep,
)
from crm.companies.models import Company
from crm.db import Database, Session
from crm.errors import Conflict, NotFound, Refused
from crm.lists import agreements as listed
from crm.lists.agreements import Wanted
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.test_types import CPR
from tests.crm.undone import at_once
from tests.statements import counted

DAY = timedelta(days=1)
# A way from a prospect to every state.
WAY: dict[str, tuple[str, ...]] = {
    "prospect": (),
    "in_dialogue": ("in_dialogue",),
    "offered": ("in_dialogue", "offered"),
    "signed": ("in_dialogue", "offered", "signed"),
    "in_force": ("in_dialogue", "offered", "signed", "in_force"),
    "renewed": ("in_dialogue", "offered", "signed", "in_force", "renewed"),
    "ended": ("ended",),
}
LEGAL = set(LEGAL_STEPS)
PAIRS = [(old, new) for old in AgreementState for new in AgreementState]


@pytest.fixture
def anna(db: Session) -> User:
    return add_user(db)


@pytest.fixture
def company(db: Session, anna: User) -> Company:
    return add_company(db, responsible=anna)


def _new(db: Session, company: Company, by: User, **values: date | str | None) -> Agreement:
    more = {"title": "To unge", "programme": queries.programme(db, "code_of_care")} | values
    return actions.create(db, company=company, by=by, now=NOW, today=TODAY, **more)  # type: ignore[arg-type]


def _step(
    db: Session, agreement: Agreement, to: str, by: User, on: date = TODAY, **more: date | str
) -> Agreement:
    return actions.step(
        db,
        agreement=agreement,
        to=to,
        on=on,
        by=by,
        now=NOW,
        today=TODAY,
        **more,  # type: ignore[arg-type]
    )


def _at(db: Session, company: Company, by: User, state: str) -> Agreement:
    agreement = _new(db, company, by)
    for step in WAY[state]:
        _step(db, agreement, step, by)
    assert agreement.state == state
    return agreement


def test_every_legal_step_is_taken_and_every_other_refused_in_words(
    db: Session, company: Company, anna: User
) -> None:
    for old, new in PAIRS:
        agreement = _at(db, company, anna, old)
        version, number = agreement.version, agreement.step_no
        if (old, new) in LEGAL:
            _step(db, agreement, new, anna)
            assert (agreement.state, agreement.step_no) == (new, number + 1)
            assert agreement.version > version
        else:
            with pytest.raises(Conflict) as refusal:
                _step(db, agreement, new, anna)
            assert actions.NAMES[old] in refusal.value.message
            db.expire_all()
            assert (agreement.state, agreement.step_no, agreement.version) == (old, number, version)
        taken = queries.steps(db, agreement)
        assert [step.seq for step in taken] == list(range(1, agreement.step_no + 1))
        assert [step.from_state for step in taken] == [START, *[step.to_state for step in taken[:-1]]]


def test_every_other_step_is_refused_by_the_database_too(db: Session, company: Company, anna: User) -> None:
    refused = 0
    for old in AgreementState:
        agreement = _at(db, company, anna, old)
        row = {
            "agreement_id": agreement.id,
            "seq": agreement.step_no + 1,
            "on": TODAY,
            "at": NOW,
            "by_id": anna.id,
        }
        for source, new in PAIRS:
            if source == old and (old, new) in LEGAL:
                continue
            with pytest.raises(DBAPIError), db.begin_nested():
                db.execute(insert(AgreementStep).values(row | {"from_state": source, "to_state": new}))
            refused += 1
        for seq in (agreement.step_no, agreement.step_no + 2, 0, 1):
            step = row | {"seq": seq, "from_state": old, "to_state": "ended"}
            with pytest.raises(DBAPIError), db.begin_nested():
                db.execute(insert(AgreementStep).values(step))
    assert refused == 7 * 49 - 12
    assert set(db.execute(select(AgreementLegalStep.from_state, AgreementLegalStep.to_state)).all()) == LEGAL


def test_the_first_step_is_at_most_a_signature(db: Session, company: Company, anna: User) -> None:
    assert _new(db, company, anna).state == "prospect"
    signed = _new(db, company, anna, signed_on=TODAY - 30 * DAY, valid_to=TODAY + 30 * DAY)
    assert (signed.state, signed.valid_from) == ("signed", TODAY - 30 * DAY)
    assert queries.steps(db, signed)[0].on == TODAY - 30 * DAY
    assert {new for old, new in LEGAL if old == START} == {"prospect", "in_dialogue", "offered", "signed"}


def test_days_that_cannot_be_are_refused_beside_their_field(
    db: Session, company: Company, anna: User
) -> None:
    impossible: list[tuple[str, dict[str, date | str | None]]] = [
        ("title", {"title": " "}), ("title", {"title": CPR}),
        ("signed_on", {"signed_on": date(1999, 12, 31)}), ("signed_on", {"signed_on": TODAY + 400 * DAY}),
        ("valid_from", {"valid_from": TODAY + 400 * DAY}),
        ("valid_to", {"signed_on": TODAY, "valid_to": TODAY - DAY}),
        ("valid_to", {"valid_to": date(2201, 1, 1)}), ("valid_to", {"valid_to": date(1, 1, 1)}),
    ]  # fmt: skip
    for field, wrong in impossible:
        with pytest.raises(Refused) as refusal:
            _new(db, company, anna, **wrong)
        assert refusal.value.field == field, wrong
    assert queries.of_company(db, company) == []


def test_a_step_lies_on_or_after_the_one_before(db: Session, company: Company, anna: User) -> None:
    agreement = _new(db, company, anna)
    # Entered today, though the talking began long ago: the day of entering is nobody's first day.
    _step(db, agreement, "in_dialogue", anna, TODAY - 60 * DAY)
    for to, day in (("offered", -40), ("signed", -20), ("in_force", -10), ("renewed", -5), ("in_force", -5)):
        with pytest.raises(Refused, match="forrige trin") as refusal:
            _step(db, agreement, to, anna, TODAY + (day - 25) * DAY)
        assert refusal.value.field == "on"
        _step(db, agreement, to, anna, TODAY + day * DAY)
    assert (agreement.signed_on, agreement.valid_from) == (TODAY - 20 * DAY, TODAY - 20 * DAY)
    with pytest.raises(Refused, match="forrige trin"):
        _step(db, agreement, "ended", anna, TODAY - 6 * DAY)
    _step(db, agreement, "ended", anna, TODAY - 5 * DAY, note="Flyttet")
    assert (agreement.ended_on, agreement.end_reason) == (TODAY - 5 * DAY, "Flyttet")


def test_a_corrected_day_of_signing_is_the_one_that_counts(db: Session, company: Company, anna: User) -> None:
    agreement = _new(db, company, anna, signed_on=TODAY)
    actions.change(
        db,
        agreement=agreement,
        values={"signed_on": TODAY - 90 * DAY, "valid_from": TODAY - 90 * DAY},
        today=TODAY,
    )
    with pytest.raises(Refused, match="forrige trin"):
        _step(db, agreement, "in_force", anna, TODAY - 91 * DAY)
    _step(db, agreement, "in_force", anna, TODAY - 90 * DAY)
    actions.change(db, agreement=agreement, values={"signed_on": TODAY - 10 * DAY}, today=TODAY)
    with pytest.raises(Refused, match="forrige trin"):
        _step(db, agreement, "ended", anna, TODAY - 11 * DAY)


def test_signing_after_the_last_day_is_refused_and_not_a_broken_rule_of_the_database(
    db: Session, company: Company, anna: User
) -> None:
    agreement = _new(db, company, anna, valid_to=TODAY - DAY)
    for step in WAY["offered"]:
        _step(db, agreement, step, anna)
    with pytest.raises(Refused) as refusal:
        _step(db, agreement, "signed", anna)
    assert refusal.value.field == "on"
    _step(db, agreement, "signed", anna, valid_to=TODAY + DAY)
    assert (agreement.signed_on, agreement.valid_to) == (TODAY, TODAY + DAY)


def test_a_planned_signing_can_be_called_off_and_never_counts(
    db: Session, company: Company, anna: User
) -> None:
    agreement = _new(db, company, anna, signed_on=TODAY + 20 * DAY)
    _step(db, agreement, "ended", anna)
    (span,) = queries.spans(db)
    assert not any(span.holds(TODAY + days * DAY) for days in range(-30, 60))


def test_renewing_may_move_the_last_day_and_never_before_the_renewal(
    db: Session, company: Company, anna: User
) -> None:
    agreement = _new(db, company, anna, signed_on=TODAY - 300 * DAY, valid_to=TODAY + 65 * DAY)
    _step(db, agreement, "in_force", anna, TODAY - 300 * DAY)
    for valid_to in (TODAY - DAY, TODAY - 301 * DAY):
        with pytest.raises(Refused) as refusal:
            _step(db, agreement, "renewed", anna, valid_to=valid_to)
        assert refusal.value.field == "valid_to"
    _step(db, agreement, "renewed", anna, valid_to=TODAY + 430 * DAY)
    _step(db, agreement, "in_force", anna)
    _step(db, agreement, "renewed", anna)
    assert agreement.valid_to == TODAY + 430 * DAY
    assert [step.to_state for step in queries.steps(db, agreement)] == [
        "signed", "in_force", "renewed", "in_force", "renewed",
    ]  # fmt: skip


def test_an_unknown_step_or_day_is_refused(db: Session, company: Company, anna: User) -> None:
    agreement = _new(db, company, anna)
    for field, to, on in (
        ("to", "paused", TODAY),
        ("on", "ended", TODAY + 400 * DAY),
        ("on", "ended", date(1999, 1, 1)),
    ):
        with pytest.raises(Refused) as refusal:
            _step(db, agreement, to, anna, on)
        assert refusal.value.field == field
    assert actions.next_states(agreement) == ["in_dialogue", "ended"]


def test_corrections_keep_the_days_of_a_signed_agreement(db: Session, company: Company, anna: User) -> None:
    prospect, signed = _new(db, company, anna), _new(db, company, anna, signed_on=TODAY - DAY)
    ended = _new(db, company, anna, signed_on=TODAY - 9 * DAY)
    _step(db, ended, "ended", anna)
    cases: list[tuple[Agreement, str, dict[str, object]]] = [
        (prospect, "signed_on", {"signed_on": TODAY}), (signed, "signed_on", {"signed_on": None}),
        (signed, "valid_from", {"valid_from": None}), (ended, "signed_on", {"signed_on": None}),
        (ended, "valid_from", {"valid_from": None}), (ended, "signed_on", {"signed_on": TODAY + DAY}),
        (signed, "valid_to", {"valid_to": TODAY - 2 * DAY}), (signed, "title", {"title": ""}),
        (signed, "state", {"state": "ended"}), (signed, "company_id", {"company_id": 1}),
        (signed, "signed_on", {"signed_on": TODAY + 400 * DAY}),
    ]  # fmt: skip
    for agreement, field, wrong in cases:
        with pytest.raises(Refused) as refusal:
            actions.change(db, agreement=agreement, values=wrong, today=TODAY)
        assert refusal.value.field == field, wrong
    actions.change(db, agreement=prospect, values={"valid_from": TODAY, "valid_to": None}, today=TODAY)
    actions.change(
        db, agreement=ended, values={"signed_on": TODAY - 20 * DAY, "title": " Tre unge "}, today=TODAY
    )
    assert (prospect.valid_from, ended.signed_on, ended.title) == (TODAY, TODAY - 20 * DAY, "Tre unge")


def test_two_people_who_take_the_same_step_take_it_once(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        keys = [_at(db, company, anna, "offered").id for _ in range(12)]
    other = Database(database.url)

    def sign(mine: Database, key: int) -> None:
        with mine.write() as db:
            _step(db, queries.get(db, key), "signed", db.get_one(User, anna.id))

    for key in keys:
        raised = at_once(partial(sign, database, key), partial(sign, other, key))
        assert [type(each) for each in raised] == [Conflict]
        with database.read() as db:
            states = [step.to_state for step in queries.steps(db, queries.get(db, key))]
            assert states == ["prospect", "in_dialogue", "offered", "signed"]
    other.close()


def test_agreements_are_walked_from_the_newest_and_narrowed(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        keys = ("code_of_care", "sick_leave_prevention")
        for number in range(30):
            programme = queries.programme(db, keys[number % 2])
            agreement = _new(db, company, anna, programme=programme)  # type: ignore[arg-type]
            if number % 3 == 0:
                _step(db, agreement, "in_dialogue", anna)
        assert len(queries.of_company(db, company)) == 30
        assert [each.state for each in queries.nearest(db)] == ["in_dialogue"] * 10
    for wanted, number in (
        (Wanted(), 30), (Wanted(programme="code_of_care"), 15), (Wanted(state="in_dialogue"), 10),
        (Wanted(programme="code_of_care", state="in_dialogue"), 5), (Wanted(programme="ukendt"), 0),
    ):  # fmt: skip
        with database.read() as db, counted(database) as asked:
            seen: list[Agreement] = []
            before: int | None = None
            while True:
                rows, before = listed.page(db, wanted, before=before, limit=7)
                seen += rows
                if before is None:
                    break
            assert all(each.company.responsible.name and each.programme.name for each in seen)
        assert [each.id for each in seen] == sorted({each.id for each in seen}, reverse=True)
        assert (len(seen), len(asked)) == (number, max(1, -(-number // 7)))


def test_what_is_not_there_is_not_found(db: Session) -> None:
    with pytest.raises(NotFound):
        queries.get(db, 1)
    for key in ("", "ukendt", "\x00"):
        with pytest.raises(NotFound):
            queries.programme(db, key)
    assert {each.key for each in queries.programmes(db)} >= {
        "code_of_care", "after_school_job", "sick_leave_prevention", "klar_til_start",
    }  # fmt: skip
