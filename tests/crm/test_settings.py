"""The settings: the secret key that is made once, and lists as the environment writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm.settings import Settings
from tests.crm.undone import at_once


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "CLOSED_DAYS", "ALLOWED_HOSTS", "DATABASE_URL"):
        monkeypatch.delenv(f"ENINDGANG_{name}", raising=False)


def test_a_key_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    key = Settings(data_dir=folder).key()
    assert len(key) >= 32
    assert Settings(data_dir=folder).key() == key
    assert [path.name for path in folder.iterdir()] == ["secret.key"]
    assert (folder / "secret.key").stat().st_mode & 0o077 == 0


def test_workers_that_start_at_once_have_the_same_key_and_none_an_empty_one(tmp_path: Path) -> None:
    keys: list[bytes] = []
    starts = [lambda: keys.append(Settings(data_dir=tmp_path / "data").key())] * 12
    assert at_once(*starts) == []
    assert len(keys) == 12
    assert len(set(keys)) == 1
    assert min(map(len, keys)) >= 32


def test_a_key_from_outside_wins_and_an_empty_one_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENINDGANG_SECRET_KEY", "en hemmelighed fra driften")
    assert Settings(data_dir=tmp_path).key() == b"en hemmelighed fra driften"
    monkeypatch.setenv("ENINDGANG_SECRET_KEY", "")
    assert len(Settings(data_dir=tmp_path).key()) >= 32


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENINDGANG_CLOSED_DAYS", "2026-05-15, 2026-06-05,")
    monkeypatch.setenv("ENINDGANG_ALLOWED_HOSTS", "indgang.kommune.test")
    settings = Settings()
    assert settings.closed_days == ["2026-05-15", "2026-06-05"]
    assert settings.allowed_hosts == ["indgang.kommune.test"]


def test_without_a_database_named_it_is_a_file_in_the_data_directory(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path).url == f"sqlite:///{tmp_path / 'enindgang.db'}"
    assert Settings(database_url="postgresql+psycopg://x/y").url == "postgresql+psycopg://x/y"
