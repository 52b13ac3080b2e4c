"""Danish words, numbers, days and times."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import danish
from crm.errors import Refused

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
# A Monday.
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 16, 0, tzinfo=COPENHAGEN)


@pytest.mark.parametrize(
    "name",
    [
        "Søndergård",
        "Soendergaard",
        "sondergard",
        "SØNDERGÅRD",
        "So\u0308ndergaard",
        "Søndergaard",
        "  søndergård! ",
    ],
)
def test_one_name_however_it_is_spelt(name: str) -> None:
    assert danish.fold(name) == "sondergard"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ærø", "aero"), ("Aeroe", "aero"), ("Café Müller & Söhne", "cafe muller sohne"),
        ("Bäckerei", "baeckerei"), ("3450 Allerød, M.D. Madsensvej", "3450 allerod m d madsensvej"),
        ("Straße", "strasse"), ("Årh\u200bus", "arh us"), ("***", ""), ("", ""),
    ],
)  # fmt: skip
def test_folding_leaves_letters_digits_and_single_blanks(text: str, folded: str) -> None:
    assert danish.fold(text) == folded
    assert danish.words(text) == folded.split()


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    once = danish.fold(text)
    assert danish.fold(once) == once


@given(st.text("aåøæoeäöüé AÅØÆOE&/.-1"))
def test_folding_danish_leaves_plain_letters(text: str) -> None:
    folded = danish.fold(text)
    assert folded.isascii()
    assert folded == folded.lower().strip()
    assert "aa" not in folded
    assert "oe" not in folded


@pytest.mark.parametrize(
    "name",
    [
        "Fisk & Frø ApS", "FISK OG FRØ A/S", "Fisk & Frø I/S", "fisk&frø ivs", "Fisk og Frø P/S",
        "Fisk & Frø K/S",
        "Fisk & Frø A.m.b.a.", "Fisk & Frø AMBA", "ApS Fisk og Frø", "Fisk & Frø A / S", "Fisk & Frø, a/s",
        "Fisk & Frø AS", "Fisk & Frø (ApS)",
    ],
)  # fmt: skip
def test_the_legal_form_is_no_part_of_a_name(name: str) -> None:
    assert danish.fold_company(name) == "fisk og fro"


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Bageren v/Hans Jensen", "bageren hans jensen"),
        ("Bageren v/ Hans Jensen", "bageren hans jensen"), ("A/S", "a s"), ("ApS", "aps"),
        ("Kapsel", "kapsel"), ("Is og Snaps", "is og snaps"), ("Glas As Gade", "glas as gade"),
        ("Havs/Sand", "havs sand"),
    ],
)  # fmt: skip
def test_what_only_resembles_a_legal_form_stays(name: str, folded: str) -> None:
    assert danish.fold_company(name) == folded


@given(st.text("aApPsSmMbBvikK/. &ø", max_size=20))
def test_no_name_is_emptied(name: str) -> None:
    assert danish.fold_company(name) or not danish.fold(name)


def test_names_sort_as_in_a_danish_register() -> None:
    in_order = [
        "3 Falke", "Abel", "A/S Ager", "Bager", "Bager Zoo", "Bageri", "Ben", "café", "Caféen",
        "Müller", "Myre",
        "Zoo", "Æble", "Ørsted", "Åben", "Aabenraa", "Åby",
    ]  # fmt: skip
    assert sorted(sorted(in_order, key=len), key=danish.sort_key) == in_order


@given(st.text())
def test_a_sort_key_is_printable_ascii(text: str) -> None:
    key = danish.sort_key(text)
    assert key.isascii()
    assert key.isprintable()
    assert key == danish.sort_key(text.upper()) or not text.isascii()


@given(st.text("bcdefgæøå ", max_size=12), st.text("bcdefgæøå ", max_size=12))
def test_the_beginning_of_a_name_is_the_beginning_of_its_key(start: str, rest: str) -> None:
    assert danish.sort_key(start + rest).startswith(danish.sort_key(start))


def test_numbers_have_a_dot_for_each_thousand() -> None:
    assert [danish.number(n) for n in (0, 999, 1300, 1_234_567, -1300)] == [
        "0",
        "999",
        "1.300",
        "1.234.567",
        "-1.300",
    ]
    assert [danish.count(n, "virksomhed", "virksomheder") for n in (0, 1, 1300)] == [
        "0 virksomheder",
        "1 virksomhed",
        "1.300 virksomheder",
    ]


def test_days_are_written_out() -> None:
    assert danish.long_date(TODAY) == "23. november 2026"
    assert danish.long_day(TODAY) == "mandag 23. november"


@pytest.mark.parametrize(
    ("day", "spoken"),
    [
        (date(2026, 11, 23), "i dag"),
        (date(2026, 11, 22), "i går"),
        (date(2026, 11, 24), "i morgen"),
        (date(2026, 11, 27), "på fredag"),
        (date(2026, 11, 29), "på søndag"),
        (date(2026, 11, 30), "30. nov."),
        (date(2026, 11, 12), "12. nov."),
        (date(2025, 11, 12), "12. nov. 2025"),
        (date(2027, 5, 3), "3. maj 2027"),
    ],
)
def test_a_day_is_spoken_as_seen_from_today(day: date, spoken: str) -> None:
    assert danish.spoken_day(day, TODAY) == spoken


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "1 kB"),
        (1024, "1 kB"),
        (1500, "2 kB"),
        (1.2e6, "1,1 MB"),
        (1024**2, "1 MB"),
        (5e9, "4,7 GB"),
        (3e16, "27284,8 TB"),
    ],
)
def test_a_size_is_said_as_people_say_it(number: float, said: str) -> None:
    assert danish.size(number) == said


def test_a_time_of_day_is_written_with_a_dot() -> None:
    assert [danish.clock(minutes) for minutes in (0, 540, 815)] == ["0.00", "9.00", "13.35"]


@pytest.mark.parametrize(
    ("moment", "spoken"),
    [
        (datetime(2026, 11, 23, 14, 30, tzinfo=UTC), "i dag 15.30"),
        (datetime(2026, 11, 22, 13, 10, tzinfo=UTC), "i går 14.10"),
        (datetime(2026, 11, 22, 23, 5, tzinfo=UTC), "i dag 0.05"),
        (datetime(2026, 11, 12, 8, 5, tzinfo=UTC), "12. nov. 9.05"),
        (datetime(2026, 7, 1, 8, 5, tzinfo=UTC), "1. juli 10.05"),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "1. jan. 0.30"),
    ],
)
def test_a_time_is_spoken_in_the_zone_of_the_reader(moment: datetime, spoken: str) -> None:
    assert danish.spoken_time(moment, NOW, COPENHAGEN) == spoken


@pytest.mark.parametrize(
    ("past", "spoken"),
    [
        (timedelta(seconds=20), "lige nu"), (timedelta(minutes=3), "for 3 min. siden"),
        (timedelta(minutes=60), "for 1 time siden"), (timedelta(hours=15), "for 15 timer siden"),
        (timedelta(hours=17), "i går"), (timedelta(days=3), "for 3 dage siden"),
        (timedelta(days=8), "for 1 uge siden"), (timedelta(days=21), "for 3 uger siden"),
        (timedelta(days=90), "for 3 måneder siden"), (timedelta(days=364), "for 12 måneder siden"),
        (timedelta(days=800), "for 2 år siden"), (timedelta(seconds=-20), "lige nu"),
        (timedelta(days=-4), "på fredag"),
    ],
)  # fmt: skip
def test_how_long_ago(past: timedelta, spoken: str) -> None:
    assert danish.ago(NOW - past, NOW, COPENHAGEN) == spoken


def test_minutes_are_counted_across_the_change_of_clocks() -> None:
    now = datetime(2026, 3, 29, 3, 10, tzinfo=COPENHAGEN)
    assert danish.ago(datetime(2026, 3, 29, 1, 50, tzinfo=COPENHAGEN), now, COPENHAGEN) == "for 20 min. siden"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25", "25-11-2026", "25/11/2026", "25.11.2026", "25.11.26", "25/11-26", "25 11 2026",
        "25.11", "25/11",
        "25.11.", "25112026", "251126", "25. nov", "25. nov.", "25 nov 26", "25. november",
        "25. November 2026",
        "d. 25. november 2026", "den 25/11", "onsdag", "på onsdag", "ons", "ons.", "+2", "overmorgen",
        "i overmorgen",
        " 25 - 11 - 2026 ", "２５-１１-２０２６",
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert danish.parse_day(text, TODAY) == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("i dag", TODAY), ("I går", date(2026, 11, 22)), ("i morgen", date(2026, 11, 24)),
        ("mandag", date(2026, 11, 30)), ("søndag", date(2026, 11, 29)), ("+7", date(2026, 11, 30)),
        ("-1", date(2026, 11, 22)), ("5.1", date(2027, 1, 5)), ("1.6.47", date(1947, 6, 1)),
        ("1.6.46", date(2046, 6, 1)), ("29.2.2028", date(2028, 2, 29)),
    ],
)  # fmt: skip
def test_a_day_is_read_as_seen_from_today(text: str, day: date) -> None:
    assert danish.parse_day(text, TODAY) == day


@pytest.mark.parametrize(
    "text",
    ["", "snart", "31.11.2026", "29.2.2027", "29.2", "32/1", "13/13", "0.1", "2026-13-01", "1-1-0001",
     "25. nomvember", "ma", "+99999",
     "25-11-2026 x", "1.1.3000", "25 de 26"],
)  # fmt: skip
def test_what_is_no_day_is_refused_beside_its_field(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        danish.parse_day(text, TODAY, "due")
    assert refusal.value.field == "due"
    assert refusal.value.message == "Skriv datoen som 23-11-2026."


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)))
def test_what_we_write_we_can_read(day: date) -> None:
    for text in (f"{day:%d-%m-%Y}", day.isoformat(), danish.long_date(day), f"{day:%d%m%Y}"):
        assert danish.parse_day(text, TODAY) == day


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_a_spoken_day_reads_back(day: date, today: date) -> None:
    spoken = danish.spoken_day(day, today)
    read = danish.parse_day(spoken, today)
    # Without its year a day is the nearest one, and that can lie in another year.
    assert read == day or abs(read - today) <= abs(day - today)


@pytest.mark.parametrize(
    "text", ["9.30", "09.30", "9:30", "0930", "930", "kl. 9.30", "9,30", "09:30:00", "Klokken 9.30"]
)
def test_a_moment_is_read_in_the_zone_and_kept_in_utc(text: str) -> None:
    moment = danish.parse_moment("23-11-2026", text, NOW, COPENHAGEN, "happened_at")
    assert moment == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert moment.utcoffset() == timedelta(0)


def test_a_moment_knows_summer_time() -> None:
    assert danish.parse_moment("1.7.2026", "9", NOW, COPENHAGEN, "at") == datetime(
        2026, 7, 1, 7, 0, tzinfo=UTC
    )


def test_no_day_is_today_and_no_time_is_now() -> None:
    assert danish.parse_moment("", "9.30", NOW, COPENHAGEN, "at") == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert danish.parse_moment("", "", NOW, COPENHAGEN, "at") == NOW
    assert danish.parse_moment("i dag", " ", NOW, COPENHAGEN, "at") == NOW


@pytest.mark.parametrize("text", ["24.00", "9.60", "nu", "99", "9.3", "12345", "9-30x"])
def test_what_is_no_clock_time_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        danish.parse_moment("i dag", text, NOW, COPENHAGEN, "at")
    assert refusal.value.field == "at"
    assert refusal.value.message == "Skriv klokkeslættet som 9.30."


def test_another_day_needs_its_time() -> None:
    with pytest.raises(Refused, match="klokkeslættet"):
        danish.parse_moment("i går", "", NOW, COPENHAGEN, "at")


def test_the_hour_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(Refused, match=r"Klokken 2\.30 findes ikke"):
        danish.parse_moment("29-03-2026", "2.30", NOW, COPENHAGEN, "at")


def test_the_hour_that_comes_twice_is_the_first() -> None:
    moment = danish.parse_moment("25-10-2026", "2.30", NOW, COPENHAGEN, "at")
    assert moment == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(st.lists(st.integers(0, 24 * 60 - 1), min_size=2, max_size=9, unique=True))
def test_later_clock_times_are_later_moments(minutes: list[int]) -> None:
    clocks = [f"{at // 60}.{at % 60:02}" for at in sorted(minutes)]
    moments = [danish.parse_moment("i dag", clock, NOW, COPENHAGEN, "at") for clock in clocks]
    assert all(earlier < later for earlier, later in pairwise(moments))
