"""Letting a company go on in another: what moves is shown first, and done as it was shown."""

from __future__ import annotations

from tests.town import ANNA, MONA, Town
from tests.web.conftest import SignIn, main


def test_what_moves_is_shown_and_then_done(sign_in: SignIn, town: Town) -> None:
    mona = sign_in(MONA)
    page = f"/virksomheder/{town.bakery}/fortsaet"
    shown = mona.get(f"{page}?into={town.garden}")
    assert "1 åben henvendelse, 1 opfølgning, 1 aftale og 1 kontakt" in main(shown)
    seen = shown.text.partition('name="seen" value="')[2].partition('"')[0]
    done = mona.post(page, {"into": town.garden, "on": "", "seen": seen})
    assert done.headers["location"] == f"/virksomheder/{town.garden}"
    there = main(mona.follow(done))
    assert "Blovstrød Bageri ApS fortsætter her." in there
    assert "er en del af virksomheden fra" in there
    assert "2 bagere" in there
    assert "Fortsætter i Søndergård Planteskole A/S" in main(mona.get(f"/virksomheder/{town.bakery}"))
    assert "Den fortsætter i" in main(mona.get(page))


def test_what_cannot_be_is_said_beside_the_field(sign_in: SignIn, town: Town) -> None:
    mona = sign_in(MONA)
    page = f"/virksomheder/{town.bakery}/fortsaet"
    for typed, sentence in (
        ("12345675", "CVR"),
        (town.bakery, "En virksomhed kan ikke fortsætte i sig selv."),
        ("", "Skriv CVR-nummeret"),
    ):
        assert sentence in main(mona.get(f"{page}?into={typed}&on=i+dag", status=422))
    said = main(mona.post(page, {"into": town.garden, "on": "", "seen": "noget andet"}, status=409))
    assert "Der er sket noget hos virksomheden imens." in said


def test_a_consultant_cannot_do_what_cannot_be_undone(sign_in: SignIn, town: Town) -> None:
    anna = sign_in(ANNA)
    assert "fortsaet" not in anna.get(f"/virksomheder/{town.bakery}/ret").text
    anna.get(f"/virksomheder/{town.bakery}/fortsaet", status=403)
