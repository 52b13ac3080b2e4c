"""A PostgreSQL to measure against: as durable as in production, unlike the one the tests use."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# The tests' server is made from the same package; only how it runs differs.
from tests import postgres as package

URL = "ENINDGANG_BENCH_POSTGRES_URL"
# What a small server of one's own would have. Durability stays on: a call that was logged is on disk.
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "512MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "2GB",
    "random_page_cost": "1.1",
    "max_wal_size": "4GB",
    "timezone": "UTC",
}


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """Yield a SQLAlchemy URL whose user may create databases.

    `ENINDGANG_BENCH_POSTGRES_URL` wins. Otherwise a server from the tests' package keeps its data in
    `folder`, so that what was filled once is there the next time, and listens on a socket only.
    """
    if given := os.environ.get(URL):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="enindgang-bench-") as temporary:
        base = Path(temporary)
        programs, user = package.prepare_user(base)
        data = _reachable(folder, base) / "postgresql"
        environment = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.environ["PATH"]}
        start: dict[str, Any] = {"env": environment, "stderr": subprocess.STDOUT, **user}
        if not (data / "data" / "PG_VERSION").exists():
            shutil.rmtree(data, ignore_errors=True)
            data.mkdir(parents=True)
            if user:
                os.chown(data, user["user"], user["group"])
            package.create_cluster(programs, start | {"cwd": data})
        with _running(programs, data / "data", base, start):
            yield f"postgresql+psycopg://postgres@/postgres?host={base}"


def _reachable(folder: Path, otherwise: Path) -> Path:
    """The folder, or another where the user `nobody`, whom root starts PostgreSQL as, cannot come to it."""
    if os.geteuid() != 0:
        return folder
    open_to_all = all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents))
    return folder if open_to_all else otherwise


@contextlib.contextmanager
def _running(programs: Path, data: Path, base: Path, start: dict[str, Any]) -> Iterator[None]:
    options = OPTIONS | {"unix_socket_directories": str(base)}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (base / "log").open("w") as log:
        command = [str(programs / "postgres"), "-D", str(data), *settings]
        process: subprocess.Popen[bytes] = subprocess.Popen(command, cwd=base, stdout=log, **start)
    try:
        package.wait_until_it_answers(base, process)
        yield
    finally:
        # SIGINT ends open connections; SIGTERM would wait for them.
        process.send_signal(signal.SIGINT)
        process.wait(package.STOP_SECONDS)
