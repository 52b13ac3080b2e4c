"""What each setting of daily running is called on its page, how it is typed, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Setting:
    """One field of the page. `kind` is how it is typed."""

    name: str
    label: str
    hint: str
    kind: Literal["text", "clock", "number", "yes", "days", "roles"]


GROUPS: tuple[tuple[str, tuple[Setting, ...]], ...] = (
    ("Kommunen", (
        Setting("municipality", "Kommunens navn", "Står nederst på hver side og som afsender af mails.", "text"),
        Setting("accessibility_url", "Adresse på tilgængelighedserklæringen",
                "Siden /was linker til den. Tomt felt: intet link.", "text"),
    )),
    ("Åbningstid og svar", (
        Setting("opens_at", "Huset åbner", "Frister tæller arbejdstimer.", "clock"),
        Setting("closes_at", "Huset lukker", "Senere end det åbner.", "clock"),
        Setting("closed_days", "Ekstra lukkedage", "Ud over weekender og helligdage. En dag på hver linje.", "days"),
        Setting("answer_hours", "Arbejdstimer til første svar", "1-200. Gælder henvendelser fra nu af.", "number"),
    )),
    ("Virksomheder og aftaler", (
        Setting("load_limit", "Virksomheder, en kollega kan have", "Flere vises som for mange.", "number"),
        Setting("quiet_months", "Måneder til en virksomhed er stille", "1-120 uden kontakt.", "number"),
        Setting("expiry_days", "Dage før en aftale udløber", "Så står den i konsulentens dag, 1-366.", "number"),
        Setting("approve_transfers", "En leder godkender, at en kollegas virksomhed flyttes",
                "Ellers flyttes den med det samme.", "yes"),
        Setting("morning_mail_at", "Mailen om dagen skrives kl.", "Før kl. 12, til dem, der vil have den.", "clock"),
    )),
    ("Spørgsmål til virksomheder", (
        Setting("survey_after_requests", "Spørg, når en rekruttering er afsluttet", "Runder kan altid sendes.", "yes"),
        Setting("survey_pause_minutes", "Minutter fra afslutning til spørgsmål", "0-10.080, så den kan fortrydes.",
                "number"),
        Setting("survey_months", "Måneder mellem to spørgsmål", "1-60, til samme virksomhed.", "number"),
        Setting("survey_days", "Dage, et link kan besvares", "1-365.", "number"),
        Setting("survey_reminder_days", "Dage til den ene påmindelse", "0-365. 0 er ingen.", "number"),
        Setting("survey_min_n", "Svar, der skal til for at vise en andel", "1-1.000.", "number"),
    )),
    ("Log ind", (
        Setting("session_hours", "Timer, til man skal logge ind igen", "1-720. Gælder log-in fra nu af.", "number"),
        Setting("second_factor", "Roller, der skal bruge en kode ud over adgangskoden",
                "De bliver bedt om at sætte den op, næste gang de logger ind.", "roles"),
    )),
)  # fmt: skip
BY_NAME = {each.name: each for _, group in GROUPS for each in group}
