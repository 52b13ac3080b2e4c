"""Set-up does each step once, and says what is missing in a sentence."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from scripts import packages, setup, static_parts
from scripts.steps import ROOT, Missing, digest, execute, fits


def test_a_step_is_done_again_when_its_lock_or_its_output_is_gone(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    assert not fits(stamp, digest(b"lock"))
    stamp.write_text(digest(b"lock"))
    assert fits(stamp, digest(b"lock"))
    assert not fits(stamp, digest(b"another lock"))


def test_a_failing_step_says_what_to_do() -> None:
    with pytest.raises(Missing, match="Install it"):
        execute("no-such-program-anywhere", or_else="Install it first.")


def test_a_python_without_venv_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Missing, match=r"apt-get install --yes python3\S*-venv"):
        packages.add_venv_module()


def test_a_taken_port_is_refused_before_anything_is_prepared() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Missing, match=f"Port {port} cannot be used"):
            setup.refuse_taken(port)


def test_an_old_or_absent_python_is_named(tmp_path: Path) -> None:
    for name in ("python.sh", "run"):
        (tmp_path / "scripts").mkdir(exist_ok=True)
        (tmp_path / "scripts" / name).write_bytes((ROOT / "scripts" / name).read_bytes())
        (tmp_path / "scripts" / name).chmod(0o755)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("env", "bash", "dirname"):
        (tools / name).symlink_to(next(filter(os.path.exists, (f"/usr/bin/{name}", f"/bin/{name}"))))
    done = subprocess.run(
        [tmp_path / "scripts" / "run"], env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 or newer is missing.")


def test_every_static_part_and_its_licence_was_copied() -> None:
    for source, files, target in static_parts.PARTS:
        for file in (static_parts.NODE_MODULES / source).glob(files):
            assert (static_parts.VENDOR / target / file.name).read_bytes() == file.read_bytes()


def test_fonts_and_icons_of_the_style_sheet_are_there() -> None:
    folder = static_parts.VENDOR / "dkfds" / "css"
    style = (folder / "dkfds.min.css").read_text()
    named = {part.split(")")[0] for part in style.split("url(")[1:]}
    wanted = {name for name in named if name.endswith((".woff2", ".svg"))}
    assert wanted
    assert [name for name in sorted(wanted) if not (folder / name).is_file()] == []
