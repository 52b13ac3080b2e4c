"""Calendar files with zones of their own, files that are none, and files made to do harm."""

from __future__ import annotations

import time as stopwatch
from collections import Counter
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.errors import Refused
from importers import time_zones
from importers.calendar import BIGGEST, MOST_EVENTS, MOST_PROPOSED, LeftOut, Reading, read
from tests.conftest import TODAY
from tests.importers.calendars import HOURS, OOF, calendar, days, event, reading, timed, whole


def zone_of(*lines: str, name: str = "Customized Time Zone") -> str:
    """A zone that the file defines itself."""
    return "\r\n".join(["BEGIN:VTIMEZONE", f"TZID:{name}", *lines, "END:VTIMEZONE"])


def zone(*rules: str, name: str = "Customized Time Zone", offset: str = "-0500") -> str:
    """One whose clock is never changed unless a rule says so."""
    begins = ("BEGIN:STANDARD", "DTSTART:16010101T020000", f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}")
    return zone_of(*begins, *rules, "END:STANDARD", name=name)


SUMMER = zone_of(
    "BEGIN:STANDARD", "DTSTART:16011028T030000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
    "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD",
    "BEGIN:DAYLIGHT", "DTSTART:16010325T020000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
    "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "END:DAYLIGHT",
)  # fmt: skip
# Noon there is evening here: only with its zone the last day is a whole one.
IN_ZONE = timed(";TZID=Customized Time Zone:20261122T120000", ";TZID=Customized Time Zone:20261127T120000")


def test_a_zone_that_the_file_defines_is_followed() -> None:
    assert days(zone(), IN_ZONE) == [("2026-11-23", "2026-11-27")]
    for start, end in (("20270705", "20270710"), ("20261123", "20261128")):
        part = timed(f";TZID=Customized Time Zone:{start}T000000", f";TZID=Customized Time Zone:{end}T000000")
        first = date.fromisoformat(start)
        assert days(SUMMER, part) == [(first.isoformat(), (first + timedelta(days=4)).isoformat())]


def test_a_zone_of_one_file_is_forgotten_before_the_next() -> None:
    assert days(zone(), IN_ZONE) == [("2026-11-23", "2026-11-27")]
    assert days(IN_ZONE) == [("2026-11-23", "2026-11-26")]
    reading(zone(name="Romance Standard Time", offset="+1400"))
    part = timed(";TZID=Romance Standard Time:20261123T000000", ";TZID=Romance Standard Time:20261128T000000")
    assert days(part) == [("2026-11-23", "2026-11-27")]


@pytest.mark.parametrize(
    "rule",
    ["RRULE:FREQ=SECONDLY", "RRULE:FREQ=MINUTELY;INTERVAL=1", "RRULE:FREQ=YEARLY;BYHOUR=1,2;BYMINUTE=0,1,2",
     "RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "RRULE:FREQ=YEARLY;INTERVAL=0", "RDATE:i går"],
)  # fmt: skip
def test_a_zone_whose_clock_never_rests_is_not_followed(rule: str) -> None:
    began = stopwatch.monotonic()
    assert days(zone(rule), SUMMER.replace("RRULE:FREQ=YEARLY", rule), IN_ZONE) == [
        ("2026-11-23", "2026-11-26")
    ]
    assert stopwatch.monotonic() - began < 5


def test_a_zone_that_cannot_be_understood_is_none() -> None:
    assert time_zones.defined(["TZID:X", "BEGIN:STANDARD", "END:STANDARD"]) == {}
    assert time_zones.defined(["X" * 10] * (time_zones.LONGEST + 1)) == {}


# --- Files that are none ----------------------------------------------------------------------------

BAD = {
    "empty": b"",
    "a letter": "Kære alle, jeg holder ferie i uge 48.".encode(),
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "a spreadsheet": b"PK\x03\x04\x14\x00\x06\x00",
    "a page": b"<html><body>BEGIN:VCALENDAR</body></html>",
    "cut off": calendar(whole("20261124"))[:-40],
    "events within events without end": calendar("BEGIN:VEVENT\r\n" * 4000),
    "an end without a beginning": calendar("END:VEVENT", "END:VEVENT"),
    "in another alphabet": calendar(whole("20261124")).decode().encode("utf-16"),
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD.keys())
def test_a_file_that_is_no_calendar_gets_one_sentence(raw: bytes) -> None:
    with pytest.raises(Refused, match="kan ikke læses som en kalender") as refusal:
        read(raw, HOURS, TODAY)
    assert refusal.value.field == "file"


def test_a_calendar_without_events_proposes_nothing() -> None:
    assert reading() == Reading([], Counter())


def test_an_old_programs_letters_and_a_mark_at_the_beginning_do_no_harm() -> None:
    part = calendar(whole("20261124", None, "SUMMARY:Sønderjylland", OOF)).decode()
    for raw in (part.encode("latin-1"), b"\xef\xbb\xbf" + part.encode(), part.replace("\r\n", "\n").encode()):
        assert read(raw, HOURS, TODAY).proposed[0].title == "Sønderjylland"


def test_a_file_that_is_too_big_is_not_even_read() -> None:
    with pytest.raises(Refused, match="for stor"):
        read(b"x" * (BIGGEST + 1), HOURS, TODAY)
    with pytest.raises(Refused, match="for stor"):
        read(calendar(*["BEGIN:VEVENT\r\nEND:VEVENT"] * (MOST_EVENTS + 1)), HOURS, TODAY)


def test_of_very_many_absences_the_first_are_proposed() -> None:
    parts = [whole(f"{TODAY + timedelta(days=2 * n):%Y%m%d}", uid=str(n)) for n in range(MOST_PROPOSED + 5)]
    found = reading(*reversed(parts))
    assert len(found.proposed) == MOST_PROPOSED
    assert found.proposed[0].days.first_day == TODAY
    assert found.left_out == {LeftOut.TOO_MANY: 5}


def test_a_big_calendar_is_read_in_a_moment() -> None:
    filler = "DESCRIPTION:" + "Referat af et langt møde. " * 20
    parts = [timed(":20261124T090000", ":20261124T100000", filler, uid=str(n)) for n in range(4000)]
    raw = calendar(*parts, whole("20261130", uid="z"))
    began = stopwatch.monotonic()
    assert len(read(raw, HOURS, TODAY).proposed) == 1
    assert len(raw) > 2_000_000
    assert stopwatch.monotonic() - began < 15


PIECES = [whole("20261124", "20261128"), IN_ZONE, SUMMER, event("DTSTART:x"), "BEGIN:VALARM", "END:VEVENT"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.lists(st.sampled_from(PIECES), max_size=5),
    spoil=st.lists(st.tuples(st.integers(0, 4000), st.binary(max_size=6), st.integers(0, 20)), max_size=4),
)
def test_a_spoilt_file_is_read_or_refused_and_nothing_else(
    order: list[str], spoil: list[tuple[int, bytes, int]]
) -> None:
    raw = bytearray(calendar(*order))
    for place, put, gone in spoil:
        at = place % len(raw)
        raw[at : at + gone] = put
    with suppress(Refused):
        found = read(bytes(raw), HOURS, TODAY)
        assert all(each.days.first_day <= each.days.last_day for each in found.proposed)
