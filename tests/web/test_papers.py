"""The paper to sign: read again by a PDF reader, with what anybody may have typed in it."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from pypdf import PdfReader

from crm.agreements import commitments, fields, queries
from crm.agreements.paper import Paper, fill, unknown_places
from crm.companies import actions as companies
from crm.companies.queries import by_cvr
from crm.db import Database
from tests.conftest import NOW
from tests.town import ANNA, Town
from tests.web.conftest import SignIn
from web.agreement_paper import agreement_pdf

# What would do something if it were ever read as typst, JSON, a format string or a placeholder.
EVIL = '#panic("x") $x^2$ *fed* _k_ `raw` \\ "quote" {konsulent} {0.__class__} @ref <a> // // #read("/etc/passwd") [b]'
A4 = (595, 842)


def text_of(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def paper(**more: object) -> Paper:
    values: dict[str, object] = {
        "title": "To unge", "programme": "Code of Care", "municipality": "Eksempel Kommune", "company": "Bageri ApS",
        "cvr": "12345674", "address": "Vej 1", "company_contact": "", "company_reach": "", "consultant": "Anna",
        "consultant_reach": "", "period": "i dag til videre", "paragraphs": ["En tekst."],
    }  # fmt: skip
    return Paper(**(values | more))  # type: ignore[arg-type]


def test_the_paper_holds_both_sides_what_was_agreed_and_where_to_sign(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    with database.write() as db:
        agreement = queries.get(db, town.agreement)
        person = companies.add_contact(db, company=agreement.company, values={"name": "Per Dam"}, now=NOW)
        agreement.company_contact_id = person.id
        fields.set_values(
            db, agreement=agreement, new={"young_people": 2, "tasks": "Bagning", "mentor": "volunteer"}
        )
        name = by_cvr(db, town.bakery).name
        assert commitments.of_agreement(db, agreement)
    answer = sign_in(ANNA).client.get(f"/aftaler/{town.agreement}/aftale.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"].startswith(
        'attachment; filename="To unge i bageriet - Blovstroed'
    )
    said = text_of(answer.content)
    for part in (
        "To unge i bageriet", name, "CVR", town.bakery, "Eksempel Kommune", "Per Dam", "Anna Kildeskov", "Code of Care",
        "Antal unge 2", "Opgaver Bagning", "Mentor Frivillig", "unge i bageriet 2", "For virksomheden, navn og dato",
        "For kommunen, navn og dato", "24. oktober 2026", "19. september 2027",
    ):  # fmt: skip
        assert part in said, part
    assert "{" not in said


def test_it_is_a4_tagged_danish_and_says_that_it_is_accessible() -> None:
    content = agreement_pdf(paper())
    reader = PdfReader(io.BytesIO(content))
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"].startswith("da")
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid:part>1" in content or b'pdfuaid:part="1"' in content
    assert reader.metadata is not None
    assert reader.metadata.title == "To unge – Bageri ApS"
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == list(A4)
    assert not re.search(rb"/(JavaScript|Launch|OpenAction|EmbeddedFile)", content)


@pytest.mark.parametrize(
    "place", ["title", "company", "address", "consultant", "programme", "period", "company_contact"]
)
def test_whatever_is_typed_is_printed_and_never_run(place: str) -> None:
    plain = agreement_pdf(paper(**{place: EVIL}))
    assert '#panic("x") $x^2$ *fed*' in text_of(plain)


def test_evil_texts_lists_fields_and_promises_are_printed_too() -> None:
    made = agreement_pdf(
        paper(paragraphs=[EVIL, f"- {EVIL}\n- to"], fields=[(EVIL, EVIL)], commitments=[(EVIL, "2", EVIL)])
    )
    assert text_of(made).count("#panic") == 6
    assert "root:" not in text_of(made)


def test_a_long_paper_runs_over_pages_and_numbers_them() -> None:
    made = agreement_pdf(paper(paragraphs=["Vi er enige om meget. " * 60] * 12))
    assert len(PdfReader(io.BytesIO(made)).pages) > 2
    assert "Side 2 af" in text_of(made)


def test_a_place_is_filled_once_and_only_by_its_name() -> None:
    words = {"virksomhed": "{kommune} {0}", "kommune": "Allerød"}
    assert fill("{virksomhed} og {kommune}, {ukendt} {}", words) == "{kommune} {0} og Allerød, {ukendt} {}"
    assert unknown_places("{virksomhed} {borger} {0.__class__} {} { } {{fra}}") == [
        "borger",
        "0.__class__",
        "",
        " ",
    ]
