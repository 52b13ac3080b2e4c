"""A code is good once, for its moment, and for whoever it belongs to; a copy of the database makes none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import text

from crm.access import second_factor
from crm.access.models import RecoveryCode, SecondFactor, User
from crm.access.second_factor import CODES, PERIOD
from crm.db import Database
from crm.errors import Conflict, Refused
from crm.outbox.models import Mail
from tests.conftest import NOW, add_user

KEY = b"the key of the house"
STEP = timedelta(seconds=PERIOD)


def set_up(database: Database, now: datetime = NOW) -> tuple[pyotp.TOTP, list[str]]:
    with database.write() as db:
        user = db.get(User, 1) or add_user(db)
        secret = second_factor.begin(db, user=user, key=KEY, now=now)
        totp = pyotp.TOTP(secret)
        return totp, second_factor.confirm(db, user=user, code=totp.at(now), key=KEY, now=now)


def tried(database: Database, code: str, now: datetime) -> bool:
    with database.write() as db:
        return second_factor.check(db, user=db.get_one(User, 1), code=code, key=KEY, now=now)


def test_a_code_is_good_for_its_half_minute_and_the_ones_beside_it(database: Database) -> None:
    totp, _ = set_up(database)
    now = NOW + 10 * STEP
    assert not tried(database, totp.at(now - 2 * STEP), now)
    assert not tried(database, totp.at(now + 2 * STEP), now)
    assert tried(database, totp.at(now - STEP), now)
    assert tried(database, totp.at(now), now)
    assert tried(database, totp.at(now + STEP), now)


def test_a_code_seen_over_the_shoulder_is_used_up_and_so_are_all_before_it(database: Database) -> None:
    totp, _ = set_up(database)
    now = NOW + 10 * STEP
    assert not tried(database, totp.at(NOW), NOW), "also the one it was set up with"
    assert tried(database, totp.at(now), now)
    assert not tried(database, totp.at(now), now)
    assert not tried(database, totp.at(now - STEP), now)


def test_of_twenty_at_once_with_the_same_code_one_comes_in(database: Database) -> None:
    totp, codes = set_up(database)
    now = NOW + 10 * STEP
    for code in (totp.at(now), codes[0]):
        with ThreadPoolExecutor(8) as pool:
            came = list(pool.map(lambda _, code=code: tried(database, code, now), range(20)))
        assert sum(came) == 1


def test_a_code_on_paper_works_once_however_it_is_typed(database: Database) -> None:
    _, codes = set_up(database)
    assert len(set(codes)) == CODES
    assert tried(database, f" {codes[0].upper().replace('-', ' ')} ", NOW)
    assert not tried(database, codes[0], NOW)
    with database.read() as db:
        assert second_factor.left(db, db.get_one(User, 1)) == CODES - 1


def test_new_codes_end_the_old_ones(database: Database) -> None:
    _, codes = set_up(database)
    with database.write() as db:
        fresh = second_factor.new_codes(db, user=db.get_one(User, 1))
    assert not tried(database, codes[0], NOW)
    assert tried(database, fresh[0], NOW)


def test_another_users_codes_open_nothing(database: Database) -> None:
    _, codes = set_up(database)
    with database.write() as db:
        bo = add_user(db, "bo@kommune.test")
        totp = pyotp.TOTP(second_factor.begin(db, user=bo, key=KEY, now=NOW))
        second_factor.confirm(db, user=bo, code=totp.at(NOW), key=KEY, now=NOW)
        assert not second_factor.check(db, user=bo, code=codes[0], key=KEY, now=NOW)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "१२३४५६", "------", "0" * 5000])
def test_what_is_no_code_is_wrong_and_no_error(database: Database, typed: str) -> None:
    set_up(database)
    assert not tried(database, typed, NOW)


def test_it_is_not_in_use_before_a_right_code_and_begun_twice_is_the_same(database: Database) -> None:
    with database.write() as db:
        user = add_user(db)
        secret = second_factor.begin(db, user=user, key=KEY, now=NOW)
        assert second_factor.begin(db, user=user, key=KEY, now=NOW) == secret
        assert second_factor.factor_of(db, user) is None
        assert not second_factor.check(db, user=user, code=pyotp.TOTP(secret).at(NOW), key=KEY, now=NOW)
        with pytest.raises(Refused):
            second_factor.confirm(db, user=user, code="000000", key=KEY, now=NOW)
    totp, _ = set_up(database)
    assert totp.secret == secret
    with database.write() as db, pytest.raises(Conflict):
        second_factor.begin(db, user=db.get_one(User, 1), key=KEY, now=NOW)


def test_a_copy_of_the_database_makes_no_codes(database: Database) -> None:
    totp, codes = set_up(database)
    with database.read() as db:
        kept = " ".join(str(row) for table in ("second_factor", "recovery_code", "audit_event", "mail")
                        for row in db.execute(text(f"SELECT * FROM {table}")))  # fmt: skip
        assert totp.secret not in kept
        assert not any(code in kept or code.replace("-", "") in kept for code in codes)
    with database.write() as db, pytest.raises(Conflict, match="husets nøgle"):
        second_factor.check(db, user=db.get_one(User, 1), code="123456", key=b"another", now=NOW)


def test_what_is_done_with_ones_log_in_is_told_by_mail(database: Database) -> None:
    _, codes = set_up(database)
    assert tried(database, codes[0], NOW)
    with database.write() as db:
        second_factor.remove(db, user=db.get_one(User, 1), now=NOW)
        second_factor.remove(db, user=db.get_one(User, 1), now=NOW)
    with database.read() as db:
        assert [mail.subject.partition(" –")[0] for mail in db.query(Mail).order_by(Mail.id)] == [
            "En kode-app er sat op", "En af koderne på papir er brugt", "Kode-appen er fjernet",
        ]  # fmt: skip
        assert not db.query(SecondFactor).all()
        assert not db.query(RecoveryCode).all()
