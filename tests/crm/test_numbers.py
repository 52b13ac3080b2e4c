"""CVR numbers and P-numbers are read as people write them and refused when they cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import numbers
from crm.errors import Refused


@pytest.mark.parametrize(
    "written",
    [
        "12345674", 12345674, " 12 34 56 74 ", "DK 12 34 56 74", "DK-12345674", "dk12345674", "12345674.0",
        "12345674,00", "CVR-nr. 12345674", "cvr: 12.34.56.74", "１２３４５６７４",
        "12\u00a034\u00a056\u00a074", "1234\u200b5674", "12-34-56-74",
    ],
)  # fmt: skip
def test_a_cvr_number_is_read_however_it_is_written(written: str | int) -> None:
    assert numbers.cvr(written) == "12345674"
    assert numbers.is_cvr(written)


@pytest.mark.parametrize(
    "written", ["", "abc", "1234567", "123456740", "12345678", "99999999", "01234567", 0, -12345674 * 10]
)
def test_what_cannot_be_a_cvr_number_is_refused_beside_its_field(written: str | int) -> None:
    assert not numbers.is_cvr(written)
    with pytest.raises(Refused) as refusal:
        numbers.cvr(written, "company")
    assert refusal.value.field == "company"
    assert "CVR-nummer" in refusal.value.message


@given(st.integers(10_000_000, 99_999_999), st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number: int, place: int, more: int) -> None:
    digits = str(number)
    wrong = digits[:place] + str((int(digits[place]) + more) % 10) + digits[place + 1 :]
    assert not (numbers.is_cvr(digits) and numbers.is_cvr(wrong))


@pytest.mark.parametrize(
    "written",
    ["1008561504", 1008561504, "1008561504.0", "P-nr. 1008 561 504", "p1008561504", "1.008.561.504"],
)
def test_a_p_number_is_read_however_it_is_written(written: str | int) -> None:
    assert numbers.p_number(written) == "1008561504"


@pytest.mark.parametrize("written", ["", "2008561504", "100856150", "10085615040", "12345674"])
def test_what_cannot_be_a_p_number_is_refused(written: str) -> None:
    with pytest.raises(Refused) as refusal:
        numbers.p_number(written)
    assert refusal.value.field == "p_number"


def test_no_p_number_is_refused_for_a_check_digit() -> None:
    assert [numbers.p_number(1_003_000_000 + n) for n in range(20)]


def test_demo_numbers_are_valid_distinct_and_the_same_every_time() -> None:
    made = [numbers.demo_cvr(n) for n in range(20_000)]
    assert len(set(made)) == len(made)
    assert all(numbers.cvr(number) == number for number in made[::7])
    assert made[:3] == ["90000004", "90000012", "90000020"]


@given(st.integers(0, 899_999), st.integers(0, 899_999))
def test_demo_numbers_are_in_an_order(n: int, other: int) -> None:
    assert (numbers.demo_cvr(n) < numbers.demo_cvr(other)) == (n < other)


@pytest.mark.parametrize("n", [-1, 900_000])
def test_demo_numbers_end(n: int) -> None:
    with pytest.raises(ValueError, match="900,000"):
        numbers.demo_cvr(n)
