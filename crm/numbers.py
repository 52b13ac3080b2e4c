"""CVR and P-numbers, however they are written (domain facts, part 1.9)."""

from __future__ import annotations

import re

from crm.errors import Refused

WEIGHTS = (2, 7, 6, 5, 4, 3, 2, 1)
CVR_SENTENCE = "Et CVR-nummer har otte cifre. Tjek om du har fået dem alle med."
CHECK_SENTENCE = "CVR-nummeret passer ikke: et af cifrene er forkert."
P_SENTENCE = "Et P-nummer har ti cifre og begynder med 10."


def _digits(value: str | int) -> str:
    text = str(value).strip()
    # Spreadsheets hand over 12345674.0, people write "DK 12 34 56 74".
    text = re.sub(r"\.0+$", "", text)
    text = re.sub(r"^(?:DK|CVR(?:-?(?:nr\.?|nummer))?:?)[\s.\-]*", "", text, flags=re.IGNORECASE)
    return re.sub(r"[\s.\-]", "", text)


def _checks(digits: str) -> bool:
    return sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True)) % 11 == 0


def cvr(value: str | int, field: str = "cvr") -> str:
    """A CVR number as eight digits. Refuses any other length and a wrong check digit."""
    digits = _digits(value)
    if not re.fullmatch(r"[0-9]{8}", digits) or digits.startswith("0"):
        raise Refused(field, CVR_SENTENCE)
    if not _checks(digits):
        raise Refused(field, CHECK_SENTENCE)
    return digits


def is_cvr(value: str | int) -> bool:
    """Whether this is a CVR number."""
    try:
        cvr(value)
    except Refused:
        return False
    return True


def p_number(value: str | int, field: str = "p_number") -> str:
    """A P-number as ten digits. Never judged by a check digit: old ones have none."""
    digits = _digits(value)
    if not re.fullmatch(r"10[0-9]{8}", digits):
        raise Refused(field, P_SENTENCE)
    return digits


_invented: list[str] = []


def demo_cvr(n: int) -> str:
    """The n-th invented CVR number that passes its check digit, from the top of the range downwards.

    The register has handed out numbers from the bottom; those near 99999999 are not in use.
    """
    prefix = int(_invented[-1][:7]) - 1 if _invented else 9999999
    while len(_invented) <= n:
        rest = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, str(prefix), strict=False)) % 11
        # A rest of one would need a check digit of ten: such numbers do not exist.
        if rest != 1:
            _invented.append(f"{prefix}{(11 - rest) % 11}")
        prefix -= 1
    return _invented[n]
