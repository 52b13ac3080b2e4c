"""What a company is written when it wants to see that its request has arrived: one mail, put down with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm import danish, phones
from crm.access.models import User
from crm.companies.models import Company, CompanyContact
from crm.errors import Conflict, Refused
from crm.outbox import actions as outbox
from crm.outbox.models import Mail, MailState
from crm.requests import own
from crm.requests.kinds import Scheme
from crm.requests.models import Request
from crm.types import storable

BODY = """Hej {who}

Tak for jeres henvendelse. Vi har skrevet ned, at I spørger om:

{asked}

I hører fra os senest {due}.

Jeres person hos os er {owner}. {reach}

Venlig hilsen
{municipality}
"""


@dataclass(frozen=True)
class Receipt:
    """Where the company wants it, and who writes."""

    to: str
    municipality: str


def act(request_id: int) -> str:
    """What the outbox knows the receipt by."""
    return f"request-receipt:{request_id}"


def put(
    db: Session,
    *,
    request: Request,
    receipt: Receipt,
    company: Company,
    owner: User,
    contact: CompanyContact | None,
    zone: ZoneInfo,
    now: datetime,
) -> Mail:
    """Have the receipt sent. Refuses an address that is none beside "receipt_to"."""
    try:
        to = outbox.address(receipt.to)
    except Refused as refusal:
        raise Refused("receipt_to", refusal.message) from refusal
    scheme = db.get(Scheme, request.scheme_id) if request.scheme_id else None
    body = BODY.format(
        who=contact.name if contact and contact.name else company.name,
        asked="\n".join([request.title, *own.told(request, scheme)]),
        due=spoken_due(request.answer_due_at, zone),
        owner=owner.name,
        reach=_reach(owner),
        municipality=receipt.municipality,
    )
    return outbox.put(
        db,
        act=act(request.id),
        to=to,
        subject=storable(f"Vi har modtaget jeres henvendelse: {request.title}", 200),
        body=body,
        now=now,
    )


def spoken_due(due: datetime, zone: ZoneInfo) -> str:
    """ "torsdag 26. november kl. 13.00"."""
    local = due.astimezone(zone)
    return f"{danish.long_day(local.date())} kl. {local:%H.%M}"


def _reach(owner: User) -> str:
    if owner.phone:
        return f"Ring på {phones.display(owner.phone)} eller skriv til {owner.email}."
    return f"Skriv til {owner.email}."


def of(db: Session, request: Request) -> Mail | None:
    """The receipt of a request, if the company wanted one."""
    return db.scalars(select(Mail).where(Mail.act == act(request.id)).limit(1)).first()


def withdraw(db: Session, request: Request) -> None:
    """Take a receipt back that nobody has read. Raises Conflict when it may have been sent already.

    It goes as a whole: the request's number may be given to another, who wants a receipt as well.
    """
    found = of(db, request)
    if found is None:
        return
    if found.state in {MailState.SENT, MailState.SENDING}:
        raise Conflict("Virksomheden har fået kvitteringen. Skriv et notat med rettelsen i stedet.")
    db.execute(delete(Mail).where(Mail.id == found.id))
