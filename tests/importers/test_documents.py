"""The register's documents come out of a file however they were saved, and nothing else does."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from crm.errors import Refused
from importers.cvr import documents
from importers.cvr.documents import Document, read
from tests.importers import register_documents as register

THREE = [register.company(0), register.unit(1), register.company(2)]
INDENTED = json.dumps(THREE[0], ensure_ascii=False, indent=2)
ANSWER = register.line(register.answer(THREE))
TOTAL_LAST = register.line(
    {
        "hits": {"hits": [register.hit(each) for each in THREE], "total": {"value": 3, "relation": "eq"}},
        "took": 7,
    }
)
FORMS = {
    "a whole answer": ANSWER,
    "a whole answer, printed on many lines": json.dumps(register.answer(THREE), indent=2),
    "an answer whose totals come last": TOTAL_LAST,
    "an answer of a newer Elasticsearch, printed": json.dumps(json.loads(TOTAL_LAST), indent=1),
    "one document a line": register.lines(THREE),
    "one document a line, without a last line end": register.lines(THREE).rstrip(),
    "one document a line, ended as in Windows": register.lines(THREE).replace("\n", "\r\n"),
    "one document a line with empty lines between": register.lines(THREE).replace("\n", "\n\n \n"),
    "one hit a line": register.lines(map(register.hit, THREE)),
    "one _source a line": register.lines({"_source": each} for each in THREE),
    "one answer a line": register.lines(register.answer([each]) for each in THREE),
    "several answers in a row": "".join(register.line(register.answer([each])) for each in THREE),
    "several answers, printed": "\n".join(json.dumps(register.answer([each]), indent=4) for each in THREE),
    "an array": json.dumps(THREE),
    "an array, printed": json.dumps(THREE, indent=2),
    "an array with one document a line": "[\n" + ",\n".join(map(register.line, THREE)) + "\n]\n",
    "an array of hits": json.dumps([register.hit(each) for each in THREE]),
}


def write(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "file.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def sources(found: Iterable[Document]) -> list[Any]:
    return [document.source for document in found]


@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["", "with BOM"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_gives_the_same_documents(tmp_path: Path, form: str, bom: str) -> None:
    assert sources(read(write(tmp_path, bom + form))) == THREE


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("chunk", [1000, 4096, 12_345])
def test_where_the_window_ends_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, chunk: int
) -> None:
    monkeypatch.setattr(documents, "CHUNK", chunk)
    assert sources(read(write(tmp_path, form))) == THREE


def test_a_single_document_printed_on_many_lines(tmp_path: Path) -> None:
    (found,) = read(write(tmp_path, INDENTED))
    assert (found.line, found.source) == (1, THREE[0])


def test_an_empty_answer_has_no_documents(tmp_path: Path) -> None:
    assert list(read(write(tmp_path, register.line(register.answer([]))))) == []


def test_a_document_says_where_it_stands(tmp_path: Path) -> None:
    printed = "\n\n" + json.dumps(THREE, indent=2)
    found = list(read(write(tmp_path, printed)))
    assert [printed.split("\n")[document.line - 1].strip() for document in found] == ["{"] * 3
    assert [document.number for document in found] == [1, 2, 3]


BROKEN = {
    "cut off": register.line(THREE[0])[:200],
    "cut off in an array": '{"Vrvirksomhed":{"navne":[',
    "cut off in a text": '{"Vrvirksomhed":{"navn":"Eksem',
    "no quotes": "{Vrvirksomhed: 1}",
    "a comma too many": '{"Vrvirksomhed":{},}',
    "two on a line": '{"Vrvirksomhed":{}}{"Vrvirksomhed":{}}',
    "not JSON": "virksomhed;navn;by",
    "a number that is none": '{"Vrvirksomhed":{"cvrNummer":NaN}}',
    "an endless number": '{"Vrvirksomhed":{"cvrNummer":-Infinity}}',
    "a number of ten thousand digits": '{"Vrvirksomhed":{"cvrNummer":' + "9" * 10_000 + "}}",
    "a hundred thousand brackets": '{"Vrvirksomhed":' + "[" * 100_000 + "]" * 100_000 + "}",
    "a bare control character": '{"Vrvirksomhed":{"navn":"a\x01b"}}',
    "a text": '"Vrvirksomhed"',
    "a number": "12345674",
    "nothing": "null",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_broken_line_stands_alone(tmp_path: Path, broken: str, place: int) -> None:
    lines = [register.line(each) for each in THREE]
    lines.insert(place, broken)
    found = list(read(write(tmp_path, "\n".join(lines) + "\n")))
    assert [document.source for document in found if document.error is None] == THREE
    assert [document.line for document in found if document.error] == [place + 1]


def test_a_line_in_another_alphabet_stands_alone(tmp_path: Path) -> None:
    name = register.line(register.company(5, name="Bækmølle")).encode("cp1252")
    found = list(read(write(tmp_path, b"\n".join([register.line(THREE[0]).encode(), name, b""]))))
    assert [document.error for document in found] == [None, "Teksten er ikke UTF-8."]


def test_a_line_that_does_not_end_stands_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LONGEST", 20_000)
    endless = '{"Vrvirksomhed":"' + "x" * 50_000 + '"}'
    content = "\n".join([register.line(THREE[0]), endless, register.line(THREE[2])])
    found = list(read(write(tmp_path, content)))
    assert [(document.line, document.error) for document in found] == [
        (1, None), (2, documents.TOO_LONG), (3, None),
    ]  # fmt: skip


@pytest.mark.parametrize("value", [None, 7, "hej", [], {"_source": None}, {"_source": [1]}])
def test_a_hit_that_is_none_stands_alone(tmp_path: Path, value: Any) -> None:
    answer = register.answer(THREE)
    answer["hits"]["hits"].insert(1, value)
    found = list(read(write(tmp_path, json.dumps(answer, indent=1))))
    assert [document.error for document in found] == [None, documents.NO_DOCUMENT, None, None]
    assert [document.number for document in found if document.error] == [2]


WRONG = {
    "empty": b"",
    "blank": b"  \n\r\n\t\n",
    "only a BOM": b"\xef\xbb\xbf",
    "a spreadsheet": b"PK\x03\x04 and so on",
    "a PDF": b"%PDF-1.7 and so on",
    "packed": b"\x1f\x8b\x08\x00",
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00",
    "UTF-16": register.line(THREE[0]).encode("utf-16"),
    "another alphabet": json.dumps(THREE[0], indent=2, ensure_ascii=False).encode("cp1252"),
    "a list": b"CVR;Navn\n12345674;Eksempel\n",
    "a page": b"<!doctype html><html></html>",
    "a script": b"const data = " + ANSWER.encode(),
    "an answer cut off": ANSWER[:-300].encode(),
    "an answer cut off in a text": ANSWER[: ANSWER.index("Allerød") + 3].encode(),
    "an answer with a hole": ANSWER.replace('"regNummer":[]', '"regNummer":', 1).encode(),
    "an answer without its end": ANSWER[:-1].encode(),
    "an answer and more": ANSWER.encode() + b" og mere",
    "an array cut off": json.dumps(THREE)[:-1].encode(),
    "only brackets": b"[" * 200_000,
    "a thousand objects deep": b'{"a":' * 100_000,
    "a lone quote": b'{"Vrvirksomhed": "' + b"x" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG.keys())
def test_a_file_that_is_wrong_as_a_whole_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        list(read(write(tmp_path, content)))
    assert refusal.value.field == "file"
    assert "\n" not in refusal.value.message
    assert len(refusal.value.message) < 200


def test_the_refusal_says_where_it_goes_wrong(tmp_path: Path) -> None:
    printed = json.dumps(register.answer(THREE), indent=1).split("\n")
    printed[200] = "what"
    with pytest.raises(Refused, match="linje 201"):
        list(read(write(tmp_path, "\n".join(printed))))


def test_a_missing_file_is_the_callers_business(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read(tmp_path / "nowhere.json"))


def _peak(path: Path) -> int:
    tracemalloc.start()
    for _ in read(path):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_an_answer_that_fills_one_line_is_never_held_whole(tmp_path: Path) -> None:
    peaks = []
    for number in (5_000, 20_000):
        hits = ",".join([register.line(register.hit({"Vrvirksomhed": {"navne": ["x" * 1000]}}))] * number)
        peaks.append(_peak(write(tmp_path, f'{{"took":1,"hits":{{"total":{number},"hits":[{hits}]}}}}')))
    assert peaks[1] < 1.1 * peaks[0] < 20_000_000
