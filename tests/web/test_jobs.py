"""The page of the jobs: how each stands, how far, and the button that has it done."""

from __future__ import annotations

from datetime import timedelta

from crm.db import Database
from crm.jobs import actions
from crm.jobs.catalogue import KINDS
from crm.jobs.models import Job
from tests.conftest import NOW
from tests.town import ADAM
from tests.web.conftest import SignIn, main

PAGE = "/opsaetning/opgaver"


def test_before_any_worker_the_page_says_that_nothing_happens(sign_in: SignIn) -> None:
    said = main(sign_in(ADAM).get(PAGE))
    assert "Der er aldrig sket noget af sig selv." in said
    assert "Der er ikke sket noget endnu." in said


def test_a_job_under_way_shows_how_far_it_is_and_cannot_be_asked_for(
    sign_in: SignIn, database: Database
) -> None:
    kind = KINDS["rows_tidied"]
    with database.write() as db:
        lease = actions.take(db, kind=kind, now=NOW)
        assert lease
        actions.progress(db, lease=lease, done=1200, steps=4000, now=NOW)
    visitor = sign_in(ADAM)
    said = main(visitor.get(PAGE))
    assert "I gang" in said
    assert "1.200 af 4.000" in said
    assert "Opgaven er i gang lige nu." in main(visitor.post(f"{PAGE}/rows_tidied/nu", status=409))


def test_what_failed_says_why_and_a_push_has_it_done_again(sign_in: SignIn, database: Database) -> None:
    kind = KINDS["rows_tidied"]
    with database.write() as db:
        lease = actions.take(db, kind=kind, now=NOW)
        assert lease
        actions.end(db, lease=lease, kind=kind, figure=0, error="Databasen er fuld.", now=NOW)
    visitor = sign_in(ADAM)
    assert "Databasen er fuld." in main(visitor.get(PAGE))
    answer = visitor.post(f"{PAGE}/rows_tidied/nu")
    assert "sker ved næste lejlighed" in main(visitor.follow(answer))
    with database.read() as db:
        assert db.get_one(Job, kind.key).due_at <= NOW + timedelta(seconds=5)
