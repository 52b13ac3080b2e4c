"""A year of answers to the one question: who was asked after a request, and what they said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, cast

from sqlalchemy import Table, insert, select

from crm.access.queries import token_hash
from crm.companies.models import Company, CompanyContact
from crm.db import Session, reserve
from crm.periods import months_after
from crm.requests.models import Request, RequestKind, RequestState
from crm.responsibility.models import CompanyAssignment
from crm.surveys.asking import NAME
from crm.surveys.models import (
    RoundKind,
    SurveyInvitation,
    SurveyLink,
    SurveyQuestion,
    SurveyReply,
    SurveyRound,
)
from scripts.demo.days import CLOCK, Days

Columns = dict[str, Any]
SEED = 71
YEAR, MONTH = 365, timedelta(days=30)
QUIET = 6
# Of a hundred who were asked so many answer; larger towns are no demo but a measurement.
RATE, MOST = 0.44, 400
# How often each step is chosen; None is "ved ikke".
STEPS: dict[int | None, int] = {5: 14, 4: 18, 3: 5, 2: 3, 1: 1, None: 4}
# One in so many of those who chose the step writes something.
WRITES = {5: 3, 4: 2, 3: 1, 2: 1, 1: 1, None: 4}
COMMENTS: dict[int | None, Sequence[str]] = {
    5: (
        "Vi ringede mandag og havde to samtaler fredag. Det kunne ikke være nemmere.",
        "Dejligt at det er den samme, der tager telefonen hver gang.",
        "Konsulenten kendte faget og sendte kun kandidater, der passede.",
        "Hurtigt svar og ingen skemaer til os. Tak for det.",
    ),
    4: (
        "Fint forløb. Vi ville gerne have hørt fra jer midtvejs.",
        "God hjælp, men det tog en uge, før vi så den første kandidat.",
        "Vi fik ansat en. Må gerne ringe igen til foråret, så skal vi bruge flere.",
        "Godt, at I kom ud og så arbejdspladsen først.",
    ),
    3: (
        "Samtalerne var gode nok, men vi fandt selv den, vi ansatte.",
        "Vi er i tvivl om, hvad vi kan bruge jer til. Ring gerne og fortæl.",
        "Lidt svært at vide, hvem der havde bolden undervejs.",
    ),
    2: (
        "Vi skulle forklare det samme tre gange. Ring til mig, hvis I vil høre hvordan.",
        "Ingen af dem, I sendte, havde kørekort, og det havde vi skrevet.",
        "Det gik for langsomt for os. Stillingen var besat, da vi hørte noget.",
    ),
    1: ("Vi hørte aldrig noget. Det skuffede os, for vi ville gerne have haft en elev.",),
    None: ("Jeg var på ferie, min kollega tog sig af det.",),
}
HANDLED = (
    "Ringede og talte det igennem. De vil gerne bruge os igen.",
    "Har aftalt at ringe hver anden uge, mens de søger.",
    "Takkede og lovede at følge op til foråret.",
)
# Comments from the last weeks lie there still; the older ones have been answered.
FRESH = 80
# What the newest question that nobody has answered can be looked at with: /svar/demo.
LINK = "demo"


def lay_out(db: Session, days: Days) -> dict[str, int]:
    """Ask a year back and answer. Returns the rows added."""
    rng = Random(SEED)  # noqa: S311  # The demo shall come out alike every time.
    question = db.scalars(select(SurveyQuestion).order_by(SurveyQuestion.version.desc())).first()
    closed = _closed(db, days)
    if question is None or not closed:
        return {}
    standing = SurveyRound(
        kind=RoundKind.AFTER_REQUEST, name=NAME, question_id=question.id, opened_on=days.ago(YEAR),
        created_at=days.noon(days.ago(YEAR)),
    )  # fmt: skip
    db.add(standing)
    db.flush()
    asked = _ask(closed, standing)
    for key, row in zip(reserve(db, SurveyInvitation, len(asked)), asked, strict=True):
        row["id"] = key
    _chain(asked)
    replies = _answer(rng, days, asked)
    unanswered = [row for row in asked if row["id"] not in {each["invitation_id"] for each in replies}]
    link = {"token_hash": token_hash(LINK), "is_reminder": 0, "created_at": days.now}
    links = [link | {"invitation_id": row["id"]} for row in unanswered[-1:]]
    added = {SurveyInvitation: asked, SurveyReply: replies, SurveyLink: links}
    for model, rows in added.items():
        if rows:
            plain = [{name: value for name, value in row.items() if name != "consultant"} for row in rows]
            db.execute(insert(cast("Table", model.__table__)), plain)
    counts = {model.__tablename__: len(rows) for model, rows in added.items()}
    return counts | {SurveyRound.__tablename__: 1}


def _closed(db: Session, days: Days) -> Sequence[Any]:
    """Recruitment requests closed within the year whose contact has a mail address, the oldest first."""
    return db.execute(
        select(
            Request.id, Request.company_id, Request.closed_at, CompanyContact.id, CompanyContact.email,
            CompanyAssignment.user_id,
        )
        .join(CompanyContact, CompanyContact.id == Request.company_contact_id)
        .join(Company, Company.id == Request.company_id)
        .join(CompanyAssignment, CompanyAssignment.id == Company.current_assignment_id)
        .where(
            Request.kind == RequestKind.RECRUITMENT,
            Request.state.in_([RequestState.RESOLVED, RequestState.UNRESOLVED]),
            Request.closed_at > days.noon(days.ago(YEAR)),
            Request.closed_at < days.now - timedelta(days=2),
            CompanyContact.email.is_not(None),
            CompanyContact.ended_on.is_(None),
        )
        .order_by(Request.closed_at, Request.id)
        .limit(MOST)
    ).all()  # fmt: skip


def _ask(closed: Sequence[Any], standing: SurveyRound) -> list[Columns]:
    """An invitation for each, but none to a company within half a year of the last."""
    quiet: dict[int, date] = {}
    asked: list[Columns] = []
    for request_id, company_id, closed_at, contact_id, email, consultant in closed:
        sent_at = closed_at + timedelta(hours=1)
        on = sent_at.astimezone(CLOCK.zone).date()
        if quiet.get(company_id, on) > on:
            continue
        quiet[company_id] = months_after(on, QUIET)
        asked.append({
            "round_id": standing.id, "question_id": standing.question_id, "company_id": company_id,
            "company_contact_id": contact_id, "request_id": request_id, "recipient": email.lower(),
            "asked_on": on, "quiet_until": quiet[company_id], "expires_on": on + MONTH, "despite_quiet": 0,
            "sent_at": sent_at, "created_at": sent_at, "consultant": consultant,
        })  # fmt: skip
    return asked


def _chain(asked: Sequence[Columns]) -> None:
    """Let each invitation follow the company's one before it."""
    last: dict[int, Columns] = {}
    for row in asked:
        before = last.get(row["company_id"])
        row["follows_id"] = before["id"] if before else None
        row["follows_quiet_until"] = before["quiet_until"] if before else None
        last[row["company_id"]] = row


def _answer(rng: Random, days: Days, asked: Sequence[Columns]) -> list[Columns]:
    """Some answer, spread over the year, in the shares of `STEPS`."""
    values = [value for value, times in STEPS.items() for _ in range(times)]
    number = min(len(values), round(RATE * len(asked)))
    rng.shuffle(values)
    # Everyone who was asked is as likely to answer, whenever it was.
    chosen = [asked[place * len(asked) // number] for place in range(number)]
    told: set[str] = set()
    return [_reply(rng, days, row, value, told) for row, value in zip(chosen, values, strict=False)]


def _reply(rng: Random, days: Days, row: Columns, value: int | None, told: set[str]) -> Columns:
    on = min(row["asked_on"] + timedelta(days=rng.choice((0, 0, 1, 1, 2, 4, 7, 8))), days.today)
    left = [text for text in COMMENTS[value] if text not in told]
    comment = rng.choice(left) if left and rng.randrange(WRITES[value]) == 0 else None
    reply: Columns = {
        "invitation_id": row["id"], "company_id": row["company_id"], "question_id": row["question_id"],
        "expires_on": row["expires_on"], "value": value, "comment": comment, "replied_on": on,
        "handled_at": None, "handled_by_id": None, "handled_note": None,
    }  # fmt: skip
    if comment:
        told.add(comment)
        if on < days.ago(FRESH):
            at = datetime.combine(on + timedelta(days=2), time(11), CLOCK.zone)
            reply |= {
                "handled_at": at,
                "handled_by_id": row["consultant"],
                "handled_note": rng.choice(HANDLED),
            }
    return reply
