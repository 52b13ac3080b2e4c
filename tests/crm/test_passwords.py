"""Passwords: long enough, hard to guess, kept as typed, and no way to tell who is a user (ASVS 6.2)."""

from __future__ import annotations

import statistics
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.access.models import User
from crm.access.passwords import LONGEST, check_password, hash_password
from crm.errors import Refused


def _user(password: str | None, *, active: int = 1) -> User:
    return User(
        name="Anna", is_active=active, password_hash=hash_password(password) if password is not None else None
    )


@pytest.mark.parametrize(
    "password",
    [
        "fire ord 123", "en god lang sætning", "tolv tegn ok", "x7" * 16 + " og 31 til" + "y" * 22,
        "korrekt hest batteri hæfteklamme " * 4, "blåbærgrød på søndag", "  med blanke rundt om  ",
        "🐴🔋📎🦔🍞🚲🦊🎈🌧🧅🪗🫖", "8391 2745 6632", "kX9#mQ2vLp4z", "correcthorsebatterystaple",
    ],
)  # fmt: skip
def test_a_good_password_opens_and_a_near_one_does_not(password: str) -> None:
    user = _user(password)
    assert user.password_hash is not None
    assert user.password_hash.startswith("$argon2id$")
    assert password not in user.password_hash
    assert check_password(user, password)
    for near in (password[:-1], password + " ", password.swapcase(), password.replace(" ", "", 1)):
        assert near == password or not check_password(user, near)


@pytest.mark.parametrize("length", [0, 1, 8, 11])
def test_a_password_of_less_than_twelve_signs_is_refused_with_advice(length: int) -> None:
    with pytest.raises(Refused, match="mindst 12 tegn") as refusal:
        hash_password("kX9#mQ2vLp4zT8"[:length], field="new")
    assert refusal.value.field == "new"


@pytest.mark.parametrize("length", [12, 64, 128, LONGEST])
def test_twelve_signs_are_enough_and_a_thousand_not_too_many(length: int) -> None:
    password = ("kX9#mQ2vLp4z " * 80)[:length]
    assert check_password(_user(password), password)


def test_an_absurdly_long_password_is_refused_and_never_cut_until_it_fits() -> None:
    password = ("kX9#mQ2vLp4z " * 80)[:LONGEST]
    with pytest.raises(Refused, match="for lang"):
        hash_password(password + "!")
    assert not check_password(_user(password), password + "!")


@pytest.mark.parametrize(
    "password",
    [
        "Alleroed2026", "Allerød-2026!", "Sommer2026!!", "password1234", "Adgangskode123", "kodeord kodeord",
        "123456789012", "qwertyuiopåæ", "1q2w3e4r5t6y", "1qaz2wsx3edc", "qwerty123456", "abcdefghijkl",
        "aaaaaaaaaaaa", "ababababababab", "            ", "november 2026", "Velkommen-2026",
    ],
)  # fmt: skip
def test_what_everybody_tries_first_is_refused(password: str) -> None:
    with pytest.raises(Refused, match="for let at gætte"):
        hash_password(password)


def test_twins_that_differ_after_the_72nd_byte_are_two_passwords() -> None:
    stem = "æøå korrekt hest batteri hæfteklamme og lidt til, så det bliver langt nok nu"
    assert len(stem.encode()) >= 72
    assert not check_password(_user(stem + " et"), stem + " to")


def test_a_letter_is_the_same_from_every_keyboard() -> None:
    assert check_password(_user("blåbærgrød på søndag"), "bla\u030abærgrød pa\u030a søndag")


def test_nobody_signs_in_without_a_password_or_as_nobody_or_when_closed() -> None:
    password = "en god lang sætning"
    assert not check_password(_user(None), password)
    assert not check_password(_user(None), "")
    assert not check_password(None, password)
    assert not check_password(_user(password, active=0), password)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=1200))
def test_any_text_can_be_tried(password: str) -> None:
    assert not check_password(None, password)


def test_an_unknown_user_takes_as_long_as_a_known_one() -> None:
    """Both go the same way through the same slow check; a shortcut would be a thousand times faster."""
    known, passwordless = _user("en god lang sætning"), _user(None)
    times = {}
    for name, user in {"known": known, "unknown": None, "passwordless": passwordless}.items():
        runs = []
        for _ in range(7):
            begun = time.perf_counter()
            assert not check_password(user, "et forkert gæt, som er langt")
            runs.append(time.perf_counter() - begun)
        times[name] = statistics.median(runs)
    assert max(times.values()) < 3 * min(times.values()), times
