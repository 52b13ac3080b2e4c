"""Settings chosen on a page: checked by the settings class, below the environment, and never in the way."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.choices import actions, queries
from crm.choices.models import HouseSetting
from crm.choices.queries import DAILY, written
from crm.db import Database, Session
from crm.errors import Conflict, Refused
from crm.settings import Settings
from tests.conftest import NOW, add_user
from tests.scripts.test_docs import _text


@pytest.fixture
def base(tmp_path: Path) -> Settings:
    """What a program was started with: nothing of daily running."""
    return Settings(data_dir=tmp_path)


def test_what_is_chosen_holds_and_the_rest_stays(db: Session, base: Settings) -> None:
    by = add_user(db)
    values = {
        "answer_hours": "16",
        "opens_at": "07:30",
        "closed_days": "2026-12-24",
        "approve_transfers": "true",
    }
    assert sorted(actions.choose(db, base=base, values=values, by=by, now=NOW)) == sorted(values)
    now = queries.current(db, base)
    assert (now.answer_hours, now.opens_at, now.closed_days) == (16, time(7, 30), ["2026-12-24"])
    assert now.approve_transfers is True
    assert now.data_dir == base.data_dir
    assert actions.choose(db, base=base, values=values, by=by, now=NOW) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("answer_hours", "0"), ("answer_hours", "mange"), ("closes_at", "07:00"), ("morning_mail_at", "13:00"),
        ("closed_days", "2026-13-01"), ("second_factor", "borgmester"), ("municipality", ""),
        ("accessibility_url", "javascript:alert(1)"), ("survey_min_n", "0"), ("session_hours", "721"),
    ],
)  # fmt: skip
def test_what_the_settings_class_refuses_is_refused_in_danish(
    db: Session, base: Settings, name: str, value: str
) -> None:
    with pytest.raises(Refused) as refusal:
        actions.choose(db, base=base, values={name: value}, by=add_user(db), now=NOW)
    assert refusal.value.field == name
    assert refusal.value.message.startswith(("Skriv", "Dagen", "Mailen", "Vælg"))
    assert queries.current(db, base) == base


def test_the_environment_wins_and_what_it_says_is_locked(
    db: Session, base: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = add_user(db)
    actions.choose(db, base=base, values={"answer_hours": "16"}, by=by, now=NOW)
    monkeypatch.setenv("ENINDGANG_ANSWER_HOURS", "4")
    outside = Settings()
    assert queries.locked(outside) == {"answer_hours"}
    assert queries.current(db, outside).answer_hours == 4
    for values in ({"answer_hours": "8"}, {"database_url": "sqlite:///x"}, {"secret_key": "x"}):
        with pytest.raises(Conflict):
            actions.choose(db, base=outside, values=values, by=by, now=NOW)


def test_what_no_longer_fits_is_left_out_and_told(
    db: Session, base: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = add_user(db)
    actions.choose(db, base=base, values={"closes_at": "09:00", "load_limit": "50"}, by=by, now=NOW)
    db.add(HouseSetting(key="quiet_months", value="vrøvl", changed_at=NOW))
    db.add(HouseSetting(key="findes_ikke_mere", value="1", changed_at=NOW))
    db.flush()
    monkeypatch.setenv("ENINDGANG_OPENS_AT", "10:00")
    now = queries.current(db, Settings())
    assert (now.load_limit, now.closes_at, now.quiet_months) == (50, time(16), 6)
    assert queries.unusable(db, Settings()) == ["closes_at", "quiet_months"]


def test_the_log_has_what_it_was_and_what_it_became(database: Database, base: Settings) -> None:
    with database.write() as db:
        by = add_user(db)
        actions.choose(db, base=base, values={"load_limit": "50"}, by=by, now=NOW)
    with database.write() as db:
        actions.choose(db, base=base, values={"load_limit": "60"}, by=by, now=NOW)
    with database.read() as db:
        told = db.scalars(select(AuditEvent).where(AuditEvent.object_kind == "house_setting")).all()
        assert told[-1].payload["value"] == ["50", "60"]


def test_every_setting_of_daily_running_can_be_written_and_read_again(base: Settings) -> None:
    values = {name: written(getattr(base, name)) for name in DAILY}
    made = queries.with_values(base, values)
    assert {name: getattr(made, name) for name in DAILY} == {name: getattr(base, name) for name in DAILY}


def test_the_documentation_names_those_that_can_be_chosen() -> None:
    page = _text(Path("docs/settings.md").resolve())
    told = page.partition("within seconds:")[2].partition("**")[0]
    assert [name.strip("`,. \n") for name in told.split()] == list(DAILY)
