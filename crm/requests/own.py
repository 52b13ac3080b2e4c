"""The few fields of its own that a kind of request asks for: what they may hold, and how they are told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from crm import danish
from crm.errors import Refused
from crm.requests.kinds import OWN, KindOfRequest, Scheme, demand_in_force
from crm.requests.models import Request

COUNTS = ("wanted", "presented", "hired", "persons")
HOURS = ("hours_from", "hours_to")
DAYS = ("start_on", "deadline_on", "held_on")
TEXTS = ("place", "response", "case_reference", "topic")
# A case number is letters, figures and a few signs, with a figure among them: no word, so no name.
_CASE = re.compile(r"(?=.*\d)[0-9A-Za-zÆØÅæøå][0-9A-Za-zÆØÅæøå./_-]*")


def fields_of(request: Request, kind: KindOfRequest) -> tuple[str, ...]:
    """What a form shows of a request: what its kind asks for now, and what was filled in before."""
    return tuple(name for name in OWN if name in kind.fields or value_of(request, name) is not None)


def value_of(request: Request, name: str) -> Any:
    """What a request holds in one of its own fields; of the scheme the key."""
    return request.scheme_id if name == "scheme" else getattr(request, name)


def put(request: Request, kind: KindOfRequest, values: Mapping[str, Any], today: date | None) -> None:
    """Fill in own fields, of a request that is new or corrected. Refuses beside the field what does not fit.

    To choose a scheme takes the day, which says whether it is in force.
    """
    changed = {name: value for name, value in values.items() if _plain(value) != value_of(request, name)}
    for name, value in changed.items():
        if value is not None and name not in kind.fields:
            raise Refused(name, f"Det hører ikke til henvendelser om {kind.name.lower()}.")
        _check(name, value)
    if isinstance(scheme := changed.get("scheme"), Scheme):
        if today is None:
            raise ValueError("A scheme is chosen on a day.")
        demand_in_force(scheme, today, "scheme")
    for name, value in changed.items():
        setattr(request, "scheme_id" if name == "scheme" else name, _plain(value))
    if changed:
        _check_together(request)


def forget_others(request: Request, kind: KindOfRequest) -> None:
    """Empty what the request's new kind does not ask for."""
    for name in OWN:
        if name not in kind.fields:
            setattr(request, "scheme_id" if name == "scheme" else name, None)


def _plain(value: Any) -> Any:
    return value.id if isinstance(value, Scheme) else value


def _check(name: str, value: Any) -> None:
    if value is None:
        return
    if name in COUNTS and not 0 <= value <= 10_000:
        raise Refused(name, "Skriv et antal mellem 0 og 10.000.")
    if name in HOURS and not 1 <= value <= 60:
        raise Refused(name, "Skriv timer om ugen, fra 1 til 60.")
    if name in DAYS and not 2000 <= value.year <= 2100:
        raise Refused(name, "Datoen ser forkert ud. Skriv den som 23-11-2026.")
    if name == "case_reference" and value.strip() and not _CASE.fullmatch(value.strip()):
        raise Refused(name, "Skriv kun sagens nummer, for eksempel 26/004512. Aldrig et navn.")


def _check_together(request: Request) -> None:
    low, high = request.hours_from, request.hours_to
    if low is not None and high is not None and low > high:
        raise Refused("hours_to", "Det højeste timetal kan ikke være mindre end det laveste.")
    presented, hired = request.presented, request.hired
    # Whoever is hired was presented. A company may tell of the hired alone.
    if presented is not None and hired is not None and hired > presented:
        raise Refused("hired", "Der kan ikke være ansat flere, end der er præsenteret.")


def told(request: Request, scheme: Scheme | None = None) -> list[str]:
    """What was asked for, a line each, in the company's words. A case number is nobody's but ours."""
    hours = [str(each) for each in (request.hours_from, request.hours_to) if each is not None]
    lines = {
        "Antal": request.wanted if request.wanted is not None else request.persons,
        "Timer om ugen": "-".join(dict.fromkeys(hours)) or None,
        "Start": _day(request.start_on),
        "Ansøgningsfrist": _day(request.deadline_on),
        "Dato": _day(request.held_on),
        "Sted": request.place,
        "Ansøgere svarer": request.response,
        "Blanket eller regel": request.topic,
        "Ordning": scheme.name if scheme else None,
    }
    return [f"{name}: {value}" for name, value in lines.items() if value is not None]


def _day(day: date | datetime | None) -> str | None:
    return danish.long_date(day) if day else None
