"""What the database keeps of identities at a provider, whoever writes to it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from cryptography.fernet import InvalidToken
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from crm.access import actions, identities, sealing, tidying
from crm.access.identities import Vouched
from crm.access.models import User, UserSession
from crm.access.proofs import Identity, ProviderSession, Spent
from crm.db import Database
from crm.errors import Conflict, NotAllowed
from tests.conftest import NOW, add_user
from tests.crm.undone import at_once

ISSUER, KEY = "https://idp.kommune.test", b"kun til test"
INTO = "INSERT INTO identity (user_id, issuer, subject_hash, created_at)"
BO = "(SELECT id FROM user_account WHERE email = 'bo@kommune.test')"


def vouched(subject: str = "a1", email: str = "anna@kommune.test", **more: object) -> Vouched:
    values = {"email_is_verified": True, "name": "Anna", "role": "consultant", "issuer": ISSUER} | more
    return Vouched(subject=subject, email=email, **values)  # type: ignore[arg-type]


@pytest.fixture
def linked(database: Database) -> Database:
    """Anna, with an identity and a session that the provider vouched for; and Bo, with neither."""
    with database.write() as db:
        add_user(db, "bo@kommune.test")
        found = identities.enter(db, who=vouched(), now=NOW)
        token = actions.sign_in(db, user=found.user, now=NOW, hours=12)
        identities.remember(db, token=token, identity=found, sid="s1", id_token="a.b.c", key=KEY)
    return database


@pytest.mark.parametrize("wrong", [
    f"{INTO} SELECT {BO}, issuer, subject_hash, created_at FROM identity",
    f"{INTO} SELECT user_id, issuer, 'en anden', created_at FROM identity",
    f"UPDATE identity SET user_id = {BO}",
    "UPDATE identity SET subject_hash = 'en anden'",
    "UPDATE identity SET issuer = 'https://ond.test'",
    f"{INTO} SELECT {BO}, '', 'x', created_at FROM identity",
    "INSERT INTO provider_session (session_id, identity_id) SELECT 999, id FROM identity",
    "DELETE FROM identity",
])  # fmt: skip
def test_no_statement_gives_an_identity_to_somebody_else(linked: Database, wrong: str) -> None:
    with pytest.raises(DBAPIError), linked.write() as db:
        db.execute(text(wrong))


def test_a_session_takes_what_the_provider_said_of_it_along(linked: Database) -> None:
    with linked.write() as db:
        db.execute(text("DELETE FROM user_session"))
        assert db.scalar(select(func.count()).select_from(ProviderSession)) == 0


def test_of_many_first_log_ins_at_once_one_makes_the_user(database: Database) -> None:
    def enter() -> None:
        try:
            with database.write() as db:
                identities.enter(db, who=vouched(), now=NOW)
        except Conflict:
            pass  # Told to try again, as somebody else was first.

    assert at_once(*(partial(enter) for _ in range(8))) == []
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(User)) == 1
        assert db.scalar(select(func.count()).select_from(Identity)) == 1


def test_of_two_last_administrators_who_lose_the_group_at_once_one_stays(database: Database) -> None:
    two = [vouched(f"s{n}", f"admin{n}@kommune.test", role="admin") for n in range(2)]
    with database.write() as db:
        for who in two:
            identities.enter(db, who=who, now=NOW)
    refused: list[str] = []

    def come(number: int) -> None:
        try:
            with database.write() as db:
                identities.enter(db, who=vouched(f"s{number}", f"admin{number}@kommune.test"), now=NOW)
        except Conflict as error:
            refused.append(error.message)

    assert at_once(*(partial(come, number) for number in range(2))) == []
    assert refused == [identities.LAST_ADMIN]
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(User).where(User.role == "admin")) == 1


def test_something_good_for_once_is_used_once_by_many_at_once_and_then_forgotten(database: Database) -> None:
    used: list[bool] = []

    def use() -> None:
        with database.write() as db:
            used.append(sealing.spend(db, key="én gang", until=NOW + timedelta(minutes=5)))

    assert at_once(*(partial(use) for _ in range(8))) == []
    assert sorted(used) == [False] * 7 + [True]
    with database.write() as db:
        tidying.forget(db, now=NOW)
        assert db.scalar(select(func.count()).select_from(Spent)) == 1
        tidying.forget(db, now=NOW + timedelta(minutes=6))
        assert db.scalar(select(func.count()).select_from(Spent)) == 0


def test_whoever_is_let_go_of_is_linked_anew(linked: Database) -> None:
    with linked.write() as db:
        with pytest.raises(NotAllowed):
            identities.enter(db, who=vouched("ny"), now=NOW)
        anna = db.scalars(select(User).where(User.email == "anna@kommune.test")).one()
        assert identities.unlink(db, user=anna)
        assert not identities.unlink(db, user=anna)
        assert db.scalar(select(func.count()).select_from(UserSession)) == 0
        assert identities.enter(db, who=vouched("ny"), now=NOW).user_id == anna.id


def test_what_is_sealed_for_one_thing_opens_for_no_other() -> None:
    sealed = sealing.box("a", KEY).encrypt(b"x")
    for other in (sealing.box("b", KEY), sealing.box("a", b"en anden")):
        with pytest.raises(InvalidToken):
            other.decrypt(sealed)
