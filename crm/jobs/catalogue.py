"""The jobs there are, and how often each is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from crm import danish


@dataclass(frozen=True)
class Kind:
    """A job as people know it. `one` and `many` name what its figure counts.

    Without `alone` several machines may do it at once, since what they do is shared out piece by piece.
    """

    key: str
    title: str
    purpose: str
    one: str
    many: str
    every: timedelta
    alone: bool = True

    def said(self, figure: int) -> str:
        """What it did, for people."""
        return danish.count(figure, self.one, self.many)


_ALL = (
    Kind(
        "morning_mails", "Skriv mails om morgenen", "Fortæller dem, der har bedt om det, om deres dag.",
        "mail om dagen skrevet", "mails om dagen skrevet", timedelta(minutes=5),
    ),
    Kind(
        "companies_asked", "Spørg virksomheder",
        "Skriver mails med spørgsmålet om samarbejdet, og én påmindelse.",
        "virksomhed spurgt", "virksomheder spurgt", timedelta(minutes=1),
    ),
    Kind(
        "mails_sent", "Send mails", "Afleverer det, der venter i udbakken.",
        "mail sendt", "mails sendt", timedelta(seconds=10), alone=False,
    ),
    Kind(
        "agreements_expiring", "Husk aftaler, der udløber",
        "Laver en opfølgning til konsulenten, når en aftale snart udløber: én for hver periode.",
        "aftale, der udløber, fik en opfølgning", "aftaler, der udløber, fik en opfølgning", timedelta(hours=1),
    ),
    Kind(
        "rows_tidied", "Ryd op", "Fjerner udløbne log-in, gamle kladder og det, der kun skulle huskes kort.",
        "række ryddet op", "rækker ryddet op", timedelta(days=1),
    ),
    Kind(
        "lookups_watched", "Hold øje med opslag",
        "Siger til, når nogen åbner usædvanligt mange virksomheder på en time.",
        "usædvanligt mange opslag", "gange usædvanligt mange opslag", timedelta(minutes=5),
    ),
    Kind(
        "lookups_drawn", "Træk stikprøver",
        "Trækker hver måned nogle opslag uden for egne virksomheder, som en leder ser på.",
        "opslag trukket", "opslag trukket", timedelta(days=1),
    ),
    Kind(
        "log_checked", "Efterse loggen", "Regner efter, at ingen har ændret eller fjernet noget i loggen.",
        "fejl i loggen fundet", "fejl i loggen fundet", timedelta(days=1),
    ),
    Kind(
        "meetings_planned", "Læg tavlemøder", "Lægger de næste tavlemøder efter planen, uden om lukkedage.",
        "tavlemøde lagt", "tavlemøder lagt", timedelta(days=1),
    ),
)  # fmt: skip
KINDS: dict[str, Kind] = {kind.key: kind for kind in _ALL}
