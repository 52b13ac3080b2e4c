"""Invented people: first names anyone may have, with family names put together from two halves."""

from __future__ import annotations

from random import Random

WOMEN = (
    "Anette", "Annika", "Bente", "Camilla", "Charlotte", "Dorte", "Ellen", "Fatima", "Gitte", "Hanne", "Helle",
    "Ida", "Inger", "Jette", "Karin", "Katrine", "Kirsten", "Laila", "Lene", "Line", "Lise", "Louise", "Maja",
    "Malene", "Marianne", "Mette", "Nanna", "Pernille", "Pia", "Rikke", "Sanne", "Signe", "Stine", "Susanne",
    "Tanja", "Tina", "Trine", "Ulla", "Vibeke", "Zeynep",
)  # fmt: skip
MEN = (
    "Ahmed", "Allan", "Anders", "Bjarne", "Brian", "Carsten", "Christian", "Claus", "Daniel", "Erik", "Flemming",
    "Frank", "Henrik", "Jakob", "Jan", "Jens", "Jesper", "Johan", "Jonas", "Kasper", "Kenneth", "Kim", "Kurt",
    "Lars", "Martin", "Mads", "Michael", "Mikkel", "Morten", "Niels", "Ole", "Palle", "Per", "Peter", "Rasmus",
    "Simon", "Steen", "Søren", "Thomas", "Torben", "Ulrik",
)  # fmt: skip
FIRST_HALVES = (
    "Aske", "Bak", "Birke", "Bjerre", "Bolt", "Brand", "Bøge", "Dam", "Elle", "Enge", "Fjord", "Gade", "Grøn",
    "Hede", "Hassel", "Hvid", "Høj", "Kær", "Kilde", "Klit", "Linde", "Lund", "Lynge", "Mark", "Mose", "Mølle",
    "Nør", "Ravn", "Rug", "Sand", "Skov", "Sten", "Strand", "Sø", "Sønder", "Tved", "Ulve", "Vad", "Vest", "Øster",
)  # fmt: skip
LAST_HALVES = (
    "bæk", "dahl", "felt", "gren", "holt", "hede", "kjær", "krog", "lev", "løkke", "mark", "næs", "riis",
    "skov", "sted", "strup", "toft", "vang", "ager", "borg",
)  # fmt: skip
TITLES = (
    "Direktør", "Ejer", "Daglig leder", "Driftschef", "HR-konsulent", "HR-chef", "Værkfører", "Kontorchef",
    "Personaleansvarlig", "Afdelingsleder", "Økonomiansvarlig", "Teamleder", "Souschef", "Arbejdsmiljøansvarlig",
)  # fmt: skip
SMALL_TITLES = ("Ejer", "Indehaver", "Direktør", "Daglig leder", "Mester", None)


def name(rng: Random) -> str:
    """A first name and an invented family name."""
    return f"{rng.choice(rng.choice((WOMEN, MEN)))} {family_name(rng)}"


def family_name(rng: Random) -> str:
    """A family name of two halves that differ, such as Kildetoft."""
    first, last = rng.choice(FIRST_HALVES), rng.choice(LAST_HALVES)
    return first + ("gaard" if first.casefold() == last else last)


def title(rng: Random, employees: int) -> str | None:
    """What a person at a company of this size is called."""
    return rng.choice(TITLES if employees >= 10 else SMALL_TITLES)


def landline(n: int) -> str:
    """The n-th telephone number of a place of work, written as Danes write it. Repeats after 50,000."""
    return _pairs(48_150_000 + n * 7919 % 50_000)


def mobile(n: int) -> str:
    """The n-th mobile number. Repeats after 1,000,000."""
    return _pairs(29_000_000 + n * 7919 % 1_000_000)


def _pairs(number: int) -> str:
    digits = str(number)
    return " ".join(digits[at : at + 2] for at in range(0, 8, 2))
