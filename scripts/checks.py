"""What `scripts/check` asks of the code; every check runs, each is one line, failures show their words."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import partial

from scripts.steps import ROOT, say
from scripts.template_lint import TEMPLATES, problems

LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
# What each check runs with this Python, from the checkout.
TOOLS: dict[str, list[str]] = {
    "lint": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy"],
    "imports": ["-c", LINT_IMPORTS, "--no-logo", "--cache-dir", ".cache/import-linter"],
    "templates": ["-m", "djlint", "--lint", "--quiet", str(TEMPLATES)],
}


def tool(name: str) -> str:
    """What the tool complains of; empty when it is content."""
    command = [sys.executable, *TOOLS[name]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    return (done.stdout + done.stderr).strip() or f"ended with {done.returncode} and no word"


def addresses() -> str:
    """A lock that names a host binds everybody to one machine's mirror."""
    locks = [*sorted((ROOT / "requirements").glob("*.txt")), ROOT / "package-lock.json"]
    return "\n".join(f"{lock.name} names an address" for lock in locks if "://" in lock.read_text())


def locks() -> str:
    """test.txt holds all of run.txt, so that one .venv serves both, and run.txt all that is declared."""
    run, test = (pins((ROOT / "requirements" / f"{name}.txt").read_text()) for name in ("run", "test"))
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split(r"[\s\[;<>=]", text)[0].lower() for text in declared}
    found = [f"run.txt pins {pin}, test.txt does not" for pin in sorted(run - test)]
    found += [f"run.txt lacks {name}" for name in sorted(names - {pin.split("==")[0] for pin in run})]
    return "\n".join(found)


def pins(text: str) -> set[str]:
    """The `name==version` of a lock file."""
    return set(re.findall(r"^([a-z0-9][\w.-]*==\S+)", text, flags=re.MULTILINE))


def template_rules() -> str:
    return "\n".join(problems())


CHECKS: dict[str, Callable[[], str]] = {
    **{name: partial(tool, name) for name in TOOLS},
    "template rules": template_rules,
    "addresses in locks": addresses,
    "locks": locks,
}


def main() -> int:
    failures = 0
    for name, find in CHECKS.items():
        complaint = find()
        failures += bool(complaint)
        say(f"{'FAILED' if complaint else 'ok    '} {name}" + (f"\n{complaint}\n" if complaint else ""))
    say(
        f"{failures} of {len(CHECKS)} checks failed."
        if failures
        else "All checks are ok. Next: ./scripts/test"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
