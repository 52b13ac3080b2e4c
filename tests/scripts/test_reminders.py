"""The job that looks for agreements that run out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from crm.agreements import actions
from crm.agreements.queries import programme
from crm.db import Database
from crm.interactions.models import FollowUp
from crm.settings import Settings
from scripts import work
from tests.conftest import NOW, TODAY, add_company, add_user


def test_the_worker_books_a_follow_up_once_for_each_agreement_that_runs_out(database: Database) -> None:
    with database.write() as db:
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        for days in range(60):
            actions.create(
                db, company=company, programme=programme(db, "code_of_care"), title=f"Nr. {days}", by=anna,
                now=NOW, today=TODAY, signed_on=TODAY, valid_to=TODAY + timedelta(days=days),
            )  # fmt: skip
    settings, now = Settings(expiry_days=54), NOW
    figures = []
    for _ in range(2):
        figures.append(work.work_once(database, settings, lambda: now).figures["agreements_expiring"])  # noqa: B023
        now += timedelta(hours=2)
    assert figures == [55, 0]
    with database.read() as db:
        assert len(db.scalars(select(FollowUp)).all()) == 55
