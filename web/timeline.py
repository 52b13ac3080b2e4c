"""Everything that has happened with a company, as one list of entries in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from crm.agreements.models import Agreement
from crm.interactions.models import Interaction
from crm.requests.models import Request
from crm.responsibility.models import CompanyAssignment
from web import words


@dataclass(frozen=True)
class Entry:
    """One line of the timeline; see templates/components/timeline.html."""

    at: datetime
    kind: str
    title: str
    text: str | None = None
    by: str | None = None
    url: str | None = None
    more: str | None = None
    badge: tuple[str, str] | None = None
    file: tuple[str, str] | None = None


def entries(
    interactions: Sequence[Interaction],
    *,
    requests: Sequence[Request] = (),
    agreements: Sequence[Agreement] = (),
    assignments: Sequence[CompanyAssignment] = (),
    zone: ZoneInfo,
    whole: bool,
) -> list[Entry]:
    """The newest first. Unless `whole`, nothing older than the oldest interaction, so that pages join."""
    found = [_interaction(each) for each in interactions]
    since = found[-1].at if found and not whole else None
    for entry in (*_requests(requests), *_agreements(agreements, zone), *_handovers(assignments)):
        if since is None or entry.at >= since:
            found.append(entry)
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _interaction(each: Interaction) -> Entry:
    title = words.KINDS[each.kind]  # type: ignore[index]  # The column holds only these.
    if each.kind == "call" and each.direction:
        title = {"in": "Opkald ind", "out": "Opkald ud"}[each.direction]
    elif each.kind == "email" and each.direction:
        title = {"in": "Mail fra virksomheden", "out": "Mail til virksomheden"}[each.direction]
    more = f"med {each.contact.name}" if each.contact else None
    badge = ("neutral", f"Kun for {each.only_team}") if each.only_team else None
    return Entry(each.happened_at, each.kind, title, each.text, each.by.name, more=more, badge=badge)


def _requests(requests: Sequence[Request]) -> Iterator[Entry]:
    for each in requests:
        url = f"/henvendelser/{each.id}"
        yield Entry(each.received_at, "request", "Henvendelse", each.title, url=url, more=each.kind_name)
        if each.closed_at:
            state = words.REQUEST_STATES[each.state]  # type: ignore[index]
            tone = {"resolved": "ok"}.get(each.state, "neutral")
            yield Entry(
                each.closed_at, "request", "Henvendelse afsluttet", each.title, url=url, badge=(tone, state)
            )


def _agreements(agreements: Sequence[Agreement], zone: ZoneInfo) -> Iterator[Entry]:
    for each in agreements:
        url = f"/aftaler/{each.id}"
        if each.signed_on:
            yield Entry(_noon(each.signed_on, zone), "agreement", "Aftale underskrevet", each.title, url=url,
                        badge=("ok", each.programme.name))  # fmt: skip
        if each.ended_on:
            yield Entry(_noon(each.ended_on, zone), "agreement", "Aftale afsluttet", each.end_reason, url=url,
                        badge=("neutral", each.programme.name))  # fmt: skip


def _handovers(assignments: Sequence[CompanyAssignment]) -> Iterator[Entry]:
    for each in assignments:
        title = f"{each.user.name} blev indgang"
        yield Entry(each.valid_from, "handover", title, each.reason, each.by.name if each.by else None)


def _noon(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(12), zone)
