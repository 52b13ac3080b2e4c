"""Where a day's lines come from: one statement each, by index, bounded, and ready beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, and_, bindparam, exists, func, select, text, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, load_only

from crm.access.models import User
from crm.agreements.models import Agreement, AgreementStep, Programme
from crm.agreements.periods import AgreementPeriod
from crm.agreements.reminders import AgreementReminder
from crm.companies.models import Company, CompanyContact
from crm.companies.queries import LINE
from crm.day.models import PutOff, Reason
from crm.db import Key
from crm.interactions.models import FollowUp, Interaction
from crm.requests.models import Request
from crm.responsibility.models import CompanyAssignment
from crm.surveys.models import SurveyReply
from crm.types import Utc

# The quietest of so many of a consultant's companies are looked for; above that it would be no glance.
LOOKED_AT = 500
_ME = bindparam("me", type_=Key)
_TODAY, _MOST = bindparam("today", type_=Date()), bindparam("most", type_=Integer())


def _not_put_off(reason: Reason, subject: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    return ~exists().where(
        PutOff.user_id == _ME,
        PutOff.kind == str(reason),
        PutOff.subject_id == subject,
        PutOff.until > _TODAY,
    )


def _company(table: Any) -> Any:
    return joinedload(table.company, innerjoin=True).load_only(*LINE, raiseload=True)


_PERSON = (CompanyContact.name, CompanyContact.phone, CompanyContact.mobile)
_ASKED = (
    Request.title, Request.state, Request.received_at, Request.answer_due_at, Request.answered_at,
    Request.paused_since, Request.owner_id, Request.version,
)  # fmt: skip
_mine = and_(Request.owner_id == _ME, Request.closed_at.is_(None))
_unanswered = (
    select(Request.id)
    .where(_mine, Request.answered_at.is_(None), _not_put_off(Reason.ANSWER, Request.id))
    .order_by(Request.answer_due_at, Request.id)
    .limit(_MOST)
    .subquery()
)
_under_way = (
    select(Request.id)
    .where(_mine, Request.answered_at.is_not(None))
    .order_by(Request.answer_due_at, Request.id)
    .limit(_MOST)
    .subquery()
)
_REQUESTS = (
    select(Request)
    .options(
        load_only(*_ASKED, raiseload=True),
        _company(Request),
        joinedload(Request.contact).load_only(*_PERSON, raiseload=True),
    )
    .where(Request.id.in_(union_all(select(_unanswered.c.id), select(_under_way.c.id))))
    .order_by(Request.answer_due_at, Request.id)
)
_FOLLOW_UPS = (
    select(FollowUp)
    .options(
        _company(FollowUp),
        joinedload(FollowUp.interaction)
        .load_only(Interaction.id, raiseload=True)
        .joinedload(Interaction.contact)
        .load_only(*_PERSON, raiseload=True),
    )
    .where(
        FollowUp.owner_id == _ME, FollowUp.done_at.is_(None), FollowUp.due <= bindparam("until", type_=Date())
    )
    .order_by(FollowUp.due, FollowUp.id)
    .limit(_MOST)
)
_running_out = (
    select(Agreement.id)
    .where(
        Agreement.consultant_id == _ME,
        Agreement.ended_on.is_(None),
        Agreement.valid_to >= bindparam("since", type_=Date()),
        Agreement.valid_to <= bindparam("until", type_=Date()),
        _not_put_off(Reason.EXPIRY, Agreement.id),
        # Once a follow-up is booked for it, that is the line.
        ~exists().where(
            AgreementReminder.agreement_id == Agreement.id,
            AgreementReminder.agreement_id == AgreementPeriod.agreement_id,
            AgreementReminder.period == AgreementPeriod.seq,
            AgreementPeriod.valid_to == Agreement.valid_to,
        ),
    )
    .order_by(Agreement.valid_to)
    .limit(_MOST)
    .subquery()
)
_offered = (
    select(Agreement.id)
    # The state is written out, not bound: only then both engines see that a partial index answers it.
    .where(
        Agreement.consultant_id == _ME, text("state = 'offered'"), _not_put_off(Reason.OFFER, Agreement.id)
    )
    .order_by(Agreement.id)
    .limit(_MOST)
    .subquery()
)
_AGREEMENTS = (
    select(Agreement, AgreementStep.on)
    .join(
        AgreementStep,
        and_(AgreementStep.agreement_id == Agreement.id, AgreementStep.seq == Agreement.step_no),
    )
    .options(
        load_only(Agreement.title, Agreement.state, Agreement.valid_to, Agreement.version, raiseload=True),
        _company(Agreement),
        joinedload(Agreement.programme).load_only(Programme.name, raiseload=True),
    )
    .where(Agreement.id.in_(union_all(select(_running_out.c.id), select(_offered.c.id))))
    .order_by(Agreement.id)
)
_some = (
    select(CompanyAssignment.company_id)
    .where(CompanyAssignment.user_id == _ME, CompanyAssignment.valid_to.is_(None))
    .order_by(CompanyAssignment.company_id)
    .limit(LOOKED_AT)
    .subquery()
)
_spoken = func.coalesce(Company.last_contact_at, Company.created_at)
# How many were seen to since the day began: each leaves its place empty until tomorrow.
_seen_to = (
    select(func.count())
    .where(
        PutOff.user_id == _ME,
        PutOff.kind == str(Reason.QUIET),
        PutOff.created_at >= bindparam("began", type_=Utc()),
    )
    .scalar_subquery()
)
_QUIET = (
    select(Company, _seen_to)
    .join(_some, _some.c.company_id == Company.id)
    .options(load_only(*LINE, Company.advertising_protected, raiseload=True))
    .where(
        # Hidden in an expression, so that nobody reads all active companies to find these.
        Company.active + 0 == 1,
        _spoken < bindparam("quiet_since", type_=Utc()),
        _not_put_off(Reason.QUIET, Company.id),
    )
    .order_by(func.coalesce(Company.employees_from, 0).desc(), _spoken, Company.id)
    .limit(_MOST)
)


_COMMENTS = (
    select(SurveyReply)
    .options(load_only(SurveyReply.comment, SurveyReply.replied_on, raiseload=True), _company(SurveyReply))
    .where(
        SurveyReply.comment.is_not(None),
        SurveyReply.handled_at.is_(None),
        exists().where(
            CompanyAssignment.company_id == SurveyReply.company_id,
            CompanyAssignment.valid_to.is_(None),
            CompanyAssignment.user_id == _ME,
        ),
        _not_put_off(Reason.COMMENT, SurveyReply.id),
    )
    .order_by(SurveyReply.replied_on, SurveyReply.id)
    .limit(_MOST)
)


def requests(db: Session, user: User, today: date, limit: int) -> Sequence[Request]:
    """The user's open requests: those without an answer, then some of those with one."""
    return db.scalars(_REQUESTS, {"me": user.id, "today": today, "most": limit}).all()


def follow_ups(db: Session, user: User, until: date, limit: int) -> Sequence[FollowUp]:
    """What the user has promised for the days up to `until`, the most urgent first."""
    return db.scalars(_FOLLOW_UPS, {"me": user.id, "until": until, "most": limit}).all()


def agreements(
    db: Session, user: User, *, since: date, until: date, today: date, limit: int
) -> Sequence[tuple[Agreement, date]]:
    """The user's agreements that run out between two days, and those on offer since their last step's day."""
    asked = {"me": user.id, "since": since, "until": until, "today": today, "most": limit}
    return [(agreement, on) for agreement, on in db.execute(_AGREEMENTS, asked)]


def quiet_companies(
    db: Session, user: User, *, quiet_since: datetime, began: datetime, today: date, limit: int
) -> Sequence[Company]:
    """The largest of the user's companies that nobody has spoken with since then, so many a day.

    The ones put off or seen to since the day `began` count among them.
    """
    asked = {"me": user.id, "quiet_since": quiet_since, "began": began, "today": today, "most": limit}
    rows = db.execute(_QUIET, asked).all()
    return [row[0] for row in rows[: max(0, limit - rows[0][1])]] if rows else []


def comments(db: Session, user: User, today: date, limit: int) -> Sequence[SurveyReply]:
    """What the user's companies wrote about the cooperation, and nobody has followed up on; oldest first."""
    return db.scalars(_COMMENTS, {"me": user.id, "today": today, "most": limit}).all()
