"""Fravær out of a calendar on the pages: two steps, nothing kept between them, and never what it is for."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from crm.db import Database
from crm.tables import metadata
from tests.conftest import TODAY
from tests.fingerprint import fingerprint
from tests.importers.calendars import OOF, calendar, event, whole
from tests.town import ANNA, BO, Town
from tests.web.conftest import SignIn, Visitor, main
from tests.web.test_absences import absences, day, send_away

SECRET = "Kontrol hos hjertelæge Sørensen"
FILE = calendar(
    whole("20261130", "20261205", f"SUMMARY:{SECRET}", f"DESCRIPTION:{SECRET} kl. 10", OOF),
    whole("20261221", "20261224", "SUMMARY:Juleferie", OOF, uid="b"),
    event("DTSTART:20261125T090000", "DTEND:20261125T100000", "SUMMARY:Møde", OOF, uid="c"),
    whole("20261127", None, "SUMMARY:Fri fredag", "RRULE:FREQ=WEEKLY", OOF, uid="d"),
    whole("20261126", None, "SUMMARY:Fødselsdag", "TRANSP:TRANSPARENT", uid="e"),
)


def send(visitor: Visitor, raw: bytes, status: int = 200) -> str:
    """The page that answers a file."""
    files = {"file": ("min kalender.ics", raw, "text/calendar")}
    return visitor.post("/fravaer/kalender", status=status, files=files).text


def fields(page: str) -> dict[str, object]:
    """What the browser sends when everything is left as it is."""
    hidden = re.findall(r'<input type="hidden" name="(event-[a-z]+)" value="([^"]+)"', page)
    checked = re.findall(r'<input type="checkbox" id="[^"]+" name="(take-[a-z]+)" value="1" checked', page)
    return dict(hidden) | dict.fromkeys(checked, "1")


def test_a_file_is_shown_and_nothing_is_stored(sign_in: SignIn, town: Town, database: Database) -> None:
    visitor = sign_in(BO)
    before = fingerprint(database)
    page = send(visitor, FILE)
    seen = html.unescape(re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page)))
    assert f"30. november–4. december {SECRET}" in seen
    assert "21.–23. december Juleferie" in seen
    assert "1 varer ikke hele dage." in seen
    assert "1 er ikke skrevet som »Ikke til stede«." in seen
    assert "1 aftale gentager sig. Gentagne aftaler tages ikke med" in seen
    assert fingerprint(database) == before


def test_what_is_said_yes_to_is_written_and_what_it_is_for_stands_nowhere(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(BO)
    data = fields(send(visitor, FILE)) | {"stand_in": town.users[ANNA]}
    assert len(data) == 5
    assert "2 fravær er skrevet ind." in main(visitor.follow(visitor.post("/fravaer/kalender/udfoer", data)))
    assert absences(database, BO) == [
        (day(7), day(11), town.users[ANNA]),
        (day(28), day(30), town.users[ANNA]),
    ]
    with database.read() as db:
        everything = repr([
            tuple(row) for table in metadata.sorted_tables for row in db.execute(table.select())
        ])  # fmt: skip
    for told in ("hjertelæge", "Juleferie", "min kalender", "Møde"):
        assert told not in everything


def test_the_same_file_again_changes_nothing_and_a_moved_event_moves(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(BO)
    visitor.post("/fravaer/kalender/udfoer", fields(send(visitor, FILE)) | {"stand_in": town.users[ANNA]})
    before = fingerprint(database)
    page = send(visitor, FILE)
    assert "Kalenderen og dit fravær er allerede ens." in page
    assert fields(page) == {}
    moved = calendar(whole("20261201", "20261205"))
    page = send(visitor, moved)
    assert "flyttet fra 30. november–4. december" in page
    assert fingerprint(database) == before
    visitor.post("/fravaer/kalender/udfoer", fields(page))
    assert absences(database, BO) == [
        (day(8), day(11), town.users[ANNA]),
        (day(28), day(30), town.users[ANNA]),
    ]


def test_only_what_is_chosen_is_taken_in(sign_in: SignIn, town: Town, database: Database) -> None:
    visitor = sign_in(BO)
    data = fields(send(visitor, FILE))
    first, second = (name for name in data if name.startswith("take-"))
    del data[first]
    visitor.post("/fravaer/kalender/udfoer", data)
    assert absences(database, BO) == [(day(28), day(30), None)]
    del data[second]
    page = visitor.post("/fravaer/kalender/udfoer", data, status=422)
    assert "Vælg mindst ét fravær." in main(page)


def test_a_refused_stand_in_keeps_what_was_chosen(sign_in: SignIn, town: Town, database: Database) -> None:
    visitor = sign_in(BO)
    data = fields(send(visitor, FILE))
    first, _ = (name for name in data if name.startswith("take-"))
    del data[first]
    before = fingerprint(database)
    page = visitor.post("/fravaer/kalender/udfoer", data | {"stand_in": town.users[BO]}, status=422).text
    assert re.search(r'id="f-stand_in-error">.*sin egen stedfortræder', page, re.DOTALL)
    assert fields(page) == data
    assert first.removeprefix("take-") in page
    assert fingerprint(database) == before


def test_what_stands_in_the_way_is_told_before_and_after(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    visitor = sign_in(BO)
    page = send(visitor, FILE)
    send_away(database, BO, 29, 29)
    answer = main(visitor.follow(visitor.post("/fravaer/kalender/udfoer", fields(page))))
    assert (
        "1 fravær er skrevet ind. 1 fravær blev ikke taget med: Der er allerede et fravær 22. december 2026."
        in answer
    )
    again = send(visitor, FILE)
    assert "Kan ikke skrives ind" in again
    assert len(fields(again)) == 0


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [(b"Ferie i uge 48", "kan ikke læses som en kalender"), (b"", "kan ikke læses"),
     (FILE[:-30], "kan ikke læses"), (b"BEGIN:VCALENDAR\r\n" + b"x" * 5_000_000, "for stor")],
)  # fmt: skip
def test_a_bad_file_gets_one_sentence_and_nothing_is_stored(
    sign_in: SignIn, town: Town, database: Database, raw: bytes, sentence: str
) -> None:
    visitor = sign_in(BO)
    before = fingerprint(database)
    page = send(visitor, raw, status=422)
    assert re.search(rf'id="f-file-error">.*{sentence}', page, re.DOTALL)
    assert fingerprint(database) == before


def test_no_file_is_said(sign_in: SignIn, town: Town) -> None:
    assert "Vælg en fil." in main(sign_in(BO).post("/fravaer/kalender", status=422))


def test_days_that_this_house_did_not_read_are_refused(
    sign_in: SignIn, town: Town, database: Database
) -> None:
    mine, other = sign_in(BO), sign_in(ANNA)
    data = fields(send(mine, FILE))
    before = fingerprint(database)
    other.post("/fravaer/kalender/udfoer", data, status=422)
    forged = {name: str(value).replace("2026-12-04", "2026-12-30") for name, value in data.items()}
    mine.post("/fravaer/kalender/udfoer", forged, status=422)
    for value in ("", "x", "a.b.c.d", "...."):
        mine.post("/fravaer/kalender/udfoer", {"event-a": value, "take-a": "1"}, status=422)
    assert fingerprint(database) == before


def test_a_full_page_of_events_can_be_carried_out(sign_in: SignIn, town: Town, database: Database) -> None:
    visitor = sign_in(BO)
    parts = [whole(f"{TODAY + timedelta(days=2 * number):%Y%m%d}", uid=str(number)) for number in range(95)]
    page = send(visitor, calendar(*parts))
    assert "5 er der ikke plads til på én gang." in page
    visitor.post("/fravaer/kalender/udfoer", fields(page) | {"submission": "alle"})
    with database.read() as db:
        assert db.execute(text("SELECT count(*) FROM absence WHERE source = 'calendar'")).scalar() == 90
