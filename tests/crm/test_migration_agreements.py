"""Agreements from before there were periods are carried over, whatever they had come to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text

from crm import guards, migrations
from crm.access.models import User
from crm.agreements import actions, queries, renewals
from crm.db import Database
from tests.conftest import NOW, TODAY, _run, _url, add_company, add_user

OURS = "008_agreements"
# Programme, state, signed, first and last day, ended.
OLD = (
    (1, "prospect", None, None, None, None),
    (1, "signed", "2026-01-01", "2026-02-01", None, None),
    (2, "renewed", "2024-01-01", "2024-01-01", "2027-12-31", None),
    (3, "ended", "2024-01-01", "2024-01-01", "2025-12-31", "2025-06-30"),
    (5, "signed", "2026-01-01", "2026-01-01", None, None),
)
WAYS = {"renewed": ("signed", "in_force", "renewed"), "ended": ("signed", "ended")}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as it was just before, of each engine."""
    if request.param == "sqlite":
        opened = Database(f"sqlite:///{tmp_path / 'old.db'}")
        name = server = None
    else:
        server, name = request.getfixturevalue("_postgres"), f"old_{uuid4().hex[:12]}"
        _run(server, f"CREATE DATABASE {name}")
        opened = Database(_url(server, name))
    with opened.writer.connect() as connection:
        if opened.dialect == "sqlite":
            migrations.let_keys_rest(connection)
        settings = migrations.config()
        settings.attributes.update(connection=connection, guards=False)
        revision = ScriptDirectory.from_config(settings).get_revision(OURS)
        command.upgrade(settings, str(revision.down_revision))
        # What stood in the way of a step's being rewritten then does so still.
        guard = guards._guards["agreement_step_no_update"]
        with connection.begin():
            for statement in getattr(guard, opened.dialect):
                connection.execute(text(statement.replace(":", r"\:")))
    yield opened
    opened.close()
    if name and server:
        _run(server, f"DROP DATABASE {name} WITH (FORCE)")


def _fill(database: Database) -> None:
    with database.write() as db:
        # The program asks for what later migrations add to users; for as long as it takes to make one it is there.
        moment = "TEXT" if database.dialect == "sqlite" else "timestamptz"
        db.execute(text(f"ALTER TABLE user_account ADD COLUMN last_sign_in_at {moment}"))
        anna = add_user(db)
        company = add_company(db, responsible=anna)
        db.execute(text("ALTER TABLE user_account DROP COLUMN last_sign_in_at"))
        for number, (frame, state, signed, begins, ends, ended) in enumerate(OLD, 1):
            steps = WAYS.get(state, (state,))
            values = {
                "id": number, "company": company.id, "frame": frame, "signed": signed, "begins": begins, "ends": ends,
                "ended": ended, "state": state, "steps": len(steps), "by": anna.id,
                "at": NOW if database.dialect == "postgresql" else "2026-11-23T09:00:00.000000Z",
            }  # fmt: skip
            db.execute(
                text(
                    "INSERT INTO agreement (company_id, programme_id, title, signed_on, valid_from, valid_to, "
                    "ended_on, state, step_no, created_at, version, consultant_id) VALUES (:company, :frame, "
                    "'Gammel', :signed, :begins, :ends, :ended, :state, :steps, :at, 1, :by)"
                ),
                values,
            )
            for seq, (old, new) in enumerate(zip(("-", *steps), steps, strict=False), 1):
                db.execute(
                    text(
                        "INSERT INTO agreement_step (agreement_id, seq, from_state, to_state, on_day, at, by_id) "
                        "VALUES (:id, :seq, :old, :new, '2024-01-01', :at, :by)"
                    ),
                    values | {"seq": seq, "old": old, "new": new},
                )


def test_old_agreements_have_one_period_and_go_on_as_new_ones(before: Database) -> None:
    _fill(before)
    assert migrations.upgrade(before)[1] == migrations.HEAD
    with before.read() as db:
        found = [queries.get(db, number) for number in range(1, 6)]
        for agreement, (_, state, signed, begins, ends, ended) in zip(found, OLD, strict=True):
            (period,) = renewals.periods(db, agreement)
            kept = [
                str(day) if day else None for day in (period.signed_on, period.valid_from, period.valid_to)
            ]
            assert kept == [signed, begins, ends]
            assert agreement.end_cause == ("not_told" if ended else None)
            assert agreement.state == state
        assert [each.shown_to_panel for each in found] == [0] * 5
        assert [step.cause for step in queries.steps(db, found[3])] == [None, "not_told"]
        counted = {span.agreement_id for span in queries.spans(db) if span.holds(TODAY)}
        assert counted == {2, 3}
        assert queries.programme(db, "code_of_care").standard_months == 24
    with before.write() as db:
        agreement = queries.get(db, 3)
        for to, ends_on in (("in_force", None), ("renewed", date(2028, 12, 31))):
            actions.step(
                db,
                agreement=agreement,
                to=to,
                on=TODAY,
                by=db.get_one(User, 1),
                now=NOW,
                today=TODAY,
                valid_to=ends_on,
            )
        assert [each.valid_from for each in renewals.periods(db, agreement)] == [
            date(2024, 1, 1),
            date(2028, 1, 1),
        ]
