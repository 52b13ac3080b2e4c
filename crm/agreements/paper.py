"""What stands on the paper that is signed: the programme's text with the agreement's own words in it.

The text is plain: {navn} is a place for a word, an empty line ends a paragraph, lines with a dash are a list.
Nothing in it, and nothing that is put into it, is ever code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from crm.agreements.commitments import Commitment
from crm.agreements.fields import Value, asked
from crm.agreements.models import Agreement
from crm.agreements.periods import AgreementPeriod
from crm.danish import long_date

# What may stand between braces, and what it becomes.
PLACES = {
    "virksomhed": "virksomhedens navn",
    "cvr": "CVR-nummeret",
    "adresse": "virksomhedens adresse",
    "kommune": "kommunens navn",
    "aftale": "hvad aftalen går ud på",
    "program": "programmets navn",
    "kontakt": "kontaktpersonen i virksomheden",
    "konsulent": "kommunens kontaktperson",
    "fra": "den første dag",
    "til": "den sidste dag",
    "underskrevet": "dagen for underskriften",
}
_PLACE = re.compile(r"\{([^{}\n]{0,60})\}")
PLAIN_TEXT = (
    "{kommune} og {virksomhed} indgår denne aftale under {program}: {aftale}.\n\n"
    "Aftalen gælder fra {fra} til {til}.\n\n"
    "Spørgsmål går til {konsulent} i kommunen og til {kontakt} i virksomheden. "
    "Vi følger op sammen og retter aftalen til, når der er brug for det."
)
NOT_YET = "................"


@dataclass(frozen=True)
class Paper:
    """A paper to sign, as plain words: what a page or a PDF shows."""

    title: str
    programme: str
    municipality: str
    company: str
    cvr: str
    address: str
    company_contact: str
    company_reach: str
    consultant: str
    consultant_reach: str
    period: str
    paragraphs: Sequence[str]
    fields: Sequence[tuple[str, str]] = field(default_factory=list)
    commitments: Sequence[tuple[str, str, str]] = field(default_factory=list)


def unknown_places(text: str) -> list[str]:
    """The names between braces that nobody can fill."""
    return [name for name in _PLACE.findall(text) if name not in PLACES]


def fill(text: str, words: Mapping[str, str]) -> str:
    """Put the words in their places. What is put in is not looked through again."""
    return _PLACE.sub(lambda found: words.get(found[1], found[0]), text)


def write(
    agreement: Agreement,
    *,
    period: AgreementPeriod,
    values: Mapping[str, Value],
    commitments: Sequence[Commitment],
    municipality: str,
) -> Paper:
    """The paper of an agreement and one of its periods. Company, programme and contacts must be loaded."""
    company, contact, consultant = agreement.company, agreement.contact, agreement.consultant
    words = {
        "virksomhed": company.name,
        "cvr": company.cvr,
        "adresse": company.address,
        "kommune": municipality,
        "aftale": agreement.title,
        "program": agreement.programme.name,
        "kontakt": contact.name if contact else NOT_YET,
        "konsulent": consultant.name if consultant else company.responsible.name,
        "fra": _day(period.valid_from),
        "til": _day(period.valid_to, "videre"),
        "underskrevet": _day(period.signed_on),
    }
    who = consultant or company.responsible
    return Paper(
        title=agreement.title,
        programme=agreement.programme.name,
        municipality=municipality,
        company=company.name,
        cvr=company.cvr,
        address=company.address,
        company_contact=contact.label if contact else "",
        company_reach=_reach(contact.mobile or contact.phone, contact.email) if contact else "",
        consultant=who.name,
        consultant_reach=_reach(who.phone, who.email),
        period=f"{_day(period.valid_from)} til {_day(period.valid_to, 'videre')}",
        paragraphs=_paragraphs(fill(agreement.programme.template or PLAIN_TEXT, words)),
        fields=[(each.label, each.said(values[each.key])) for each in asked(agreement.programme, values)
                if each.key in values],
        commitments=[(each.what, str(each.promised), _day(each.due, "")) for each in commitments],
    )  # fmt: skip


def _day(day: date | None, none: str = NOT_YET) -> str:
    return long_date(day) if day else none


def _reach(phone: str | None, email: str | None) -> str:
    return ", ".join(part for part in (phone, email) if part)


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")) if part.strip()]
