"""A phone number is one number, however people and switchboards write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import phones

WRITTEN = [
    "48100100", "48 10 01 00", "4810 0100", "48-10-01-00", "48.10.01.00",
    "4 8 1 0 0 1 0 0", "+45 48 10 01 00", "+4548100100", "0045 48100100", "004548100100",
    "(+45) 48100100", "(0045)48 10 01 00", "45 48100100", "4548100100", "+45 (0) 48100100",
    "48100100 lok. 123", "48100100 lok 123", "48100100 lokal 12", "48100100 x123",
    "48100100/20123456", "48 10 01 00 / 20 12 34 56", "48100100; 20123456",
    "48100100 eller 20123456", "Tlf.: 48 10 01 00", "tel:+4548100100",
    "sip:+4548100100@example.org", "48100100 (mobil)", "48 10 01 00 Hans", "４８１００１００",
    "48\u00a010\u00a001\u00a000", "\u202a+4548100100\u202c", "/48100100",
]  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_one_number_in_every_written_form(written: str) -> None:
    assert phones.normalize(written) == "+4548100100"
    assert phones.display(written) == "48 10 01 00"
    assert phones.href(written) == "tel:+4548100100"
    assert phones.search_key(written) == "48100100"


@pytest.mark.parametrize(
    "written", ["", "112", "114", "1813", "1881", "00000000", "12345678", "ukendt", "Nygade 2", "+", "("]
)
def test_what_is_no_number_stays_as_it_was_written(written: str) -> None:
    assert phones.normalize(written) is None
    assert phones.href(written) is None
    assert phones.display(written) == written


def test_nothing_is_no_number() -> None:
    assert phones.normalize(None) is None


@pytest.mark.parametrize(
    ("written", "e164", "shown", "key"),
    [
        ("+46 8 123 456 78", "+46812345678", "+46 8 123 456 78", "12345678"),
        ("0046 8 123 456 78", "+46812345678", "+46 8 123 456 78", "12345678"),
        ("+299 32 10 00", "+299321000", "+299 32 10 00", "99321000"),
        ("+49 (0) 30 123456", "+4930123456", "+49 30 123456", "30123456"),
    ],
)
def test_foreign_numbers_keep_their_country(written: str, e164: str, shown: str, key: str) -> None:
    assert phones.normalize(written) == e164
    assert phones.display(e164) == shown
    assert phones.search_key(written) == key == phones.search_key(e164)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("12345678", "12345678"),
        ("+45 12345678", "12345678"),
        ("4810010", None),
        ("1813", None),
        ("", None),
        ("anonymous", None),
        ("Bageren 2", None),
        ("Nygade 12, 3450 Allerød", None),
        ("1" * 30, None),
    ],
)
def test_a_search_needs_eight_digits(typed: str, key: str | None) -> None:
    assert phones.search_key(typed) == key


@given(
    st.integers(20_000_000, 99_999_999).map(str),
    st.sampled_from(
        [
            "{}",
            "+45{}",
            "+45 {}",
            "0045{}",
            "0045 {}",
            "(+45) {}",
            "(0045) {}",
            "Tlf. {}",
            "{} lok. 12",
            "{} / 112",
        ]
    ),
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from([" ", "-", ".", "\u00a0"]),
)
def test_every_form_of_a_number_has_the_same_search_key(number: str, form: str, size: int, gap: str) -> None:
    grouped = gap.join(number[at : at + size] for at in range(0, 8, size))
    assert phones.search_key(form.format(grouped)) == number


@given(st.text(max_size=80))
def test_no_text_upsets_the_reader(text: str) -> None:
    e164 = phones.normalize(text)
    assert e164 is None or phones.normalize(e164) == e164
    assert phones.display(text) or not text
    assert (key := phones.search_key(text)) is None or (len(key) == 8 and key.isdecimal())
