"""Keys for programs: named, with an end, and no more than they are asked to be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from crm.access import actions, queries, tokens
from crm.access.models import ApiToken
from crm.db import Session
from crm.errors import Conflict, CrmError, NotFound
from crm.outbox.models import Mail
from tests.conftest import NOW, add_user


def test_a_key_ends_after_the_days_asked_for_and_a_year_when_none_were(db: Session) -> None:
    anna = add_user(db)
    month = tokens.add(db, user=anna, name="Telefon", scope="read", now=NOW, days=30)
    year = actions.add_token(db, user=anna, now=NOW)
    for token, days in ((month, 30), (year, 365)):
        found = queries.opened_token(db, token, NOW + timedelta(days=days, seconds=-1))
        assert found
        assert found.user is anna
        assert queries.opened_token(db, token, NOW + timedelta(days=days)) is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": " "}, "name"), ({"scope": "alt"}, "scope"), ({"days": 0}, "days"), ({"days": 3651}, "days")],
)
def test_a_key_without_a_name_a_scope_or_an_end_is_refused(
    db: Session, wrong: dict[str, object], field: str
) -> None:
    given: dict[str, object] = {"name": "Telefon", "scope": "read", "days": 30}
    with pytest.raises(CrmError) as refusal:
        tokens.add(db, user=add_user(db), now=NOW, **(given | wrong))  # type: ignore[arg-type]
    assert getattr(refusal.value, "field", None) == field
    assert db.scalar(select(ApiToken.id)) is None


def test_the_database_knows_two_scopes(db: Session) -> None:
    actions.add_token(db, user=add_user(db), now=NOW)
    with pytest.raises(IntegrityError), db.begin_nested():
        db.execute(text("UPDATE api_token SET scope = 'alt'"))


def test_what_is_kept_is_a_hash_and_the_log_has_neither(db: Session) -> None:
    token = actions.add_token(db, user=add_user(db), now=NOW)
    row = db.scalars(select(ApiToken)).one()
    assert token not in repr(vars(row))
    assert token.startswith("ei_")


def test_an_ended_key_is_ended_at_once_and_only_by_its_owner(db: Session) -> None:
    anna, bo = add_user(db), add_user(db, "bo@kommune.test")
    token = actions.add_token(db, user=anna, now=NOW)
    row = tokens.of_user(db, anna)[0]
    with pytest.raises(NotFound):
        tokens.get(db, row.id, of=bo)
    tokens.end(db, token=tokens.get(db, row.id, of=anna))
    assert queries.opened_token(db, token, NOW) is None


def test_last_use_is_written_once_an_hour(db: Session) -> None:
    actions.add_token(db, user=add_user(db), now=NOW)
    row = db.scalars(select(ApiToken)).one()
    for minutes, wanted in ((0, 0), (59, 0), (61, 61), (100, 61)):
        tokens.used(db, id=row.id, now=NOW + timedelta(minutes=minutes))
        db.refresh(row)
        assert row.last_used_at == NOW + timedelta(minutes=wanted)


def test_whoever_owns_it_is_told_of_a_key_made_on_a_page(db: Session) -> None:
    tokens.add(db, user=add_user(db), name="Telefon", scope="read", now=NOW, told=True)
    assert "nøgle" in db.scalars(select(Mail)).one().subject


def test_a_user_has_a_bounded_number_of_keys(db: Session) -> None:
    anna = add_user(db)
    for _ in range(tokens.MOST):
        actions.add_token(db, user=anna, now=NOW)
    with pytest.raises(Conflict):
        actions.add_token(db, user=anna, now=NOW)
