"""The mails that ask: one question, one link, in plain text."""

from __future__ import annotations

from dataclasses import dataclass

from crm import danish
from crm.settings import Settings
from crm.surveys.models import RoundKind, SurveyInvitation
from crm.types import storable


@dataclass(frozen=True)
class Letter:
    """What the outbox is to send."""

    act: str
    subject: str
    body: str


def letter(
    invitation: SurveyInvitation, *, wording: str, token: str, is_reminder: bool, settings: Settings
) -> Letter:
    """The mail to the one who is asked. A click there only opens the page: mail programs click on links too."""
    house = settings.municipality
    subject = f"Ét spørgsmål fra {house}"
    last = danish.long_date(invitation.expires_on)
    parts = [
        f"Hej {invitation.contact.name.split()[0]}",
        _occasion(invitation, is_reminder=is_reminder),
        f"»{wording}«",
        f"Svar her: {settings.base_url}/svar/{token}",
        f"Linket er jeres eget og virker én gang, til og med {last}.",
        f"Svaret er ikke anonymt: medarbejderne i {house} kan se, at det kommer fra {invitation.company.name}, "
        "så de kan følge op. I opgørelser står kun samlede tal.",
        f"Venlig hilsen\n{house}",
    ]
    act = f"survey-reminder:{invitation.id}" if is_reminder else f"survey:{invitation.id}"
    subject = f"Husker I vores spørgsmål? {subject}" if is_reminder else subject
    return Letter(act, storable(subject, 200), storable("\n\n".join(parts), 20_000))


def _occasion(invitation: SurveyInvitation, *, is_reminder: bool) -> str:
    company = invitation.company.name
    if is_reminder:
        return (
            f"Vi har tidligere spurgt, hvordan {company} oplever samarbejdet med os, og vil meget gerne høre det. "
            "Det tager ét klik. I hører ikke mere fra os om det her spørgsmål."
        )
    if invitation.round.kind == RoundKind.AFTER_REQUEST:
        return (
            f"{company} har haft en henvendelse om rekruttering hos os, og den er nu afsluttet. "
            "Vil du svare på ét spørgsmål om samarbejdet? Det tager ét klik."
        )
    return (
        f"Vi spørger nogle af de virksomheder, vi samarbejder med, og {company} er en af dem. "
        "Vil du svare på ét spørgsmål? Det tager ét klik."
    )
