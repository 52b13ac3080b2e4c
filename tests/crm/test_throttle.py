"""Guessing is slowed, and nobody is locked out by somebody else's guesses."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from crm.access import actions
from crm.access.models import Throttle
from crm.db import Database
from tests.conftest import NOW
from tests.crm.undone import at_once

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
ANNA, BO = "anna@kommune.test", "bo@kommune.test"


def _try(database: Database, email: str, address: str, now: datetime) -> bool:
    """A log-in as the door makes it: looked at first, counted then. Whether the password was tried."""
    keys = actions.throttle_keys(email, address)
    with database.read() as db:
        if actions.too_many(db, keys=keys, now=now):
            return False
    with database.write() as db:
        return actions.take_try(db, keys=keys, now=now)


def test_of_two_hundred_guesses_from_one_address_ten_a_minute_are_tried(database: Database) -> None:
    moments = [NOW + timedelta(seconds=second) for second in range(200)]
    tried = [moment for moment in moments if _try(database, ANNA, HERE, moment)]
    for moment in moments:
        within = [each for each in tried if moment <= each < moment + actions.WINDOW]
        assert len(within) <= actions.TRIES
    assert len(tried) >= 20  # And a minute later one may try again.


def test_tries_saved_up_for_the_end_of_a_minute_are_no_way_around(database: Database) -> None:
    moments = [NOW, *[NOW + timedelta(seconds=59)] * 9, *[NOW + timedelta(seconds=61)] * 30]
    tried = [moment for moment in moments if _try(database, ANNA, HERE, moment)]
    assert len([moment for moment in tried if moment > NOW]) == actions.TRIES - 1


def test_the_right_password_works_from_elsewhere_meanwhile(database: Database) -> None:
    for _ in range(200):
        _try(database, ANNA, HERE, NOW)
    assert not _try(database, ANNA, HERE, NOW)
    assert _try(database, ANNA, ELSEWHERE, NOW)
    assert _try(database, BO, HERE, NOW)


def test_the_counter_is_shared_and_survives_a_restart(database: Database) -> None:
    for _ in range(actions.TRIES):
        assert _try(database, ANNA, HERE, NOW)
    restarted = Database(database.url)
    assert not _try(restarted, ANNA, HERE, NOW)
    restarted.close()


def test_an_email_is_one_account_however_it_is_written(database: Database) -> None:
    assert (
        sum(_try(database, email, HERE, NOW) for email in (ANNA, f" {ANNA.upper()} ") * 20) == actions.TRIES
    )


def test_one_address_at_many_accounts_is_slowed_too(database: Database) -> None:
    tried = [_try(database, f"user{number}@kommune.test", HERE, NOW) for number in range(120)]
    assert sum(tried) == actions.TRIES_OF_ADDRESS


def test_refused_tries_do_not_keep_the_door_shut(database: Database) -> None:
    for _ in range(actions.TRIES):
        _try(database, ANNA, HERE, NOW)
    for second in range(1, 60):
        assert not _try(database, ANNA, HERE, NOW + timedelta(seconds=second))
    assert _try(database, ANNA, HERE, NOW + actions.WINDOW)


def test_a_right_password_is_not_held_against_anyone(database: Database) -> None:
    keys = actions.throttle_keys(ANNA, HERE)
    for _ in range(40):
        assert _try(database, ANNA, HERE, NOW)
        with database.write() as db:
            actions.count_success(db, keys=keys)


def test_old_counters_are_swept_away(database: Database) -> None:
    for number in range(30):
        _try(database, f"user{number}@kommune.test", HERE, NOW)
    _try(database, ANNA, ELSEWHERE, NOW + timedelta(minutes=2))
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Throttle)) == 2


@pytest.mark.parametrize("email", ["", "\x00", "\ud800", "a" * 10_000])
def test_an_odd_email_is_counted_like_any_other(database: Database, email: str) -> None:
    assert sum(_try(database, email, HERE, NOW) for _ in range(20)) == actions.TRIES


def test_of_many_guesses_at_once_no_more_than_ten_are_tried(database: Database) -> None:
    """The first ones find no counter yet, and all want to be the one that makes it."""
    other = Database(database.url)
    tried: list[bool] = []

    def guess(number: int) -> None:
        tried.extend(_try((database, other)[number % 2], ANNA, HERE, NOW) for _ in range(5))

    assert at_once(*(partial(guess, number) for number in range(8))) == []
    other.close()
    assert (sum(tried), len(tried)) == (actions.TRIES, 40)
