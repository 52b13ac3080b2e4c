"""All that a member of the panel can see of agreements and goals, and nothing else.

Every question here, and in told.py, names its columns and the member's own seat or company; the answers are plain
values, so that no page can walk from them into the rest of the house. What is not theirs looks as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from crm.agreements.commitments import Commitment
from crm.agreements.documents import Document, DocumentKind
from crm.agreements.models import Agreement, AgreementState, Programme
from crm.agreements.periods import AgreementPeriod
from crm.companies.models import Company
from crm.errors import NotFound
from crm.goals import queries as goals
from crm.panel.members import Member
from crm.panel.models import PanelSeat

MOST = 100
# So long after its end an agreement still stands on the page.
REMEMBERED = timedelta(days=730)
NO_AGREEMENT = "Vi kan ikke finde den aftale."
NO_DOCUMENT = "Vi kan ikke finde det dokument."
_TODAY: Any = bindparam("today", type_=PanelSeat.begins_on.type)
_COMPANY: Any = bindparam("company_id")


@dataclass(frozen=True)
class Promised:
    """Something promised in an agreement, and how much of it is fulfilled."""

    what: str
    promised: int
    fulfilled: int
    due: date | None


@dataclass(frozen=True)
class Paper:
    """A document of an agreement, in its newest version."""

    id: int
    name: str
    kind: str
    media_type: str
    size: int
    uploaded_at: datetime


@dataclass(frozen=True)
class Own:
    """An agreement of the member's company. `holds` says whether it is in force today."""

    id: int
    programme: str
    title: str
    signed_on: date | None
    valid_from: date | None
    valid_to: date | None
    ended_on: date | None
    holds: bool
    begins_later: bool
    commitments: Sequence[Promised] = ()
    papers: Sequence[Paper] = ()
    periods: Sequence[tuple[date | None, date | None]] = field(default=())


_SIGNED = Agreement.state.in_((*map(str, (AgreementState.SIGNED, AgreementState.IN_FORCE, AgreementState.RENEWED)),
                               str(AgreementState.ENDED)))  # fmt: skip
_HOLDS = exists().where(
    AgreementPeriod.agreement_id == Agreement.id,
    AgreementPeriod.signed_on <= _TODAY,
    AgreementPeriod.valid_from <= _TODAY,
    or_(AgreementPeriod.valid_to.is_(None), AgreementPeriod.valid_to >= _TODAY),
    or_(Agreement.ended_on.is_(None), Agreement.ended_on >= _TODAY),
)
# What was never signed is still the municipality's own thought.
_THEIRS = and_(
    Agreement.company_id == _COMPANY, Agreement.signed_on.is_not(None), _SIGNED,
    Programme.panel_sees == 1, Programme.kind == "company",
)  # fmt: skip
_OWN = (
    select(
        Agreement.id, Programme.name, Agreement.title, Agreement.signed_on, Agreement.valid_from, Agreement.valid_to,
        Agreement.ended_on, case((_HOLDS, True), else_=False),
    )
    .join(Agreement.programme)
    .where(_THEIRS)
    .order_by(Agreement.ended_on.is_not(None), Agreement.valid_from.desc(), Agreement.id.desc())
)  # fmt: skip
_OWN_RECENT = _OWN.where(or_(Agreement.ended_on.is_(None), Agreement.ended_on >= bindparam("since"))).limit(
    MOST
)
_OWN_ONE = _OWN.where(Agreement.id == bindparam("id"))
_COMMITMENTS = (
    select(
        Commitment.agreement_id, Commitment.what, Commitment.promised, Commitment.fulfilled, Commitment.due
    )
    .where(Commitment.agreement_id.in_(bindparam("ids", expanding=True)))
    .order_by(Commitment.agreement_id, Commitment.id)
)
_NEWER = aliased(Document)
# Drafts are worked on in the house; a version that was replaced is history.
_READABLE = and_(
    Document.content.is_not(None),
    Document.kind != str(DocumentKind.DRAFT),
    ~exists().where(
        _NEWER.agreement_id == Document.agreement_id,
        _NEWER.number == Document.number,
        _NEWER.version > Document.version,
    ),
)
_PAPERS = (
    select(
        Document.agreement_id, Document.id, Document.name, Document.kind, Document.media_type, Document.size,
        Document.uploaded_at,
    )
    .where(Document.agreement_id.in_(bindparam("ids", expanding=True)), _READABLE)
    .order_by(Document.agreement_id, case((Document.kind == str(DocumentKind.SIGNED), 0), else_=1), Document.number)
)  # fmt: skip


def agreements(db: Session, member: Member, today: date) -> Sequence[Own]:
    """The company's agreements with what was promised and their documents; those in force first. Three questions."""
    asked = {"company_id": member.company_id, "today": today, "since": today - REMEMBERED}
    return _with_parts(db, db.execute(_OWN_RECENT, asked).all(), today)


def agreement(db: Session, member: Member, id: int, today: date) -> Own:
    """One of the company's agreements, with its periods; NotFound for any other."""
    rows = db.execute(_OWN_ONE, {"company_id": member.company_id, "today": today, "id": id}).all()
    if not rows:
        raise NotFound(NO_AGREEMENT)
    periods = db.execute(
        select(AgreementPeriod.valid_from, AgreementPeriod.valid_to)
        .where(AgreementPeriod.agreement_id == id)
        .order_by(AgreementPeriod.seq)
    ).all()
    return _with_parts(db, rows, today, [(first, last) for first, last in periods])[0]


def _with_parts(
    db: Session, rows: Sequence[Any], today: date, periods: Sequence[tuple[date | None, date | None]] = ()
) -> Sequence[Own]:
    ids = [row[0] for row in rows]
    if not ids:
        return ()
    promised: dict[int, list[Promised]] = {}
    for row in db.execute(_COMMITMENTS, {"ids": ids}):
        promised.setdefault(row[0], []).append(Promised(*row[1:]))
    papers: dict[int, list[Paper]] = {}
    for paper in db.execute(_PAPERS, {"ids": ids}):
        papers.setdefault(paper[0], []).append(Paper(*paper[1:]))
    return [
        Own(
            id, programme, title, signed, begins, ends, ended, bool(holds),
            ended is None and begins is not None and begins > today,
            promised.get(id, ()), papers.get(id, ()), periods,
        )
        for id, programme, title, signed, begins, ends, ended, holds in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """A document with its bytes."""

    name: str
    media_type: str
    content: bytes


_DOCUMENT = (
    select(Document.name, Document.media_type, Document.content)
    .join(Agreement, Agreement.id == Document.agreement_id)
    .join(Agreement.programme)
    .where(Document.id == bindparam("id"), _THEIRS, _READABLE)
)


def document(db: Session, member: Member, id: int) -> Opened:
    """A document of one of the company's agreements; NotFound for any other."""
    row = db.execute(_DOCUMENT, {"company_id": member.company_id, "id": id}).first()
    if row is None or row[2] is None:
        raise NotFound(NO_DOCUMENT)
    return Opened(row[0], row[1], row[2])


# --- The panel's shared list, and the goals -----------------------------------------------------


@dataclass(frozen=True)
class Shared:
    """A company with an agreement in force that is shown to the panel."""

    company: str
    programme: str
    since: date | None


_SHARED = (
    select(Company.name, Programme.name, func.min(Agreement.valid_from))
    .join(Agreement, Agreement.company_id == Company.id)
    .join(Agreement.programme)
    .where(
        Agreement.shown_to_panel == 1, Programme.panel_sees == 1, Programme.kind == "company",
        Agreement.signed_on.is_not(None), _HOLDS,
    )
    .group_by(Company.id, Company.name, Company.sort_key, Programme.id, Programme.name)
    .order_by(Programme.name, Company.sort_key, Company.id)
    .limit(500)
)  # fmt: skip


def shared(db: Session, today: date) -> Sequence[Shared]:
    """Which companies are with us in which programme, and since when: only those marked as shown to the panel."""
    return [Shared(*row) for row in db.execute(_SHARED, {"today": today})]


@dataclass(frozen=True)
class Barometer:
    """How far one of the plan's objectives has come, in numbers only."""

    name: str
    is_share: bool
    value: int | None
    target: int | None
    due: date | None


def barometers(db: Session, today: date, *, least: int) -> Sequence[Barometer]:
    """The objectives that are followed, in the plan's order. `least` is how few answers hide a share."""
    return [
        Barometer(
            each.objective.name, each.objective.counts == "share", each.value,
            each.target.value if each.target else None, each.target.due if each.target else None,
        )
        for each in goals.progress(db, today, with_companies=False, least=least)
    ]  # fmt: skip
