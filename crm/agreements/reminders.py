"""Before an agreement runs out, its consultant gets a follow-up: once for each period."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Integer, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, aliased, joinedload, mapped_column

from crm import danish
from crm.access.models import User
from crm.agreements.models import Agreement, AgreementState
from crm.agreements.periods import AgreementPeriod
from crm.db import Base, Key
from crm.interactions import actions as interactions
from crm.interactions.models import FollowUp
from crm.responsibility.chain import way_in
from crm.types import Utc

STANDS = (AgreementState.SIGNED, AgreementState.IN_FORCE, AgreementState.RENEWED)
# So many in one transaction, so that nobody waits for it.
FEW = 50


class AgreementReminder(Base):
    """A follow-up was booked because a period of an agreement runs out; the key makes it one for each."""

    __tablename__ = "agreement_reminder"
    __data_class__ = "technical"
    __table_args__ = (
        ForeignKeyConstraint(
            ["agreement_id", "period"],
            ["agreement_period.agreement_id", "agreement_period.seq"],
            name="fk_agreement_reminder_period",
        ),
        UniqueConstraint("follow_up_id"),
    )

    agreement_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    period: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    follow_up_id: Mapped[int] = mapped_column(ForeignKey("follow_up.id"))
    at: Mapped[datetime] = mapped_column(Utc)


def book(db: Session, *, now: datetime, today: date, days: int, limit: int = FEW) -> int:
    """Book follow-ups for agreements whose newest period ends within so many days; how many it were."""
    later = aliased(AgreementPeriod)
    query = (
        select(Agreement, AgreementPeriod)
        .join(AgreementPeriod, AgreementPeriod.agreement_id == Agreement.id)
        .options(joinedload(Agreement.company), joinedload(Agreement.consultant))
        .where(
            Agreement.state.in_(STANDS),
            AgreementPeriod.valid_to.between(today, today + timedelta(days=days)),
            ~select(later.seq)
            .where(later.agreement_id == AgreementPeriod.agreement_id, later.seq > AgreementPeriod.seq)
            .exists(),
            ~select(AgreementReminder.at)
            .where(
                AgreementReminder.agreement_id == AgreementPeriod.agreement_id,
                AgreementReminder.period == AgreementPeriod.seq,
            )
            .exists(),
        )
        .order_by(AgreementPeriod.valid_to, Agreement.id)
        .limit(limit)
        # Of two machines that look at once the second waits, and then finds the key taken.
        .with_for_update(of=Agreement)
    )
    found = db.execute(query).all()
    for agreement, period in found:
        if period.valid_to is not None:
            _book_one(db, agreement, period, period.valid_to, now, today, days)
    return len(found)


def _book_one(
    db: Session, agreement: Agreement, period: AgreementPeriod, ends: date, now: datetime, today: date, days: int
) -> FollowUp:  # fmt: skip
    owner = agreement.consultant or db.get_one(User, way_in(db, agreement.company))
    promised = interactions.promise(
        db,
        company=agreement.company,
        owner=owner,
        due=max(today, ends - timedelta(days=days)),
        text=f"Aftalen »{_short(agreement.title)}« udløber {danish.long_date(ends)}. Skal den fornyes?",
        now=now,
    )
    db.add(AgreementReminder(agreement_id=agreement.id, period=period.seq, follow_up_id=promised.id, at=now))
    db.flush()
    return promised


def _short(title: str) -> str:
    return title if len(title) <= 120 else f"{title[:119]}…"
