"""The Python side of set-up: `.venv`, the locked packages, the command `enindgang`."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from pathlib import Path

from scripts.steps import PYTHON, ROOT, VENV, Argument, Missing, answer, digest, execute, fits, say

LOCKS = ROOT / "requirements"


def make_venv() -> None:
    """Create .venv; one whose Python is gone or too old is made anew."""
    if answer(PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))") is not None:
        return
    say("Creating .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    trouble = "The folder .venv could not be made; the reason stands above."
    if uv := shutil.which("uv"):
        execute(uv, "venv", "--quiet", "--no-project", "--python", sys.executable, VENV, or_else=trouble)
        return
    if importlib.util.find_spec("ensurepip") is None:
        add_venv_module()
    execute(sys.executable, "-m", "venv", VENV, or_else=trouble)


def add_venv_module() -> None:
    """Debian and Ubuntu keep Python's venv module in a package of its own; root gets it installed."""
    package = "python3-venv" if sys.executable.endswith("python3") else f"python{python_version()}-venv"
    command = f"apt-get install --yes {package}"
    sentence = f"Python's venv module is missing. On Debian or Ubuntu: sudo {command}"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise Missing(sentence)
    say(f"Python's venv module is missing: {command}")
    execute("apt-get", "update", "-qq", or_else=sentence)
    execute(*shlex.split(command), "-qq", or_else=sentence)


def python_version() -> str:
    """Such as 3.11."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def install(group: str) -> None:
    """Install requirements/<group>.txt, hash-checked. `test` holds all of `run` and so stands in for it."""
    if is_installed(group) or (group == "run" and is_installed("test")):
        return
    say(f"Installing the Python packages of requirements/{group}.txt")
    execute(
        *installer(),
        "--quiet",
        "--require-hashes",
        "-r",
        LOCKS / f"{group}.txt",
        or_else="The Python packages could not be installed; the reason stands above. "
        "Most often it is the network: the first set-up fetches them from the package index.",
    )
    stamp(group).write_text(key(group))


def is_installed(group: str) -> bool:
    return fits(stamp(group), key(group))


def stamp(group: str) -> Path:
    return VENV / f".installed-{group}"


def key(group: str) -> str:
    """Changes with the lock and with the Python of .venv, whose packages an upgrade leaves behind."""
    site = answer(PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))") or ""
    return digest((LOCKS / f"{group}.txt").read_bytes(), Path(site).parent.name.encode())


def installer() -> list[Argument]:
    """uv where it is on PATH, for speed, else pip, which a .venv made by uv has to get first."""
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", PYTHON]
    if answer(PYTHON, "-m", "pip", "--version") is None:
        execute(PYTHON, "-m", "ensurepip", or_else="pip is missing in .venv: delete .venv and try again.")
    return [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]


LAUNCHER = """#!/bin/sh
# Made by set-up. It finds Python beside itself, since a path with a space cannot stand in the first line.
here=$(dirname -- "$(readlink -f -- "$0")")
exec "$here/python" -P -c "import sys; sys.argv[0] = 'enindgang'; from scripts.cli import main; main()" "$@"
"""


def link_checkout() -> None:
    """Let .venv import this checkout and offer the command `enindgang`, without a build."""
    site = answer(PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    if site is None:
        raise Missing("The Python in .venv does not start: delete .venv and try again.")
    (Path(site) / "enindgang.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    command = VENV / "bin" / "enindgang"
    command.write_text(LAUNCHER)
    command.chmod(0o755)
