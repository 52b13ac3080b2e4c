"""Which company a thing is about, so that "who has looked at this company?" finds its agreements' pages too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.agreements.documents import Document
from crm.agreements.models import Agreement
from crm.companies.models import Company
from crm.day.actions import company_of as company_of_line
from crm.day.tasks import LONGEST_KEY, Line
from crm.errors import NotFound
from crm.handover.models import TransferProposal
from crm.interactions.models import FollowUp, Interaction
from crm.requests.models import Request
from crm.surveys.models import SurveyReply

# What has a company in a column of its own.
_OWN: dict[str, Any] = {
    "request": Request, "agreement": Agreement, "follow_up": FollowUp, "interaction": Interaction,
    "survey_reply": SurveyReply, "proposal": TransferProposal,
}  # fmt: skip


def _own(model: Any) -> Callable[[Session, str], str | None]:
    def find(db: Session, key: str) -> str | None:
        query = select(Company.cvr).join(model, model.company_id == Company.id)
        return db.scalar(query.where(model.id == int(key))) if _is_key(key) else None

    return find


def _document(db: Session, key: str) -> str | None:
    query = (
        select(Company.cvr)
        .join(Agreement, Agreement.company_id == Company.id)
        .join(Document, Document.agreement_id == Agreement.id)
    )
    return db.scalar(query.where(Document.id == int(key))) if _is_key(key) else None


def _line(db: Session, key: str) -> str | None:
    line = Line.read(key)
    return company_of_line(db, line).cvr if line else None


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY


# Kinds of objects whose company must be looked up.
FINDERS: dict[str, Callable[[Session, str], str | None]] = {
    **{kind: _own(model) for kind, model in _OWN.items()},
    "document": _document,
    "day_line": _line,
}


def company_of(db: Session, kind: str, key: str) -> str | None:
    """The CVR number of the company this is about; None when it is about none, or is not there."""
    find = FINDERS.get(kind)
    try:
        return find(db, key) if find else None
    except NotFound:
        return None
