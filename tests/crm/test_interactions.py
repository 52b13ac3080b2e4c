"""What happened with a company, what was promised, and taking back what was just written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from crm.access import actions as access
from crm.access.models import User
from crm.companies import actions as companies
from crm.companies.models import Company
from crm.day.sources import follow_ups
from crm.db import Database, Session
from crm.errors import Conflict, NotFound, Refused
from crm.interactions import actions, queries
from crm.interactions.models import FollowUp, Interaction
from tests.conftest import NOW, TODAY, add_company, add_user
from tests.crm.test_types import CPR
from tests.crm.undone import undone_part
from tests.statements import counted

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def anna(db: Session) -> User:
    return add_user(db)


@pytest.fixture
def company(db: Session, anna: User) -> Company:
    return add_company(db, responsible=anna)


def _log(db: Session, company: Company, by: User, **more: object) -> Interaction:
    values = {"kind": "call", "direction": "in", "summary": "Ringede om en elev", "now": NOW} | more
    return actions.log(db, company=company, by=by, **values)  # type: ignore[arg-type]


def _last_contact(db: Session, company: Company) -> datetime | None:
    db.expire(company, ["last_contact_at"])
    return company.last_contact_at


@pytest.mark.parametrize("kind", ["call", "meeting", "visit", "email"])
def test_whatever_happened_has_a_direction_and_becomes_the_last_contact(
    db: Session, company: Company, anna: User, kind: str
) -> None:
    entry = _log(db, company, anna, kind=kind, direction="out")
    assert (entry.direction, entry.happened_at, entry.created_at) == ("out", NOW, NOW)
    assert _last_contact(db, company) == NOW


def test_a_note_has_no_direction_and_is_no_contact(db: Session, company: Company, anna: User) -> None:
    assert _log(db, company, anna, kind="note", direction="in").direction is None
    assert _last_contact(db, company) is None


def test_what_cannot_have_happened_is_refused_beside_its_field(
    db: Session, company: Company, anna: User
) -> None:
    impossible: list[tuple[str, dict[str, object]]] = [
        ("kind", {"kind": "fax"}),
        ("direction", {"direction": None}), ("direction", {"direction": "sidelæns"}),
        ("summary", {"summary": " \n "}), ("summary", {"summary": "x" * 10_001}),
        ("summary", {"summary": f"Ringede om {CPR}"}), ("summary", {"summary": "Ringede\x00"}),
        ("happened_at", {"happened_at": NOW + 6 * MINUTE}),
        ("happened_at", {"happened_at": datetime(1826, 11, 23, tzinfo=UTC)}),
    ]  # fmt: skip
    for field, wrong in impossible:
        with pytest.raises(Refused) as refusal:
            _log(db, company, anna, **wrong)
        assert refusal.value.field == field, wrong
        assert CPR not in refusal.value.message
    assert db.scalar(select(func.count()).select_from(Interaction)) == 0
    assert _last_contact(db, company) is None


def test_clocks_may_differ_by_a_few_minutes(db: Session, company: Company, anna: User) -> None:
    assert _log(db, company, anna, happened_at=NOW + 5 * MINUTE).happened_at == NOW + 5 * MINUTE


def test_the_last_contact_is_the_latest_however_late_it_is_written_down(
    db: Session, company: Company, anna: User
) -> None:
    version = company.version
    _log(db, company, anna, happened_at=NOW - 3 * DAY)
    _log(db, company, anna, happened_at=NOW - 9 * DAY)
    assert _last_contact(db, company) == NOW - 3 * DAY
    _log(db, company, anna, happened_at=NOW - DAY)
    assert _last_contact(db, company) == NOW - DAY
    db.refresh(company)
    assert company.version == version  # A call is no colleague's edit of the company.


def test_a_person_of_another_company_was_not_spoken_with(db: Session, company: Company, anna: User) -> None:
    other = add_company(db, 1, responsible=anna)
    lone = companies.add_contact(db, company=other, values={"name": "Lone"}, now=NOW)
    with pytest.raises(IntegrityError), db.begin_nested():
        _log(db, company, anna, contact=lone)
    assert _log(db, other, anna, contact=lone).company_contact_id == lone.id


def test_the_timeline_is_walked_from_the_newest_and_meets_everything_once(
    database: Database,
) -> None:
    with database.write() as db:
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        for number in range(45):
            _log(db, company, anna, summary=f"Nr. {number}", happened_at=NOW - DAY * (number % 9))
    with database.read() as db, counted(database) as asked:
        seen: list[Interaction] = []
        after: queries.Moment | None = None
        while True:
            rows, after = queries.timeline(db, company, reader=anna, after=after)
            seen += rows
            if after is None:
                break
        assert [each.by.name for each in seen] == ["Anna"] * 45
    assert len(asked) == 3
    assert len({each.id for each in seen}) == 45
    assert seen == sorted(seen, key=lambda each: (each.happened_at, each.id), reverse=True)


def test_the_night_the_clocks_change_keeps_its_order(db: Session, company: Company, anna: User) -> None:
    moments = {
        "før": datetime(2026, 10, 25, 1, 59, tzinfo=COPENHAGEN),
        "første gang": datetime(2026, 10, 25, 2, 30, tzinfo=COPENHAGEN),
        "anden gang": datetime(2026, 10, 25, 2, 30, tzinfo=COPENHAGEN, fold=1),
        "efter": datetime(2026, 10, 25, 3, 0, tzinfo=COPENHAGEN),
    }
    for summary, moment in reversed(moments.items()):
        _log(db, company, anna, summary=summary, happened_at=moment)
    rows, _ = queries.timeline(db, company, reader=anna)
    assert [each.summary for each in reversed(rows)] == list(moments)
    assert _last_contact(db, company) == moments["efter"]


# --- Taking back --------------------------------------------------------------------------------------


def test_a_quarter_of_an_hour_long_one_may_take_back_what_one_wrote(
    db: Session, company: Company, anna: User
) -> None:
    _log(db, company, anna, happened_at=NOW - 3 * DAY)
    entry = _log(db, company, anna)
    actions.promise(db, company=company, owner=anna, due=TODAY, text="Ring", now=NOW, interaction=entry)
    actions.take_back(db, entry=entry, by=anna, now=NOW + 15 * MINUTE)
    assert db.scalar(select(func.count()).select_from(Interaction)) == 1
    assert db.scalar(select(func.count()).select_from(FollowUp)) == 0
    assert _last_contact(db, company) == NOW - 3 * DAY


def test_taking_back_the_only_contact_leaves_none(db: Session, company: Company, anna: User) -> None:
    _log(db, company, anna, kind="note")
    actions.take_back(db, entry=_log(db, company, anna), by=anna, now=NOW)
    assert _last_contact(db, company) is None


def test_later_or_by_another_it_stands(db: Session, company: Company, anna: User) -> None:
    entry, bo = _log(db, company, anna), add_user(db, "bo@kommune.test")
    for by, now in ((anna, NOW + 15 * MINUTE + timedelta(seconds=1)), (bo, NOW)):
        with pytest.raises(Conflict, match="fortrydes"):
            actions.take_back(db, entry=entry, by=by, now=now)
    assert queries.interaction(db, entry.id, reader=anna) is entry
    assert _last_contact(db, company) == NOW


# --- Follow-ups ---------------------------------------------------------------------------------------


def test_a_promise_that_cannot_be_is_refused_beside_its_field(
    db: Session, company: Company, anna: User
) -> None:
    gone = add_user(db, "gone@kommune.test")
    access.close_user(db, user=gone, now=NOW)
    impossible: list[tuple[str, dict[str, object]]] = [
        ("follow_up_owner", {"owner": gone}), ("follow_up_text", {"text": " "}), ("text", {"text": CPR}),
        ("follow_up_due", {"due": date(1999, 12, 31)}), ("follow_up_due", {"due": date(2126, 11, 23)}),
    ]  # fmt: skip
    for field, wrong in impossible:
        values = {"owner": anna, "due": TODAY, "text": "Ring igen", **wrong}
        with pytest.raises(Refused) as refusal:
            actions.promise(db, company=company, now=NOW, **values)  # type: ignore[arg-type]
        assert refusal.value.field == field, wrong
    assert queries.open_follow_ups(db, company) == []


def test_promises_stand_by_day_until_they_are_kept(db: Session, company: Company, anna: User) -> None:
    bo = add_user(db, "bo@kommune.test")
    later, sooner, his = (
        actions.promise(db, company=company, owner=owner, due=TODAY + days * DAY, text=f"Om {days}", now=NOW)
        for owner, days in ((anna, 9), (anna, 2), (bo, 1))
    )
    assert follow_ups(db, anna, TODAY + 99 * DAY, 10) == [sooner, later]
    assert follow_ups(db, anna, TODAY + 2 * DAY, 10) == [sooner]
    assert queries.open_follow_ups(db, company) == [his, sooner, later]
    actions.mark_done(db, follow_up=sooner, by=bo, now=NOW)
    actions.mark_done(db, follow_up=sooner, by=anna, now=NOW + DAY)
    assert (sooner.done_at, sooner.done_by_id) == (NOW, bo.id)
    assert follow_ups(db, anna, TODAY + 99 * DAY, 10) == [later]
    with pytest.raises(Conflict):
        actions.postpone(db, follow_up=sooner, due=TODAY)
    actions.reopen(db, follow_up=sooner)
    actions.postpone(db, follow_up=sooner, due=TODAY + 30 * DAY)
    assert follow_ups(db, anna, TODAY + 99 * DAY, 10) == [later, sooner]
    for due in (date(1999, 12, 31), date(2126, 1, 1)):
        with pytest.raises(Refused):
            actions.postpone(db, follow_up=sooner, due=due)


def test_a_promise_reopened_after_its_owner_left_is_the_companys_way_ins(
    db: Session, company: Company, anna: User
) -> None:
    bo = add_user(db, "bo@kommune.test")
    promised = actions.promise(db, company=company, owner=bo, due=TODAY, text="Ring", now=NOW)
    actions.mark_done(db, follow_up=promised, by=bo, now=NOW)
    access.close_user(db, user=bo, now=NOW)
    actions.reopen(db, follow_up=promised)
    assert promised.owner_id == anna.id


def test_what_one_wrote_last_is_at_hand(db: Session, company: Company, anna: User) -> None:
    first, second = _log(db, company, anna, happened_at=NOW), _log(db, company, anna, happened_at=NOW - DAY)
    assert queries.recent_of(db, anna) == [second, first]
    assert queries.recent_of(db, anna, limit=1)[0].company is company


def test_an_entry_that_was_rolled_back_is_not_found(db: Session, company: Company, anna: User) -> None:
    with undone_part(db):
        key = _log(db, company, anna).id
    with pytest.raises(NotFound):
        queries.interaction(db, key, reader=anna)
    with pytest.raises(NotFound):
        queries.follow_up(db, key)
