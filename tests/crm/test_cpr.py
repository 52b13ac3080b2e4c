"""CPR numbers are found however they are hidden, and what only resembles them is left alone.

No number here belongs to anyone living: they are births of 1858-62 and 2037-57, or the example that the
register's own guide to the check digit uses.
"""

import random
import time
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crm import cpr
from crm.cpr import Verdict

EXAMPLE = "0707614285"
# Born 12 March 2041.
UNBORN = "1203416233"
WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def passes(digits: str) -> bool:
    return sum(w * int(d) for w, d in zip(WEIGHTS, digits, strict=True)) % 11 == 0


def verdicts(text: str) -> list[Verdict]:
    return [hit.verdict for hit in cpr.find(text)]


@st.composite
def issued(draw: st.DrawFn) -> str:
    """A number that passes the check, of someone born from 2037 to 2057."""
    born = draw(st.dates(date(2037, 1, 1), date(2057, 12, 31)))
    serial = draw(st.integers(5000, 8999))
    return next(
        number for n in range(serial, serial + 1000) if passes(number := f"{born:%d%m%y}{5000 + n % 4000}")
    )


FORMS = [
    "{0}{1}", "{0}-{1}", "{0} {1}", "{0}.{1}", "{0}/{1}", "{0} - {1}", "{0}\n{1}", "{0}\r\n{1}", "{0}–{1}",
    "{0}—{1}", "{0}\u2212{1}", "{0}\u2011{1}", "{0}\u00a0{1}", "{0}\u202f{1}", "{0}\t{1}", "{0}_{1}",
    "{0}:{1}", "{0}\u200b{1}", "{0}\u00ad-{1}", "{0}&#45;{1}", "{0}&nbsp;{1}", "{0}&ndash;{1}",
    "{0}%2D{1}", "{0}%20{1}",
    "<b>{0}</b>-{1}", "**{0}**-{1}", "CPR{0}-{1}", "CPR:{0} {1}", "({0}-{1})", "id={0}{1}&x=1", "<{0}-{1}>",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("digits", [EXAMPLE, UNBORN])
def test_a_number_is_blocked_in_every_written_form(form: str, digits: str) -> None:
    assert verdicts(form.format(digits[:6], digits[6:])) == [Verdict.BLOCK]


@pytest.mark.parametrize(
    "text",
    [
        "07.07.61-4285",
        "07/07/61 4285",
        "07-07-61-4285",
        "07 07 61 4285",
        "0707 61 4285",
        "07 07 61 42 85",
        "0 7 0 7 6 1 4 2 8 5",
        "0-7-0-7-6-1-4-2-8-5",
        "０７０７６１－４２８５",
        "٠٧٠٧٦١-٤٢٨٥",
        "⓪⑦⓪⑦⑥①-④②⑧⑤",
        "0️⃣7️⃣0️⃣7️⃣6️⃣1️⃣4️⃣2️⃣8️⃣5️⃣",
        "𝟎𝟕𝟎𝟕𝟔𝟏𝟒𝟐𝟖𝟓",
        "&#48;7&#48;761-4285",
        "\u202e070761-4285\u202c",
        "0\u200d7\u200b0\u20607\ufeff6\u200c14285",
    ],
)
def test_a_number_cannot_hide_in_groups_alphabets_or_invisible_signs(text: str) -> None:
    assert verdicts(text) == [Verdict.BLOCK]


@given(
    issued(),
    st.text(st.characters(blacklist_categories=("Nd", "No", "Nl")), max_size=30),
    st.text("abc ,æ", max_size=9),
)
def test_a_number_is_found_in_any_text(digits: str, before: str, after: str) -> None:
    assume("p" not in before.casefold() and "+" not in before and "<" not in before)
    assert cpr.has_cpr(f"{before} {digits[:6]}-{digits[6:]}{after}")


@given(issued(), issued())
def test_every_number_of_a_text_is_found(one: str, other: str) -> None:
    assert verdicts(f"{one[:6]}-{one[6:]} {other}") == [Verdict.BLOCK, Verdict.BLOCK]


@pytest.mark.parametrize("text", ["010190-1234", "0101901234", "01.01.85 1239", "010142-9999"])
def test_numbers_of_the_first_of_january_need_no_check_digit(text: str) -> None:
    assert verdicts(text) == [Verdict.BLOCK]


def test_a_replacement_number_has_sixty_added_to_its_day() -> None:
    assert verdicts("720341-6234") == [Verdict.BLOCK]
    assert verdicts("CPR 7203416234") == [Verdict.BLOCK]
    assert verdicts("7203416234") == []
    assert verdicts("920341-6234") == []


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("070761-4286", Verdict.WARN),
        ("cpr.nr. 070761-4286", Verdict.BLOCK),
        ("Personnummer 0707614286", Verdict.BLOCK),
        ("fakturanr. 0707614285", Verdict.WARN),
        ("faktura 070761-4285", Verdict.BLOCK),
    ],
)
def test_the_words_before_decide_when_the_digits_do_not(text: str, verdict: Verdict) -> None:
    assert verdicts(text) == [verdict]


@pytest.mark.parametrize("text", ["290241-6000", "310441-6000", "001241-6000", "121341-6000", "290200-1000"])
def test_ten_digits_without_a_birthday_are_no_cpr_number(text: str) -> None:
    assert cpr.find(text) == []


def test_the_century_comes_from_the_seventh_digit() -> None:
    # 29 February: 1900 had none, 2000 had one, and so had 1860.
    assert cpr.find("290200-1000") == []
    assert cpr.find("290200-4000") != []
    assert cpr.find("290260-5000") != []


LABELS = [
    "P-nr. ", "P-nummer: ", "p nr ", "pnr ", "P.nr.: ", "P-enhed ", "P-enheder: ", "Produktionsenhed nr. ",
    "P-numre: 1003000000, 1003000001 og ", "(P-nummer ", "P-enhed 2: ", "P-enhedsnummer er ",
]  # fmt: skip


def test_ten_thousand_p_numbers_are_left_alone() -> None:
    dice = random.Random(1)
    for n in range(10_000):
        number = str(dice.randrange(1_001_000_000, 1_013_000_000))
        text = f"{LABELS[n % len(LABELS)]}{number}, Nygade"
        assert cpr.find(text) == [], text


def test_the_word_p_number_hides_no_birthday() -> None:
    assert cpr.has_cpr("P-nr. 070761-4285")
    assert cpr.has_cpr("P-nr. 0707614285")
    assert cpr.has_cpr("P-nr. 101041-6015")


def test_a_p_number_without_its_word_is_taken_for_a_cpr_number() -> None:
    assert cpr.has_cpr("Afdelingen hedder 1008561504")


@pytest.mark.parametrize(
    "text",
    [
        "48100100 20123456",
        "48 10 01 00 20 12 34 56",
        "48 10 01 00 / 20 12 34 56",
        "+45 48 10 01 00",
        "+4548100100",
        "0045 4810 0100",
        "45 48100100",
        "CVR 12117434 25 ansatte",
        "CVR: 12 11 74 34 25 ansatte",
        "DK12345674",
        "24-11-2026 1430",
        "2026-11-24 14:30",
        "2026-11-24T14:30:00.123456Z",
        "den 24. november 2026 kl. 14.30-15.30",
        "DDMMYY-XXXX",
        "070761-XXXX",
        "070761-****",
        "DK50 0040 0440 1162 43",
        "DK5000400440116243",
        "EAN 5790000123456",
        "978-87-1203-851-2",
        "070761-42851",
        "1070761-4285",
        "120\n341\n6233",
        "Budget 1.203.416,00 kr. for 120 m²",
        "",
    ],
)
def test_what_only_resembles_a_cpr_number_is_left_alone(text: str) -> None:
    assert cpr.find(text) == []


def test_a_day_and_a_clock_time_never_block() -> None:
    day = date(2020, 1, 1)
    while day < date(2037, 1, 1):
        for clock in ("0800", "0930", "1430", "1545", "2359"):
            assert not cpr.has_cpr(f"vagt {day:%d%m%y}-{clock}")
            assert not cpr.has_cpr(f"møde {day:%d-%m-%y} {clock}")
            assert not cpr.has_cpr(f"{day:%d-%m-%Y} {clock}")
            assert not cpr.has_cpr(f"{day:%d-%m-%Y} {clock[:2]} deltagere")
            assert not cpr.has_cpr(f"{day:%d.%m.%y} {clock[:2]}.{clock[2:]}")
        day += timedelta(days=17)


def test_two_phone_numbers_side_by_side_never_block() -> None:
    dice = random.Random(2)
    for _ in range(5_000):
        one, other = (str(dice.randrange(20_000_000, 99_999_999)) for _ in "ab")
        assert cpr.find(f"{one} {other}") == []
        assert cpr.find(f"{one}/{other}") == []


def test_a_hit_says_where_the_number_stands_in_the_original() -> None:
    text = "Søren 07\u200b07&#54;1–4285 ringede"
    (hit,) = cpr.find(text)
    assert text[hit.start : hit.end] == "07\u200b07&#54;1–4285"
    assert "0707" not in repr(hit)


def test_mask_keeps_everything_but_the_digits() -> None:
    assert cpr.mask("Ring om 070761-4285, tlf. 48 10 01 00.") == "Ring om ••••••-••••, tlf. 48 10 01 00."


@given(
    st.lists(
        st.sampled_from(["0707614285", "0707", "61", "4285", "1", "12", "-", " ", ".", "\n", "a", "P-nr. "]),
        max_size=30,
    )
)
def test_mask_leaves_nothing_to_find(parts: list[str]) -> None:
    masked = cpr.mask("".join(parts))
    assert cpr.find(masked) == []
    assert cpr.mask(masked) == masked


@given(st.text(st.sampled_from("0123456789 -./&#%2D<b>æ\u200b①²\n"), max_size=80))
def test_hits_are_ordered_and_never_overlap(text: str) -> None:
    hits = cpr.find(text)
    assert all(hit.start < hit.end <= len(text) for hit in hits)
    assert all(a.end <= b.start for a, b in pairwise(hits))


@pytest.mark.parametrize(
    "part",
    ["1 ", "p-nr 1008561504 ", "p-" * 30 + " 1008561504 ", "&#", "<a", "12-", "tlf" * 20 + "1203416233 "],
)
def test_no_text_makes_the_search_slow(part: str) -> None:
    start = time.process_time()
    cpr.find(part * (40_000 // len(part)))
    assert time.process_time() - start < 5
