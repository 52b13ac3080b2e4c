"""Asking: who is due the question, the mails with their links, and one reminder.

Every step is a short transaction of its own. Several machines may take the same one at once: the keys of
`survey_invitation` and `survey_link` let one of them through, and the other goes on to the next.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, load_only

from crm.access.queries import token_hash
from crm.companies.models import Company, CompanyContact
from crm.db import LOST_RACE, Database
from crm.errors import Refused
from crm.outbox import actions as outbox
from crm.periods import months_after
from crm.requests.models import Request, RequestKind, RequestState
from crm.settings import Settings
from crm.surveys.letters import letter
from crm.surveys.models import (
    RoundKind,
    SurveyInvitation,
    SurveyLink,
    SurveyQuestion,
    SurveyReply,
    SurveyRound,
)
from crm.surveys.queries import in_use, versions

ACTOR = "worker"
# Later than this nobody remembers the cooperation well, and a house that begins to ask does not ask about
# everything it ever closed.
STILL_FRESH = timedelta(days=14)
# So many mails are put down in one transaction, and so many are looked for at a time.
PART = 25
MOST = 500
NAME = "Efter en henvendelse om rekruttering"
GoOn = Callable[[], bool]


def ask(database: Database, settings: Settings, now: datetime, go_on: GoOn = lambda: True) -> int:
    """Do what is due, and say how many mails that put in the outbox."""
    if settings.survey_after_requests:
        _invite_after_requests(database, settings, now, go_on)
    return sum(_send_all(database, settings, now, go_on, is_reminder=each) for each in (False, True))


# --- Who is due ---------------------------------------------------------------------------------

_quiet, _asked = aliased(SurveyInvitation), aliased(SurveyInvitation)
_DUE = (
    select(Request.id)
    .join(CompanyContact, CompanyContact.id == Request.company_contact_id)
    .where(
        Request.kind == RequestKind.RECRUITMENT,
        Request.closed_at > bindparam("earliest"),
        Request.closed_at <= bindparam("latest"),
        Request.state.in_([RequestState.RESOLVED, RequestState.UNRESOLVED]),
        CompanyContact.email.is_not(None),
        CompanyContact.ended_on.is_(None),
        ~exists().where(_asked.request_id == Request.id),
        ~exists().where(_quiet.company_id == Request.company_id, _quiet.quiet_until > bindparam("today")),
    )
    .order_by(Request.closed_at, Request.id)
)


def due(db: Session, settings: Settings, now: datetime, request_id: int | None = None) -> Sequence[int]:
    """Closed recruitment requests whose contact is to be asked; of one request, whether it still is."""
    query = _DUE.limit(MOST) if request_id is None else _DUE.where(Request.id == request_id)
    asked = {
        "earliest": now - STILL_FRESH,
        "latest": now - timedelta(minutes=settings.survey_pause_minutes),
        "today": _today(settings, now),
    }
    return db.scalars(query, asked).all()


def _today(settings: Settings, now: datetime) -> date:
    return now.astimezone(settings.zone).date()


def _invite_after_requests(database: Database, settings: Settings, now: datetime, go_on: GoOn) -> None:
    with database.read() as db:
        found = due(db, settings, now)
    for id in found:
        if not go_on():
            return
        with database.write(ACTOR) as db:
            # What was read a moment ago may have been taken up again since.
            db.get(Request, id, with_for_update={"of": Request})
            if due(db, settings, now, id):
                _invite_after(db, id, settings, now)


def _invite_after(db: Session, id: int, settings: Settings, now: datetime) -> SurveyInvitation | None:
    today = _today(settings, now)
    question = in_use(versions(db), today)
    row = db.execute(
        select(Request.company_id, CompanyContact.id, CompanyContact.email)
        .join(CompanyContact, CompanyContact.id == Request.company_contact_id)
        .where(Request.id == id)
    ).one()
    recipient = mailable(row.email)
    if question is None or recipient is None:
        return None
    return invite(
        db, within=_standing_round(db, question, today, now), company_id=row.company_id, contact_id=row[1],
        recipient=recipient, request_id=id, expires_on=today + timedelta(days=settings.survey_days),
        months=settings.survey_months, today=today, now=now,
    )  # fmt: skip


def mailable(email: str | None) -> str | None:
    """The address as the outbox keeps it; None for what no mail can be sent to."""
    try:
        return outbox.address(email or "")
    except Refused:
        return None


def _standing_round(db: Session, question: SurveyQuestion, today: date, now: datetime) -> SurveyRound:
    """The round that follows requests, one for each wording."""
    mine = select(SurveyRound).where(
        SurveyRound.kind == RoundKind.AFTER_REQUEST, SurveyRound.question_id == question.id
    )
    if found := db.scalars(mine).first():
        return found
    made = SurveyRound(
        kind=RoundKind.AFTER_REQUEST, name=NAME, question_id=question.id, opened_on=today, created_at=now
    )
    try:
        with db.begin_nested():
            db.add(made)
            db.flush()
    except LOST_RACE:
        return db.scalars(mine).one()
    return made


def latest(db: Session, company_id: int) -> SurveyInvitation | None:
    """The end of a company's chain: the last time it was asked."""
    mine = select(SurveyInvitation).where(SurveyInvitation.company_id == company_id)
    return db.scalars(mine.order_by(SurveyInvitation.id.desc()).limit(1)).first()


def invite(
    db: Session,
    *,
    within: SurveyRound,
    company_id: int,
    contact_id: int,
    recipient: str,
    expires_on: date,
    months: int,
    today: date,
    now: datetime,
    request_id: int | None = None,
) -> SurveyInvitation | None:
    """Plan to ask a company; its quiet time begins. None when it is quiet, or another worker was first."""
    before = latest(db, company_id)
    if before and before.quiet_until > today and not within.despite_quiet:
        return None
    made = SurveyInvitation(
        round_id=within.id, question_id=within.question_id, company_id=company_id, company_contact_id=contact_id,
        request_id=request_id, recipient=recipient, asked_on=today, expires_on=expires_on,
        quiet_until=months_after(today, months), despite_quiet=within.despite_quiet, created_at=now,
        follows_id=before.id if before else None, follows_quiet_until=before.quiet_until if before else None,
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(made)
            db.flush()
    except LOST_RACE:
        found = latest(db, company_id)
        if found is None or found is before:
            raise
        return None
    return made


# --- Mails --------------------------------------------------------------------------------------


def _open(what: Any) -> Select[Any]:
    """Invitations that can be answered; those whose request was taken up again rest."""
    return (
        select(what)
        .select_from(SurveyInvitation)
        .join(SurveyRound, SurveyRound.id == SurveyInvitation.round_id)
        .join(CompanyContact, CompanyContact.id == SurveyInvitation.company_contact_id)
        .outerjoin(Request, Request.id == SurveyInvitation.request_id)
        .where(
            SurveyInvitation.expires_on >= bindparam("today"),
            SurveyRound.closed_at.is_(None),
            CompanyContact.ended_on.is_(None),
            or_(SurveyInvitation.request_id.is_(None), Request.closed_at.is_not(None)),
        )
        .order_by(SurveyInvitation.id)
    )


_LETTER = (
    contains_eager(SurveyInvitation.round).joinedload(SurveyRound.question),
    contains_eager(SurveyInvitation.contact),
    joinedload(SurveyInvitation.company).options(load_only(Company.name, raiseload=True)),
)
_UNSENT = (SurveyInvitation.sent_at.is_(None),)
_UNREMINDED = (
    SurveyInvitation.sent_at.is_not(None),
    or_(
        and_(SurveyRound.kind == RoundKind.ANNUAL, SurveyRound.remind_on <= bindparam("today")),
        and_(
            SurveyRound.kind == RoundKind.AFTER_REQUEST,
            SurveyInvitation.asked_on <= bindparam("asked_before"),
        ),
    ),
    ~exists().where(SurveyReply.invitation_id == SurveyInvitation.id),
    ~exists().where(SurveyLink.invitation_id == SurveyInvitation.id, SurveyLink.is_reminder == 1),
)


def _send_all(
    database: Database, settings: Settings, now: datetime, go_on: GoOn, *, is_reminder: bool
) -> int:
    """Put everything that waits in the outbox, a part at a time."""
    these = _UNREMINDED if is_reminder else _UNSENT
    asked = {"today": _today(settings, now)}
    if is_reminder:
        # With no days set there is no reminder after a request: nobody was asked that long ago.
        days = settings.survey_reminder_days
        asked["asked_before"] = asked["today"] - timedelta(days=days) if days else date(1900, 1, 1)
    look = _open(SurveyInvitation.id).where(*these).limit(1)
    part = _open(SurveyInvitation).where(*these).options(*_LETTER).limit(PART)
    part = part.with_for_update(of=SurveyInvitation, skip_locked=True)
    number = 0
    while go_on():
        with database.read() as db:
            # Looked up without keeping others from writing: most often there is nothing.
            if db.scalar(look, asked) is None:
                break
        with database.write(ACTOR) as db:
            found = db.scalars(part, asked).all()
            sent = sum(_send(db, each, settings, now, is_reminder=is_reminder) for each in found)
        number += sent
        if not sent:
            # Another worker is at the same ones.
            break
    return number


def _send(
    db: Session, invitation: SurveyInvitation, settings: Settings, now: datetime, *, is_reminder: bool
) -> bool:
    """One link and the mail that carries it. The link itself stands in the mail and nowhere else."""
    token = secrets.token_urlsafe(32)
    link = SurveyLink(
        token_hash=token_hash(token),
        invitation_id=invitation.id,
        is_reminder=int(is_reminder),
        created_at=now,
    )
    try:
        with db.begin_nested():
            db.add(link)
            db.flush()
    except LOST_RACE:
        return False
    told = letter(
        invitation, wording=invitation.round.question.wording, token=token, is_reminder=is_reminder,
        settings=settings,
    )  # fmt: skip
    outbox.put(db, act=told.act, to=invitation.recipient, subject=told.subject, body=told.body, now=now)
    if not is_reminder:
        invitation.sent_at = now
    db.flush()
    return True
