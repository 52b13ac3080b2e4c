"""What was promised in an agreement, and what became of it: promised 2, placed 1.

Every figure has its history: a change is a row, adding it *is* changing the commitment, and a key says that
the commitment's figures are those of its last change.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from crm.access.models import User
from crm.agreements.models import Agreement
from crm.agreements.touching import touch
from crm.db import Base, Row
from crm.errors import Conflict, NotFound, Refused
from crm.guards import guards, react, refuse_trigger, refuse_where
from crm.types import SafeText, Utc

MOST = 10_000


class Commitment(Row, Base):
    """Something promised in an agreement, in numbers: how many, by when, and how many of them are fulfilled."""

    __tablename__ = "commitment"
    __data_class__ = "notes"
    __table_args__ = (
        # The figures are those of the change it names, which is written in the same transaction.
        ForeignKeyConstraint(
            ["id", "change_no", "promised", "fulfilled"],
            [
                "commitment_change.commitment_id", "commitment_change.seq", "commitment_change.promised",
                "commitment_change.fulfilled",
            ],
            name="fk_commitment_change",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        Index("ix_commitment_agreement", "agreement_id", "id"),
    )  # fmt: skip

    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    what: Mapped[str] = mapped_column(SafeText(200))
    promised: Mapped[int] = mapped_column(Integer)
    fulfilled: Mapped[int] = mapped_column(Integer, default=0)
    due: Mapped[date | None]
    change_no: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Utc)

    changes: Mapped[list[CommitmentChange]] = relationship(
        lazy="raise", order_by="CommitmentChange.seq.desc()", foreign_keys="CommitmentChange.commitment_id",
        viewonly=True,
    )  # fmt: skip

    @property
    def missing(self) -> int:
        """How many are still missing."""
        return max(0, self.promised - self.fulfilled)


class CommitmentChange(Base):
    """The figures of a commitment became these on a day."""

    __tablename__ = "commitment_change"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint(f"promised BETWEEN 1 AND {MOST}", name="promised"),
        CheckConstraint(f"fulfilled BETWEEN 0 AND {MOST}", name="fulfilled"),
        UniqueConstraint("commitment_id", "seq", "promised", "fulfilled"),
        ForeignKeyConstraint(
            ["commitment_id", "previous"],
            ["commitment_change.commitment_id", "commitment_change.seq"],
            name="fk_commitment_change_previous",
        ),
    )

    commitment_id: Mapped[int] = mapped_column(
        ForeignKey("commitment.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    previous: Mapped[int | None] = mapped_column(
        Integer, Computed("CASE WHEN seq > 1 THEN seq - 1 END", persisted=True)
    )
    promised: Mapped[int] = mapped_column(Integer)
    fulfilled: Mapped[int] = mapped_column(Integer)
    note: Mapped[str | None] = mapped_column(SafeText(500))
    at: Mapped[datetime] = mapped_column(Utc)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    by: Mapped[User] = relationship(innerjoin=True, lazy="raise")


guards(
    react(
        "commitment_follows", "commitment_change", "INSERT",
        "UPDATE commitment SET promised = NEW.promised, fulfilled = NEW.fulfilled, change_no = NEW.seq "
        "WHERE id = NEW.commitment_id",
    ),
    refuse_trigger(
        "commitment_change_no_update", "commitment_change", "", "UPDATE", "history is never rewritten"
    ),
    refuse_where(
        "commitment_change_no_delete", "commitment_change", "DELETE",
        "EXISTS (SELECT 1 FROM commitment WHERE id = OLD.commitment_id)", "history is never taken back",
    ),
    refuse_trigger("commitment_no_delete", "commitment", "", "DELETE", "a commitment is never taken back"),
)  # fmt: skip


def _check(promised: int, fulfilled: int) -> None:
    if not 1 <= promised <= MOST:
        raise Refused("promised", "Skriv, hvor mange der er lovet, fra 1 til 10.000.")
    if not 0 <= fulfilled <= MOST:
        raise Refused("fulfilled", "Skriv, hvor mange der er blevet til noget, fra 0 til 10.000.")


def promise(
    db: Session,
    *,
    agreement: Agreement,
    what: str,
    promised: int,
    by: User,
    now: datetime,
    fulfilled: int = 0,
    due: date | None = None,
    note: str | None = None,
) -> Commitment:
    """Write down what is promised."""
    if not what.strip():
        raise Refused("what", "Skriv, hvad der er lovet, for eksempel »unge i fritidsjob«.")
    _check(promised, fulfilled)
    _check_due(due)
    made = Commitment(
        agreement_id=agreement.id, what=what, promised=promised, fulfilled=fulfilled, due=due, created_at=now
    )
    db.add(made)
    db.flush()
    db.add(_change(made, 1, promised, fulfilled, by, now, note))
    db.flush()
    touch(db, agreement.id)
    return made


def _check_due(due: date | None) -> None:
    if due is not None and not date(2000, 1, 1) <= due <= date(2100, 1, 1):
        raise Refused("due", "Datoen ser forkert ud. Skriv den som 23-11-2026.")


def _change(
    made: Commitment, seq: int, promised: int, fulfilled: int, by: User, now: datetime, note: str | None
) -> CommitmentChange:
    return CommitmentChange(
        commitment_id=made.id, seq=seq, promised=promised, fulfilled=fulfilled, by_id=by.id, at=now, note=note
    )


def count(
    db: Session,
    *,
    commitment: Commitment,
    promised: int,
    fulfilled: int,
    by: User,
    now: datetime,
    seen: int | None = None,
    note: str | None = None,
) -> Commitment:
    """Say how it stands now. `seen` is the change the writer had before them; a newer one is a Conflict."""
    _check(promised, fulfilled)
    db.refresh(commitment, with_for_update={"of": Commitment})
    if seen is not None and seen != commitment.change_no:
        raise Conflict(
            f"En kollega har rettet imens: {commitment.fulfilled} af {commitment.promised}. Se det nye tal igen."
        )
    if (promised, fulfilled) == (commitment.promised, commitment.fulfilled) and not (note or "").strip():
        return commitment
    db.add(_change(commitment, commitment.change_no + 1, promised, fulfilled, by, now, note))
    db.flush()
    touch(db, commitment.agreement_id)
    # The trigger has set them.
    db.refresh(commitment, ["promised", "fulfilled", "change_no"])
    return commitment


def of_agreement(db: Session, agreement: Agreement) -> Sequence[Commitment]:
    """The agreement's commitments with their histories, the newest change first."""
    return db.scalars(
        select(Commitment)
        .options(selectinload(Commitment.changes).joinedload(CommitmentChange.by))
        .where(Commitment.agreement_id == agreement.id)
        .order_by(Commitment.id)
    ).all()


def get(db: Session, agreement: Agreement, id: int) -> Commitment:
    """One of the agreement's commitments, or NotFound."""
    query = select(Commitment).where(Commitment.agreement_id == agreement.id, Commitment.id == id)
    if (found := db.scalars(query).first()) is None:
        raise NotFound("Vi kan ikke finde det løfte.")
    return found
