"""Users, roles, sessions, tokens and drafts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from crm.access import actions, queries
from crm.access.models import ApiToken, Draft, Role, User, UserSession
from crm.access.rights import ADMINS, ALL, LEADERS, TABLE, demand, may
from crm.audit import AuditEvent
from crm.companies.queries import by_cvr
from crm.db import Database, Session
from crm.errors import Conflict, NotAllowed, NotFound, Refused
from crm.numbers import demo_cvr
from crm.responsibility import actions as responsibility
from tests.conftest import NOW, PASSWORD, add_company, add_user

LATER = NOW + timedelta(hours=13)


@pytest.mark.parametrize("action", TABLE)
def test_a_role_may_what_the_table_says_and_a_closed_user_nothing(action: str) -> None:
    for role in Role:
        user = User(role=role, is_active=1)
        assert may(user, action) == (role in TABLE[action])
        user.is_active = 0
        assert not may(user, action)
        with pytest.raises(NotAllowed):
            demand(user, action)


def test_everyone_reads_leaders_lead_and_only_administrators_handle_users() -> None:
    assert TABLE["read"] == TABLE["interactions.write"] == ALL == set(Role)
    assert TABLE["goals.write"] == TABLE["imports.run"] == LEADERS == {Role.MANAGER, Role.ADMIN}
    assert TABLE["users.write"] == TABLE["audit.read"] == ADMINS == {Role.ADMIN}
    with pytest.raises(KeyError):
        may(User(role="admin", is_active=1), "a right that nobody has thought of")


def test_an_email_is_one_user_however_it_is_written(db: Session) -> None:
    anna = add_user(db, " Anna@Kommune.TEST ")
    assert anna.email == "anna@kommune.test"
    assert queries.find(db, "ANNA@kommune.test") is anna
    with pytest.raises(Refused, match="allerede"):
        add_user(db, "ANNA@kommune.test")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("email", {"email": "anna"}),
        ("email", {"email": "anna@kommune"}),
        ("email", {"email": "an na@kommune.test"}),
        ("email", {"email": "a@" + "b." * 200_000 + "c@"}),
        ("role", {"role": "superuser"}),
        ("name", {"name": "  "}),
        ("password", {"password": "kort"}),
    ],
)
def test_a_user_that_cannot_be_is_refused_beside_the_field(
    db: Session, field: str, values: dict[str, object]
) -> None:
    with pytest.raises(Refused) as refusal:
        add_user(db, **{"email": "anna@kommune.test", **values})  # type: ignore[arg-type]
    assert refusal.value.field == field
    assert queries.users(db) == []


def test_a_session_lasts_its_hours_and_not_a_second_more(db: Session) -> None:
    anna = add_user(db)
    token = actions.sign_in(db, user=anna, now=NOW, hours=12)
    assert queries.user_of_session(db, token, NOW + timedelta(hours=12, seconds=-1)) is anna
    assert queries.user_of_session(db, token, NOW + timedelta(hours=12)) is None
    assert queries.user_of_session(db, "", NOW) is queries.user_of_session(db, "gættet", NOW) is None


def test_every_session_has_a_secret_of_its_own_and_only_its_hash_is_kept(db: Session) -> None:
    anna = add_user(db)
    tokens = {actions.sign_in(db, user=anna, now=NOW, hours=12) for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 43  # 256 bits
    kept = set(db.scalars(select(UserSession.token_hash)))
    assert len(kept) == 50
    assert not tokens & kept


def test_signing_in_sweeps_away_sessions_that_have_ended(db: Session) -> None:
    anna = add_user(db)
    actions.sign_in(db, user=anna, now=NOW, hours=12)
    actions.sign_in(db, user=anna, now=LATER, hours=12)
    assert len(db.scalars(select(UserSession)).all()) == 1


def test_signing_out_ends_this_session_and_no_other(db: Session) -> None:
    anna = add_user(db)
    here, there = (actions.sign_in(db, user=anna, now=NOW, hours=12) for _ in range(2))
    actions.sign_out(db, token=here)
    assert queries.user_of_session(db, here, NOW) is None
    assert queries.user_of_session(db, there, NOW) is anna


def test_a_new_password_ends_every_session(db: Session) -> None:
    anna, bo = add_user(db, password=PASSWORD), add_user(db, "bo@kommune.test")
    mine, his = (actions.sign_in(db, user=user, now=NOW, hours=12) for user in (anna, bo))
    with pytest.raises(Refused) as refusal:
        actions.change_password(
            db, user=anna, old="forkert, men langt nok", new="en helt ny sætning", now=NOW
        )
    assert refusal.value.field == "old"
    with pytest.raises(Refused) as refusal:
        actions.change_password(db, user=anna, old=PASSWORD, new="kort", now=NOW)
    assert refusal.value.field == "new"
    assert queries.user_of_session(db, mine, NOW) is anna
    actions.change_password(db, user=anna, old=PASSWORD, new="en helt ny sætning", now=NOW)
    assert queries.user_of_session(db, mine, NOW) is None
    assert queries.user_of_session(db, his, NOW) is bo
    assert actions.check_password(anna, "en helt ny sætning")
    assert not actions.check_password(anna, PASSWORD)


def test_a_token_is_shown_once_and_ends_on_its_day(db: Session) -> None:
    anna = add_user(db)
    token, eternal = actions.add_token(db, user=anna, now=NOW, days=30), actions.add_token(
        db, user=anna, now=NOW, days=None
    )  # fmt: skip
    assert token not in set(db.scalars(select(ApiToken.token_hash)))
    assert (
        getattr(queries.opened_token(db, token, NOW + timedelta(days=30, seconds=-1)), "user", None) is anna
    )
    assert queries.opened_token(db, token, NOW + timedelta(days=30)) is None
    assert getattr(queries.opened_token(db, eternal, NOW + timedelta(days=3000)), "user", None) is anna
    assert queries.opened_token(db, "ei_gættet", NOW) is None


def test_closing_a_user_ends_sessions_and_tokens_at_once(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        cookie, token = actions.sign_in(db, user=anna, now=NOW, hours=12), actions.add_token(
            db, user=anna, now=NOW
        )  # fmt: skip
    with database.write() as db:
        actions.close_user(db, user=queries.get(db, anna.id), now=NOW)
    with database.read() as db:
        assert queries.user_of_session(db, cookie, NOW) is None
        assert queries.opened_token(db, token, NOW) is None
        assert [*db.scalars(select(UserSession)), *db.scalars(select(ApiToken))] == []
        assert queries.colleagues(db) == []
        told = {(row.action, row.object_kind) for row in db.scalars(select(AuditEvent))}
        assert {("change", "user_account"), ("delete", "api_token")} <= told


def test_a_closed_user_is_nobody_to_sign_in_as_or_to_give_a_token(db: Session) -> None:
    anna = add_user(db, password=PASSWORD)
    actions.close_user(db, user=anna, now=NOW)
    assert not actions.check_password(anna, PASSWORD)
    with pytest.raises(Conflict, match="lukket"):
        actions.add_token(db, user=anna, now=NOW)
    with pytest.raises(Conflict, match="allerede lukket"):
        actions.close_user(db, user=anna, now=NOW)


def test_a_user_with_companies_left_is_not_closed(database: Database) -> None:
    with database.write() as db:
        anna, bo = add_user(db), add_user(db, "bo@kommune.test")
        add_company(db, responsible=anna)
        cookie = actions.sign_in(db, user=anna, now=NOW, hours=12)
        with pytest.raises(Conflict, match="videre først"):
            actions.close_user(db, user=anna, now=NOW)
        assert (anna.is_active, anna.closed_at) == (1, None)
    with database.write() as db:
        anna, bo = queries.get(db, anna.id), queries.get(db, bo.id)
        assert queries.user_of_session(db, cookie, NOW) is anna
        responsibility.hand_over(
            db, company=by_cvr(db, demo_cvr(0)), to=bo, reason="Anna stopper", by=None, now=LATER
        )
        actions.close_user(db, user=anna, now=LATER)
    with database.read() as db:
        assert not queries.get(db, anna.id).is_active


def test_consultants_are_given_companies_and_managers_only_where_there_are_none(db: Session) -> None:
    manager = add_user(db, "mona@kommune.test", "manager")
    add_user(db, "adam@kommune.test", "admin")
    assert list(queries.consultants(db)) == [manager]
    anna = add_user(db)
    assert list(queries.consultants(db)) == [anna]


def test_a_user_is_corrected_with_a_role_and_a_name(db: Session) -> None:
    anna = add_user(db)
    for field, wrong in (("role", "chef"), ("name", " ")):
        values = {"name": "Anna Berg", "role": "manager", "phone": None, "title": None, field: wrong}
        with pytest.raises(Refused) as refusal:
            actions.change_user(db, user=anna, **values)  # type: ignore[arg-type]
        assert refusal.value.field == field
    actions.change_user(db, user=anna, name="Anna Berg", role="manager", phone="48 10 01 00", title="Leder")
    assert (anna.name, anna.role, anna.initials, anna.first_name) == ("Anna Berg", "manager", "AB", "Anna")


def test_an_unknown_email_is_not_found_in_words(db: Session) -> None:
    with pytest.raises(NotFound, match=r"ingen@kommune\.test"):
        queries.by_email(db, "ingen@kommune.test")


def test_a_draft_is_kept_until_it_is_emptied_or_sent(db: Session) -> None:
    anna, bo = add_user(db), add_user(db, "bo@kommune.test")
    for text in ("Ringede om", "Ringede om en elev"):
        actions.save_draft(db, user=anna, key="log:1", values={"summary": text}, now=NOW)
    actions.save_draft(db, user=anna, key="log:2", values={"summary": "En anden"}, now=NOW)
    assert queries.drafts(db, anna, "log:1", "log:2", "log:3") == {
        "log:1": {"summary": "Ringede om en elev"},
        "log:2": {"summary": "En anden"},
    }
    assert queries.drafts(db, bo, "log:1") == {}
    actions.save_draft(db, user=anna, key="log:1", values={"summary": "", "kind": ""}, now=NOW)
    actions.forget_draft(db, user=anna, key="log:2")
    assert db.scalars(select(Draft)).all() == []


def test_keyboard_shortcuts_are_on_until_they_are_switched_off(db: Session) -> None:
    anna = add_user(db)
    assert anna.shortcuts == 1
    actions.set_shortcuts(db, user=anna, on=False)
    db.refresh(anna)
    assert anna.shortcuts == 0
