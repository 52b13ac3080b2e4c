"""The lines of somebody's day: what each is about, why it stands there, when, and how urgent it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from crm import danish
from crm.agreements.models import Agreement
from crm.companies.models import Company, CompanyContact
from crm.day.models import Reason
from crm.interactions.models import FollowUp
from crm.requests.models import Request, RequestState
from crm.surveys.models import SurveyReply

# How a line is called in addresses.
SLUGS = {
    Reason.FOLLOW_UP: "opfoelgning", Reason.ANSWER: "svar", Reason.EXPIRY: "udloeb", Reason.QUIET: "stille",
    Reason.OFFER: "tilbud", Reason.COMMENT: "kommentar",
}  # fmt: skip
LONGEST_KEY = 18
# So near to its end an agreement is worth a warning colour.
CLOSE = 14


class Urgency(IntEnum):
    """The order of a day. From `COMING` on nothing needs to be done today."""

    LATE = 0
    ANSWER_TODAY = 1
    CALL_BACK = 2
    TODAY = 3
    ANSWER_SOON = 4
    RUNS_OUT = 5
    QUIET = 6
    NEAR = 7
    COMMENT = 8
    COMING = 9
    UNDER_WAY = 10
    WAITING = 11


@dataclass(frozen=True)
class Line:
    """What a line is about, as it stands in its address: "svar-12"."""

    reason: Reason
    id: int

    def __str__(self) -> str:
        return f"{SLUGS[self.reason]}-{self.id}"

    @classmethod
    def read(cls, text: str) -> Line | None:
        """The line with this address; None when there can be none."""
        slug, _, number = text.partition("-")
        reason = next((each for each, name in SLUGS.items() if name == slug), None)
        if reason is None or not number.isascii() or not number.isdecimal() or len(number) > LONGEST_KEY:
            return None
        return cls(reason, int(number))


@dataclass(frozen=True)
class Task:
    """One thing to do.

    `tone` is a colour for `why`: bad, warn, info or neutral. `due` is a moment, a day, or None when no day
    belongs to it; `order` sorts what is equally urgent. `version` goes up whenever it gets another day.
    """

    line: Line
    urgency: Urgency
    tone: str
    why: str
    company: Company
    what: str
    when: str
    order: str = ""
    due: datetime | date | None = None
    person: str | None = None
    phone: str | None = None
    url: str | None = None
    on_behalf_of: str | None = None
    can_be_done: bool = True
    can_be_moved: bool = True
    version: int = 0
    repeats: bool = False

    @property
    def later(self) -> bool:
        """Whether it is only to come, under way or waiting."""
        return self.urgency >= Urgency.COMING


@dataclass(frozen=True)
class Speech:
    """How days and times are said at this moment, and the names of colleagues who are covered."""

    now: datetime
    zone: ZoneInfo
    covered: Mapping[int, str] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day it is in the municipality."""
        return self.now.astimezone(self.zone).date()

    def day(self, day: date) -> str:
        """A day as one says it."""
        return danish.spoken_day(day, self.today)

    def time(self, moment: datetime) -> str:
        """A moment as one says it."""
        return danish.spoken_time(moment, self.now, self.zone)


def of_request(each: Request, speech: Speech) -> Task:
    """A request: its answer is due, or it is under way, or it waits for the company."""
    urgency, tone, why, when = _request(each, speech)
    owner = speech.covered.get(each.owner_id)
    return Task(
        line=Line(Reason.ANSWER, each.id),
        urgency=urgency,
        tone=tone,
        why=why,
        company=each.company,
        what=each.title,
        when=when,
        order=each.answer_due_at.isoformat(),
        due=each.answer_due_at if urgency < Urgency.COMING else None,
        person=each.contact.name if each.contact else None,
        phone=_number(each.contact, each.company),
        url=f"/henvendelser/{each.id}",
        on_behalf_of=owner,
        can_be_done=urgency < Urgency.COMING,
        can_be_moved=owner is None and urgency < Urgency.COMING,
        version=each.version,
    )


def _request(each: Request, speech: Speech) -> tuple[Urgency, str, str, str]:
    since, due = f"siden {speech.time(each.received_at)}", speech.time(each.answer_due_at)
    if each.is_overdue(speech.now):
        return Urgency.LATE, "bad", "Svar mangler", f"skulle være givet {due}"
    if each.state == RequestState.WAITING:
        return Urgency.WAITING, "neutral", "Afventer", since
    if each.answered_at is not None:
        return Urgency.UNDER_WAY, "neutral", "I gang", since
    if each.answer_due_at.astimezone(speech.zone).date() <= speech.today:
        return Urgency.ANSWER_TODAY, "bad", "Svar haster", f"inden {due}"
    return Urgency.ANSWER_SOON, "info", "Skal have svar", f"inden {due}"


def of_follow_up(each: FollowUp, speech: Speech) -> Task:
    """Something promised: to call back, or something else; late, today or to come."""
    contact = each.interaction.contact if each.interaction else None
    late = (speech.today - each.due).days
    if late > 0:
        urgency, tone, why = Urgency.LATE, "bad", "Over tid"
    elif late == 0:
        urgency, tone, why = Urgency.TODAY, "warn", "I dag"
    else:
        urgency, tone, why = Urgency.COMING, "neutral", "Kommer"
    if each.call_back:
        why = "Ring tilbage"
        urgency = Urgency.CALL_BACK if urgency == Urgency.TODAY else urgency
    return Task(
        line=Line(Reason.FOLLOW_UP, each.id),
        urgency=urgency,
        tone=tone,
        why=why,
        company=each.company,
        what=each.text,
        when=speech.day(each.due) if late <= 0 else f"skulle være gjort {speech.day(each.due)}",
        order=each.due.isoformat(),
        due=each.due,
        person=contact.name if contact else None,
        phone=_number(contact, each.company),
        url=f"/opfoelgninger/{each.id}",
        on_behalf_of=speech.covered.get(each.owner_id),
        version=each.moves,
        repeats=each.repeat is not None,
    )


def _number(contact: CompanyContact | None, company: Company) -> str | None:
    """The number that is nearest to whom to ask for."""
    return ((contact.mobile or contact.phone) if contact else None) or company.phone


def of_expiry(each: Agreement, speech: Speech) -> Task:
    """An agreement that runs out, or has."""
    last = each.valid_to or speech.today
    left = (last - speech.today).days
    if left < 0:
        tone, why, when = "bad", "Aftale udløbet", speech.day(last)
    else:
        near = f"om {danish.count(left, 'dag', 'dage')}" if left > 1 else speech.day(last)
        tone, why, when = "warn" if left <= CLOSE else "info", "Aftale udløber", near
    return Task(
        line=Line(Reason.EXPIRY, each.id),
        urgency=Urgency.RUNS_OUT,
        tone=tone,
        why=why,
        company=each.company,
        what=f"{each.programme.name}: {each.title}, til {speech.day(last).removeprefix('på ')}",
        when=when,
        order=last.isoformat(),
        due=last,
        phone=each.company.phone,
        url=f"/aftaler/{each.id}",
        version=each.version,
    )


def of_offer(each: Agreement, offered_on: date, speech: Speech) -> Task:
    """An agreement that lies with the company, waiting to be signed."""
    return Task(
        line=Line(Reason.OFFER, each.id),
        urgency=Urgency.NEAR,
        tone="info",
        why="Tæt på aftale",
        company=each.company,
        what=f"{each.programme.name}: tilbud sendt {speech.day(offered_on).removeprefix('på ')}",
        when=_since((speech.today - offered_on).days),
        order=offered_on.isoformat(),
        phone=each.company.phone,
        url=f"/aftaler/{each.id}",
        can_be_done=False,
        version=each.version,
    )


def _since(days: int) -> str:
    return f"for {danish.count(days, 'dag', 'dage')} siden" if days > 1 else "denne uge"


def of_comment(each: SurveyReply, speech: Speech) -> Task:
    """What a company wrote about working with us. Done when somebody has written what came of it."""
    comment = " ".join((each.comment or "").split())
    return Task(
        line=Line(Reason.COMMENT, each.id),
        urgency=Urgency.COMMENT,
        tone="neutral",
        why="Svar fra måling",
        company=each.company,
        what=f"»{comment}«",
        when=f"skrevet {speech.day(each.replied_on)}",
        order=each.replied_on.isoformat(),
        phone=each.company.phone,
        url=f"/maal/tilfredshed/besvarelser/{each.id}",
        can_be_done=False,
    )


def of_quiet(each: Company, speech: Speech, place: int) -> Task:
    """A company nobody has spoken with for long. `place` is its own among the largest of them."""
    spoken = each.last_contact_at
    said = "Ikke talt med endnu" if spoken is None else f"Ingen kontakt i {_months(spoken, speech)}"
    parts = [said, each.employees, "reklamebeskyttet" if each.advertising_protected else None]
    return Task(
        line=Line(Reason.QUIET, each.id),
        urgency=Urgency.QUIET,
        tone="neutral",
        why="Længe siden",
        company=each,
        what=" · ".join(filter(None, parts)),
        when="når det passer",
        order=f"{place:04}",
        phone=each.phone,
    )


def _months(moment: datetime, speech: Speech) -> str:
    days = (speech.now - moment) // timedelta(days=1)
    months = max(1, round(days / 30.44))
    return danish.count(months, "måned", "måneder") if months < 24 else f"{months // 12} år"
