"""What companies are written about an act, if anything: one mail to each person, put down with the act."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crm import phones
from crm.access.holdings import listed
from crm.access.models import User
from crm.companies.models import Company, CompanyContact
from crm.db import upsert
from crm.errors import CrmError, Refused
from crm.handover.models import Handover
from crm.handover.notices import act_key
from crm.outbox import actions as outbox
from crm.outbox.models import Mail, MailState
from crm.responsibility.chain import among
from crm.types import clean, storable

SUBJECT = "Jeres indgang til kommunen"
BODY = """Kære {virksomhed}

Fremover er din indgang til kommunen {konsulent}. Ring på {telefon} eller skriv til {email}, uanset hvad det drejer sig om.

Venlig hilsen
{konsulent}"""  # noqa: E501  # A mail's lines are broken where it is read.
WORDS = ("virksomhed", "konsulent", "telefon", "email")
LONGEST = 5000
# Why a company that is protected from advertising may be written to all the same.
PROTECTED_REASONS = ("consent", "own_request", "agreement")


@dataclass(frozen=True)
class Letter:
    """What the companies are written. Without a reason the protected ones are left out."""

    subject: str
    body: str
    protected_reason: str | None = None


@dataclass(frozen=True)
class Audience:
    """Who would be written to: address → the companies it stands for; and how many companies would not be."""

    people: dict[str, list[str]] = field(default_factory=dict)
    protected: int = 0
    unreachable: int = 0


def check(letter: Letter, to: User) -> None:
    """Refuses a letter that cannot be sent, beside "mail_subject", "mail_body" or "protected_reason"."""
    for name, text, limit in (("mail_subject", letter.subject, 200), ("mail_body", letter.body, LONGEST)):
        if clean(name, text, limit) is None:
            raise Refused(name, "Skriv, hvad der skal stå i mailen.")
        _filled(name, text, ["Virksomhed"], to)
    if letter.protected_reason not in {None, *PROTECTED_REASONS}:
        raise Refused("protected_reason", "Vælg fra listen.")


def _filled(name: str, text: str, companies: Sequence[str], to: User) -> str:
    """The text with its words replaced. Refuses a word we do not know, and a telephone that is not there."""
    phone = phones.display(to.phone) if to.phone else ""
    values = dict(zip(WORDS, (listed(companies), to.name, phone, to.email), strict=True))

    def value(found: re.Match[str]) -> str:
        word = found[1].strip().lower()
        if word not in values:
            known = listed([f"{{{each}}}" for each in WORDS])
            raise Refused(name, f"Ordet {found[0]} kendes ikke. Brug {known}.")
        if not values[word]:
            raise Refused(
                name, f"{to.name} har intet telefonnummer. Skriv det i teksten i stedet for {found[0]}."
            )
        return values[word]

    return re.sub(r"\{([^{}]*)\}", value, text)


def audience(db: Session, company_ids: Sequence[int], letter: Letter) -> Audience:
    """Who would be written to: each company's contacts with an e-mail, or else the company itself."""
    contacts: dict[int, list[str]] = {}
    rows = db.execute(
        select(CompanyContact.company_id, CompanyContact.email)
        .where(
            among(CompanyContact.company_id, company_ids),
            CompanyContact.ended_on.is_(None),
            CompanyContact.email.is_not(None),
        )
        .order_by(CompanyContact.company_id, CompanyContact.id)
    )
    for company_id, email in rows:
        contacts.setdefault(company_id, []).append(email or "")
    found: dict[str, list[str]] = {}
    protected = unreachable = 0
    companies = db.execute(
        select(Company.id, Company.name, Company.email, Company.advertising_protected)
        .where(among(Company.id, company_ids))
        .order_by(Company.sort_key, Company.id)
    )
    for id, name, email, is_protected in companies:
        if is_protected and letter.protected_reason is None:
            protected += 1
            continue
        addresses = _usable(contacts.get(id, [])) or _usable([email or ""])
        unreachable += not addresses
        for address in addresses:
            found.setdefault(address, []).append(name)
    return Audience(found, protected, unreachable)


def _usable(emails: Sequence[str]) -> list[str]:
    """Those that are addresses. The register and old lists hold odd things."""
    found = []
    for email in emails:
        try:
            found.append(outbox.address(email))
        except CrmError:
            continue
    return list(dict.fromkeys(found))


def written(letter: Letter, companies: Sequence[str], to: User) -> tuple[str, str]:
    """Subject and body as these companies read them."""
    subject = _filled("mail_subject", letter.subject, companies, to)
    return storable(subject, 200), storable(_filled("mail_body", letter.body, companies, to), 20_000)


def post(
    db: Session, act: Handover, letter: Letter, company_ids: Sequence[int], *, to: User, now: datetime
) -> int:
    """Write to the companies of an act, in bulk; each person once. Returns how many letters."""
    check(letter, to)
    rows = []
    for recipient, names in audience(db, company_ids, letter).people.items():
        subject, body = written(letter, names, to)
        rows.append(
            {
                "act": act_key(act), "recipient": recipient, "subject": " ".join(subject.split()),
                "body": body, "next_try_at": now, "created_at": now, "by_id": db.info.get("user_id"),
            }
        )  # fmt: skip
    if rows:
        db.execute(upsert(db, Mail).on_conflict_do_nothing(), rows)
    return len(rows)


def withdraw(db: Session, act: Handover) -> int:
    """Stop what has not been sent yet. Returns how many mails had gone already, or were just going."""
    db.execute(
        update(Mail)
        .where(Mail.act == act_key(act), Mail.state == MailState.QUEUED)
        .values(state=MailState.CANCELLED)
    )
    gone = (MailState.SENT, MailState.SENDING)
    return db.scalar(select(func.count()).where(Mail.act == act_key(act), Mail.state.in_(gone))) or 0
