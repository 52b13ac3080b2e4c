"""Interactions and follow-ups."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.access.models import User
from crm.companies.models import Company, CompanyContact
from crm.db import Base, Key, Row
from crm.guards import guards, refuse_trigger, refuse_where
from crm.interactions.repeating import Repeat, RepeatUnit
from crm.types import SafeText, Utc


class Kind(StrEnum):
    """How it happened. A note is the only one without a direction."""

    CALL = "call"
    MEETING = "meeting"
    VISIT = "visit"
    EMAIL = "email"
    NOTE = "note"


class Direction(StrEnum):
    """Who began: the company (in) or the municipality (out)."""

    IN = "in"
    OUT = "out"


# What stands where the text of a note would, when only a team may read it.
SEALED = "Kun for teamet."


class Interaction(Row, Base):
    """One thing that happened, as it was written down. Never rewritten: a correction is a new note.

    With `only_team_id` the text lies in `team_note`, and `summary` is the same few words for all of them.
    """

    __tablename__ = "interaction"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint("kind IN ('call', 'meeting', 'visit', 'email', 'note')", name="kind"),
        CheckConstraint("(kind = 'note') = (direction IS NULL)", name="direction"),
        CheckConstraint("direction IN ('in', 'out')", name="in_or_out"),
        CheckConstraint(f"only_team_id IS NULL OR summary = '{SEALED}'", name="only_team"),
        # The contact belongs to the same company.
        ForeignKeyConstraint(
            ["company_id", "company_contact_id"],
            ["company_contact.company_id", "company_contact.id"],
            name="fk_interaction_contact",
        ),
        Index("ix_interaction_timeline", "company_id", "happened_at", "id"),
        Index("ix_interaction_by", "by_id", "id"),
        Index("ix_interaction_by_when", "by_id", "happened_at", "kind"),
    )

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    kind: Mapped[str] = mapped_column(Text)
    direction: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(SafeText(10000))
    happened_at: Mapped[datetime] = mapped_column(Utc)
    company_contact_id: Mapped[int | None] = mapped_column(Key)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(Utc)
    only_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))

    by: Mapped[User] = relationship(innerjoin=True, lazy="raise")
    company: Mapped[Company] = relationship(innerjoin=True, lazy="raise", foreign_keys=[company_id])
    contact: Mapped[CompanyContact | None] = relationship(
        primaryjoin="foreign(Interaction.company_contact_id) == CompanyContact.id",
        lazy="raise",
        viewonly=True,
    )

    @property
    def text(self) -> str:
        """What was written, for whoever may read it; else the words that stand in its place."""
        return str(self.__dict__.get("_text") or self.summary)

    @property
    def only_team(self) -> str | None:
        """The name of the team that alone reads it. Known once `sealed.open_for` has looked."""
        return self.__dict__.get("_team")

    def unsealed(self, team: str, text: str | None) -> None:
        """Which team reads it, and the text when the reader is in it. Only `sealed.open_for` calls this."""
        self.__dict__.update(_team=team, _text=text)


class TeamNote(Base):
    """The text of a note that only one team reads; which team stands with the interaction."""

    __tablename__ = "team_note"
    __data_class__ = "notes"
    # Whoever reads the log is not in the team.
    __secret__: ClassVar[frozenset[str]] = frozenset({"text"})

    interaction_id: Mapped[int] = mapped_column(
        ForeignKey("interaction.id"), primary_key=True, autoincrement=False
    )
    text: Mapped[str] = mapped_column(SafeText(10000))


class FollowUp(Row, Base):
    """Something promised for a day, owned by one colleague, until it is done.

    One that repeats makes the next when it is done; `follows_id` names the one before, and being unique keeps
    two who are done at once from making two. `repeat_day` is the day of the month wanted, also where a month
    is too short for it. `moves` counts how often it was given another day, for calendars.
    """

    __tablename__ = "follow_up"
    __data_class__ = "notes"
    __table_args__ = (
        CheckConstraint("(done_at IS NULL) = (done_by_id IS NULL)", name="done"),
        CheckConstraint("call_back IN (0, 1)", name="call_back"),
        CheckConstraint("repeat_unit IN ('day', 'week', 'month')", name="repeat_unit"),
        CheckConstraint("repeat_every BETWEEN 1 AND 366", name="repeat_every"),
        CheckConstraint("(repeat_every IS NULL) = (repeat_unit IS NULL)", name="repeat"),
        CheckConstraint(
            "repeat_day IS NULL "
            "OR (repeat_day BETWEEN 1 AND 31 AND repeat_unit IS NOT NULL AND repeat_unit = 'month')",
            name="repeat_day",
        ),
        # Whoever has promised something cannot be closed before it is done or someone else's.
        ForeignKeyConstraint(["owner_id", "needs_active"], ["user_account.id", "user_account.is_active"],
                             name="fk_follow_up_active_owner"),
        Index("ix_follow_up_open", "owner_id", "due", sqlite_where=text("done_at IS NULL"),
              postgresql_where=text("done_at IS NULL")),
        Index("ix_follow_up_company", "company_id", "due"),
        Index("uq_follow_up_follows_id", "follows_id", unique=True),
    )  # fmt: skip

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    interaction_id: Mapped[int | None] = mapped_column(ForeignKey("interaction.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    due: Mapped[date]
    text: Mapped[str] = mapped_column(SafeText(500))
    created_at: Mapped[datetime] = mapped_column(Utc)
    done_at: Mapped[datetime | None] = mapped_column(Utc)
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    call_back: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    repeat_every: Mapped[int | None] = mapped_column(Integer)
    repeat_unit: Mapped[str | None] = mapped_column(Text)
    repeat_day: Mapped[int | None] = mapped_column(Integer)
    follows_id: Mapped[int | None] = mapped_column(Key, ForeignKey("follow_up.id"))
    moves: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    needs_active: Mapped[int | None] = mapped_column(
        Integer, Computed("CASE WHEN done_at IS NULL THEN 1 END", persisted=True)
    )

    owner: Mapped[User] = relationship(foreign_keys=[owner_id], innerjoin=True, lazy="raise")
    company: Mapped[Company] = relationship(innerjoin=True, lazy="raise")
    interaction: Mapped[Interaction | None] = relationship(lazy="raise", viewonly=True)

    @property
    def repeat(self) -> Repeat | None:
        """How it repeats; None when it does not."""
        if self.repeat_every is None or self.repeat_unit is None:
            return None
        return Repeat(self.repeat_every, RepeatUnit(self.repeat_unit))


guards(
    refuse_where(
        "team_note_of_team", "team_note", "INSERT",
        "NOT EXISTS (SELECT 1 FROM interaction WHERE id = NEW.interaction_id AND only_team_id IS NOT NULL)",
        "a note for a team says which",
    ),
    refuse_trigger("team_note_no_update", "team_note", "", "UPDATE", "a note is never rewritten"),
    refuse_trigger(
        "interaction_team_stays", "interaction",
        "COALESCE(NEW.only_team_id, 0) <> COALESCE(OLD.only_team_id, 0)", "UPDATE",
        "who may read a note does not change",
    ),
)  # fmt: skip
