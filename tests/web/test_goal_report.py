"""The report to the political committee: a page, an accessible PDF, and a workbook whose figures are its rows."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from crm.access.queries import by_email
from crm.agreements import actions as agreements
from crm.agreements.queries import programme
from crm.companies.queries import by_cvr
from crm.db import Database
from crm.goals.report import Period
from tests.conftest import NOW, TODAY
from tests.town import ANNA, MONA, Town
from tests.web.conftest import SignIn, main

PAGE = "/maal/rapport"


@pytest.fixture
def busy(town: Town, database: Database) -> Town:
    """The garden came in the summer and has gone again in November."""
    with database.write(ANNA) as db:
        agreement = agreements.create(
            db, company=by_cvr(db, town.garden), programme=programme(db, "code_of_care"), title="Til Lone Krogh",
            by=by_email(db, ANNA), now=NOW, today=TODAY, signed_on=date(2026, 7, 1),
        )  # fmt: skip
        agreements.step(
            db,
            agreement=agreement,
            to="ended",
            on=date(2026, 11, 2),
            by=by_email(db, ANNA),
            now=NOW,
            today=TODAY,
        )
    return town


@pytest.mark.parametrize(
    ("year", "quarter", "first", "last", "name"),
    [
        (2026, 1, date(2026, 1, 1), date(2026, 3, 31), "1. kvartal 2026"),
        (2024, 1, date(2024, 1, 1), date(2024, 3, 31), "1. kvartal 2024"),
        (2026, 4, date(2026, 10, 1), date(2026, 12, 31), "4. kvartal 2026"),
        (2026, None, date(2026, 1, 1), date(2026, 12, 31), "Året 2026"),
    ],
)
def test_a_period_has_its_days_and_its_name(
    year: int, quarter: int | None, first: date, last: date, name: str
) -> None:
    period = Period.of(year, quarter)
    assert (period.first, period.last, period.name) == (first, last, name)


def test_the_page_tells_of_the_quarter_it_is(sign_in: SignIn, busy: Town) -> None:
    said = main(sign_in(ANNA).get(PAGE))
    for words in (
        "Mål og resultater, 4. kvartal 2026", "1. oktober 2026 til 23. november 2026", "10 senest 31. december 2026",
        "Kom til: Blovstrød Bageri ApS (24. oktober 2026)", "Gik: Søndergård Planteskole A/S (3. november 2026)",
        "1 ny aftale, 1 ophørt.", "Rekruttering 1 0 (0 %) 0 (0 %)", "2,5 % (30. oktober 2026)",
        "2,7 % (30. september 2026)",
    ):  # fmt: skip
        assert words in said, words


def test_nobody_is_named_but_the_companies(sign_in: SignIn, busy: Town) -> None:
    mona = sign_in(MONA)
    for year in ("2026",):
        said = main(mona.get(f"{PAGE}?aar={year}"))
        pdf = mona.post(f"{PAGE}/hent", {"aar": year, "kvartal": "", "format": "pdf"}, status=200).content
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
        book = mona.post(f"{PAGE}/hent", {"aar": year, "format": "xlsx"}, status=200).content
        cells = str([sheet.to_python() for sheet in _sheets(book).values()])
        for name in ("Anna", "Bo Birketoft", "Mona", "Lone", "2 bagere"):
            assert name not in said
            assert name not in text
            assert name not in cells


def _sheets(content: bytes) -> dict[str, Any]:
    book: Any = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name) for name in book.sheet_names}


def test_the_pdf_is_accessible_and_says_what_the_page_says(sign_in: SignIn, busy: Town) -> None:
    answer = sign_in(ANNA).post(f"{PAGE}/hent", {"aar": "2026", "kvartal": "4", "format": "pdf"}, status=200)
    assert answer.headers["content-disposition"].startswith(
        'attachment; filename="rapport-2026-kvartal-4.pdf"'
    )
    reader = PdfReader(io.BytesIO(answer.content))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("da")
    assert "/StructTreeRoot" in root
    assert b"pdfuaid:part" in root["/Metadata"].get_object().get_data()
    assert reader.metadata
    assert reader.metadata.title == "Mål og resultater, 4. kvartal 2026"
    width, height = (round(float(each)) for each in reader.pages[0].mediabox[2:])
    assert (width, height) == (595, 842)
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    for words in (
        "Blovstrød Bageri ApS",
        "Søndergård Planteskole A/S",
        "Rekruttering",
        "Ledighed",
        "der mangler 9",
    ):
        assert words in text, words


def test_every_figure_of_the_workbook_is_a_count_of_its_rows(sign_in: SignIn, busy: Town) -> None:
    answer = sign_in(ANNA).post(f"{PAGE}/hent", {"aar": "2026", "format": "xlsx"}, status=200)
    book: Any = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    figures: dict[str, Any] = {row[0]: row for row in book.get_sheet_by_name("Tal").to_python()[1:]}

    def rows(name: str) -> list[dict[str, Any]]:
        head, *found = book.get_sheet_by_name(name).to_python()
        return [dict(zip(head, row, strict=True)) for row in found]

    youth = figures["Virksomheder, der ansætter udsatte unge"]
    behind = rows(str(youth[8]))
    assert youth[1:4] == [0, 1, 10]
    assert {row["CVR"] for row in behind} == {busy.bakery}
    assert {row["Kontrolsum"] for row in behind} == {youth[7]}
    moved = [(row["Virksomhed"], row["Hvad"]) for row in rows("Til og fra 1")]
    assert moved == [
        ("Søndergård Planteskole A/S", "kom til"), ("Blovstrød Bageri ApS", "kom til"),
        ("Søndergård Planteskole A/S", "gik"),
    ]  # fmt: skip
    assert youth[2] - youth[1] == sum({"kom til": 1, "gik": -1}[what] for _, what in moved)
    assert figures["Nye aftaler"][2] == len(rows("Nye aftaler")) == 2
    assert figures["Ophørte aftaler"][2] == len(rows("Ophørte aftaler")) == 1
    asked = rows("Henvendelser")
    assert figures["Henvendelser, alle: modtaget"][2] == len(asked) == 1
    assert figures["Henvendelser, Rekruttering: besvaret til tiden"][2] == sum(
        row["Til tiden"] == "ja" for row in asked
    )


def test_the_last_evening_of_a_quarter_belongs_to_it(sign_in: SignIn, town: Town, database: Database) -> None:
    from crm.requests.models import Request

    with database.write("town") as db:
        request = db.get_one(Request, town.request)
        request.received_at = NOW.replace(month=9, day=30, hour=21, minute=59)
    anna = sign_in(ANNA)
    assert "Rekruttering 1" in main(anna.get(f"{PAGE}?aar=2026&kvartal=3"))
    with database.write("town") as db:
        db.get_one(Request, town.request).received_at += timedelta(minutes=1)
    assert "Ingen henvendelser i perioden." in main(anna.get(f"{PAGE}?aar=2026&kvartal=3"))


def test_a_period_that_cannot_be_is_refused(sign_in: SignIn, town: Town) -> None:
    anna = sign_in(ANNA)
    for asked, sentence in (
        ("aar=2019", "Skriv et år fra 2020"), ("aar=2027", "ikke begyndt"),
        ("aar=2026&kvartal=5", "kvartal fra 1 til 4"),
        ("aar=engang", "årstal"), ("aar=2026&kvartal=x", "kvartal fra 1 til 4"),
    ):  # fmt: skip
        assert sentence in main(anna.get(f"{PAGE}?{asked}", status=422))
    for data in (
        {"aar": "2027", "format": "pdf"},
        {"aar": "2026", "format": "csv"},
        {"aar": "x", "format": "pdf"},
    ):
        anna.post(f"{PAGE}/hent", data, status=422)
