"""Questions, rounds, what a link opens, what was answered, and the comments that wait for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, joinedload, load_only

from crm.access.models import User
from crm.access.queries import token_hash
from crm.companies.models import Company
from crm.companies.queries import LINE
from crm.errors import NotFound
from crm.surveys.models import (
    EASY,
    RoundKind,
    SurveyInvitation,
    SurveyLink,
    SurveyQuestion,
    SurveyReply,
    SurveyRound,
)

SHOWN = 200
NEWEST = 25


def versions(db: Session, key: str = EASY) -> Sequence[SurveyQuestion]:
    """Every wording of a question, the newest first."""
    return db.scalars(
        select(SurveyQuestion).where(SurveyQuestion.key == key).order_by(SurveyQuestion.version.desc())
    ).all()


def in_use(found: Sequence[SurveyQuestion], on: date) -> SurveyQuestion | None:
    """The newest of these wordings that was in use on a day."""
    used = [each for each in found if each.valid_from <= on]
    return max(used, key=lambda each: each.version, default=None)


# --- What a link opens --------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    """The one question a link opens, and what has been answered to it."""

    invitation: SurveyInvitation
    question: SurveyQuestion
    reply: SurveyReply | None

    def is_over(self, today: date) -> bool:
        """Whether the time to answer has passed, or the round was closed."""
        return today > self.invitation.expires_on or self.invitation.round.closed_at is not None


# One question asked of the database, whatever the link: nobody can tell by the clock what a guess was like.
_OPENED = (
    select(SurveyInvitation, SurveyQuestion, SurveyReply)
    .join(SurveyLink, SurveyLink.invitation_id == SurveyInvitation.id)
    .join(SurveyQuestion, SurveyQuestion.id == SurveyInvitation.question_id)
    .outerjoin(SurveyReply, SurveyReply.invitation_id == SurveyInvitation.id)
    .options(
        joinedload(SurveyInvitation.company).load_only(Company.name, raiseload=True),
        joinedload(SurveyInvitation.round),
    )
    .where(SurveyLink.token_hash == bindparam("hash"))
)


def opened(db: Session, token: str) -> Opened | None:
    """What this link opens; None for a link we have not made."""
    row = db.execute(_OPENED, {"hash": token_hash(token)}).first()
    return Opened(*row) if row else None


# --- Replies ------------------------------------------------------------------------------------

_OF_LINE = (
    joinedload(SurveyReply.company).options(
        load_only(*LINE, raiseload=True), joinedload(Company.responsible).load_only(User.name, raiseload=True)
    ),
)


def reply(db: Session, id: int) -> SurveyReply:
    """One reply with its company, question and who was asked, or NotFound."""
    found = db.scalars(
        select(SurveyReply)
        .options(
            joinedload(SurveyReply.company).joinedload(Company.responsible),
            joinedload(SurveyReply.question),
            joinedload(SurveyReply.handled_by),
            joinedload(SurveyReply.invitation).options(
                joinedload(SurveyInvitation.contact), joinedload(SurveyInvitation.round)
            ),
        )
        .where(SurveyReply.id == id)
    ).first()
    if found is None:
        raise NotFound("Vi kan ikke finde det svar.")
    return found


@dataclass(frozen=True)
class Which:
    """The replies behind a figure: of one wording, in a period, perhaps of one step (0 is "ved ikke")."""

    question_id: int
    since: date
    until: date
    value: int | None = None
    commented: bool = False


def replies(
    db: Session, which: Which, *, after: tuple[date, int] | None = None, limit: int = SHOWN
) -> tuple[Sequence[SurveyReply], tuple[date, int] | None]:
    """Replies, the newest first, and the key to ask for older with."""
    query = (
        select(SurveyReply)
        .options(*_OF_LINE)
        .where(
            SurveyReply.question_id == which.question_id,
            SurveyReply.replied_on >= which.since,
            SurveyReply.replied_on <= which.until,
        )
        .order_by(SurveyReply.replied_on.desc(), SurveyReply.id.desc())
        .limit(limit + 1)
    )
    if which.value is not None:
        query = query.where(SurveyReply.value == which.value if which.value else SurveyReply.value.is_(None))
    if which.commented:
        query = query.where(SurveyReply.comment.is_not(None))
    if after is not None:
        day, id = after
        older = (SurveyReply.replied_on < day) | ((SurveyReply.replied_on == day) & (SurveyReply.id < id))
        query = query.where(older)
    rows = db.scalars(query).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], (last.replied_on, last.id) if last else None


# --- Rounds -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """A round and how far it has come."""

    round: SurveyRound
    invited: int
    sent: int
    answered: int

    @property
    def rate(self) -> int | None:
        """How many per cent of those asked have answered."""
        return percent(self.answered, self.sent)


def percent(part: int, whole: int) -> int | None:
    """In whole per cent, halves upwards; None of nothing."""
    return (200 * part + whole) // (2 * whole) if whole else None


def _standings(db: Session, ids: Sequence[int]) -> list[Standing]:
    rounds = db.scalars(
        select(SurveyRound)
        .options(joinedload(SurveyRound.question), joinedload(SurveyRound.by))
        .where(SurveyRound.id.in_(ids))
        .order_by(SurveyRound.id.desc())
    ).all()
    counted = {
        id: numbers
        for id, *numbers in db.execute(
            select(
                SurveyInvitation.round_id,
                func.count(),
                func.count(SurveyInvitation.sent_at),
                func.count(SurveyReply.id),
            )
            .outerjoin(SurveyReply, SurveyReply.invitation_id == SurveyInvitation.id)
            .where(SurveyInvitation.round_id.in_(ids))
            .group_by(SurveyInvitation.round_id)
        )
    }
    return [Standing(each, *counted.get(each.id, (0, 0, 0))) for each in rounds]


def rounds(db: Session, limit: int = 25) -> list[Standing]:
    """The newest rounds and how far each has come."""
    newest = db.scalars(select(SurveyRound.id).order_by(SurveyRound.id.desc()).limit(limit)).all()
    return _standings(db, newest)


def round_of(db: Session, id: int) -> Standing:
    """One round and how far it has come, or NotFound."""
    found = _standings(db, [id])
    if not found:
        raise NotFound("Vi kan ikke finde den runde.")
    return found[0]


def invited(
    db: Session, within: SurveyRound, limit: int = SHOWN
) -> Sequence[tuple[SurveyInvitation, SurveyReply | None]]:
    """Who is asked in a round and what they answered, those who have not answered first.

    The round that follows requests has no end: of that one the newest.
    """
    rows = (
        select(SurveyInvitation, SurveyReply)
        .outerjoin(SurveyReply, SurveyReply.invitation_id == SurveyInvitation.id)
        .join(Company, Company.id == SurveyInvitation.company_id)
        .options(
            joinedload(SurveyInvitation.company).options(load_only(*LINE, raiseload=True)),
            joinedload(SurveyInvitation.contact),
        )
        .where(SurveyInvitation.round_id == within.id)
    )
    if within.kind == RoundKind.AFTER_REQUEST:
        found = db.execute(rows.order_by(SurveyInvitation.id.desc()).limit(NEWEST))
    else:
        order = (SurveyReply.id.is_not(None), Company.sort_key, SurveyInvitation.id)
        found = db.execute(rows.order_by(*order).limit(limit))
    return [(invitation, given) for invitation, given in found]
