"""CVR numbers and P-numbers: read what people and spreadsheets write, refuse what cannot be one."""

from __future__ import annotations

import re
import unicodedata

from stdnum.dk import cvr as register

from crm.errors import Refused

_LABEL = re.compile(r"^\W*(?:dk|cvr|se|p)?\W*(?:nr|nummer)?[\W_]*(?=\d)", re.IGNORECASE)
_SPREADSHEET_TAIL = re.compile(r"(?<=\d{8})[.,]0+$")
_BETWEEN = re.compile(r"[\s.\-‐-―/\u00ad\u200b-\u200f\u2060\ufeff]")

# The register has given out its numbers from 10 million upwards and has only reached the forties.
# These are the first seven digits.
_DEMO_START = 9_000_000


def cvr(value: str | int, field: str = "cvr") -> str:
    """The eight digits of a CVR number, however it was written. Raises Refused when it cannot be one.

    The check is the register's: weights 2 7 6 5 4 3 2 1, a sum divisible by 11, no leading zero.
    """
    digits = _digits(value)
    if re.fullmatch(r"[0-9]{8}", digits) is None:
        raise Refused(field, "Et CVR-nummer har otte cifre.")
    if not register.is_valid(digits):
        raise Refused(field, "Det er ikke et gyldigt CVR-nummer. Er der en tastefejl?")
    return digits


def is_cvr(value: str | int) -> bool:
    """Whether this can be a CVR number."""
    try:
        cvr(value)
    except Refused:
        return False
    return True


def p_number(value: str | int, field: str = "p_number") -> str:
    """The ten digits of a P-number. Raises Refused when it cannot be one.

    Nothing is known about a check digit: newer numbers seem to have one, the oldest fail it.
    """
    digits = _digits(value)
    if re.fullmatch(r"1[0-9]{9}", digits) is None:
        raise Refused(field, "Et P-nummer har ti cifre og begynder med 1.")
    return digits


def demo_cvr(n: int) -> str:
    """The n-th made-up CVR number, 0 <= n < 900,000. It passes the check; no company has it yet."""
    if not 0 <= n < 900_000:
        raise ValueError("There are 900,000 demo numbers, counted from 0.")
    # Of ten neighbours at least nine have a check digit, so nine can be counted on without a search.
    tens, place = divmod(n, 9)
    neighbours = range(_DEMO_START + 10 * tens, _DEMO_START + 10 * tens + 10)
    valid = [f"{stem}{check}" for stem in neighbours if (check := -register.checksum(str(stem)) % 11) < 10]
    return valid[place]


def _digits(value: str | int) -> str:
    """What is left without labels, separators and the ".0" that spreadsheets add."""
    written = unicodedata.normalize("NFKC", str(value)).strip()
    return _BETWEEN.sub("", _SPREADSHEET_TAIL.sub("", _LABEL.sub("", written)))
