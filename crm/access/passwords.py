"""Which passwords are good enough, and whether one is right (ASVS 6.2, 11.4.2)."""

from __future__ import annotations

import re
import secrets
import unicodedata
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from crm.access.models import User
from crm.errors import Refused

SHORTEST = 12
LONGEST = 1000
_hasher = PasswordHash((Argon2Hasher(),))
# Fewer different signs, or less than this beside what everybody tries first, is no password.
_FEWEST_SIGNS = 5
_LEAST_LETTERS = 4
_LEAST_DIGITS = 9
# What everybody tries first here: the thing itself, the season, the house, and one's own municipality.
_EXPECTED = """
password adgangskode kodeord hemmelig velkommen welcome sunshine princess football iloveyou letmein admin
sommer vinter forår efterår januar februar marts april juni juli august september oktober november
december mandag tirsdag onsdag torsdag fredag lørdag søndag danmark kommune indgang virksomhed service
jobcenter rekruttering konsulent albertslund allerød assens ballerup billund bornholm brøndby brønderslev
dragør egedal esbjerg fanø favrskov faxe fredensborg fredericia frederiksberg frederikshavn frederikssund
furesø faaborg midtfyn gentofte gladsaxe glostrup greve gribskov guldborgsund haderslev halsnæs hedensted
helsingør herlev herning hillerød hjørring holbæk holstebro horsens hvidovre taastrup hørsholm ikast
brande ishøj jammerbugt kalundborg kerteminde kolding københavn køge langeland lejre lemvig lolland
lyngby taarbæk læsø mariagerfjord middelfart morsø norddjurs nordfyn nyborg næstved odder odense
odsherred randers rebild ringkøbing skjern ringsted roskilde rudersdal rødovre samsø silkeborg
skanderborg skive slagelse solrød sorø stevns struer svendborg syddjurs sønderborg thisted tønder tårnby
vallensbæk varde vejen vejle vesthimmerland viborg vordingborg ærø aabenraa aalborg aarhus
"""
_WAYS: tuple[dict[str, str], ...] = (
    {},
    {"æ": "ae", "ø": "oe", "å": "aa"},
    {"æ": "ae", "ø": "o", "å": "a", "aa": "å"},
)
# Walks over the keyboard and the alphabet, there and back.
_ROWS = ("1234567890", "qwertyuiopå", "asdfghjklæø", "zxcvbnm", "abcdefghijklmnopqrstuvwxyzæøå",
         "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p")  # fmt: skip
_WALKS = tuple(walk for row in _ROWS for walk in (row * 2, row[::-1] * 2))
_STEP = 4


def _written(word: str, way: dict[str, str]) -> str:
    for letter, instead in way.items():
        word = word.replace(letter, instead)
    return word


_FIRST_GUESSES = re.compile(
    "|".join(
        sorted({_written(word, way) for word in _EXPECTED.split() for way in _WAYS}, key=len, reverse=True)
    )
)


def hash_password(password: str, field: str = "password") -> str:
    """An argon2id hash. Refuses passwords that are too short, too easy to guess, or absurdly long."""
    if len(password) < SHORTEST:
        raise Refused(field, f"Adgangskoden skal have mindst {SHORTEST} tegn. En sætning er god.")
    if len(password) > LONGEST:
        raise Refused(field, "Adgangskoden er for lang. Der er plads til 1.000 tegn.")
    if _is_easy(password):
        raise Refused(field, "Adgangskoden er for let at gætte. Tag flere ord, gerne en hel sætning.")
    return _hasher.hash(_plain(password))


@cache
def _nobody() -> str:
    """Checked when there is no such user, so that the answer takes as long as for one who exists."""
    return _hasher.hash(secrets.token_urlsafe(16))


def check_password(user: User | None, password: str) -> bool:
    """Whether the password is right. Takes equally long when there is no such user."""
    known = user.password_hash if user is not None and user.is_active else None
    # A longer one cannot have been chosen, and must not be cut until it fits.
    right = _hasher.verify(_plain(password[:LONGEST]), known or _nobody())
    return right and known is not None and len(password) <= LONGEST


def _plain(password: str) -> str:
    """The same bytes whether å came from a Danish keyboard or from a Mac that writes a and a ring."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _is_easy(password: str) -> bool:
    low = unicodedata.normalize("NFC", password).lower()
    left = _without_walks(_FIRST_GUESSES.sub("", low))
    digits = sum(sign.isdigit() for sign in left)
    letters = sum(sign.isalpha() or not sign.isascii() for sign in left)
    return len(set(low)) < _FEWEST_SIGNS or (letters < _LEAST_LETTERS and digits < _LEAST_DIGITS)


def _without_walks(text: str) -> str:
    """What is left when every four or more signs in a row on the keyboard or in the alphabet are gone."""
    kept, at = "", 0
    while at < len(text):
        end = at
        while any(text[at : end + 1] in walk for walk in _WALKS) and end < len(text):
            end += 1
        if end - at < _STEP:
            kept, end = kept + text[at], at + 1
        at = end
    return kept
