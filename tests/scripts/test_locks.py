"""The locks: no addresses, and one .venv that serves both commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import checks


def test_locks_name_no_address() -> None:
    assert checks.addresses() == ""


def test_test_lock_holds_the_run_lock() -> None:
    assert checks.locks() == ""


def test_a_lock_with_an_address_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "run.txt").write_text("--index-url https://mirror.example/\n")
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(checks, "ROOT", tmp_path)
    assert checks.addresses() == "run.txt names an address"
