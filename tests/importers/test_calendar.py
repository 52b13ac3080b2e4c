"""Calendars as programs write them: whole days out are proposed, everything else is left out and counted."""

from __future__ import annotations

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from crm.cpr import has_cpr
from importers.calendar import Hours, LeftOut, read
from tests.conftest import TODAY
from tests.importers.calendars import HOURS, OOF, calendar, days, event, left_out, reading, timed, whole

WHOLE = {
    "five days": (whole("20261123", "20261128"), "2026-11-23", "2026-11-27"),
    "one day": (whole("20261124", "20261125"), "2026-11-24", "2026-11-24"),
    "one day without an end": (whole("20261124"), "2026-11-24", "2026-11-24"),
    "one day that ends on itself": (whole("20261124", "20261124"), "2026-11-24", "2026-11-24"),
    "a length in days": (whole("20261124", None, "DURATION:P3D", OOF), "2026-11-24", "2026-11-26"),
    "a length in weeks": (whole("20261124", None, "DURATION:P2W", OOF), "2026-11-24", "2026-12-07"),
    "begun before today": (whole("20261101", "20261128"), "2026-11-01", "2026-11-27"),
    "from midnight to midnight": (timed(":20261123T000000", ":20261128T000000"), "2026-11-23", "2026-11-27"),
    "to the last minute": (timed(":20261123T000000", ":20261127T235900"), "2026-11-23", "2026-11-27"),
    "a working week": (timed(":20261123T080000", ":20261127T160000"), "2026-11-23", "2026-11-27"),
    "from noon to noon": (timed(":20261123T120000", ":20261126T120000"), "2026-11-24", "2026-11-25"),
    "after work to before work": (timed(":20261123T163000", ":20261126T073000"), "2026-11-24", "2026-11-25"),
    "a whole working day": (timed(":20261124T080000", ":20261124T160000"), "2026-11-24", "2026-11-24"),
    "in UTC": (timed(":20261122T230000Z", ":20261127T230000Z"), "2026-11-23", "2026-11-27"),
    "in UTC in summer": (timed(":20270704T220000Z", ":20270709T220000Z"), "2027-07-05", "2027-07-09"),
    "with a zone": (
        timed(";TZID=Europe/Copenhagen:20261123T000000", ";TZID=Europe/Copenhagen:20261128T000000"),
        "2026-11-23", "2026-11-27"),
    "with Outlook's name of a zone": (
        timed(";TZID=Romance Standard Time:20261123T000000", ";TZID=Romance Standard Time:20261128T000000"),
        "2026-11-23", "2026-11-27"),
    "in a far zone": (
        timed(";TZID=America/New_York:20261122T180000", ";TZID=America/New_York:20261127T180000"),
        "2026-11-23", "2026-11-27"),
    "in a zone nobody knows": (timed(";TZID=Min egen:20261123T000000", ";TZID=Min egen:20261128T000000"),
                               "2026-11-23", "2026-11-27"),
    "in a vendor's zone": (
        timed(";TZID=/freeassociation.test/Europe/Copenhagen:20261123T000000",
              ";TZID=/freeassociation.test/Europe/Copenhagen:20261128T000000"), "2026-11-23", "2026-11-27"),
    "over the clock's change in spring": (
        timed(";TZID=Europe/Copenhagen:20270327T000000", ";TZID=Europe/Copenhagen:20270329T000000"),
        "2027-03-27", "2027-03-28"),
    "over the clock's change in autumn": (
        timed(":20271029T220000Z", ":20271031T230000Z"), "2027-10-30", "2027-10-31"),
    "a day of 23 hours": (timed(":20270327T230000Z", ":20270328T220000Z"), "2027-03-28", "2027-03-28"),
    "over New Year": (whole("20261221", "20270103"), "2026-12-21", "2027-01-02"),
    "folded in the middle of a word": (
        "BEGIN:VEVENT\r\nUID:a\r\nDTSTART;VAL\r\n UE=DATE:20261124\r\nX-MICROSOFT-CDO-BUSYS\r\n TATUS:OOF\r\n"
        "END:VEVENT", "2026-11-24", "2026-11-24"),
    "in small letters": ("begin:vevent\r\nuid:a\r\ndtstart;value=date:20261124\r\n"
                         "x-microsoft-cdo-busystatus:oof\r\nend:vevent", "2026-11-24", "2026-11-24"),
    "400 days": (whole("20261124", "20271229"), "2026-11-24", "2027-12-28"),
}  # fmt: skip


@pytest.mark.parametrize(("part", "first", "last"), WHOLE.values(), ids=WHOLE.keys())
def test_whole_days_out_are_proposed(part: str, first: str, last: str) -> None:
    assert days(part) == [(first, last)]


LEFT_OUT = {
    "a meeting": (timed(":20261124T090000", ":20261124T100000"), LeftOut.PART_OF_DAY),
    "an hour short of a day": (timed(":20261124T090000", ":20261124T160000"), LeftOut.PART_OF_DAY),
    "two halves of days": (timed(":20261124T120000", ":20261125T120000"), LeftOut.PART_OF_DAY),
    "a moment": (event("DTSTART:20261124T090000", OOF), LeftOut.PART_OF_DAY),
    "every week": (whole("20261124", None, "RRULE:FREQ=WEEKLY", OOF), LeftOut.RECURRING),
    "on certain dates": (whole("20261124", None, "RDATE;VALUE=DATE:20261201", OOF), LeftOut.RECURRING),
    "busy, says Outlook": (whole("20261124", None, "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"), LeftOut.IN),
    "free, says Outlook": (
        whole("20261124", None, "X-MICROSOFT-CDO-BUSYSTATUS:FREE", "TRANSP:OPAQUE"), LeftOut.IN),
    "free, says Google": (whole("20261124", None, "TRANSP:TRANSPARENT"), LeftOut.IN),
    "called off": (whole("20261124", None, "STATUS:CANCELLED", OOF), LeftOut.CALLED_OFF),
    "yesterday": (whole("20261120", "20261123"), LeftOut.OVER),
    "401 days": (whole("20261124", "20271230"), LeftOut.TOO_LONG),
    "without a name": (event("DTSTART;VALUE=DATE:20261124", OOF, uid=None), LeftOut.UNREADABLE),
    "without a beginning": (event(OOF), LeftOut.UNREADABLE),
    "with a beginning that is none": (event("DTSTART:i morgen", OOF), LeftOut.UNREADABLE),
    "ending before it begins": (whole("20261128", "20261124"), LeftOut.UNREADABLE),
    "lasting less than nothing": (whole("20261128", None, "DURATION:-P3D", OOF), LeftOut.UNREADABLE),
    "a day that ends at a time": (
        event("DTSTART;VALUE=DATE:20261124", "DTEND:20261125T100000", OOF), LeftOut.UNREADABLE),
    "a time that ends on a day": (
        event("DTSTART:20261124T100000", "DTEND;VALUE=DATE:20261125", OOF), LeftOut.UNREADABLE),
    "in the year 9999": (whole("99991230", "99991231"), LeftOut.UNREADABLE),
    "in the year 1": (timed(":00010101T000000", ":00010103T000000"), LeftOut.UNREADABLE),
}  # fmt: skip


@pytest.mark.parametrize(("part", "why"), LEFT_OUT.values(), ids=LEFT_OUT.keys())
def test_everything_else_is_left_out_and_counted(part: str, why: LeftOut) -> None:
    assert left_out(part) == {why: 1}


def test_others_say_that_one_is_out_by_not_being_free() -> None:
    assert (
        len(days(whole("20261124", None, "TRANSP:OPAQUE"), whole("20261130", None, "CLASS:PRIVATE", uid="b")))
        == 2
    )


def test_what_stands_beside_the_events_is_of_no_matter() -> None:
    task = "BEGIN:VTODO\r\nUID:t\r\nDTSTART;VALUE=DATE:20261201\r\nEND:VTODO"
    alarmed = event(
        "DTSTART;VALUE=DATE:20261124", OOF, "BEGIN:VALARM", "TRIGGER:-PT15M", "DURATION:PT5M", "END:VALARM"
    )
    assert days(task, alarmed, "X-WR-CALNAME:Min kalender") == [("2026-11-24", "2026-11-24")]


def test_hours_of_the_house_decide_what_a_whole_day_is() -> None:
    late = Hours(time(10), time(18), HOURS.zone)
    part = timed(":20261124T100000", ":20261124T180000")
    assert len(read(calendar(part), late, TODAY).proposed) == 1
    assert left_out(part) == {LeftOut.PART_OF_DAY: 1}


def test_the_day_begins_in_the_municipality_wherever_that_is() -> None:
    nuuk = Hours(time(8), time(16), ZoneInfo("America/Nuuk"))
    (found,) = read(calendar(timed(":20261123T020000Z", ":20261124T020000Z")), nuuk, TODAY).proposed
    assert found.days.first_day == found.days.last_day == date(2026, 11, 23)


# --- Known again ----------------------------------------------------------------------------------


def test_an_event_is_known_again_and_an_instance_of_a_series_apart() -> None:
    parts = [
        whole("20261124", None, OOF),
        whole("20261201", None, "RECURRENCE-ID;VALUE=DATE:20261201", OOF),
        whole("20261208", None, "RECURRENCE-ID;VALUE=DATE:20261208", OOF),
    ]
    first, again = reading(*parts), reading(*reversed(parts))
    keys = [each.days.key for each in first.proposed]
    assert len(set(keys)) == 3
    assert keys == [each.days.key for each in again.proposed]
    moved = reading(whole("20261216", None, "RECURRENCE-ID;VALUE=DATE:20261208", OOF))
    assert moved.proposed[0].days.key == keys[2]


def test_the_key_tells_nothing_and_is_never_taken_for_a_cpr_number() -> None:
    for number in range(50):
        (found,) = reading(whole("20261124", uid=f"070761-{number:04} ferie hos lægen")).proposed
        assert found.days.key.isalpha()
        assert len(found.days.key) == 64
        assert not has_cpr(found.days.key)


@pytest.mark.parametrize("order", [1, -1])
def test_an_event_that_stands_twice_counts_as_it_was_written_last(order: int) -> None:
    parts = [whole("20261124", None, "SEQUENCE:1", OOF), whole("20261125", None, "SEQUENCE:2", OOF)]
    assert days(*parts[::order]) == [("2026-11-25", "2026-11-25")]


def test_the_title_is_for_showing_and_cut_to_what_can_be_shown() -> None:
    long = "Ferie\u202e på\\, Læsø\\nmed alle " + "x" * 200
    (found,) = reading(whole("20261124", None, f"SUMMARY;LANGUAGE=da:{long}", OOF)).proposed
    assert found.title.startswith("Ferie på, Læsømed alle xxx")
    assert len(found.title) == 80
    assert "Ferie" not in repr(found.days)
