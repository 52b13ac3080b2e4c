"""The column types: what they refuse, whichever way it comes, and what they keep as it was."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update
from sqlalchemy.exc import StatementError

from crm.access import actions as access
from crm.access.models import Draft, User
from crm.access.queries import find
from crm.companies import queries as companies
from crm.companies.narrowing import Filter
from crm.db import Session
from crm.errors import Refused
from crm.interactions import actions as interactions
from crm.interactions.models import FollowUp
from crm.interactions.queries import timeline
from crm.types import clean, storable
from tests.conftest import NOW, TODAY, add_company, add_user

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
# Never issued: the month does not matter to the check, and nobody is born in 2037.
CPR = "010137-4287"


def test_a_naive_time_is_refused(db: Session) -> None:
    anna = add_user(db)
    anna.closed_at = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001  # That is the mistake.
    anna.is_active = 0
    with pytest.raises(StatementError, match="without a zone"):
        db.flush()
    db.rollback()


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 23, 9, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 11, 23, 10, 0, tzinfo=COPENHAGEN),
        datetime(999, 1, 2, 3, 4, 5, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_as_the_same_moment_in_utc(db: Session, moment: datetime) -> None:
    anna = add_user(db)
    db.execute(update(User).values(created_at=moment))
    db.refresh(anna)
    assert anna.created_at == moment
    assert anna.created_at.tzinfo is UTC


def test_half_past_two_comes_twice_in_autumn_and_stays_two_moments(db: Session) -> None:
    anna = add_user(db)
    company = add_company(db, responsible=anna)
    first, second = (
        datetime(2026, 10, 25, 2, 30, tzinfo=COPENHAGEN, fold=0),
        datetime(2026, 10, 25, 2, 30, tzinfo=COPENHAGEN, fold=1),
    )
    for moment, text in ((second, "efter"), (first, "før")):
        interactions.log(db, company=company, by=anna, now=NOW, kind="note", summary=text, happened_at=moment)
    db.expire_all()
    found, _ = timeline(db, company, reader=anna)
    assert [entry.summary for entry in found] == ["efter", "før"]
    assert (found[0].happened_at - found[1].happened_at).total_seconds() == 3600


BAD = {
    "a NUL": "Anna\x00Berg",
    "half a sign": "Anna\ud800Berg",
    "an escape": "Anna\x1b[31mBerg",
    "too long": "A" * 101,
    "a CPR number": f"Anna {CPR}",
}


def test_bad_text_is_refused_beside_its_field_when_it_is_set(db: Session) -> None:
    anna = add_user(db)
    for what, name in BAD.items():
        with pytest.raises(Refused) as refusal:
            anna.name = name
        assert refusal.value.field == "name", what
        assert CPR not in refusal.value.message
        assert anna.name == "Anna"


def test_bad_text_is_refused_in_statements_that_pass_the_orm_by(db: Session) -> None:
    add_user(db)
    row = {"email": "bo@kommune.test", "role": "admin", "is_active": 1, "shortcuts": 1, "created_at": NOW}
    for name in BAD.values():
        for statement in (insert(User).values(name=name, **row), update(User).values(name=name)):
            with pytest.raises(Refused) as refusal, db.begin_nested():
                db.execute(statement)
            assert CPR not in str(refusal.value)
        rows = [{**row, "name": "Bo"}, {**row, "name": name, "email": "b@kommune.test"}]
        with pytest.raises(Refused), db.begin_nested():
            db.execute(insert(User), rows)
    assert db.scalars(select(User.name)).all() == ["Anna"]


def test_an_error_of_the_database_does_not_repeat_what_was_sent(db: Session) -> None:
    add_user(db)
    with pytest.raises(Exception) as error, db.begin_nested():  # noqa: PT011  # Each engine has its own.
        db.execute(insert(User).values(email="anna@kommune.test", name="Hemmelig Person", role="admin",
                                       is_active=1, shortcuts=1, created_at=NOW))  # fmt: skip
    assert "Hemmelig Person" not in str(error.value).split("DETAIL")[0]


def test_looking_for_odd_text_finds_nothing_and_is_not_refused(db: Session) -> None:
    add_company(db, responsible=add_user(db))
    for odd in ["\x00", "\ud800", "x" * 5000, CPR, "'; DROP TABLE company; --", "%", "🐴"]:
        assert find(db, odd) is None
        assert companies.find(db, odd) is None
        rows, _ = companies.page(db, Filter(postal_code=odd))
        assert rows == []


def test_text_is_stored_composed_with_plain_line_ends_and_no_outer_blanks(db: Session) -> None:
    company = add_company(db, responsible=add_user(db), name="  A\u030aben & Søn \r\n", city="")
    assert company.name == "Åben & Søn"
    assert company.city is None
    db.expire(company, ["name"])
    assert company.name == "Åben & Søn"


@given(st.text(max_size=60))
def test_clean_text_is_clean(text: str) -> None:
    try:
        once = clean("name", text, 50)
    except Refused:
        return
    assert once is None or clean("name", once, 50) == once


@given(st.text(max_size=60), st.integers(1, 40))
def test_what_is_kept_without_asking_can_always_be_stored(text: str, limit: int) -> None:
    kept = storable(text, limit)
    assert len(kept) <= limit
    clean("values", kept, limit)


def test_a_draft_holds_no_cpr_number_and_nothing_the_engines_cannot_hold(db: Session) -> None:
    anna = add_user(db)
    typed = {"summary": f"Ringede om {CPR}\x00\ud800 igen\r\nog igen", "kind": "call"}
    access.save_draft(db, user=anna, key="log:1", values=typed, now=NOW)
    draft = db.scalars(select(Draft)).one()
    assert draft.values == {"summary": "Ringede om ••••••-•••• igen\nog igen", "kind": "call"}


def test_a_follow_up_with_a_cpr_number_is_refused_beside_its_text(db: Session) -> None:
    anna = add_user(db)
    company = add_company(db, responsible=anna)
    with pytest.raises(Refused) as refusal:
        interactions.promise(db, company=company, owner=anna, due=TODAY, text=f"Ring til {CPR}", now=NOW)
    assert refusal.value.field == "text"
    assert db.scalars(select(FollowUp)).all() == []


def test_long_text_is_judged_in_no_time() -> None:
    begun = time.perf_counter()
    for text in ("1 " * 5000, "010137" * 1600, "æ" * 10_000, "&#" * 5000):
        clean("summary", text, 10_000)
    assert time.perf_counter() - begun < 2
