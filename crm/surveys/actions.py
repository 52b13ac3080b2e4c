"""Answering once, following up on what was written, and wording the question anew."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from crm.access.models import User
from crm.companies.models import Company
from crm.db import LOST_RACE
from crm.errors import Conflict, Refused
from crm.interactions import actions as interactions
from crm.interactions.models import Direction, Kind
from crm.surveys.models import EASY, STEPS, SurveyQuestion, SurveyReply
from crm.surveys.queries import Opened, versions

ANSWERED = "Vi har allerede fået et svar på spørgsmålet. Tak for det!"
OVER = "Tiden til at svare er gået. Tak, fordi du ville."
# A wording may wait this long to come into use.
AHEAD = timedelta(days=366)


class Answered(Conflict):
    """Somebody has answered by this link already."""

    def __init__(self) -> None:
        super().__init__(ANSWERED)


def answer(db: Session, *, opened: Opened, value: int | None, today: date) -> SurveyReply:
    """Store the one answer to an invitation; None is "ved ikke". Of many at once the key lets one through."""
    if value is not None and value not in STEPS:
        raise Refused("value", "Tryk på et af svarene.")
    if opened.reply is not None:
        raise Answered
    if opened.is_over(today):
        raise Conflict(OVER)
    invitation = opened.invitation
    made = SurveyReply(
        invitation_id=invitation.id, company_id=invitation.company_id, question_id=invitation.question_id,
        expires_on=invitation.expires_on, value=value, replied_on=today,
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(made)
            db.flush()
    except LOST_RACE as error:
        raise Answered from error
    return made


def add_comment(db: Session, *, reply: SurveyReply, comment: str) -> SurveyReply:
    """What whoever answered wants to say besides. Once, as the answer itself."""
    if not comment.strip():
        raise Refused("comment", "Skriv din kommentar, eller luk siden. Dit svar er gemt.")
    db.refresh(reply, ["comment", "handled_at"], with_for_update={"of": SurveyReply})
    if reply.comment is not None:
        raise Conflict("Din kommentar er allerede gemt. Tak for den!")
    reply.comment = comment
    db.flush()
    return reply


def handle_comment(
    db: Session,
    *,
    reply: SurveyReply,
    company: Company,
    by: User,
    now: datetime,
    note: str,
    kind: str | None = None,
) -> SurveyReply:
    """Somebody has followed up. With a `kind` (a call, a mail …) it also stands in the company's timeline."""
    if not note.strip():
        raise Refused("note", "Skriv kort, hvad der blev gjort.")
    db.refresh(reply, ["comment", "handled_at"], with_for_update={"of": SurveyReply})
    if reply.comment is None:
        raise Conflict("Der er ingen kommentar at følge op på.")
    if reply.handled_at is not None:
        raise Conflict("En kollega har allerede fulgt op på kommentaren.")
    reply.handled_at, reply.handled_by_id, reply.handled_note = now, by.id, note
    if kind:
        direction = None if kind == Kind.NOTE else Direction.OUT
        interactions.log(
            db, company=company, by=by, now=now, kind=kind, direction=direction,
            summary=f"Fulgte op på virksomhedens kommentar om samarbejdet: {note}",
        )  # fmt: skip
    db.flush()
    return reply


def reword(
    db: Session, *, wording: str, valid_from: date, by: User, now: datetime, today: date, key: str = EASY
) -> SurveyQuestion:
    """Ask in other words from a day on. Figures begin anew with them, since they are never mixed."""
    words = " ".join(wording.split())
    if not words:
        raise Refused("wording", "Skriv spørgsmålet.")
    if not today <= valid_from <= today + AHEAD:
        raise Refused("valid_from", "Vælg en dag fra i dag og højst et år frem.")
    before = versions(db, key)
    if before and before[0].wording == words:
        raise Refused("wording", "Sådan lyder spørgsmålet allerede.")
    if before and before[0].valid_from > valid_from:
        raise Refused(
            "valid_from", "En nyere ordlyd tages først i brug senere. Vælg den dag eller en senere."
        )
    made = SurveyQuestion(
        key=key, version=before[0].version + 1 if before else 1, wording=words, valid_from=valid_from,
        created_at=now, by_id=by.id,
    )  # fmt: skip
    try:
        with db.begin_nested():
            db.add(made)
            db.flush()
    except LOST_RACE as error:
        raise Conflict("En kollega har lige ændret ordlyden. Hent siden igen.") from error
    return made
