"""What the documentation says is so: settings, commands, addresses, files, links and figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from crm.settings import Settings
from importers.commands import KINDS
from importers.spreadsheet import agreements, companies, contacts, interactions
from scripts import data_map, screenshots
from scripts.cli import app
from scripts.demo.team import COLLEAGUES, PASSWORD
from scripts.steps import ROOT
from web.api.answers import V1
from web.routing import allowed, table

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
IMPORTS = ROOT / "docs" / "imports.md"
LISTS = {
    "companies": companies.LAYOUT,
    "contacts": contacts.LAYOUT,
    "agreements": agreements.LAYOUT,
    "interactions": interactions.LAYOUT,
}
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Folders of the house; a code span that begins with one names a file of it.
FILE = re.compile(r"(?:crm|web|importers|scripts|tests|docs|requirements|\.ci)/[\w./*-]*")
# Addresses of a machine and not of ours.
ELSEWHERE = ("/etc/", "/opt/", "/srv/", "/var/", "/static/", "/tmp/")
# Whoever names another host lets readers depend on it, so each is meant.
HOSTS = {
    "127.0.0.1", "localhost", "enindgang.kommune.example", "www.sqlite.org",
    # What an administrator types as the issuer.
    "login.microsoftonline.com", "keycloak.kommune.example",
}  # fmt: skip
LARGEST_PICTURE = 300_000


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language and content of every fenced block, with broken lines joined."""
    for language, content in FENCE.findall(_text(page)):
        yield language, content.replace("\\\n", " ")


def _spans(page: Path) -> list[str]:
    return SPAN.findall(FENCE.sub("", _text(page)))


def _code(page: Path) -> Iterator[str]:
    """Every code span, and every line of every block."""
    yield from _spans(page)
    for _language, content in _blocks(page):
        yield from content.splitlines()


def _id(page: Path) -> str:
    return str(page.relative_to(ROOT))


# --- Settings -----------------------------------------------------------------------------------


def _documented_settings() -> dict[str, str]:
    page = _text(ROOT / "docs" / "settings.md")
    rows = re.findall(r"^\| `ENINDGANG_(\w+)` \| (.+?) \| ", page, re.MULTILINE)
    return {name: default.strip("`") for name, default in rows}


def test_every_setting_is_documented_and_no_other() -> None:
    assert sorted(_documented_settings()) == sorted(name.upper() for name in Settings.model_fields)


def test_the_documented_defaults_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ENINDGANG_{name.upper()}", raising=False)
    defaults = Settings()
    for name, default in _documented_settings().items():
        if default == "–":
            assert not getattr(defaults, name.lower()), name
        else:
            monkeypatch.setenv(f"ENINDGANG_{name}", default)
    assert Settings() == defaults
    unset = {name for name, default in _documented_settings().items() if default == "–"}
    filled = {name.upper() for name in Settings.model_fields if getattr(defaults, name)}
    assert unset.isdisjoint(filled)


def test_every_setting_named_anywhere_exists() -> None:
    named = {name for page in PAGES for name in re.findall(r"ENINDGANG_([A-Z_]*[A-Z])", _text(page))}
    elsewhere = {"TEST_POSTGRES_URL", "TEST_BROWSER"}
    assert named - elsewhere <= {name.upper() for name in Settings.model_fields}


# --- Commands -----------------------------------------------------------------------------------


def _calls(line: str) -> Iterator[list[str]]:
    """The arguments of each call of our command in a line of code, wherever in a pipe it stands."""
    bare = re.sub(r"\s#.*|[<>…]", " ", re.sub(r"'[^']*'|\"[^\"]*\"", "quoted", line))
    for part in re.split(r"[|;)]|&&|\$\(", bare):
        words = part.split()
        while words and re.match(r"[A-Za-z_]+=[^/]*$|ExecStart=$", words[0]):
            words.pop(0)
        starts = [n for n, word in enumerate(words) if word.endswith("bin/enindgang") or word == "enindgang"]
        if starts and (starts[0] == 0 or words[starts[0]].endswith("bin/enindgang")):
            yield words[starts[0] + 1 :]


def _wrong(words: list[str]) -> str | None:
    command: Any = typer.main.get_command(app)
    for word in words:
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        if word.startswith("--"):
            if word.partition("=")[0] not in options:
                return f"enindgang {' '.join(words)}: there is no {word}"
        elif subcommands := getattr(command, "commands", None):
            if word not in subcommands:
                return f"enindgang {' '.join(words)}: there is no {word}"
            command = subcommands[word]
    return None


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_every_command_exists_with_its_options(page: Path) -> None:
    calls = [words for line in _code(page) for words in _calls(line)]
    assert [wrong for words in calls if (wrong := _wrong(words))] == []


def _commands(command: Any, name: str = "enindgang") -> Iterator[str]:
    for word, subcommand in getattr(command, "commands", {}).items():
        yield from _commands(subcommand, f"{name} {word}")
    if not hasattr(command, "commands"):
        yield name


def test_every_command_stands_in_the_list_of_operations() -> None:
    listed = re.findall(
        r"^\| `(enindgang(?: [a-z-]+)+)", _text(ROOT / "docs" / "operations.md"), re.MULTILINE
    )
    assert sorted(listed) == sorted(_commands(typer.main.get_command(app)))


def test_a_command_that_does_not_exist_is_found() -> None:
    assert _wrong(["user", "remove", "anna@kommune.test"]) is not None
    assert _wrong(["backup", "--zip", "kopi.db"]) is not None
    assert _wrong(["import", "cvr", "--dry-run", "fil.json"]) is None


@pytest.mark.parametrize("kind", LISTS)
def test_the_columns_of_a_list_are_those_it_reads(kind: str) -> None:
    row = re.search(rf"^\| `enindgang import {kind}` \| (.+?) \| ", _text(IMPORTS), re.MULTILINE)
    layout = LISTS[kind]
    reads = [f"{names[0]}{'*' * (name in layout.needed)}" for name, names in layout.headers.items()]
    assert row is not None
    assert row[1].split(", ") == reads


def test_every_list_that_can_be_imported_is_described() -> None:
    assert {"cvr", *LISTS} == set(KINDS)


# --- Addresses ----------------------------------------------------------------------------------


def _addresses(page: Path) -> Iterator[tuple[str | None, str]]:
    """Method, when it is said, and path of every address of ours that a page names."""
    for span in _spans(page):
        found = re.fullmatch(r"(?:(GET|POST|PUT|PATCH|DELETE) )?(/[^\s?#]*)(?:\?\S*)?", span)
        if found and not found[2].startswith(ELSEWHERE):
            yield found[1], found[2]
    for language, content in _blocks(page):
        for line in content.splitlines() if language == "sh" else ():
            said = re.search(r"-X (\w+)", line)
            for base, path in re.findall(r"(\$API|https?://[\w.:]+)(/[^\s\"'?]*)", line):
                if base == "$API" or base.startswith("http://127.0.0.1"):
                    yield (said[1] if said else "GET"), (V1 + path if base == "$API" else path)


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_every_address_leads_to_a_page(page: Path) -> None:
    wrong = [
        f"{method or ''} {path}"
        for method, path in _addresses(page)
        if not (found := allowed(path) or _beginning(path)) or (method and method not in found)
    ]
    assert wrong == []


def _beginning(path: str) -> list[str]:
    """`/api/v1` and `/panel/` stand for all that begins so."""
    begins = any(row["path"].startswith(path.rstrip("/") + "/") for row in table())
    return ["GET", "POST", "PUT", "PATCH", "DELETE"] if begins and path != "/" else []


def test_every_address_of_the_api_is_listed() -> None:
    listed = {f"{method} {path}" for method, path in _addresses(ROOT / "docs" / "api.md") if method}
    there = {f"{row['method']} {row['path']}" for row in table() if row["path"].startswith(V1)}
    assert there - listed <= {f"GET {V1}/openapi.json"}


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_no_other_host_is_named_but_those_meant(page: Path) -> None:
    hosts = {host.partition(":")[0] for host in re.findall(r"https?://([^/\s`)\"'<>]+)", _text(page))}
    assert hosts - HOSTS == set()


# --- Files, links and figures -------------------------------------------------------------------


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", _text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for link in LINK.findall(_text(page)):
        path, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = page if not path else (page.parent / path)
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_every_file_named_exists(page: Path) -> None:
    files = [span for span in _spans(page) if FILE.fullmatch(span)]
    assert [name for name in files if not any(ROOT.glob(name.rstrip("/")))] == []


@pytest.mark.parametrize("page", DECISIONS, ids=_id)
def test_a_decision_says_what_it_costs_and_what_enforces_it(page: Path) -> None:
    headings = re.findall(r"^## (.+)$", _text(page), re.MULTILINE)
    assert headings == ["Context", "Decision", "What it costs", "What enforces it"]
    assert re.match(rf"# {page.name[:4]} \S", _text(page))


def test_the_data_map_is_that_of_the_models() -> None:
    page = _text(data_map.PAGE)
    assert page == data_map.placed(page), "The tables changed: .venv/bin/python -m scripts.data_map --write"


def test_the_pictures_of_the_readme_are_those_the_script_makes() -> None:
    named = set(re.findall(r"docs/screens/([\w-]+)\.png", _text(ROOT / "README.md")))
    assert named == set(screenshots.README)


def test_no_picture_is_large() -> None:
    pictures = list((ROOT / "docs" / "screens").glob("*.png"))
    assert pictures
    assert [each.name for each in pictures if each.stat().st_size > LARGEST_PICTURE] == []


def test_the_log_ins_of_the_demo_are_those_the_pages_name() -> None:
    colleagues = {each.email for each in COLLEAGUES}
    named = {email for page in PAGES for email in re.findall(r"\w+@demo\.test", _text(page))}
    assert named
    assert named <= colleagues
    assert PASSWORD in _text(ROOT / "README.md")
