"""What has happened since the last meeting: one statement over agreements and requests, answered by index.

A period is (since, until]: those of two meetings that follow each other have nothing in common and leave nothing
out. A step counts in the period it was written down in, whatever day it was taken on, so what is entered late is
still news once. Late answers are counted by the request and never by the colleague.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Select, and_, bindparam, literal, null, or_, select, union_all
from sqlalchemy.orm import Session, joinedload

from crm.agreements.models import Agreement, AgreementState, AgreementStep, Programme
from crm.companies.models import Company
from crm.companies.queries import LINE
from crm.requests.models import Request, RequestState, overdue
from crm.types import Among, Utc

Query = Select[*tuple[Any, ...]]
SHOWN = 200
_SINCE, _UNTIL = bindparam("since", type_=Utc()), bindparam("until", type_=Utc())
_FIRST, _LAST = bindparam("first", type_=Date()), bindparam("last", type_=Date())
_STEPS = {
    AgreementState.SIGNED: "signed",
    AgreementState.RENEWED: "renewed",
    AgreementState.ENDED: "ended",
}


def _stepped(state: AgreementState, word: str) -> Query:
    """Agreements that came to a state."""
    return (
        select(
            literal(word).label("what"), Agreement.id, Company.cvr, Company.name, Programme.key,
            Programme.name.label("programme"), AgreementStep.on,
        )
        .select_from(AgreementStep)
        .join(Agreement, Agreement.id == AgreementStep.agreement_id)
        .join(Company, Company.id == Agreement.company_id)
        .join(Programme, Programme.id == Agreement.programme_id)
        .where(AgreementStep.to_state == str(state), AgreementStep.at > _SINCE, AgreementStep.at <= _UNTIL)
    )  # fmt: skip


def _expired() -> Query:
    """Agreements whose last day passed, and nobody wrote that they ended."""
    return (
        select(
            literal("expired"), Agreement.id, Company.cvr, Company.name, Programme.key, Programme.name,
            Agreement.valid_to,
        )
        .select_from(Agreement)
        .join(Company, Company.id == Agreement.company_id)
        .join(Programme, Programme.id == Agreement.programme_id)
        .where(
            Agreement.valid_to >= _FIRST, Agreement.valid_to < _LAST,
            Agreement.signed_on.is_not(None), Agreement.ended_on.is_(None),
        )
    )  # fmt: skip


def _asked(word: str, *conditions: Any) -> Query:
    """Requests, by their key alone."""
    nothing = (null(), null(), null(), null(), null())
    return select(literal(word), Request.id, *nothing).where(*conditions)


def _within(moment: Any) -> Any:
    return and_(moment > _SINCE, moment <= _UNTIL)


# Answered in time, or not by the time an answer was due; a request whose time has not come is neither.
_in_time = Request.in_time == 1
_late = or_(Request.in_time == 0, overdue(_UNTIL))
_HAPPENED = union_all(
    *(_stepped(state, word) for state, word in _STEPS.items()),
    _expired(),
    _asked("received", _within(Request.received_at)),
    _asked("in_time", _within(Request.answer_due_at), _in_time),
    _asked("late", _within(Request.answer_due_at), _late),
    _asked("solved", _within(Request.closed_at), Request.state == str(RequestState.RESOLVED)),
    _asked("closed", _within(Request.closed_at)),
)
AGREEMENTS = ("signed", "renewed", "ended", "expired")
REQUESTS = ("received", "in_time", "late", "solved", "closed")


@dataclass(frozen=True)
class Happened:
    """Agreements as plain facts, the first by name; requests as keys, in order."""

    agreements: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    requests: dict[str, list[int]] = field(default_factory=dict)


def happened(db: Session, *, since: datetime, until: datetime, first: date, last: date) -> Happened:
    """What happened within (since, until]. What ran out had its last day on `first` or later, and before `last`."""
    found = Happened({word: [] for word in AGREEMENTS}, {word: [] for word in REQUESTS})
    asked = {"since": since, "until": until, "first": first, "last": last}
    for what, id, cvr, name, key, programme, on in db.execute(_HAPPENED, asked):
        if what in found.requests:
            found.requests[what].append(id)
        else:
            found.agreements[what].append(
                {
                    "id": id,
                    "cvr": cvr,
                    "name": name,
                    "programme": key,
                    "programme_name": programme,
                    "on": on.isoformat(),
                }
            )
    for keys in found.requests.values():
        keys.sort()
    for lines in found.agreements.values():
        lines.sort(key=lambda line: (line["name"], line["id"]))
    return found


_BEHIND = (
    select(Request)
    .options(joinedload(Request.company, innerjoin=True).load_only(*LINE, raiseload=True))
    .where(Among(Request.id, "ids"))
    .order_by(Request.answer_due_at, Request.id)
    .limit(bindparam("most"))
)


def requests_behind(db: Session, ids: Sequence[int]) -> Sequence[Request]:
    """The requests behind a figure as they stand now, by the day an answer was due. Their owners are not told."""
    return db.scalars(_BEHIND, {"ids": list(ids), "most": SHOWN}).all()
