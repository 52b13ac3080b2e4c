"""What vouches for a user besides a password: an identity at a provider, and passkeys."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.access.models import User
from crm.db import Base, Key, Row
from crm.guards import guards, refuse_trigger
from crm.types import SafeText, Utc


class Identity(Row, Base):
    """Whom a provider means when it says this subject. The e-mail decides nothing once this stands.

    One user has one identity at a provider, and no identity ever becomes another user's.
    """

    __tablename__ = "identity"
    __data_class__ = "security"
    __table_args__ = (
        UniqueConstraint("issuer", "subject_hash"),
        UniqueConstraint("user_id", "issuer"),
        CheckConstraint("issuer <> '' AND subject_hash <> ''", name="named"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    issuer: Mapped[str] = mapped_column(Text)
    # What a provider calls somebody is compared to the letter and read by nobody; it may hold a CPR number.
    subject_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Utc)
    user: Mapped[User] = relationship(innerjoin=True, lazy="raise")


class ProviderSession(Base):
    """A signed-in browser that a provider vouched for, so that the provider can end it. Goes with its session."""

    __tablename__ = "provider_session"
    __data_class__ = "security"
    __audited__ = False

    session_id: Mapped[int] = mapped_column(
        ForeignKey("user_session.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    # What the provider calls its own log-in there, when it tells.
    sid_hash: Mapped[str | None] = mapped_column(Text, index=True)
    # Shown to the provider at log-out, encrypted until then.
    id_token: Mapped[str | None] = mapped_column(Text)


class Passkey(Row, Base):
    """A key that a user's device keeps and opens by a finger, a face or a PIN; here stands its public half."""

    __tablename__ = "passkey"
    __data_class__ = "security"
    __secret__: ClassVar[frozenset[str]] = frozenset({"credential_id", "public_key"})
    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        CheckConstraint("sign_count >= 0", name="sign_count"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(SafeText(60))
    # Both as base64url.
    credential_id: Mapped[str] = mapped_column(Text, unique=True)
    public_key: Mapped[str] = mapped_column(Text)
    sign_count: Mapped[int] = mapped_column(Key, default=0)
    created_at: Mapped[datetime] = mapped_column(Utc)
    used_at: Mapped[datetime | None] = mapped_column(Utc)
    user: Mapped[User] = relationship(innerjoin=True, lazy="raise")


class Spent(Base):
    """Something good for once that was used: an answer, a challenge, a word of log-out. Kept until it is too old."""

    __tablename__ = "spent"
    __data_class__ = "security"
    __audited__ = False

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    until: Mapped[datetime] = mapped_column(Utc, index=True)


guards(
    refuse_trigger(
        "identity_fixed",
        "identity",
        "NEW.user_id <> OLD.user_id OR NEW.issuer <> OLD.issuer OR NEW.subject_hash <> OLD.subject_hash",
        "UPDATE",
        "an identity never becomes another",
    ),
    refuse_trigger(
        "passkey_fixed",
        "passkey",
        "NEW.user_id <> OLD.user_id OR NEW.credential_id <> OLD.credential_id OR NEW.public_key <> OLD.public_key "
        "OR NEW.sign_count < OLD.sign_count",
        "UPDATE",
        "a passkey never becomes another, and never counts back",
    ),
)
