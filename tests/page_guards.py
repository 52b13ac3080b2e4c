"""What every page must be: valid HTML with one h1, unique ids, a label for every field, nothing inline."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib

# The parser knows HTML as it was before these came to be allowed.
KNOWN = ("unexpected-self-closing-tag",)
UNSEEN = {"hidden", "submit", "button"}


def complaints(html: str) -> list[str]:
    """Everything wrong with a whole page, as sentences."""
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
    tree = parser.parse(html)
    found = [f"{code} at {position}: {facts}" for position, code, facts in parser.errors if code not in KNOWN]
    return [*found, *_structure(tree), *_fields(tree), *_inline(tree)]


def _text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _structure(tree: Element) -> Iterator[str]:
    headings = tree.findall(".//h1")
    if len(headings) != 1 or not _text(headings[0]):
        yield f"{len(headings)} h1"
    title = tree.find(".//title")
    if title is None or not re.fullmatch(r"\S.* – Én indgang", _text(title)):
        yield "a title that does not end with the house's name"
    if tree.get("lang") != "da":
        yield "no language"
    for id, times in Counter(each.get("id") for each in tree.iter() if each.get("id")).items():
        if times > 1:
            yield f"the id {id} stands {times} times"
    for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
        for each in tree.iter():
            for id in (each.get(attribute) or "").split():
                if tree.find(f".//*[@id='{id}']") is None:
                    yield f"{attribute} names {id}, which is nowhere"


def _fields(tree: Element) -> Iterator[str]:
    labelled = {label.get("for") for label in tree.iter("label")}
    for each in (*tree.iter("input"), *tree.iter("select"), *tree.iter("textarea")):
        named = each.get("id") in labelled or each.get("aria-label")
        if each.get("type") not in UNSEEN and not named:
            yield f"the field {each.get('name')} has no label"
    for form in tree.iter("form"):
        if form.get("method") == "post" and form.find(".//input[@name='csrf']") is None:
            yield f"the form to {form.get('action')} has no token"
        if form.get("method") != "dialog" and not form.get("action"):
            yield "a form without an address"
    for button in tree.iter("button"):
        if not (_text(button) or button.get("aria-label")):
            yield "a button without words"
    for link in tree.iter("a"):
        if not (_text(link) or link.get("aria-label")):
            yield f"the link to {link.get('href')} has no words"


def _inline(tree: Element) -> Iterator[str]:
    for each in tree.iter():
        if each.get("style") is not None or each.tag == "style":
            yield "inline style"
        if each.tag == "script" and not each.get("src"):
            yield "inline script"
        for name in each.attrib:
            if name.startswith("on"):
                yield f"inline handler {name}"
        for name in ("href", "src", "action"):
            if re.match(r"(?i)(https?:)?//|javascript:", each.get(name) or ""):
                yield f"something from elsewhere: {each.get(name)}"
