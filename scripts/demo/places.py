"""Invented streets in real postal districts around Allerød."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

# Postal code, city, municipality and how often; most companies lie in the municipality itself.
DISTRICTS = (
    ("3450", "Allerød", "0201", 62), ("3540", "Lynge", "0201", 22), ("3460", "Birkerød", "0230", 4),
    ("3520", "Farum", "0190", 4), ("3400", "Hillerød", "0219", 4), ("3550", "Slangerup", "0250", 2),
    ("3480", "Fredensborg", "0210", 2),
)  # fmt: skip
_STEMS = (
    "Alkegårds", "Bækmose", "Drivhus", "Egernhøj", "Fasansti", "Granhegns", "Hulmose", "Isfugle", "Jernager",
    "Kalkbrænder", "Klokkesti", "Kobbermølle", "Lyngbakke", "Myrehøj", "Nøddehegns", "Oksevang", "Pilehegns",
    "Rypehøj", "Savskærer", "Skovhegns", "Snerleager", "Sortdams", "Spurvelund", "Stubmølle", "Tagrørs",
    "Teglbrænder", "Tjørnehegns", "Ulvemose", "Vibemose", "Ærtemark", "Ørnehegns", "Ålekiste",
)  # fmt: skip
_ENDS = ("vej", "vænget", "parken", "stien", "bakken", "krogen")
BUSINESS_STREETS = ("Smedeholmsvej", "Drejebænken", "Valseværket", "Høvlspånen", "Mejselvej", "Støbeskeen")
SIDES = ("", "", "", "", ", st. th.", ", st. tv.", ", 1. sal", ", 2. th.")


@dataclass(frozen=True, slots=True)
class Where:
    """An address in parts."""

    street: str
    postal_code: str
    city: str
    municipality_code: str


def somewhere(rng: Random, *, employees: int = 0, at_home: bool = False) -> Where:
    """An address; larger companies lie in the business streets, `at_home` only inside the municipality."""
    districts = DISTRICTS[:2] if at_home else DISTRICTS
    code, city, municipality, _ = rng.choices(districts, [row[3] for row in districts])[0]
    if employees >= 10 and rng.random() < 0.6:
        street = rng.choice(BUSINESS_STREETS)
    else:
        street = rng.choice(_STEMS) + rng.choice(_ENDS)
    letter = rng.choice(("", "", "", "", "A", "B"))
    return Where(f"{street} {rng.randint(1, 148)}{letter}{rng.choice(SIDES)}", code, city, municipality)
