"""Notes about an agreement: what was said and agreed along the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from crm.access.models import User
from crm.agreements.models import Agreement
from crm.db import Base, Row
from crm.errors import Refused
from crm.guards import guards, refuse_trigger
from crm.types import SafeText, Utc


class AgreementNote(Row, Base):
    """A note about an agreement. Never rewritten: a correction is a new note."""

    __tablename__ = "agreement_note"
    __data_class__ = "notes"
    __table_args__ = (Index("ix_agreement_note_agreement", "agreement_id", "id"),)

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    text: Mapped[str] = mapped_column(SafeText(4000))
    at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    by: Mapped[User] = relationship(innerjoin=True, lazy="raise")


guards(
    refuse_trigger("agreement_note_no_update", "agreement_note", "", "UPDATE", "a note is never rewritten"),
    refuse_trigger("agreement_note_no_delete", "agreement_note", "", "DELETE", "a note is never taken back"),
)


def write_note(db: Session, *, agreement: Agreement, text: str, by: User, now: datetime) -> AgreementNote:
    """Write something down about the agreement."""
    if not text.strip():
        raise Refused("text", "Skriv notatet først.")
    made = AgreementNote(agreement_id=agreement.id, text=text, by_id=by.id, at=now)
    db.add(made)
    db.flush()
    return made


def notes(db: Session, agreement: Agreement) -> Sequence[AgreementNote]:
    """The agreement's notes, the newest first."""
    return db.scalars(
        select(AgreementNote)
        .options(joinedload(AgreementNote.by))
        .where(AgreementNote.agreement_id == agreement.id)
        .order_by(AgreementNote.id.desc())
        .limit(100)
    ).all()
