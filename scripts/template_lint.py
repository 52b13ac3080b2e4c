"""The house's own rules for templates, each a function that names what is wrong with one tag.

A new rule is a function with a docstring that says why, added to TAG_RULES or FORM_RULES.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from scripts.steps import ROOT

TEMPLATES = ROOT / "web" / "templates"

COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
STATEMENT = re.compile(r"\{%.*?%\}", re.DOTALL)
TAG = re.compile(r"""<([a-zA-Z][\w-]*)((?:"[^"]*"|'[^']*'|[^"'<>])*)>""")
ATTRIBUTE = re.compile(r"""([^\s"'=/<>]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>]+))?""")


class Tag(NamedTuple):
    """A start tag with its attributes, names in small letters, and what follows up to its end tag."""

    name: str
    attributes: dict[str, str]
    line: int
    inside: str


def no_style(tag: Tag) -> str | None:
    """The CSP drops inline style without a word, and the page looks different from what was meant."""
    if tag.name == "style" or "style" in tag.attributes:
        return "inline style: use a class in app.css"
    return None


def no_script(tag: Tag) -> str | None:
    """The CSP refuses inline script; everything a page does lies in app.js."""
    if tag.name == "script" and "src" not in tag.attributes:
        return "inline script: use app.js"
    handlers = [name for name in tag.attributes if re.match(r"on[a-z]|hx-on\b", name)]
    if handlers:
        return f"{handlers[0]} attribute: use app.js"
    if any(value.strip().lower().startswith("javascript:") for value in tag.attributes.values()):
        return "javascript: address: use app.js"
    return None


def same_origin(tag: Tag) -> str | None:
    """Nothing is fetched from other servers: pages work offline and tell nobody about their reader."""
    loads = tag.name in {"script", "img", "link", "iframe", "source"}
    value = tag.attributes.get("src") or tag.attributes.get("href") or ""
    return f"loads from another server: {value}" if loads and re.match(r"(https?:)?//", value) else None


def csrf_in_form(tag: Tag) -> str | None:
    """Every form that changes something carries the token; the macro that writes it has csrf in its name."""
    if tag.attributes.get("method", "").lower() == "post" and "csrf" not in tag.inside:
        return "form without the csrf field"
    return None


def method_in_form(tag: Tag) -> str | None:
    """A form whose method is left out sends what was typed in the address."""
    return None if "method" in tag.attributes else "form without a method"


TAG_RULES: tuple[Callable[[Tag], str | None], ...] = (no_style, no_script, same_origin)
FORM_RULES: tuple[Callable[[Tag], str | None], ...] = (csrf_in_form, method_in_form)


def tags(template: str) -> Iterator[Tag]:
    """The start tags outside comments. Jinja is masked: its quotes and brackets would end a tag too early."""
    text = masked(COMMENT, " ", template)
    plain = masked(STATEMENT, " ", masked(EXPRESSION, "_", text))
    for match in TAG.finditer(plain):
        name = match[1].lower()
        attributes = {key.lower(): value.strip("\"'") for key, value in ATTRIBUTE.findall(match[2])}
        end = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(plain, match.end())
        inside = text[match.end() : end.start() if end else None]
        yield Tag(name, attributes, template.count("\n", 0, match.start()) + 1, inside)


def masked(pattern: re.Pattern[str], filler: str, text: str) -> str:
    """Every match filled, character for character, so that places and lines stay where they were."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", filler, match[0]), text)


def complaints(template: str) -> Iterator[tuple[int, str]]:
    """Line and complaint for everything a rule finds in the text of one template."""
    for tag in tags(template):
        for rule in (*TAG_RULES, *(FORM_RULES if tag.name == "form" else ())):
            if complaint := rule(tag):
                yield tag.line, complaint


def problems(folder: Path = TEMPLATES) -> list[str]:
    """Everything wrong in the templates of a folder, as `path:line complaint`."""
    return [
        f"{path.relative_to(folder)}:{line} {complaint}"
        for path in sorted(folder.rglob("*.html"))
        for line, complaint in complaints(path.read_text(encoding="utf-8"))
    ]
