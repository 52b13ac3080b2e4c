"""The house's rules for templates find what they are for, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.template_lint import complaints, problems

FAULTS = {
    '<p style="color: red">Rød</p>': "inline style",
    "<p {% if late %}style='color: red'{% endif %}>Rød</p>": "inline style",
    "<style>p { color: red }</style>": "inline style",
    "<script>alert(1)</script>": "inline script",
    '<button onclick="save()">Gem</button>': "onclick",
    '<button hx-on:click="save()">Gem</button>': "hx-on:click",
    '<a href=" JavaScript:save()">Gem</a>': "javascript:",
    '<img src="//elsewhere.example/logo.svg" alt="">': "another server",
    '<form method="post" action="/opkald"><input name="summary"></form>': "csrf",
    '<form method="POST">{{ field("summary") }}</form>{{ csrf_field() }}': "csrf",
    '<form action="/soeg"><input name="q"></form>': "method",
}

FINE = (
    '<form method="post" action="{{ url("log_call") }}">{{ csrf_field(request) }}</form>',
    '<form method="get" action="/soeg"><input name="q"></form>',
    '<script src="{{ static("app.js") }}" defer></script>',
    '<a href="https://virk.dk">Virk</a>',
    '{# <p style="color: red"> #}<!-- <script>no</script> -->',
    '<p class="{{ "late" if days > 3 else "" }}">Frist</p>',
)


@pytest.mark.parametrize(("template", "word"), FAULTS.items())
def test_each_fault_is_named(template: str, word: str) -> None:
    found = list(complaints(template))
    assert len(found) == 1
    assert word in found[0][1]


@pytest.mark.parametrize("template", FINE)
def test_good_markup_passes(template: str) -> None:
    assert list(complaints(template)) == []


def test_a_problem_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "companies").mkdir()
    (tmp_path / "companies" / "page.html").write_text("{# to\nlinjer #}\n<p style='margin: 0'>Én</p>\n")
    assert problems(tmp_path) == ["companies/page.html:3 inline style: use a class in app.css"]
