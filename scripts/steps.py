"""What every step of set-up is made of; needs nothing but Python itself.

A step leaves a stamp inside what it made, holding a hash of what it followed. A step whose stamp still
fits is skipped, and whoever deletes the output deletes the stamp with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"

Argument = str | Path


class Missing(Exception):
    """Something the machine lacks; the text names it and how to get it."""


def say(text: str) -> None:
    """Tell the person what happens now, at once also when the output is a file."""
    print(text, flush=True)


def execute(*command: Argument, or_else: str) -> None:
    """Run a command in the checkout; `or_else` is the sentence for the person when it fails."""
    try:
        subprocess.run([str(part) for part in command], check=True, cwd=ROOT)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Missing(or_else) from error


def answer(*command: Argument) -> str | None:
    """What a command prints, or None when it does not run."""
    parts = [str(part) for part in command]
    try:
        done = subprocess.run(parts, check=True, cwd=ROOT, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def digest(*parts: bytes) -> str:
    """One hash over several contents."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def fits(stamp: Path, key: str) -> bool:
    """Whether the stamp says that the step was done for this key."""
    return stamp.is_file() and stamp.read_text() == key


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold a lock, so that two commands started together do not install over each other."""
    import fcntl  # Windows has no such module; `setup.main` has refused before this.

    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache" / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another set-up in this folder to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
