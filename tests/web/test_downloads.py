"""The header that names a file: whatever it is called, it is one header with one name in it."""

from __future__ import annotations

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from web.downloads import disposition


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_name_is_named_in_plain_ascii_and_whole(name: str) -> None:
    said = disposition(name)
    assert said.isascii()
    assert said.isprintable()
    assert said.startswith('attachment; filename="')
    assert said.count('"') == 2
    assert unquote(said.partition("UTF-8''")[2]) == name


def test_danish_letters_are_written_as_danes_do() -> None:
    assert 'filename="Aeble paa oe.pdf"' in disposition("Æble på ø.pdf")
    assert 'filename="fil"' in disposition("")
