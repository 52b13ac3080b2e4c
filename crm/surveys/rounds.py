"""A round to chosen companies: who would be asked and who not, and asking them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session, load_only

from crm import audit
from crm.access.models import User
from crm.agreements.queries import spans
from crm.companies.models import Company, CompanyContact
from crm.companies.queries import LINE
from crm.errors import Conflict, Refused
from crm.requests.models import Request, RequestKind
from crm.surveys.asking import invite, mailable
from crm.surveys.models import RoundKind, SurveyInvitation, SurveyRound
from crm.surveys.queries import in_use, versions
from crm.types import Among

MOST = 2000
CHANGED = "Listen er ændret, siden du så den. Se den igennem igen, og send så."


class Whom(StrEnum):
    """Which companies a round is for."""

    PARTNERS = "partners"
    REQUESTS = "requests"
    LIST = "list"


class WhyNot(StrEnum):
    """What keeps a company out of a round."""

    NO_MAIL = "no_mail"
    QUIET = "quiet"
    PROTECTED = "protected"


@dataclass(frozen=True)
class Wish:
    """What a manager asks for."""

    whom: Whom
    since: datetime | None = None  # of the requests
    cvrs: str = ""
    despite_quiet: bool = False
    protected_reason: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A company, who there would be asked, and what keeps it out."""

    company: Company
    contact: CompanyContact | None
    why_not: WhyNot | None
    asked_on: date | None


@dataclass(frozen=True)
class Preview:
    """Who would be asked and who would not."""

    candidates: Sequence[Candidate]
    unknown: Sequence[str]

    @property
    def chosen(self) -> list[Candidate]:
        """Those who would be asked."""
        return [each for each in self.candidates if each.why_not is None]

    @property
    def left_out(self) -> list[Candidate]:
        """Those who would not."""
        return [each for each in self.candidates if each.why_not is not None]

    def number(self, why_not: str) -> int:
        """How many are left out for this."""
        return sum(each.why_not == why_not for each in self.candidates)

    @property
    def seal(self) -> str:
        """The same for the same people; another as soon as one comes or goes."""
        whom = [(each.company.id, each.contact.id) for each in self.chosen if each.contact]
        return hashlib.sha256(repr(whom).encode()).hexdigest()[:32]


def preview(db: Session, wish: Wish, *, today: date) -> Preview:
    """Who a round would ask, in Danish order. Constant in statements."""
    companies, unknown = _companies(db, wish, today)
    ids = [company.id for company in companies]
    contacts, asked = _contacts(db, ids), _asked(db, ids)
    found = []
    for company in companies:
        contact, last = contacts.get(company.id), asked.get(company.id)
        why_not = None
        if company.advertising_protected and not wish.protected_reason:
            why_not = WhyNot.PROTECTED
        elif last and last[1] > today and not wish.despite_quiet:
            why_not = WhyNot.QUIET
        elif contact is None:
            why_not = WhyNot.NO_MAIL
        found.append(Candidate(company, contact, why_not, last[0] if last else None))
    return Preview(found, unknown)


def _companies(db: Session, wish: Wish, today: date) -> tuple[Sequence[Company], list[str]]:
    wanted = select(Company).options(load_only(*LINE, Company.advertising_protected, raiseload=True))
    wanted = wanted.where(Company.active == 1).order_by(Company.sort_key, Company.id).limit(MOST + 1)
    unknown: list[str] = []
    if wish.whom == Whom.PARTNERS:
        partners = {span.company_id for span in spans(db) if span.holds(today)}
        found = db.scalars(wanted.where(Among(Company.id, "ids")), {"ids": partners}).all()
    elif wish.whom == Whom.REQUESTS:
        asked = select(Request.company_id).where(Request.kind == RequestKind.RECRUITMENT)
        if wish.since is not None:
            asked = asked.where(Request.received_at >= wish.since)
        found = db.scalars(wanted.where(Company.id.in_(asked))).all()
    else:
        cvrs = list(dict.fromkeys(re.findall(r"\d{8}", re.sub(r"(?<=\d) (?=\d)", "", wish.cvrs))))
        found = db.scalars(wanted.where(Company.cvr.in_(cvrs[: MOST + 1]))).all()
        known = {company.cvr for company in found}
        unknown = [cvr for cvr in cvrs if cvr not in known]
    if len(found) > MOST:
        raise Refused("whom", "Det er for mange på én gang. Vælg højst 2.000 virksomheder.")
    return found, unknown


def _contacts(db: Session, ids: Sequence[int]) -> dict[int, CompanyContact]:
    """Whom to ask at each company: the one its last recruitment request came from, else the first we knew."""
    last = (
        select(Request.company_contact_id, func.max(Request.id).label("request_id"))
        .where(Request.kind == RequestKind.RECRUITMENT, Among(Request.company_id, "ids"))
        .group_by(Request.company_contact_id)
        .subquery()
    )
    rows = db.scalars(
        select(CompanyContact)
        .outerjoin(last, last.c.company_contact_id == CompanyContact.id)
        .where(
            Among(CompanyContact.company_id, "ids"),
            CompanyContact.ended_on.is_(None),
            CompanyContact.email.is_not(None),
        )
        .order_by(func.coalesce(last.c.request_id, 0).desc(), CompanyContact.id),
        {"ids": ids},
    )
    found: dict[int, CompanyContact] = {}
    for contact in rows:
        if mailable(contact.email):
            found.setdefault(contact.company_id, contact)
    return found


def _asked(db: Session, ids: Sequence[int]) -> dict[int, tuple[date, date]]:
    """When each company was last asked, and until when it is quiet."""
    newest = (
        select(func.max(SurveyInvitation.id))
        .where(Among(SurveyInvitation.company_id, "ids"))
        .group_by(SurveyInvitation.company_id)
    )
    rows = db.execute(
        select(SurveyInvitation.company_id, SurveyInvitation.asked_on, SurveyInvitation.quiet_until).where(
            SurveyInvitation.id.in_(newest)
        ),
        {"ids": ids},
    )
    return {company_id: (asked_on, quiet_until) for company_id, asked_on, quiet_until in rows}


def send(
    db: Session,
    *,
    name: str,
    wish: Wish,
    closes_on: date,
    remind_on: date | None,
    by: User,
    now: datetime,
    today: date,
    months: int,
    seen: str,
) -> SurveyRound:
    """Ask everyone the preview showed. The mails are made by the worker, a part at a time."""
    if not name.strip():
        raise Refused("name", "Giv runden et navn, for eksempel Partnere, efteråret 2026.")
    if not today < closes_on <= date(today.year + 1, 12, 31):
        raise Refused("closes_on", "Vælg en dag efter i dag og højst et år frem.")
    if remind_on is not None and not today < remind_on <= closes_on:
        raise Refused("remind_on", "Påmindelsen skal ligge efter i dag og senest den dag, runden slutter.")
    found = preview(db, wish, today=today)
    if not found.chosen:
        raise Refused("whom", "Der er ingen at spørge. Vælg andre virksomheder.")
    if seen != found.seal:
        raise Refused("", CHANGED)
    question = in_use(versions(db), today)
    if question is None:
        raise Conflict("Der er intet spørgsmål i brug i dag.")
    made = SurveyRound(
        kind=RoundKind.ANNUAL, name=name, question_id=question.id, opened_on=today, closes_on=closes_on,
        remind_on=remind_on, despite_quiet=int(wish.despite_quiet), protected_reason=wish.protected_reason,
        created_at=now, by_id=by.id,
    )  # fmt: skip
    db.add(made)
    db.flush()
    for each in found.chosen:
        _ask(db, made, each, months=months, today=today, now=now)
    protected = [each.company.cvr for each in found.chosen if each.company.advertising_protected]
    if protected:
        payload = {"reason": wish.protected_reason, "companies": protected}
        audit.note(db, action="ask protected", kind="survey_round", id=made.id, payload=payload)
    return made


def _ask(
    db: Session, within: SurveyRound, each: Candidate, *, months: int, today: date, now: datetime
) -> None:
    recipient = mailable(each.contact.email) if each.contact else None
    if each.contact is None or recipient is None or within.closes_on is None:
        return
    invite(
        db, within=within, company_id=each.company.id, contact_id=each.contact.id, recipient=recipient,
        expires_on=within.closes_on, months=months, today=today, now=now,
    )  # fmt: skip


def close(db: Session, *, within: SurveyRound, now: datetime) -> SurveyRound:
    """End a round before its day: its links can no longer be answered, and nobody is reminded."""
    if within.kind != RoundKind.ANNUAL:
        raise Conflict("Den runde følger henvendelserne og slutter ikke.")
    db.refresh(within, ["closed_at"], with_for_update={"of": SurveyRound})
    if within.closed_at is not None:
        raise Conflict("Runden er allerede afsluttet.")
    within.closed_at = now
    db.flush()
    return within
