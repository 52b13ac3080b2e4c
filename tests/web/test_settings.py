"""The page of settings: changed without a restart, in every worker; what is the machine's is shown without secrets."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from crm.choices.queries import DAILY
from crm.db import Database
from crm.settings import Settings
from scripts.work import work_round
from tests.conftest import NOW
from tests.town import ADAM, ANNA, Town
from tests.web.api.conftest import served
from tests.web.conftest import BASE, SignIn, main
from web.app import create_app
from web.setting_words import BY_NAME

PAGE = "/opsaetning/indstillinger"
# The page as it stands, for changing one thing of it.
USUAL = {
    "municipality": "Eksempel Kommune", "accessibility_url": "", "opens_at": "8.00", "closes_at": "16.00",
    "closed_days": "", "answer_hours": "8", "load_limit": "200", "quiet_months": "6", "expiry_days": "60",
    "morning_mail_at": "7.00", "survey_after_requests": "1", "survey_pause_minutes": "60", "survey_months": "6",
    "survey_days": "30", "survey_reminder_days": "7", "survey_min_n": "5", "session_hours": "12",
}  # fmt: skip


def test_every_setting_of_daily_running_has_its_field() -> None:
    assert set(BY_NAME) == set(DAILY)


def test_what_is_changed_holds_at_once(sign_in: SignIn, app: FastAPI, town: Town) -> None:
    adam = sign_in(ADAM)
    adam.get(PAGE)
    values = USUAL | {"municipality": "Nabokøbing Kommune", "closed_days": "24-12-2026\n1. juni 2027",
                      "opens_at": "7.30", "second_factor_admin": "1", "approve_transfers": "1"}  # fmt: skip
    said = adam.follow(adam.post(PAGE, values))
    assert "Gemt og gælder nu: Kommunens navn" in main(said)
    assert "Nabokøbing Kommune" in said.text
    settings = app.state.house.settings
    assert settings.closed_days == ["2026-12-24", "2027-06-01"]
    assert settings.second_factor == ["admin"]
    assert app.state.house.hours.opens.hour == 7
    shown = adam.get(PAGE).text
    assert "24-12-2026\n01-06-2027" in shown
    assert "Der var ikke ændret noget." in main(adam.follow(adam.post(PAGE, values)))


@pytest.mark.parametrize(
    "wrong",
    [{"answer_hours": "201"}, {"opens_at": "hesteost"}, {"closes_at": "7.00"}, {"closed_days": "nytår"},
     {"municipality": ""}, {"accessibility_url": "javascript:alert(1)"}, {"load_limit": ""}],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_changed(
    sign_in: SignIn, app: FastAPI, town: Town, wrong: dict[str, str]
) -> None:
    before = app.state.house.settings
    answer = sign_in(ADAM).post(PAGE, USUAL | {"expiry_days": "30"} | wrong, status=422)
    assert f'id="f-{next(iter(wrong))}-error"' in answer.text
    assert 'name="expiry_days" type="text" value="30"' in answer.text
    assert app.state.house.settings == before


def test_what_the_environment_says_is_shown_as_locked_and_not_changed(
    sign_in: SignIn, app: FastAPI, town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app.state.house.base = Settings(data_dir=tmp_path, load_limit=77)
    adam = sign_in(ADAM)
    assert "ENINDGANG_LOAD_LIMIT" in main(adam.get(PAGE))
    adam.post(PAGE, USUAL | {"load_limit": "5", "quiet_months": "3"})
    app.state.house.read_settings()
    assert app.state.house.settings.load_limit == 77
    assert app.state.house.settings.quiet_months == 3


def test_no_secret_is_shown(sign_in: SignIn, app: FastAPI, town: Town, tmp_path: Path) -> None:
    app.state.house.base = Settings(
        data_dir=tmp_path,
        secret_key="hemmelig-noegle-1",
        smtp_url="smtp://bruger:hemmeligt@mail.test",
        database_url="postgresql+psycopg://bruger:kodeord9@db/x",
    )
    seen = sign_in(ADAM).get(PAGE).text
    for secret in ("hemmelig-noegle-1", "hemmeligt", "kodeord9"):
        assert secret not in seen
    assert "sat, vises ikke" in seen


def test_only_an_administrator_changes_them(sign_in: SignIn, town: Town) -> None:
    sign_in(ANNA).post(PAGE, USUAL, status=403)


def test_another_worker_and_the_jobs_follow_within_seconds(
    sign_in: SignIn, app: FastAPI, database: Database, town: Town, tmp_path: Path
) -> None:
    other = create_app(Settings(data_dir=tmp_path), Database(database.url))
    with served(other) as address:
        sign_in(ADAM).post(PAGE, USUAL | {"municipality": "Nabokøbing Kommune", "approve_transfers": "1"})
        deadline, seen = time.monotonic() + 10, ""
        while "Nabokøbing" not in seen and time.monotonic() < deadline:
            time.sleep(0.2)
            seen = httpx2.get(f"{address}/log-ind").text
    assert "Nabokøbing Kommune" in seen
    assert work_round(database, Settings(data_dir=tmp_path), NOW).troubles == []


def test_a_look_that_fails_does_not_end_the_house(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def fails() -> None:
        looks.append(1)
        raise ValueError

    monkeypatch.setattr("web.app.LOOK", 0.01)
    app.state.house.read_settings = fails
    with TestClient(app, base_url=BASE) as client:
        while len(looks) < 3:
            time.sleep(0.01)
        assert client.get("/log-ind").status_code == 200
