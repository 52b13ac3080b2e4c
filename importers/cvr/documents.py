"""The register's documents out of a file, one at a time, however they were saved.

A whole `_search` answer, several of them one after another, an array, a single document, or one document a
line. In a file of lines a broken line stands alone; any other file is whole or refused as a whole. Memory
stays flat: only the document at hand is held, even of an answer that fills one line.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from pydantic_core import from_json

from crm.errors import Refused

CHUNK = 1 << 20
# In characters. The largest company of the register has a document of a few million.
LONGEST = 1 << 26
# A document that is cut off by the end of the window fails within its last word or escape.
NEAR_THE_END = 16

NOT_JSON = "Filen er ikke JSON fra CVR."
NOT_TEXT = "Filen er ikke JSON fra CVR, men et regneark eller en anden slags fil."
NOT_UTF8 = "Filen er ikke gemt som UTF-8."
EMPTY = "Filen er tom."
TOO_LONG = "Et dokument er for langt til at komme fra CVR."
TOO_DEEP = "Dokumentet er for dybt indlejret til at komme fra CVR."
BAD_NUMBER = "Der står et tal, der ikke kan læses."
NO_DOCUMENT = "Her skulle stå et dokument fra CVR."


class Document(NamedTuple):
    """A document, or why it cannot be read. `number` tells it from the others that begin on its line."""

    line: int
    source: dict[str, Any] | None
    error: str | None = None
    number: int | None = None


def read(path: Path) -> Iterator[Document]:
    """Every document of the file. Raises Refused, at the latest at its end, when the file is none of ours."""
    with path.open("rb") as file:
        start = file.read(CHUNK)
        if b"\0" in start[:4096] or start.startswith((b"PK", b"%PDF", b"\x1f\x8b")):
            raise Refused("file", NOT_TEXT)
        if not start.removeprefix(codecs.BOM_UTF8).strip():
            raise Refused("file", EMPTY)
        file.seek(0)
        yield from _lines(file) if _is_of_lines(start) else _values(file)


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of the register's.")


_DECODER = json.JSONDecoder(parse_constant=_constant)


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"Det er ikke gyldig JSON (ved tegn {error.pos + 1})."
    if isinstance(error, UnicodeDecodeError):
        return "Teksten er ikke UTF-8."
    return TOO_DEEP if isinstance(error, RecursionError) else BAD_NUMBER


def _documents(line: int, value: Any) -> Iterator[Document]:
    """What a JSON value holds: a document, a hit, or an answer with many hits."""
    hits = _hits_of(value)
    if hits is None:
        yield _document(line, value, None)
    else:
        for number, hit in enumerate(hits, 1):
            yield _document(line, hit, number)


def _hits_of(value: Any) -> list[Any] | None:
    if isinstance(value, dict) and isinstance(value.get("hits"), dict):
        hits = value["hits"].get("hits")
        return hits if isinstance(hits, list) else None
    return None


def _document(line: int, value: Any, number: int | None) -> Document:
    if isinstance(value, dict) and "_source" in value:
        value = value["_source"]
    if isinstance(value, dict):
        return Document(line, value, None, number)
    return Document(line, None, NO_DOCUMENT, number)


# --- One document a line ------------------------------------------------------------------------


def _is_of_lines(start: bytes) -> bool:
    """Whether one of the first lines is a document by itself. Printed on many lines, none is."""
    for line in start.splitlines(keepends=True):
        text = line.strip().removeprefix(codecs.BOM_UTF8).removesuffix(b",")
        if line.endswith(b"\n") and text.startswith(b"{") and text.endswith(b"}"):
            try:
                value = _DECODER.decode(text.decode())
            except (ValueError, RecursionError):
                continue
            if _hits_of(value) is not None or any(
                key == "_source" or key[:2].lower() == "vr" for key in value
            ):
                return True
    return False


def _lines(file: IO[bytes]) -> Iterator[Document]:
    in_an_array = False
    for number, raw in enumerate(iter(lambda: file.readline(LONGEST), b""), 1):
        if len(raw) == LONGEST:
            _skip_line(file, raw)
            yield Document(number, None, TOO_LONG)
            continue
        text = raw.removeprefix(codecs.BOM_UTF8).strip()
        if text == b"[" and number == 1:
            in_an_array = True
        elif text and not (in_an_array and text == b"]"):
            yield from _line(number, text.removesuffix(b",") if in_an_array else text)


def _line(number: int, text: bytes) -> Iterator[Document]:
    try:
        value = _value(text)
    except (ValueError, RecursionError) as error:
        yield Document(number, None, _reason(error))
    else:
        yield from _documents(number, value)


def _value(text: bytes) -> Any:
    """The value of a line. The fast reader is the stricter one, so the other has the last word."""
    with suppress(ValueError):
        return from_json(text, allow_inf_nan=False, cache_strings="keys")
    return _DECODER.decode(text.decode())


def _skip_line(file: IO[bytes], raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(CHUNK)


# --- Anything else ------------------------------------------------------------------------------

# An answer as far as its first hit: no list comes before that of the hits.
_AN_ANSWER = re.compile(r'(\{[^\[\]]{0,4000}?)"hits"\s*:\s*\[')
_AHEAD = 5000
_NO_BLANK = re.compile(r"[^ \t\r\n]")


class _Window:
    """The part of the file that is being read; it moves forward only."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self.text = ""
        self.at = 0
        self.line = 1
        self.more()

    def more(self) -> bool:
        """Read on, twice as far for a document that did not fit; False at the end of the file."""
        rest = len(self.text) - self.at
        if rest > LONGEST:
            raise Refused("file", TOO_LONG)
        raw = self._file.read(max(CHUNK, rest))
        try:
            fresh = self._decoder.decode(raw, final=not raw)
        except UnicodeDecodeError:
            raise Refused("file", NOT_UTF8) from None
        self.text, self.at = self.text[self.at :] + fresh, 0
        return bool(raw)

    def move(self, to: int) -> None:
        """Leave everything before `to` behind."""
        self.line += self.text.count("\n", self.at, to)
        self.at = to

    def next(self) -> str:
        """The next character that is not blank, without taking it; "" at the end of the file."""
        while True:
            found = _NO_BLANK.search(self.text, self.at)
            self.move(found.start() if found else len(self.text))
            if found:
                return found[0]
            if not self.more():
                return ""

    def take(self, wanted: str) -> None:
        """Step over a sign that must stand here."""
        if self.next() != wanted:
            raise self.broken()
        self.move(self.at + 1)

    def value(self) -> Any:
        """The JSON value that begins here."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                cut_off = (
                    error.pos >= len(self.text) - NEAR_THE_END or error.msg[:19] == "Unterminated string"
                )
                if not (cut_off and self.more()):
                    self.move(min(error.pos, len(self.text)))
                    raise self.broken() from None
            except (ValueError, RecursionError) as error:
                raise Refused("file", f"Linje {self.line}: {_reason(error)}") from None
            else:
                self.move(end)
                return value

    def elements(self) -> Iterator[tuple[int, Any]]:
        """Each value of the list that begins here, with its line."""
        self.take("[")
        if self.next() != "]":
            while True:
                self.next()
                yield self.line, self.value()
                if self.next() != ",":
                    break
                self.take(",")
        self.take("]")

    def broken(self) -> Refused:
        """The refusal of the whole file."""
        if not self.next():
            return Refused("file", f"{NOT_JSON} Den slutter midt i det hele på linje {self.line}.")
        return Refused("file", f"{NOT_JSON} Den kan ikke læses fra linje {self.line}.")


def _values(file: IO[bytes]) -> Iterator[Document]:
    """Values one after another. The hits of an answer come one by one, before the answer has ended."""
    window, number = _Window(file), 0
    while sign := window.next():
        if len(window.text) - window.at < _AHEAD:
            window.more()
        if sign == "[":
            parts = window.elements()
        elif opened := _AN_ANSWER.match(window.text, window.at):
            parts = _hits(window, opened)
        elif sign == "{":
            parts = iter([(window.line, window.value())])
        else:
            raise window.broken()
        for line, value in parts:
            for document in _documents(line, value):
                number += 1
                yield document._replace(number=number)


def _hits(window: _Window, opened: re.Match[str]) -> Iterator[tuple[int, Any]]:
    depth = opened[1].count("{") - opened[1].count("}")
    window.move(opened.end() - 1)
    yield from window.elements()
    # What is left of the answer: "total" may stand behind the hits.
    while depth:
        if window.next() == ",":
            window.take(",")
            window.next()
            window.value()
            window.take(":")
            window.next()
            window.value()
        else:
            window.take("}")
            depth -= 1
