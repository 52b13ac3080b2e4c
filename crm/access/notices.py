"""Mails about one's own log-in: whoever did not do it themselves hears of it (ASVS 6.3.7)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from crm.access.models import User
from crm.outbox import actions as outbox


class Notice(StrEnum):
    """What was done, as the mail's subject says it."""

    CHANGED = "Adgangskoden er ændret"
    FACTOR_ON = "En kode-app er sat op"
    FACTOR_OFF = "Kode-appen er fjernet"
    CODE_USED = "En af koderne på papir er brugt"
    PASSKEY_ON = "En adgangsnøgle er tilføjet"
    PASSKEY_OFF = "En adgangsnøgle er fjernet"
    LINKED = "Din bruger er forbundet med kommunens konto"
    KEY_MADE = "Der er lavet en nøgle til et program"


def tell(db: Session, *, user: User, what: Notice, now: datetime) -> None:
    """Write to the user that this was done with their log-in."""
    outbox.put(
        db,
        act=f"log-in:{user.id}:{what.name.lower()}:{now.isoformat()}",
        to=user.email,
        subject=f"{what} – Én indgang",
        body=(
            f"Hej {user.first_name}\n\n{what} på din konto i Én indgang.\n\n"
            "Var det dig, skal du ikke gøre noget. Var det ikke dig, så sig det til jeres it-afdeling med det samme."
        ),
        now=now,
    )
