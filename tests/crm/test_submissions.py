"""What is sent twice is done once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from crm.access import queries
from crm.access.models import Submission, Team, User
from crm.access.submissions import Repeated, answered, claim, release
from crm.db import Database
from crm.errors import Refused
from tests.conftest import NOW, add_user
from tests.crm.undone import at_once, undone

ANSWER = {"url": "/virksomheder/12345674"}


@pytest.fixture
def anna(database: Database) -> User:
    with database.write() as db:
        return add_user(db)


def _submit(database: Database, user: User, *, key: str = "nøgle", digest: str = "a", route: str = "POST /x",
            answer: dict[str, str] | None = None) -> str:  # fmt: skip
    """A form as the door takes it: claimed, done, answered. What came of it."""
    try:
        with database.write() as db:
            mine = claim(db, by=queries.get(db, user.id), key=key, route=route, digest=digest, now=NOW)
            if mine is None:
                return "another form"
            if answer is None:
                release(db, mine)
                return "nothing"
            db.add(Team(name=f"Hold {db.scalar(select(func.count()).select_from(Team))}"))
            answered(db, mine, answer)
            return "done"
    except Repeated as repeated:
        return f"repeated {repeated.answer['url']}"


def _teams(database: Database) -> int:
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(Team)) or 0


def test_the_second_time_gets_the_first_ones_answer(database: Database, anna: User) -> None:
    before = _teams(database)
    assert _submit(database, anna, answer=ANSWER) == "done"
    assert [_submit(database, anna, answer=ANSWER) for _ in range(3)] == [f"repeated {ANSWER['url']}"] * 3
    assert _teams(database) == before + 1


def test_a_key_stands_for_one_content_at_one_address(database: Database, anna: User) -> None:
    assert _submit(database, anna, answer=ANSWER) == "done"
    assert _submit(database, anna, digest="b", answer=ANSWER) == "another form"
    assert _submit(database, anna, route="POST /y", answer=ANSWER) == "another form"


def test_another_user_may_have_the_same_key(database: Database, anna: User) -> None:
    with database.write() as db:
        bo = add_user(db, "bo@kommune.test")
    assert _submit(database, anna, answer=ANSWER) == _submit(database, bo, answer=ANSWER) == "done"


def test_a_form_that_was_refused_may_be_sent_again(database: Database, anna: User) -> None:
    assert _submit(database, anna) == "nothing"
    assert _submit(database, anna, digest="b", answer=ANSWER) == "done"


def test_a_form_that_failed_leaves_its_key_free(database: Database, anna: User) -> None:
    with undone(database) as db:
        claim(db, by=queries.get(db, anna.id), key="nøgle", route="POST /x", digest="a", now=NOW)
    assert _submit(database, anna, answer=ANSWER) == "done"


def test_many_clicks_at_once_do_it_once(database: Database, anna: User) -> None:
    before = _teams(database)
    came: list[str] = []
    clicks = [lambda: came.append(_submit(database, anna, answer=ANSWER))] * 10
    assert at_once(*clicks) == []
    assert sorted(came) == ["done", *[f"repeated {ANSWER['url']}"] * 9]
    assert _teams(database) == before + 1
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Submission)) == 1


@pytest.mark.parametrize("key", ["\x00", "a\ud800", "a\nb"])
def test_a_key_that_no_engine_can_hold_is_refused(database: Database, anna: User, key: str) -> None:
    with pytest.raises(Refused):
        _submit(database, anna, key=key, answer=ANSWER)
