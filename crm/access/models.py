"""Users and what they sign in with. Nobody is ever deleted; who has left is closed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Base, Key, Row
from crm.guards import guards, refuse_trigger
from crm.types import Json, SafeText, Utc


class Role(StrEnum):
    """What a user is in the house. A panel member is not a user: outsiders have their own house."""

    CONSULTANT = "consultant"
    MANAGER = "manager"
    ADMIN = "admin"


class Team(Row, Base):
    """A team of the municipality, such as Job & Virksomhedsservice."""

    __tablename__ = "team"
    __data_class__ = "organisation"

    name: Mapped[str] = mapped_column(SafeText(100), unique=True)


class User(Row, Base):
    """A person employed by the municipality.

    `is_active` is a number and part of a key, so that an open assignment can point at an *active* user: the
    database refuses to close someone who still has companies.
    """

    __tablename__ = "user_account"
    __data_class__ = "staff"
    __secret__: ClassVar[frozenset[str]] = frozenset({"password_hash"})
    __table_args__ = (
        UniqueConstraint("id", "is_active"),
        CheckConstraint("role IN ('consultant', 'manager', 'admin')", name="role"),
        CheckConstraint("(is_active = 1) = (closed_at IS NULL) AND is_active IN (0, 1)", name="closed"),
    )

    email: Mapped[str] = mapped_column(SafeText(254), unique=True)
    name: Mapped[str] = mapped_column(SafeText(100))
    role: Mapped[str] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(SafeText(30))
    title: Mapped[str | None] = mapped_column(SafeText(100))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    is_active: Mapped[int] = mapped_column(Integer, default=1)
    password_hash: Mapped[str | None] = mapped_column(Text)
    shortcuts: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Utc)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(Utc)

    team: Mapped[Team | None] = relationship(lazy="raise")

    @property
    def initials(self) -> str:
        """First letters of the first and last name, for the round badge."""
        parts = self.name.split()
        return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper() if parts else "?"

    @property
    def first_name(self) -> str:
        """What colleagues call them."""
        return self.name.split()[0]


class UserSession(Row, Base):
    """A signed-in browser. Only a hash of the cookie is kept; it ends by itself at `expires_at`."""

    __tablename__ = "user_session"
    __data_class__ = "security"
    __audited__ = False

    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    # "Firefox på Windows": enough to know one's own again.
    browser: Mapped[str | None] = mapped_column(SafeText(60))
    user: Mapped[User] = relationship(innerjoin=True, lazy="raise")


class LinkPurpose(StrEnum):
    """Why somebody may choose a password: it was forgotten, or they are new."""

    RESET = "reset"
    INVITATION = "invitation"


class SignInLink(Row, Base):
    """A link by mail to choose a password by. Only its hash is kept; the token stands in the mail."""

    __tablename__ = "sign_in_link"
    __data_class__ = "security"
    __secret__: ClassVar[frozenset[str]] = frozenset({"token_hash"})
    __table_args__ = (
        CheckConstraint("purpose IN ('reset', 'invitation')", name="purpose"),
        CheckConstraint("expires_at > created_at", name="period"),
        # One at a time: a new one ends the one before.
        Index("uq_sign_in_link_open", "user_id", unique=True, sqlite_where=text("used_at IS NULL"),
              postgresql_where=text("used_at IS NULL")),
    )  # fmt: skip

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    purpose: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    used_at: Mapped[datetime | None] = mapped_column(Utc)
    user: Mapped[User] = relationship(innerjoin=True, lazy="raise")


class SecondFactor(Base):
    """The secret of a user's code app, encrypted; in use once confirmed. `last_step` is the last code used."""

    __tablename__ = "second_factor"
    __data_class__ = "security"
    __secret__: ClassVar[frozenset[str]] = frozenset({"secret"})

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, autoincrement=False)
    secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Utc)
    confirmed_at: Mapped[datetime | None] = mapped_column(Utc)
    last_step: Mapped[int] = mapped_column(Key, default=0)


class RecoveryCode(Base):
    """A code on paper for whoever has lost the app. Only its hash is kept; it works once."""

    __tablename__ = "recovery_code"
    __data_class__ = "security"
    __audited__ = False

    code_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(Utc)


class Scope(StrEnum):
    """What a program may do with its key: look, or also write what its user may write."""

    READ = "read"
    WRITE = "write"


class ApiToken(Row, Base):
    """A key for programs, named after what uses it. Shown once; only its hash is kept.

    `last_used_at` is written at most once an hour (docs/decisions/0026-settings-and-keys.md).
    """

    __tablename__ = "api_token"
    __data_class__ = "security"
    __secret__: ClassVar[frozenset[str]] = frozenset({"token_hash"})
    __table_args__ = (CheckConstraint("scope IN ('read', 'write')", name="scope"),)

    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    name: Mapped[str] = mapped_column(SafeText(100))
    scope: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime | None] = mapped_column(Utc)
    last_used_at: Mapped[datetime | None] = mapped_column(Utc)
    user: Mapped[User] = relationship(innerjoin=True, lazy="raise")


class Throttle(Base):
    """Failed log-ins within the current minute, by account and by address, shared by all workers."""

    __tablename__ = "throttle"
    __data_class__ = "security"
    __audited__ = False

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    window: Mapped[datetime] = mapped_column(Utc)
    failures: Mapped[int] = mapped_column(Integer)


class Submission(Base):
    """What was answered to a form or call that carried a key: sent again, it gets the same answer."""

    __tablename__ = "submission"
    __data_class__ = "technical"
    __audited__ = False

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    route: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    answer: Mapped[Any] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Utc, index=True)


class Installation(Base):
    """One row: whether this database was filled with invented data, so that every page can say so."""

    __tablename__ = "installation"
    __data_class__ = "technical"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    is_demo: Mapped[int] = mapped_column(Integer, default=0)


class Draft(Base):
    """What a user has typed into a form and not yet sent."""

    __tablename__ = "draft"
    __data_class__ = "notes"
    __audited__ = False

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    values: Mapped[Any] = mapped_column(Json)
    saved_at: Mapped[datetime] = mapped_column(Utc)


guards(refuse_trigger("user_no_delete", "user_account", "", "DELETE", "a user is closed, never deleted"))
