"""Mails to be sent: written in the transaction of the act they tell of, sent afterwards by a worker."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Base, Key, Row
from crm.guards import guards, refuse_trigger
from crm.types import SafeText, Utc


class MailState(StrEnum):
    """Where a mail stands. A sent one stays so for ever; a failed or cancelled one can be tried again."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


_STATES = ", ".join(f"'{state}'" for state in MailState)
# Written out, not bound: only then both engines see that a partial index answers it.
OPEN_SQL = text("state IN ('queued', 'sending')")
FAILED_SQL = text("state = 'failed'")


class Mail(Row, Base):
    """One mail to one person about one act.

    `act` names the act, such as "handover:12"; together with the recipient it is a key, so that the database
    itself lets nobody be told of the same act twice. `leased_until` is how long the worker that is sending it
    may take before another one tries.
    """

    __tablename__ = "mail"
    __data_class__ = "person"
    # The log says who was written to about what; the words stand here, once.
    __secret__: ClassVar[frozenset[str]] = frozenset({"body"})
    __table_args__ = (
        UniqueConstraint("act", "recipient"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint("(state = 'sending') = (leased_until IS NOT NULL)", name="lease"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_mail_open", "next_try_at", "id", sqlite_where=OPEN_SQL, postgresql_where=OPEN_SQL),
        Index("ix_mail_failed", "id", sqlite_where=FAILED_SQL, postgresql_where=FAILED_SQL),
    )

    act: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(SafeText(254))
    subject: Mapped[str] = mapped_column(SafeText(200))
    body: Mapped[str] = mapped_column(SafeText(20_000))
    state: Mapped[str] = mapped_column(Text, default=MailState.QUEUED)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime] = mapped_column(Utc)
    leased_until: Mapped[datetime | None] = mapped_column(Utc)
    last_error: Mapped[str | None] = mapped_column(SafeText(500))
    created_at: Mapped[datetime] = mapped_column(Utc)
    sent_at: Mapped[datetime | None] = mapped_column(Utc)
    # Users stand above this room, which they may need themselves: only the key points there.
    by_id: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id"))


guards(
    refuse_trigger(
        "mail_sent_once", "mail", "OLD.state = 'sent' AND NEW.state <> 'sent'", "UPDATE",
        "a mail that was sent is not sent again",
    )
)  # fmt: skip
