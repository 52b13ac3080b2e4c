"""What a consultant should do now, the most urgent first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from crm import danish
from crm.access.models import User
from crm.companies.models import Company
from crm.interactions.models import FollowUp
from crm.requests.models import Request, RequestState


@dataclass(frozen=True)
class Task:
    """One line of Min dag; see templates/day/index.html."""

    order: tuple[int, str]
    tone: str
    why: str
    company: Company
    what: str
    when: str
    person: str | None = None
    phone: str | None = None
    url: str | None = None
    done_url: str | None = None
    postpone_url: str | None = None
    on_behalf_of: str | None = None


def tasks(
    requests: Sequence[Request],
    follow_ups: Sequence[FollowUp],
    *,
    now: datetime,
    zone: ZoneInfo,
    covered: Mapping[int, str] | None = None,
) -> list[Task]:
    """Requests without an answer and follow-ups that are due, by urgency and then by time.

    `covered` names the colleagues whom this user stands in for, by their keys.
    """
    today, names = now.astimezone(zone).date(), covered or {}
    found = [
        replace(_request(each, now, zone), on_behalf_of=names.get(each.owner_id)) for each in requests
    ] + [replace(_follow_up(each, today), on_behalf_of=names.get(each.owner_id)) for each in follow_ups]
    return sorted(found, key=lambda task: task.order)


def names_of(colleagues: Sequence[User]) -> dict[int, str]:
    """What to call these colleagues: by their first names, by the whole name where two have the same."""
    firsts = Counter(each.first_name for each in colleagues)
    return {each.id: each.first_name if firsts[each.first_name] == 1 else each.name for each in colleagues}


def _request(each: Request, now: datetime, zone: ZoneInfo) -> Task:
    due = danish.spoken_time(each.answer_due_at, now, zone)
    if each.answered_at is None and each.answer_due_at < now:
        rank, tone, why, when = 0, "bad", "Svar mangler", f"skulle være givet {due}"
    elif each.answered_at is None:
        soon = each.answer_due_at - now < timedelta(hours=24)
        rank, tone, why, when = 1 if soon else 3, "warn" if soon else "info", "Skal have svar", f"inden {due}"
    elif each.state == RequestState.WAITING:
        since = danish.spoken_time(each.received_at, now, zone)
        rank, tone, why, when = 5, "neutral", "Afventer", f"siden {since}"
    else:
        rank, tone, why, when = (
            4,
            "info",
            "I gang",
            f"siden {danish.spoken_time(each.received_at, now, zone)}",
        )
    return Task(
        order=(rank, each.answer_due_at.isoformat()),
        tone=tone,
        why=why,
        company=each.company,
        what=each.title,
        when=when,
        phone=each.company.phone,
        url=f"/henvendelser/{each.id}",
    )


def _follow_up(each: FollowUp, today: date) -> Task:
    late = (today - each.due).days
    if late > 0:
        rank, tone, why = 0, "bad", "Over tid"
    elif late == 0:
        rank, tone, why = 2, "warn", "I dag"
    else:
        rank, tone, why = 6, "neutral", "Kommer"
    return Task(
        order=(rank, each.due.isoformat()), tone=tone, why=why, company=each.company, what=each.text,
        when=danish.spoken_day(each.due, today), phone=each.company.phone,
        done_url=f"/opfoelgninger/{each.id}/faerdig", postpone_url=f"/opfoelgninger/{each.id}/udskyd",
    )  # fmt: skip


def greeting(now: datetime, zone: ZoneInfo) -> str:
    """As one says it at this hour."""
    hour = now.astimezone(zone).hour
    if hour < 5 or hour >= 22:
        return "Godnat"
    if hour < 10:
        return "Godmorgen"
    return "God formiddag" if hour < 12 else "God eftermiddag" if hour < 18 else "God aften"
